//===- ScalarProgram.cpp - Bodies that run once per element ---------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lowbit::reference;

FailureOr<std::optional<ScalarProgram>>
ScalarProgram::compile(Evaluator &evaluator, Block &block) {
  std::optional<ScalarProgram> none;
  ScalarProgram program;
  DenseMap<Value, unsigned> slotOf;
  auto addSlot = [&](Value value, uint64_t code = 0) {
    slotOf[value] = program.slots.size();
    program.slots.push_back(code);
  };
  for (BlockArgument argument : block.getArguments())
    addSlot(argument);
  auto getSlot = [&](Value value) {
    // A value from outside the block does not change while it runs.
    if (!slotOf.contains(value))
      addSlot(value, evaluator.get(value).getCode());
    return slotOf[value];
  };

  size_t largest = 1;
  for (Operation &op : block) {
    if (llvm::any_of(op.getOperandTypes(), llvm::IsaPred<ShapedType>) ||
        llvm::any_of(op.getResultTypes(), llvm::IsaPred<ShapedType>))
      return none;
    if (isa<linalg::YieldOp, tensor::YieldOp>(op)) {
      for (Value value : op.getOperands())
        program.yields.push_back(getSlot(value));
      break;
    }
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      addSlot(index);
      program.indexSlots.emplace_back(index.getDim(), slotOf[index]);
      continue;
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (auto integer = dyn_cast<IntegerAttr>(constant.getValue());
          integer && integer.getValue().getBitWidth() <= 64)
        addSlot(constant, integer.getValue().getZExtValue());
      else if (auto number = dyn_cast<FloatAttr>(constant.getValue());
               number && isSupportedElementType(number.getType()))
        addSlot(constant, number.getValue().bitcastToAPInt().getZExtValue());
      else
        return none;
      continue;
    }
    FailureOr<const Kernel *> kernel = evaluator.getKernel(&op);
    if (failed(kernel))
      return failure();
    if (!*kernel)
      return none;
    Step step{&op, **kernel, {}, 0};
    for (Value operand : op.getOperands())
      step.operands.push_back(getSlot(operand));
    step.firstResult = program.slots.size();
    for (Value result : op.getResults())
      addSlot(result);
    largest = std::max<size_t>(largest, op.getNumOperands());
    program.steps.push_back(std::move(step));
  }
  program.buffer.resize(largest);
  return std::optional<ScalarProgram>(std::move(program));
}

LogicalResult ScalarProgram::run() {
  for (const Step &step : steps) {
    for (size_t i = 0; i < step.operands.size(); ++i)
      buffer[i] = slots[step.operands[i]];
    if (const char *message =
            step.kernel(buffer.data(), &slots[step.firstResult]))
      return emitKernelError(
          step.op, message,
          ArrayRef<uint64_t>(buffer).take_front(step.operands.size()));
  }
  return success();
}

FailureOr<ElementBody> ElementBody::prepare(Evaluator &evaluator,
                                            Block &block) {
  FailureOr<std::optional<ScalarProgram>> program =
      ScalarProgram::compile(evaluator, block);
  if (failed(program))
    return failure();
  ElementBody body(evaluator, block);
  body.program = std::move(*program);
  return body;
}

LogicalResult ElementBody::run(ArrayRef<uint64_t> arguments,
                               ArrayRef<int64_t> indices,
                               MutableArrayRef<uint64_t> yields) {
  unsigned numArguments = block->getNumArguments();
  assert(arguments.size() >= numArguments && "a value for every argument");
  if (program) {
    std::copy_n(arguments.begin(), numArguments, program->getArguments());
    for (auto [dim, slot] : program->getIndexSlots())
      program->getSlots()[slot] = static_cast<uint64_t>(indices[dim]);
    if (failed(program->run()))
      return failure();
    for (auto [i, code] : llvm::enumerate(yields))
      code = program->getYield(i);
    return success();
  }

  Evaluator::Values values;
  for (auto [argument, code] :
       llvm::zip_first(block->getArguments(), arguments))
    values.emplace_back(argument.getType(), code);
  evaluator->loopIndices.push_back(indices);
  FailureOr<Evaluator::Values> results = evaluator->runBlock(*block, values);
  evaluator->loopIndices.pop_back();
  if (failed(results))
    return failure();
  for (auto [code, value] : llvm::zip_equal(yields, *results))
    code = value.getCode();
  return success();
}
