//===- AVX2FloatWeights.cpp - Weights as f32 on AVX2 ----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Four ways, and the general one:
//
// - up to 4 bits: vpshufb looks up the bytes of all 16 numbers, one table per
//   byte of an f32 (only the upper two where bf16 holds every number), and
//   unpacking puts the bytes of a number together;
// - small floats of up to 5 exponent bits: with their bits in place they are
//   f16 numbers times a power of two, subnormals included;
// - integers: sign or zero extension;
// - f16, bf16, f32: as they are.
//
// Unpacking works within halves of a register, so a panel holds the codes in
// the order in which the columns come out right.
//
//===----------------------------------------------------------------------===//

#include "AVX2FloatWeights.h"

#include "AVX2Instructions.h"

#include "lowbit/Numerics/Codec.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/bit.h"

#include <cstdlib>
#include <limits>

using namespace mlir;
using namespace lowbit;

static constexpr int64_t kLanes = VectorBuilder::kLanes;
static constexpr int64_t kVectors = kFloatColumns / kLanes;
/// A register.
static constexpr int64_t kBytes = 32;

static LayoutAttr getLayout(Type stored, ArrayRef<LayoutDigit> digits) {
  return LayoutAttr::get(stored, llvm::cantFail(PackedLayout::get(2, digits)));
}

/// vpunpcklbw, or vpunpckhbw: bytes of `low` and `high` in turn.
static Value unpackBytes(VectorBuilder &v, Value low, Value high, bool upper) {
  SmallVector<int64_t> mask;
  for (int64_t half = 0; half < kBytes; half += kBytes / 2)
    for (int64_t i = 0; i < kBytes / 4; ++i) {
      int64_t from = half + (upper ? kBytes / 4 : 0) + i;
      mask.append({from, from + kBytes});
    }
  return vector::ShuffleOp::create(v.b, low, high, mask);
}

/// The same for words of 16 bits.
static Value unpackWords(VectorBuilder &v, Value low, Value high, bool upper) {
  constexpr int64_t words = kBytes / 2;
  SmallVector<int64_t> mask;
  for (int64_t half = 0; half < words; half += words / 2)
    for (int64_t i = 0; i < words / 4; ++i) {
      int64_t from = half + (upper ? words / 4 : 0) + i;
      mask.append({from, from + words});
    }
  return vector::ShuffleOp::create(v.b, low, high, mask);
}

static Value bitcast(VectorBuilder &v, Type element, Value value) {
  auto type = cast<VectorType>(value.getType());
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  return vector::BitCastOp::create(
      v.b, v.vectorOf(element, bits / element.getIntOrFloatBitWidth()), value);
}

//===----------------------------------------------------------------------===//
// Up to 4 bits
//===----------------------------------------------------------------------===//

namespace {
/// A byte holds two codes: low nibbles are k mod 4 = 0 and 1, high ones 2 and
/// 3. 32 codes become four vectors.
class TableDecoder : public WeightDecoder {
public:
  TableDecoder(Type format);
  SmallVector<Value> decode(VectorBuilder &v, Value panel, Value step,
                            MutableArrayRef<Value> state) const override;

private:
  /// Byte `byte` of the f32 of each of 32 codes.
  Value lookUp(VectorBuilder &v, unsigned byte, Value codes) const;
  /// Codes in the low nibbles as four vectors: k = 0, 1 of the columns 0 to 7,
  /// then of the others.
  SmallVector<Value> decodeHalves(VectorBuilder &v, Value codes) const;
  SmallVector<Value> decodeFull(VectorBuilder &v, Value codes) const;

  /// The bits of the number of each of 16 codes.
  SmallVector<uint32_t> numbers;
  /// Whether the lower half of the bits is always 0.
  bool isHalf;
};
} // namespace

TableDecoder::TableDecoder(Type type) : WeightDecoder(kFloatDepth, kVectors) {
  Format format = *getFormat(type);
  uint64_t numCodes = format.getNumCodes();
  for (uint64_t code = 0; code < 16; ++code)
    numbers.push_back(llvm::bit_cast<uint32_t>(
        static_cast<float>(::lowbit::decode(format, code % numCodes))));
  isHalf =
      llvm::all_of(numbers, [](uint32_t bits) { return (bits & 0xffff) == 0; });
  cost = isHalf ? 19 : 27;
  // Codes of fewer bits are not sign-extended.
  if (format.getBits() < 4)
    for (uint64_t code = 0; code < numCodes; ++code)
      table.push_back(static_cast<int32_t>(code));
  // Column 8 j + 4 l + d of k: half l, quarter j; then d and k mod 2 in the
  // order in which the words are unpacked.
  LayoutDigit quarter = {0, 1, 4}, odd = {1, 1, 2};
  layout = ::getLayout(IntegerType::get(type.getContext(), 4),
                       {{0, kFloatColumns, 0},
                        {1, 4, 0},
                        {0, 4, 2},
                        {0, 8, 2},
                        isHalf ? quarter : odd,
                        isHalf ? odd : quarter,
                        {1, 2, 2}});
}

Value TableDecoder::lookUp(VectorBuilder &v, unsigned byte, Value codes) const {
  SmallVector<int8_t> bytes;
  for (uint32_t bits : numbers)
    bytes.push_back(static_cast<int8_t>(bits >> (8 * byte)));
  return lookUpBytes(v, bytes, codes);
}

SmallVector<Value> TableDecoder::decodeHalves(VectorBuilder &v,
                                              Value codes) const {
  // A word is a bf16. In a pair of them the even one is shifted up, and the odd
  // one is in place: cheaper than unpacking once more.
  Type i32 = v.b.getI32Type(), f32 = v.b.getF32Type();
  Value low = lookUp(v, 2, codes), high = lookUp(v, 3, codes);
  Value shift = v.splat(i32, kLanes, 16);
  Value mask = v.splat(i32, kLanes, static_cast<int32_t>(0xffff0000));
  SmallVector<Value> result;
  for (bool upper : {false, true}) {
    Value pairs = bitcast(v, i32, unpackBytes(v, low, high, upper));
    result.push_back(bitcast(v, f32, arith::ShLIOp::create(v.b, pairs, shift)));
    result.push_back(bitcast(v, f32, arith::AndIOp::create(v.b, pairs, mask)));
  }
  return result;
}

SmallVector<Value> TableDecoder::decodeFull(VectorBuilder &v,
                                            Value codes) const {
  Value bytes[4];
  for (unsigned byte = 0; byte < 4; ++byte)
    bytes[byte] = lookUp(v, byte, codes);
  Type i16 = v.b.getI16Type();
  SmallVector<Value> result;
  for (bool upper : {false, true}) {
    Value low = bitcast(v, i16, unpackBytes(v, bytes[0], bytes[1], upper));
    Value high = bitcast(v, i16, unpackBytes(v, bytes[2], bytes[3], upper));
    for (bool odd : {false, true})
      result.push_back(
          bitcast(v, v.b.getF32Type(), unpackWords(v, low, high, odd)));
  }
  return result;
}

SmallVector<Value> TableDecoder::decode(VectorBuilder &v, Value panel,
                                        Value step,
                                        MutableArrayRef<Value>) const {
  Nibbles codes =
      splitNibbles(v, v.loadBytes(panel, v.scaled(step, kBytes), kBytes));
  SmallVector<Value> result(kFloatDepth * kVectors);
  for (int64_t nibble = 0; nibble < 2; ++nibble) {
    Value own = nibble == 0 ? codes.low : codes.high;
    SmallVector<Value> vectors =
        isHalf ? decodeHalves(v, own) : decodeFull(v, own);
    for (int64_t j = 0; j < kVectors; ++j)
      for (int64_t odd = 0; odd < 2; ++odd)
        result[(2 * nibble + odd) * kVectors + j] = vectors[2 * j + odd];
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Small floats
//===----------------------------------------------------------------------===//

namespace {
/// 32 bytes hold the codes of two values of K. A byte has the sign first, then
/// the low bits of the magnitude that an f16 has in its lower byte, as many as
/// the exponent is shorter than f16's, then the bits that go into the upper one
/// below as many zeros:
///
///   E4M3      s eeee xyz       stored   s z eeee xy
///                              f16      s 0 eeee xy | z 000 0000
///
class HalfDecoder : public WeightDecoder {
public:
  /// Whether f16 has the exponents of `format` and stands for what is not
  /// finite, if need be with some help.
  static bool supports(const Format &format);

  HalfDecoder(Type format);
  SmallVector<Value> decode(VectorBuilder &v, Value panel, Value step,
                            MutableArrayRef<Value> state) const override;

  /// FN formats: the largest magnitude so far, times 2, which says whether
  /// there was NaN; any makes NaN of all sums of its column. Cheaper than to
  /// mend each number.
  SmallVector<Value> getState(VectorBuilder &v) const override;
  SmallVector<Value> finish(VectorBuilder &v,
                            ArrayRef<Value> state) const override;

private:
  /// Bits of f16's exponent that the format does not have.
  unsigned getMissing() const;
  unsigned getMagnitudeBits() const {
    return format.getExponentBits() + format.getMantissaBits();
  }
  uint8_t getStored(uint64_t code) const;
  /// Makes NaN and infinity of what stands for them in the format.
  Value mendNonFinite(VectorBuilder &v, Value words) const;

  Format format;
};
} // namespace

/// f16: exponent bits, bits below the exponent, bias.
static constexpr unsigned kHalfExponent = 5, kHalfMantissa = 10;
static constexpr int64_t kHalfBias = 15;

bool HalfDecoder::supports(const Format &format) {
  if (format.getKind() != FormatKind::Float)
    return false;
  unsigned exponent = format.getExponentBits();
  if (exponent + format.getMantissaBits() > 7)
    return false;
  // 2^-shift is a normal f32.
  if (std::abs(format.getBias() - kHalfBias) > 126)
    return false;
  // f16's largest exponent stands for infinity and NaN; a carry out of a
  // narrower one must reach it.
  if (format.getNonFinite() == NonFinite::IEEE)
    return exponent == kHalfExponent || exponent == kHalfExponent - 1;
  return exponent < kHalfExponent;
}

unsigned HalfDecoder::getMissing() const {
  return kHalfExponent - format.getExponentBits();
}

uint8_t HalfDecoder::getStored(uint64_t code) const {
  unsigned bits = getMagnitudeBits();
  unsigned magnitude = (code & ((1u << bits) - 1)) << (7 - bits);
  unsigned sign = static_cast<unsigned>(code >> bits);
  unsigned low = magnitude & ((1u << getMissing()) - 1);
  return sign << 7 | low << (7 - getMissing()) | magnitude >> getMissing();
}

HalfDecoder::HalfDecoder(Type type)
    : WeightDecoder(kFloatDepth, kVectors), format(*getFormat(type)) {
  shift = format.getBias() - kHalfBias;
  // Masking, unpacking, and extensions of two instructions.
  cost = 32;
  if (getMissing() != 0 || getMagnitudeBits() != 7)
    for (uint64_t code = 0; code < format.getNumCodes(); ++code)
      table.push_back(getStored(code));
  layout = ::getLayout(IntegerType::get(type.getContext(), 8),
                       {{0, kFloatColumns, 0},
                        {1, 2, 0},
                        {0, kLanes, kVectors},
                        {1, 1, 2},
                        {0, 1, kLanes}});
}

Value HalfDecoder::mendNonFinite(VectorBuilder &v, Value words) const {
  Type i16 = v.b.getI16Type();
  auto constant = [&](int64_t bits) {
    return v.splat(i16, kBytes / 2, static_cast<int16_t>(bits));
  };
  switch (format.getNonFinite()) {
  case NonFinite::None:
  case NonFinite::FN: // noted in the state
    return words;
  case NonFinite::FNUZ: {
    // NaN is where -0 would be.
    Value isNaN = arith::CmpIOp::create(v.b, arith::CmpIPredicate::eq, words,
                                        constant(0x8000));
    Value all = arith::ExtSIOp::create(v.b, words.getType(), isNaN);
    return arith::OrIOp::create(v.b, words, all);
  }
  case NonFinite::IEEE:
    break;
  }
  if (format.getExponentBits() == kHalfExponent)
    return words;
  // An exponent of all ones carries into the one bit above it, which is 0
  // otherwise.
  Value isNonFinite = arith::AndIOp::create(
      v.b,
      arith::AddIOp::create(v.b, words, constant(int64_t(1) << kHalfMantissa)),
      constant(int64_t(1) << (kHalfMantissa + kHalfExponent - 1)));
  return arith::OrIOp::create(v.b, words, isNonFinite);
}

SmallVector<Value> HalfDecoder::getState(VectorBuilder &v) const {
  if (format.getNonFinite() != NonFinite::FN)
    return {};
  return {v.splat(v.b.getI8Type(), kBytes, 0)};
}

SmallVector<Value> HalfDecoder::finish(VectorBuilder &v,
                                       ArrayRef<Value> state) const {
  SmallVector<Value> result;
  if (state.empty())
    return result;
  // Bytes of the state: 16 j + 8 (k mod 2) + column.
  Value isNaN = arith::CmpIOp::create(
      v.b, arith::CmpIPredicate::eq, state.front(),
      v.splat(v.b.getI8Type(), kBytes,
              static_cast<int8_t>(getStored(format.getNaNCode()) << 1)));
  Type f32 = v.b.getF32Type();
  Value nan = v.splat(f32, kLanes, std::numeric_limits<double>::quiet_NaN());
  Value zero = v.splat(f32, kLanes, 0);
  for (int64_t j = 0; j < kVectors; ++j) {
    Value either;
    for (int64_t odd = 0; odd < 2; ++odd) {
      Value part = vector::ExtractStridedSliceOp::create(
          v.b, isNaN, ArrayRef<int64_t>{(2 * j + odd) * kLanes},
          ArrayRef<int64_t>{kLanes}, ArrayRef<int64_t>{1});
      either =
          either ? arith::OrIOp::create(v.b, either, part).getResult() : part;
    }
    result.push_back(arith::SelectOp::create(v.b, either, nan, zero));
  }
  return result;
}

SmallVector<Value> HalfDecoder::decode(VectorBuilder &v, Value panel,
                                       Value step,
                                       MutableArrayRef<Value> state) const {
  Type i8 = v.b.getI8Type(), i16 = v.b.getI16Type();
  unsigned missing = getMissing();
  auto mask = [&](Value bytes, unsigned bits) -> Value {
    return arith::AndIOp::create(
        v.b, bytes, v.splat(i8, kBytes, static_cast<int8_t>(bits)));
  };
  SmallVector<Value> result(kFloatDepth * kVectors);
  for (int64_t k = 0; k < kFloatDepth; k += 2) {
    Value bytes = v.loadBytes(
        panel, v.scaled(step, kFloatDepth * kFloatColumns, k * kFloatColumns),
        kBytes);
    Value low = v.splat(i8, kBytes, 0), high = bytes;
    if (missing != 0) {
      Value twice = arith::AddIOp::create(v.b, bytes, bytes);
      for (Value &largest : state)
        largest = arith::MaxUIOp::create(v.b, largest, twice);
      low = mask(twice, 0xff00 >> missing);
      high = mask(bytes, 0x80 | 0x7f >> missing);
    }
    for (int64_t odd = 0; odd < 2; ++odd) {
      Value words = bitcast(v, i16, unpackBytes(v, low, high, odd != 0));
      Value halves = bitcast(v, v.b.getF16Type(), mendNonFinite(v, words));
      for (int64_t j = 0; j < kVectors; ++j) {
        Value own = vector::ExtractStridedSliceOp::create(
            v.b, halves, ArrayRef<int64_t>{j * kLanes},
            ArrayRef<int64_t>{kLanes}, ArrayRef<int64_t>{1});
        result[(k + odd) * kVectors + j] =
            arith::ExtFOp::create(v.b, v.vectorOf(v.b.getF32Type()), own);
      }
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Elements of whole bytes
//===----------------------------------------------------------------------===//

namespace {
/// Codes in their own byte or float, row by row.
class RowDecoder : public WeightDecoder {
public:
  RowDecoder(Type format);
  SmallVector<Value> decode(VectorBuilder &v, Value panel, Value step,
                            MutableArrayRef<Value> state) const override;

private:
  Value decode(VectorBuilder &v, Value codes) const;

  Type format, stored;
};
} // namespace

RowDecoder::RowDecoder(Type format)
    : WeightDecoder(kFloatDepth, kVectors), format(format) {
  // An extension and a conversion each.
  cost = 2 * kFloatDepth * kVectors;
  MLIRContext *context = format.getContext();
  bool isFloat = format.isF16() || format.isBF16() || format.isF32();
  stored = isFloat
               ? format
               : IntegerType::get(context, getBitWidth(format) <= 8 ? 8 : 16);
  layout = ::getLayout(
      stored, {{0, kFloatColumns, 0}, {1, 1, 0}, {0, 1, kFloatColumns}});
}

Value RowDecoder::decode(VectorBuilder &v, Value codes) const {
  Type f32 = v.b.getF32Type();
  if (auto integer = dyn_cast<IntegerType>(format)) {
    // Stored with the sign extended; signless integers count as signed.
    Type wide = v.vectorOf(v.b.getI32Type());
    Value value = integer.isUnsigned()
                      ? arith::ExtUIOp::create(v.b, wide, codes).getResult()
                      : arith::ExtSIOp::create(v.b, wide, codes).getResult();
    return arith::SIToFPOp::create(v.b, v.vectorOf(f32), value);
  }
  Type code = v.b.getIntegerType(getBitWidth(format));
  if (code != stored)
    codes = arith::TruncIOp::create(v.b, v.vectorOf(code), codes);
  codes = BitcastOp::create(v.b, v.vectorOf(format), codes);
  return ConvertOp::create(v.b, v.vectorOf(f32), codes, Rounding::NearestEven,
                           Overflow::IEEE);
}

SmallVector<Value> RowDecoder::decode(VectorBuilder &v, Value panel, Value step,
                                      MutableArrayRef<Value>) const {
  SmallVector<Value> result;
  for (int64_t i = 0; i < kFloatDepth * kVectors; ++i) {
    Value position = v.scaled(step, kFloatDepth * kFloatColumns, i * kLanes);
    result.push_back(isa<FloatType>(stored)
                         ? v.loadFloats(panel, position, stored)
                         : decode(v, v.loadStored(panel, position, stored)));
  }
  return result;
}

std::unique_ptr<WeightDecoder> lowbit::createAVX2WeightDecoder(Type type) {
  Format format = *getFormat(type);
  if (format.getBits() <= 4)
    return std::make_unique<TableDecoder>(type);
  if (HalfDecoder::supports(format))
    return std::make_unique<HalfDecoder>(type);
  return std::make_unique<RowDecoder>(type);
}
