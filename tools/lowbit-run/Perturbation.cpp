//===- Perturbation.cpp - The reference with its inexact ops moved --------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Perturbation.h"

#include "Expectation.h"

#include "lowbit/Numerics/Codec.h"

#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/PassManager.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;
using reference::Interpreter;
using reference::Tensor;

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

MatmulBounds::MatmulBounds(func::FuncOp function,
                           ArrayRef<SmallVector<int64_t>> shapes)
    : terminator(function.getBody().front().getTerminator()) {
  // A function that is called several times may see several K: the largest
  // holds for all.
  for (MatmulExtents &matmul : getMatmulExtents(function, shapes)) {
    if (!matmul.k)
      continue;
    int64_t &k = extents.try_emplace(matmul.op, *matmul.k).first->second;
    k = std::max(k, *matmul.k);
  }
}

FailureOr<MatmulBound> MatmulBounds::get(MatmulOp op, const Tensor &result,
                                         ArrayRef<double> magnitude) const {
  auto it = extents.find(op);
  if (it == extents.end())
    return op.emitError("cannot be checked: its bound depends on K, which is "
                        "dynamic and follows from no argument's shape; a "
                        "static K in the type of an operand would tell it");
  MatmulBound bound;
  bound.k = it->second;
  // Rule M14: integer sums are exact, what follows is f32.
  bound.unitRoundoff = op.getAcc().isF16() ? 0x1p-11 : 0x1p-24;
  bound.resultBits = getBitWidth(result.getElementType());
  double factor = static_cast<double>(bound.k + 8) * bound.unitRoundoff;
  for (double sum : magnitude)
    bound.absolute.push_back(factor * sum);
  return bound;
}

//===----------------------------------------------------------------------===//
// Inexact ops of the math dialect
//===----------------------------------------------------------------------===//

/// Whether the reference takes `op` from the C library, so that other
/// implementations of it may differ in the last places.
static bool isInexactMath(Operation *op) {
  return isa_and_nonnull<math::MathDialect>(op->getDialect()) &&
         op->getNumResults() > 0 &&
         isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType())) &&
         !isa<math::AbsFOp, math::CopySignOp, math::FmaOp, math::ClampFOp,
              math::CeilOp, math::FloorOp, math::TruncOp, math::RoundOp,
              math::RoundEvenOp, math::SqrtOp>(op);
}

static bool hasInexactMath(ModuleOp module) {
  return module
      ->walk([](Operation *op) {
        return isInexactMath(op) ? WalkResult::interrupt()
                                 : WalkResult::advance();
      })
      .wasInterrupted();
}

/// One plus or minus 4 units in the last place of 1.
static TypedAttr getFactor(Type type, bool isUp) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  double step = std::ldexp(4.0, 1 - int(element.getFPMantissaWidth()));
  auto factor = FloatAttr::get(element, isUp ? 1.0 + step : 1.0 - step);
  if (auto vector = dyn_cast<VectorType>(type))
    return DenseElementsAttr::get(vector, factor);
  return factor;
}

void Perturbation::addFactors() {
  // Ops on tensors, of whatever shape, become ops on scalars.
  PassManager passes(module->getContext());
  passes.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  passes.addNestedPass<func::FuncOp>(createLinalgGeneralizeNamedOpsPass());
  if (failed(passes.run(*module)))
    return;
  SmallVector<Operation *> ops;
  module->walk([&](Operation *op) {
    if (isInexactMath(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    ImplicitLocOpBuilder builder(op->getLoc(), op->getContext());
    builder.setInsertionPointAfter(op);
    for (Value result : op->getResults()) {
      if (isa<TensorType>(result.getType()))
        continue;
      auto factor = arith::ConstantOp::create(
          builder, getFactor(result.getType(), /*isUp=*/true));
      auto product = arith::MulFOp::create(builder, result, factor);
      result.replaceAllUsesExcept(product, product);
      factors.push_back(factor);
    }
  }
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

/// Whether something moves up in a run. `site` counts the inexact ops that the
/// run has met, `element` is the place in a result.
static bool movesUp(unsigned run, uint64_t site, uint64_t element) {
  bool isUp = true;
  unsigned pair = run / 2;
  if (pair == 1) {
    isUp = site % 2 == 0;
  } else if (pair > 1) {
    // SplitMix64's finalizer: one bit of it is as good as a coin.
    uint64_t x = (site << 40) + (element << 4) + pair;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    isUp = (x >> 63) != 0;
  }
  return isUp != (run % 2 == 1);
}

bool Perturbation::isNeeded(ModuleOp module, const MatmulBounds &bounds) {
  bool hasInnerMatmul = false;
  module.walk([&](MatmulOp op) { hasInnerMatmul |= !bounds.isReturned(op); });
  return hasInnerMatmul || hasInexactMath(module);
}

Perturbation::Perturbation(ModuleOp original, func::FuncOp originalFunction,
                           ArrayRef<SmallVector<int64_t>> shapes)
    : module(original.clone()) {
  if (hasInexactMath(*module))
    addFactors();
  function = module->lookupSymbol<func::FuncOp>(originalFunction.getSymName());
  bounds.emplace(function, shapes);
}

FailureOr<SmallVector<Tensor>> Perturbation::run(unsigned run,
                                                 ArrayRef<Tensor> arguments) {
  ScopedDiagnosticHandler silence(module->getContext(),
                                  [](Diagnostic &) { return success(); });
  uint64_t site = 0;
  for (arith::ConstantOp factor : factors)
    factor.setValueAttr(getFactor(factor.getType(), movesUp(run, site++, 0)));
  Interpreter interpreter(*module);
  interpreter.setMatmulObserver([&](Operation *op, Tensor &result,
                                    ArrayRef<double> magnitude) {
    if (bounds->isReturned(op))
      return;
    FailureOr<MatmulBound> bound =
        bounds->get(cast<MatmulOp>(op), result, magnitude);
    if (failed(bound))
      return;
    Format format = *getFormat(result.getElementType());
    for (auto [i, code] : llvm::enumerate(result.getMutableCodes())) {
      Interval interval =
          getMatmulInterval(format, decode(format, code), bound->absolute[i]);
      code =
          encode(format, movesUp(run, site, i) ? interval.high : interval.low,
                 Rounding::NearestEven, Overflow::IEEE);
    }
    ++site;
  });
  return interpreter.call(function.getSymName(), arguments);
}
