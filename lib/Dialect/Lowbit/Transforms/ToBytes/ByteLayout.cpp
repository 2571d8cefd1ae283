//===- ByteLayout.cpp - Low-bit tensors in memory -------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ByteLayout.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/TypeUtilities.h"

#include <numeric>

using namespace mlir;
using namespace lowbit;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

Type lowbit::getStorageElement(Type type) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(type))
    return quantized.getStorageType();
  return type;
}

bool lowbit::isStored(Type elementType) {
  // A calibrated type has no storage yet.
  if (auto quantized = dyn_cast<quant::QuantizedType>(elementType))
    return quantized.getStorageType() != Type();
  return isLowBitType(elementType);
}

unsigned lowbit::getCodeBits(Type elementType) {
  return getBitWidth(getStorageElement(elementType));
}

Type lowbit::getContainer(Type elementType) {
  Type storage = getStorageElement(elementType);
  // A builtin storage type of a quant type may stay as it is (i32, say).
  unsigned bits = getBitWidth(storage);
  unsigned container = bits <= 8 ? 8 : bits <= 16 ? 16 : bits;
  if (!isLowBitType(storage))
    container = bits;
  return IntegerType::get(elementType.getContext(), container);
}

bool lowbit::isSubByte(Type elementType) {
  return isStored(elementType) &&
         isLowBitType(getStorageElement(elementType)) &&
         getCodeBits(elementType) < 8;
}

int64_t lowbit::getGroupElements(unsigned bits) {
  return 8 / std::gcd(8u, bits);
}

int64_t lowbit::getGroupBytes(unsigned bits) {
  return bits / std::gcd(8u, bits);
}

/// Whether a tensor of rank 0 is stored as one container in a tensor of rank
/// 1, as the ABI has it for low-bit elements.
static bool hasRankOneStorage(RankedTensorType logical) {
  Type storage = getStorageElement(logical.getElementType());
  return logical.getRank() == 0 && isLowBitType(storage) &&
         getBitWidth(storage) <= 16;
}

bool lowbit::isStoredAsCodes(TensorType logical) {
  Type element = logical.getElementType();
  if (!isStored(element))
    return true;
  if (auto ranked = dyn_cast<RankedTensorType>(logical);
      ranked && hasRankOneStorage(ranked))
    return false;
  return getCodeBits(element) == getContainer(element).getIntOrFloatBitWidth();
}

RankedTensorType
ByteTypeConverter::getBytesType(RankedTensorType logical) const {
  Type element = logical.getElementType();
  if (!isStored(element))
    return logical;
  // An encoding says how the elements lie; these lie otherwise.
  if (logical.getEncoding())
    return {};
  Type container = getContainer(element);
  if (hasRankOneStorage(logical))
    return RankedTensorType::get({1}, container);
  SmallVector<int64_t> shape(logical.getShape());
  if (isSubByte(element) && !ShapedType::isDynamic(shape.back()))
    shape.back() = getPackedRowBytes(getCodeBits(element), shape.back());
  return RankedTensorType::get(shape, container);
}

ByteTypeConverter::ByteTypeConverter() {
  // The last conversion that is added is tried first.
  addConversion([](Type type) { return type; });
  addConversion([](Type type) -> std::optional<Type> {
    if (isa<ShapedType>(type) || !isStored(type))
      return std::nullopt;
    return getContainer(type);
  });
  addConversion([](VectorType type) -> Type {
    if (!isStored(type.getElementType()))
      return type;
    return type.clone(getContainer(type.getElementType()));
  });
  addConversion(
      [this](RankedTensorType type) -> Type { return getBytesType(type); });
  auto convertElement = [](auto type, auto clone) -> Type {
    Type element = type.getElementType();
    if (!isStored(element))
      return type;
    return isSubByte(element) ? Type() : clone(getContainer(element));
  };
  addConversion([=](UnrankedTensorType type) {
    return convertElement(
        type, [](Type element) { return UnrankedTensorType::get(element); });
  });
  addConversion([=](BaseMemRefType type) {
    return convertElement(type,
                          [&](Type element) { return type.clone(element); });
  });
  addConversion([this](FunctionType type) -> Type {
    SmallVector<Type> inputs, results;
    if (failed(convertTypes(type.getInputs(), inputs)) ||
        failed(convertTypes(type.getResults(), results)))
      return Type();
    return FunctionType::get(type.getContext(), inputs, results);
  });
  auto materialize = [](OpBuilder &builder, Type type, ValueRange inputs,
                        Location loc) -> Value {
    return UnrealizedConversionCastOp::create(builder, loc, type, inputs)
        .getResult(0);
  };
  addSourceMaterialization(materialize);
  addTargetMaterialization(materialize);
}

Type lowbit::getCodesType(Type logical) {
  Type element = getElementTypeOrSelf(logical);
  if (!isStored(element))
    return logical;
  if (auto shaped = dyn_cast<ShapedType>(logical))
    return shaped.clone(getContainer(element));
  return getContainer(element);
}

//===----------------------------------------------------------------------===//
// Codes in containers
//===----------------------------------------------------------------------===//

/// A constant of the type of `like`.
static Value createSplat(ImplicitLocOpBuilder &b, Value like, int64_t value) {
  Type element = getElementTypeOrSelf(like.getType());
  TypedAttr attr = b.getIntegerAttr(element, value);
  if (auto shaped = dyn_cast<ShapedType>(like.getType()))
    attr = DenseElementsAttr::get(shaped, Attribute(attr));
  return arith::ConstantOp::create(b, attr);
}

Value lowbit::zeroExtendCode(ImplicitLocOpBuilder &b, Value value,
                             Type elementType) {
  unsigned bits = getCodeBits(elementType);
  if (bits == getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth())
    return value;
  return arith::AndIOp::create(b, value,
                               createSplat(b, value, (int64_t(1) << bits) - 1));
}

Value lowbit::signExtendCode(ImplicitLocOpBuilder &b, Value value,
                             Type elementType) {
  unsigned unused =
      getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth() -
      getCodeBits(elementType);
  if (unused == 0)
    return value;
  Value amount = createSplat(b, value, unused);
  return arith::ShRSIOp::create(b, arith::ShLIOp::create(b, value, amount),
                                amount);
}

//===----------------------------------------------------------------------===//
// Bytes to codes
//===----------------------------------------------------------------------===//

OpFoldResult lowbit::getRowBytes(ImplicitLocOpBuilder &b, OpFoldResult length,
                                 unsigned bits) {
  if (std::optional<int64_t> constant = getConstantIntValue(length))
    return b.getIndexAttr(getPackedRowBytes(bits, *constant));
  AffineExpr d0 = b.getAffineDimExpr(0);
  return affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), (d0 * bits).ceilDiv(8), {length});
}

SmallVector<OpFoldResult> lowbit::matchSizes(ImplicitLocOpBuilder &b,
                                             ArrayRef<int64_t> shape,
                                             ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> result;
  for (auto [extent, size] : llvm::zip_equal(shape, sizes)) {
    if (ShapedType::isDynamic(extent))
      result.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
    else
      result.push_back(b.getIndexAttr(extent));
  }
  return result;
}

Value lowbit::createEmpty(ImplicitLocOpBuilder &b, RankedTensorType type,
                          ArrayRef<OpFoldResult> sizes) {
  return tensor::EmptyOp::create(b, matchSizes(b, type.getShape(), sizes),
                                 type.getElementType());
}

SmallVector<OpFoldResult> lowbit::getLogicalSizes(ImplicitLocOpBuilder &b,
                                                  Value bytes,
                                                  RankedTensorType logical) {
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, extent] : llvm::enumerate(logical.getShape())) {
    if (!ShapedType::isDynamic(extent)) {
      sizes.push_back(b.getIndexAttr(extent));
      continue;
    }
    OpFoldResult size = tensor::getMixedSize(b, b.getLoc(), bytes, dim);
    if (static_cast<int64_t>(dim) + 1 == logical.getRank() &&
        isSubByte(logical.getElementType())) {
      AffineExpr d0 = b.getAffineDimExpr(0);
      size = affine::makeComposedFoldedAffineApply(
          b, b.getLoc(),
          (d0 * 8).floorDiv(getCodeBits(logical.getElementType())), {size});
    }
    sizes.push_back(size);
  }
  return sizes;
}

std::pair<AffineExpr, AffineExpr> lowbit::getByteIndices(AffineExpr position,
                                                         unsigned bits) {
  return {(position * bits).floorDiv(8),
          (position * bits + (bits - 1)).floorDiv(8)};
}

Value lowbit::extractCode(ImplicitLocOpBuilder &b, Value low, Value high,
                          Value shift) {
  if (!high)
    return arith::ShRUIOp::create(b, low, shift);
  Type i16 = b.getI16Type();
  Value wide = arith::OrIOp::create(
      b, arith::ExtUIOp::create(b, i16, low),
      arith::ShLIOp::create(
          b, arith::ExtUIOp::create(b, i16, high),
          arith::ConstantOp::create(b, b.getI16IntegerAttr(8))));
  Value shifted =
      arith::ShRUIOp::create(b, wide, arith::ExtUIOp::create(b, i16, shift));
  return arith::TruncIOp::create(b, b.getI8Type(), shifted);
}

Value lowbit::getBitOffset(ImplicitLocOpBuilder &b, AffineExpr position,
                           ValueRange operands, unsigned bits) {
  OpFoldResult offset = affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), (position * bits) % 8, getAsOpFoldResult(operands));
  if (std::optional<int64_t> constant = getConstantIntValue(offset))
    return arith::ConstantOp::create(b, b.getI8IntegerAttr(*constant));
  return arith::IndexCastUIOp::create(b, b.getI8Type(), cast<Value>(offset));
}

/// [[0], [1], .., [last, last + 1]]: splits or joins the innermost dimension.
static SmallVector<ReassociationIndices> splitInnermost(int64_t rank) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank; ++dim)
    groups.push_back({dim});
  groups.back().push_back(rank);
  return groups;
}

static int64_t divideExtent(int64_t extent, int64_t divisor) {
  return ShapedType::isDynamic(extent) ? extent : extent / divisor;
}

/// `size` / `divisor`, which divides it.
static OpFoldResult divideSize(ImplicitLocOpBuilder &b, OpFoldResult size,
                               int64_t divisor) {
  return affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), b.getAffineDimExpr(0).floorDiv(divisor), {size});
}

Value lowbit::unpackCodes(ImplicitLocOpBuilder &b, Value bytes,
                          RankedTensorType logical) {
  auto codesType = cast<RankedTensorType>(getCodesType(logical));
  if (hasRankOneStorage(logical))
    return tensor::CollapseShapeOp::create(b, codesType, bytes,
                                           ArrayRef<ReassociationIndices>());
  if (!isSubByte(logical.getElementType()))
    return bytes;

  unsigned bits = getCodeBits(logical.getElementType());
  int64_t group = getGroupElements(bits);
  int64_t rank = logical.getRank();
  int64_t innermost = logical.getShape().back();
  bool isGrouped = ShapedType::isDynamic(innermost) || innermost % group == 0;
  MLIRContext *context = b.getContext();

  // Whole groups are an inner loop of their own, which LLVM unrolls: every
  // shift is constant then. A ragged row is walked element by element.
  SmallVector<OpFoldResult> sizes = getLogicalSizes(b, bytes, logical);
  SmallVector<int64_t> shape(logical.getShape());
  AffineExpr position = getAffineDimExpr(rank - 1, context);
  if (isGrouped) {
    shape.back() = divideExtent(innermost, group);
    shape.push_back(group);
    sizes.back() = divideSize(b, sizes.back(), group);
    sizes.push_back(b.getIndexAttr(group));
    position = position * group + getAffineDimExpr(rank, context);
  }
  int64_t numLoops = shape.size();
  auto [low, high] = getByteIndices(position, bits);
  bool straddles = 8 % bits != 0;
  if (isGrouped && !straddles)
    low = getAffineDimExpr(rank - 1, context);
  SmallVector<AffineExpr> outer;
  for (int64_t dim = 0; dim + 1 < rank; ++dim)
    outer.push_back(getAffineDimExpr(dim, context));
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  SmallVector<AffineExpr, 2> byteIndices = {low};
  if (straddles)
    byteIndices.push_back(high);
  for (AffineExpr index : byteIndices) {
    outer.push_back(index);
    inputs.push_back(bytes);
    maps.push_back(AffineMap::get(numLoops, 0, outer, context));
    outer.pop_back();
  }
  maps.push_back(b.getMultiDimIdentityMap(numLoops));
  Value init =
      createEmpty(b, RankedTensorType::get(shape, b.getI8Type()), sizes);
  SmallVector<utils::IteratorType> iterators(numLoops,
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      b, init.getType(), inputs, init, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder inner(loc, nested);
        // A group starts on a byte, so the innermost loop says it all.
        Value innermostIndex = linalg::IndexOp::create(inner, numLoops - 1);
        Value shift = getBitOffset(inner, inner.getAffineDimExpr(0),
                                   innermostIndex, bits);
        linalg::YieldOp::create(
            inner, extractCode(inner, arguments[0],
                               straddles ? arguments[1] : Value(), shift));
      });
  if (!isGrouped)
    return generic.getResult(0);
  return tensor::CollapseShapeOp::create(b, codesType, generic.getResult(0),
                                         splitInnermost(rank));
}

//===----------------------------------------------------------------------===//
// Codes to bytes
//===----------------------------------------------------------------------===//

/// The byte tensor of shape [.., groups] whose byte stands at `byte` within
/// each group of codes.
static Value packOneByte(ImplicitLocOpBuilder &b, Value codes, Type elementType,
                         int64_t byte) {
  unsigned bits = getCodeBits(elementType);
  int64_t group = getGroupElements(bits);
  auto type = cast<RankedTensorType>(codes.getType());
  int64_t rank = type.getRank();
  MLIRContext *context = b.getContext();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), codes);
  sizes.back() = divideSize(b, sizes.back(), group);

  SmallVector<AffineExpr> indices;
  for (int64_t dim = 0; dim < rank; ++dim)
    indices.push_back(getAffineDimExpr(dim, context));
  AffineExpr innermost = indices.back();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  int64_t first = byte * 8 / bits, last = (byte * 8 + 7) / bits;
  for (int64_t element = first; element <= last; ++element) {
    indices.back() = innermost * group + element;
    inputs.push_back(codes);
    maps.push_back(AffineMap::get(rank, 0, indices, context));
  }
  maps.push_back(b.getMultiDimIdentityMap(rank));
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = divideExtent(shape.back(), group);
  Value init =
      createEmpty(b, RankedTensorType::get(shape, b.getI8Type()), sizes);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, init.getType(), inputs, init, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange arguments) {
               ImplicitLocOpBuilder inner(loc, nested);
               Value sum;
               for (int64_t element = first; element <= last; ++element) {
                 Value code = zeroExtendCode(inner, arguments[element - first],
                                             elementType);
                 int64_t shift = element * bits - byte * 8;
                 if (shift > 0)
                   code = arith::ShLIOp::create(
                       inner, code, createSplat(inner, code, shift));
                 else if (shift < 0)
                   code = arith::ShRUIOp::create(
                       inner, code, createSplat(inner, code, -shift));
                 sum =
                     sum ? Value(arith::OrIOp::create(inner, sum, code)) : code;
               }
               linalg::YieldOp::create(inner, sum);
             })
      .getResult(0);
}

Value lowbit::mapElements(
    ImplicitLocOpBuilder &b, Value tensor, Type elementType,
    llvm::function_ref<Value(ImplicitLocOpBuilder &, Value)> map) {
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t rank = type.getRank();
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  Value init = createEmpty(b, type.clone(elementType),
                           tensor::getMixedSizes(b, b.getLoc(), tensor));
  return linalg::GenericOp::create(
             b, init.getType(), tensor, init, {identity, identity}, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange arguments) {
               ImplicitLocOpBuilder inner(loc, nested);
               linalg::YieldOp::create(inner, map(inner, arguments[0]));
             })
      .getResult(0);
}

/// `codes` with the unused bits of every container zero.
static Value clearUnusedBits(ImplicitLocOpBuilder &b, Value codes,
                             Type elementType) {
  return mapElements(b, codes, getElementTypeOrSelf(codes.getType()),
                     [&](ImplicitLocOpBuilder &inner, Value code) {
                       return zeroExtendCode(inner, code, elementType);
                     });
}

/// `codes` with zeros behind every row, up to a whole number of groups.
static Value padRows(ImplicitLocOpBuilder &b, Value codes, int64_t group) {
  auto type = cast<RankedTensorType>(codes.getType());
  SmallVector<int64_t> shape(type.getShape());
  int64_t missing = group - shape.back() % group;
  shape.back() += missing;
  SmallVector<OpFoldResult> low(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> high = low;
  high.back() = b.getIndexAttr(missing);
  Value zero = arith::ConstantOp::create(b, b.getI8IntegerAttr(0));
  return tensor::PadOp::create(b, type.clone(shape), codes, low, high, zero);
}

Value lowbit::packCodes(ImplicitLocOpBuilder &b, Value codes,
                        RankedTensorType logical) {
  Type elementType = logical.getElementType();
  unsigned bits = getCodeBits(elementType);
  auto codesType = cast<RankedTensorType>(codes.getType());
  if (hasRankOneStorage(logical)) {
    if (bits != codesType.getElementTypeBitWidth())
      codes = clearUnusedBits(b, codes, elementType);
    return tensor::ExpandShapeOp::create(
        b, RankedTensorType::get({1}, codesType.getElementType()), codes,
        ArrayRef<ReassociationIndices>());
  }
  if (!isSubByte(elementType))
    return bits == codesType.getElementTypeBitWidth()
               ? codes
               : clearUnusedBits(b, codes, elementType);

  int64_t group = getGroupElements(bits), groupBytes = getGroupBytes(bits);
  int64_t rank = logical.getRank();
  int64_t innermost = logical.getShape().back();
  // Nothing to pack; tensor.insert_slice refuses an offset into no elements.
  if (llvm::is_contained(logical.getShape(), 0)) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), codes);
    sizes.back() = getRowBytes(b, sizes.back(), bits);
    SmallVector<int64_t> shape(logical.getShape());
    if (!ShapedType::isDynamic(innermost))
      shape.back() = getPackedRowBytes(bits, innermost);
    return createEmpty(b, RankedTensorType::get(shape, b.getI8Type()), sizes);
  }
  if (!ShapedType::isDynamic(innermost) && innermost % group != 0)
    codes = padRows(b, codes, group);
  if (groupBytes == 1)
    return packOneByte(b, codes, elementType, 0);

  // The bytes of a group, one after the other.
  Value first = packOneByte(b, codes, elementType, 0);
  auto groupsType = cast<RankedTensorType>(first.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), first);
  SmallVector<OpFoldResult> groupSizes = sizes;
  groupSizes.push_back(b.getIndexAttr(groupBytes));
  SmallVector<int64_t> joinedShape(groupsType.getShape());
  joinedShape.push_back(groupBytes);
  groupSizes = matchSizes(b, joinedShape, groupSizes);
  Value joined = createEmpty(
      b, RankedTensorType::get(joinedShape, b.getI8Type()), groupSizes);
  SmallVector<OpFoldResult> offsets(rank + 1, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rank + 1, b.getIndexAttr(1));
  groupSizes.back() = b.getIndexAttr(1);
  for (int64_t byte = 0; byte < groupBytes; ++byte) {
    Value part = byte == 0 ? first : packOneByte(b, codes, elementType, byte);
    // Of the same rank as its destination: MLIR 22 canonicalizes an insertion
    // that drops a dimension wrongly once a dynamic extent is known to be 1.
    SmallVector<int64_t> partShape(groupsType.getShape());
    partShape.push_back(1);
    part = tensor::ExpandShapeOp::create(b, groupsType.clone(partShape), part,
                                         splitInnermost(rank), groupSizes);
    offsets.back() = b.getIndexAttr(byte);
    joined = tensor::InsertSliceOp::create(b, part, joined, offsets, groupSizes,
                                           strides);
  }
  SmallVector<int64_t> shape(groupsType.getShape());
  if (!ShapedType::isDynamic(shape.back()))
    shape.back() *= groupBytes;
  Value bytes = tensor::CollapseShapeOp::create(b, groupsType.clone(shape),
                                                joined, splitInnermost(rank));
  if (ShapedType::isDynamic(innermost) ||
      getPackedRowBytes(bits, innermost) == shape.back())
    return bytes;
  // The bytes that only hold padding.
  sizes.back() = b.getIndexAttr(getPackedRowBytes(bits, innermost));
  offsets.pop_back();
  strides.pop_back();
  offsets.back() = b.getIndexAttr(0);
  return tensor::ExtractSliceOp::create(b, bytes, offsets, sizes, strides);
}
