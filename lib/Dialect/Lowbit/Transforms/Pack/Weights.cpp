//===- Weights.cpp - B as a kernel reads it -------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operands.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lowbit;

/// A layout over (column, other) as one over B's dimensions as written: batch
/// dimensions outermost, the other two in B's order.
static LayoutAttr orient(LayoutAttr attr, int64_t batchRank, bool transposeB) {
  SmallVector<LayoutDigit> digits;
  for (int64_t dim = 0; dim < batchRank; ++dim)
    digits.push_back({static_cast<unsigned>(dim), 1, 0});
  PackedLayout layout = attr.getLayout();
  for (LayoutDigit digit : layout.getDigits()) {
    digit.dim = batchRank + (transposeB ? digit.dim : 1 - digit.dim);
    digits.push_back(digit);
  }
  return LayoutAttr::get(attr.getElement(), llvm::cantFail(PackedLayout::get(
                                                batchRank + 2, digits)));
}

namespace {
class WeightPacker {
public:
  WeightPacker(ImplicitLocOpBuilder &b, MatmulOp op)
      : b(b), op(op), rank(op.getB().getType().getRank()), batchRank(rank - 2) {
  }

  /// `source` packed along (column, other), with `other` of the given extent.
  /// `blocks` (of B's rank) say how many elements of B share one of the
  /// source; empty: none do.
  Value pack(Value source, LayoutAttr layout, OpFoldResult other,
             ArrayRef<int64_t> blocks, ArrayRef<int32_t> table) {
    SmallVector<OpFoldResult> extents =
        tensor::getMixedSizes(b, b.getLoc(), op.getB());
    extents[op.getBReductionDim()] = other;
    return PackOp::create(
        b, source, extents, orient(layout, batchRank, op.getTransposeB()),
        batchRank + 1,
        blocks.empty() ? DenseI64ArrayAttr() : b.getDenseI64ArrayAttr(blocks),
        table.empty() ? DenseI32ArrayAttr() : b.getDenseI32ArrayAttr(table));
  }

  /// A scale or zero point, one entry per column and group of the kernel.
  Value packPerGroup(Value source, const MatmulProblem &problem,
                     LayoutAttr layout, KernelAttr kernel,
                     ArrayRef<int32_t> table) {
    SmallVector<int64_t> blocks = op.getScaledValues()[1].getBlockSizes();
    Value tensor = asTensorOfRank(b, source, rank);
    if (tensor != source)
      blocks.assign(rank, 0);
    int64_t &along = blocks[op.getBReductionDim()];
    along = problem.b.blockK == 0 ? 0 : problem.b.blockK / kernel.getGroup();
    return pack(tensor, layout, getNumGroups(b, getK(b, op), kernel), blocks,
                table);
  }

private:
  ImplicitLocOpBuilder &b;
  MatmulOp op;
  int64_t rank, batchRank;
};
} // namespace

PackedWeights lowbit::packWeights(ImplicitLocOpBuilder &b, MatmulOp op,
                                  const MatmulProblem &problem,
                                  const KernelPlan &plan) {
  WeightPacker packer(b, op);
  KernelAttr kernel = plan.kernel;
  Value source = op.getB();
  if (plan.dequantizeB) {
    auto type = op.getB().getType().clone(b.getF32Type());
    source = op.getBScale()
                 ? DequantizeOp::create(b, type, source, op.getBScale(),
                                        op.getBZeroPoint(), op.getBBlockAttr(),
                                        Rounding::NearestEven, Overflow::IEEE)
                       .getResult()
             : op.getB().getType() == type
                 ? source
                 : ConvertOp::create(b, type, source, Rounding::NearestEven,
                                     Overflow::IEEE)
                       .getResult();
  }
  PackedWeights result;
  result.b = packer.pack(source, plan.layoutB,
                         getPaddedK(b, getK(b, op), kernel), {}, plan.tableB);
  if (kernel.getScale())
    result.scales = packer.packPerGroup(problem.b.scale, problem,
                                        plan.layoutScale, kernel, {});
  if (kernel.getZeroPoint())
    result.zeroPoints =
        packer.packPerGroup(problem.b.zeroPoint, problem, plan.layoutZeroPoint,
                            kernel, plan.tableZeroPoint);
  return result;
}
