//===- CodecEmitter.cpp - encode and decode as arithmetic -----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is common to both directions, and decode. The other half is in
// EncodeEmitter.cpp.
//
//===----------------------------------------------------------------------===//

#include "CodecEmitter.h"

#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace lowbit;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Short forms
//===----------------------------------------------------------------------===//

Type CodecEmitter::typeOf(Type elementType) const {
  if (auto vector = dyn_cast<VectorType>(like))
    return vector.clone(elementType);
  return elementType;
}

Value CodecEmitter::constant(const APInt &bits, Type elementType) {
  Attribute element;
  if (auto floatType = dyn_cast<FloatType>(elementType))
    element =
        FloatAttr::get(floatType, APFloat(floatType.getFloatSemantics(), bits));
  else
    element = IntegerAttr::get(elementType, bits);
  Type type = typeOf(elementType);
  if (auto vector = dyn_cast<VectorType>(type))
    element = DenseElementsAttr::get(vector, element);
  return arith::ConstantOp::create(b, cast<TypedAttr>(element));
}

Value CodecEmitter::constant(Type elementType, uint64_t bits) {
  return constant(APInt(elementType.getIntOrFloatBitWidth(), bits,
                        /*isSigned=*/false, /*implicitTrunc=*/true),
                  elementType);
}

Value CodecEmitter::floatConstant(Type elementType, double value) {
  APFloat number(value);
  bool losesInfo;
  number.convert(cast<FloatType>(elementType).getFloatSemantics(),
                 APFloat::rmNearestTiesToEven, &losesInfo);
  return constant(number.bitcastToAPInt(), elementType);
}

Value CodecEmitter::bitcast(Value value, Type elementType) {
  Type type = typeOf(elementType);
  if (value.getType() == type)
    return value;
  // arith takes signless integers and builtin floats, and lowbit-to-bytes
  // resolves bitcasts of low-bit types.
  if (isLowBitType(elementOf(value)) || isLowBitType(elementType))
    return BitcastOp::create(b, type, value);
  return arith::BitcastOp::create(b, type, value);
}

Value CodecEmitter::compare(CmpIPredicate predicate, Value lhs, Value rhs) {
  return arith::CmpIOp::create(b, predicate, lhs, rhs);
}

Value CodecEmitter::compare(arith::CmpFPredicate predicate, Value lhs,
                            Value rhs) {
  return arith::CmpFOp::create(b, predicate, lhs, rhs);
}

Value CodecEmitter::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, condition, yes, no);
}

Value CodecEmitter::toWidth(Value value, unsigned bits) {
  unsigned have = elementOf(value).getIntOrFloatBitWidth();
  Type type = typeOf(b.getIntegerType(bits));
  if (have < bits)
    return arith::ExtUIOp::create(b, type, value);
  if (have > bits)
    return arith::TruncIOp::create(b, type, value);
  return value;
}

Value CodecEmitter::lookUp(ArrayRef<Value> bits, ArrayRef<Value> table) {
  assert(!table.empty() && table.size() <= size_t(1) << bits.size() &&
         "a bit is missing");
  SmallVector<Value> level(table);
  for (Value isSet : bits) {
    SmallVector<Value> next;
    for (size_t i = 0; i < level.size(); i += 2)
      next.push_back(i + 1 == level.size() || level[i] == level[i + 1]
                         ? level[i]
                         : select(isSet, level[i + 1], level[i]));
    level = std::move(next);
  }
  return level.front();
}

Value CodecEmitter::lookUp(Value index, ArrayRef<Value> table) {
  SmallVector<Value> bits;
  Type indexType = elementOf(index);
  for (unsigned bit = 0; size_t(1) << bit < table.size(); ++bit) {
    Value masked = arith::AndIOp::create(
        b, index, constant(indexType, uint64_t(1) << bit));
    bits.push_back(compare(CmpIPredicate::ne, masked, constant(indexType, 0)));
  }
  return lookUp(bits, table);
}

Value CodecEmitter::lookUp(Value index, Type elementType,
                           ArrayRef<uint64_t> table) {
  // Equal entries share a constant, so that the tree needs no select there.
  llvm::SmallDenseMap<uint64_t, Value> constants;
  SmallVector<Value> values;
  for (uint64_t bits : table) {
    Value &value = constants[bits];
    if (!value)
      value = constant(elementType, bits);
    values.push_back(value);
  }
  return lookUp(index, values);
}

Value CodecEmitter::extendInteger(Value value, Type elementType) {
  auto type = cast<IntegerType>(elementType);
  return extendSignless(bitcast(value, b.getIntegerType(type.getWidth())),
                        !type.isUnsigned());
}

Value CodecEmitter::extendSignless(Value value, bool isSigned) {
  unsigned have = elementOf(value).getIntOrFloatBitWidth();
  unsigned width = have + (isSigned ? 0 : 1) <= 32 ? 32 : 64;
  if (have == width)
    return value;
  Type type = typeOf(b.getIntegerType(width));
  if (isSigned)
    return arith::ExtSIOp::create(b, type, value);
  return arith::ExtUIOp::create(b, type, value);
}

Value CodecEmitter::cutToBF16(Value value) {
  Type i32 = b.getI32Type();
  Value upper =
      arith::ShRUIOp::create(b, bitcast(value, i32), constant(i32, 16));
  return bitcast(toWidth(upper, 16), b.getBF16Type());
}

Value CodecEmitter::saturate(Value value) {
  Type f32 = b.getF32Type();
  Value largest = floatConstant(f32, 0x1.fffffep127);
  Value lowest = floatConstant(f32, -0x1.fffffep127);
  // Compared so that NaN stays.
  using arith::CmpFPredicate;
  value = select(compare(CmpFPredicate::OGT, value, largest), largest, value);
  return select(compare(CmpFPredicate::OLT, value, lowest), lowest, value);
}

//===----------------------------------------------------------------------===//
// decode
//===----------------------------------------------------------------------===//

Value CodecEmitter::decode(Value code, bool wide, bool saturates) {
  Type elementType = elementOf(code);
  Type resultType = typeOf(wide || elementType.isF64() ? Type(b.getF64Type())
                                                       : b.getF32Type());
  auto widen = [&](Value value) -> Value {
    if (value.getType() == resultType)
      return value;
    return arith::ExtFOp::create(b, resultType, value);
  };
  if (!isLowBitType(elementType) && isa<FloatType>(elementType))
    return widen(code);
  if (isa<IntegerType>(elementType)) {
    // i8 and narrower as f32: exact.
    return arith::SIToFPOp::create(b, resultType,
                                   extendInteger(code, elementType));
  }
  Format format = *getFormat(elementType);
  Value bits = bitcast(code, b.getIntegerType(format.getBits()));
  bits = toWidth(bits, 32);
  switch (format.getKind()) {
  case FormatKind::Integer:
    llvm_unreachable("handled above");
  case FormatKind::Float:
    // In f32 while every normal value of the format is normal there.
    return widen(format.getBias() <= 127
                     ? decodeFloat(format, bits, saturates)
                     : decodeWideRangeFloat(format, bits, saturates));
  case FormatKind::Exponent:
    return widen(decodeExponent(format, bits));
  case FormatKind::Log:
    return widen(decodeLog(format, bits));
  case FormatKind::Codebook:
    return widen(decodeCodebook(format, bits));
  }
  llvm_unreachable("unknown kind of format");
}

/// The code's magnitude: all but the sign bit.
static uint64_t getMagnitudeMask(const Format &format) {
  return llvm::maskTrailingOnes<uint64_t>(format.getBits() -
                                          (format.isSigned() ? 1 : 0));
}

Value CodecEmitter::finishDecode(const Format &format, Value code, Value value,
                                 bool saturates) {
  // Compared as floats, so that LLVM does not move the comparison to the code
  // in 8 bits, from where a vector mask would have to be widened. "Not less or
  // equal", since the uninterpreted value of a code may itself be NaN.
  using arith::CmpFPredicate;
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  auto isAbove = [&](double bound) {
    return compare(CmpFPredicate::UGT, value, floatConstant(f32, bound));
  };
  Value result = value;
  Value nan = format.hasNaN() ? constant(f32, 0x7fc00000) : Value();
  if (format.hasInf()) {
    double largest = format.getLargest();
    double inf = std::ldexp(1.0, std::ilogb(largest) + 1);
    Value decoded =
        saturates ? floatConstant(f32, std::numeric_limits<float>::max())
                  : floatConstant(f32, std::numeric_limits<float>::infinity());
    result = select(isAbove(largest), decoded, result);
    result = select(isAbove(inf), nan, result);
  } else if (format.getNonFinite() == NonFinite::FN) {
    result = select(isAbove(format.getLargest()), nan, result);
  }
  if (!format.isSigned())
    return result;
  uint64_t signBit = uint64_t(1) << (format.getBits() - 1);
  Value sign = arith::AndIOp::create(b, code, constant(i32, signBit));
  sign = arith::ShLIOp::create(b, sign, constant(i32, 32 - format.getBits()));
  result = bitcast(arith::OrIOp::create(b, bitcast(result, i32), sign), f32);
  if (format.getNonFinite() == NonFinite::FNUZ)
    result = select(compare(CmpIPredicate::eq, code, constant(i32, signBit)),
                    nan, result);
  return result;
}

Value CodecEmitter::decodeFloat(const Format &format, Value code,
                                bool saturates) {
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  unsigned mantissaBits = format.getMantissaBits();
  int64_t bias = format.getBias();

  Value magnitude = code;
  if (format.isSigned())
    magnitude =
        arith::AndIOp::create(b, code, constant(i32, getMagnitudeMask(format)));

  // Normal: shift exponent and mantissa into place, then change the bias.
  Value bits =
      arith::ShLIOp::create(b, magnitude, constant(i32, 23 - mantissaBits));
  // With f32's bias, subnormal numbers are f32's as well.
  if (bias == 127)
    return finishDecode(format, code, bitcast(bits, f32), saturates);
  bits = arith::AddIOp::create(
      b, bits, constant(i32, static_cast<uint64_t>(127 - bias) << 23));
  Value normal = bitcast(bits, f32);
  // Subnormal: the code is the value in units of the smallest. (A product of
  // the shifted code by 2^(127 - bias) would do for both, but multiplying a
  // subnormal f32 is slow on many machines, and 0 where those are flushed.)
  Value subnormal = arith::MulFOp::create(
      b, arith::SIToFPOp::create(b, typeOf(f32), magnitude),
      floatConstant(f32, std::ldexp(1.0, 1 - bias - mantissaBits)));
  Value isSubnormal = compare(arith::CmpFPredicate::OLT, normal,
                              floatConstant(f32, std::ldexp(1.0, 1 - bias)));
  return finishDecode(format, code, select(isSubnormal, subnormal, normal),
                      saturates);
}

Value CodecEmitter::decodeWideRangeFloat(const Format &format, Value code,
                                         bool saturates) {
  // As above in f64; the rounding to f32 is exact, since the format's values
  // are f32 values, if subnormal ones.
  Type i32 = b.getI32Type(), i64 = b.getI64Type(), f64 = b.getF64Type();
  unsigned mantissaBits = format.getMantissaBits();
  int64_t bias = format.getBias();

  Value magnitude = code;
  if (format.isSigned())
    magnitude =
        arith::AndIOp::create(b, code, constant(i32, getMagnitudeMask(format)));
  Value wide = toWidth(magnitude, 64);
  Value shifted =
      arith::ShLIOp::create(b, wide, constant(i64, 52 - mantissaBits));
  Value normal = arith::AddIOp::create(
      b, shifted, constant(i64, static_cast<uint64_t>(1023 - bias) << 52));
  Value subnormal = arith::MulFOp::create(
      b, arith::SIToFPOp::create(b, typeOf(f64), wide),
      floatConstant(f64, std::ldexp(1.0, 1 - bias - mantissaBits)));
  Value isSubnormal = compare(CmpIPredicate::ult, wide,
                              constant(i64, uint64_t(1) << mantissaBits));
  Value value = select(isSubnormal, subnormal, bitcast(normal, f64));
  Value narrow = arith::TruncFOp::create(b, typeOf(b.getF32Type()), value);
  return finishDecode(format, code, narrow, saturates);
}

Value CodecEmitter::decodeExponent(const Format &format, Value code) {
  // f32 has the same exponent field; the smallest value is subnormal there.
  Type i32 = b.getI32Type();
  Value bits = arith::ShLIOp::create(b, code, constant(i32, 23));
  bits = select(compare(CmpIPredicate::eq, code, constant(i32, 0)),
                constant(i32, llvm::bit_cast<uint32_t>(
                                  static_cast<float>(format.getSmallest()))),
                bits);
  bits = select(
      compare(CmpIPredicate::eq, code, constant(i32, format.getNaNCode())),
      constant(i32, 0x7fc00000), bits);
  return bitcast(bits, b.getF32Type());
}

Format lowbit::getLogAsFloat(const Format &format) {
  unsigned exponentBits = format.getBits() - 1;
  return llvm::cantFail(
      Format::getFloat(exponentBits, 0, /*isSigned=*/true, NonFinite::None,
                       /*bias=*/(int64_t(1) << exponentBits) - 1));
}

Value CodecEmitter::decodeLog(const Format &format, Value code) {
  if (format.getFractionBits() == 0)
    return decodeFloat(getLogAsFloat(format), code, /*saturates=*/false);

  // 2^((c - cmax) / 2^f): all values of one residue of c modulo 2^f share a
  // mantissa; an octave up is an exponent up.
  Type i32 = b.getI32Type();
  unsigned fractionBits = format.getFractionBits();
  unsigned codeBits = format.getBits() - 1;
  int64_t cmax = (int64_t(1) << codeBits) - 1;
  Value magnitude = arith::AndIOp::create(b, code, constant(i32, cmax));
  // The residue modulo 2^f of c - cmax, and the bits of its highest value.
  int64_t step = int64_t(1) << fractionBits;
  SmallVector<uint64_t> bitsOfResidue(step, 0);
  for (int64_t c = std::max<int64_t>(1, cmax - step + 1); c <= cmax; ++c) {
    uint32_t bits = llvm::bit_cast<uint32_t>(format.getValues()[c]);
    // Stored as if at c's own octave 0, so that adding (c >> f) << 23 is exact.
    bitsOfResidue[c & (step - 1)] =
        bits - static_cast<uint32_t>(c >> fractionBits << 23);
  }
  Value residue = arith::AndIOp::create(b, magnitude, constant(i32, step - 1));
  Value base = lookUp(residue, i32, bitsOfResidue);
  Value octave =
      arith::ShRUIOp::create(b, magnitude, constant(i32, fractionBits));
  Value bits = arith::AddIOp::create(
      b, base, arith::ShLIOp::create(b, octave, constant(i32, 23)));
  bits = select(compare(CmpIPredicate::eq, magnitude, constant(i32, 0)),
                constant(i32, 0), bits);
  Value sign = arith::ShLIOp::create(
      b, arith::ShRUIOp::create(b, code, constant(i32, codeBits)),
      constant(i32, 31));
  return bitcast(arith::OrIOp::create(b, bits, sign), b.getF32Type());
}

Value CodecEmitter::decodeCodebook(const Format &format, Value code) {
  SmallVector<uint64_t> table;
  for (float value : format.getValues())
    table.push_back(llvm::bit_cast<uint32_t>(value));
  return lookUp(code, b.getF32Type(), table);
}
