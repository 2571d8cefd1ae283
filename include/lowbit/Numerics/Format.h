//===- Format.h - What every low-bit number format is -----------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one description of number formats. Verifiers, folders, lowerings, the
// reference evaluator, tests and documentation read it; nothing else in the
// project states a bias, a width or a largest value. See docs/Formats.md.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_NUMERICS_FORMAT_H
#define LOWBIT_NUMERICS_FORMAT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lowbit {

enum class FormatKind : uint8_t {
  /// Two's complement or unsigned integer.
  Integer,
  /// Sign, exponent, mantissa; exponent code 0 is zero or subnormal.
  Float,
  /// f8E8M0FNU: a power of two and nothing else; no zero, no sign.
  Exponent,
  /// Sign and the logarithm of the magnitude; code 0 is zero.
  Log,
  /// An explicit list of values.
  Codebook,
};

/// What a float format spends codes on besides finite values.
enum class NonFinite : uint8_t {
  /// Exponent all ones: infinity (mantissa 0) and NaN (the rest).
  IEEE,
  /// The all-ones magnitude is NaN; no infinity.
  FN,
  /// The code of -0 is NaN; no infinity, no -0.
  FNUZ,
  /// Every code is finite.
  None,
};

/// A number format: an immutable value, cheap to copy.
///
/// A code is held in the low `getBits()` bits of a uint64_t. Values are given
/// as `double`, which holds every value of every format exactly.
class Format {
public:
  /// Two's complement (`isSigned`) or unsigned integer of 2 to 32 bits.
  static Format getInteger(unsigned bits, bool isSigned);

  /// A small float of 2 to 16 bits. `bias` defaults to 2^(exponentBits-1) - 1,
  /// for FNUZ to 2^(exponentBits-1). Errors, each naming its rule of
  /// docs/Formats.md: F1 exponent bits >= 1 and width 2 to 16; F2 IEEE needs
  /// mantissa bits >= 1; F3 FNUZ needs a sign; F4 at least one nonzero finite
  /// value; F5 every finite value exact in f32.
  /// Does not reject formats that equal a builtin type: see `getBuiltinTwin`.
  static llvm::Expected<Format> getFloat(unsigned exponentBits,
                                         unsigned mantissaBits, bool isSigned,
                                         NonFinite nonFinite,
                                         std::optional<int64_t> bias = {});

  /// The same from the text between `<` and `>` of a `!lowbit.minifloat`
  /// without its bias, such as "e4m3fn", "ue5m3fn", "e3m0finite", "e3m2".
  /// Error F0 if the text has another form.
  static llvm::Expected<Format> parseFloat(llvm::StringRef text,
                                           std::optional<int64_t> bias = {});

  /// Top bit sign, low bits c: 0 for c = 0, else
  /// 2^((c - cmax) / 2^fractionBits) rounded to the nearest f32.
  /// Errors: F7 width 2 to 8; F8 every magnitude normal in f32 and magnitudes
  /// distinct (which bounds `fractionBits`).
  static llvm::Expected<Format> getLog(unsigned bits, unsigned fractionBits);

  /// A list of exactly 2^bits finite values, code = index. Errors: F9 width 2
  /// to 8; F10 number of values; F11 every value finite.
  static llvm::Expected<Format> getCodebook(unsigned bits,
                                            llvm::ArrayRef<float> values);

  /// Named codebooks: "nf4", "iq4nl". nullopt if there is no such name.
  static std::optional<Format> getNamedCodebook(llvm::StringRef name);
  static llvm::ArrayRef<llvm::StringRef> getCodebookNames();

  /// Builtin float types by MLIR's name for them: "f8E4M3FN", "f8E4M3",
  /// "f8E4M3FNUZ", "f8E4M3B11FNUZ", "f8E5M2", "f8E5M2FNUZ", "f8E3M4",
  /// "f8E8M0FNU", "f6E2M3FN", "f6E3M2FN", "f4E2M1FN", "f16", "bf16", "f32",
  /// "f64". Aborts on any other name; `isBuiltinFloat` asks first.
  static Format getBuiltin(llvm::StringRef name);
  static bool isBuiltinFloat(llvm::StringRef name);

  /// Any format by the spelling of its type without the `!lowbit.` prefix:
  /// builtin names, "i4", "si4", "ui4", "minifloat<e5m3fn>",
  /// "minifloat<e3m0finite, bias = 7>", "log<4>", "log<4, frac = 1>",
  /// "codebook<4, nf4>", "codebook<2, [-1.0, 0.0, 0.5, 1.0]>". For tools.
  static llvm::Expected<Format> parse(llvm::StringRef text);

  /// The spelling that `parse` reads, in canonical form (a bias or fraction
  /// equal to the default is left out; signless is printed for signed
  /// integers).
  std::string getName() const;
  /// Float: what stands between `<` and `>` of `!lowbit.minifloat`, also for a
  /// format that has a builtin name, such as "e4m3fn" or "e3m0finite, bias =
  /// 7".
  std::string getMinifloatText() const;

  FormatKind getKind() const { return kind; }
  unsigned getBits() const { return bits; }
  /// 2^bits. Not for f64, whose codes no uint64_t counts (asserted).
  uint64_t getNumCodes() const {
    assert(bits < 64 && "too many codes to count");
    return uint64_t(1) << bits;
  }
  /// Whether negative values can be represented in principle: a sign bit, or
  /// for a codebook at least one negative value.
  bool isSigned() const { return hasSign; }

  /// Float: widths, bias. Zero for other kinds (Exponent: 8, 0, bias 127).
  unsigned getExponentBits() const { return exponentBits; }
  unsigned getMantissaBits() const { return mantissaBits; }
  int64_t getBias() const { return bias; }
  NonFinite getNonFinite() const { return nonFinite; }
  /// Log: 2^fractionBits steps an octave.
  unsigned getFractionBits() const { return fractionBits; }

  bool isInteger() const { return kind == FormatKind::Integer; }
  /// Float or Exponent: what a float type is in MLIR.
  bool isFloat() const {
    return kind == FormatKind::Float || kind == FormatKind::Exponent;
  }
  bool hasInf() const;
  bool hasNaN() const;
  bool hasZero() const;
  bool hasNegativeZero() const;

  /// The canonical (quiet, positive) NaN code. Only if `hasNaN()`.
  uint64_t getNaNCode() const;
  /// The code of +infinity. Only if `hasInf()`.
  uint64_t getInfCode() const;
  /// Float and Exponent: the code of the largest finite value. The codes from
  /// 0 to it are the nonnegative finite values in ascending order.
  uint64_t getMaxMagnitudeCode() const;

  /// Largest and lowest finite values.
  double getLargest() const;
  double getLowest() const;
  /// Smallest positive value, subnormals included; smallest positive normal
  /// (Float: 2^(1-bias), if there is a normal; others: the smallest positive;
  /// 0 for a codebook without a positive value).
  double getSmallest() const;
  double getSmallestNormal() const;

  /// "largest" in the sense of scales: `getLargest()`; for signed integers
  /// 2^(bits-1)-1; for a codebook min(max, -min), the largest magnitude
  /// reached in both signs (0 or less if there are not both signs).
  double getScaleLargest() const;

  /// For Log and Codebook: the value of every code, index = code (Log: -0.0
  /// for the sign bit alone). Empty for others.
  llvm::ArrayRef<float> getValues() const;

  /// For Log and Codebook: codes in ascending order of value, one per distinct
  /// value (the lowest code; for Log's zero, code 0).
  llvm::ArrayRef<uint16_t> getSortedCodes() const;
  /// The values of `getSortedCodes()`.
  llvm::ArrayRef<double> getSortedValues() const;

  /// The name of the builtin float type that is equal to this format in every
  /// code, if there is one and this format is not Exponent. A builtin format
  /// is its own twin.
  std::optional<llvm::StringRef> getBuiltinTwin() const;

  /// Same kind, and encode and decode alike for every value and code. Equal
  /// values alone are not enough: minifloat<e2m0fn> and
  /// minifloat<e1m1fn, bias = 0> have them, but overflow at different points.
  /// A codebook equals another by its values, named or not.
  bool operator==(const Format &other) const;
  bool operator!=(const Format &other) const { return !(*this == other); }

private:
  Format() = default;
  struct Table {
    std::vector<float> values;
    std::vector<uint16_t> sortedCodes;
    std::vector<double> sortedValues;
    std::string name;
  };
  static void sortTable(Table &table);

  FormatKind kind = FormatKind::Integer;
  NonFinite nonFinite = NonFinite::None;
  bool hasSign = false;
  unsigned bits = 0;
  unsigned exponentBits = 0;
  unsigned mantissaBits = 0;
  unsigned fractionBits = 0;
  int64_t bias = 0;
  std::shared_ptr<const Table> table;
};

/// All formats that have a name of their own, in the order of the table in
/// docs/Formats.md: builtin floats narrower than f32, the E5M3 pair, integers
/// of 2 to 8 bits in both signs, log<4> with 0 and 1 fraction bits, codebooks.
llvm::ArrayRef<Format> getCatalog();

} // namespace lowbit

#endif // LOWBIT_NUMERICS_FORMAT_H
