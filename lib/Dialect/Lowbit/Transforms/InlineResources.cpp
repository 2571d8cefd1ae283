//===- InlineResources.cpp - Small blobs become dense constants -----------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Folders read the elements of `dense` constants. They do not see those of a
// `dense_resource`, and some of upstream's (tensor.extract) crash on one. So
// the small ones, scales for the most part, become `dense` before anything
// folds.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITINLINERESOURCESPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

namespace {
/// Where the elements of a blob lie, by rules P1 to P3.
struct Storage {
  /// Bits of an element, and from one to the next.
  unsigned bits, step;
  int64_t rowLength, rowBytes;

  Storage(RankedTensorType type, unsigned bits)
      : bits(bits),
        step(bits < 8 ? bits
                      : llvm::PowerOf2Ceil(llvm::divideCeil(bits, 8)) * 8),
        rowLength(type.getRank() == 0 ? 1 : type.getShape().back()),
        rowBytes(llvm::divideCeil(rowLength * step, 8)) {}

  uint64_t read(ArrayRef<char> data, int64_t index) const {
    int64_t bit = index % rowLength * step;
    int64_t begin = index / rowLength * rowBytes + bit / 8;
    int64_t count = llvm::divideCeil(bit % 8 + bits, 8);
    uint64_t code = 0;
    for (int64_t byte = 0; byte < count; ++byte)
      code |= static_cast<uint64_t>(static_cast<uint8_t>(data[begin + byte]))
              << (byte * 8);
    return (code >> bit % 8) & llvm::maskTrailingOnes<uint64_t>(bits);
  }
};
} // namespace

/// The codes of `op` if it is a small constant of numbers in a resource; none
/// for any other constant. An error if its blob has not the size it should
/// have.
static FailureOr<std::optional<SmallVector<uint64_t>>>
readResource(arith::ConstantOp op) {
  std::optional<SmallVector<uint64_t>> codes;
  auto attr = dyn_cast<DenseResourceElementsAttr>(op.getValue());
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!attr || !type || !hasAtMostElements(type.getShape(), kMaxFoldedElements))
    return codes;
  Type element = type.getElementType();
  if (!isa<IntegerType, FloatType>(element) && !getElementFormat(type))
    return codes;
  unsigned bits = isa<IntegerType, FloatType>(element)
                      ? element.getIntOrFloatBitWidth()
                      : getBitWidth(element);
  if (bits < 2 || bits > 64)
    return codes;
  Storage storage(type, bits);
  int64_t numElements = type.getNumElements();
  int64_t numRows = numElements == 0 ? 0 : numElements / storage.rowLength;
  FailureOr<ArrayRef<char>> data =
      getBlobData(op, attr, type, numRows * storage.rowBytes);
  if (failed(data))
    return failure();
  codes.emplace();
  for (int64_t i = 0; i < numElements; ++i)
    codes->push_back(storage.read(*data, i));
  return codes;
}

namespace {
struct InlineResources
    : public lowbit::impl::LowbitInlineResourcesPassBase<InlineResources> {
  void runOnOperation() override {
    getOperation()->walk([&](arith::ConstantOp op) {
      FailureOr<std::optional<SmallVector<uint64_t>>> codes = readResource(op);
      if (failed(codes))
        return signalPassFailure();
      if (!*codes)
        return;
      OpBuilder builder(op);
      op.replaceAllUsesWith(
          createConstant(builder, op.getLoc(), op.getType(), **codes));
      op.erase();
    });
  }
};
} // namespace
