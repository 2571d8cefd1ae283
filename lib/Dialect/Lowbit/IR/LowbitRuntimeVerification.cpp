//===- LowbitRuntimeVerification.cpp - Checks at run time -----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Messages begin with the rule of docs/Formats.md, as those of the verifiers
// do. What types say is not checked again. Rule M10 (acc = i32 does not
// overflow) leaves nothing to check: the verifier demands that the types bound
// K, or that a block does.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/LowbitRuntimeVerification.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"

using namespace mlir;
using namespace lowbit;

namespace {
using MakeMessage = function_ref<std::string(Operation *, StringRef)>;

/// Inserts the checks of one op before it.
class Checker {
public:
  Checker(Operation *op, OpBuilder &builder, Location loc,
          MakeMessage makeMessage)
      : op(op), b(loc, builder), makeMessage(makeMessage) {}

  /// The size of a dimension of a tensor: an attribute if the type says it.
  OpFoldResult getSize(Value tensor, int64_t dim) {
    return tensor::getMixedSize(b, b.getLoc(), tensor, dim);
  }

  /// Checks that two sizes are equal, unless both are in types, where a
  /// verifier has compared them.
  void requireEqual(OpFoldResult found, OpFoldResult expected,
                    const Twine &message) {
    if (isa<Attribute>(found) && isa<Attribute>(expected))
      return;
    auto toValue = [&](OpFoldResult size) {
      return getValueOrCreateConstantIndexOp(b, b.getLoc(), size);
    };
    Value holds = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                        toValue(found), toValue(expected));
    cf::AssertOp::create(b, holds, makeMessage(op, message.str()));
  }

  /// Rules R2 and Q3, V2: `other` has the sizes of `like`, whose rank it has.
  void requireSameShape(Value other, Value like, StringRef rule,
                        StringRef name) {
    auto type = dyn_cast<RankedTensorType>(like.getType());
    if (!type)
      return;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        requireEqual(getSize(other, dim), getSize(like, dim),
                     rule + ": expected " + name +
                         " to have the input's size in dimension " +
                         Twine(dim));
  }

  /// Rules S5 and Z1. `owner` says whose scale it is, where there are several.
  void requireScaling(const ScaledValue &value, StringRef owner = "") {
    if (!value.scale || !isBlocked(value.scale))
      return;
    SmallVector<int64_t> block = value.getBlockSizes();
    for (auto [dim, size] : llvm::enumerate(block)) {
      OpFoldResult entries = getSize(value.scale, dim);
      requireEqual(entries, countBlocks(value.data, dim, size),
                   "S5: expected " + describeCount(size) + " in dimension " +
                       Twine(dim) + " of the scale" + owner +
                       describeExtent(size) + "; found another number");
      if (value.zeroPoint)
        requireEqual(getSize(value.zeroPoint, dim), entries,
                     "Z1: expected the zero point" + owner +
                         " to have the scale's size in dimension " +
                         Twine(dim));
    }
  }

  /// Rule S5 where the scale is a result, so that only its type can be wrong.
  void requireScaleType(const ScaledValue &value) {
    auto type = cast<RankedTensorType>(value.scale.getType());
    if (!isBlocked(value.scale))
      return;
    for (auto [dim, size] : llvm::enumerate(value.getBlockSizes()))
      if (!type.isDynamicDim(dim))
        requireEqual(b.getIndexAttr(type.getDimSize(dim)),
                     countBlocks(value.data, dim, size),
                     "S5: expected " + describeCount(size) + " in dimension " +
                         Twine(dim) + " of the result" + describeExtent(size) +
                         "; its type has " + Twine(type.getDimSize(dim)));
  }

private:
  static bool isBlocked(Value scale) {
    auto type = dyn_cast<RankedTensorType>(scale.getType());
    return type && type.getRank() != 0;
  }

  /// The number of blocks of `size` elements (0: one) along a dimension.
  OpFoldResult countBlocks(Value data, int64_t dim, int64_t size) {
    if (size == 0)
      return b.getIndexAttr(1);
    return affine::makeComposedFoldedAffineApply(
        b, b.getLoc(), b.getAffineDimExpr(0).ceilDiv(size),
        {getSize(data, dim)});
  }

  static std::string describeCount(int64_t size) {
    if (size == 0)
      return "1 scale";
    return "ceil(d / " + std::to_string(size) + ") scales";
  }
  static StringRef describeExtent(int64_t size) {
    return size == 0 ? " (block 0 is the whole dimension)"
                     : " (d is the data's size there)";
  }

  Operation *op;
  ImplicitLocOpBuilder b;
  MakeMessage makeMessage;
};

template <typename OpTy> void check(Checker &checker, OpTy op);

template <> void check(Checker &checker, QuantizeOp op) {
  // The scaled value is the result, which has the input's type and shape.
  checker.requireScaling(
      {op.getInput(), op.getScale(), op.getZeroPoint(), op.getBlockAttr()});
  if (op.getRandom())
    checker.requireSameShape(op.getRandom(), op.getInput(), "R2", "`random`");
}

template <> void check(Checker &checker, DequantizeOp op) {
  checker.requireScaling(op.getScaledValues().front());
}

template <> void check(Checker &checker, ChooseScaleOp op) {
  checker.requireScaleType(
      {op.getInput(), op.getScale(), {}, op.getBlockAttr()});
}

template <> void check(Checker &checker, ConvertOp op) {
  if (op.getRandom())
    checker.requireSameShape(op.getRandom(), op.getInput(), "R2", "`random`");
}

template <> void check(Checker &checker, MatmulOp op) {
  Value a = op.getA(), b = op.getB();
  int64_t rank = op.getA().getType().getRank();
  int64_t reduction = op.getBReductionDim(), column = op.getBColumnDim();
  if (op.getB().getType().getRank() == rank)
    for (int64_t dim = 0; dim < rank - 2; ++dim)
      checker.requireEqual(checker.getSize(b, dim), checker.getSize(a, dim),
                           "M2: expected equal batch dimensions, found others "
                           "in dimension " +
                               Twine(dim));
  checker.requireEqual(checker.getSize(b, reduction),
                       checker.getSize(a, rank - 1),
                       "M3: expected B's dimension " + Twine(reduction) +
                           " to be K, the size of A's last dimension");
  RankedTensorType resultType = op.getResult().getType();
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (resultType.isDynamicDim(dim))
      continue;
    bool isColumn = dim == rank - 1;
    checker.requireEqual(IntegerAttr::get(IndexType::get(op.getContext()),
                                          resultType.getDimSize(dim)),
                         isColumn ? checker.getSize(b, column)
                                  : checker.getSize(a, dim),
                         "M4: expected the result to have the size of " +
                             (isColumn ? "B's dimension " + Twine(column)
                                       : "A's dimension " + Twine(dim)) +
                             " in dimension " + Twine(dim) + "; its type has " +
                             Twine(resultType.getDimSize(dim)));
  }
  if (op.getBias())
    checker.requireEqual(checker.getSize(op.getBias(), 0),
                         checker.getSize(b, column),
                         "M5: expected a bias of N values, N the size of B's "
                         "dimension " +
                             Twine(column));
  SmallVector<ScaledValue> scaled = op.getScaledValues();
  checker.requireScaling(scaled[0], " of A");
  checker.requireScaling(scaled[1], " of B");
}

template <typename OpTy>
struct RuntimeVerification : public RuntimeVerifiableOpInterface::ExternalModel<
                                 RuntimeVerification<OpTy>, OpTy> {
  void generateRuntimeVerification(Operation *op, OpBuilder &builder,
                                   Location loc,
                                   MakeMessage makeMessage) const {
    Checker checker(op, builder, loc, makeMessage);
    check(checker, cast<OpTy>(op));
  }
};
} // namespace

void lowbit::registerRuntimeVerification(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, LowbitDialect *) {
    // The dialects of what the checks are made of.
    context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                         cf::ControlFlowDialect, tensor::TensorDialect>();
    QuantizeOp::attachInterface<RuntimeVerification<QuantizeOp>>(*context);
    DequantizeOp::attachInterface<RuntimeVerification<DequantizeOp>>(*context);
    ChooseScaleOp::attachInterface<RuntimeVerification<ChooseScaleOp>>(
        *context);
    ConvertOp::attachInterface<RuntimeVerification<ConvertOp>>(*context);
    MatmulOp::attachInterface<RuntimeVerification<MatmulOp>>(*context);
  });
}
