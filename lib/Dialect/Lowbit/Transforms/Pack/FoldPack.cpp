//===- FoldPack.cpp - Constants are packed at compile time ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the rows of a constant where they lie, through a dequantize or convert
// if lowbit-pack has put one before, and writes the packed buffer once.
//
//===----------------------------------------------------------------------===//

#include "Operands.h"

#include "../FoldWeights/Blobs.h"
#include "../FoldWeights/ConstantSources.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace lowbit;

/// Whether a source can be built for `value`: a constant, or what is computed
/// of constants element by element.
static bool isReadable(SourceBuilder &builder, Value value) {
  if (builder.getConstant(value))
    return true;
  Operation *op = value.getDefiningOp();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return isa_and_nonnull<DequantizeOp, ConvertOp, BitcastOp>(op) && type &&
         type.hasStaticShape() && llvm::all_of(op->getOperands(), [&](Value v) {
           return isReadable(builder, v);
         });
}

/// What the constants behind a readable value take in memory.
static int64_t getStoredBytes(SourceBuilder &builder, Value value) {
  if (std::optional<ArrayView> view = builder.getConstant(value))
    return view->bytes.size();
  int64_t bytes = 0;
  for (Value operand : value.getDefiningOp()->getOperands())
    bytes += getStoredBytes(builder, operand);
  return bytes;
}

/// Whether a packed constant would be gigabytes made of next to nothing. That
/// is left for run time, as by lowbit-fold-weights.
static bool isBloated(SourceBuilder &builder, PackOp op) {
  constexpr int64_t kLarge = int64_t(1) << 30;
  int64_t bytes = 1;
  for (int64_t extent : op.getType().getShape())
    if (llvm::MulOverflow(bytes, extent, bytes))
      return true;
  return bytes > kLarge && bytes / 64 > getStoredBytes(builder, op.getSource());
}

namespace {
/// The rows of a pack as they are stored.
class PackedRows {
public:
  PackedRows(PackOp op, ArraySourcePtr source);

  /// Extents of the layout that the source has elements for.
  ArrayRef<int64_t> getInside() const { return inside; }
  /// The stored bits of row `outer`, counted in `getInside()`.
  ArrayRef<uint32_t> read(int64_t outer);

private:
  int64_t toSource(int64_t dim, int64_t index) const {
    return repeat[dim] == 0 ? 0 : index / repeat[dim];
  }
  uint32_t convert(uint32_t code) const {
    if (!table.empty())
      return table[code];
    return isSigned ? static_cast<uint32_t>(llvm::SignExtend64(code, bits))
                    : code;
  }

  ArraySourcePtr source;
  SmallVector<int64_t> inside, repeat;
  SmallVector<int32_t> table;
  unsigned bits;
  /// Whether codes are integers whose sign is extended.
  bool isSigned;
  int64_t lastRow = -1;
  std::vector<uint32_t> codes, stored;
};
} // namespace

PackedRows::PackedRows(PackOp op, ArraySourcePtr given)
    : source(std::move(given)), inside(op.getStaticExtents()) {
  auto type = cast<RankedTensorType>(op.getSource().getType());
  Type from = type.getElementType(), to = op.getLayout().getElement();
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    repeat.push_back(op.getRepeatOf(dim));
    if (repeat.back() != 0)
      inside[dim] = std::min(inside[dim], type.getDimSize(dim) * repeat.back());
  }
  if (op.getTable())
    table = llvm::to_vector(*op.getTable());
  else if (isa<FloatType>(to) && from != to)
    source = convertArray(std::move(source), *getFormat(to),
                          Rounding::NearestEven, Overflow::IEEE);
  bits = getBitWidth(from);
  auto integer = dyn_cast<IntegerType>(from);
  isSigned = integer && !integer.isUnsigned() && to.isInteger();
  codes.resize(type.getShape().back());
  stored.resize(inside.back());
}

ArrayRef<uint32_t> PackedRows::read(int64_t outer) {
  ArrayRef<int64_t> shape = source->getShape();
  int64_t row = 0, stride = 1;
  for (int64_t dim = shape.size() - 1; dim-- > 0;) {
    row += toSource(dim, outer % inside[dim]) * stride;
    outer /= inside[dim];
    stride *= shape[dim];
  }
  // Rows of the layout may repeat one of the source.
  if (row == lastRow)
    return stored;
  lastRow = row;
  MutableArrayRef<uint32_t> all(codes);
  for (size_t begin = 0; begin < all.size(); begin += ArraySource::kMaxRead)
    source->readCodes(row, begin,
                      all.drop_front(begin).take_front(ArraySource::kMaxRead));
  for (auto [i, element] : llvm::enumerate(stored))
    element = convert(codes[toSource(shape.size() - 1, i)]);
  return stored;
}

/// The packed constant that `op` gives; null if its source is not constant.
static DenseResourceElementsAttr evaluate(PackOp op) {
  auto type = cast<RankedTensorType>(op.getSource().getType());
  SourceBuilder builder;
  if (!op.getType().hasStaticShape() || !type.hasStaticShape() ||
      type.getRank() == 0 || !isReadable(builder, op.getSource()))
    return {};
  if (isBloated(builder, op))
    return {};
  PackedRows rows(op, builder.build(op.getSource()));
  AsmResourceBlob blob = allocateBlob(op.getType().getNumElements());
  op.getLayout().getLayout().pack(
      op.getStaticExtents(), rows.getInside(),
      getBitWidth(op.getLayout().getElement()),
      [&](int64_t outer) { return rows.read(outer); }, blob.getMutableData());
  return DenseResourceElementsAttr::get(op.getType(), "packed",
                                        std::move(blob));
}

void lowbit::foldPacks(ModuleOp module, bool mayReleaseBlobs) {
  BlobUses blobs(module, mayReleaseBlobs);
  SmallVector<PackOp> packs;
  module.walk([&](PackOp op) { packs.push_back(op); });
  for (PackOp op : packs) {
    DenseResourceElementsAttr attr = evaluate(op);
    if (!attr)
      continue;
    OpBuilder builder(op);
    auto constant = arith::ConstantOp::create(builder, op.getLoc(), attr);
    blobs.add(constant);
    op->replaceAllUsesWith(constant);
    // With it goes what only it has read.
    SmallVector<Operation *> dead = {op};
    while (!dead.empty()) {
      Operation *next = dead.pop_back_val();
      llvm::SetVector<Operation *> producers;
      for (Value operand : next->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          producers.insert(producer);
      blobs.remove(next);
      next->erase();
      for (Operation *producer : producers)
        if (isOpTriviallyDead(producer))
          dead.push_back(producer);
    }
  }
}
