//===- DecodedRowLoops.cpp - Weights decoded once for many rows -----------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   sums = 0                                         rows x columns, f32
//   for each part of K:
//     panel = lowbit.decode_panel                    f32, in a cache
//     for rows: lowbit.packed_matmul accumulate      sums += rows of A x panel
//   out = sums * scale of the row + bias
//
// Sums that are scaled or rounded at the end have memory of their own, where
// rows lie together. Others bufferization puts into the result at once, whose
// rows are as far apart as it is wide.
//
//===----------------------------------------------------------------------===//

#include "RowLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lowbit;

static constexpr int64_t kFloatBytes = 4;

/// Adds the products of all rows with `depth` of K from `k` on to `sums`.
static Value emitPart(ImplicitLocOpBuilder &b, PackedMatmulOp op, Value k,
                      OpFoldResult depth, Value sums) {
  KernelAttr kernel = op.getKernel();
  OpFoldResult bytes = apply(
      b, b.getAffineDimExpr(0) * (kernel.getColumns() * kFloatBytes), {depth});
  SmallVector<OpFoldResult> shape = {b.getIndexAttr(1), bytes};
  Value scratch = tensor::EmptyOp::create(b, shape, b.getI8Type());
  Value panel =
      DecodePanelOp::create(b, scratch.getType(), kernel, op.getB(),
                            op.getScaleB(), op.getZeroB(), k, scratch);
  auto part = PackedMatmulOp::create(
      b, sums.getType(), kernel.getDecoding().getKernel(),
      slice(b, op.getA(), 1, k, depth), /*sums=*/Value(), /*scale_a=*/Value(),
      panel, /*scale_b=*/Value(), /*zero_b=*/Value(), /*bias=*/Value(), sums,
      /*accumulate=*/true);
  Value result = emitRowLoops(b, part);
  part.erase();
  return result;
}

/// out = sums * scale of the row + bias, in the type of the result.
static Value emitResult(ImplicitLocOpBuilder &b, PackedMatmulOp op,
                        Value sums) {
  OpFoldResult width = tensor::getMixedSize(b, b.getLoc(), op.getInit(), 1);
  sums = slice(b, sums, 1, b.getIndexAttr(0), width);
  AffineMap identity = b.getMultiDimIdentityMap(2);
  AffineExpr row = b.getAffineDimExpr(0), column = b.getAffineDimExpr(1);
  SmallVector<Value> inputs = {sums};
  SmallVector<AffineMap> maps = {identity};
  if (Value scale = op.getScaleA()) {
    inputs.push_back(scale);
    maps.push_back(AffineMap::get(2, 0, {row, b.getAffineConstantExpr(0)},
                                  b.getContext()));
  }
  if (Value bias = op.getBias()) {
    inputs.push_back(bias);
    maps.push_back(AffineMap::get(2, 0, column, b.getContext()));
  }
  maps.push_back(identity);
  SmallVector<utils::IteratorType> iterators(2, utils::IteratorType::parallel);
  bool hasScale = bool(op.getScaleA()), hasBias = bool(op.getBias());
  return linalg::GenericOp::create(
             b, op.getInit().getType(), inputs, op.getInit(), maps, iterators,
             [&](OpBuilder &builder, Location loc, ValueRange args) {
               ImplicitLocOpBuilder inner(loc, builder);
               Value value = args.front();
               if (hasScale)
                 value = arith::MulFOp::create(inner, value, args[1]);
               if (hasBias)
                 value = arith::AddFOp::create(inner, value,
                                               args[hasScale ? 2 : 1]);
               if (Type type = args.back().getType(); !type.isF32())
                 value = arith::TruncFOp::create(inner, type, value);
               linalg::YieldOp::create(inner, value);
             })
      .getResult(0);
}

Value lowbit::emitDecodedRowLoops(ImplicitLocOpBuilder &b, PackedMatmulOp op) {
  KernelAttr kernel = op.getKernel();
  int64_t depth = kernel.getDecoding().getDepth();
  SmallVector<OpFoldResult> shape = {
      tensor::getMixedSize(b, b.getLoc(), op.getA(), 0),
      b.getIndexAttr(kernel.getColumns())};
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  Value empty = tensor::EmptyOp::create(b, shape, b.getF32Type());
  Value sums = linalg::FillOp::create(b, zero, empty).getResult(0);

  OpFoldResult length = tensor::getMixedSize(b, b.getLoc(), op.getA(), 1);
  std::optional<int64_t> known = getConstantIntValue(length);
  auto loop =
      scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0),
                         getValueOrCreateConstantIndexOp(b, b.getLoc(), length),
                         arith::ConstantIndexOp::create(b, depth), sums);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value k = loop.getInductionVar();
    OpFoldResult part =
        known && *known % depth == 0
            ? OpFoldResult(b.getIndexAttr(depth))
            : minimum(b,
                      {b.getAffineConstantExpr(depth),
                       b.getAffineDimExpr(1) - b.getAffineDimExpr(0)},
                      {k, length});
    Value next = emitPart(b, op, k, part, loop.getRegionIterArgs().front());
    scf::YieldOp::create(b, next);
  }
  return emitResult(b, op, loop.getResult(0));
}
