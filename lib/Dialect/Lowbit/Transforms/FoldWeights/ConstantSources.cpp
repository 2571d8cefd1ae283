//===- ConstantSources.cpp - Ops on constants as array sources ------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConstantSources.h"

#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace lowbit;

std::optional<Format> lowbit::getArrayFormat(Type elementType) {
  if (auto integer = dyn_cast<IntegerType>(elementType)) {
    if (integer.getWidth() < 2 || integer.getWidth() > 32)
      return std::nullopt;
    return getIntegerFormat(integer);
  }
  std::optional<Format> format = getFormat(elementType);
  if (format && format->getBits() > 32)
    return std::nullopt;
  return format;
}

bool lowbit::isLayoutOp(Operation *op) {
  return isa<tensor::ExtractSliceOp, tensor::CollapseShapeOp,
             tensor::ExpandShapeOp, tensor::ReshapeOp, linalg::TransposeOp>(op);
}

//===----------------------------------------------------------------------===//
// Slices and transpositions
//===----------------------------------------------------------------------===//

/// How far a step along dimension `dim` of a tensor moves, in rows and within
/// the row.
static ArrayGather::Dim getStep(ArrayRef<int64_t> shape, int64_t dim) {
  ArrayGather::Dim step{shape[dim], 0, 0};
  if (dim + 1 == static_cast<int64_t>(shape.size())) {
    step.columnStep = 1;
    return step;
  }
  step.rowStep = 1;
  for (int64_t extent : shape.slice(dim + 1).drop_back())
    step.rowStep *= extent;
  return step;
}

static std::optional<ArrayGather> getSliceGather(tensor::ExtractSliceOp op) {
  if (!op.getOffsets().empty() || !op.getSizes().empty() ||
      !op.getStrides().empty())
    return std::nullopt;
  ArrayRef<int64_t> shape = op.getSourceType().getShape();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  ArrayGather gather;
  for (auto [dim, offset, size, stride] : llvm::enumerate(
           op.getStaticOffsets(), op.getStaticSizes(), op.getStaticStrides())) {
    if (size > 0 &&
        (offset < 0 || offset >= shape[dim] || stride < 0 ||
         (stride != 0 && size - 1 > (shape[dim] - 1 - offset) / stride)))
      return std::nullopt;
    ArrayGather::Dim step = getStep(shape, dim);
    gather.row += offset * step.rowStep;
    gather.column += offset * step.columnStep;
    if (!dropped.test(dim))
      gather.dims.push_back(
          {size, stride * step.rowStep, stride * step.columnStep});
  }
  return gather;
}

std::optional<ArrayGather> lowbit::getGather(Operation *op) {
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return getSliceGather(slice);
  auto transpose = dyn_cast<linalg::TransposeOp>(op);
  if (!transpose)
    return std::nullopt;
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(transpose.getInput().getType()).getShape();
  ArrayGather gather;
  for (int64_t dim : transpose.getPermutation())
    gather.dims.push_back(getStep(shape, dim));
  return gather;
}

//===----------------------------------------------------------------------===//
// SourceBuilder
//===----------------------------------------------------------------------===//

static ArrayRef<uint8_t> asBytes(ArrayRef<char> data) {
  return {reinterpret_cast<const uint8_t *>(data.data()), data.size()};
}

std::optional<ArrayView> SourceBuilder::getConstant(Value value) {
  // The codes are those of the constant, and the format is that of the value.
  Value source = value;
  while (auto bitcast = source.getDefiningOp<BitcastOp>())
    source = bitcast.getInput();
  Attribute attr;
  if (!matchPattern(source, m_Constant(&attr)))
    return std::nullopt;
  std::optional<Format> format =
      getArrayFormat(getElementTypeOrSelf(value.getType()));
  if (!format)
    return std::nullopt;
  ArrayView view{*format, {}, {}, ArrayStorage::Packed};
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type)
    view.shape = llvm::to_vector(type.getShape());
  else if (isa<ShapedType>(value.getType()))
    return std::nullopt;

  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    view.bytes = asBytes(resource.getData());
    return view;
  }
  if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    view.bytes = asBytes(dense.getRawData());
    view.storage = dense.isSplat() ? ArrayStorage::Splat : ArrayStorage::Bytes;
    return view;
  }
  std::optional<SmallVector<uint64_t>> bits = getConstantBits(attr);
  if (!bits || type)
    return std::nullopt;
  llvm::support::endian::write32le(scalars.emplace_back().data(),
                                   static_cast<uint32_t>(bits->front()));
  view.bytes = scalars.back();
  view.storage = ArrayStorage::Splat;
  return view;
}

ArraySourcePtr SourceBuilder::buildOptional(Value value) {
  return value ? build(value) : nullptr;
}

ArrayScaling SourceBuilder::buildScaling(const ScaledValue &value) {
  return {build(value.scale), buildOptional(value.zeroPoint),
          value.getBlockSizes()};
}

static Rounding getRounding(arith::TruncFOp op) {
  return op.getRoundingmode() == arith::RoundingMode::toward_zero
             ? Rounding::TowardZero
             : Rounding::NearestEven;
}

ArraySourcePtr SourceBuilder::build(Value value) {
  if (std::optional<ArrayView> view = getConstant(value))
    return readArray(std::move(*view));
  Operation *op = value.getDefiningOp();
  auto type = cast<RankedTensorType>(value.getType());
  Format to = *getArrayFormat(type.getElementType());
  if (std::optional<ArrayGather> gather = getGather(op))
    return gatherArray(*getConstant(op->getOperand(0)), *gather);
  return llvm::TypeSwitch<Operation *, ArraySourcePtr>(op)
      .Case([&](QuantizeOp op) {
        return quantizeArray(build(op.getInput()), to,
                             buildScaling(op.getScaledValues().front()),
                             op.getRounding(), op.getOverflow(),
                             buildOptional(op.getRandom()));
      })
      .Case([&](DequantizeOp op) {
        return dequantizeArray(build(op.getInput()), to,
                               buildScaling(op.getScaledValues().front()),
                               op.getRounding(), op.getOverflow());
      })
      .Case([&](ConvertOp op) {
        return convertArray(build(op.getInput()), to, op.getRounding(),
                            op.getOverflow(), buildOptional(op.getRandom()));
      })
      .Case(
          [&](BitcastOp op) { return bitcastArray(build(op.getInput()), to); })
      .Case([&](arith::ExtFOp op) {
        return convertArray(build(op.getIn()), to, Rounding::NearestEven,
                            Overflow::IEEE);
      })
      .Case([&](arith::TruncFOp op) {
        return convertArray(build(op.getIn()), to, getRounding(op),
                            Overflow::IEEE);
      })
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::ReshapeOp>(
          [&](Operation *op) {
            return reshapeArray(*getConstant(op->getOperand(0)),
                                type.getShape());
          })
      .DefaultUnreachable("no source computes this op");
}
