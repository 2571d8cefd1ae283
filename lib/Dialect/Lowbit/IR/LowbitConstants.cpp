//===- LowbitConstants.cpp - Constants as codes ------------------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace lowbit;

bool lowbit::hasAtMostElements(ArrayRef<int64_t> shape, int64_t maxElements) {
  if (llvm::is_contained(shape, 0))
    return true;
  int64_t remaining = maxElements;
  for (int64_t extent : shape)
    remaining /= extent;
  return remaining > 0;
}

std::optional<SmallVector<uint64_t>>
lowbit::getConstantBits(Attribute attr, int64_t maxElements) {
  if (auto integer = dyn_cast<IntegerAttr>(attr)) {
    if (integer.getValue().getBitWidth() > 64)
      return std::nullopt;
    return SmallVector<uint64_t>{integer.getValue().getZExtValue()};
  }
  if (auto number = dyn_cast<FloatAttr>(attr)) {
    APInt bits = number.getValue().bitcastToAPInt();
    if (bits.getBitWidth() > 64)
      return std::nullopt;
    return SmallVector<uint64_t>{bits.getZExtValue()};
  }
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense || !hasAtMostElements(dense.getType().getShape(), maxElements))
    return std::nullopt;
  Type element = dense.getElementType();
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() > 64)
    return std::nullopt;
  SmallVector<uint64_t> bits;
  bits.reserve(dense.getNumElements());
  if (isa<FloatType>(element))
    for (APFloat value : dense.getValues<APFloat>())
      bits.push_back(value.bitcastToAPInt().getZExtValue());
  else
    for (APInt value : dense.getValues<APInt>())
      bits.push_back(value.getZExtValue());
  return bits;
}

/// The constant that `value` is, its bits read as codes of `format`.
static std::optional<CodeTensor> getConstant(Value value, const Format &format,
                                             int64_t maxElements) {
  // What arith.constant cannot hold is an integer constant behind a bitcast.
  Value source = value;
  if (auto bitcast = value.getDefiningOp<BitcastOp>())
    source = bitcast.getInput();
  Attribute attr;
  if (!matchPattern(source, m_Constant(&attr)))
    return std::nullopt;
  std::optional<SmallVector<uint64_t>> bits =
      getConstantBits(attr, maxElements);
  if (!bits)
    return std::nullopt;
  SmallVector<int64_t> shape;
  if (auto shaped = dyn_cast<ShapedType>(value.getType()))
    shape.assign(shaped.getShape().begin(), shaped.getShape().end());
  return CodeTensor(format, shape,
                    std::vector<uint64_t>(bits->begin(), bits->end()));
}

std::optional<CodeTensor> lowbit::getConstantCodes(Value value,
                                                   int64_t maxElements) {
  std::optional<Format> format = getElementFormat(value.getType());
  if (!format)
    return std::nullopt;
  return getConstant(value, *format, maxElements);
}

std::optional<CodeTensor> lowbit::getConstantZeroPoint(Value value,
                                                       int64_t maxElements) {
  auto type = dyn_cast<IntegerType>(getElementTypeOrSelf(value.getType()));
  if (!type)
    return getConstantCodes(value, maxElements);
  return getConstant(value, getIntegerFormat(type), maxElements);
}

FailureOr<ArrayRef<char>> lowbit::getBlobData(Operation *op,
                                              DenseResourceElementsAttr attr,
                                              Type logical,
                                              std::optional<int64_t> expected) {
  StringRef key = attr.getRawHandle().getKey();
  AsmResourceBlob *blob = attr.getRawHandle().getBlob();
  if (!blob)
    return op->emitOpError("has no data: the blob '")
           << key << "' is not in the file";
  ArrayRef<char> data = blob->getData();
  if (expected && *expected == static_cast<int64_t>(data.size()))
    return data;
  InFlightDiagnostic diag = op->emitOpError("expected the blob '")
                            << key << "' of " << logical << " to have ";
  if (expected)
    diag << *expected;
  else
    diag << "more than 2^63";
  return diag << " bytes (rows packed, each starting on a byte), found "
              << data.size();
}

bool lowbit::isConstantType(Type type) {
  if (isa<FormatTypeInterface>(getElementTypeOrSelf(type)))
    return false;
  auto integer = dyn_cast<IntegerType>(type);
  return !integer || integer.isSignless();
}

TypedAttr lowbit::getConstantAttr(Type type, ArrayRef<uint64_t> codes) {
  Type element = getElementTypeOrSelf(type);
  unsigned bits = element.getIntOrFloatBitWidth();
  auto toInt = [&](uint64_t code) {
    return APInt(bits, code, /*isSigned=*/false, /*implicitTrunc=*/true);
  };
  auto floatType = dyn_cast<FloatType>(element);
  auto toFloat = [&](uint64_t code) {
    return APFloat(floatType.getFloatSemantics(), toInt(code));
  };
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped) {
    assert(codes.size() == 1 && "a scalar has one code");
    if (floatType)
      return FloatAttr::get(floatType, toFloat(codes.front()));
    return IntegerAttr::get(element, toInt(codes.front()));
  }
  if (floatType)
    return DenseElementsAttr::get(shaped, llvm::map_to_vector(codes, toFloat));
  return DenseElementsAttr::get(shaped, llvm::map_to_vector(codes, toInt));
}

Type lowbit::getCodeType(Type type) {
  Type element = getElementTypeOrSelf(type);
  Type code = IntegerType::get(type.getContext(), getBitWidth(element));
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.clone(code);
  return code;
}

Value lowbit::createConstant(OpBuilder &builder, Location loc, Type type,
                             ArrayRef<uint64_t> codes) {
  bool isDirect = isConstantType(type);
  Type constantType = isDirect ? type : getCodeType(type);
  Value constant = arith::ConstantOp::create(
      builder, loc, constantType, getConstantAttr(constantType, codes));
  if (isDirect)
    return constant;
  return BitcastOp::create(builder, loc, type, constant);
}
