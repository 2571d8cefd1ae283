//===- ElementLoops.cpp - Element-wise loops under scales -----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementLoops.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;
using namespace lowbit;

namespace {
/// The iteration space: every dimension is one loop, or two if its blocks
/// divide it (blocks, elements of a block).
struct BlockedSpace {
  SmallVector<ReassociationIndices> loopsOfDim;
  /// Static or dynamic extents of the loops, and as values.
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  /// Index into a scale tensor, per dimension.
  SmallVector<AffineExpr> scaleIndices;

  BlockedSpace(OpBuilder &builder, Location loc, Value like,
               ArrayRef<int64_t> block) {
    auto type = cast<RankedTensorType>(like.getType());
    SmallVector<OpFoldResult> extents =
        tensor::getMixedSizes(builder, loc, like);
    for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
      int64_t size = block.empty() ? 0 : block[dim];
      int64_t loop = shape.size();
      AffineExpr index = builder.getAffineDimExpr(loop);
      bool isStatic = !ShapedType::isDynamic(extent);
      if (isStatic && size > 1 && size < extent && extent % size == 0) {
        loopsOfDim.push_back({loop, loop + 1});
        for (int64_t part : {extent / size, size}) {
          shape.push_back(part);
          sizes.push_back(builder.getIndexAttr(part));
        }
        scaleIndices.push_back(index);
        continue;
      }
      loopsOfDim.push_back({loop});
      shape.push_back(extent);
      sizes.push_back(extents[dim]);
      if (size == 0 || (isStatic && size >= extent))
        index = builder.getAffineConstantExpr(0);
      else if (size > 1)
        index = index.floorDiv(size);
      scaleIndices.push_back(index);
    }
  }

  bool isSplit() const { return shape.size() != loopsOfDim.size(); }

  Value expand(ImplicitLocOpBuilder &builder, Value value) const {
    if (!isSplit())
      return value;
    auto type = cast<RankedTensorType>(value.getType());
    return tensor::ExpandShapeOp::create(
        builder, RankedTensorType::get(shape, type.getElementType()), value,
        loopsOfDim, sizes);
  }

  Value collapse(ImplicitLocOpBuilder &builder, Value value,
                 RankedTensorType type) const {
    if (!isSplit())
      return value;
    return tensor::CollapseShapeOp::create(builder, type, value, loopsOfDim);
  }
};
} // namespace

Value lowbit::buildElementLoop(ImplicitLocOpBuilder &builder, Type elementType,
                               ArrayRef<Value> inputs, ArrayRef<Value> scales,
                               ArrayRef<int64_t> block, ElementBody body) {
  Value first = inputs.front();
  auto inputType = cast<RankedTensorType>(first.getType());
  RankedTensorType resultType = inputType.clone(elementType);
  // Nothing to compute; and an index into an empty scale would be invalid.
  if (llvm::is_contained(inputType.getShape(), 0)) {
    return tensor::EmptyOp::create(
        builder, tensor::getMixedSizes(builder, builder.getLoc(), first),
        elementType);
  }

  BlockedSpace space(builder, builder.getLoc(), first, block);
  unsigned numLoops = space.shape.size();
  AffineMap identity = builder.getMultiDimIdentityMap(numLoops);
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (Value input : inputs) {
    operands.push_back(space.expand(builder, input));
    maps.push_back(identity);
  }
  for (Value scale : scales) {
    auto type = dyn_cast<RankedTensorType>(scale.getType());
    if (!type)
      continue;
    operands.push_back(scale);
    maps.push_back(AffineMap::get(numLoops, 0,
                                  type.getRank() == 0 ? ArrayRef<AffineExpr>()
                                                      : space.scaleIndices,
                                  builder.getContext()));
  }
  maps.push_back(identity);
  Value init = tensor::EmptyOp::create(builder, space.sizes, elementType);
  SmallVector<utils::IteratorType> iterators(numLoops,
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, init.getType(), operands, init, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder inner(loc, nested);
        SmallVector<Value> scaleElements;
        ValueRange fromTensors = arguments.drop_front(inputs.size());
        for (Value scale : scales) {
          if (!isa<RankedTensorType>(scale.getType())) {
            scaleElements.push_back(scale);
            continue;
          }
          scaleElements.push_back(fromTensors.front());
          fromTensors = fromTensors.drop_front();
        }
        linalg::YieldOp::create(
            inner,
            body(inner, arguments.take_front(inputs.size()), scaleElements));
      });
  return space.collapse(builder, generic.getResult(0), resultType);
}
