//===- AffineOps.cpp - Index arithmetic -----------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace lowbit::reference;

std::optional<int64_t>
lowbit::reference::evaluateAffine(AffineExpr expr, ArrayRef<int64_t> dims,
                                  ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];

  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<int64_t> lhs = evaluateAffine(binary.getLHS(), dims, symbols);
  std::optional<int64_t> rhs = evaluateAffine(binary.getRHS(), dims, symbols);
  if (!lhs || !rhs)
    return std::nullopt;
  int64_t result;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return llvm::AddOverflow(*lhs, *rhs, result) ? std::nullopt
                                                 : std::optional(result);
  case AffineExprKind::Mul:
    return llvm::MulOverflow(*lhs, *rhs, result) ? std::nullopt
                                                 : std::optional(result);
  case AffineExprKind::FloorDiv:
    return *rhs <= 0 ? std::nullopt
                     : std::optional(llvm::divideFloorSigned(*lhs, *rhs));
  case AffineExprKind::CeilDiv:
    return *rhs <= 0 ? std::nullopt
                     : std::optional(llvm::divideCeilSigned(*lhs, *rhs));
  case AffineExprKind::Mod:
    return *rhs <= 0 ? std::nullopt : std::optional(llvm::mod(*lhs, *rhs));
  default:
    llvm_unreachable("all binary expressions are handled");
  }
}

/// affine.apply has one result; affine.min and affine.max choose among several.
template <typename OpTy> static FailureOr<Kernel> makeAffine(Operation *op) {
  AffineMap map;
  if constexpr (std::is_same_v<OpTy, affine::AffineApplyOp>)
    map = cast<OpTy>(op).getAffineMap();
  else
    map = cast<OpTy>(op).getMap();
  // One buffer for all runs of the kernel.
  SmallVector<int64_t> operands(op->getNumOperands());
  return Kernel([map, operands](const uint64_t *in,
                                uint64_t *out) mutable -> const char * {
    std::copy_n(in, operands.size(), operands.begin());
    ArrayRef<int64_t> dims = ArrayRef(operands).take_front(map.getNumDims());
    ArrayRef<int64_t> symbols = ArrayRef(operands).drop_front(map.getNumDims());
    std::optional<int64_t> best;
    for (AffineExpr expr : map.getResults()) {
      std::optional<int64_t> value = evaluateAffine(expr, dims, symbols);
      if (!value)
        return "divides by a number that is not positive, or overflows";
      bool better =
          !best || (std::is_same_v<OpTy, affine::AffineMinOp> ? *value < *best
                                                              : *value > *best);
      if (better)
        best = value;
    }
    out[0] = static_cast<uint64_t>(*best);
    return nullptr;
  });
}

void lowbit::reference::registerAffineOps(OpTable &table) {
  table.kernels["affine.apply"] = makeAffine<affine::AffineApplyOp>;
  table.kernels["affine.min"] = makeAffine<affine::AffineMinOp>;
  table.kernels["affine.max"] = makeAffine<affine::AffineMaxOp>;
}
