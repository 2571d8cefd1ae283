//===- WeightDecoder.cpp - Packed weights as f32 --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightDecoder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;

static constexpr int64_t kFloatBytes = 4;

SmallVector<Value> lowbit::loadZeroPoints(VectorBuilder &v, Value panel,
                                          Type element, Value group,
                                          int64_t vectors) {
  SmallVector<Value> result;
  if (!panel)
    return result;
  constexpr int64_t lanes = VectorBuilder::kLanes;
  for (int64_t j = 0; j < vectors; ++j) {
    Value position = v.scaled(group, vectors * lanes, j * lanes);
    result.push_back(
        isa<FloatType>(element)
            ? v.loadFloats(panel, position, element)
            : arith::SIToFPOp::create(v.b, v.vectorOf(v.b.getF32Type()),
                                      v.loadIntegers(panel, position, element))
                  .getResult());
  }
  return result;
}

void lowbit::subtractZeroPoints(VectorBuilder &v, ArrayRef<Value> zeroPoints,
                                MutableArrayRef<Value> numbers) {
  if (zeroPoints.empty())
    return;
  for (auto [i, number] : llvm::enumerate(numbers))
    number =
        arith::SubFOp::create(v.b, number, zeroPoints[i % zeroPoints.size()]);
}

namespace {
/// Loops over the groups of a part of a panel and over their steps.
class PanelDecoder : private VectorBuilder {
public:
  PanelDecoder(OpBuilder &builder, DecodePanelOp op,
               const WeightDecoder &decoder)
      : VectorBuilder(op.getLoc(), builder), op(op), kernel(op.getKernel()),
        decoder(decoder), vectors(decoder.getVectors()),
        depth(decoder.getDepth()) {}

  Value emit();

private:
  /// A loop that carries `out` and the state.
  Value emitLoop(Value begin, Value end, Value out,
                 function_ref<Value(Value index, Value out)> body);
  Value store(Value number, Value offset, Value out);
  /// Adds what the state says to the first row.
  Value emitFinish(Value out);
  /// All steps from `begin` to `end` (counted from op.k on), which lie in
  /// `group`, written to `out`.
  Value emitGroup(Value group, Value begin, Value end, Value out);
  Value emitStep(Value step, ArrayRef<Value> zeroPoints, ArrayRef<Value> scales,
                 Value out);

  DecodePanelOp op;
  KernelAttr kernel;
  const WeightDecoder &decoder;
  int64_t vectors, depth;
  SmallVector<Value> state;
};
} // namespace

Value PanelDecoder::emitLoop(Value begin, Value end, Value out,
                             function_ref<Value(Value, Value)> body) {
  SmallVector<Value> inits = {out};
  llvm::append_range(inits, state);
  auto loop = scf::ForOp::create(b, begin, end, index(1), inits);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    llvm::copy(loop.getRegionIterArgs().drop_front(), state.begin());
    SmallVector<Value> next = {
        body(loop.getInductionVar(), loop.getRegionIterArgs().front())};
    llvm::append_range(next, state);
    scf::YieldOp::create(b, next);
  }
  llvm::copy(loop.getResults().drop_front(), state.begin());
  return loop.getResult(0);
}

Value PanelDecoder::store(Value number, Value offset, Value out) {
  Value bytes = vector::BitCastOp::create(
      b, vectorOf(b.getI8Type(), kLanes * kFloatBytes), number);
  return vector::TransferWriteOp::create(
             b, bytes, out, ValueRange{index(0), offset}, ArrayRef<bool>{true})
      .getResult();
}

Value PanelDecoder::emitStep(Value step, ArrayRef<Value> zeroPoints,
                             ArrayRef<Value> scales, Value out) {
  Value first = b.createOrFold<arith::DivUIOp>(op.getK(), index(depth));
  SmallVector<Value> numbers = decoder.decode(
      *this, op.getB(), arith::AddIOp::create(b, first, step), state);
  subtractZeroPoints(*this, zeroPoints, numbers);
  for (auto [i, number] : llvm::enumerate(numbers)) {
    if (kernel.getShift() != 0)
      number = arith::MulFOp::create(
          b, number,
          splat(b.getF32Type(), kLanes, std::ldexp(1.0, -kernel.getShift())));
    if (!scales.empty())
      number = arith::MulFOp::create(b, number, scales[i % vectors]);
    out = store(number,
                scaled(step, numbers.size() * kLanes * kFloatBytes,
                       i * kLanes * kFloatBytes),
                out);
  }
  return out;
}

Value PanelDecoder::emitGroup(Value group, Value begin, Value end, Value out) {
  SmallVector<Value> zeroPoints = loadZeroPoints(
      *this, op.getZeroB(), kernel.getZeroPoint(), group, vectors);
  SmallVector<Value> scales;
  for (int64_t j = 0; op.getScaleB() && j < vectors; ++j)
    scales.push_back(loadFloats(op.getScaleB(),
                                scaled(group, vectors * kLanes, j * kLanes),
                                kernel.getScale()));
  return emitLoop(begin, end, out, [&](Value step, Value inner) {
    return emitStep(step, zeroPoints, scales, inner);
  });
}

Value PanelDecoder::emitFinish(Value out) {
  for (auto [j, last] : llvm::enumerate(decoder.finish(*this, state))) {
    Value position = index(j * kLanes);
    Value sum = arith::AddFOp::create(
        b, loadFloats(out, position, b.getF32Type()), last);
    out = store(sum, index(j * kLanes * kFloatBytes), out);
  }
  return out;
}

Value PanelDecoder::emit() {
  int64_t stepBytes = depth * vectors * kLanes * kFloatBytes;
  Value bytes = b.createOrFold<tensor::DimOp>(op.getInit(), 1);
  Value numSteps = b.createOrFold<arith::DivUIOp>(bytes, index(stepBytes));
  int64_t group = kernel.getGroup();
  state = decoder.getState(*this);
  if (group == 0)
    return emitFinish(emitGroup(index(0), index(0), numSteps, op.getInit()));
  // The part has whole groups, or all of it lies in one.
  int64_t groupSteps = group / depth;
  Value firstGroup = b.createOrFold<arith::DivUIOp>(op.getK(), index(group));
  Value numGroups =
      b.createOrFold<arith::CeilDivUIOp>(numSteps, index(groupSteps));
  Value filled = emitLoop(
      index(0), numGroups, op.getInit(), [&](Value part, Value out) -> Value {
        Value begin = scaled(part, groupSteps);
        Value end =
            arith::MinUIOp::create(b, scaled(begin, 1, groupSteps), numSteps);
        Value own = arith::AddIOp::create(b, firstGroup, part);
        return emitGroup(own, begin, end, out);
      });
  return emitFinish(filled);
}

Value lowbit::emitDecodedPanel(OpBuilder &builder, DecodePanelOp op,
                               const WeightDecoder &decoder) {
  return PanelDecoder(builder, op, decoder).emit();
}
