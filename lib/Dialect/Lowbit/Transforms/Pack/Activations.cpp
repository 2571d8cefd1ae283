//===- Activations.cpp - A as a kernel wants it ---------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Activations stay row-major: a kernel reads a few of their elements at a time
// into all lanes. They become f32 or integers, padded along K with zeros, which
// add nothing to any sum.
//
//===----------------------------------------------------------------------===//

#include "Operands.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;

OpFoldResult lowbit::getK(ImplicitLocOpBuilder &b, MatmulOp op) {
  int64_t dim = op.getA().getType().getRank() - 1;
  if (!op.getA().getType().isDynamicDim(dim))
    return b.getIndexAttr(op.getA().getType().getDimSize(dim));
  return tensor::getMixedSize(b, b.getLoc(), op.getB(), op.getBReductionDim());
}

OpFoldResult lowbit::getPaddedK(ImplicitLocOpBuilder &b, OpFoldResult k,
                                KernelAttr kernel) {
  int64_t unit = kernel.getUnit();
  return affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), b.getAffineDimExpr(0).ceilDiv(unit) * unit, k);
}

OpFoldResult lowbit::getNumGroups(ImplicitLocOpBuilder &b, OpFoldResult k,
                                  KernelAttr kernel) {
  if (kernel.getGroup() == 0)
    return b.getIndexAttr(1);
  return affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), b.getAffineDimExpr(0).ceilDiv(kernel.getGroup()),
      getPaddedK(b, k, kernel));
}

Value lowbit::asTensorOfRank(ImplicitLocOpBuilder &b, Value value,
                             int64_t rank) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type && type.getRank() == rank)
    return value;
  SmallVector<int64_t> ones(rank, 1);
  // Folded, a constant stays one and is packed at compile time.
  if (!type)
    return b.createOrFold<tensor::FromElementsOp>(
        RankedTensorType::get(ones, value.getType()), value);
  return b.createOrFold<tensor::ExpandShapeOp>(
      RankedTensorType::get(ones, type.getElementType()), value,
      ArrayRef<ReassociationIndices>{});
}

/// A linalg.generic that computes every element of a new tensor from its
/// indices.
static Value
generate(ImplicitLocOpBuilder &b, ArrayRef<OpFoldResult> sizes, Type element,
         function_ref<Value(ImplicitLocOpBuilder &, ValueRange indices)> body) {
  Value empty = tensor::EmptyOp::create(b, sizes, element);
  int64_t rank = sizes.size();
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, empty.getType(), ValueRange{}, empty,
             b.getMultiDimIdentityMap(rank), iterators,
             [&](OpBuilder &builder, Location loc, ValueRange) {
               ImplicitLocOpBuilder inner(loc, builder);
               SmallVector<Value> indices;
               for (int64_t dim = 0; dim < rank; ++dim)
                 indices.push_back(linalg::IndexOp::create(inner, dim));
               linalg::YieldOp::create(inner, body(inner, indices));
             })
      .getResult(0);
}

/// The element of a scale or zero point that belongs to element `indices` of
/// the data.
static Value readBlocked(ImplicitLocOpBuilder &b, Value tensor,
                         ArrayRef<int64_t> blocks, ValueRange indices) {
  SmallVector<Value> own;
  for (auto [index, block] : llvm::zip(indices, blocks)) {
    if (block == 0)
      own.push_back(arith::ConstantIndexOp::create(b, 0));
    else if (block == 1)
      own.push_back(index);
    else
      own.push_back(affine::AffineApplyOp::create(
          b, b.getAffineDimExpr(0).floorDiv(block), index));
  }
  return tensor::ExtractOp::create(b, tensor, own);
}

/// A scale, through its second level if it has one, as tensor of f32 of A's
/// rank with the blocks of `value`, which become `groups` along K.
static Value expandScales(ImplicitLocOpBuilder &b, const ScaledValue &a,
                          OpFoldResult k, const MatmulProblem &problem,
                          const KernelPlan &plan) {
  Value outerA = problem.a.outerScale, outerB = problem.b.outerScale;
  int64_t rank = cast<RankedTensorType>(a.data.getType()).getRank();
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), a.data);
  sizes.back() = plan.groupedScaleA ? getNumGroups(b, k, plan.kernel)
                                    : OpFoldResult(b.getIndexAttr(1));
  SmallVector<int64_t> blocks;
  Value scale;
  if (problem.a.scale) {
    blocks = a.getBlockSizes();
    blocks.back() =
        plan.groupedScaleA ? problem.a.blockK / plan.kernel.getGroup() : 0;
    scale = asTensorOfRank(b, problem.a.scale, rank);
    // Singles have no blocks.
    if (scale != problem.a.scale)
      blocks.assign(rank, 0);
  }
  auto asScalar = [&](ImplicitLocOpBuilder &inner, Value value) -> Value {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return value;
    Value zero = arith::ConstantIndexOp::create(inner, 0);
    return tensor::ExtractOp::create(inner, value,
                                     SmallVector<Value>(type.getRank(), zero));
  };
  return generate(
      b, sizes, b.getF32Type(),
      [&](ImplicitLocOpBuilder &inner, ValueRange indices) {
        Value product;
        if (scale) {
          product = readBlocked(inner, scale, blocks, indices);
          if (!product.getType().isF32())
            product = ConvertOp::create(inner, inner.getF32Type(), product,
                                        Rounding::NearestEven, Overflow::IEEE);
        }
        for (Value outer : {outerA, outerB}) {
          if (!outer)
            continue;
          Value factor = asScalar(inner, outer);
          product =
              product
                  ? arith::MulFOp::create(inner, product, factor).getResult()
                  : factor;
        }
        return product;
      });
}

/// A as f32, its scales applied; infinities stay.
static Value asFloats(ImplicitLocOpBuilder &b, const ScaledValue &a) {
  auto type = cast<RankedTensorType>(a.data.getType());
  Type f32 = b.getF32Type();
  if (a.scale)
    return DequantizeOp::create(b, type.clone(f32), a.data, a.scale,
                                a.zeroPoint, a.block, Rounding::NearestEven,
                                Overflow::IEEE);
  if (type.getElementType().isF32())
    return a.data;
  return ConvertOp::create(b, type.clone(f32), a.data, Rounding::NearestEven,
                           Overflow::IEEE);
}

/// A as integers: value * 2^shift, less its zero point.
static Value asIntegers(ImplicitLocOpBuilder &b, const ScaledValue &a,
                        const KernelPlan &plan) {
  auto type = cast<RankedTensorType>(a.data.getType());
  Type from = type.getElementType();
  auto to = cast<IntegerType>(plan.aElement);
  Value zeroPoint = a.zeroPoint;
  if (from == to && !zeroPoint)
    return a.data;
  SmallVector<int64_t> blocks;
  if (zeroPoint) {
    Value tensor = asTensorOfRank(b, zeroPoint, type.getRank());
    blocks = a.getBlockSizes();
    if (tensor != zeroPoint)
      blocks.assign(type.getRank(), 0);
    zeroPoint = tensor;
  }
  auto extend = [](ImplicitLocOpBuilder &inner, Value value,
                   Type target) -> Value {
    auto type = cast<IntegerType>(value.getType());
    bool isUnsigned = type.isUnsigned();
    if (!type.isSignless())
      value = BitcastOp::create(inner, inner.getIntegerType(type.getWidth()),
                                value);
    if (type.getWidth() == target.getIntOrFloatBitWidth())
      return value;
    if (type.getWidth() > target.getIntOrFloatBitWidth())
      return arith::TruncIOp::create(inner, target, value);
    return isUnsigned
               ? arith::ExtUIOp::create(inner, target, value).getResult()
               : arith::ExtSIOp::create(inner, target, value).getResult();
  };
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(
      b, tensor::getMixedSizes(b, b.getLoc(), a.data), to);
  return linalg::GenericOp::create(
             b, empty.getType(), a.data, empty,
             ArrayRef<AffineMap>{identity, identity}, iterators,
             [&](OpBuilder &builder, Location loc, ValueRange args) {
               ImplicitLocOpBuilder inner(loc, builder);
               Value value = args.front();
               if (isa<IntegerType>(from)) {
                 value = extend(inner, value, to);
               } else {
                 Type f32 = inner.getF32Type();
                 value = ConvertOp::create(inner, f32, value);
                 Value factor = arith::ConstantOp::create(
                     inner,
                     inner.getF32FloatAttr(std::ldexp(1.0f, plan.aShift)));
                 value = arith::MulFOp::create(inner, value, factor);
                 value = arith::FPToSIOp::create(inner, to, value);
               }
               if (zeroPoint) {
                 SmallVector<Value> indices;
                 for (int64_t dim = 0; dim < type.getRank(); ++dim)
                   indices.push_back(linalg::IndexOp::create(inner, dim));
                 Value zero = extend(
                     inner, readBlocked(inner, zeroPoint, blocks, indices), to);
                 value = arith::SubIOp::create(inner, value, zero);
               }
               linalg::YieldOp::create(inner, value);
             })
      .getResult(0);
}

/// Zeros behind K up to a multiple of the kernel's unit.
static Value padK(ImplicitLocOpBuilder &b, OpFoldResult k, Value a,
                  KernelAttr kernel) {
  auto type = cast<RankedTensorType>(a.getType());
  int64_t last = type.getRank() - 1;
  OpFoldResult padded = getPaddedK(b, k, kernel);
  if (getConstantIntValue(padded) == type.getDimSize(last) ||
      kernel.getUnit() == 1)
    return a;
  SmallVector<OpFoldResult> low(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> high = low;
  AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
  high.back() = affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), d0 - d1,
      {padded, tensor::getMixedSize(b, b.getLoc(), a, last)});
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = getConstantIntValue(padded).value_or(ShapedType::kDynamic);
  Value zero =
      arith::ConstantOp::create(b, b.getZeroAttr(type.getElementType()));
  return tensor::PadOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), a, low, high,
      zero);
}

/// sum of a over each group, times the plan's factor.
static Value sumGroups(ImplicitLocOpBuilder &b, OpFoldResult k, Value a,
                       const KernelPlan &plan) {
  int64_t last = cast<RankedTensorType>(a.getType()).getRank() - 1;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), a);
  OpFoldResult length = sizes.back();
  sizes.back() = getNumGroups(b, k, plan.kernel);
  int64_t group = plan.kernel.getGroup();
  Type i32 = b.getI32Type();
  return generate(
      b, sizes, i32, [&](ImplicitLocOpBuilder &inner, ValueRange indices) {
        Value end =
            getValueOrCreateConstantIndexOp(inner, inner.getLoc(), length);
        Value begin = arith::ConstantIndexOp::create(inner, 0);
        if (group != 0) {
          Value size = arith::ConstantIndexOp::create(inner, group);
          begin = arith::MulIOp::create(inner, indices.back(), size);
          Value groupEnd = arith::AddIOp::create(inner, begin, size);
          // Where K is padded to groups they are whole.
          end = plan.kernel.getUnit() % group == 0
                    ? groupEnd
                    : arith::MinUIOp::create(inner, groupEnd, end).getResult();
        }
        Value zero =
            arith::ConstantOp::create(inner, inner.getI32IntegerAttr(0));
        Value one = arith::ConstantIndexOp::create(inner, 1);
        auto loop = scf::ForOp::create(
            inner, begin, end, one, zero,
            [&](OpBuilder &builder, Location loc, Value k, ValueRange sum) {
              ImplicitLocOpBuilder body(loc, builder);
              SmallVector<Value> position(indices);
              position[last] = k;
              Value element = tensor::ExtractOp::create(body, a, position);
              if (element.getType() != i32)
                element = arith::ExtSIOp::create(body, i32, element);
              Value next = arith::AddIOp::create(body, sum.front(), element);
              scf::YieldOp::create(body, next);
            });
        Value sum = loop.getResult(0);
        if (plan.sumFactor != 1)
          sum = arith::MulIOp::create(
              inner, sum,
              arith::ConstantOp::create(
                  inner, inner.getI32IntegerAttr(plan.sumFactor)));
        return sum;
      });
}

bool lowbit::hasSums(const KernelPlan &plan) { return plan.sumFactor != 0; }

bool lowbit::hasScales(const MatmulProblem &problem, const KernelPlan &plan) {
  // f32 activations are read through their scale; what is left is the second
  // level of B's.
  if (plan.aElement.isF32())
    return problem.b.outerScale && !plan.dequantizeB;
  return problem.a.scale || problem.b.outerScale;
}

PreparedActivations lowbit::prepareActivations(ImplicitLocOpBuilder &b,
                                               const ScaledValue &a,
                                               OpFoldResult k,
                                               const MatmulProblem &problem,
                                               const KernelPlan &plan) {
  PreparedActivations result;
  bool isFloat = plan.aElement.isF32();
  Value prepared = isFloat ? asFloats(b, a) : asIntegers(b, a, plan);
  result.a = padK(b, k, prepared, plan.kernel);
  if (hasSums(plan))
    result.sums = sumGroups(b, k, result.a, plan);
  if (hasScales(problem, plan)) {
    MatmulProblem left = problem;
    if (isFloat)
      left.a.scale = left.a.outerScale = {};
    result.scales = expandScales(b, a, k, left, plan);
  }
  return result;
}
