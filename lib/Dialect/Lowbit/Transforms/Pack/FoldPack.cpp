//===- FoldPack.cpp - Constants are packed at compile time ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the bytes of the constant where they lie and writes the packed buffer
// once: no code per element in between.
//
//===----------------------------------------------------------------------===//

#include "Operands.h"

#include "lowbit/Numerics/Codec.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace lowbit;

namespace {
/// The bits of the elements of a constant, read in place.
class ConstantBits {
public:
  /// failure for a value that is no constant, or one whose blob is not there
  /// or has not the size that its type asks for.
  static FailureOr<ConstantBits> get(Value value);

  /// Element `inner` of the last dimension of row `outer`.
  uint32_t read(int64_t outer, int64_t inner) const {
    if (isSplat)
      outer = inner = 0;
    const char *row = data + outer * rowBytes;
    if (bits >= 8) {
      uint32_t element = 0;
      std::memcpy(&element, row + inner * elementBytes, elementBytes);
      return element;
    }
    if (!isPacked)
      return static_cast<uint8_t>(row[inner]) & ((1u << bits) - 1);
    if (bits == 4)
      return (static_cast<uint8_t>(row[inner / 2]) >> (inner % 2 * 4)) & 15;
    uint64_t first = inner * bits;
    uint32_t word = static_cast<uint8_t>(row[first / 8]);
    if (first % 8 + bits > 8)
      word |= static_cast<uint32_t>(static_cast<uint8_t>(row[first / 8 + 1]))
              << 8;
    return (word >> first % 8) & ((1u << bits) - 1);
  }

private:
  const char *data = nullptr;
  unsigned bits = 0;
  int64_t elementBytes = 0;
  int64_t rowBytes = 0;
  bool isSplat = false;
  /// Sub-byte elements share bytes (a resource), or have one each (dense).
  bool isPacked = false;
};
} // namespace

FailureOr<ConstantBits> ConstantBits::get(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || type.getRank() == 0)
    return failure();
  if (auto bitcast = value.getDefiningOp<BitcastOp>())
    value = bitcast.getInput();
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return failure();
  ConstantBits result;
  result.bits = getBitWidth(type.getElementType());
  result.elementBytes = llvm::divideCeil(result.bits, 8);
  int64_t rowLength = type.getShape().back();
  result.rowBytes = rowLength * result.elementBytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    result.isPacked = true;
    if (result.bits < 8)
      result.rowBytes = getPackedRowBytes(result.bits, rowLength);
    int64_t numRows = rowLength == 0 ? 0 : type.getNumElements() / rowLength;
    if (!blob || static_cast<int64_t>(blob->getData().size()) !=
                     numRows * result.rowBytes)
      return failure();
    result.data = blob->getData().data();
    return result;
  }
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense)
    return failure();
  result.data = dense.getRawData().data();
  result.isSplat = dense.isSplat();
  return result;
}

/// A function of the bits of an element: what PackOp stores.
static llvm::unique_function<uint32_t(uint32_t)> getConversion(PackOp op) {
  Type from = cast<RankedTensorType>(op.getSource().getType()).getElementType();
  Type stored = op.getLayout().getElement();
  if (op.getTable())
    return [table = SmallVector<int32_t>(*op.getTable())](uint32_t code) {
      return static_cast<uint32_t>(table[code]);
    };
  if (isa<IntegerType>(stored)) {
    auto integer = dyn_cast<IntegerType>(from);
    unsigned bits = getBitWidth(from);
    if (integer && !integer.isUnsigned())
      return [bits](uint32_t code) {
        return static_cast<uint32_t>(llvm::SignExtend64(code, bits));
      };
    return [](uint32_t code) { return code; };
  }
  if (from == stored)
    return [](uint32_t code) { return code; };
  return [from = *getFormat(from), to = *getFormat(stored)](uint32_t code) {
    return static_cast<uint32_t>(
        encode(to, decode(from, code), Rounding::NearestEven, Overflow::IEEE));
  };
}

namespace {
struct FoldPack : OpRewritePattern<PackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackOp op,
                                PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getSource().getType());
    FailureOr<ConstantBits> source = ConstantBits::get(op.getSource());
    if (failed(source) || !op.getType().hasStaticShape())
      return rewriter.notifyMatchFailure(op, "not a constant");
    auto convert = getConversion(op);

    // Rows of the layout are rows of the source, apart from repeats.
    ArrayRef<int64_t> extents = op.getStaticExtents();
    int64_t rank = type.getRank();
    SmallVector<int64_t> clamped(extents);
    for (int64_t dim = 0; dim < rank; ++dim) {
      int64_t repeat = op.getRepeatOf(dim);
      if (repeat != 0)
        clamped[dim] = std::min(extents[dim], type.getDimSize(dim) * repeat);
    }
    auto toSource = [&](int64_t dim, int64_t index) {
      int64_t repeat = op.getRepeatOf(dim);
      return repeat == 0 ? 0 : index / repeat;
    };
    PackedLayout layout = op.getLayout().getLayout();
    std::vector<char> packed = layout.pack(
        extents, clamped, getBitWidth(op.getLayout().getElement()),
        [&](int64_t outer, int64_t inner) {
          int64_t row = 0, stride = 1;
          for (int64_t dim = rank - 1; dim-- > 0;) {
            row += toSource(dim, outer % clamped[dim]) * stride;
            outer /= clamped[dim];
            stride *= type.getDimSize(dim);
          }
          return convert(source->read(row, toSource(rank - 1, inner)));
        });

    auto blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(
        ArrayRef<char>(packed), /*align=*/64, /*dataIsMutable=*/false);
    auto attr =
        DenseResourceElementsAttr::get(op.getType(), "packed", std::move(blob));
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, attr);
    return success();
  }
};
} // namespace

void lowbit::populateFoldPackPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldPack>(patterns.getContext());
}
