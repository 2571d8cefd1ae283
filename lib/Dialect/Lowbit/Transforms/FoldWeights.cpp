//===- FoldWeights.cpp - Evaluate ops on large constants ------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The driver of lowbit-fold-weights. FoldWeights/FoldableOps.h finds the ops,
// FoldWeights/ConstantSources.h turns each into a source that Numerics
// computes piece by piece; here the results are stored and put in place.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "FoldWeights/Blobs.h"
#include "FoldWeights/ConstantSources.h"
#include "FoldWeights/FoldableOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITFOLDWEIGHTSPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

//===----------------------------------------------------------------------===//
// Names of blobs
//===----------------------------------------------------------------------===//

/// `text` with every run of characters that need quotes as one underscore, and
/// not too long: a codebook may list 256 values.
static std::string getIdentifier(StringRef text) {
  constexpr size_t maxSize = 24;
  std::string result;
  for (char c : text.take_front(maxSize))
    if (llvm::isAlnum(c))
      result += c;
    else if (!result.empty() && result.back() != '_')
      result += '_';
  return StringRef(result).rtrim('_').str();
}

/// What the elements of `value` come from: the blob of the constant at the
/// start of the chain, or the function.
static std::string getOrigin(Value value) {
  Operation *op = value.getDefiningOp();
  while (true) {
    DenseResourceElementsAttr resource;
    if (matchPattern(op, m_Constant(&resource)))
      return resource.getRawHandle().getKey().str();
    if (op->getNumOperands() == 0 || !op->getOperand(0).getDefiningOp())
      break;
    op = op->getOperand(0).getDefiningOp();
  }
  while ((op = op->getParentOp()))
    if (auto symbol = dyn_cast<SymbolOpInterface>(op);
        symbol && symbol.getNameAttr())
      return symbol.getName().str();
  return "weights";
}

/// A key for the blob of a result: the manager makes it unique.
static std::string getBlobName(OpResult result) {
  std::string suffix = getIdentifier(
      getArrayFormat(getElementTypeOrSelf(result.getType()))->getName());
  if (isa<ChooseScaleOp>(result.getOwner()))
    suffix = result.getResultNumber() == 0 ? "scale" : "zero_point";
  return getOrigin(result.getOwner()->getOperand(0)) + "_" + suffix;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
/// Memory for a packed result: bytes to be made a `dense`, or a blob.
class PackedResult {
public:
  explicit PackedResult(OpResult result)
      : result(result), type(cast<RankedTensorType>(result.getType())),
        bits(getArrayFormat(type.getElementType())->getBits()) {
    int64_t size = *getPackedBytes(bits, type.getShape());
    if (isSmall())
      bytes.resize(size);
    else
      blob = allocateBlob(size);
  }

  MutableArrayRef<uint8_t> getBytes() {
    if (isSmall())
      return bytes;
    MutableArrayRef<char> data = blob.getMutableData();
    return {reinterpret_cast<uint8_t *>(data.data()), data.size()};
  }

  /// The constant of what has been written.
  Value create(OpBuilder &builder, Location loc) {
    if (!isSmall())
      return arith::ConstantOp::create(
          builder, loc, type,
          DenseResourceElementsAttr::get(type, getBlobName(result),
                                         std::move(blob)));
    int64_t length = type.getRank() == 0 ? 1 : type.getShape().back();
    int64_t numRows = length == 0 ? 0 : type.getNumElements() / length;
    return createConstant(builder, loc, type,
                          unpackCodes(bytes, bits, numRows, length));
  }

private:
  bool isSmall() const {
    return hasAtMostElements(type.getShape(), kMaxFoldedElements);
  }

  OpResult result;
  RankedTensorType type;
  unsigned bits;
  std::vector<uint8_t> bytes;
  AsmResourceBlob blob;
};

class WeightFolder {
public:
  /// `ops` are those under `root`.
  WeightFolder(Operation *root, FoldableOps ops, bool mayRelease)
      : ops(std::move(ops)), blobs(root, mayRelease),
        builder(root->getContext()) {}

  LogicalResult run() {
    for (Operation *op : ops.getOps()) {
      // Erased with its last user, or never used.
      if (!ops.contains(op) || eraseIfDead(op))
        continue;
      if (!ops.mustStore(op) || isCanonicalBitcast(op))
        continue;
      builder.setInsertionPoint(op);
      SmallVector<Value> constants;
      if (failed(evaluate(op, constants)))
        return failure();
      for (auto [result, constant] :
           llvm::zip_equal(op->getResults(), constants)) {
        blobs.add(constant.getDefiningOp());
        result.replaceUsesWithIf(constant, [&](OpOperand &use) {
          return !isa<DequantizeOp>(op) || !isReadByMatmul(use);
        });
      }
      eraseIfDead(op);
    }
    return success();
  }

private:
  /// A bitcast of a `dense` constant to a type that no `dense` has: this is how
  /// small constants of such types are written.
  static bool isCanonicalBitcast(Operation *op) {
    DenseElementsAttr dense;
    return isa<BitcastOp>(op) && !isConstantType(op->getResult(0).getType()) &&
           matchPattern(op->getOperand(0), m_Constant(&dense));
  }

  LogicalResult evaluate(Operation *op, SmallVectorImpl<Value> &constants) {
    if (auto choose = dyn_cast<ChooseScaleOp>(op))
      return evaluateScales(choose, constants);
    OpResult result = op->getResult(0);
    if (Value constant = shareBlob(op)) {
      constants.push_back(constant);
      return success();
    }
    ArraySourcePtr source = sources.build(result);
    if (ops.isSplat(op)) {
      constants.push_back(createSplat(op, *source));
      return success();
    }
    PackedResult packed(result);
    storeArray(*source, packed.getBytes());
    constants.push_back(packed.create(builder, op->getLoc()));
    return success();
  }

  LogicalResult evaluateScales(ChooseScaleOp op,
                               SmallVectorImpl<Value> &constants) {
    Type scaleElement = getElementTypeOrSelf(op.getScale().getType());
    PackedResult scale(op->getResult(0));
    ScaleStorage storage{*getFormat(scaleElement), scale.getBytes(), {}, {}};
    std::optional<PackedResult> zeroPoint;
    if (op.getZeroPoint()) {
      zeroPoint.emplace(op->getResult(1));
      storage.zeroPointFormat =
          *getArrayFormat(getElementTypeOrSelf(op.getZeroPoint().getType()));
      storage.zeroPoint = zeroPoint->getBytes();
    }
    ScaledValue scaled{op.getInput(), op.getScale(), {}, op.getBlockAttr()};
    ArraySourcePtr input = sources.build(op.getInput());
    if (!chooseArrayScales(*input, *getFormat(op.getElementType()),
                           op.getMethod(), scaled.getBlockSizes(), storage))
      return op.emitOpError("C9: a block of the constant input holds a NaN or "
                            "an infinity, and the scale type ")
             << scaleElement << " has no NaN";
    constants.push_back(scale.create(builder, op.getLoc()));
    if (zeroPoint)
      constants.push_back(zeroPoint->create(builder, op.getLoc()));
    return success();
  }

  /// A constant of the same blob, where only its type changes; else null.
  Value shareBlob(Operation *op) {
    if (!isa<BitcastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ReshapeOp>(op))
      return {};
    DenseResourceElementsAttr attr;
    if (!matchPattern(op->getOperand(0), m_Constant(&attr)))
      return {};
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    // Rows of whole bytes have nothing between them, so that all of them are
    // one row.
    auto hasWholeBytes = [](ShapedType type) {
      int64_t bits = getBitWidth(type.getElementType());
      return bits >= 8 || (type.getRank() != 0 &&
                           type.getShape().back() % 8 * bits % 8 == 0);
    };
    if (type.getShape() != attr.getType().getShape() &&
        !(hasWholeBytes(type) && hasWholeBytes(attr.getType())))
      return {};
    return arith::ConstantOp::create(
        builder, op->getLoc(), type,
        DenseResourceElementsAttr::get(type, attr.getRawHandle()));
  }

  /// One element for all.
  Value createSplat(Operation *op, ArraySource &source) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (source.getNumRows() == 0)
      return createConstant(builder, op->getLoc(), type, {});
    uint32_t code;
    source.readCodes(0, 0, code);
    bool isDirect = isConstantType(type);
    auto constantType =
        cast<ShapedType>(isDirect ? Type(type) : getCodeType(type));
    Value constant = arith::ConstantOp::create(
        builder, op->getLoc(), constantType,
        DenseElementsAttr::get(
            constantType,
            Attribute(getConstantAttr(constantType.getElementType(), {code}))));
    if (isDirect)
      return constant;
    return BitcastOp::create(builder, op->getLoc(), type, constant);
  }

  /// Erases `op`, if nothing uses it, and whatever that leaves unused.
  bool eraseIfDead(Operation *op) {
    bool isErased = false;
    // An op leaves the list before it is erased, and comes back only as an
    // operand of one that is still there.
    llvm::SmallSetVector<Operation *, 4> pending;
    pending.insert(op);
    while (!pending.empty()) {
      Operation *candidate = pending.pop_back_val();
      if (!isOpTriviallyDead(candidate))
        continue;
      for (Value operand : candidate->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          pending.insert(producer);
      isErased |= candidate == op;
      ops.remove(candidate);
      blobs.remove(candidate);
      candidate->erase();
    }
    return isErased;
  }

  FoldableOps ops;
  BlobUses blobs;
  SourceBuilder sources;
  OpBuilder builder;
};

struct FoldWeights
    : public lowbit::impl::LowbitFoldWeightsPassBase<FoldWeights> {
  using LowbitFoldWeightsPassBase::LowbitFoldWeightsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(verifyBlobs(module)))
      return signalPassFailure();
    FoldableOps ops(module);
    if (ops.getOps().empty())
      return;
    // What lies beside a nested module may use its blobs as well, and is not
    // ours to look at.
    WeightFolder folder(module, std::move(ops),
                        /*mayRelease=*/!keepBlobs && !module->getParentOp());
    if (failed(folder.run()))
      signalPassFailure();
  }
};
} // namespace
