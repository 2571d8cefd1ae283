//===- MatmulExtents.cpp - How large the products of a call are -----------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatmulExtents.h"

#include "lowbit/Numerics/Blocks.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;

/// Functions that call themselves are not followed further.
static constexpr unsigned kMaxCallDepth = 16;

namespace {
using Shape = SmallVector<int64_t>;

/// Shapes of values, forward through a function; kDynamic where unknown.
class ExtentAnalysis {
public:
  /// Returns the shapes of the results.
  SmallVector<Shape> visit(func::FuncOp function, ArrayRef<Shape> arguments);

  SmallVector<MatmulExtents> matmuls;

private:
  void visit(Block &block, bool isNested);
  void visit(MatmulOp op, bool isNested);
  void visit(func::CallOp op);
  /// The shape of a result that `shape`, which came with its type, lacks.
  Shape infer(Operation *op);
  Shape inferMatmul(MatmulOp op);
  Shape inferScale(ChooseScaleOp op);
  Shape inferFromSizes(ArrayRef<OpFoldResult> sizes);

  Shape getShape(Value value) const;
  int64_t getIndex(OpFoldResult value) const;
  std::optional<double> getStoredBytes(Value value) const;

  llvm::DenseMap<Value, Shape> shapes;
  unsigned depth = 0;
};
} // namespace

static Shape getTypeShape(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  return type && type.hasRank() ? Shape(type.getShape()) : Shape();
}

/// `first` with its unknown extents taken from `second`.
static Shape merge(Shape first, ArrayRef<int64_t> second) {
  if (first.size() == second.size())
    for (auto [extent, other] : llvm::zip(first, second))
      if (ShapedType::isDynamic(extent))
        extent = other;
  return first;
}

Shape ExtentAnalysis::getShape(Value value) const {
  auto it = shapes.find(value);
  return it == shapes.end() ? getTypeShape(value) : it->second;
}

int64_t ExtentAnalysis::getIndex(OpFoldResult value) const {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return *constant;
  if (auto dim = dyn_cast<Value>(value).getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> position = dim.getConstantIndex()) {
      Shape shape = getShape(dim.getSource());
      if (*position >= 0 && *position < int64_t(shape.size()))
        return shape[*position];
    }
  return ShapedType::kDynamic;
}

Shape ExtentAnalysis::inferFromSizes(ArrayRef<OpFoldResult> sizes) {
  return llvm::map_to_vector(sizes,
                             [&](OpFoldResult size) { return getIndex(size); });
}

Shape ExtentAnalysis::inferMatmul(MatmulOp op) {
  Shape shape = getShape(op.getA());
  shape.back() = getShape(op.getB())[op.getBColumnDim()];
  return shape;
}

Shape ExtentAnalysis::inferScale(ChooseScaleOp op) {
  Shape shape = getShape(op.getInput());
  if (llvm::any_of(shape, ShapedType::isDynamic))
    return {};
  ScaledValue value = {op.getInput(), op.getScale(), {}, op.getBlockAttr()};
  SmallVector<int64_t> block = value.getBlockSizes();
  return Shape(Blocking(shape, block).getScaleShape());
}

Shape ExtentAnalysis::infer(Operation *op) {
  if (auto matmul = dyn_cast<MatmulOp>(op))
    return inferMatmul(matmul);
  if (auto choose = dyn_cast<ChooseScaleOp>(op))
    return inferScale(choose);
  if (isa<QuantizeOp, DequantizeOp, ConvertOp, BitcastOp, tensor::CastOp>(op) ||
      op->hasTrait<OpTrait::Elementwise>() ||
      op->hasTrait<OpTrait::SameOperandsAndResultShape>()) {
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType()))
        return getShape(operand);
    return {};
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    return inferFromSizes(empty.getMixedSizes());
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op);
      slice && slice.getType().getRank() == slice.getSourceType().getRank())
    return inferFromSizes(slice.getMixedSizes());
  return {};
}

SmallVector<Shape> ExtentAnalysis::visit(func::FuncOp function,
                                         ArrayRef<Shape> arguments) {
  Block &body = function.getBody().front();
  for (auto [argument, shape] : llvm::zip(body.getArguments(), arguments))
    shapes[argument] = merge(getTypeShape(argument), shape);
  visit(body, /*isNested=*/false);
  return llvm::map_to_vector(body.getTerminator()->getOperands(),
                             [&](Value value) { return getShape(value); });
}

void ExtentAnalysis::visit(Block &block, bool isNested) {
  for (Operation &op : block) {
    if (auto matmul = dyn_cast<MatmulOp>(op))
      visit(matmul, isNested);
    if (auto call = dyn_cast<func::CallOp>(op); call && !isNested) {
      visit(call);
      continue;
    }
    for (OpResult result : op.getResults()) {
      if (!isa<RankedTensorType>(result.getType()))
        continue;
      // The result of a linalg op has the shape of what it writes to.
      Shape inferred;
      if (auto dps = dyn_cast<DestinationStyleOpInterface>(op))
        inferred = getShape(dps.getTiedOpOperand(result)->get());
      else
        inferred = infer(&op);
      shapes[result] = merge(getTypeShape(result), inferred);
    }
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        visit(inner, /*isNested=*/true);
  }
}

void ExtentAnalysis::visit(func::CallOp op) {
  auto callee = dyn_cast_if_present<func::FuncOp>(
      SymbolTable::lookupNearestSymbolFrom(op, op.getCalleeAttr()));
  if (!callee || callee.isExternal() || depth == kMaxCallDepth)
    return;
  ++depth;
  SmallVector<Shape> arguments = llvm::map_to_vector(
      op.getOperands(), [&](Value value) { return getShape(value); });
  SmallVector<Shape> results = visit(callee, arguments);
  for (auto [result, shape] : llvm::zip(op.getResults(), results))
    shapes[result] = merge(getTypeShape(result), shape);
  --depth;
}

/// The bytes of an array of this shape in the storage of docs/Formats.md.
static std::optional<double> getBytes(Type type, ArrayRef<int64_t> shape) {
  Type element = getElementTypeOrSelf(type);
  if (llvm::any_of(shape, ShapedType::isDynamic) || isa<IndexType>(element))
    return std::nullopt;
  unsigned bits = getBitWidth(element);
  double rows = 1.0;
  for (int64_t extent : shape.drop_back(shape.empty() ? 0 : 1))
    rows *= extent;
  int64_t length = shape.empty() ? 1 : shape.back();
  if (bits <= 16)
    return rows * getPackedRowBytes(bits, length);
  return rows * length * (bits / 8);
}

std::optional<double> ExtentAnalysis::getStoredBytes(Value value) const {
  auto dequantize = value.getDefiningOp<DequantizeOp>();
  if (!dequantize)
    return getBytes(value.getType(), getShape(value));
  double sum = 0.0;
  for (Value operand : dequantize->getOperands()) {
    std::optional<double> bytes = getStoredBytes(operand);
    if (!bytes)
      return std::nullopt;
    sum += *bytes;
  }
  return sum;
}

void ExtentAnalysis::visit(MatmulOp op, bool isNested) {
  MatmulExtents extents;
  extents.op = op;
  extents.isNested = isNested;
  Shape a = getShape(op.getA()), b = getShape(op.getB());
  int64_t k = a.back();
  if (ShapedType::isDynamic(k))
    k = b[op.getBReductionDim()];
  if (!ShapedType::isDynamic(k))
    extents.k = k;
  Shape result = merge(getTypeShape(op.getResult()), inferMatmul(op));
  if (extents.k && llvm::none_of(result, ShapedType::isDynamic)) {
    extents.operations = 2.0 * k;
    for (int64_t extent : result)
      *extents.operations *= extent;
  }
  extents.weightBytes = 0.0;
  const Value weights[] = {op.getB(), op.getBScale(), op.getBZeroPoint()};
  for (Value value : weights) {
    std::optional<double> bytes =
        value ? getStoredBytes(value) : std::optional(0.0);
    if (!bytes || !extents.weightBytes)
      extents.weightBytes = std::nullopt;
    else
      *extents.weightBytes += *bytes;
  }
  matmuls.push_back(extents);
}

SmallVector<MatmulExtents> run::getMatmulExtents(func::FuncOp function,
                                                 ArrayRef<Shape> shapes) {
  ExtentAnalysis analysis;
  analysis.visit(function, shapes);
  return std::move(analysis.matmuls);
}
