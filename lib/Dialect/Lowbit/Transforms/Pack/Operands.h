//===- Operands.h - Operands as a kernel wants them -------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What lowbit-pack makes of the operands of one lowbit.matmul for the plan of
// its kernel. Batch dimensions are still there.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_PACK_OPERANDS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_PACK_OPERANDS_H

#include "lowbit/Target/Kernel.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace lowbit {

/// The operands of a lowbit.packed_matmul, null where it has none.
struct PreparedActivations {
  mlir::Value a;      // [batch..] x M x K'
  mlir::Value sums;   // [batch..] x M x G
  mlir::Value scales; // [batch..] x M x (1 or G)
};
struct PackedWeights {
  mlir::Value b, scales, zeroPoints; // [batch..] x P x bytes
};

/// Prepares `a`, of [batch..] x M x `k` elements: the operand of `problem`, or
/// some of its rows, whose scales `problem` then has.
PreparedActivations prepareActivations(mlir::ImplicitLocOpBuilder &b,
                                       const ScaledValue &a,
                                       mlir::OpFoldResult k,
                                       const MatmulProblem &problem,
                                       const KernelPlan &plan);

/// Whether what prepareActivations gives has sums, and scales.
bool hasSums(const KernelPlan &plan);
bool hasScales(const MatmulProblem &problem, const KernelPlan &plan);

/// The same for activations that a lowbit.quantize in the function makes: the
/// quantization moves into the loop over rows that prepares them. nullopt if
/// there is none.
std::optional<PreparedActivations>
fuseQuantization(mlir::ImplicitLocOpBuilder &b, MatmulOp op,
                 const MatmulProblem &problem, const KernelPlan &plan);

/// The quantize that it moves, and the choose_scale that moves along, because
/// its scales are by rows; null if there is none.
QuantizeOp getFusedQuantize(MatmulOp op, const MatmulProblem &problem);
ChooseScaleOp getFusedChooseScale(QuantizeOp quantize);

PackedWeights packWeights(mlir::ImplicitLocOpBuilder &b, MatmulOp op,
                          const MatmulProblem &problem, const KernelPlan &plan);

/// K, static if one of the operands knows it.
mlir::OpFoldResult getK(mlir::ImplicitLocOpBuilder &b, MatmulOp op);

/// K rounded up to the kernel's unit, and the number of its groups.
mlir::OpFoldResult getPaddedK(mlir::ImplicitLocOpBuilder &b,
                              mlir::OpFoldResult k, KernelAttr kernel);
mlir::OpFoldResult getNumGroups(mlir::ImplicitLocOpBuilder &b,
                                mlir::OpFoldResult k, KernelAttr kernel);

/// A scale or zero point as a tensor of rank `rank`, whatever it was.
mlir::Value asTensorOfRank(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                           int64_t rank);

/// Packs of constants become constants of packed bytes (`dense_resource`).
/// Blobs that nothing names afterwards are released if `mayReleaseBlobs`; the
/// blobs of `module` have been verified.
void foldPacks(mlir::ModuleOp module, bool mayReleaseBlobs);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_PACK_OPERANDS_H
