//===- Pack.cpp - Choose kernels and lay their operands out ---------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Asks the machine's target for a kernel for every lowbit.matmul and replaces
// the op by what the kernel's plan demands: activations as floats or integers,
// packed weights, and a lowbit.packed_matmul of them.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "FoldWeights/FoldableOps.h"
#include "Pack/HoistWeights.h"
#include "Pack/Operands.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITPACKPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// All dimensions but the last, and the last.
static SmallVector<ReassociationIndices> getRowGroups(int64_t rank) {
  return {llvm::to_vector<2>(llvm::seq<int64_t>(0, rank - 1)), {rank - 1}};
}

/// The batch dimensions and rows of `value` as one dimension.
static Value collapseRows(ImplicitLocOpBuilder &b, Value value) {
  if (!value)
    return value;
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  if (rank == 2)
    return value;
  return tensor::CollapseShapeOp::create(b, value, getRowGroups(rank));
}

/// The matrix of `value` at the batch position `ivs`.
static Value sliceBatch(ImplicitLocOpBuilder &b, Value value, ValueRange ivs) {
  if (!value)
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> offsets(ivs.begin(), ivs.end());
  offsets.resize(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), value);
  std::fill_n(sizes.begin(), ivs.size(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  auto matrix = RankedTensorType::get(type.getShape().take_back(2),
                                      type.getElementType());
  return tensor::ExtractSliceOp::create(b, matrix, value, offsets, sizes,
                                        strides);
}

static Value createProduct(ImplicitLocOpBuilder &b, const KernelPlan &plan,
                           const PreparedActivations &a,
                           const PackedWeights &weights, Value bias,
                           Value init) {
  return PackedMatmulOp::create(b, init.getType(), plan.kernel, a.a, a.sums,
                                a.scales, weights.b, weights.scales,
                                weights.zeroPoints, bias, init);
}

/// One product per batch, each with its own B.
static Value createBatchedProduct(ImplicitLocOpBuilder &b,
                                  const KernelPlan &plan,
                                  const PreparedActivations &a,
                                  const PackedWeights &weights, Value bias,
                                  Value init) {
  auto type = cast<RankedTensorType>(init.getType());
  SmallVector<OpFoldResult> batch = tensor::getMixedSizes(b, b.getLoc(), init);
  batch.resize(type.getRank() - 2);
  auto loop = scf::ForallOp::create(b, batch, ValueRange{init},
                                    /*mapping=*/std::nullopt);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> ivs = loop.getInductionVars();
  Value out = loop.getRegionIterArgs().front();
  Value product = createProduct(
      b, plan,
      {sliceBatch(b, a.a, ivs), sliceBatch(b, a.sums, ivs),
       sliceBatch(b, a.scales, ivs)},
      {sliceBatch(b, weights.b, ivs), sliceBatch(b, weights.scales, ivs),
       sliceBatch(b, weights.zeroPoints, ivs)},
      bias, sliceBatch(b, out, ivs));
  SmallVector<OpFoldResult> offsets(ivs.begin(), ivs.end());
  offsets.resize(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes(batch.size(), b.getIndexAttr(1));
  for (int64_t dim : {0, 1})
    sizes.push_back(tensor::getMixedSize(b, b.getLoc(), product, dim));
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  b.setInsertionPointToStart(loop.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(b, product, out, offsets, sizes,
                                        strides);
  return loop.getResult(0);
}

/// The extents of the result, static where any of the types says so.
static SmallVector<OpFoldResult> getResultSizes(ImplicitLocOpBuilder &b,
                                                MatmulOp op) {
  RankedTensorType type = op.getResult().getType();
  int64_t rank = type.getRank();
  bool batchedB = op.getB().getType().getRank() > 2;
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < rank; ++dim) {
    // Who knows it, and where.
    SmallVector<std::pair<Value, int64_t>, 2> sources;
    if (dim != rank - 1)
      sources.push_back({op.getA(), dim});
    if (dim == rank - 1)
      sources.push_back({op.getB(), op.getBColumnDim()});
    else if (dim < rank - 2 && batchedB)
      sources.push_back({op.getB(), dim});
    OpFoldResult size = tensor::getMixedSize(
        b, b.getLoc(), sources.front().first, sources.front().second);
    if (!type.isDynamicDim(dim))
      size = b.getIndexAttr(type.getDimSize(dim));
    for (auto [value, position] : sources)
      if (auto source = cast<RankedTensorType>(value.getType());
          !source.isDynamicDim(position))
        size = b.getIndexAttr(source.getDimSize(position));
    sizes.push_back(size);
  }
  return sizes;
}

/// The result where there are no products to sum: the bias, or 0.
static Value createSumOfNothing(ImplicitLocOpBuilder &b, Value bias,
                                Value init) {
  auto type = cast<RankedTensorType>(init.getType());
  Type element = type.getElementType();
  if (!bias) {
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
    return linalg::FillOp::create(b, zero, init).getResult(0);
  }
  int64_t rank = type.getRank();
  AffineMap toColumn =
      AffineMap::get(rank, 0, b.getAffineDimExpr(rank - 1), b.getContext());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, type, bias, init,
             ArrayRef<AffineMap>{toColumn, b.getMultiDimIdentityMap(rank)},
             iterators,
             [&](OpBuilder &builder, Location loc, ValueRange args) {
               Value value = args.front();
               if (!element.isF32())
                 value =
                     ConvertOp::create(builder, loc, element, value,
                                       Rounding::NearestEven, Overflow::IEEE);
               linalg::YieldOp::create(builder, loc, value);
             })
      .getResult(0);
}

/// The result of a product that is known to have no elements, or no K: there is
/// nothing to pack, and a slice of an extent of 0 does not verify. Null for any
/// other.
static Value createEmptyProduct(ImplicitLocOpBuilder &b, MatmulOp op,
                                const MatmulProblem &problem, Value init) {
  if (llvm::is_contained(cast<RankedTensorType>(init.getType()).getShape(), 0))
    return init;
  return problem.k == 0 ? createSumOfNothing(b, op.getBias(), init) : Value();
}

namespace {
struct PackMatmul : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MatmulOp op,
                                PatternRewriter &rewriter) const override {
    MatmulProblem problem = MatmulProblem::get(op);
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    RankedTensorType resultType = op.getResult().getType();
    SmallVector<OpFoldResult> sizes = getResultSizes(b, op);
    Value init = tensor::EmptyOp::create(b, sizes, resultType.getElementType());
    if (Value empty = createEmptyProduct(b, op, problem, init)) {
      rewriter.replaceOp(op, b.createOrFold<tensor::CastOp>(resultType, empty));
      return success();
    }

    KernelChoice choice = chooseKernel(problem, Machine::get(op));
    const KernelPlan &plan = choice.plan;
    std::optional<PreparedActivations> fused =
        fuseQuantization(b, op, problem, plan);
    PreparedActivations activations =
        fused ? *fused
              : prepareActivations(b, op.getScaledValues().front(), getK(b, op),
                                   problem, plan);
    PackedWeights weights = packWeights(b, op, problem, plan);

    Value result;
    if (problem.batchedB) {
      result = createBatchedProduct(b, plan, activations, weights, op.getBias(),
                                    init);
    } else {
      activations = {collapseRows(b, activations.a),
                     collapseRows(b, activations.sums),
                     collapseRows(b, activations.scales)};
      result = createProduct(b, plan, activations, weights, op.getBias(),
                             collapseRows(b, init));
      if (int64_t rank = sizes.size(); rank > 2)
        result = tensor::ExpandShapeOp::create(b, init.getType(), result,
                                               getRowGroups(rank), sizes);
    }
    rewriter.replaceOp(op, b.createOrFold<tensor::CastOp>(resultType, result));
    return success();
  }
};

struct Pack : public lowbit::impl::LowbitPackPassBase<Pack> {
  using LowbitPackPassBase::LowbitPackPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<PackMatmul>(context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(verifyBlobs(module)))
      return signalPassFailure();
    walkAndApplyPatterns(module, patterns);
    // What lies beside a nested module may use its blobs as well.
    foldPacks(module, !keepBlobs && !module->getParentOp());
    for (auto function : llvm::to_vector(module.getOps<func::FuncOp>())) {
      if (failed(hoistWeights(function)))
        return signalPassFailure();
      // What the marks ask for is done, or there was a warning.
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        function.removeArgAttr(i, kWeightAttrName);
    }
  }

private:
  FrozenRewritePatternSet patterns;
};
} // namespace
