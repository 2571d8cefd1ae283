//===- AVX2WordKernel.cpp - Integers of up to 8 bits on both sides --------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For products that do not fit vpmaddubsw: weights of 5 to 8 bits, activations
// that are unsigned or have a zero point, which is subtracted before. Both
// become words; vpmaddwd multiplies them and adds pairs into 32 bits:
//
//   16 words of B:  column 0   column 1   ...   column 7
//                   k0 k1      k0 k1            k0 k1
//   A:              a[k0], a[k1] in every 32-bit lane
//
// Nothing saturates or wraps: a word of A lies within [-511, 511] (255 less a
// zero point), one of B within [-128, 255], so that a pair is less than 2^18.
//
// Weights are stored in one of three ways:
//
//   bytes     one after the other in the order above, extended when loaded
//   nibbles   4 in a word, as unsigned integers 0 to 15: nibble q of word
//             (column, k mod 2) is k = 2 q + k mod 2. What the offset to
//             unsigned adds goes off through the sums of the activations
//   codes     the same nibbles, looked up with vpshufb as unsigned bytes, which
//             have an offset as well
//
//===----------------------------------------------------------------------===//

#include "AVX2Instructions.h"
#include "Prefetch.h"
#include "X86Kernels.h"

#include "../KernelPlanning.h"
#include "../TileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace lowbit;

static constexpr int64_t kColumns = 16;
static constexpr int64_t kRows[] = {4, 2, 1};
/// Words of A for this many rows and a K of 4096 take half of a cache of 1 MiB.
static constexpr int64_t kRowBlock = 64;
/// K of a step: the nibbles of a word hold 4 pairs.
static constexpr int64_t kStep = 8;
static constexpr int64_t kPairs = kStep / 2;

namespace {
struct WordForm {
  enum class Storage { Bytes, Nibbles, Codes };
  Storage storage;
  IntegerForm integers;
  /// Stored integer = integer + offset.
  int32_t offset = 0;

  /// Whether stored bytes are extended with zeros.
  bool isUnsigned() const { return integers.lowest >= 0; }
};
} // namespace

static constexpr char kNoWordForm[] = "the weights are not integers of a byte";

static std::optional<WordForm> getWordForm(const Format &format) {
  std::optional<IntegerForm> integers = getIntegerForm(format);
  if (!integers)
    return std::nullopt;
  if (format.getBits() > 4) {
    if (integers->lowest < -128 ||
        (integers->largest > 127 && integers->lowest < 0))
      return std::nullopt;
    return WordForm{WordForm::Storage::Bytes, *integers};
  }
  int32_t range = integers->largest - integers->lowest;
  if (range > 255)
    return std::nullopt;
  return WordForm{range <= 15 ? WordForm::Storage::Nibbles
                              : WordForm::Storage::Codes,
                  *integers, -integers->lowest};
}

//===----------------------------------------------------------------------===//
// Tile
//===----------------------------------------------------------------------===//

namespace {
class WordTile : public TileEmitter {
public:
  WordTile(OpBuilder &builder, PackedMatmulOp op, const WordForm &form)
      : TileEmitter(builder, op, kStep, builder.getI32Type()), form(form) {
    // With many rows a loop keeps LLVM from mixing the steps, whose weights and
    // activations would not fit into 16 registers.
    if (rows > 2)
      maxUnrolledSteps = 1;
  }

private:
  void beginGroup(Value group) override {
    prefetchScales(*this, op, group,
                   form.storage == WordForm::Storage::Bytes ? kColumns
                                                            : kColumns / 2);
  }
  void emitStep(Value index, MutableArrayRef<Value> partial) override;
  /// The words of pair `pair` of step `index` for the 8 columns `j`.
  Value loadPair(Value index, int64_t pair, int64_t j);
  /// The words of all pairs of 32 bytes of nibbles.
  SmallVector<Value> splitWords(Value nibbles);
  SmallVector<Value> lookUpCodes(Value codes);

  const WordForm &form;
};
} // namespace

Value WordTile::loadPair(Value index, int64_t pair, int64_t j) {
  Value bytes = loadBytes(
      op.getB(),
      scaled(index, kPairs * vectors * 16, (pair * vectors + j) * 16), 16);
  VectorType words = vectorOf(b.getI16Type(), 16);
  return form.isUnsigned()
             ? arith::ExtUIOp::create(b, words, bytes).getResult()
             : arith::ExtSIOp::create(b, words, bytes).getResult();
}

SmallVector<Value> WordTile::splitWords(Value nibbles) {
  Type i16 = b.getI16Type();
  Value words = vector::BitCastOp::create(b, vectorOf(i16, 16), nibbles);
  Value mask = splat(i16, 16, 15);
  SmallVector<Value> pairs;
  for (int64_t pair = 0; pair < kPairs; ++pair) {
    Value value = words;
    if (pair != 0)
      value = arith::ShRUIOp::create(b, value, splat(i16, 16, 4 * pair));
    if (pair != kPairs - 1)
      value = arith::AndIOp::create(b, value, mask);
    pairs.push_back(value);
  }
  return pairs;
}

SmallVector<Value> WordTile::lookUpCodes(Value codes) {
  SmallVector<int8_t> table;
  for (int32_t value : form.integers.values)
    table.push_back(static_cast<int8_t>(value + form.offset));
  Nibbles nibbles = splitNibbles(*this, codes);
  Type i16 = b.getI16Type();
  Value low = splat(i16, 16, 255), eight = splat(i16, 16, 8);
  SmallVector<Value> pairs(kPairs);
  Value halves[] = {nibbles.low, nibbles.high};
  for (auto [nibble, half] : llvm::enumerate(halves)) {
    Value looked = vector::BitCastOp::create(b, vectorOf(i16, 16),
                                             lookUpBytes(*this, table, half));
    pairs[nibble] = arith::AndIOp::create(b, looked, low);
    pairs[nibble + 2] = arith::ShRUIOp::create(b, looked, eight);
  }
  return pairs;
}

void WordTile::emitStep(Value index, MutableArrayRef<Value> partial) {
  VectorType words = vectorOf(b.getI16Type(), 16);
  SmallVector<SmallVector<Value>> nibbles;
  int64_t stepBytes =
      form.storage == WordForm::Storage::Bytes ? kPairs * 16 : 32;
  for (int64_t line = 0; line < stepBytes * vectors; line += 64)
    prefetch(*this, op.getB(), scaled(index, stepBytes * vectors, line));
  if (form.storage != WordForm::Storage::Bytes)
    for (int64_t j = 0; j < vectors; ++j) {
      Value loaded =
          loadBytes(op.getB(), scaled(index, vectors * 32, j * 32), 32);
      nibbles.push_back(form.storage == WordForm::Storage::Nibbles
                            ? splitWords(loaded)
                            : lookUpCodes(loaded));
    }
  Value k = scaled(index, kStep);
  for (int64_t pair = 0; pair < kPairs; ++pair) {
    SmallVector<Value> weights;
    for (int64_t j = 0; j < vectors; ++j)
      weights.push_back(nibbles.empty() ? loadPair(index, pair, j)
                                        : nibbles[j][pair]);
    for (int64_t r = 0; r < rows; ++r) {
      Value a = vector::BitCastOp::create(
          b, words, loadWordSplat(r, scaled(k, 1, pair * 2)));
      for (int64_t j = 0; j < vectors; ++j) {
        Value &sum = partial[r * vectors + j];
        sum =
            arith::AddIOp::create(b, sum, multiplyWords(*this, weights[j], a));
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Plan
//===----------------------------------------------------------------------===//

namespace {
class AVX2WordKernel : public MatmulKernel {
  StringRef getName() const override { return "x86.avx2.word"; }

  llvm::Expected<KernelPlan> plan(const MatmulProblem &problem,
                                  const Machine &machine) const override;

  llvm::Expected<TileForm> getTileForm(KernelAttr kernel) const override {
    std::optional<WordForm> form = getWordForm(*getFormat(kernel.getFormat()));
    if (!form)
      return llvm::createStringError(kNoWordForm);
    bool isBytes = form->storage == WordForm::Storage::Bytes;
    return TileForm{IntegerType::get(kernel.getContext(), 16), kColumns, kStep,
                    isBytes ? 8u : 4u, /*appliesSums=*/true};
  }

  Value emitTile(OpBuilder &builder, PackedMatmulOp op) const override {
    std::optional<WordForm> form =
        getWordForm(*getFormat(op.getKernel().getFormat()));
    return WordTile(builder, op, *form).emit();
  }
};
} // namespace

llvm::Expected<KernelPlan> AVX2WordKernel::plan(const MatmulProblem &problem,
                                                const Machine &) const {
  const MatmulOperandInfo &weights = problem.b;
  MLIRContext *context = weights.elementType.getContext();
  std::optional<WordForm> form = getWordForm(weights.format);
  if (!form)
    return llvm::createStringError(kNoWordForm);
  std::optional<IntegerForm> activations = getIntegerForm(problem.a.format);
  if (!activations)
    return llvm::createStringError(
        "the activations are not integers of up to 8 bits");

  ColumnTiles tiles{kRows, kColumns, kRowBlock, kStep, {}};
  if (form->storage == WordForm::Storage::Bytes) {
    LayoutDigit digits[] = {{0, kColumns, 0},
                            {1, 2, 0},
                            {0, 8, kColumns / 8},
                            {0, 1, 8},
                            {1, 1, 2}};
    tiles.layout =
        LayoutAttr::get(IntegerType::get(context, 8),
                        llvm::cantFail(PackedLayout::get(2, digits)));
    if (!isa<IntegerType>(weights.elementType))
      tiles.table = form->integers.values;
  } else {
    LayoutDigit digits[] = {
        {0, kColumns, 0}, {1, kStep, 0}, {0, 8, kColumns / 8},
        {0, 1, 8},        {1, 1, 2},     {1, 2, kPairs}};
    tiles.layout =
        LayoutAttr::get(IntegerType::get(context, 4),
                        llvm::cantFail(PackedLayout::get(2, digits)));
    if (form->storage == WordForm::Storage::Nibbles)
      for (int32_t value : form->integers.values)
        tiles.table.push_back(value + form->offset);
  }
  return planIntegers(getName(), problem, tiles, IntegerType::get(context, 16),
                      *activations, form->integers, form->offset);
}

std::unique_ptr<MatmulKernel> lowbit::createAVX2WordKernel() {
  return std::make_unique<AVX2WordKernel>();
}
