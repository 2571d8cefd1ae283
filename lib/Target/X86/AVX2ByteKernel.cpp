//===- AVX2ByteKernel.cpp - 4-bit weights times 8-bit activations ---------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// vpmaddubsw multiplies unsigned by signed bytes and adds pairs into 16 bits.
// A weight is made unsigned by an offset (its largest negative integer); what
// the offset adds is taken off again as offset * sum of the activations. With
// weights of 0 to 15 a pair is at most 2 * 15 * 128, so that 8 products fit
// into 16 bits, and one vpmaddwd finishes a group of 32:
//
//   32 bytes of B:  column 0        column 1        ...  column 7
//                   k0 k1 k2 k3     k0 k1 k2 k3          k0 k1 k2 k3
//   low nibbles:    k = 0..3, high nibbles: k = 4..7
//   A:              4 bytes a[k0..k3] in every 32-bit lane
//
// Weights that are not integers from 0 to 15 go through one vpshufb: E2M1
// times 2, log<4> times 64, and any other format of up to 4 bits whose values
// are small integers over a power of two. IQ4_NL (-127 to 113) is no small
// integer: its bytes stay signed and take the sign of A, and vpmaddubsw
// multiplies them with the magnitudes of A, 128 at most. One pair fits.
//
//===----------------------------------------------------------------------===//

#include "AVX2Instructions.h"
#include "Prefetch.h"
#include "X86Kernels.h"

#include "../KernelPlanning.h"
#include "../TileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;
using namespace lowbit;

static constexpr int64_t kColumns = 16;
static constexpr int64_t kRows[] = {4, 2, 1};
static constexpr int64_t kRowBlock = 128;
/// K in the 32 bytes of a load: 4 in the low nibbles, 4 in the high ones.
static constexpr int64_t kPerLoad = 8;
/// Vectors of sums up to which the loads of a step stand one after the other.
/// With more, sums, weights and activations of several loads do not fit into 16
/// registers, and a loop keeps LLVM from mixing the loads.
static constexpr int64_t kMaxUnrolledVectors = 4;

namespace {
/// How the weights of a format become bytes.
struct ByteForm {
  unsigned shift;
  /// Byte = integer + offset, unsigned unless isSigned.
  int32_t offset;
  /// Per code, as bits.
  SmallVector<int8_t> bytes;
  /// Whether a nibble is already the byte, apart from a change when it is
  /// stored.
  bool isNibble;
  /// The bytes are signed, within [-127, 127]; the offset is 0.
  bool isSigned;
  /// Pairs of products that 16 bits hold.
  int64_t pairs;
};
} // namespace

static constexpr char kNoByteForm[] =
    "the weights are not small integers of up to 4 bits";

static std::optional<ByteForm> getByteForm(const Format &format) {
  std::optional<IntegerForm> integers;
  if (format.getBits() <= 4)
    integers = getIntegerForm(format);
  if (!integers)
    return std::nullopt;
  ByteForm form{integers->shift, -integers->lowest, {}, false, false, 0};
  // A codebook may hold nothing but 0.
  int32_t largest = std::max(integers->largest + form.offset, 1);
  // A sum of n pairs lies within n * 2 * largest * [-128, 127].
  form.pairs = 32768 / (2 * 128 * largest);
  if (form.pairs < 1) {
    if (integers->lowest < -127 || integers->largest > 127)
      return std::nullopt;
    form.isSigned = true;
    form.offset = 0;
    form.pairs = 1;
  }
  for (int32_t value : integers->values)
    form.bytes.push_back(value + form.offset);
  form.isNibble = largest <= 15;
  return form;
}

/// Loads per step, each of which is 2 pairs: as many as 16 bits hold and whole
/// groups (0: any) consist of, 4 at most (a group of 32).
static int64_t getLoads(const ByteForm &form, int64_t group) {
  int64_t loads = form.pairs >= 8 ? 4 : form.pairs >= 4 ? 2 : 1;
  while (loads > 1 && group % (loads * kPerLoad) != 0)
    loads /= 2;
  return loads;
}

//===----------------------------------------------------------------------===//
// Tile
//===----------------------------------------------------------------------===//

namespace {
class ByteTile : public TileEmitter {
public:
  ByteTile(OpBuilder &builder, PackedMatmulOp op, const ByteForm &form)
      : TileEmitter(builder, op,
                    getLoads(form, op.getKernel().getGroup()) * kPerLoad,
                    builder.getI32Type()),
        form(form) {
    // LLVM moves the prefetches of a block of code to its end; a short block
    // spreads them.
    maxUnrolledSteps = 1;
  }

private:
  void beginGroup(Value group) override {
    prefetchScales(*this, op, group, kColumns / 2);
  }
  void emitStep(Value index, MutableArrayRef<Value> partial) override;
  /// The products of load `load` of the panel, added to `sums` (of 16 bits;
  /// null before the first) or, where 16 bits hold no sum, to `partial`.
  void emitLoad(Value load, MutableArrayRef<Value> sums,
                MutableArrayRef<Value> partial);
  /// The bytes of 32 codes.
  Value decode(Value codes) {
    return form.isNibble ? codes : lookUpBytes(*this, form.bytes, codes);
  }
  /// Adds 16 sums of 16 bits in pairs to 8 sums of 32 bits.
  void widen(Value sums, Value &partial);

  const ByteForm &form;
};
} // namespace

void ByteTile::widen(Value sums, Value &partial) {
  Value ones = splat(b.getI16Type(), 16, 1);
  partial = arith::AddIOp::create(b, partial, multiplyWords(*this, sums, ones));
}

void ByteTile::emitLoad(Value load, MutableArrayRef<Value> sums,
                        MutableArrayRef<Value> partial) {
  prefetch(*this, op.getB(), scaled(load, vectors * 32));
  // Nibble 0 holds k to k + 3, nibble 1 k + 4 to k + 7.
  SmallVector<Value> weights[2];
  for (int64_t j = 0; j < vectors; ++j) {
    Nibbles codes = splitNibbles(
        *this, loadBytes(op.getB(), scaled(load, vectors * 32, j * 32), 32));
    weights[0].push_back(decode(codes.low));
    weights[1].push_back(decode(codes.high));
  }
  Value k = scaled(load, kPerLoad);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t nibble = 0; nibble < 2; ++nibble) {
      Value a =
          vector::BitCastOp::create(b, vectorOf(b.getI8Type(), 32),
                                    loadWordSplat(r, scaled(k, 1, nibble * 4)));
      Value magnitude =
          form.isSigned ? math::AbsIOp::create(b, a).getResult() : Value();
      for (int64_t j = 0; j < vectors; ++j) {
        Value weight = weights[nibble][j];
        Value product =
            form.isSigned
                ? multiplyBytes(*this, magnitude, applySigns(*this, weight, a))
                : multiplyBytes(*this, weight, a);
        int64_t i = r * vectors + j;
        if (form.pairs < 2)
          widen(product, partial[i]);
        else
          sums[i] = sums[i]
                        ? arith::AddIOp::create(b, sums[i], product).getResult()
                        : product;
      }
    }
  }
}

void ByteTile::emitStep(Value index, MutableArrayRef<Value> partial) {
  int64_t loads = step / kPerLoad;
  Value first = scaled(index, loads);
  SmallVector<Value> sums(partial.size());
  int64_t emitted = 0;
  auto emitNext = [&] { emitLoad(scaled(first, 1, emitted++), sums, partial); };
  if (rows * vectors <= kMaxUnrolledVectors || loads == 1) {
    while (emitted < loads)
      emitNext();
  } else {
    // The first of several loads needs no zeros to begin with.
    if (loads > 2)
      emitNext();
    else
      sums.assign(partial.size(), splat(b.getI16Type(), 16, 0));
    auto loop = scf::ForOp::create(b, this->index(emitted), this->index(loads),
                                   this->index(1), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> inner(loop.getRegionIterArgs());
    emitLoad(arith::AddIOp::create(b, first, loop.getInductionVar()), inner,
             partial);
    scf::YieldOp::create(b, inner);
    sums.assign(loop.getResults().begin(), loop.getResults().end());
  }
  if (form.pairs >= 2)
    for (auto [sum, total] : llvm::zip(sums, partial))
      widen(sum, total);
}

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

namespace {
class AVX2ByteKernel : public MatmulKernel {
  StringRef getName() const override { return "x86.avx2.byte"; }

  llvm::Expected<KernelPlan> plan(const MatmulProblem &problem,
                                  const Machine &machine) const override;

  llvm::Expected<TileForm> getTileForm(KernelAttr kernel) const override {
    std::optional<ByteForm> form = getByteForm(*getFormat(kernel.getFormat()));
    if (!form)
      return llvm::createStringError(kNoByteForm);
    return TileForm{IntegerType::get(kernel.getContext(), 8), kColumns,
                    getLoads(*form, kernel.getGroup()) * kPerLoad, /*bits=*/4,
                    /*appliesSums=*/true};
  }

  Value emitTile(OpBuilder &builder, PackedMatmulOp op) const override {
    std::optional<ByteForm> form =
        getByteForm(*getFormat(op.getKernel().getFormat()));
    return ByteTile(builder, op, *form).emit();
  }
};
} // namespace

llvm::Expected<KernelPlan> AVX2ByteKernel::plan(const MatmulProblem &problem,
                                                const Machine &) const {
  const MatmulOperandInfo &weights = problem.b;
  MLIRContext *context = weights.elementType.getContext();
  std::optional<ByteForm> form = getByteForm(weights.format);
  if (!form)
    return llvm::createStringError(kNoByteForm);
  std::optional<IntegerForm> activations = getIntegerForm(problem.a.format);
  if (!activations || activations->lowest < -128 || activations->largest > 127)
    return llvm::createStringError("the activations are not signed bytes");
  if (problem.a.zeroPoint)
    return llvm::createStringError("the activations have a zero point");

  LayoutDigit digits[] = {
      {0, kColumns, 0}, {1, kPerLoad, 0}, {0, 8, kColumns / 8},
      {0, 1, 8},        {1, 1, 4},        {1, 4, 2}};
  int64_t group = std::gcd(problem.a.blockK, problem.b.blockK);
  ColumnTiles tiles{
      kRows, kColumns, kRowBlock, getLoads(*form, group) * kPerLoad,
      LayoutAttr::get(IntegerType::get(context, 4),
                      llvm::cantFail(PackedLayout::get(2, digits)))};
  if (form->isNibble)
    tiles.table.assign(form->bytes.begin(), form->bytes.end());
  return planIntegers(getName(), problem, tiles, IntegerType::get(context, 8),
                      *activations, *getIntegerForm(weights.format),
                      form->offset);
}

std::unique_ptr<MatmulKernel> lowbit::createAVX2ByteKernel() {
  return std::make_unique<AVX2ByteKernel>();
}
