//===- PortableTarget.cpp - Plain vector code -----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One way to multiply that every machine has: an element of A in every lane,
// times 8 columns of B, one K after the other. `portable.f32` multiplies
// floats, `portable.i32` integers; `portable.dequantize` takes B as f32 when
// its blocks do not lie as the others need.
//
//===----------------------------------------------------------------------===//

#include "PortableTarget.h"

#include "../KernelPlanning.h"
#include "../TileEmitter.h"
#include "../WeightDecoder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace lowbit;

static constexpr int64_t kColumns = 16;
static constexpr int64_t kRows[] = {4, 2, 1};
static constexpr int64_t kRowBlock = 64;

/// The stored element of a packed code: nibbles, bytes, containers of 16 bits,
/// or a float that every machine converts. Integers that are multiplied as such
/// stand alone in their bytes: their groups may have any length.
static Type getStoredType(Type type, Type compute) {
  unsigned bits = getBitWidth(type);
  if (type.isF16() || type.isBF16() || type.isF32())
    return type;
  bool pairs = bits <= 4 && !compute.isInteger();
  return IntegerType::get(type.getContext(), pairs ? 4 : bits <= 8 ? 8 : 16);
}

/// Two nibbles of a byte are two values of K, so steps of 2; bytes and wider
/// elements stand alone.
static int64_t getStep(Type stored) { return stored.isInteger(4) ? 2 : 1; }

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

namespace {
class PortableTile : public TileEmitter {
public:
  PortableTile(OpBuilder &builder, PackedMatmulOp op, Type compute)
      : TileEmitter(builder, op,
                    getStep(getStoredType(op.getKernel().getFormat(), compute)),
                    compute),
        compute(compute), stored(getStoredType(kernel.getFormat(), compute)) {
    fused = Machine::get(op).hasFusedMultiplyAdd();
  }

private:
  void beginGroup(Value group) override;
  void emitStep(Value index, MutableArrayRef<Value> partial) override;
  /// Numbers or integers of the codes in a vector of stored elements.
  Value decode(Value codes);
  void multiply(Value k, MutableArrayRef<Value> columns,
                MutableArrayRef<Value> partial);

  Type compute, stored;
  SmallVector<Value> zeroPoints;
};
} // namespace

void PortableTile::beginGroup(Value group) {
  if (!compute.isInteger()) {
    zeroPoints = loadZeroPoints(*this, op.getZeroB(), kernel.getZeroPoint(),
                                group, vectors);
    return;
  }
  zeroPoints.clear();
  for (int64_t j = 0; op.getZeroB() && j < vectors; ++j)
    zeroPoints.push_back(
        loadIntegers(op.getZeroB(), scaled(group, vectors * kLanes, j * kLanes),
                     kernel.getZeroPoint()));
}

Value PortableTile::decode(Value codes) {
  Type format = kernel.getFormat();
  if (format.isF32())
    return codes;
  if (format.isF16() || format.isBF16())
    return arith::ExtFOp::create(b, vectorOf(compute), codes);
  auto codeType = IntegerType::get(b.getContext(), getBitWidth(format));
  if (codeType != cast<VectorType>(codes.getType()).getElementType())
    codes = arith::TruncIOp::create(b, vectorOf(codeType), codes);
  if (isa<IntegerType>(format)) {
    // Signless integers count as signed.
    Type wide = vectorOf(b.getI32Type());
    Value value = format.isUnsignedInteger()
                      ? arith::ExtUIOp::create(b, wide, codes).getResult()
                      : arith::ExtSIOp::create(b, wide, codes).getResult();
    if (compute.isInteger())
      return value;
    return arith::SIToFPOp::create(b, vectorOf(compute), value);
  }
  if (codeType != format)
    codes = BitcastOp::create(b, vectorOf(format), codes);
  return ConvertOp::create(b, vectorOf(compute), codes, Rounding::NearestEven,
                           Overflow::IEEE);
}

void PortableTile::multiply(Value k, MutableArrayRef<Value> columns,
                            MutableArrayRef<Value> partial) {
  for (auto [j, column] : llvm::enumerate(columns)) {
    if (zeroPoints.empty())
      continue;
    column = compute.isInteger()
                 ? arith::SubIOp::create(b, column, zeroPoints[j]).getResult()
                 : arith::SubFOp::create(b, column, zeroPoints[j]).getResult();
  }
  for (int64_t r = 0; r < rows; ++r) {
    Value a = loadSplat(op.getA(), r, k);
    if (compute.isInteger() && a.getType() != columns.front().getType())
      a = arith::ExtSIOp::create(b, vectorOf(compute), a);
    for (int64_t j = 0; j < vectors; ++j) {
      Value &sum = partial[r * vectors + j];
      sum = compute.isInteger()
                ? arith::AddIOp::create(b, sum,
                                        arith::MulIOp::create(b, a, columns[j]))
                      .getResult()
                : multiplyAdd(a, columns[j], sum);
    }
  }
}

void PortableTile::emitStep(Value index, MutableArrayRef<Value> partial) {
  SmallVector<Value> columns(vectors);
  if (!stored.isInteger(4)) {
    for (int64_t j = 0; j < vectors; ++j)
      columns[j] = decode(loadStored(
          op.getB(), scaled(index, vectors * kLanes, j * kLanes), stored));
    return multiply(index, columns, partial);
  }
  // A byte holds two values of K of one column.
  SmallVector<Value> low(vectors), high(vectors);
  Type bytes = vectorOf(b.getI8Type());
  Value four = arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<VectorType>(bytes), int8_t(4)));
  Value mask = arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<VectorType>(bytes), int8_t(15)));
  for (int64_t j = 0; j < vectors; ++j) {
    Value pair = loadBytes(op.getB(),
                           scaled(index, vectors * kLanes, j * kLanes), kLanes);
    low[j] = decode(arith::AndIOp::create(b, pair, mask));
    high[j] = decode(arith::ShRUIOp::create(b, pair, four));
  }
  Value k = scaled(index, 2);
  multiply(k, low, partial);
  multiply(scaled(k, 1, 1), high, partial);
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

/// (column, k) -> position: panels of columns, K outside them, pairs of K in a
/// byte of nibbles.
static LayoutAttr getLayoutB(Type stored) {
  int64_t step = getStep(stored);
  SmallVector<LayoutDigit> digits = {
      {0, kColumns, 0}, {1, step, 0}, {0, 1, kColumns}};
  if (step != 1)
    digits.push_back({1, 1, step});
  return LayoutAttr::get(stored, llvm::cantFail(PackedLayout::get(2, digits)));
}

static TileForm getPortableForm(KernelAttr kernel, Type compute) {
  Type stored = getStoredType(kernel.getFormat(), compute);
  return {compute, kColumns, getStep(stored), getBitWidth(stored),
          /*appliesSums=*/false};
}

static llvm::Expected<KernelPlan> planTiles(StringRef name,
                                            const MatmulProblem &problem,
                                            Type aElement, bool scaleA) {
  Type stored = getStoredType(problem.b.elementType, aElement);
  ColumnTiles tiles{kRows, kColumns, kRowBlock, getStep(stored),
                    getLayoutB(stored)};
  return planColumns(name, problem, tiles, aElement, scaleA);
}

namespace {
class PortableF32 : public MatmulKernel {
  StringRef getName() const override { return "portable.f32"; }

  llvm::Expected<KernelPlan> plan(const MatmulProblem &problem,
                                  const Machine &) const override {
    if (problem.exactIntegers)
      return llvm::createStringError("acc = i32 asks for integers");
    return planTiles(getName(), problem,
                     Float32Type::get(problem.a.elementType.getContext()),
                     /*scaleA=*/false);
  }

  llvm::Expected<TileForm> getTileForm(KernelAttr kernel) const override {
    return getPortableForm(kernel, Float32Type::get(kernel.getContext()));
  }

  Value emitTile(OpBuilder &builder, PackedMatmulOp op) const override {
    return PortableTile(builder, op, builder.getF32Type()).emit();
  }
};

class PortableI32 : public MatmulKernel {
  StringRef getName() const override { return "portable.i32"; }

  llvm::Expected<KernelPlan> plan(const MatmulProblem &problem,
                                  const Machine &) const override {
    // Elsewhere floats do: an f32 holds the products and the scale is at hand.
    if (!problem.exactIntegers)
      return llvm::createStringError("only for acc = i32");
    return planTiles(getName(), problem,
                     IntegerType::get(problem.a.elementType.getContext(), 32),
                     /*scaleA=*/true);
  }

  llvm::Expected<TileForm> getTileForm(KernelAttr kernel) const override {
    if (!isa<IntegerType>(kernel.getFormat()))
      return llvm::createStringError("the weights are not integers");
    return getPortableForm(kernel, IntegerType::get(kernel.getContext(), 32));
  }

  Value emitTile(OpBuilder &builder, PackedMatmulOp op) const override {
    return PortableTile(builder, op, builder.getI32Type()).emit();
  }
};

/// The answer for what the others do not take: blocks that do not divide, zero
/// points of any kind.
class PortableDequantize : public MatmulKernel {
  StringRef getName() const override { return "portable.dequantize"; }

  llvm::Expected<KernelPlan> plan(const MatmulProblem &problem,
                                  const Machine &) const override {
    Type f32 = Float32Type::get(problem.a.elementType.getContext());
    MatmulProblem dense = problem;
    dense.b = {f32, *getFormat(f32)};
    llvm::Expected<KernelPlan> plan =
        planTiles(getName(), dense, f32, /*scaleA=*/false);
    if (plan)
      plan->dequantizeB = true;
    return plan;
  }

  llvm::Expected<TileForm> getTileForm(KernelAttr kernel) const override {
    return getPortableForm(kernel, Float32Type::get(kernel.getContext()));
  }

  Value emitTile(OpBuilder &builder, PackedMatmulOp op) const override {
    return PortableTile(builder, op, builder.getF32Type()).emit();
  }
};

class PortableTarget : public Target {
public:
  PortableTarget() {
    kernels.push_back(std::make_unique<PortableI32>());
    kernels.push_back(std::make_unique<PortableF32>());
    kernels.push_back(std::make_unique<PortableDequantize>());
  }
  StringRef getName() const override { return "Portable"; }
  bool supports(const Machine &) const override { return true; }
  ArrayRef<std::unique_ptr<MatmulKernel>> getKernels() const override {
    return kernels;
  }

private:
  SmallVector<std::unique_ptr<MatmulKernel>> kernels;
};
} // namespace

const Target &lowbit::getPortableTarget() {
  static const PortableTarget target;
  return target;
}
