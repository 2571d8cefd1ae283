//===- lowbit-formats-fuzzer.cpp - Fuzzes the numerics library ------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is the name of a format, a newline, and numbers as eight bytes
// each. A name is rejected, or read back from what `getName` makes of it; for
// any number and any code encode and decode keep what holds in every format.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Codec.h"
#include "lowbit/Numerics/Format.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstdlib>
#include <optional>

using namespace lowbit;

[[noreturn]] static void fail(const Format &format, const char *property,
                              double first, double second) {
  llvm::errs() << "lowbit fuzz: " << format.getName() << ": " << property
               << llvm::format(": %a, %a\n", first, second);
  std::abort();
}

/// Equal in every bit; NaN apart, and the zeros of a codebook, which are
/// duplicates of one value.
static bool isSame(const Format &format, double first, double second) {
  return (std::isnan(first) && std::isnan(second)) ||
         (format.getKind() == FormatKind::Codebook && first == second) ||
         llvm::bit_cast<uint64_t>(first) == llvm::bit_cast<uint64_t>(second);
}

static void checkCode(const Format &format, uint64_t code, uint32_t random) {
  double value = decode(format, code);
  for (Rounding rounding :
       {Rounding::NearestEven, Rounding::TowardZero, Rounding::Stochastic}) {
    for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE}) {
      double expected = value;
      if (std::isinf(value) && overflow == Overflow::Saturate)
        expected = value > 0 ? format.getLargest() : format.getLowest();
      double again =
          decode(format, encode(format, value, rounding, overflow, random));
      if (!isSame(format, again, expected))
        fail(format, "a code's value is not kept", value, again);
    }
  }
}

static void checkValue(const Format &format, double value, uint32_t random) {
  for (Rounding rounding :
       {Rounding::NearestEven, Rounding::TowardZero, Rounding::Stochastic}) {
    for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE}) {
      uint64_t code = encode(format, value, rounding, overflow, random);
      if (code >= format.getNumCodes())
        fail(format, "not a code", value, double(code));
      double result = decode(format, code);
      if (std::isnan(value) && format.hasNaN() && !std::isnan(result))
        fail(format, "NaN is lost", value, result);
      if (std::isnan(value) || overflow == Overflow::IEEE)
        continue;
      if (!(result >= format.getLowest() && result <= format.getLargest()))
        fail(format, "saturation leaves the range", value, result);
      // The smallest value stands for what an unsigned format cannot hold.
      if (rounding == Rounding::TowardZero && format.hasZero() &&
          std::fabs(result) > std::fabs(value) &&
          format.getKind() != FormatKind::Codebook)
        fail(format, "rounding toward zero goes away from it", value, result);
    }
  }
}

/// Nearest-even is monotonic, and no other result is nearer.
static void checkPair(const Format &format, double first, double second) {
  if (std::isnan(first) || std::isnan(second))
    return;
  double low = std::fmin(first, second), high = std::fmax(first, second);
  double lowResult = decode(format, encode(format, low));
  double highResult = decode(format, encode(format, high));
  if (lowResult > highResult)
    fail(format, "not monotonic", low, high);
  // The distances are exact or far apart enough for one rounding not to matter
  // for values of a common scale; elsewhere they may round to the same.
  if (std::isfinite(low) &&
      std::fabs(low - highResult) < std::fabs(low - lowResult))
    fail(format, "a nearer value exists", low, highResult);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef input(reinterpret_cast<const char *>(data), size);
  auto [name, numbers] = input.split('\n');
  llvm::Expected<Format> format = Format::parse(name);
  if (!format) {
    llvm::consumeError(format.takeError());
    return 0;
  }
  llvm::Expected<Format> again = Format::parse(format->getName());
  if (!again) {
    llvm::errs() << "lowbit fuzz: '" << format->getName()
                 << "' cannot be read back: "
                 << llvm::toString(again.takeError()) << '\n';
    std::abort();
  }
  if (*again != *format || again->getName() != format->getName()) {
    llvm::errs() << "lowbit fuzz: '" << format->getName() << "' reads back as '"
                 << again->getName() << "'\n";
    std::abort();
  }

  // f64 has more codes than `getNumCodes` can count.
  if (format->getBits() > 32)
    return 0;
  std::optional<double> previous;
  for (; numbers.size() >= 8; numbers = numbers.drop_front(8)) {
    uint64_t word = llvm::support::endian::read64le(numbers.data());
    auto random = uint32_t(word * 0x9E3779B97F4A7C15u >> 32);
    double value = llvm::bit_cast<double>(word);
    checkCode(*format, word & (format->getNumCodes() - 1), random);
    checkValue(*format, value, random);
    if (previous)
      checkPair(*format, *previous, value);
    previous = value;
  }
  return 0;
}
