//===- TileEmitter.cpp - The frame around a tile's arithmetic -------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;

TileEmitter::TileEmitter(OpBuilder &builder, PackedMatmulOp op, int64_t step,
                         Type partial, int64_t chains)
    : VectorBuilder(op.getLoc(), builder), op(op), kernel(op.getKernel()),
      rows(op.getAType().getDimSize(0)),
      vectors(op.getKernel().getColumns() / kLanes), step(step), chains(chains),
      partialElement(partial) {}

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

Value TileEmitter::loadSplat(Value tensor, int64_t row, Value column) {
  Value element =
      tensor::ExtractOp::create(b, tensor, ValueRange{index(row), column});
  return vector::BroadcastOp::create(b, vectorOf(element.getType()), element);
}

Value TileEmitter::loadWordSplat(int64_t row, Value k) {
  Type element = op.getAType().getElementType();
  Value loaded = vector::TransferReadOp::create(
      b, vectorOf(element, 32 / element.getIntOrFloatBitWidth()), op.getA(),
      ValueRange{index(row), k}, /*padding=*/std::nullopt,
      ArrayRef<bool>{true});
  Value word =
      vector::BitCastOp::create(b, vectorOf(b.getI32Type(), 1), loaded);
  Value scalar = vector::ExtractOp::create(b, word, ArrayRef<int64_t>{0});
  return vector::BroadcastOp::create(b, vectorOf(b.getI32Type()), scalar);
}

Value TileEmitter::multiplyAdd(Value lhs, Value rhs, Value acc) {
  if (fused)
    return vector::FMAOp::create(b, lhs, rhs, acc);
  return arith::AddFOp::create(b, arith::MulFOp::create(b, lhs, rhs), acc);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Value TileEmitter::sumChains(ArrayRef<Value> partial, int64_t element) {
  SmallVector<Value> sums;
  for (int64_t chain = 0; chain < chains; ++chain)
    sums.push_back(partial[chain * rows * vectors + element]);
  // In pairs, which wait less for one another.
  while (sums.size() > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < sums.size(); i += 2)
      next.push_back(
          partialElement.isInteger()
              ? arith::AddIOp::create(b, sums[i], sums[i + 1]).getResult()
              : arith::AddFOp::create(b, sums[i], sums[i + 1]).getResult());
    if (sums.size() % 2 != 0)
      next.push_back(sums.back());
    sums = std::move(next);
  }
  return sums.front();
}

void TileEmitter::finishGroup(Value group, ArrayRef<Value> partial,
                              MutableArrayRef<Value> totals) {
  Type f32 = b.getF32Type();
  bool floatZeroPoint = isa_and_nonnull<FloatType>(kernel.getZeroPoint());
  SmallVector<Value> scales, zeroPoints;
  for (int64_t j = 0; j < vectors; ++j) {
    Value position = scaled(group, vectors * kLanes, j * kLanes);
    if (op.getScaleB())
      scales.push_back(loadFloats(op.getScaleB(), position, kernel.getScale()));
    if (op.getZeroB() && op.getSums())
      zeroPoints.push_back(
          floatZeroPoint
              ? loadFloats(op.getZeroB(), position, kernel.getZeroPoint())
              : loadIntegers(op.getZeroB(), position, kernel.getZeroPoint()));
  }
  bool groupedScaleA =
      op.getScaleA() &&
      cast<RankedTensorType>(op.getScaleA().getType()).getDimSize(1) != 1;
  for (int64_t r = 0; r < rows; ++r) {
    Value sum = op.getSums() ? loadSplat(op.getSums(), r, group) : Value();
    Value scaleA =
        groupedScaleA ? loadSplat(op.getScaleA(), r, group) : Value();
    for (int64_t j = 0; j < vectors; ++j) {
      Value value = sumChains(partial, r * vectors + j);
      Value &total = totals[r * vectors + j];
      if (sum && !floatZeroPoint) {
        Value correction = sum;
        if (!zeroPoints.empty())
          correction = arith::MulIOp::create(b, zeroPoints[j], sum);
        value = arith::SubIOp::create(b, value, correction);
      }
      if (partialElement.isInteger())
        value = arith::SIToFPOp::create(b, vectorOf(f32), value);
      // Both sums are exact in f32, and the fused operation rounds once:
      // however much of the two cancels, the error is that of the result.
      if (sum && floatZeroPoint)
        value = vector::FMAOp::create(
            b, arith::NegFOp::create(b, zeroPoints[j]),
            arith::SIToFPOp::create(b, vectorOf(f32), sum), value);
      if (scaleA)
        value = arith::MulFOp::create(b, value, scaleA);
      total = scales.empty() ? arith::AddFOp::create(b, total, value)
                             : multiplyAdd(value, scales[j], total);
    }
  }
}

void TileEmitter::emitLoop(
    Value begin, Value end, MutableArrayRef<Value> values,
    function_ref<void(Value, MutableArrayRef<Value>)> body) {
  SmallVector<Value> inits(values);
  llvm::append_range(inits, state);
  auto loop = scf::ForOp::create(b, begin, end, index(1), inits);
  auto take = [&](ValueRange carried) {
    llvm::copy(carried.take_front(values.size()), values.begin());
    llvm::copy(carried.drop_front(values.size()), state.begin());
  };
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    take(loop.getRegionIterArgs());
    body(loop.getInductionVar(), values);
    SmallVector<Value> next(values);
    llvm::append_range(next, state);
    scf::YieldOp::create(b, next);
  }
  take(loop.getResults());
}

void TileEmitter::emitGroup(Value group, Value numSteps,
                            MutableArrayRef<Value> totals) {
  SmallVector<Value> partial(chains * rows * vectors,
                             splat(partialElement, kLanes, 0));
  beginGroup(group);
  int64_t stepsPerGroup = kernel.getGroup() / step;
  // Groups are whole where K is padded to them.
  if (kernel.getGroup() != 0 && kernel.getUnit() % kernel.getGroup() == 0 &&
      stepsPerGroup <= maxUnrolledSteps) {
    Value first = scaled(group, stepsPerGroup);
    for (int64_t s = 0; s < stepsPerGroup; ++s)
      emitStep(scaled(first, 1, s), partial);
    return finishGroup(group, partial, totals);
  }
  Value begin = index(0), end = numSteps;
  if (kernel.getGroup() != 0) {
    begin = scaled(group, stepsPerGroup);
    end = arith::MinUIOp::create(b, scaled(begin, 1, stepsPerGroup), numSteps);
  }
  emitLoop(begin, end, partial,
           [&](Value s, MutableArrayRef<Value> inner) { emitStep(s, inner); });
  finishGroup(group, partial, totals);
}

Value TileEmitter::emit() {
  Value length = b.createOrFold<tensor::DimOp>(op.getA(), 1);
  Value numSteps = b.createOrFold<arith::DivUIOp>(length, index(step));
  SmallVector<Value> totals(rows * vectors, splat(b.getF32Type(), kLanes, 0));
  if (kernel.getGroup() == 0) {
    // Without any K there is no group: its scale, which may be infinite, is not
    // multiplied with its sum, which is 0.
    if (op.getScaleB() && !getConstantIntValue(length))
      emitLoop(index(0), arith::MinUIOp::create(b, numSteps, index(1)), totals,
               [&](Value group, MutableArrayRef<Value> inner) {
                 emitGroup(group, numSteps, inner);
               });
    else
      emitGroup(index(0), numSteps, totals);
    return store(totals);
  }
  Value numGroups =
      b.createOrFold<arith::CeilDivUIOp>(length, index(kernel.getGroup()));
  emitLoop(index(0), numGroups, totals,
           [&](Value group, MutableArrayRef<Value> inner) {
             emitGroup(group, numSteps, inner);
           });
  return store(totals);
}

//===----------------------------------------------------------------------===//
// Result
//===----------------------------------------------------------------------===//

Value TileEmitter::store(ArrayRef<Value> totals) {
  RankedTensorType outType = op.getOutType();
  bool isWhole = outType.getDimSize(1) == kernel.getColumns();
  bool rowScale =
      op.getScaleA() &&
      cast<RankedTensorType>(op.getScaleA().getType()).getDimSize(1) == 1;

  SmallVector<Value> bias;
  if (op.getBias()) {
    Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
    for (int64_t j = 0; j < vectors; ++j)
      bias.push_back(vector::TransferReadOp::create(
          b, vectorOf(b.getF32Type()), op.getBias(),
          ValueRange{index(j * kLanes)}, zero, ArrayRef<bool>{isWhole}));
  }

  int64_t shift = kernel.getShift();
  SmallVector<Value> last = finishSums();
  Value out = op.getInit();
  for (int64_t r = 0; r < rows; ++r) {
    Value scale = rowScale ? loadSplat(op.getScaleA(), r, index(0)) : Value();
    for (int64_t j = 0; j < vectors; ++j) {
      Value value = totals[r * vectors + j];
      if (!last.empty())
        value = arith::AddFOp::create(b, value, last[j]);
      if (shift != 0)
        value = arith::MulFOp::create(
            b, value, splat(b.getF32Type(), kLanes, std::ldexp(1.0, -shift)));
      if (scale)
        value = arith::MulFOp::create(b, value, scale);
      if (!bias.empty())
        value = arith::AddFOp::create(b, value, bias[j]);
      // Of what is written so far, which has this element as it was: to read
      // the `init` would ask bufferization for a copy of it.
      if (op.getAccumulate())
        value = arith::AddFOp::create(
            b, value,
            vector::TransferReadOp::create(
                b, vectorOf(b.getF32Type()), out,
                ValueRange{index(r), index(j * kLanes)},
                arith::ConstantOp::create(b, b.getF32FloatAttr(0)),
                ArrayRef<bool>{isWhole}));
      if (Type element = outType.getElementType(); !element.isF32())
        value = arith::TruncFOp::create(b, vectorOf(element), value);
      // Columns beyond the end of a narrow tile are not written.
      out = vector::TransferWriteOp::create(
                b, value, out, ValueRange{index(r), index(j * kLanes)},
                ArrayRef<bool>{isWhole})
                .getResult();
    }
  }
  return out;
}
