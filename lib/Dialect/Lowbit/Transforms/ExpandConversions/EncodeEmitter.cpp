//===- EncodeEmitter.cpp - encode as arithmetic ---------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numbers to codes. Three paths for floats, the first that fits being taken:
// formats with the exponents of f32 are its upper bits, rounded; to nearest, an
// f32 addition rounds at the right digit; and a general one shifts by a
// different amount in every lane, on the bits of an f32 or of an f64, which
// every source fits into exactly.
//
//===----------------------------------------------------------------------===//

#include "CodecEmitter.h"

#include "lowbit/Numerics/Codec.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace lowbit;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

/// Binary digits between the highest and the lowest bit of any value.
static std::pair<int, int> getBitRange(ArrayRef<float> values) {
  int lowest = 0, highest = 0;
  bool first = true;
  for (float value : values) {
    if (value == 0)
      continue;
    int exponent;
    auto significand = static_cast<uint32_t>(
        std::ldexp(std::frexp(std::fabs(value), &exponent), 24));
    int low = exponent - 24 + llvm::countr_zero(significand);
    lowest = first ? low : std::min(lowest, low);
    highest = first ? exponent : std::max(highest, exponent);
    first = false;
  }
  return {lowest, highest};
}

LogicalResult lowbit::verifyEncodable(Operation *op, const Format &format,
                                      Rounding rounding) {
  bool isFloat =
      format.getValues().empty() ||
      (format.getKind() == FormatKind::Log && format.getFractionBits() == 0);
  if (rounding != Rounding::Stochastic || isFloat)
    return success();
  auto [lowest, highest] = getBitRange(format.getValues());
  // encodeStochasticSteps multiplies gaps by 33-bit numbers in 128 bits.
  if (highest - lowest <= 90)
    return success();
  return op->emitOpError("cannot be expanded: stochastic rounding to a "
                         "codebook needs values that span at most 90 binary "
                         "digits, found ")
         << highest - lowest;
}

Value CodecEmitter::encode(Value x, Type type, const EncodeModes &modes) {
  Format format = *getFormat(type);
  if (format.isInteger())
    return encodeInteger(x, type, static_cast<int64_t>(format.getLowest()),
                         static_cast<int64_t>(format.getLargest()), modes);
  bool isF32 = elementOf(x).isF32();
  auto widened = [&]() -> Value {
    return isF32 ? arith::ExtFOp::create(b, typeOf(b.getF64Type()), x) : x;
  };
  Value code;
  switch (format.getKind()) {
  case FormatKind::Integer:
    llvm_unreachable("handled above");
  case FormatKind::Float:
    if (format.getBits() == 64)
      code = encodeOwnType(widened(), modes);
    else if (format.getBits() == 32 && isF32)
      code = encodeOwnType(x, modes);
    else
      code = encodeFloat(format, x, modes);
    break;
  case FormatKind::Exponent:
    code = encodeExponent(format, widened(), modes);
    break;
  case FormatKind::Log:
    code = encodeLog(format, x, modes);
    break;
  case FormatKind::Codebook:
    code = encodeCodebook(format, x, modes);
    break;
  }
  return bitcast(toWidth(code, format.getBits()), type);
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

Value CodecEmitter::encodeInteger(Value x, Type type, int64_t low, int64_t high,
                                  const EncodeModes &modes, Value zeroPoint,
                                  unsigned zeroPointBits) {
  // Beyond `limit` in magnitude the sum saturates whatever the zero point is.
  int64_t limit = std::max(-low, high);
  if (zeroPoint)
    limit += (int64_t(1) << zeroPointBits) + 1;
  // Adding 1.5 * 2^23 (2^52) rounds to an integer in the low bits, to nearest
  // even, for magnitudes up to 2^22 (2^51).
  bool narrow = elementOf(x).isF32() && limit < (int64_t(1) << 22);
  if (elementOf(x).isF32() && !narrow)
    x = arith::ExtFOp::create(b, typeOf(b.getF64Type()), x);
  Type floatType = elementOf(x);
  Type intType = narrow ? b.getI32Type() : b.getI64Type();
  unsigned width = narrow ? 32 : 64;

  Value zero = floatConstant(floatType, 0);
  x = select(compare(CmpFPredicate::UNO, x, x), zero, x);
  Value lowest = floatConstant(floatType, zeroPoint ? -limit : low);
  Value highest = floatConstant(floatType, zeroPoint ? limit : high);
  x = select(compare(CmpFPredicate::OGT, x, lowest), x, lowest);
  x = select(compare(CmpFPredicate::OLT, x, highest), x, highest);

  Value rounded;
  switch (modes.rounding) {
  case Rounding::NearestEven: {
    Value magic = floatConstant(floatType, narrow ? 0x1.8p23 : 0x1.8p52);
    Value sum = bitcast(arith::AddFOp::create(b, x, magic), intType);
    rounded = arith::SubIOp::create(b, sum, bitcast(magic, intType));
    break;
  }
  case Rounding::TowardZero:
    rounded = arith::FPToSIOp::create(b, typeOf(intType), x);
    break;
  case Rounding::Stochastic: {
    Value isNegative = compare(CmpFPredicate::OLT, x, zero);
    Value magnitude =
        select(isNegative, arith::NegFOp::create(b, x).getResult(), x);
    Value whole = arith::FPToSIOp::create(b, typeOf(intType), magnitude);
    Value fraction = arith::SubFOp::create(
        b, magnitude, arith::SIToFPOp::create(b, typeOf(floatType), whole));
    // Exact: a power of two; the conversion is the floor.
    Value scaled =
        arith::MulFOp::create(b, fraction, floatConstant(floatType, 0x1p32));
    Value threshold =
        arith::FPToSIOp::create(b, typeOf(b.getI64Type()), scaled);
    Value goesUp =
        compare(CmpIPredicate::ult, toWidth(modes.random, 64), threshold);
    Value up = arith::AddIOp::create(b, whole, toWidth(goesUp, width));
    Value negated = arith::SubIOp::create(b, constant(intType, 0), up);
    rounded = select(isNegative, negated, up);
    break;
  }
  }
  if (zeroPoint) {
    if (elementOf(zeroPoint) != intType)
      zeroPoint =
          width == 64
              ? Value(arith::ExtSIOp::create(b, typeOf(intType), zeroPoint))
              : toWidth(zeroPoint, 32);
    rounded = arith::AddIOp::create(b, rounded, zeroPoint);
    rounded = arith::MaxSIOp::create(b, rounded, constant(intType, low));
    rounded = arith::MinSIOp::create(b, rounded, constant(intType, high));
  }
  unsigned bits = cast<IntegerType>(type).getWidth();
  return bitcast(toWidth(rounded, bits), type);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

/// The magnitude (code without sign) of the largest finite value.
static uint64_t getLargestMagnitude(const Format &format) {
  return encode(format, format.getLargest());
}

/// Whether a number beyond the largest value is encoded as that value: if it
/// saturates, or is rounded toward zero, or if there is nothing else for it.
static bool endsAtLargest(const Format &format, const EncodeModes &modes) {
  return modes.overflow == Overflow::Saturate ||
         modes.rounding == Rounding::TowardZero ||
         (!format.hasInf() && !format.hasNaN());
}

/// The value that the code above the largest one would have, were it finite.
static double getNextAboveLargest(const Format &format) {
  uint64_t code = getLargestMagnitude(format) + 1;
  int64_t mantissaBits = format.getMantissaBits();
  auto exponent = static_cast<int64_t>(code >> mantissaBits);
  uint64_t hiddenBit = exponent == 0 ? 0 : uint64_t(1) << mantissaBits;
  uint64_t mantissa =
      code & llvm::maskTrailingOnes<uint64_t>(format.getMantissaBits());
  return std::ldexp(static_cast<double>(hiddenBit | mantissa),
                    std::max<int64_t>(exponent, 1) - format.getBias() -
                        mantissaBits);
}

Value CodecEmitter::encodeFloat(const Format &format, Value x,
                                const EncodeModes &modes) {
  int64_t mantissaBits = format.getMantissaBits();
  int64_t minExponent = 1 - format.getBias();
  if (elementOf(x).isF32() && mantissaBits < 23) {
    if (format.getBias() == 127)
      return encodeUpperBits(format, x, modes);
    // What encodeByAddition adds must be finite.
    if (modes.rounding == Rounding::NearestEven && minExponent >= -126 &&
        getNextAboveLargest(format) <= std::ldexp(1.0, 104 + mantissaBits))
      return encodeByAddition(format, x, modes);
    // encodeByShift gives f32's subnormal numbers, and 0, a leading 1: they
    // must be less than 2^-32 of the format's smallest value.
    if (minExponent - mantissaBits >= -126 + 32)
      return encodeByShift(format, x, modes);
  }
  if (elementOf(x).isF32())
    x = arith::ExtFOp::create(b, typeOf(b.getF64Type()), x);
  return encodeByShift(format, x, modes);
}

Value CodecEmitter::encodeUpperBits(const Format &format, Value x,
                                    const EncodeModes &modes) {
  // The codes are f32's, cut: a carry of the rounding runs into the exponent,
  // and subnormal numbers need no other treatment.
  Type i32 = b.getI32Type();
  Value bits = bitcast(x, i32);
  Value magnitude = arith::AndIOp::create(b, bits, constant(i32, 0x7fffffff));
  if (endsAtLargest(format, modes)) {
    auto largest =
        llvm::bit_cast<uint32_t>(static_cast<float>(format.getLargest()));
    magnitude = arith::MinUIOp::create(b, magnitude, constant(i32, largest));
  }
  unsigned cut = 23 - format.getMantissaBits();
  Value shift = constant(i32, cut);
  Value code = arith::ShRUIOp::create(b, magnitude, shift);
  switch (modes.rounding) {
  case Rounding::NearestEven: {
    // Half a unit less one, plus the bit that tells odd from even. Without a
    // mantissa that bit is the leading 1 of a normal number: a tie goes up, but
    // to 0 from half the smallest value.
    uint64_t half = uint64_t(1) << (cut - 1);
    Value odd = arith::AndIOp::create(b, code, constant(i32, 1));
    if (cut == 23)
      odd = toWidth(compare(CmpIPredicate::ne, code, constant(i32, 0)), 32);
    Value raised = arith::AddIOp::create(b, magnitude, constant(i32, half - 1));
    code =
        arith::ShRUIOp::create(b, arith::AddIOp::create(b, raised, odd), shift);
    break;
  }
  case Rounding::TowardZero:
    break;
  case Rounding::Stochastic: {
    Value threshold =
        arith::ShLIOp::create(b, magnitude, constant(i32, 32 - cut));
    Value goesUp = compare(CmpIPredicate::ult, modes.random, threshold);
    code = arith::AddIOp::create(b, code, toWidth(goesUp, 32));
    break;
  }
  }
  return finishEncode(format, bits, code, modes);
}

Value CodecEmitter::encodeByAddition(const Format &format, Value x,
                                     const EncodeModes &modes) {
  // f32 has `spareBits` mantissa bits too many. So 2^(e + spareBits) + |x|,
  // with e the exponent of x or that of the smallest normal value, is rounded
  // to the unit of the format's values near x; and the sum's mantissa counts
  // these units.
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  unsigned spareBits = 23 - format.getMantissaBits();
  int64_t minExponent = 1 - format.getBias();

  Value bits = bitcast(x, i32);
  Value magnitude = arith::AndIOp::create(b, bits, constant(i32, 0x7fffffff));
  // Clamping before rounding to the largest value is clamping after it; what
  // overflows must only stay above it. NaN is clamped too, and replaced at the
  // end.
  auto bound = llvm::bit_cast<uint32_t>(static_cast<float>(
      endsAtLargest(format, modes) ? format.getLargest()
                                   : getNextAboveLargest(format)));
  magnitude = arith::MinUIOp::create(b, magnitude, constant(i32, bound));

  auto minNormal = static_cast<uint64_t>(minExponent + 127) << 23;
  Value exponent =
      arith::AndIOp::create(b, magnitude, constant(i32, 0x7f800000));
  exponent = arith::MaxUIOp::create(b, exponent, constant(i32, minNormal));
  Value addend = arith::AddIOp::create(
      b, exponent, constant(i32, static_cast<uint64_t>(spareBits) << 23));
  Value sum =
      arith::AddFOp::create(b, bitcast(magnitude, f32), bitcast(addend, f32));
  Value units = arith::SubIOp::create(b, bitcast(sum, i32), addend);
  // A normal value's units have its leading 1, which adds 1 to the exponent
  // code; a carry of the rounding adds one more.
  Value octave = arith::SubIOp::create(b, exponent, constant(i32, minNormal));
  octave = arith::ShRUIOp::create(b, octave, constant(i32, spareBits));
  return finishEncode(format, bits, arith::AddIOp::create(b, units, octave),
                      modes);
}

Value CodecEmitter::encodeByShift(const Format &format, Value x,
                                  const EncodeModes &modes) {
  bool isF32 = elementOf(x).isF32();
  unsigned width = isF32 ? 32 : 64;
  unsigned sourceBits = isF32 ? 23 : 52;
  int64_t sourceBias = isF32 ? 127 : 1023;
  Type type = b.getIntegerType(width);
  int64_t mantissaBits = format.getMantissaBits();
  int64_t minExponent = 1 - format.getBias();
  auto mask = [&](unsigned count) {
    return constant(type, llvm::maskTrailingOnes<uint64_t>(count));
  };

  Value bits = bitcast(x, type);
  Value magnitude = arith::AndIOp::create(b, bits, mask(width - 1));
  Value exponent = arith::SubIOp::create(
      b, arith::ShRUIOp::create(b, magnitude, constant(type, sourceBits)),
      constant(type, sourceBias));
  // With a leading 1 also where the source has none: such a number, and zero,
  // lies so far below the format that no bit of it is reached by the shift.
  Value significand = arith::OrIOp::create(
      b, arith::AndIOp::create(b, magnitude, mask(sourceBits)),
      constant(type, uint64_t(1) << sourceBits));
  // The unit of the result is 2^(max(exponent, minExponent) - mantissaBits).
  Value clamped =
      arith::MaxSIOp::create(b, exponent, constant(type, minExponent));
  Value shift =
      arith::AddIOp::create(b, arith::SubIOp::create(b, clamped, exponent),
                            constant(type, sourceBits - mantissaBits));
  Value most = constant(type, width - 1);
  Value shiftQuotient = arith::MinSIOp::create(b, shift, most);
  Value quotient = arith::ShRUIOp::create(b, significand, shiftQuotient);

  Value goesUp;
  if (modes.rounding != Rounding::TowardZero) {
    Value remainder = arith::SubIOp::create(
        b, significand, arith::ShLIOp::create(b, quotient, shiftQuotient));
    if (modes.rounding == Rounding::NearestEven) {
      Value one = constant(type, 1);
      Value half = arith::ShLIOp::create(
          b, one, arith::SubIOp::create(b, shiftQuotient, one));
      Value odd = arith::AndIOp::create(b, quotient, one);
      // remainder + odd > half: above a half, or a tie of an odd quotient.
      goesUp = compare(CmpIPredicate::ugt,
                       arith::AddIOp::create(b, remainder, odd), half);
    } else {
      // floor(remainder * 2^32 / 2^shift), which has 32 bits.
      Value up = arith::SubIOp::create(b, constant(type, 32), shift);
      Value down = arith::SubIOp::create(b, shift, constant(type, 32));
      Value zero = constant(type, 0);
      auto bounded = [&](Value amount) -> Value {
        return arith::MinSIOp::create(
            b, arith::MaxSIOp::create(b, amount, zero), most);
      };
      Value threshold = arith::ShRUIOp::create(
          b, arith::ShLIOp::create(b, remainder, bounded(up)), bounded(down));
      goesUp =
          compare(CmpIPredicate::ult, toWidth(modes.random, width), threshold);
    }
  }
  if (goesUp)
    quotient = arith::AddIOp::create(b, quotient, toWidth(goesUp, width));
  // The quotient has the leading 1 of a normal value, which adds 1 to the
  // exponent code; the carry of the rounding adds one more.
  Value octave = arith::SubIOp::create(b, clamped, constant(type, minExponent));
  Value code = arith::AddIOp::create(
      b, arith::ShLIOp::create(b, octave, constant(type, mantissaBits)),
      quotient);
  if (endsAtLargest(format, modes))
    code = arith::MinUIOp::create(b, code,
                                  constant(type, getLargestMagnitude(format)));
  return finishEncode(format, bits, code, modes);
}

Value CodecEmitter::finishEncode(const Format &format, Value bits,
                                 Value magnitude, const EncodeModes &modes) {
  Type intType = elementOf(bits);
  unsigned width = intType.getIntOrFloatBitWidth();
  unsigned formatBits = format.getBits();
  uint64_t infBits = width == 32 ? 0x7f800000 : 0x7ff0000000000000;
  Value source = arith::AndIOp::create(
      b, bits, constant(intType, llvm::maskTrailingOnes<uint64_t>(width - 1)));
  Value inf = constant(intType, infBits);
  Value isNaN = compare(CmpIPredicate::ugt, source, inf);
  Value zero = constant(intType, 0);
  bool ieee = modes.overflow == Overflow::IEEE;
  bool fnuz = format.getNonFinite() == NonFinite::FNUZ;

  // What the range does not hold, when it does not saturate. Toward zero only
  // an infinity overflows.
  Value overflows;
  if (ieee && (format.hasInf() || format.hasNaN()))
    overflows = modes.rounding == Rounding::TowardZero
                    ? compare(CmpIPredicate::eq, source, inf)
                    : compare(CmpIPredicate::ugt, magnitude,
                              constant(intType, getLargestMagnitude(format)));

  uint64_t nanCode = format.hasNaN() ? format.getNaNCode() : 0;
  if (overflows && !fnuz)
    magnitude = select(
        overflows,
        constant(intType, format.hasInf() ? format.getInfCode() : nanCode),
        magnitude);

  if (!format.isSigned()) {
    Value isNegative = compare(CmpIPredicate::slt, bits, zero);
    if (ieee && format.hasNaN())
      magnitude = select(
          arith::AndIOp::create(b, isNegative,
                                compare(CmpIPredicate::ne, magnitude, zero)),
          constant(intType, nanCode), magnitude);
    else
      magnitude = select(isNegative, zero, magnitude);
    return select(isNaN, constant(intType, nanCode), magnitude);
  }

  uint64_t signBit = uint64_t(1) << (formatBits - 1);
  Value sign = bits;
  // There is no -0: the highest bit of -magnitude tells whether it is not 0.
  if (fnuz)
    sign = arith::AndIOp::create(b, sign,
                                 arith::SubIOp::create(b, zero, magnitude));
  if (formatBits != width)
    sign =
        arith::ShRUIOp::create(b, sign, constant(intType, width - formatBits));
  sign = arith::AndIOp::create(b, sign, constant(intType, signBit));
  if (fnuz) {
    Value isCodeNaN =
        overflows ? Value(arith::OrIOp::create(b, isNaN, overflows)) : isNaN;
    return select(isCodeNaN, constant(intType, nanCode),
                  arith::OrIOp::create(b, magnitude, sign));
  }
  if (modes.keepNaNSign && format.hasNaN())
    magnitude = select(isNaN, constant(intType, nanCode), magnitude);
  Value code = arith::OrIOp::create(b, magnitude, sign);
  if (modes.keepNaNSign && format.hasNaN())
    return code;
  return select(isNaN, constant(intType, nanCode), code);
}

Value CodecEmitter::encodeOwnType(Value x, const EncodeModes &modes) {
  // Nothing rounds; infinities may saturate and NaN becomes the canonical one.
  bool isF32 = elementOf(x).isF32();
  Type intType = isF32 ? b.getI32Type() : b.getI64Type();
  Value bits = bitcast(x, intType);
  Value magnitude = arith::AndIOp::create(
      b, bits,
      constant(intType, llvm::maskTrailingOnes<uint64_t>(isF32 ? 31 : 63)));
  if (modes.overflow == Overflow::Saturate)
    magnitude = arith::MinUIOp::create(
        b, magnitude,
        constant(intType, isF32 ? 0x7f7fffff : 0x7fefffffffffffff));
  return finishEncode(Format::getBuiltin(isF32 ? "f32" : "f64"), bits,
                      magnitude, modes);
}

Value CodecEmitter::encodeExponent(const Format &format, Value x,
                                   const EncodeModes &modes) {
  Type i64 = b.getI64Type();
  Value bits = bitcast(x, i64);
  Value magnitude = arith::AndIOp::create(
      b, bits, constant(i64, llvm::maskTrailingOnes<uint64_t>(63)));
  Value exponent = arith::ShRUIOp::create(b, magnitude, constant(i64, 52));
  Value fraction = arith::AndIOp::create(
      b, magnitude, constant(i64, llvm::maskTrailingOnes<uint64_t>(52)));
  Value goesUp;
  switch (modes.rounding) {
  case Rounding::NearestEven:
    // A tie between two powers of two goes to the larger.
    goesUp =
        compare(CmpIPredicate::uge, fraction, constant(i64, uint64_t(1) << 51));
    break;
  case Rounding::TowardZero:
    break;
  case Rounding::Stochastic:
    goesUp = compare(CmpIPredicate::ult, toWidth(modes.random, 64),
                     arith::ShRUIOp::create(b, fraction, constant(i64, 20)));
    break;
  }
  if (goesUp)
    exponent = arith::AddIOp::create(b, exponent, toWidth(goesUp, 64));
  // There is nothing below code 0.
  Value zero = constant(i64, 0);
  Value code = arith::MaxSIOp::create(
      b,
      arith::SubIOp::create(b, exponent,
                            constant(i64, 1023 - format.getBias())),
      zero);
  Value nan = constant(i64, format.getNaNCode());
  Value largest = constant(i64, format.getMaxMagnitudeCode());
  Value inf = constant(i64, 0x7ff0000000000000);
  Value isNegative = compare(CmpIPredicate::slt, bits, zero);
  if (modes.overflow == Overflow::Saturate) {
    code = arith::MinSIOp::create(b, code, largest);
    code = select(isNegative, zero, code);
  } else {
    Value overflows = compare(CmpIPredicate::ugt, code, largest);
    if (modes.rounding == Rounding::TowardZero) {
      code = arith::MinSIOp::create(b, code, largest);
      overflows = compare(CmpIPredicate::eq, magnitude, inf);
    }
    Value isZero = compare(CmpIPredicate::eq, magnitude, zero);
    Value isUnheld = arith::OrIOp::create(
        b, overflows, arith::OrIOp::create(b, isNegative, isZero));
    code = select(isUnheld, nan, code);
  }
  return select(compare(CmpIPredicate::ugt, magnitude, inf), nan, code);
}

//===----------------------------------------------------------------------===//
// Formats of listed values
//===----------------------------------------------------------------------===//

/// Position of a double (or of an f32 held in one) among all of its type.
static int64_t toOrdinal(double value, bool isF32) {
  int64_t bits = isF32 ? llvm::bit_cast<int32_t>(static_cast<float>(value))
                       : llvm::bit_cast<int64_t>(value);
  int64_t lowest = isF32 ? std::numeric_limits<int32_t>::min()
                         : std::numeric_limits<int64_t>::min();
  return bits < 0 ? lowest - bits : bits;
}

static double fromOrdinal(int64_t ordinal, bool isF32) {
  if (isF32) {
    auto narrow = static_cast<int32_t>(ordinal);
    int32_t lowest = std::numeric_limits<int32_t>::min();
    return llvm::bit_cast<float>(narrow < 0 ? lowest - narrow : narrow);
  }
  int64_t lowest = std::numeric_limits<int64_t>::min();
  return llvm::bit_cast<double>(ordinal < 0 ? lowest - ordinal : ordinal);
}

/// The thresholds at which encode steps from codes[i - 1] to codes[i]: the
/// least number of the source type, at or above the value of codes[0], whose
/// code stands at i or later.
static SmallVector<double> getThresholds(const Format &format,
                                         ArrayRef<uint16_t> codes,
                                         Rounding rounding, bool isF32) {
  llvm::SmallDenseMap<uint64_t, size_t> position;
  for (auto [i, code] : llvm::enumerate(codes))
    position[code] = i;
  SmallVector<double> thresholds;
  for (size_t i = 1; i < codes.size(); ++i) {
    int64_t below = toOrdinal(decode(format, codes[i - 1]), isF32);
    int64_t reached = toOrdinal(decode(format, codes[i]), isF32);
    // The distance of two numbers of opposite sign may exceed an int64_t.
    auto getDistance = [&] {
      return static_cast<uint64_t>(reached) - static_cast<uint64_t>(below);
    };
    while (getDistance() > 1) {
      auto middle = static_cast<int64_t>(static_cast<uint64_t>(below) +
                                         getDistance() / 2);
      uint64_t code = encode(format, fromOrdinal(middle, isF32), rounding);
      // Zero's sign is not a step.
      auto found = position.find(code);
      size_t at = found == position.end() ? 0 : found->second;
      (at >= i ? reached : below) = middle;
    }
    thresholds.push_back(fromOrdinal(reached, isF32));
  }
  return thresholds;
}

Value CodecEmitter::countReached(Value x, ArrayRef<double> thresholds) {
  // A binary search without branches: each step compares with a threshold that
  // the steps before it select. The count is summed up as a float, since LLVM
  // would narrow an integer to 8 bits, and every mask with it.
  Type floatType = elementOf(x);
  unsigned numSteps = llvm::Log2_64_Ceil(thresholds.size() + 1);
  Value count = floatConstant(floatType, 0);
  Value zero = count;
  // From the lowest bit of the count so far to the highest.
  SmallVector<Value> bits;
  for (unsigned step = 0; step < numSteps; ++step) {
    size_t half = size_t(1) << (numSteps - 1 - step);
    SmallVector<Value> candidates;
    for (size_t i = half - 1; i < thresholds.size(); i += 2 * half)
      candidates.push_back(floatConstant(floatType, thresholds[i]));
    // Nothing reaches the thresholds that are missing up to a power of two.
    candidates.resize(
        size_t(1) << step,
        floatConstant(floatType, std::numeric_limits<double>::quiet_NaN()));
    Value reached = compare(CmpFPredicate::OGE, x, lookUp(bits, candidates));
    bits.insert(bits.begin(), reached);
    count = arith::AddFOp::create(
        b, count, select(reached, floatConstant(floatType, half), zero));
  }
  return arith::FPToSIOp::create(b, typeOf(b.getI32Type()), count);
}

Value CodecEmitter::encodeLog(const Format &format, Value x,
                              const EncodeModes &modes) {
  if (format.getFractionBits() == 0)
    return encodeFloat(getLogAsFloat(format), x, modes);
  bool isF32 = elementOf(x).isF32();
  Type intType = isF32 ? b.getI32Type() : b.getI64Type();
  unsigned width = isF32 ? 32 : 64;
  Value bits = bitcast(x, intType);
  Value magnitude = bitcast(
      arith::AndIOp::create(
          b, bits,
          constant(intType, llvm::maskTrailingOnes<uint64_t>(width - 1))),
      elementOf(x));
  // The codes without the sign bit ascend with their values.
  SmallVector<uint16_t> codes(size_t(1) << (format.getBits() - 1));
  std::iota(codes.begin(), codes.end(), 0);
  Value code =
      modes.rounding == Rounding::Stochastic
          ? encodeStochasticSteps(format, codes, magnitude, modes.random)
          : countReached(magnitude,
                         getThresholds(format, codes, modes.rounding, isF32));
  Value sign = arith::ShRUIOp::create(b, bits, constant(intType, width - 1));
  sign = arith::ShLIOp::create(b, toWidth(sign, 32),
                               constant(b.getI32Type(), format.getBits() - 1));
  code = arith::OrIOp::create(b, code, sign);
  return select(compare(CmpFPredicate::UNO, x, x), constant(b.getI32Type(), 0),
                code);
}

Value CodecEmitter::encodeCodebook(const Format &format, Value x,
                                   const EncodeModes &modes) {
  Type i32 = b.getI32Type();
  ArrayRef<uint16_t> codes = format.getSortedCodes();
  // NaN goes where 0 goes, which rounding may decide: not every codebook has 0.
  x = select(compare(CmpFPredicate::UNO, x, x), floatConstant(elementOf(x), 0),
             x);
  if (modes.rounding == Rounding::Stochastic)
    return encodeStochasticSteps(format, codes, x, modes.random);
  Value index = countReached(
      x, getThresholds(format, codes, modes.rounding, elementOf(x).isF32()));
  bool ascending = true;
  for (auto [i, entry] : llvm::enumerate(codes))
    ascending &= entry == i;
  if (ascending)
    return index;
  return lookUp(index, i32, SmallVector<uint64_t>(codes));
}

Value CodecEmitter::encodeStochasticSteps(const Format &format,
                                          ArrayRef<uint16_t> codes, Value x,
                                          Value random) {
  // Round away from zero iff random < floor(f * 2^32), f = |x - toward| / gap:
  // iff (random + 1) * gap <= 2^32 * |x - toward|. Everything is an integer in
  // units of the lowest bit of any value, but x, whose floor is enough as the
  // left side is an integer.
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  Type i128 = b.getIntegerType(128);
  auto valueOf = [&](size_t i) { return format.getValues()[codes[i]]; };
  if (codes.size() == 1)
    return constant(i32, codes[0]);
  int lowestBit = getBitRange(format.getValues()).first;
  auto inUnits = [&](float value) {
    APInt units(128, 0);
    int exponent;
    double significand = std::frexp(std::fabs(value), &exponent);
    units = APInt(128, static_cast<uint64_t>(std::ldexp(significand, 24)));
    int shift = exponent - 24 - lowestBit;
    units = shift >= 0 ? units.shl(shift) : units.lshr(-shift);
    return value < 0 ? -units : units;
  };

  // Clamp, and find the gap between two neighbours.
  Type floatType = elementOf(x);
  Value low = floatConstant(floatType, valueOf(0));
  Value high = floatConstant(floatType, valueOf(codes.size() - 1));
  x = select(compare(CmpFPredicate::OGT, x, low), x, low);
  x = select(compare(CmpFPredicate::OLT, x, high), x, high);
  SmallVector<double> inner;
  for (size_t i = 1; i + 1 < codes.size(); ++i)
    inner.push_back(valueOf(i));
  Value gapIndex = countReached(x, inner);

  // Per gap: its width, the end toward zero (signed so that the distance to it
  // is sign * x - base), and the codes of both ends.
  SmallVector<Value> gaps, bases;
  SmallVector<uint64_t> upward, towardCodes, awayCodes;
  for (size_t i = 0; i + 1 < codes.size(); ++i) {
    float lower = valueOf(i), upper = valueOf(i + 1);
    bool lowerIsToward =
        std::fabs(lower) < std::fabs(upper) ||
        (std::fabs(lower) == std::fabs(upper) && codes[i] < codes[i + 1]);
    gaps.push_back(constant(inUnits(upper) - inUnits(lower), i128));
    APInt base = lowerIsToward ? inUnits(lower) : -inUnits(upper);
    bases.push_back(constant(base.shl(32), i128));
    upward.push_back(lowerIsToward);
    towardCodes.push_back(codes[lowerIsToward ? i : i + 1]);
    awayCodes.push_back(codes[lowerIsToward ? i + 1 : i]);
  }

  // |x| * 2^32 in units: floor, and whether anything was cut off.
  if (floatType.isF32())
    x = arith::ExtFOp::create(b, typeOf(b.getF64Type()), x);
  Value bits = bitcast(x, i64);
  Value magnitude = arith::AndIOp::create(
      b, bits, constant(i64, llvm::maskTrailingOnes<uint64_t>(63)));
  Value zero64 = constant(i64, 0);
  Value isZero = compare(CmpIPredicate::eq, magnitude, zero64);
  Value significand = arith::OrIOp::create(
      b,
      arith::AndIOp::create(
          b, magnitude, constant(i64, llvm::maskTrailingOnes<uint64_t>(52))),
      constant(i64, uint64_t(1) << 52));
  significand = select(isZero, zero64, significand);
  Value shift = arith::AddIOp::create(
      b, arith::ShRUIOp::create(b, magnitude, constant(i64, 52)),
      constant(i64,
               static_cast<uint64_t>(int64_t(-1023 - 52) - lowestBit + 32)));
  Value most = constant(i64, 127);
  auto bounded = [&](Value amount) -> Value {
    Value clamped = arith::MinSIOp::create(
        b, arith::MaxSIOp::create(b, amount, zero64), most);
    return toWidth(clamped, 128);
  };
  Value left = bounded(shift);
  Value right = bounded(arith::SubIOp::create(b, zero64, shift));
  Value wide = arith::ShLIOp::create(b, toWidth(significand, 128), left);
  Value floor = arith::ShRUIOp::create(b, wide, right);
  Value isCut =
      compare(CmpIPredicate::ne, arith::ShLIOp::create(b, floor, right), wide);

  // sign * x, rounded down.
  Value goesUpward = compare(CmpIPredicate::ne, lookUp(gapIndex, i32, upward),
                             constant(i32, 0));
  Value isNegative = compare(CmpIPredicate::slt, bits, zero64);
  Value isDistanceNegative = compare(CmpIPredicate::eq, toWidth(isNegative, 32),
                                     toWidth(goesUpward, 32));
  Value ceiling = arith::AddIOp::create(b, floor, toWidth(isCut, 128));
  Value negated = arith::SubIOp::create(b, constant(i128, 0), ceiling);
  Value signedX = select(isDistanceNegative, negated, floor);
  Value distance = arith::SubIOp::create(b, signedX, lookUp(gapIndex, bases));
  Value factor =
      arith::AddIOp::create(b, toWidth(random, 128), constant(i128, 1));
  Value product = arith::MulIOp::create(b, factor, lookUp(gapIndex, gaps));
  Value goesAway = compare(CmpIPredicate::sle, product, distance);
  return select(goesAway, lookUp(gapIndex, i32, awayCodes),
                lookUp(gapIndex, i32, towardCodes));
}
