//===- AVX2FloatKernel.cpp - Weights of any format times floats -----------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Weights become f32 in registers, an activation is in every lane, and FMA adds
// their products. A few rows decode weights on their way; many rows multiply
// weights that were decoded once for all of them, which is the same kernel for
// weights of f32.
//
//===----------------------------------------------------------------------===//

#include "X86Kernels.h"

#include "../KernelPlanning.h"
#include "../TileEmitter.h"
#include "AVX2FloatWeights.h"

using namespace mlir;
using namespace lowbit;

static constexpr int64_t kRows[] = {4, 2, 1};
/// For decoded weights: 12 vectors of sums, 2 of weights and an activation fill
/// 15 registers.
static constexpr int64_t kDecodedRows[] = {6, 4, 2, 1};
/// Whole tiles of 6 rows and of 4.
static constexpr int64_t kRowBlock = 132;
/// Rows from which decoding once pays.
static constexpr int64_t kMinDecodedRows = 12;
/// K that is decoded at a time, as f32 half of a first-level cache.
static constexpr int64_t kDecodedDepth = 256;
/// Cycles that FMA takes, vector instructions in a cycle, and registers for
/// sums.
static constexpr int64_t kLatency = 4, kWidth = 4, kMaxSums = 8;

//===----------------------------------------------------------------------===//
// Tile
//===----------------------------------------------------------------------===//

namespace {
class FloatTile : public TileEmitter {
public:
  FloatTile(OpBuilder &builder, PackedMatmulOp op, const WeightDecoder &decoder)
      : TileEmitter(builder, op, decoder.getDepth(), builder.getF32Type(),
                    getChains(op, decoder)),
        decoder(decoder) {
    state = decoder.getState(*this);
  }

private:
  /// Sums of each element of the tile, enough of them that a step need not wait
  /// for the one before.
  static int64_t getChains(PackedMatmulOp op, const WeightDecoder &decoder) {
    int64_t sums = op.getAType().getDimSize(0) * decoder.getVectors();
    int64_t depth = decoder.getDepth();
    int64_t cycles = (decoder.getCost() + depth * sums) / kWidth;
    int64_t chains = 1;
    while (kLatency * depth > cycles * chains && 2 * chains * sums <= kMaxSums)
      chains *= 2;
    return chains;
  }

  void beginGroup(Value group) override {
    zeroPoints = loadZeroPoints(*this, op.getZeroB(), kernel.getZeroPoint(),
                                group, vectors);
  }

  void emitStep(Value index, MutableArrayRef<Value> partial) override {
    SmallVector<Value> weights = decoder.decode(*this, op.getB(), index, state);
    subtractZeroPoints(*this, zeroPoints, weights);
    for (int64_t k = 0; k < step; ++k)
      for (int64_t r = 0; r < rows; ++r) {
        Value a = loadSplat(op.getA(), r, scaled(index, step, k));
        for (int64_t j = 0; j < vectors; ++j) {
          Value &sum = partial[(k % chains * rows + r) * vectors + j];
          sum = multiplyAdd(a, weights[k * vectors + j], sum);
        }
      }
  }

  SmallVector<Value> finishSums() override {
    return decoder.finish(*this, state);
  }

  const WeightDecoder &decoder;
  SmallVector<Value> zeroPoints;
};
} // namespace

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

/// How much of K to decode at a time: whole groups, or a part of one that
/// divides it.
static int64_t getDecodedDepth(int64_t group) {
  if (group == 0)
    return kDecodedDepth;
  if (group <= kDecodedDepth)
    return kDecodedDepth / group * group;
  int64_t parts = llvm::divideCeil(group, kDecodedDepth);
  while (group % (parts * kFloatDepth) != 0)
    ++parts;
  return group / parts;
}

namespace {
class AVX2FloatKernel : public MatmulKernel {
  StringRef getName() const override { return "x86.avx2.f32"; }

  llvm::Expected<KernelPlan> plan(const MatmulProblem &problem,
                                  const Machine &machine) const override;

  llvm::Expected<TileForm> getTileForm(KernelAttr kernel) const override {
    auto decoder = createAVX2WeightDecoder(kernel.getFormat());
    return TileForm{Float32Type::get(kernel.getContext()), kFloatColumns,
                    decoder->getDepth(),
                    getBitWidth(decoder->getLayout().getElement()),
                    /*appliesSums=*/false};
  }

  Value emitTile(OpBuilder &builder, PackedMatmulOp op) const override {
    auto decoder = createAVX2WeightDecoder(op.getKernel().getFormat());
    return FloatTile(builder, op, *decoder).emit();
  }

  Value emitDecode(OpBuilder &builder, DecodePanelOp op) const override {
    auto decoder = createAVX2WeightDecoder(op.getKernel().getFormat());
    return emitDecodedPanel(builder, op, *decoder);
  }
};
} // namespace

llvm::Expected<KernelPlan> AVX2FloatKernel::plan(const MatmulProblem &problem,
                                                 const Machine &) const {
  if (problem.exactIntegers)
    return llvm::createStringError("acc = i32 asks for integers");
  MLIRContext *context = problem.b.elementType.getContext();
  Type f32 = Float32Type::get(context);
  auto decoder = createAVX2WeightDecoder(problem.b.elementType);
  ColumnTiles tiles{kRows,
                    kFloatColumns,
                    kRowBlock,
                    decoder->getDepth(),
                    decoder->getLayout(),
                    llvm::to_vector(decoder->getTable()),
                    decoder->getShift()};
  llvm::Expected<KernelPlan> plan =
      planColumns(getName(), problem, tiles, f32, /*scaleA=*/false);
  if (!plan)
    return plan.takeError();
  auto decoded = KernelAttr::get(context, getName(), f32, kDecodedRows,
                                 kFloatColumns, kRowBlock, kFloatDepth,
                                 /*group=*/0, /*shift=*/0, Type(), Type());
  plan->kernel = plan->kernel.withDecoding(
      DecodingAttr::get(context, kMinDecodedRows,
                        getDecodedDepth(plan->kernel.getGroup()), decoded));
  return plan;
}

std::unique_ptr<MatmulKernel> lowbit::createAVX2FloatKernel() {
  return std::make_unique<AVX2FloatKernel>();
}
