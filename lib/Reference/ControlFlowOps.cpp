//===- ControlFlowOps.cpp - func and scf ----------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace lowbit::reference;

/// The values of operands.
static Evaluator::Values getValues(Evaluator &evaluator, ValueRange operands) {
  return llvm::map_to_vector(operands,
                             [&](Value value) { return evaluator.get(value); });
}

static LogicalResult evaluateCall(Evaluator &evaluator, Operation *op) {
  auto call = cast<func::CallOp>(op);
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      call, call.getCalleeAttr());
  FailureOr<Evaluator::Values> results =
      evaluator.call(callee, getValues(evaluator, call.getOperands()), call);
  if (failed(results))
    return failure();
  return evaluator.set(op, std::move(*results));
}

static LogicalResult evaluateIf(Evaluator &evaluator, Operation *op) {
  auto branch = cast<scf::IfOp>(op);
  Region &region = evaluator.get(branch.getCondition()).getCode()
                       ? branch.getThenRegion()
                       : branch.getElseRegion();
  if (region.empty())
    return success();
  FailureOr<Evaluator::Values> results = evaluator.runBlock(region.front(), {});
  if (failed(results))
    return failure();
  return evaluator.set(op, std::move(*results));
}

static LogicalResult evaluateFor(Evaluator &evaluator, Operation *op) {
  auto loop = cast<scf::ForOp>(op);
  const Tensor &lower = evaluator.get(loop.getLowerBound());
  const Tensor &upper = evaluator.get(loop.getUpperBound());
  const Tensor &step = evaluator.get(loop.getStep());
  bool isUnsigned = loop.getUnsignedCmp();
  if (isUnsigned ? step.getCode() == 0 : step.getInteger() <= 0)
    return op->emitOpError("expected a positive step, found ")
           << step.getInteger();

  // Counted, so that the index never steps beyond the bound and wraps.
  bool isEmpty = isUnsigned ? lower.getCode() >= upper.getCode()
                            : lower.getInteger() >= upper.getInteger();
  uint64_t distance = static_cast<uint64_t>(upper.getInteger()) -
                      static_cast<uint64_t>(lower.getInteger());
  if (isUnsigned)
    distance = upper.getCode() - lower.getCode();
  uint64_t numSteps = isEmpty ? 0 : (distance - 1) / step.getCode() + 1;

  Evaluator::Values carried = getValues(evaluator, loop.getInitArgs());
  Type indexType = loop.getInductionVar().getType();
  uint64_t mask = llvm::maskTrailingOnes<uint64_t>(getCodeWidth(indexType));
  uint64_t index = lower.getCode(), stride = step.getCode();
  for (uint64_t i = 0; i < numSteps; ++i, index += stride) {
    Evaluator::Values arguments = {Tensor(indexType, index & mask)};
    llvm::append_range(arguments, carried);
    FailureOr<Evaluator::Values> results =
        evaluator.runBlock(*loop.getBody(), arguments);
    if (failed(results))
      return failure();
    carried = std::move(*results);
  }
  return evaluator.set(op, std::move(carried));
}

static LogicalResult evaluateWhile(Evaluator &evaluator, Operation *op) {
  auto loop = cast<scf::WhileOp>(op);
  Evaluator::Values carried = getValues(evaluator, loop.getInits());
  while (true) {
    // The condition comes first in what scf.condition passes on.
    FailureOr<Evaluator::Values> before =
        evaluator.runBlock(*loop.getBeforeBody(), carried);
    if (failed(before))
      return failure();
    bool goesOn = before->front().getCode();
    before->erase(before->begin());
    if (!goesOn)
      return evaluator.set(op, std::move(*before));
    FailureOr<Evaluator::Values> after =
        evaluator.runBlock(*loop.getAfterBody(), *before);
    if (failed(after))
      return failure();
    carried = std::move(*after);
  }
}

void lowbit::reference::registerControlFlowOps(OpTable &table) {
  table.handlers["func.call"] = evaluateCall;
  table.handlers["scf.if"] = evaluateIf;
  table.handlers["scf.for"] = evaluateFor;
  table.handlers["scf.while"] = evaluateWhile;
}
