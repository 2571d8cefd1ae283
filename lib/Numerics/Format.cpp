//===- Format.cpp - What every low-bit number format is -------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Format.h"

#include "lowbit/Numerics/Codec.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <mutex>
#include <numeric>

using namespace lowbit;
using llvm::ArrayRef;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

//===----------------------------------------------------------------------===//
// Builtin float types
//===----------------------------------------------------------------------===//

namespace {
struct BuiltinFloat {
  const char *name;
  unsigned exponentBits, mantissaBits;
  NonFinite nonFinite;
  int bias;
};
} // namespace

/// All of these are signed. f8E8M0FNU is not here: it is a kind of its own.
static constexpr BuiltinFloat builtinFloats[] = {
    {"f8E4M3FN", 4, 3, NonFinite::FN, 7},
    {"f8E4M3", 4, 3, NonFinite::IEEE, 7},
    {"f8E4M3FNUZ", 4, 3, NonFinite::FNUZ, 8},
    {"f8E4M3B11FNUZ", 4, 3, NonFinite::FNUZ, 11},
    {"f8E5M2", 5, 2, NonFinite::IEEE, 15},
    {"f8E5M2FNUZ", 5, 2, NonFinite::FNUZ, 16},
    {"f8E3M4", 3, 4, NonFinite::IEEE, 3},
    {"f6E2M3FN", 2, 3, NonFinite::None, 1},
    {"f6E3M2FN", 3, 2, NonFinite::None, 3},
    {"f4E2M1FN", 2, 1, NonFinite::None, 1},
    {"f16", 5, 10, NonFinite::IEEE, 15},
    {"bf16", 8, 7, NonFinite::IEEE, 127},
    {"f32", 8, 23, NonFinite::IEEE, 127},
    {"f64", 11, 52, NonFinite::IEEE, 1023},
};
static constexpr const char *exponentName = "f8E8M0FNU";

bool Format::isBuiltinFloat(StringRef name) {
  return name == exponentName || llvm::any_of(builtinFloats, [&](auto &entry) {
           return name == entry.name;
         });
}

Format Format::getBuiltin(StringRef name) {
  Format format;
  if (name == exponentName) {
    format.kind = FormatKind::Exponent;
    format.nonFinite = NonFinite::FN;
    format.bits = 8;
    format.exponentBits = 8;
    format.bias = 127;
    return format;
  }
  for (const BuiltinFloat &entry : builtinFloats) {
    if (name != entry.name)
      continue;
    format.kind = FormatKind::Float;
    format.nonFinite = entry.nonFinite;
    format.hasSign = true;
    format.bits = 1 + entry.exponentBits + entry.mantissaBits;
    format.exponentBits = entry.exponentBits;
    format.mantissaBits = entry.mantissaBits;
    format.bias = entry.bias;
    return format;
  }
  llvm::report_fatal_error("lowbit: '" + name + "' is no builtin float type");
}

std::optional<StringRef> Format::getBuiltinTwin() const {
  if (kind != FormatKind::Float || !hasSign)
    return std::nullopt;
  // For these widths and splits two float formats agree in every code only if
  // they agree in every parameter.
  for (const BuiltinFloat &entry : builtinFloats)
    if (exponentBits == entry.exponentBits &&
        mantissaBits == entry.mantissaBits && nonFinite == entry.nonFinite &&
        bias == entry.bias)
      return StringRef(entry.name);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Integers and minifloats
//===----------------------------------------------------------------------===//

Format Format::getInteger(unsigned bits, bool isSigned) {
  assert(bits >= 2 && bits <= 32 && "integer formats have 2 to 32 bits");
  Format format;
  format.kind = FormatKind::Integer;
  format.bits = bits;
  format.hasSign = isSigned;
  return format;
}

Expected<Format> Format::getFloat(unsigned exponentBits, unsigned mantissaBits,
                                  bool isSigned, NonFinite nonFinite,
                                  std::optional<int64_t> bias) {
  if (exponentBits < 1)
    return makeError("F1: a minifloat has at least 1 exponent bit");
  // The first two comparisons keep the sum from wrapping.
  if (exponentBits > 16 || mantissaBits > 16 ||
      exponentBits + mantissaBits + isSigned < 2 ||
      exponentBits + mantissaBits + isSigned > 16)
    return makeError("F1: the width of a minifloat is 2 to 16 bits, but " +
                     Twine(uint64_t(exponentBits) + mantissaBits + isSigned) +
                     " are asked for");
  if (nonFinite == NonFinite::IEEE && mantissaBits < 1)
    return makeError("F2: a minifloat with infinity and NaN (no suffix) has at "
                     "least 1 mantissa bit; write 'fn' or 'finite'");
  if (nonFinite == NonFinite::FNUZ && !isSigned)
    return makeError(
        "F3: 'fnuz' puts NaN at the code of -0, so it needs a sign");

  Format format;
  format.kind = FormatKind::Float;
  format.nonFinite = nonFinite;
  format.hasSign = isSigned;
  format.bits = exponentBits + mantissaBits + isSigned;
  format.exponentBits = exponentBits;
  format.mantissaBits = mantissaBits;
  uint64_t maxCode = format.getMaxMagnitudeCode();
  if (maxCode == 0)
    return makeError("F4: this minifloat has no finite value other than 0");

  int64_t defaultBias = (int64_t(1) << (exponentBits - 1)) -
                        (nonFinite == NonFinite::FNUZ ? 0 : 1);
  int64_t b = bias.value_or(defaultBias);
  // The exponents of the largest value and of the quantum are below 2^17 plus
  // or minus the bias: an absurd bias is turned away before it can overflow.
  constexpr int64_t biasLimit = int64_t(1) << 20;
  if (b > biasLimit ||
      (b >= -biasLimit && 1 - b - int64_t(mantissaBits) < -149))
    return makeError("F5: every finite value must be exact in f32, but with "
                     "bias " +
                     Twine(b) + " the smallest is below 2^-149");
  // The exponent of the largest value: subnormals have that of code 1.
  int64_t topField = maxCode >> mantissaBits;
  unsigned topBit = topField == 0 ? llvm::Log2_64(maxCode) : mantissaBits;
  if (b < -biasLimit || std::max<int64_t>(topField, 1) - b -
                                int64_t(mantissaBits) + int64_t(topBit) >
                            127)
    return makeError("F5: every finite value must be exact in f32, but with "
                     "bias " +
                     Twine(b) + " the largest is 2^128 or more");
  format.bias = b;
  return format;
}

/// Takes a decimal number off the front of `text`; absurdly long ones give a
/// number that no format allows.
static bool consumeNumber(StringRef &text, unsigned &number) {
  StringRef digits = text.take_while(llvm::isDigit);
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0'))
    return false;
  if (digits.getAsInteger(10, number))
    number = ~0u >> 1;
  text = text.drop_front(digits.size());
  return true;
}

Expected<Format> Format::parseFloat(StringRef text,
                                    std::optional<int64_t> bias) {
  StringRef rest = text;
  bool isSigned = !rest.consume_front("u");
  unsigned exponentBits = 0, mantissaBits = 0;
  std::optional<NonFinite> nonFinite;
  if (rest.consume_front("e") && consumeNumber(rest, exponentBits) &&
      rest.consume_front("m") && consumeNumber(rest, mantissaBits)) {
    if (rest.empty())
      nonFinite = NonFinite::IEEE;
    else if (rest == "fn")
      nonFinite = NonFinite::FN;
    else if (rest == "fnuz")
      nonFinite = NonFinite::FNUZ;
    else if (rest == "finite")
      nonFinite = NonFinite::None;
  }
  if (!nonFinite)
    return makeError("F0: expected a minifloat such as e4m3fn, ue5m3fn, "
                     "e4m3fnuz, e2m1finite or e3m2, but found '" +
                     text + "'");
  return getFloat(exponentBits, mantissaBits, isSigned, *nonFinite, bias);
}

//===----------------------------------------------------------------------===//
// Logarithmic formats and codebooks
//===----------------------------------------------------------------------===//

/// 2^23 * 2^(r / 2^fractionBits) rounded to the nearest integer, in exact
/// integer arithmetic (libm's exp2 may differ from machine to machine). No tie
/// is possible: the power is 1 or irrational.
static uint32_t getLogSignificand(unsigned r, unsigned fractionBits) {
  unsigned steps = 1u << fractionBits;
  assert(r < steps && "the integer part goes to the exponent");
  // Whether n / 2^24 <= 2^(r / steps), that is n^steps <= 2^(24 * steps + r).
  unsigned width = 26 * steps + 2;
  llvm::APInt limit = llvm::APInt::getOneBitSet(width, 24 * steps + r);
  auto isAtMost = [&](uint64_t n) {
    llvm::APInt power(width, n);
    for (unsigned i = 0; i < fractionBits; ++i)
      power *= power;
    return power.ule(limit);
  };
  // The largest m with m / 2^23 at most the power; then its upper neighbour if
  // m + 1/2 is still at most the power.
  uint32_t m = 0;
  for (int bit = 23; bit >= 0; --bit)
    if (isAtMost(uint64_t(m | 1u << bit) << 1))
      m |= 1u << bit;
  return isAtMost((uint64_t(m) << 1) + 1) ? m + 1 : m;
}

/// Fills the codes and values in ascending order, one per distinct value. -0
/// is the same value as 0.
void Format::sortTable(Table &table) {
  const Format f32 = getBuiltin("f32");
  std::vector<double> values;
  for (float value : table.values)
    values.push_back(decode(f32, llvm::bit_cast<uint32_t>(value)));
  std::vector<uint16_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](uint16_t a, uint16_t b) {
    return values[a] != values[b] ? values[a] < values[b] : a < b;
  });
  for (uint16_t code : order) {
    if (!table.sortedValues.empty() &&
        table.sortedValues.back() == values[code])
      continue;
    table.sortedCodes.push_back(code);
    table.sortedValues.push_back(values[code]);
  }
}

Expected<Format> Format::getLog(unsigned bits, unsigned fractionBits) {
  if (bits < 2 || bits > 8)
    return makeError("F7: the width of a logarithmic format is 2 to 8 bits, "
                     "but " +
                     Twine(bits) + " are asked for");
  // More than 7 would only squeeze the at most 127 magnitudes of 8 bits into
  // less than an octave.
  constexpr unsigned maxFractionBits = 7;
  if (fractionBits > maxFractionBits)
    return makeError("F8: a logarithmic format has at most 7 fraction bits, "
                     "but " +
                     Twine(fractionBits) + " are asked for");
  unsigned maxCode = (1u << (bits - 1)) - 1;
  // Cannot fail for 8 bits or less (2^-126 for log<8>), but is the rule.
  if ((maxCode - 1) >> fractionBits > 126)
    return makeError("F8: every magnitude must be normal in f32");

  Format format;
  format.kind = FormatKind::Log;
  format.hasSign = true;
  format.bits = bits;
  format.fractionBits = fractionBits;

  // Types are verified often, and 7 fraction bits take milliseconds.
  static std::mutex mutex;
  static std::shared_ptr<const Table> cache[9][maxFractionBits + 1];
  std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<const Table> &cached = cache[bits][fractionBits];
  if (!cached) {
    auto table = std::make_shared<Table>();
    table->values.push_back(0.0f);
    for (unsigned c = 1; c <= maxCode; ++c) {
      unsigned below = maxCode - c; // the magnitude is 2^(-below / steps)
      unsigned steps = 1u << fractionBits;
      unsigned octaves = (below + steps - 1) / steps;
      uint32_t significand =
          getLogSignificand(octaves * steps - below, fractionBits);
      // significand has its leading 1 at bit 23, which adds 1 to the field.
      uint32_t encoded = ((126u - octaves) << 23) + significand;
      table->values.push_back(llvm::bit_cast<float>(encoded));
    }
    for (unsigned c = 0; c <= maxCode; ++c)
      table->values.push_back(-table->values[c]);
    sortTable(*table);
    assert(table->sortedCodes.size() == 2 * maxCode + 1 &&
           "F8: magnitudes are distinct");
    cached = std::move(table);
  }
  format.table = cached;
  return format;
}

Expected<Format> Format::getCodebook(unsigned bits, ArrayRef<float> values) {
  if (bits < 2 || bits > 8)
    return makeError("F9: the width of a codebook is 2 to 8 bits, but " +
                     Twine(bits) + " are asked for");
  if (values.size() != size_t(1) << bits)
    return makeError("F10: a codebook of " + Twine(bits) + " bits has " +
                     Twine(1u << bits) + " values, but " +
                     Twine(values.size()) + " are given");
  for (auto [code, value] : llvm::enumerate(values))
    if (!std::isfinite(value))
      return makeError("F11: the values of a codebook are finite, but that of "
                       "code " +
                       Twine(code) + " is not");
  Format format;
  format.kind = FormatKind::Codebook;
  format.bits = bits;
  format.hasSign = llvm::any_of(values, [](float v) { return v < 0.0f; });
  auto table = std::make_shared<Table>();
  table->values = values.vec();
  sortTable(*table);
  format.table = std::move(table);
  return format;
}

/// QLoRA's NormalFloat of 4 bits.
static constexpr float nf4Values[] = {
    -1.0f,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0.0f,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1.0f,
};
/// ggml's kvalues_iq4nl.
static constexpr float iq4nlValues[] = {
    -127.0f, -104.0f, -83.0f, -65.0f, -49.0f, -35.0f, -22.0f, -10.0f,
    1.0f,    13.0f,   25.0f,  38.0f,  53.0f,  69.0f,  89.0f,  113.0f};
static constexpr StringRef codebookNames[] = {"nf4", "iq4nl"};

ArrayRef<StringRef> Format::getCodebookNames() { return codebookNames; }

std::optional<Format> Format::getNamedCodebook(StringRef name) {
  auto make = [](StringRef name, ArrayRef<float> values) {
    Format format = llvm::cantFail(getCodebook(4, values));
    auto table = std::make_shared<Table>(*format.table);
    table->name = name.str();
    format.table = std::move(table);
    return format;
  };
  static const Format nf4 = make("nf4", nf4Values);
  static const Format iq4nl = make("iq4nl", iq4nlValues);
  if (name == "nf4")
    return nf4;
  if (name == "iq4nl")
    return iq4nl;
  return std::nullopt;
}

ArrayRef<float> Format::getValues() const {
  return table ? ArrayRef<float>(table->values) : ArrayRef<float>();
}

ArrayRef<uint16_t> Format::getSortedCodes() const {
  return table ? ArrayRef<uint16_t>(table->sortedCodes) : ArrayRef<uint16_t>();
}

ArrayRef<double> Format::getSortedValues() const {
  return table ? ArrayRef<double>(table->sortedValues) : ArrayRef<double>();
}

//===----------------------------------------------------------------------===//
// Spelling
//===----------------------------------------------------------------------===//

static Expected<Format> parseCodebook(StringRef bitsText, StringRef list) {
  unsigned bits = 0;
  if (!consumeNumber(bitsText, bits) || !bitsText.empty())
    return makeError("expected the width of a codebook");
  if (!list.consume_front("[")) {
    std::optional<Format> named = Format::getNamedCodebook(list);
    if (!named)
      return makeError("there is no codebook named '" + list +
                       "'; the names are " +
                       llvm::join(Format::getCodebookNames(), ", "));
    if (named->getBits() != bits)
      return makeError("the codebook " + list + " has " +
                       Twine(named->getBits()) + " bits, not " + Twine(bits));
    return *named;
  }
  if (!list.consume_back("]"))
    return makeError("expected ']' after the values of a codebook");
  std::vector<float> values;
  llvm::SmallVector<StringRef> parts;
  if (!list.trim().empty())
    list.split(parts, ',');
  for (StringRef part : parts) {
    llvm::APFloat value(llvm::APFloat::IEEEsingle());
    auto status = value.convertFromString(part.trim(),
                                          llvm::APFloat::rmNearestTiesToEven);
    if (!status) {
      llvm::consumeError(status.takeError());
      return makeError("'" + part.trim() + "' is no number");
    }
    values.push_back(value.convertToFloat());
  }
  return Format::getCodebook(bits, values);
}

Expected<Format> Format::parse(StringRef text) {
  text = text.trim();
  if (isBuiltinFloat(text))
    return getBuiltin(text);

  StringRef rest = text;
  bool isUnsigned = rest.consume_front("u");
  if (!isUnsigned)
    rest.consume_front("s");
  unsigned bits = 0;
  if (rest.consume_front("i") && consumeNumber(rest, bits) && rest.empty()) {
    if (bits < 2 || bits > 32)
      return makeError("an integer format has 2 to 32 bits, but '" + text +
                       "' asks for " + Twine(bits));
    return getInteger(bits, !isUnsigned);
  }

  rest = text;
  enum { None, MiniFloat, LogKind, CodebookKind } type = None;
  if (rest.consume_front("minifloat<"))
    type = MiniFloat;
  else if (rest.consume_front("log<"))
    type = LogKind;
  else if (rest.consume_front("codebook<"))
    type = CodebookKind;
  if (type == None || !rest.consume_back(">"))
    return makeError("'" + text +
                     "' is no number format; expected for example f8E4M3FN, "
                     "i4, ui4, minifloat<ue5m3fn>, minifloat<e3m0finite, bias "
                     "= 7>, log<4>, log<4, frac = 1>, codebook<4, nf4> or "
                     "codebook<2, [-1.0, 0.0, 0.5, 1.0]>");
  auto [head, tail] = rest.split(',');
  head = head.trim();
  tail = tail.trim();
  bool hasTail = rest.contains(',');
  if (type == CodebookKind)
    return parseCodebook(head, tail);

  // "bias = N" or "frac = N".
  int64_t number = 0;
  if (hasTail) {
    StringRef key = type == MiniFloat ? "bias" : "frac";
    auto [name, value] = tail.split('=');
    if (name.trim() != key || value.trim().getAsInteger(10, number))
      return makeError("expected '" + key + " = <integer>' in '" + text + "'");
  }
  if (type == MiniFloat)
    return parseFloat(head,
                      hasTail ? std::optional<int64_t>(number) : std::nullopt);
  if (!consumeNumber(head, bits) || !head.empty())
    return makeError("expected the width in '" + text + "'");
  if (number < 0 || number > 1000)
    return makeError("F8: a logarithmic format has at most 7 fraction bits, "
                     "but " +
                     Twine(number) + " are asked for");
  return getLog(bits, unsigned(number));
}

/// The shortest decimal that reads back as `value`, with a point in it, as
/// MLIR wants a float literal.
static std::string printFloat(float value) {
  char buffer[32];
  for (int digits = 1; digits <= 9; ++digits) {
    snprintf(buffer, sizeof(buffer), "%.*g", digits, double(value));
    if (strtof(buffer, nullptr) == value)
      break;
  }
  std::string text = buffer;
  if (text.find('.') == std::string::npos)
    text.insert(std::min(text.find('e'), text.size()), ".0");
  return text;
}

std::string Format::getName() const {
  switch (kind) {
  case FormatKind::Integer:
    return (hasSign ? "i" : "ui") + std::to_string(bits);
  case FormatKind::Exponent:
    return exponentName;
  case FormatKind::Float: {
    if (std::optional<StringRef> twin = getBuiltinTwin())
      return twin->str();
    return "minifloat<" + getMinifloatText() + ">";
  }
  case FormatKind::Log: {
    std::string name = "log<" + std::to_string(bits);
    if (fractionBits != 0)
      name += ", frac = " + std::to_string(fractionBits);
    return name + ">";
  }
  case FormatKind::Codebook: {
    std::string name = "codebook<" + std::to_string(bits) + ", ";
    if (!table->name.empty())
      return name + table->name + ">";
    name += "[";
    for (auto [i, value] : llvm::enumerate(table->values))
      name += (i ? ", " : "") + printFloat(value);
    return name + "]>";
  }
  }
  llvm_unreachable("all kinds are handled");
}

std::string Format::getMinifloatText() const {
  assert(kind == FormatKind::Float && "only minifloats have this spelling");
  std::string text = hasSign ? "e" : "ue";
  text += std::to_string(exponentBits) + "m" + std::to_string(mantissaBits);
  switch (nonFinite) {
  case NonFinite::IEEE:
    break;
  case NonFinite::FN:
    text += "fn";
    break;
  case NonFinite::FNUZ:
    text += "fnuz";
    break;
  case NonFinite::None:
    text += "finite";
    break;
  }
  int64_t defaultBias = (int64_t(1) << (exponentBits - 1)) -
                        (nonFinite == NonFinite::FNUZ ? 0 : 1);
  if (bias != defaultBias)
    text += ", bias = " + std::to_string(bias);
  return text;
}

//===----------------------------------------------------------------------===//
// Properties
//===----------------------------------------------------------------------===//

bool Format::hasInf() const {
  return kind == FormatKind::Float && nonFinite == NonFinite::IEEE;
}

bool Format::hasNaN() const {
  return isFloat() && nonFinite != NonFinite::None;
}

bool Format::hasZero() const {
  if (kind == FormatKind::Codebook)
    return llvm::is_contained(table->sortedValues, 0.0);
  return kind != FormatKind::Exponent;
}

bool Format::hasNegativeZero() const {
  switch (kind) {
  case FormatKind::Integer:
  case FormatKind::Exponent:
    return false;
  case FormatKind::Float:
    return hasSign && nonFinite != NonFinite::FNUZ;
  case FormatKind::Log:
    return true;
  case FormatKind::Codebook:
    return llvm::any_of(table->values, [](float value) {
      return value == 0.0f && std::signbit(value);
    });
  }
  llvm_unreachable("all kinds are handled");
}

uint64_t Format::getNaNCode() const {
  assert(hasNaN() && "this format has no NaN");
  unsigned magnitudeBits = exponentBits + mantissaBits;
  switch (nonFinite) {
  case NonFinite::IEEE: {
    // Quiet: the top mantissa bit and no other.
    uint64_t exponent = (uint64_t(1) << exponentBits) - 1;
    return exponent << mantissaBits | uint64_t(1) << (mantissaBits - 1);
  }
  case NonFinite::FN:
    return (uint64_t(1) << magnitudeBits) - 1;
  case NonFinite::FNUZ:
    return uint64_t(1) << magnitudeBits;
  case NonFinite::None:
    break;
  }
  llvm_unreachable("this format has no NaN");
}

uint64_t Format::getInfCode() const {
  assert(hasInf() && "this format has no infinity");
  return ((uint64_t(1) << exponentBits) - 1) << mantissaBits;
}

uint64_t Format::getMaxMagnitudeCode() const {
  assert(isFloat() && "only floats have magnitude codes");
  uint64_t allOnes = (uint64_t(1) << (exponentBits + mantissaBits)) - 1;
  switch (nonFinite) {
  case NonFinite::IEEE:
    return (allOnes >> mantissaBits << mantissaBits) - 1;
  case NonFinite::FN:
    return allOnes - 1;
  case NonFinite::FNUZ:
  case NonFinite::None:
    return allOnes;
  }
  llvm_unreachable("all kinds are handled");
}

double Format::getLargest() const {
  switch (kind) {
  case FormatKind::Integer:
    return double((uint64_t(1) << (bits - hasSign)) - 1);
  case FormatKind::Float:
  case FormatKind::Exponent:
    return decode(*this, getMaxMagnitudeCode());
  case FormatKind::Log:
  case FormatKind::Codebook:
    return table->sortedValues.back();
  }
  llvm_unreachable("all kinds are handled");
}

double Format::getLowest() const {
  switch (kind) {
  case FormatKind::Integer:
    return hasSign ? -double(uint64_t(1) << (bits - 1)) : 0.0;
  case FormatKind::Float:
    return hasSign ? -getLargest() : 0.0;
  case FormatKind::Exponent:
    return decode(*this, 0);
  case FormatKind::Log:
  case FormatKind::Codebook:
    return table->sortedValues.front();
  }
  llvm_unreachable("all kinds are handled");
}

double Format::getSmallest() const {
  switch (kind) {
  case FormatKind::Integer:
    return 1.0;
  case FormatKind::Float:
    return decode(*this, 1);
  case FormatKind::Exponent:
    return decode(*this, 0);
  case FormatKind::Log:
  case FormatKind::Codebook:
    for (double value : table->sortedValues)
      if (value > 0.0)
        return value;
    return 0.0;
  }
  llvm_unreachable("all kinds are handled");
}

double Format::getSmallestNormal() const {
  if (kind == FormatKind::Float && getMaxMagnitudeCode() >= uint64_t(1)
                                                                << mantissaBits)
    return decode(*this, uint64_t(1) << mantissaBits);
  return getSmallest();
}

double Format::getScaleLargest() const {
  if (kind == FormatKind::Codebook)
    return std::min(getLargest(), -getLowest());
  return getLargest();
}

bool Format::operator==(const Format &other) const {
  if (kind != other.kind || bits != other.bits)
    return false;
  if (!table)
    return hasSign == other.hasSign && nonFinite == other.nonFinite &&
           exponentBits == other.exponentBits &&
           mantissaBits == other.mantissaBits && bias == other.bias;
  // By bits: 0 and -0 are different values here. log<2> is the same for every
  // number of fraction bits.
  return table == other.table ||
         std::memcmp(table->values.data(), other.table->values.data(),
                     table->values.size() * sizeof(float)) == 0;
}

//===----------------------------------------------------------------------===//
// Catalog
//===----------------------------------------------------------------------===//

ArrayRef<Format> lowbit::getCatalog() {
  static const std::vector<Format> catalog = [] {
    std::vector<Format> formats;
    for (StringRef name : {"f8E4M3FN", "f8E4M3", "f8E4M3FNUZ", "f8E4M3B11FNUZ",
                           "f8E5M2", "f8E5M2FNUZ", "f8E3M4", "f8E8M0FNU",
                           "f6E2M3FN", "f6E3M2FN", "f4E2M1FN", "f16", "bf16"})
      formats.push_back(Format::getBuiltin(name));
    for (StringRef text : {"ue5m3fn", "e5m3fn"})
      formats.push_back(llvm::cantFail(Format::parseFloat(text)));
    for (unsigned bits = 2; bits <= 8; ++bits)
      for (bool isSigned : {true, false})
        formats.push_back(Format::getInteger(bits, isSigned));
    for (unsigned fractionBits : {0, 1})
      formats.push_back(llvm::cantFail(Format::getLog(4, fractionBits)));
    for (StringRef name : Format::getCodebookNames())
      formats.push_back(*Format::getNamedCodebook(name));
    return formats;
  }();
  return catalog;
}
