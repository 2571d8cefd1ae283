//===- LowbitScaling.cpp - Scales, zero points and blocks of ops -------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Rules S1 to S6 (scales) and Z1 to Z4 (zero points) of docs/Formats.md, for
// every op with ScaledOpInterface.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/IR/TypeUtilities.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace lowbit;

/// The shape of a scale or zero point, a scalar being of rank 0; nullopt for
/// what is neither a scalar nor a ranked tensor.
static std::optional<ArrayRef<int64_t>> getScaleShape(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.getShape();
  if (isa<ShapedType>(type) || !(getFormat(type) || type.isIntOrIndexOrFloat()))
    return std::nullopt;
  return ArrayRef<int64_t>();
}

SmallVector<int64_t> ScaledValue::getBlockSizes() const {
  auto dataType = cast<RankedTensorType>(data.getType());
  if (block)
    return llvm::to_vector(block.asArrayRef());
  SmallVector<int64_t> sizes(dataType.getRank(), 0);
  if (!scale)
    return sizes;
  ArrayRef<int64_t> scaleShape = *getScaleShape(scale.getType());
  for (auto [size, entry, extent] :
       llvm::zip(sizes, scaleShape, dataType.getShape()))
    if (entry != 1)
      size = entry == 0 ? 1 : extent / entry;
  return sizes;
}

namespace {
/// Verifies one scaled value; every failure says what was expected and found.
struct ScalingVerifier {
  Operation *op;
  RankedTensorType dataType;
  const ScaledValue &value;

  LogicalResult verify() {
    if (!value.scale)
      return verifyNoScale();
    if (failed(verifyScaleType()) || failed(verifyGranularity()))
      return failure();
    return value.zeroPoint ? verifyZeroPoint() : success();
  }

private:
  /// The syntax has no place for these; the generic form and builders have.
  LogicalResult verifyNoScale() {
    if (value.zeroPoint)
      return op->emitOpError("Z1: expected a scale beside the zero point of ")
             << dataType << ", found none";
    if (value.block)
      return op->emitOpError("S4: expected a scale beside the block of ")
             << dataType << ", found none";
    return success();
  }

  LogicalResult verifyScaleType() {
    Type elementType = getElementTypeOrSelf(value.scale.getType());
    std::optional<Format> format = getFormat(elementType);
    if (!format || !format->isFloat() || format->getBits() > 32)
      return op->emitOpError("S1: expected a scale of a float type that f32 "
                             "holds (such as f32, f16, bf16, f8E8M0FNU, "
                             "f8E4M3FN), found ")
             << elementType;
    std::optional<ArrayRef<int64_t>> shape =
        getScaleShape(value.scale.getType());
    if (!shape || (!shape->empty() &&
                   static_cast<int64_t>(shape->size()) != dataType.getRank()))
      return op->emitOpError("S2: expected a scale that is a scalar, a tensor "
                             "of rank 0 or a tensor of rank ")
             << dataType.getRank() << " like the data " << dataType
             << ", found " << value.scale.getType();
    return success();
  }

  LogicalResult verifyGranularity() {
    ArrayRef<int64_t> scaleShape = *getScaleShape(value.scale.getType());
    bool single = scaleShape.empty();
    if (!value.block)
      return single ? success() : verifyImpliedBlock(scaleShape);

    ArrayRef<int64_t> block = value.block.asArrayRef();
    if (static_cast<int64_t>(block.size()) != dataType.getRank())
      return op->emitOpError("S4: expected block to have ")
             << dataType.getRank() << " entries, one per dimension of "
             << dataType << ", found " << block.size();
    for (auto [dim, size] : llvm::enumerate(block))
      if (size < 0)
        return op->emitOpError("S4: expected block entries >= 0 (0 is the "
                               "whole dimension), found ")
               << size << " in dimension " << dim;
    if (single) {
      if (llvm::any_of(block, [](int64_t size) { return size != 0; }))
        return op->emitOpError("S6: expected only zeros in the block of a "
                               "single scale, found [")
               << block << "]";
      return success();
    }
    for (auto [dim, size, extent, entries] :
         llvm::enumerate(block, dataType.getShape(), scaleShape)) {
      if (ShapedType::isDynamic(entries))
        continue;
      if (size == 0 ? entries == 1 : ShapedType::isDynamic(extent))
        continue;
      int64_t expected = size == 0 ? 1 : llvm::divideCeil(extent, size);
      if (entries == expected)
        continue;
      InFlightDiagnostic diag = op->emitOpError("S5: expected ")
                                << expected << " scales in dimension " << dim
                                << " (";
      if (size == 0)
        diag << "block 0 is the whole dimension";
      else
        diag << "ceil(" << extent << " / " << size << ")";
      return diag << "), found " << entries;
    }
    return success();
  }

  /// Without `block` the shapes must say the granularity.
  LogicalResult verifyImpliedBlock(ArrayRef<int64_t> scaleShape) {
    for (auto [dim, extent, entries] :
         llvm::enumerate(dataType.getShape(), scaleShape)) {
      if (entries == 1)
        continue;
      bool isStatic =
          !ShapedType::isDynamic(extent) && !ShapedType::isDynamic(entries);
      if (isStatic &&
          (entries == 0 ? extent == 0 : extent > 0 && extent % entries == 0))
        continue;
      InFlightDiagnostic diag = op->emitOpError("S3: the scale ")
                                << value.scale.getType() << " does not say the "
                                << "granularity of dimension " << dim << " of "
                                << dataType;
      if (isStatic)
        diag << " (" << entries << " does not divide " << extent << ")";
      return diag << "; add `block` with one entry per dimension";
    }
    return success();
  }

  LogicalResult verifyZeroPoint() {
    Type scaleType = value.scale.getType();
    Type zeroPointType = value.zeroPoint.getType();
    std::optional<ArrayRef<int64_t>> shape = getScaleShape(zeroPointType);
    if (!shape ||
        isa<RankedTensorType>(scaleType) !=
            isa<RankedTensorType>(zeroPointType) ||
        *shape != *getScaleShape(scaleType))
      return op->emitOpError("Z1: expected a zero point of the scale's shape ")
             << scaleType << ", found " << zeroPointType;

    Type zeroPointElement = getElementTypeOrSelf(zeroPointType);
    auto integer = dyn_cast<IntegerType>(zeroPointElement);
    if (!integer) {
      std::optional<Format> format = getFormat(zeroPointElement);
      if (!format || !format->isFloat() || format->getBits() > 32)
        return op->emitOpError("Z2: expected a zero point of an integer type "
                               "or of a float type that f32 holds, found ")
               << zeroPointElement;
      return success();
    }
    if (integer.getWidth() < 2 || integer.getWidth() > 32)
      return op->emitOpError("Z2: expected an integer zero point of 2 to 32 "
                             "bits, found ")
             << zeroPointElement;
    auto element = dyn_cast<IntegerType>(dataType.getElementType());
    if (!element)
      return op->emitOpError("Z3: an integer zero point needs integer "
                             "elements, found elements of type ")
             << dataType.getElementType();
    // Unsigned fits into unsigned of the width and signed of one more bit.
    unsigned needed = element.getWidth();
    bool fits = integer.isUnsigned() == element.isUnsigned()
                    ? integer.getWidth() >= needed
                    : element.isUnsigned() && integer.getWidth() > needed;
    if (!fits)
      return op->emitOpError("Z4: expected a zero point type that holds every "
                             "value of ")
             << element << ", found " << integer;
    return success();
  }
};
} // namespace

LogicalResult lowbit::verifyScaling(Operation *op, RankedTensorType dataType,
                                    const ScaledValue &value) {
  return ScalingVerifier{op, dataType, value}.verify();
}

LogicalResult lowbit::verifyScaledOp(Operation *op) {
  for (const ScaledValue &value : cast<ScaledOpInterface>(op).getScaledValues())
    if (failed(verifyScaling(op, cast<RankedTensorType>(value.data.getType()),
                             value)))
      return failure();
  return success();
}
