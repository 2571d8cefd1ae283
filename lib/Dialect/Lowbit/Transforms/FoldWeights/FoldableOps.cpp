//===- FoldableOps.cpp - Ops on constants ---------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FoldableOps.h"

#include "ConstantSources.h"
#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace lowbit;

/// Each op adds to the cost of what reads it, and a source that is read twice
/// is computed twice: what lies deeper is stored.
static constexpr unsigned kMaxDepth = 4;

/// Kinds of ops that may be folded.
static bool isCandidate(Operation *op) {
  return isLayoutOp(op) ||
         isa<QuantizeOp, DequantizeOp, ChooseScaleOp, ConvertOp, BitcastOp,
             arith::ExtFOp, arith::TruncFOp>(op);
}

bool lowbit::isReadByMatmul(OpOperand &use) {
  return isa<MatmulOp>(use.getOwner());
}

//===----------------------------------------------------------------------===//
// Blobs
//===----------------------------------------------------------------------===//

LogicalResult lowbit::verifyBlobs(Operation *root) {
  bool isValid = true;
  root->walk([&](Operation *op) {
    DenseResourceElementsAttr attr;
    if (op->getNumResults() != 1 || !matchPattern(op, m_Constant(&attr)))
      return;
    Type element = attr.getType().getElementType();
    std::optional<Format> format = getArrayFormat(element);
    bool isRead = llvm::any_of(op->getUsers(), [](Operation *user) {
      return isCandidate(user) || isa<LowbitDialect>(user->getDialect());
    });
    if (!format || !(isLowBitType(element) || isRead))
      return;
    isValid &= succeeded(getBlobData(
        op, attr, attr.getType(),
        getPackedBytes(format->getBits(), attr.getType().getShape())));
  });
  return success(isValid);
}

//===----------------------------------------------------------------------===//
// What can be folded
//===----------------------------------------------------------------------===//

/// The operands whose elements `op` reads; others only give shapes and places.
static OperandRange getRead(Operation *op) {
  return isLayoutOp(op) ? op->getOperands().take_front(1) : op->getOperands();
}

/// Whether `type` is that of an array with values in f32, or with `anyCodes` of
/// up to 32 bits.
static bool isArray(Type type, bool anyCodes) {
  if (auto shaped = dyn_cast<ShapedType>(type)) {
    auto tensor = dyn_cast<RankedTensorType>(shaped);
    if (!tensor || !tensor.hasStaticShape() || tensor.getEncoding())
      return false;
  }
  Type element = getElementTypeOrSelf(type);
  std::optional<Format> format = getArrayFormat(element);
  return format && (anyCodes || format->getBits() <= 16 || element.isF32());
}

static bool hasFoldableForm(Operation *op) {
  if (!isCandidate(op) ||
      !llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>))
    return false;
  // Zero points and random words are only read as codes.
  bool anyCodes =
      isLayoutOp(op) || isa<BitcastOp, QuantizeOp, DequantizeOp>(op);
  for (Type type : getRead(op).getTypes())
    if (!isArray(type, anyCodes || getElementTypeOrSelf(type).isInteger(32)))
      return false;
  for (Type type : op->getResultTypes())
    if (!isArray(type, anyCodes || isa<ChooseScaleOp>(op)))
      return false;
  if (auto truncf = dyn_cast<arith::TruncFOp>(op))
    return !truncf.getRoundingmode() ||
           truncf.getRoundingmode() == arith::RoundingMode::to_nearest_even ||
           truncf.getRoundingmode() == arith::RoundingMode::toward_zero;
  if (isa<tensor::ExtractSliceOp, linalg::TransposeOp>(op))
    return getGather(op).has_value();
  return true;
}

/// The number of elements of a static type, or the largest number.
static int64_t getNumElements(Type type) {
  int64_t size = 1;
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return size;
  if (llvm::is_contained(shaped.getShape(), 0))
    return 0;
  for (int64_t extent : shaped.getShape())
    if (llvm::MulOverflow(size, extent, size))
      return std::numeric_limits<int64_t>::max();
  return size;
}

std::optional<FoldableOps::Info> FoldableOps::getInfo(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (auto it = ops.find(op); it != ops.end())
    return it->second;
  Attribute attr;
  if (!matchPattern(op, m_Constant(&attr)))
    return std::nullopt;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    return Info{false, static_cast<int64_t>(blob->getData().size()), 0};
  }
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return Info{dense.isSplat(),
                static_cast<int64_t>(dense.getRawData().size()), 0};
  if (isa<IntegerAttr, FloatAttr>(attr))
    return Info{true, 8, 0};
  return std::nullopt;
}

void FoldableOps::addIfFoldable(Operation *op) {
  if (!hasFoldableForm(op))
    return;
  Info info;
  info.isSplat = true;
  int64_t numElements = 0;
  for (Value operand : getRead(op)) {
    std::optional<Info> read = getInfo(operand);
    if (!read)
      return;
    info.isSplat &= read->isSplat;
    // A chain may read one constant many times.
    info.storedBytes = std::min(info.storedBytes + read->storedBytes,
                                std::numeric_limits<int64_t>::max() / 2);
    numElements = std::max(numElements, getNumElements(operand.getType()));
  }
  for (Type type : op->getResultTypes())
    numElements = std::max(numElements, getNumElements(type));
  // The sums over equal elements of blocks cut short are not in proportion.
  if (isa<ChooseScaleOp>(op))
    info.isSplat = false;
  // A splat may have any size. What would make gigabytes of next to nothing
  // is left for run time.
  constexpr int64_t large = int64_t(1) << 30;
  if (!info.isSplat && numElements > large &&
      numElements / 64 > info.storedBytes)
    return;
  ops[op] = info;
  order.push_back(op);
}

/// Layout ops and upstream's casts are folded for the ops of lowbit that read
/// them; elsewhere they are none of our business.
void FoldableOps::removeUnwanted() {
  auto hasLowBit = [](Operation *op) {
    return llvm::any_of(
        llvm::concat<Type>(op->getOperandTypes(), op->getResultTypes()),
        [](Type type) { return isLowBitType(getElementTypeOrSelf(type)); });
  };
  for (Operation *op : llvm::reverse(order)) {
    bool isWanted = isa<LowbitDialect>(op->getDialect()) || hasLowBit(op) ||
                    llvm::any_of(op->getUsers(), [&](Operation *user) {
                      return contains(user) ||
                             isa_and_nonnull<LowbitDialect>(user->getDialect());
                    });
    if (!isWanted)
      ops.erase(op);
  }
  llvm::erase_if(order, [&](Operation *op) { return !contains(op); });
}

FoldableOps::FoldableOps(Operation *root) {
  root->walk<WalkOrder::PreOrder>([&](Operation *op) { addIfFoldable(op); });
  removeUnwanted();
}

//===----------------------------------------------------------------------===//
// What is stored
//===----------------------------------------------------------------------===//

/// Whether this operand of a foldable op is read in place: where elements are
/// read in no order, or for their codes alone.
static bool readsStored(OpOperand &use) {
  Operation *user = use.getOwner();
  if (isLayoutOp(user))
    return true;
  if (auto op = dyn_cast<QuantizeOp>(user))
    return use.get() == op.getZeroPoint() || use.get() == op.getRandom();
  if (auto op = dyn_cast<DequantizeOp>(user))
    return use.get() == op.getZeroPoint();
  if (auto op = dyn_cast<ConvertOp>(user))
    return use.get() == op.getRandom();
  return false;
}

/// Whether a foldable op stays because a matmul reads it.
static bool isKept(Operation *op) {
  return isa<DequantizeOp>(op) && llvm::any_of(op->getUses(), isReadByMatmul);
}

bool FoldableOps::mustStore(Operation *op) {
  if (isa<ChooseScaleOp>(op))
    return true;
  Info &info = ops[op];
  info.depth = 0;
  for (Value operand : getRead(op))
    if (std::optional<Info> read = getInfo(operand))
      info.depth = std::max(info.depth, read->depth + 1);
  bool hasReader = false;
  for (OpOperand &use : op->getUses()) {
    if (isKept(op) && isReadByMatmul(use))
      continue;
    Operation *user = use.getOwner();
    if (!contains(user) || isKept(user) || readsStored(use))
      return true;
    hasReader = true;
  }
  return hasReader && info.depth > kMaxDepth;
}
