//===- BlockLoops.cpp - Loops over the elements of blocks -----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loop over the blocks is a parallel linalg.generic over the scales; its
// body loops over the elements of its block with scf.for and carries what it
// reduces as values. So no index is divided, ragged and dynamic blocks need
// nothing but another bound, and LLVM sees the reduction in registers without
// having to tell apart input and accumulator in memory.
//
//===----------------------------------------------------------------------===//

#include "BlockLoops.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lowbit;

//===----------------------------------------------------------------------===//
// One block
//===----------------------------------------------------------------------===//

namespace {
/// The loop nest of ScaleBlock::reduce.
struct BlockLoopNest {
  Value input;
  ArrayRef<OpFoldResult> starts, counts;
  /// 0, or the length of the rows that are read as vectors.
  int64_t vectorLength;
  ReductionBody body;
  SmallVector<Value> indices = {};

  SmallVector<Value> emit(ImplicitLocOpBuilder &b, ValueRange carried) {
    size_t dim = indices.size();
    if (dim == starts.size())
      return body(b, read(b), carried);
    auto enter = [&](ImplicitLocOpBuilder &builder, Value index,
                     ValueRange values) {
      indices.push_back(index);
      SmallVector<Value> results = emit(builder, values);
      indices.pop_back();
      return results;
    };
    auto toValue = [&](OpFoldResult index) {
      return getValueOrCreateConstantIndexOp(b, b.getLoc(), index);
    };
    bool isVector = vectorLength != 0 && dim + 1 == starts.size();
    if (isVector || isConstantIntValue(counts[dim], 1))
      return enter(b, toValue(starts[dim]), carried);
    auto loop = scf::ForOp::create(
        b, toValue(b.getIndexAttr(0)), toValue(counts[dim]),
        toValue(b.getIndexAttr(1)), carried,
        [&](OpBuilder &nested, Location loc, Value offset, ValueRange values) {
          ImplicitLocOpBuilder inner(loc, nested);
          AffineExpr d0 = inner.getAffineDimExpr(0);
          AffineExpr d1 = inner.getAffineDimExpr(1);
          OpFoldResult index = affine::makeComposedFoldedAffineApply(
              inner, loc, d0 + d1, {starts[dim], OpFoldResult(offset)});
          scf::YieldOp::create(inner, enter(inner, cast<Value>(index), values));
        });
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// The element at `indices`, or the row that begins there.
  Value read(ImplicitLocOpBuilder &b) const {
    if (vectorLength == 0)
      return tensor::ExtractOp::create(b, input, indices);
    Type elementType = getElementTypeOrSelf(input.getType());
    Value padding = arith::ConstantOp::create(b, b.getZeroAttr(elementType));
    return vector::TransferReadOp::create(
        b, VectorType::get({vectorLength}, elementType), input, indices,
        padding, ArrayRef<bool>{true});
  }
};
} // namespace

SmallVector<Value> ScaleBlock::reduce(ImplicitLocOpBuilder &builder,
                                      ValueRange inits,
                                      ReductionBody body) const {
  BlockLoopNest nest{input, starts, counts, /*vectorLength=*/0, body};
  return nest.emit(builder, inits);
}

SmallVector<Value> ScaleBlock::reduceByRows(ImplicitLocOpBuilder &builder,
                                            ValueRange inits,
                                            ReductionBody body) const {
  BlockLoopNest nest{input, starts, counts, getVectorLength(), body};
  return nest.emit(builder, inits);
}

int64_t ScaleBlock::getVectorLength() const {
  if (counts.empty())
    return 0;
  // Longer loops LLVM does not unroll before it vectorizes. Other lengths would
  // leave lanes of most machines' vectors unused.
  std::optional<int64_t> length = getConstantIntValue(counts.back());
  return length && *length > 0 && *length <= 64 && *length % 8 == 0 ? *length
                                                                    : 0;
}

//===----------------------------------------------------------------------===//
// All blocks
//===----------------------------------------------------------------------===//

BlockedTensor::BlockedTensor(ImplicitLocOpBuilder &builder, Value input,
                             ArrayRef<int64_t> block,
                             RankedTensorType scaleType)
    : input(input), shape(cast<RankedTensorType>(input.getType()).getShape()),
      block(block),
      extents(tensor::getMixedSizes(builder, builder.getLoc(), input)),
      scaleRank(scaleType.getRank()) {
  for (auto [extent, size] : llvm::zip_equal(shape, this->block))
    if (!ShapedType::isDynamic(extent) && extent != 0 && size >= extent)
      size = 0;
  for (int64_t dim = 0; dim < scaleRank; ++dim) {
    if (!scaleType.isDynamicDim(dim))
      continue;
    OpFoldResult size = builder.getIndexAttr(1);
    if (block[dim] != 0)
      size = affine::makeComposedFoldedAffineApply(
          builder, builder.getLoc(),
          builder.getAffineDimExpr(0).ceilDiv(block[dim]), {extents[dim]});
    scaleSizes.push_back(
        getValueOrCreateConstantIndexOp(builder, builder.getLoc(), size));
  }
}

bool BlockedTensor::hasLongRows(int64_t size) const {
  if (shape.empty())
    return false;
  if (block.back() != 0)
    return block.back() >= size;
  return ShapedType::isDynamic(shape.back()) || shape.back() >= size;
}

bool BlockedTensor::hasColumns() const {
  if (shape.empty() || block.back() != 1 || llvm::is_contained(shape, 0))
    return false;
  return llvm::any_of(llvm::zip(shape, block), [](auto dim) {
    auto [extent, size] = dim;
    return size != 1 && extent != 1;
  });
}

SmallVector<Value>
BlockedTensor::makeInits(ImplicitLocOpBuilder &builder,
                         ArrayRef<RankedTensorType> types) const {
  return llvm::map_to_vector(types, [&](RankedTensorType type) -> Value {
    return tensor::EmptyOp::create(builder, type, scaleSizes);
  });
}

SmallVector<Value> BlockedTensor::mapBlocks(
    ImplicitLocOpBuilder &builder, ValueRange inputs,
    ArrayRef<RankedTensorType> types,
    function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange)> body)
    const {
  SmallVector<AffineMap> maps(inputs.size() + types.size(),
                              builder.getMultiDimIdentityMap(scaleRank));
  SmallVector<utils::IteratorType> iterators(scaleRank,
                                             utils::IteratorType::parallel);
  SmallVector<Value> inits = makeInits(builder, types);
  auto generic = linalg::GenericOp::create(
      builder, ValueRange(inits).getTypes(), inputs, inits, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder inner(loc, nested);
        linalg::YieldOp::create(
            inner, body(inner, arguments.take_front(inputs.size())));
      });
  return llvm::to_vector_of<Value>(generic.getResults());
}

ScaleBlock BlockedTensor::getBlock(ImplicitLocOpBuilder &builder) const {
  ScaleBlock result;
  result.input = input;
  AffineExpr d0 = builder.getAffineDimExpr(0);
  AffineExpr d1 = builder.getAffineDimExpr(1);
  for (auto [dim, size] : llvm::enumerate(block)) {
    if (size == 0) {
      result.starts.push_back(builder.getIndexAttr(0));
      result.counts.push_back(extents[dim]);
      continue;
    }
    OpFoldResult position = linalg::IndexOp::create(builder, dim).getResult();
    result.starts.push_back(affine::makeComposedFoldedAffineApply(
        builder, builder.getLoc(), d0 * size, {position}));
    int64_t extent = shape[dim];
    if (size == 1 || (!ShapedType::isDynamic(extent) && extent % size == 0)) {
      result.counts.push_back(builder.getIndexAttr(size));
      continue;
    }
    // The last block may be cut short.
    AffineMap bounds = AffineMap::get(
        2, 0, {builder.getAffineConstantExpr(size), d0 - d1 * size},
        builder.getContext());
    result.counts.push_back(affine::makeComposedFoldedAffineMin(
        builder, builder.getLoc(), bounds, {extents[dim], position}));
  }
  return result;
}

SmallVector<Value>
BlockedTensor::reduceInOrder(ImplicitLocOpBuilder &builder,
                             ArrayRef<RankedTensorType> types,
                             ReductionBody body) const {
  auto rank = static_cast<int64_t>(shape.size());
  SmallVector<utils::IteratorType> iterators;
  SmallVector<AffineExpr> indices;
  for (auto [dim, size] : llvm::enumerate(block)) {
    iterators.push_back(size == 1 ? utils::IteratorType::parallel
                                  : utils::IteratorType::reduction);
    AffineExpr index = builder.getAffineDimExpr(dim);
    indices.push_back(size == 0 ? builder.getAffineConstantExpr(0)
                                : index.floorDiv(size));
  }
  SmallVector<AffineMap> maps = {builder.getMultiDimIdentityMap(rank)};
  maps.append(types.size(),
              AffineMap::get(rank, 0, indices, builder.getContext()));
  SmallVector<Value> inits;
  for (auto [type, empty] : llvm::zip_equal(types, makeInits(builder, types))) {
    Value zero = arith::ConstantOp::create(
        builder, builder.getZeroAttr(type.getElementType()));
    inits.push_back(linalg::FillOp::create(builder, zero, empty).getResult(0));
  }
  auto generic = linalg::GenericOp::create(
      builder, ValueRange(inits).getTypes(), input, inits, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder inner(loc, nested);
        linalg::YieldOp::create(
            inner, body(inner, arguments.front(), arguments.drop_front()));
      });
  return llvm::to_vector_of<Value>(generic.getResults());
}
