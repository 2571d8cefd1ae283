//===- ConstantPatterns.cpp - Constants as bytes --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A `dense` constant holds one element per byte or more and is packed here. A
// `dense_resource` of a low-bit type holds the packed layout already: only its
// type changes, and its blob is checked and kept.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lowbit;

/// Bytes of the storage of a logical type of static shape; nullopt if they are
/// more than 2^63.
static std::optional<int64_t> getStorageBytes(ShapedType bytesType) {
  int64_t size = bytesType.getElementTypeBitWidth() / 8;
  for (int64_t extent : bytesType.getShape())
    if (llvm::MulOverflow(size, extent, size))
      return std::nullopt;
  return size;
}

/// The bytes of packed rows, from elements that MLIR keeps in a byte each.
static std::vector<char> packRows(DenseElementsAttr dense, unsigned bits,
                                  int64_t rowLength, int64_t size) {
  std::vector<char> bytes(size, 0);
  ArrayRef<char> elements = dense.getRawData();
  unsigned mask = (1u << bits) - 1;
  int64_t rowBytes = getPackedRowBytes(bits, rowLength);
  for (int64_t i = 0, e = dense.getNumElements(); i < e; ++i) {
    int64_t at = dense.isSplat() ? 0 : i;
    // MLIR itself packs elements of one bit.
    unsigned code =
        (bits == 1 ? elements[at / 8] >> (at % 8) : elements[at]) & mask;
    int64_t bit = i % rowLength * bits;
    char *byte = &bytes[i / rowLength * rowBytes + bit / 8];
    unsigned placed = code << (bit % 8);
    *byte |= static_cast<char>(placed);
    if (placed >> 8 != 0)
      byte[1] |= static_cast<char>(placed >> 8);
  }
  return bytes;
}

/// The constant of `attr`, which has type `logical`, as one of `converted`.
static FailureOr<TypedAttr> convertAttribute(Operation *op, TypedAttr attr,
                                             Type logical, Type converted) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    auto bytesType = cast<ShapedType>(converted);
    if (failed(getBlobData(op, resource, logical, getStorageBytes(bytesType))))
      return failure();
    return TypedAttr(
        DenseResourceElementsAttr::get(bytesType, resource.getRawHandle()));
  }

  Type element = getElementTypeOrSelf(logical);
  unsigned bits = getCodeBits(element);
  bool isPacked = isa<RankedTensorType>(logical) && isSubByte(element);
  if (auto splat = dyn_cast<SplatElementsAttr>(attr);
      splat && (!isPacked || 8 % bits == 0)) {
    std::optional<SmallVector<uint64_t>> code =
        getConstantBits(splat.getSplatValue<Attribute>());
    auto bytesType = cast<ShapedType>(converted);
    auto logicalType = cast<ShapedType>(logical);
    int64_t perByte = isPacked ? 8 / bits : 1;
    // One value fills every byte if no row ends within one.
    bool isUniform =
        !isPacked || (logicalType.getRank() > 0 &&
                      logicalType.getShape().back() % perByte == 0);
    if (code && isUniform) {
      uint64_t byte = 0;
      for (int64_t i = 0; i < perByte; ++i)
        byte |= code->front() << (i * bits);
      return TypedAttr(DenseElementsAttr::get(
          bytesType,
          Attribute(getConstantAttr(bytesType.getElementType(), {byte}))));
    }
  }
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense) {
    std::optional<SmallVector<uint64_t>> code = getConstantBits(attr);
    if (!code)
      return op->emitOpError("has a constant of ")
             << logical << " of a kind that cannot be turned into bytes; write "
             << "it as dense or dense_resource";
    return getConstantAttr(converted, *code);
  }
  // MLIR keeps an element in whole bytes, as the storage of one that is not
  // packed does.
  auto bytesType = cast<ShapedType>(converted);
  if (!isPacked)
    return TypedAttr(
        DenseElementsAttr::getFromRawBuffer(bytesType, dense.getRawData()));
  std::optional<int64_t> size = getStorageBytes(bytesType);
  constexpr int64_t maxSize = int64_t(1) << 32;
  if (!size || *size > maxSize)
    return op->emitOpError("has a dense constant of ")
           << logical << " that is too large to be packed; write it as "
           << "dense_resource";
  ArrayRef<int64_t> shape = cast<ShapedType>(logical).getShape();
  return TypedAttr(DenseElementsAttr::getFromRawBuffer(
      bytesType,
      packRows(dense, bits, shape.empty() ? 1 : shape.back(), *size)));
}

namespace {
struct ConvertConstant : public OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type converted = getTypeConverter()->convertType(op.getType());
    if (!converted)
      return rewriter.notifyMatchFailure(op, "no byte form");
    FailureOr<TypedAttr> attr =
        convertAttribute(op, op.getValue(), op.getType(), converted);
    if (failed(attr))
      return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, *attr);
    return success();
  }
};

struct ConvertGlobal : public OpConversionPattern<memref::GlobalOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(memref::GlobalOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto converted = dyn_cast_if_present<MemRefType>(
        getTypeConverter()->convertType(op.getType()));
    if (!converted)
      return rewriter.notifyMatchFailure(op, "no byte form");
    Attribute value = op.getInitialValueAttr();
    if (auto elements = dyn_cast_if_present<ElementsAttr>(value)) {
      auto type = cast<ShapedType>(elements.getType());
      FailureOr<TypedAttr> attr = convertAttribute(
          op, elements, type, type.clone(converted.getElementType()));
      if (failed(attr))
        return failure();
      value = *attr;
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.setType(converted);
      if (value)
        op.setInitialValueAttr(value);
    });
    return success();
  }
};
} // namespace

void lowbit::populateConstantToBytesPatterns(const ByteTypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<ConvertConstant, ConvertGlobal>(converter,
                                               patterns.getContext());
}
