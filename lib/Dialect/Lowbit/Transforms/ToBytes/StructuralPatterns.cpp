//===- StructuralPatterns.cpp - Functions, loops, moves -------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ops that do not look at elements: only their types change.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/ControlFlow/Transforms/StructuralTypeConversions.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lowbit;

FailureOr<Operation *>
lowbit::rebuildWithTypes(ConversionPatternRewriter &rewriter,
                         const TypeConverter &converter, Operation *op,
                         ValueRange operands, TypeRange resultTypes) {
  OperationState state(op->getLoc(), op->getName());
  state.addOperands(operands);
  state.addTypes(resultTypes);
  state.addAttributes(op->getDiscardableAttrDictionary().getValue());
  state.propertiesAttr = op->getPropertiesAsAttribute();
  state.addSuccessors(op->getSuccessors());
  for (unsigned i = 0, e = op->getNumRegions(); i < e; ++i)
    state.addRegion();
  Operation *rebuilt = rewriter.create(state);
  for (auto [from, to] : llvm::zip(op->getRegions(), rebuilt->getRegions())) {
    rewriter.inlineRegionBefore(from, to, to.end());
    if (failed(rewriter.convertRegionTypes(&to, converter)))
      return failure();
  }
  return rebuilt;
}

/// Whether the storage of every tensor among the types of `op` is its codes.
static bool isOnCodes(Operation *op) {
  auto isCodes = [](Type type) {
    auto tensor = dyn_cast<TensorType>(type);
    return !tensor || isStoredAsCodes(tensor);
  };
  return llvm::all_of(op->getOperandTypes(), isCodes) &&
         llvm::all_of(op->getResultTypes(), isCodes);
}

/// The same op between containers and bytes.
static LogicalResult convertTypesOnly(ConversionPatternRewriter &rewriter,
                                      const TypeConverter &converter,
                                      Operation *op, ValueRange operands) {
  SmallVector<Type> types;
  if (failed(converter.convertTypes(op->getResultTypes(), types)))
    return rewriter.notifyMatchFailure(op, "a result has no byte form");
  FailureOr<Operation *> rebuilt =
      rebuildWithTypes(rewriter, converter, op, operands, types);
  if (failed(rebuilt))
    return failure();
  rewriter.replaceOp(op, (*rebuilt)->getResults());
  return success();
}

namespace {
/// An op that moves elements and does not look at them, on scalars, on vectors
/// and on tensors that keep their shape.
template <typename OpTy> struct ConvertMove : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isOnCodes(op))
      return rewriter.notifyMatchFailure(op, "elements are packed");
    return convertTypesOnly(rewriter, *this->getTypeConverter(), op,
                            adaptor.getOperands());
  }
};

/// An op that stores scalars or vectors in a memref: their unused bits become
/// 0 first.
template <typename OpTy>
struct ConvertStore : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> operands;
    for (auto [value, type] :
         llvm::zip(adaptor.getOperands(), op->getOperandTypes())) {
      Type element = getElementTypeOrSelf(type);
      bool isMemRef = isa<BaseMemRefType>(type);
      operands.push_back(!isMemRef && isStored(element)
                             ? zeroExtendCode(b, value, element)
                             : value);
    }
    return convertTypesOnly(rewriter, *this->getTypeConverter(), op, operands);
  }
};

/// A mask holds one op, so none that is converted on codes.
struct ConvertMask : public OpConversionPattern<vector::MaskOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(vector::MaskOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Operation *masked = op.getMaskableOp();
    if (masked && !isOnCodes(masked))
      return rewriter.notifyMatchFailure(op, "masks an op on packed elements");
    return convertTypesOnly(rewriter, *getTypeConverter(), op,
                            adaptor.getOperands());
  }
};

/// Upstream converts the operands of the successors; the flag is an integer
/// like any other.
struct ConvertSwitchFlag : public OpConversionPattern<cf::SwitchOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(cf::SwitchOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = op.getFlag().getType();
    if (!isStored(type))
      return rewriter.notifyMatchFailure(op, "a flag of whole bytes");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value flag = zeroExtendCode(b, adaptor.getFlag().front(), type);
    unsigned width = flag.getType().getIntOrFloatBitWidth();
    SmallVector<APInt> cases;
    if (std::optional<DenseIntElementsAttr> values = op.getCaseValues())
      for (const APInt &value : *values)
        cases.push_back(value.zext(width));
    auto flatten = [](ArrayRef<ValueRange> ranges) {
      SmallVector<Value> values;
      for (ValueRange range : ranges)
        llvm::append_range(values, range);
      return values;
    };
    SmallVector<SmallVector<Value>> caseOperands;
    for (ArrayRef<ValueRange> ranges : adaptor.getCaseOperands())
      caseOperands.push_back(flatten(ranges));
    rewriter.replaceOpWithNewOp<cf::SwitchOp>(
        op, flag, op.getDefaultDestination(),
        flatten(adaptor.getDefaultOperands()), cases, op.getCaseDestinations(),
        llvm::to_vector_of<ValueRange>(caseOperands));
    return success();
  }
};

/// The signature and the arguments of every block; upstream's pattern leaves
/// blocks other than the entry.
struct ConvertFunction
    : public OpInterfaceConversionPattern<FunctionOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;

  LogicalResult
  matchAndRewrite(FunctionOpInterface op, ArrayRef<Value>,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = dyn_cast<FunctionType>(op.getFunctionType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "not a function of builtin type");
    auto converted = dyn_cast_if_present<FunctionType>(
        getTypeConverter()->convertType(type));
    if (!converted)
      return rewriter.notifyMatchFailure(op, "no byte form");
    if (!op.isExternal() && failed(rewriter.convertRegionTypes(
                                &op.getFunctionBody(), *getTypeConverter())))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.setType(converted); });
    return success();
  }
};

/// Scalars leave a function with their unused bits zero.
struct ConvertReturn : public OpConversionPattern<func::ReturnOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(func::ReturnOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> values;
    for (auto [value, type] :
         llvm::zip(adaptor.getOperands(), op->getOperandTypes())) {
      Type element = getElementTypeOrSelf(type);
      bool isScalar = isa<VectorType>(type) || !isa<ShapedType>(type);
      values.push_back(isScalar && isStored(element)
                           ? zeroExtendCode(b, value, element)
                           : value);
    }
    rewriter.modifyOpInPlace(op, [&] { op->setOperands(values); });
    return success();
  }
};

/// An op that moves whole tensors, whatever they hold.
template <typename OpTy>
struct ConvertWholeMove : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    return convertTypesOnly(rewriter, *this->getTypeConverter(), op,
                            adaptor.getOperands());
  }
};

/// The same, done to an op on tensors that are packed: on their codes. Always
/// right, but it unpacks and packs whole tensors.
template <typename OpTy>
struct ConvertOnCodes : public OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (isOnCodes(op))
      return rewriter.notifyMatchFailure(op, "elements are not packed");
    auto isUnranked = llvm::IsaPred<UnrankedTensorType>;
    if (llvm::any_of(op->getOperandTypes(), isUnranked) ||
        llvm::any_of(op->getResultTypes(), isUnranked))
      return rewriter.notifyMatchFailure(op, "a tensor without a rank");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> operands;
    for (auto [value, type] :
         llvm::zip(adaptor.getOperands(), op->getOperandTypes())) {
      auto logical = dyn_cast<RankedTensorType>(type);
      operands.push_back(logical && isStored(logical.getElementType())
                             ? unpackCodes(b, value, logical)
                             : value);
    }
    SmallVector<Type> types =
        llvm::map_to_vector(op->getResultTypes(), getCodesType);
    FailureOr<Operation *> rebuilt = rebuildWithTypes(
        rewriter, *this->getTypeConverter(), op, operands, types);
    if (failed(rebuilt))
      return failure();
    SmallVector<Value> results;
    for (auto [value, type] :
         llvm::zip((*rebuilt)->getResults(), op->getResultTypes())) {
      auto logical = dyn_cast<RankedTensorType>(type);
      results.push_back(logical && isStored(logical.getElementType())
                            ? packCodes(b, value, logical)
                            : value);
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

/// Ops that have both forms.
template <typename... OpTys>
static void addMoves(const ByteTypeConverter &converter,
                     RewritePatternSet &patterns) {
  patterns.add<ConvertMove<OpTys>..., ConvertOnCodes<OpTys>...>(
      converter, patterns.getContext());
}

void lowbit::populateStructuralToBytesPatterns(
    const ByteTypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvertFunction, ConvertMask, ConvertReturn>(
      converter, patterns.getContext());
  patterns.add<ConvertSwitchFlag>(converter, patterns.getContext(),
                                  /*benefit=*/2);
  cf::populateCFStructuralTypeConversions(converter, patterns);
  scf::populateSCFStructuralTypeConversions(converter, patterns);
  // Upstream leaves out scf.forall and scf.execute_region.
  patterns.add<
      ConvertWholeMove<scf::ForallOp>, ConvertWholeMove<scf::ExecuteRegionOp>,
      ConvertWholeMove<arith::SelectOp>,
      ConvertWholeMove<bufferization::MaterializeInDestinationOp>,
      ConvertWholeMove<func::CallOp>, ConvertWholeMove<func::CallIndirectOp>,
      ConvertWholeMove<func::ConstantOp>, ConvertWholeMove<ub::PoisonOp>,
      ConvertWholeMove<tensor::YieldOp>, ConvertWholeMove<vector::YieldOp>>(
      converter, patterns.getContext());
  addMoves<tensor::ConcatOp, tensor::FromElementsOp, tensor::GatherOp,
           tensor::GenerateOp, tensor::PadOp, tensor::ReshapeOp,
           tensor::ScatterOp, tensor::SplatOp, linalg::PackOp, linalg::UnPackOp,
           vector::GatherOp, vector::TransferReadOp, vector::TransferWriteOp>(
      converter, patterns);
  patterns.add<
      ConvertMove<vector::BroadcastOp>, ConvertMove<vector::DeinterleaveOp>,
      ConvertMove<vector::ExtractOp>,
      ConvertMove<vector::ExtractStridedSliceOp>,
      ConvertMove<vector::FromElementsOp>, ConvertMove<vector::InsertOp>,
      ConvertMove<vector::InsertStridedSliceOp>,
      ConvertMove<vector::InterleaveOp>, ConvertMove<vector::LoadOp>,
      ConvertMove<vector::MaskedLoadOp>, ConvertStore<vector::MaskedStoreOp>,
      ConvertMove<vector::ShapeCastOp>, ConvertMove<vector::ShuffleOp>,
      ConvertStore<vector::StoreOp>, ConvertMove<vector::ToElementsOp>,
      ConvertMove<vector::TransposeOp>, ConvertMove<memref::AllocOp>,
      ConvertMove<memref::AllocaOp>, ConvertMove<memref::CastOp>,
      ConvertMove<memref::CollapseShapeOp>, ConvertMove<memref::CopyOp>,
      ConvertMove<memref::DeallocOp>, ConvertMove<memref::DimOp>,
      ConvertMove<memref::ExpandShapeOp>, ConvertMove<memref::GetGlobalOp>,
      ConvertMove<memref::LoadOp>, ConvertMove<memref::ReinterpretCastOp>,
      ConvertStore<memref::StoreOp>, ConvertMove<memref::SubViewOp>,
      ConvertMove<bufferization::AllocTensorOp>,
      ConvertMove<bufferization::ToBufferOp>,
      ConvertMove<bufferization::ToTensorOp>>(converter, patterns.getContext());
}
