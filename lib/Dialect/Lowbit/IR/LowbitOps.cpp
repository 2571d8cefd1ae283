//===- LowbitOps.cpp - Builders, verifiers, shape reification ----------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Verifier messages begin with the rule of docs/Formats.md that is broken.
// Scales and zero points (S and Z rules) are verified by ScaledOpInterface.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Blocks.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace lowbit;

#define GET_OP_CLASSES
#include "lowbit/Dialect/Lowbit/IR/LowbitOps.cpp.inc"

/// `type` with another element type: shaped types keep their shape.
static Type cloneWithElement(Type type, Type elementType) {
  return cast<RankedTensorType>(type).clone(elementType);
}

static DenseI64ArrayAttr makeBlock(OpBuilder &builder,
                                   ArrayRef<int64_t> block) {
  return block.empty() ? DenseI64ArrayAttr()
                       : builder.getDenseI64ArrayAttr(block);
}

/// Whether a format is one of f32 and narrower floats.
static bool fitsF32(const Format &format) {
  return format.isFloat() && format.getBits() <= 32;
}

/// The same but for the element type: both scalars, or both the same kind of
/// container (vector, ranked tensor, memref) with the same shape, scalable
/// dimensions, encoding, layout and memory space.
static bool haveSameShape(Type lhs, Type rhs) {
  auto lhsShaped = dyn_cast<ShapedType>(lhs);
  auto rhsShaped = dyn_cast<ShapedType>(rhs);
  if (!lhsShaped || !rhsShaped)
    return !lhsShaped && !rhsShaped;
  return lhsShaped.clone(rhsShaped.getElementType()) == rhs;
}

/// Rules R1 and R2: random words are there exactly under stochastic rounding.
static LogicalResult verifyRandom(Operation *op, Rounding rounding,
                                  Value random, Type inputType) {
  if (bool(random) != (rounding == Rounding::Stochastic))
    return op->emitOpError("R1: expected ")
           << (random ? "no `random` operand: rounding is "
                      : "a `random` operand: rounding is ")
           << stringifyRounding(rounding);
  if (!random)
    return success();
  if (!getElementTypeOrSelf(random.getType()).isSignlessInteger(32) ||
      !haveSameShape(random.getType(), inputType))
    return op->emitOpError("R2: expected `random` to be i32 of the shape of ")
           << inputType << ", found " << random.getType();
  return success();
}

/// The extents of a ranked value, one per dimension.
static SmallVector<OpFoldResult> getExtents(OpBuilder &builder, Location loc,
                                            Value value) {
  return tensor::getMixedSizes(builder, loc, value);
}

//===----------------------------------------------------------------------===//
// QuantizeOp
//===----------------------------------------------------------------------===//

void QuantizeOp::build(OpBuilder &builder, OperationState &state,
                       Type elementType, Value input, Value scale,
                       Value zeroPoint, ArrayRef<int64_t> block,
                       Rounding rounding, Overflow overflow, Value random) {
  build(builder, state, cloneWithElement(input.getType(), elementType), input,
        scale, zeroPoint, random, makeBlock(builder, block), rounding,
        overflow);
}

SmallVector<ScaledValue> QuantizeOp::getScaledValues() {
  return {{getResult(), getScale(), getZeroPoint(), getBlockAttr()}};
}

LogicalResult QuantizeOp::verify() {
  Type inputElement = getInput().getType().getElementType();
  std::optional<Format> input = getFormat(inputElement);
  if (!input || !fitsF32(*input))
    return emitOpError("Q1: expected input elements of a float type that f32 "
                       "holds, found ")
           << inputElement;
  Type resultElement = getResult().getType().getElementType();
  std::optional<Format> result = getFormat(resultElement);
  if (!result || result->getBits() > 16)
    return emitOpError("Q2: expected result elements of a number format of at "
                       "most 16 bits (an integer of 2 to 8 bits, a small "
                       "float, !lowbit.*), found ")
           << resultElement;
  if (!haveSameShape(getInput().getType(), getResult().getType()))
    return emitOpError(
               "Q3: expected the result to have the shape and encoding of "
               "the input ")
           << getInput().getType() << ", found " << getResult().getType();
  return verifyRandom(*this, getRounding(), getRandom(), getInput().getType());
}

LogicalResult
QuantizeOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getExtents(builder, getLoc(), getInput()));
  return success();
}

//===----------------------------------------------------------------------===//
// DequantizeOp
//===----------------------------------------------------------------------===//

void DequantizeOp::build(OpBuilder &builder, OperationState &state,
                         Type elementType, Value input, Value scale,
                         Value zeroPoint, ArrayRef<int64_t> block,
                         Rounding rounding, Overflow overflow) {
  build(builder, state, cloneWithElement(input.getType(), elementType), input,
        scale, zeroPoint, makeBlock(builder, block), rounding, overflow);
}

SmallVector<ScaledValue> DequantizeOp::getScaledValues() {
  return {{getInput(), getScale(), getZeroPoint(), getBlockAttr()}};
}

LogicalResult DequantizeOp::verify() {
  Type inputElement = getInput().getType().getElementType();
  std::optional<Format> input = getFormat(inputElement);
  if (!input || input->getBits() > 32)
    return emitOpError("D1: expected input elements of a number format that "
                       "f32 holds, found ")
           << inputElement;
  Type resultElement = getResult().getType().getElementType();
  std::optional<Format> result = getFormat(resultElement);
  if (!result || !fitsF32(*result))
    return emitOpError("D2: expected result elements of a float type that f32 "
                       "holds, found ")
           << resultElement;
  if (!haveSameShape(getInput().getType(), getResult().getType()))
    return emitOpError(
               "D3: expected the result to have the shape and encoding of "
               "the input ")
           << getInput().getType() << ", found " << getResult().getType();
  if (getRounding() == Rounding::Stochastic)
    return emitOpError("D4: expected rounding nearest_even or toward_zero, "
                       "found stochastic; dequantize to f32 and use "
                       "lowbit.convert");
  return success();
}

LogicalResult
DequantizeOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getExtents(builder, getLoc(), getInput()));
  return success();
}

//===----------------------------------------------------------------------===//
// ChooseScaleOp
//===----------------------------------------------------------------------===//

void ChooseScaleOp::build(OpBuilder &builder, OperationState &state,
                          Value input, Type elementType, Type scaleElementType,
                          ArrayRef<int64_t> block, ScaleMethod method,
                          Type zeroPointElementType) {
  auto inputType = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> shape(inputType.getShape());
  for (auto [extent, size] : llvm::zip_equal(shape, block)) {
    assert(size >= 0 && "block sizes are not negative");
    if (size == 0)
      extent = 1;
    else if (!ShapedType::isDynamic(extent))
      extent = llvm::divideCeil(extent, size);
  }
  Type zeroPoint = zeroPointElementType
                       ? RankedTensorType::get(shape, zeroPointElementType)
                       : Type();
  build(builder, state, RankedTensorType::get(shape, scaleElementType),
        zeroPoint, input, elementType, makeBlock(builder, block), method);
}

LogicalResult ChooseScaleOp::verify() {
  Type inputElement = getInput().getType().getElementType();
  std::optional<Format> input = getFormat(inputElement);
  if (!input || !fitsF32(*input))
    return emitOpError("C6: expected input elements of a float type that f32 "
                       "holds, found ")
           << inputElement;
  std::optional<Format> element = getFormat(getElementType());
  if (!element || element->getBits() > 16)
    return emitOpError("C7: expected the type after `for` to be a number "
                       "format of at most 16 bits, found ")
           << getElementType();

  std::optional<Format> scale =
      getFormat(getScale().getType().getElementType());
  if (!scale)
    return emitOpError("C5: expected a scale of a float type, found ")
           << getScale().getType().getElementType();
  if (llvm::Error error = verifyScaleMethod(*element, *scale, getMethod()))
    return emitOpError(llvm::toString(std::move(error)));

  bool wantsZeroPoint = getMethod() == ScaleMethod::MinMax;
  if (bool(getZeroPoint()) != wantsZeroPoint)
    return emitOpError("C8: expected ")
           << (wantsZeroPoint ? "two results, scale and zero point: "
                              : "one result: ")
           << "the method is " << stringifyScaleMethod(getMethod());
  // The results are shaped and typed as the scale and the zero point of a
  // tensor like the input with elements of that type would be.
  return verifyScaling(
      *this, getInput().getType().clone(getElementType()),
      {getInput(), getScale(), getZeroPoint(), getBlockAttr()});
}

LogicalResult
ChooseScaleOp::reifyResultShapes(OpBuilder &builder,
                                 ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents = getExtents(builder, getLoc(), getInput());
  SmallVector<int64_t> block =
      ScaledValue{getInput(), getScale(), {}, getBlockAttr()}.getBlockSizes();
  auto scaleType = cast<RankedTensorType>(getScale().getType());
  SmallVector<OpFoldResult> shape;
  if (scaleType.getRank() != 0)
    for (auto [extent, size] : llvm::zip(extents, block)) {
      if (size == 0) {
        shape.push_back(builder.getIndexAttr(1));
        continue;
      }
      AffineExpr d0 = builder.getAffineDimExpr(0);
      shape.push_back(affine::makeComposedFoldedAffineApply(
          builder, getLoc(), d0.ceilDiv(size), {extent}));
    }
  shapes.push_back(shape);
  if (getZeroPoint())
    shapes.push_back(std::move(shape));
  return success();
}

//===----------------------------------------------------------------------===//
// ConvertOp
//===----------------------------------------------------------------------===//

void ConvertOp::build(OpBuilder &builder, OperationState &state, Type result,
                      Value input, Rounding rounding, Overflow overflow,
                      Value random) {
  build(builder, state, result, input, random, rounding, overflow);
}

LogicalResult ConvertOp::verify() {
  for (Type type : {getInput().getType(), getResult().getType()}) {
    if (isa<ShapedType>(type) && !isa<RankedTensorType, VectorType>(type))
      return emitOpError("V1: expected a scalar, a vector or a ranked tensor, "
                         "found ")
             << type;
    if (!getElementFormat(type))
      return emitOpError("V1: expected a number format (a float of at most 64 "
                         "bits, an integer of 2 to 8 bits, !lowbit.*), found ")
             << getElementTypeOrSelf(type);
  }
  if (!haveSameShape(getInput().getType(), getResult().getType()))
    return emitOpError(
               "V2: expected the result to have the shape and encoding of "
               "the input ")
           << getInput().getType() << ", found " << getResult().getType();
  return verifyRandom(*this, getRounding(), getRandom(), getInput().getType());
}

/// The shape of a result that has the input's shape; scalars and vectors have
/// none to reify.
static LogicalResult reifyLikeInput(OpBuilder &builder, Operation *op,
                                    ReifiedRankedShapedTypeDims &shapes) {
  Value input = op->getOperand(0);
  if (!isa<RankedTensorType>(input.getType()))
    return failure();
  shapes.push_back(getExtents(builder, op->getLoc(), input));
  return success();
}

LogicalResult
ConvertOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyLikeInput(builder, *this, shapes);
}

//===----------------------------------------------------------------------===//
// BitcastOp
//===----------------------------------------------------------------------===//

LogicalResult BitcastOp::verify() {
  Type inputType = getInput().getType();
  Type resultType = getResult().getType();
  for (Type type : {inputType, resultType}) {
    // What is unranked here could not become bytes later.
    bool isKnownShape = isa<RankedTensorType, VectorType, MemRefType>(type);
    if ((isa<ShapedType>(type) && !isKnownShape) ||
        !isa<IntegerType, FloatType, FormatTypeInterface>(
            getElementTypeOrSelf(type)))
      return emitOpError("B1: expected an integer, a float or a !lowbit type, "
                         "or a vector, ranked tensor or ranked memref of "
                         "such, found ")
             << type;
  }
  if (!haveSameShape(inputType, resultType))
    return emitOpError("B2: expected the result to have the shape, encoding, "
                       "layout and memory space of the input ")
           << inputType << ", found " << resultType;
  unsigned inputBits = getBitWidth(getElementTypeOrSelf(inputType));
  unsigned resultBits = getBitWidth(getElementTypeOrSelf(resultType));
  if (inputBits != resultBits)
    return emitOpError("B3: expected elements of one width, found ")
           << inputBits << " bits (" << getElementTypeOrSelf(inputType)
           << ") and " << resultBits << " bits ("
           << getElementTypeOrSelf(resultType) << ")";
  return success();
}

/// On memrefs the result is the same buffer, which alias analysis has to know.
Value BitcastOp::getViewSource() { return getInput(); }

LogicalResult
BitcastOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyLikeInput(builder, *this, shapes);
}

//===----------------------------------------------------------------------===//
// MatmulOp
//===----------------------------------------------------------------------===//

void MatmulOp::build(OpBuilder &builder, OperationState &state,
                     Type elementType, const ScaledValue &a,
                     const ScaledValue &b, Value bias, bool transposeB,
                     Type acc, std::optional<int64_t> promoteEvery) {
  auto aType = cast<RankedTensorType>(a.data.getType());
  auto bType = cast<RankedTensorType>(b.data.getType());
  SmallVector<int64_t> shape(aType.getShape());
  shape.back() = bType.getDimSize(bType.getRank() - (transposeB ? 2 : 1));
  build(builder, state, RankedTensorType::get(shape, elementType), a.data,
        a.scale, a.zeroPoint, b.data, b.scale, b.zeroPoint, bias, a.block,
        b.block, transposeB, acc ? acc : builder.getF32Type(),
        promoteEvery ? builder.getI64IntegerAttr(*promoteEvery)
                     : IntegerAttr());
}

SmallVector<ScaledValue> MatmulOp::getScaledValues() {
  return {{getA(), getAScale(), getAZeroPoint(), getABlockAttr()},
          {getB(), getBScale(), getBZeroPoint(), getBBlockAttr()}};
}

/// Largest |code - zero point| of an integer operand; nullopt if the operand
/// is not made of integers.
static std::optional<int64_t> getLargestDifference(const ScaledValue &value) {
  auto getInteger = [](Value v) -> std::optional<Format> {
    if (auto type = dyn_cast<IntegerType>(getElementTypeOrSelf(v.getType())))
      return getIntegerFormat(type);
    return std::nullopt;
  };
  std::optional<Format> data = getInteger(value.data);
  if (!data)
    return std::nullopt;
  double lowest = 0, largest = 0; // of the zero point
  if (value.zeroPoint) {
    std::optional<Format> zeroPoint = getInteger(value.zeroPoint);
    if (!zeroPoint)
      return std::nullopt;
    lowest = zeroPoint->getLowest();
    largest = zeroPoint->getLargest();
  }
  return static_cast<int64_t>(
      std::max(data->getLargest() - lowest, largest - data->getLowest()));
}

/// Rules M9 and M10: integers whose partial sums fit into 32 bits.
static LogicalResult verifyIntegerAccumulation(MatmulOp op) {
  SmallVector<ScaledValue> values = op.getScaledValues();
  std::optional<int64_t> largestA = getLargestDifference(values[0]);
  std::optional<int64_t> largestB = getLargestDifference(values[1]);
  if (!largestA || !largestB)
    return op.emitOpError("M9: acc = i32 needs integer operands and integer "
                          "zero points, found ")
           << op.getA().getType() << " and " << op.getB().getType();

  // A partial sum runs over the part of K in which neither scale changes.
  auto aType = op.getA().getType();
  auto bType = op.getB().getType();
  int64_t length = aType.getDimSize(aType.getRank() - 1);
  if (ShapedType::isDynamic(length))
    length = bType.getDimSize(op.getBReductionDim());
  int64_t blocks[] = {values[0].getBlockSizes().back(),
                      values[1].getBlockSizes()[op.getBReductionDim()]};
  for (int64_t block : blocks)
    if (block != 0 && (ShapedType::isDynamic(length) || block < length))
      length = block;
  if (ShapedType::isDynamic(length))
    return op.emitOpError("M10: acc = i32 needs a bound on K: it is dynamic "
                          "and no block divides it");
  // Both differences are below 2^34, so the quotient form does not overflow.
  int64_t limit = std::numeric_limits<int32_t>::max();
  if (*largestA > limit ||
      *largestB > limit / std::max<int64_t>(*largestA, 1) ||
      length > limit / std::max<int64_t>(*largestA * *largestB, 1))
    return op.emitOpError("M10: acc = i32 may overflow: a partial sum of ")
           << length << " products of up to " << *largestA << " x " << *largestB
           << " does not fit";
  return success();
}

LogicalResult MatmulOp::verify() {
  RankedTensorType aType = getA().getType();
  RankedTensorType bType = getB().getType();
  RankedTensorType resultType = getResult().getType();
  int64_t rank = aType.getRank();
  if (rank < 2)
    return emitOpError("M1: expected A of rank 2 or more, found ") << aType;
  if (bType.getRank() != rank && bType.getRank() != 2)
    return emitOpError("M1: expected B of rank 2 or of A's rank ")
           << rank << ", found " << bType;

  auto differ = [](int64_t lhs, int64_t rhs) {
    return !ShapedType::isDynamic(lhs) && !ShapedType::isDynamic(rhs) &&
           lhs != rhs;
  };
  if (bType.getRank() == rank)
    for (int64_t dim = 0; dim < rank - 2; ++dim)
      if (differ(aType.getDimSize(dim), bType.getDimSize(dim)))
        return emitOpError("M2: expected equal batch dimensions, found ")
               << aType.getDimSize(dim) << " and " << bType.getDimSize(dim)
               << " in dimension " << dim;
  int64_t k = aType.getDimSize(rank - 1);
  int64_t n = bType.getDimSize(getBColumnDim());
  if (differ(k, bType.getDimSize(getBReductionDim())))
    return emitOpError("M3: expected B's dimension ")
           << getBReductionDim() << " to be K = " << k << ", found "
           << bType.getDimSize(getBReductionDim())
           << (getTransposeB() ? " (B is N x K under transpose_b)"
                               : " (B is K x N without transpose_b)");
  SmallVector<int64_t> expected(aType.getShape());
  expected.back() = n;
  bool resultFits = resultType.getRank() == rank;
  for (int64_t dim = 0; resultFits && dim < rank; ++dim)
    resultFits = !differ(resultType.getDimSize(dim), expected[dim]);
  if (!resultFits)
    return emitOpError("M4: expected a result of shape ")
           << RankedTensorType::get(expected, resultType.getElementType())
           << ", found " << resultType;
  if (getBias()) {
    auto biasType = cast<RankedTensorType>(getBias().getType());
    if (biasType.getRank() != 1 || !biasType.getElementType().isF32() ||
        differ(biasType.getDimSize(0), n))
      return emitOpError("M5: expected a bias ")
             << RankedTensorType::get({n}, Float32Type::get(getContext()))
             << ", found " << biasType;
  }
  for (Type element : {aType.getElementType(), bType.getElementType()}) {
    std::optional<Format> format = getFormat(element);
    if (!format || format->getBits() > 32)
      return emitOpError("M6: expected operands of a number format that f32 "
                         "holds, found ")
             << element;
  }
  Type resultElement = resultType.getElementType();
  if (!resultElement.isF32() && !resultElement.isF16() &&
      !resultElement.isBF16())
    return emitOpError("M7: expected a result of f32, f16 or bf16, found ")
           << resultElement;
  Type acc = getAcc();
  if (!acc.isF32() && !acc.isF16() && !acc.isSignlessInteger(32))
    return emitOpError("M8: expected acc to be f16, f32 or i32, found ") << acc;
  if (std::optional<uint64_t> every = getPromoteEvery();
      every && static_cast<int64_t>(*every) <= 0)
    return emitOpError("M11: expected promote_every > 0, found ")
           << static_cast<int64_t>(*every);
  if (acc.isInteger())
    return verifyIntegerAccumulation(*this);
  return success();
}

LogicalResult MatmulOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> shape = getExtents(builder, getLoc(), getA());
  shape.back() =
      tensor::getMixedSize(builder, getLoc(), getB(), getBColumnDim());
  shapes.push_back(std::move(shape));
  return success();
}
