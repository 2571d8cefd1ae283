//===- LinalgOps.cpp - linalg on tensors, through its interface -----------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every LinalgOp, named or generic, is the loop nest of its indexing maps: the
// body runs once per point, in row-major order, so that reductions run over
// ascending indices.
//
//===----------------------------------------------------------------------===//

#include "ScalarProgram.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

namespace {
/// How the points of the loop nest map to the elements of one operand.
class Access {
public:
  /// An error at `op` if the operand's extents do not agree with the loops.
  static FailureOr<Access> get(Operation *op, unsigned operand, AffineMap map,
                               ArrayRef<int64_t> loops,
                               ArrayRef<int64_t> shape);

  FailureOr<int64_t> getIndex(Operation *op, ArrayRef<int64_t> point) const {
    if (map)
      return getIndexByMap(op, point);
    int64_t element = offset;
    for (auto [stride, position] : llvm::zip_equal(strides, point))
      element += stride * position;
    return element;
  }

private:
  FailureOr<int64_t> getIndexByMap(Operation *op,
                                   ArrayRef<int64_t> point) const;

  unsigned operand;
  SmallVector<int64_t> shape;
  /// A linear access, which is known to stay in bounds.
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  /// Any other access, checked at each point; null if it is linear.
  AffineMap map;
};
} // namespace

/// Adds `factor` times `expr` to a linear form over the loops; false if the
/// expression is not linear.
static bool addLinear(AffineExpr expr, int64_t factor,
                      MutableArrayRef<int64_t> coefficients, int64_t &offset) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    coefficients[dim.getPosition()] += factor;
    return true;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    offset += factor * constant.getValue();
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return addLinear(binary.getLHS(), factor, coefficients, offset) &&
           addLinear(binary.getRHS(), factor, coefficients, offset);
  // Canonical products have their constant on the right.
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (binary.getKind() != AffineExprKind::Mul || !constant)
    return false;
  return addLinear(binary.getLHS(), factor * constant.getValue(), coefficients,
                   offset);
}

FailureOr<Access> Access::get(Operation *op, unsigned operand, AffineMap map,
                              ArrayRef<int64_t> loops,
                              ArrayRef<int64_t> shape) {
  Access access;
  access.operand = operand;
  access.shape.assign(shape.begin(), shape.end());
  access.strides.assign(loops.size(), 0);
  bool isEmpty = llvm::is_contained(loops, 0);
  SmallVector<int64_t> elementStrides = getStrides(shape);
  for (auto [dim, expr, extent, elementStride] :
       llvm::enumerate(map.getResults(), shape, elementStrides)) {
    // A plain loop index covers its dimension.
    if (auto loop = dyn_cast<AffineDimExpr>(expr);
        loop && loops[loop.getPosition()] != extent)
      return op->emitOpError("expected extent ")
             << loops[loop.getPosition()] << " in dimension " << dim
             << " of operand #" << operand << ", found " << extent;
    SmallVector<int64_t> coefficients(loops.size(), 0);
    int64_t offset = 0;
    if (!addLinear(expr, 1, coefficients, offset)) {
      access.map = map;
      return access;
    }
    if (isEmpty)
      continue;
    int64_t least = offset, largest = offset;
    for (auto [coefficient, loop] : llvm::zip_equal(coefficients, loops))
      (coefficient < 0 ? least : largest) += coefficient * (loop - 1);
    if (least < 0 || largest >= extent)
      return op->emitOpError("reads operand #")
             << operand << " from " << least << " to " << largest
             << " in dimension " << dim << ", which has extent " << extent;
    access.offset += offset * elementStride;
    for (auto [stride, coefficient] :
         llvm::zip_equal(access.strides, coefficients))
      stride += coefficient * elementStride;
  }
  return access;
}

FailureOr<int64_t> Access::getIndexByMap(Operation *op,
                                         ArrayRef<int64_t> point) const {
  SmallVector<int64_t> index;
  for (AffineExpr expr : map.getResults()) {
    std::optional<int64_t> position = evaluateAffine(expr, point, {});
    if (!position)
      return op->emitOpError("has an indexing map that divides by a number "
                             "that is not positive, or overflows");
    index.push_back(*position);
  }
  return getElement(op, "operand #" + std::to_string(operand), index, shape);
}

/// The extents of the loops, from the operands' shapes.
static FailureOr<SmallVector<int64_t>> getLoops(linalg::LinalgOp op,
                                                ArrayRef<Tensor> operands) {
  AffineMap toLoops = op.getShapesToLoopsMap();
  if (!toLoops)
    return op.emitOpError("has indexing maps that do not say its loops");
  SmallVector<int64_t> extents;
  for (const Tensor &operand : operands)
    llvm::append_range(extents, operand.getShape());
  SmallVector<int64_t> loops;
  for (AffineExpr expr : toLoops.getResults()) {
    std::optional<int64_t> extent = evaluateAffine(expr, extents, {});
    if (!extent)
      return op.emitOpError("has a loop of an extent that overflows");
    loops.push_back(std::max<int64_t>(*extent, 0));
  }
  return loops;
}

static LogicalResult evaluateLinalg(Evaluator &evaluator, Operation *op) {
  auto linalgOp = cast<linalg::LinalgOp>(op);
  if (!linalgOp.hasPureTensorSemantics())
    return op->emitOpError("works on memrefs; the reference evaluator runs "
                           "linalg ops on tensors");

  Evaluator::Values operands = llvm::map_to_vector(
      op->getOperands(), [&](Value value) { return evaluator.get(value); });
  FailureOr<SmallVector<int64_t>> loops = getLoops(linalgOp, operands);
  if (failed(loops))
    return failure();
  SmallVector<Access> accesses;
  for (auto [i, map, operand] :
       llvm::enumerate(linalgOp.getIndexingMapsArray(), operands)) {
    FailureOr<Access> access =
        Access::get(op, i, map, *loops, operand.getShape());
    if (failed(access))
      return failure();
    accesses.push_back(std::move(*access));
  }
  FailureOr<ElementBody> body =
      ElementBody::prepare(evaluator, *linalgOp.getBlock());
  if (failed(body))
    return failure();

  // Outputs are read and written in place, in copies of the initial values.
  size_t numInputs = linalgOp.getNumDpsInputs();
  Evaluator::Values results(operands.begin() + numInputs, operands.end());
  SmallVector<ArrayRef<uint64_t>> sources;
  SmallVector<MutableArrayRef<uint64_t>> outputs;
  for (const Tensor &operand : ArrayRef(operands).take_front(numInputs))
    sources.push_back(operand.getCodes());
  for (Tensor &result : results) {
    outputs.push_back(result.getMutableCodes());
    sources.push_back(outputs.back());
  }

  SmallVector<int64_t> elements(operands.size());
  SmallVector<uint64_t> arguments(operands.size()), yields(results.size());
  auto runPoint = [&](ArrayRef<int64_t> point) -> LogicalResult {
    for (size_t i = 0; i < operands.size(); ++i) {
      FailureOr<int64_t> element = accesses[i].getIndex(op, point);
      if (failed(element))
        return failure();
      elements[i] = *element;
      arguments[i] = sources[i][*element];
    }
    if (failed(body->run(arguments, point, yields)))
      return failure();
    for (size_t i = 0; i < outputs.size(); ++i)
      outputs[i][elements[numInputs + i]] = yields[i];
    return success();
  };
  if (failed(forEachIndex(*loops, runPoint)))
    return failure();
  return evaluator.set(op, std::move(results));
}

static LogicalResult evaluateIndex(Evaluator &evaluator, Operation *op) {
  auto index = cast<linalg::IndexOp>(op);
  return evaluator.set(
      op->getResult(0),
      Tensor(index.getType(), evaluator.loopIndices.back()[index.getDim()]));
}

void reference::registerLinalgOps(OpTable &table) {
  table.handlers["linalg.index"] = evaluateIndex;
  table.families.emplace_back(
      [](Operation *op) { return isa<linalg::LinalgOp>(op); }, evaluateLinalg);
}
