//===- FuseQuantization.cpp - Quantize and pack row by row ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Activations that are quantized in the function itself (choose_scale and
// quantize by rows) are quantized where they are packed: a scf.forall over
// rows chooses the scale of a row, quantizes it, pads and sums it while it is
// in the first cache. Every row is read from memory once, by all threads.
//
//===----------------------------------------------------------------------===//

#include "Operands.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lowbit;

/// Whether each scale belongs to (a part of) one row.
static bool isByRows(ChooseScaleOp choose) {
  SmallVector<int64_t> blocks =
      ScaledValue{
          choose.getInput(), choose.getScale(), {}, choose.getBlockAttr()}
          .getBlockSizes();
  auto type = cast<RankedTensorType>(choose.getScale().getType());
  return type.getRank() == static_cast<int64_t>(blocks.size()) &&
         llvm::all_of(ArrayRef<int64_t>(blocks).drop_back(),
                      [](int64_t block) { return block == 1; });
}

ChooseScaleOp lowbit::getFusedChooseScale(QuantizeOp quantize) {
  auto choose = quantize.getScale().getDefiningOp<ChooseScaleOp>();
  return choose && choose.getInput() == quantize.getInput() && isByRows(choose)
             ? choose
             : ChooseScaleOp();
}

/// Whether a row of `value` can be sliced: one of elements below 8 bits and of
/// unknown length could end within a byte for all that later passes know.
static bool hasWholeRows(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return !type || type.getRank() == 0 ||
         !type.isDynamicDim(type.getRank() - 1) ||
         getBitWidth(type.getElementType()) >= 8;
}

QuantizeOp lowbit::getFusedQuantize(MatmulOp op, const MatmulProblem &problem) {
  auto quantize = op.getA().getDefiningOp<QuantizeOp>();
  // A scale of another op's making is taken apart for the whole tensor.
  if (!quantize || problem.a.outerScale)
    return {};
  ChooseScaleOp choose = getFusedChooseScale(quantize);
  for (Value value : {quantize.getScale(), quantize.getZeroPoint(),
                      op.getAScale(), op.getAZeroPoint()}) {
    bool isChosen = choose && value && value.getDefiningOp() == choose;
    if (value && !isChosen && !hasWholeRows(value))
      return {};
  }
  return quantize;
}

namespace {
class RowQuantization {
public:
  RowQuantization(ImplicitLocOpBuilder &b, MatmulOp op, QuantizeOp quantize)
      : b(b), op(op), quantize(quantize), rank(op.getA().getType().getRank()),
        choose(getFusedChooseScale(quantize)) {}

  PreparedActivations emit(const MatmulProblem &problem,
                           const KernelPlan &plan);

private:
  /// The row at `ivs` of a tensor whose entries each cover `blocks`.
  Value sliceRow(Value value, ArrayRef<int64_t> blocks);
  ScaledValue sliceScales(const ScaledValue &whole, Value data);
  /// `block` for one row: dimensions before the last have one entry.
  DenseI64ArrayAttr getRowBlock(ArrayRef<int64_t> blocks) {
    SmallVector<int64_t> own(blocks.size(), 1);
    own.back() = blocks.back();
    return b.getDenseI64ArrayAttr(own);
  }
  /// The quantized row at `ivs` and its scales.
  ScaledValue createRow();

  ImplicitLocOpBuilder &b;
  MatmulOp op;
  QuantizeOp quantize;
  int64_t rank;
  ChooseScaleOp choose;
  SmallVector<Value> ivs;
  /// Rows of what choose_scale gives.
  IRMapping chosen;
};
} // namespace

Value RowQuantization::sliceRow(Value value, ArrayRef<int64_t> blocks) {
  auto type =
      dyn_cast_or_null<RankedTensorType>(value ? value.getType() : Type());
  if (!type || type.getRank() == 0)
    return value;
  SmallVector<OpFoldResult> offsets,
      sizes = tensor::getMixedSizes(b, b.getLoc(), value);
  for (int64_t dim = 0; dim < rank - 1; ++dim) {
    int64_t block = blocks.empty() ? 1 : blocks[dim];
    AffineExpr d0 = b.getAffineDimExpr(0);
    offsets.push_back(block == 0 ? OpFoldResult(b.getIndexAttr(0))
                                 : affine::makeComposedFoldedAffineApply(
                                       b, b.getLoc(), d0.floorDiv(block),
                                       OpFoldResult(ivs[dim])));
    sizes[dim] = b.getIndexAttr(1);
  }
  offsets.push_back(b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rank, b.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(b, value, offsets, sizes, strides);
}

ScaledValue RowQuantization::sliceScales(const ScaledValue &whole, Value data) {
  if (!whole.scale)
    return {data};
  SmallVector<int64_t> blocks = whole.getBlockSizes();
  auto slice = [&](Value value) {
    if (Value own = chosen.lookupOrNull(value))
      return own;
    return sliceRow(value, blocks);
  };
  ScaledValue result{data, slice(whole.scale)};
  if (whole.zeroPoint)
    result.zeroPoint = slice(whole.zeroPoint);
  if (auto type = dyn_cast<RankedTensorType>(result.scale.getType());
      type && type.getRank() != 0)
    result.block = getRowBlock(blocks);
  return result;
}

ScaledValue RowQuantization::createRow() {
  Value input = sliceRow(quantize.getInput(), {});
  auto inputType = cast<RankedTensorType>(input.getType());
  if (choose) {
    SmallVector<int64_t> blocks =
        ScaledValue{
            choose.getInput(), choose.getScale(), {}, choose.getBlockAttr()}
            .getBlockSizes();
    auto row = ChooseScaleOp::create(
        b, input, choose.getElementType(),
        choose.getScale().getType().getElementType(),
        getRowBlock(blocks).asArrayRef(), choose.getMethod(),
        choose.getZeroPoint()
            ? getElementTypeOrSelf(choose.getZeroPoint().getType())
            : Type());
    // How many there are in a row may be known though its length is not; the
    // number of zero points below 8 bits in a dynamic row would be rounded.
    for (auto [result, whole] :
         llvm::zip(row->getResults(), choose->getResults())) {
      auto type = cast<RankedTensorType>(result.getType());
      SmallVector<int64_t> shape(type.getShape());
      shape.back() = cast<RankedTensorType>(whole.getType()).getShape().back();
      result.setType(type.clone(shape));
    }
    chosen.map(choose.getResults(), row.getResults());
  }
  ScaledValue scales = sliceScales(quantize.getScaledValues().front(), input);
  Value row = QuantizeOp::create(
      b, inputType.clone(quantize.getType().getElementType()), input,
      scales.scale, scales.zeroPoint, sliceRow(quantize.getRandom(), {}),
      scales.block, quantize.getRounding(), quantize.getOverflow());
  return sliceScales(op.getScaledValues().front(), row);
}

PreparedActivations RowQuantization::emit(const MatmulProblem &problem,
                                          const KernelPlan &plan) {
  // The shapes of what the rows are put together to.
  SmallVector<OpFoldResult> rows =
      tensor::getMixedSizes(b, b.getLoc(), op.getA());
  rows.pop_back();
  auto createInit = [&](OpFoldResult last, Type element) -> Value {
    SmallVector<OpFoldResult> sizes = rows;
    sizes.push_back(last);
    return tensor::EmptyOp::create(b, sizes, element);
  };
  OpFoldResult k = getK(b, op);
  OpFoldResult numGroups = getNumGroups(b, k, plan.kernel);
  SmallVector<Value> inits = {
      createInit(getPaddedK(b, k, plan.kernel), plan.aElement)};
  if (hasSums(plan))
    inits.push_back(createInit(numGroups, b.getI32Type()));
  if (hasScales(problem, plan))
    inits.push_back(createInit(
        plan.groupedScaleA ? numGroups : b.getIndexAttr(1), b.getF32Type()));

  auto loop = scf::ForallOp::create(b, rows, inits, /*mapping=*/std::nullopt);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    ivs = loop.getInductionVars();
    ScaledValue row = createRow();
    MatmulProblem rowProblem = problem;
    rowProblem.a.scale = row.scale;
    PreparedActivations prepared =
        prepareActivations(b, row, k, rowProblem, plan);
    SmallVector<Value> parts = {prepared.a};
    for (Value part : {prepared.sums, prepared.scales})
      if (part)
        parts.push_back(part);
    SmallVector<OpFoldResult> offsets(ivs.begin(), ivs.end());
    offsets.push_back(b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(rank, b.getIndexAttr(1));
    for (auto [part, out] : llvm::zip(parts, loop.getRegionIterArgs())) {
      SmallVector<OpFoldResult> sizes(rank - 1, b.getIndexAttr(1));
      sizes.push_back(tensor::getMixedSize(b, b.getLoc(), part, rank - 1));
      OpBuilder::InsertionGuard innerGuard(b);
      b.setInsertionPointToEnd(loop.getTerminator().getBody());
      tensor::ParallelInsertSliceOp::create(b, part, out, offsets, sizes,
                                            strides);
    }
  }
  PreparedActivations result;
  result.a = loop.getResult(0);
  if (hasSums(plan))
    result.sums = loop.getResult(1);
  if (hasScales(problem, plan))
    result.scales = loop.getResults().back();
  return result;
}

std::optional<PreparedActivations>
lowbit::fuseQuantization(ImplicitLocOpBuilder &b, MatmulOp op,
                         const MatmulProblem &problem, const KernelPlan &plan) {
  QuantizeOp quantize = getFusedQuantize(op, problem);
  if (!quantize)
    return std::nullopt;
  return RowQuantization(b, op, quantize).emit(problem, plan);
}
