//===- KernelRecords.cpp - How each low-bit op is compiled ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelRecords.h"

#include "../FoldWeights/FoldableOps.h"
#include "../Pack/HoistWeights.h"
#include "../Pack/Operands.h"
#include "../ToBytes/ByteLayout.h"

#include "lowbit/Numerics/Arrays.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/CastInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace lowbit;

StringRef lowbit::stringifyPacking(Packing packing) {
  switch (packing) {
  case Packing::CompileTime:
    return "compile_time";
  case Packing::Once:
    return "once";
  case Packing::EachCall:
    return "each_call";
  }
  llvm_unreachable("unknown packing");
}

//===----------------------------------------------------------------------===//
// Counts
//===----------------------------------------------------------------------===//

static Count operator+(Count lhs, Count rhs) {
  return lhs && rhs ? llvm::checkedAdd(*lhs, *rhs) : std::nullopt;
}

static Count operator*(Count lhs, Count rhs) {
  return lhs && rhs ? llvm::checkedMul(*lhs, *rhs) : std::nullopt;
}

static Count getCount(int64_t extent) {
  return ShapedType::isDynamic(extent) ? std::nullopt : Count(extent);
}

static Count getProduct(ArrayRef<int64_t> extents) {
  Count product = 1;
  for (int64_t extent : extents)
    product = product * getCount(extent);
  return product;
}

static Count getNumElements(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return 1;
  return shaped.hasRank() ? getProduct(shaped.getShape()) : std::nullopt;
}

/// The bytes of a value at the boundary of a compiled function.
static Count getStoredBytes(Type type) {
  Type element = getStorageElement(getElementTypeOrSelf(type));
  if (!element || !(isLowBitType(element) || element.isIntOrFloat()))
    return std::nullopt;
  unsigned bits = getBitWidth(element);
  if (auto tensor = dyn_cast<RankedTensorType>(type);
      tensor && isLowBitType(element)) {
    if (!tensor.hasStaticShape())
      return std::nullopt;
    return getPackedBytes(bits, tensor.getShape());
  }
  // Scalars and vectors have a container for each element.
  return getNumElements(type) *
         Count(llvm::PowerOf2Ceil(llvm::divideCeil(bits, 8)));
}

static Count getStoredBytes(Value value) {
  return value ? getStoredBytes(value.getType()) : Count(0);
}

/// The bytes of a packed matrix of `columns` times `other`.
static Count getMatrixBytes(LayoutAttr attr, Count columns, Count other) {
  if (!columns || !other)
    return std::nullopt;
  PackedLayout layout = attr.getLayout();
  Count bits = attr.getElement().getIntOrFloatBitWidth();
  for (int64_t extent : layout.getDigitExtents({*columns, *other}))
    bits = bits * Count(extent);
  return bits ? Count(*bits / 8) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

namespace {
class RecordCollector {
public:
  explicit RecordCollector(ModuleOp module) : module(module), folded(module) {}

  std::vector<KernelRecord> collect();

private:
  void addProduct(KernelRecord &record, MatmulOp op);
  void addConversion(KernelRecord &record);
  void addPacking(KernelRecord &record, MatmulOp op,
                  const MatmulProblem &problem, const KernelPlan &plan,
                  Count columns, Count batches);
  /// When a pack of these values takes place.
  Packing getPacking(Operation *op, ArrayRef<Value> values);
  bool isConstantWhenPacked(Value value);
  HoistableValues *getHoistable(Operation *op);
  void addFusedUses(MatmulOp op, const MatmulProblem &problem,
                    const KernelPlan &plan);
  /// Whether nothing but products with their own way to it reads `op`.
  bool isFused(Operation *op);

  ModuleOp module;
  FoldableOps folded;
  llvm::DenseMap<Operation *, std::unique_ptr<HoistableValues>> hoistable;
  /// Where the work of an op becomes part of the product that reads it.
  llvm::DenseSet<OpOperand *> fusedUses;
};
} // namespace

/// What lowbit-pack moves out of a function is what it finds at the top level.
HoistableValues *RecordCollector::getHoistable(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  if (!function || function->getParentOp() != module)
    return nullptr;
  std::unique_ptr<HoistableValues> &entry = hoistable[function];
  if (!entry)
    entry = std::make_unique<HoistableValues>(function);
  return entry->getObstacle().empty() ? entry.get() : nullptr;
}

bool RecordCollector::isConstantWhenPacked(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  return matchPattern(op, m_Constant()) || folded.contains(op);
}

Packing RecordCollector::getPacking(Operation *op, ArrayRef<Value> values) {
  if (llvm::all_of(values,
                   [&](Value value) { return isConstantWhenPacked(value); }))
    return Packing::CompileTime;
  HoistableValues *once = getHoistable(op);
  if (once &&
      llvm::all_of(values, [&](Value value) { return once->getWeight(value); }))
    return Packing::Once;
  return Packing::EachCall;
}

void RecordCollector::addPacking(KernelRecord &record, MatmulOp op,
                                 const MatmulProblem &problem,
                                 const KernelPlan &plan, Count columns,
                                 Count batches) {
  Count unit = plan.kernel.getUnit(), k = getCount(problem.k);
  Count paddedK = k + unit;
  if (paddedK)
    paddedK = llvm::alignTo(*k, *unit);
  Count groups = 1;
  if (int64_t group = plan.kernel.getGroup())
    groups = paddedK ? Count(llvm::divideCeil(*paddedK, group)) : std::nullopt;

  struct Part {
    SmallVector<Value> sources;
    Count packed;
    /// Bytes that are written and read on the way.
    Count between = 0;
  };
  SmallVector<Part> parts;
  record.weightBytes = batches * getMatrixBytes(plan.layoutB, columns, paddedK);
  parts.push_back({{op.getB()}, record.weightBytes});
  if (plan.dequantizeB) {
    Part &part = parts.back();
    for (Value value : {op.getBScale(), op.getBZeroPoint()})
      if (value)
        part.sources.push_back(value);
    part.between = Count(8) * getNumElements(op.getB().getType());
  }
  if (plan.kernel.getScale())
    parts.push_back(
        {{problem.b.scale},
         batches * getMatrixBytes(plan.layoutScale, columns, groups)});
  if (plan.kernel.getZeroPoint())
    parts.push_back(
        {{problem.b.zeroPoint},
         batches * getMatrixBytes(plan.layoutZeroPoint, columns, groups)});

  record.product->packing = Packing::CompileTime;
  record.product->packingBytes = 0;
  for (const Part &part : parts) {
    if (&part != parts.begin())
      record.scaleBytes = record.scaleBytes + part.packed;
    Packing packing = getPacking(op, part.sources);
    record.product->packing = std::max(record.product->packing, packing);
    if (packing != Packing::EachCall)
      continue;
    Count moved = part.packed + part.between;
    for (Value source : part.sources)
      moved = moved + getStoredBytes(source);
    record.product->packingBytes = record.product->packingBytes + moved;
  }
}

void RecordCollector::addFusedUses(MatmulOp op, const MatmulProblem &problem,
                                   const KernelPlan &plan) {
  auto add = [&](Operation *producer, Operation *reader) {
    for (OpOperand &use : producer->getUses())
      if (use.getOwner() == reader)
        fusedUses.insert(&use);
  };
  // A kernel reads through the second level of a scale, unless its operand
  // becomes f32 before.
  if (problem.a.outerScale && !plan.aElement.isF32())
    add(op.getAScale().getDefiningOp(), op);
  if (problem.b.outerScale && !plan.dequantizeB)
    add(op.getBScale().getDefiningOp(), op);
  // Activations are quantized where they are packed.
  if (QuantizeOp quantize = getFusedQuantize(op, problem)) {
    add(quantize, op);
    if (ChooseScaleOp choose = getFusedChooseScale(quantize)) {
      add(choose, quantize);
      add(choose, op);
    }
  }
}

bool RecordCollector::isFused(Operation *op) {
  return !op->use_empty() && llvm::all_of(op->getUses(), [&](OpOperand &use) {
    return fusedUses.contains(&use) &&
           (isa<MatmulOp>(use.getOwner()) || isFused(use.getOwner()));
  });
}

void RecordCollector::addProduct(KernelRecord &record, MatmulOp op) {
  MatmulProblem problem = MatmulProblem::get(op);
  Count batches = 1;
  if (problem.batchedB)
    batches = getProduct(op.getA().getType().getShape().drop_back(2));
  Count m = getCount(problem.m), n = getCount(problem.n),
        k = getCount(problem.k);
  record.product = {batches, m, n, k, Packing::CompileTime, 0};
  record.operations = Count(2) * batches * m * n * k;
  record.activationBytes =
      getStoredBytes(op.getA()) + getStoredBytes(op.getAScale()) +
      getStoredBytes(op.getAZeroPoint()) + getStoredBytes(op.getBias());
  record.resultBytes = getStoredBytes(op.getResult());
  if (batches == 0 || m == 0 || n == 0 || k == 0) {
    record.kernel = "none";
    return;
  }

  KernelChoice choice = chooseKernel(problem, Machine::get(op));
  record.kernel = choice.kernel->getName();
  record.rejected = std::move(choice.rejected);
  record.isFallback = choice.isFallback;
  addPacking(record, op, problem, choice.plan, n, batches);
  addFusedUses(op, problem, choice.plan);
}

//===----------------------------------------------------------------------===//
// Other ops
//===----------------------------------------------------------------------===//

static bool hasLowBitType(Operation *op) {
  return llvm::any_of(
      llvm::concat<Type>(op->getOperandTypes(), op->getResultTypes()),
      [](Type type) { return isLowBitType(getElementTypeOrSelf(type)); });
}

static bool isRecorded(Operation *op) {
  if (isa_and_nonnull<LowbitDialect, quant::QuantDialect>(op->getDialect()))
    return true;
  return isa_and_nonnull<arith::ArithDialect>(op->getDialect()) &&
         (isa<CastOpInterface>(op) ||
          isa<arith::ScalingExtFOp, arith::ScalingTruncFOp>(op)) &&
         hasLowBitType(op);
}

void RecordCollector::addConversion(KernelRecord &record) {
  Operation *op = record.op;
  bool isExpanded =
      isa<QuantizeOp, DequantizeOp, ChooseScaleOp, ConvertOp, arith::ExtFOp,
          arith::TruncFOp, arith::ScalingExtFOp, arith::ScalingTruncFOp,
          quant::QuantizeCastOp, quant::DequantizeCastOp>(op);
  bool isReadByProduct =
      isa<DequantizeOp>(op) && llvm::any_of(op->getUses(), isReadByMatmul);
  if (isFused(op))
    record.kernel = "fused";
  else if (folded.contains(op) && !isReadByProduct)
    record.kernel = "folded";
  else if (isExpanded)
    record.kernel = "expand-conversions";
  else if (isa<PackedMatmulOp, PackOp, UnpackOp, IntrinsicOp>(op))
    record.kernel = "lower-kernels";
  else
    record.kernel = "to-bytes";

  record.operations = 0;
  if (op->getNumResults() > 0) {
    // A scale is chosen by looking at every element of the input.
    Type counted = isa<ChooseScaleOp>(op) ? op->getOperand(0).getType()
                                          : op->getResult(0).getType();
    record.operations = getNumElements(counted);
  }
  // The data comes first, then scales and what goes with them.
  bool hasScales =
      isa<ScaledOpInterface, arith::ScalingExtFOp, arith::ScalingTruncFOp>(op);
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    Count &bytes =
        hasScales && i > 0 ? record.scaleBytes : record.activationBytes;
    bytes = bytes + getStoredBytes(operand);
  }
  for (Value result : op->getResults())
    record.resultBytes = record.resultBytes + getStoredBytes(result);
}

std::vector<KernelRecord> RecordCollector::collect() {
  std::vector<KernelRecord> records;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (!isRecorded(op))
      return;
    KernelRecord record{op};
    if (auto function = op->getParentOfType<FunctionOpInterface>())
      record.function = function.getNameAttr();
    if (auto matmul = dyn_cast<MatmulOp>(op))
      addProduct(record, matmul);
    records.push_back(std::move(record));
  });
  // What is fused is known when all products are.
  for (KernelRecord &record : records)
    if (!record.product)
      addConversion(record);
  return records;
}

std::vector<KernelRecord> lowbit::collectKernelRecords(ModuleOp module) {
  return RecordCollector(module).collect();
}
