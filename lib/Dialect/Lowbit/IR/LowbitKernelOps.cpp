//===- LowbitKernelOps.cpp - What exists only between passes ------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/AffineExprVisitor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lowbit;

#define GET_OP_CLASSES
#include "lowbit/Dialect/Lowbit/IR/LowbitKernelOps.cpp.inc"

//===----------------------------------------------------------------------===//
// LayoutAttr
//===----------------------------------------------------------------------===//

/// The digit that `expr` is, or failure if it has another form.
static FailureOr<LayoutDigit> getDigit(AffineExpr expr) {
  LayoutDigit digit = {0, 1, 0};
  auto match = [&](AffineExprKind kind, int64_t &value) {
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary || binary.getKind() != kind)
      return true;
    auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!constant || constant.getValue() < 1)
      return false;
    value = constant.getValue();
    expr = binary.getLHS();
    return true;
  };
  if (!match(AffineExprKind::Mod, digit.extent) ||
      !match(AffineExprKind::FloorDiv, digit.stride))
    return failure();
  auto dim = dyn_cast<AffineDimExpr>(expr);
  if (!dim)
    return failure();
  digit.dim = dim.getPosition();
  return digit;
}

static llvm::Expected<PackedLayout> getPackedLayout(AffineMap map) {
  SmallVector<LayoutDigit> digits;
  for (AffineExpr expr : map.getResults()) {
    FailureOr<LayoutDigit> digit = getDigit(expr);
    if (failed(digit))
      return llvm::createStringError(
          "not a packed layout: expected digits of the form d floordiv S mod "
          "E");
    digits.push_back(*digit);
  }
  return PackedLayout::get(map.getNumDims(), digits);
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 Type element, AffineMap map) {
  if (!element.isInteger(4) && !element.isInteger(8) &&
      !element.isInteger(16) && !element.isInteger(32) && !element.isF16() &&
      !element.isBF16() && !element.isF32())
    return emitError() << "expected a packed element of i4, i8, i16, i32, f16, "
                          "bf16 or f32, found "
                       << element;
  if (map.getNumSymbols() != 0)
    return emitError() << "expected a layout without symbols, found "
                       << AffineMapAttr::get(map);
  llvm::Expected<PackedLayout> layout = getPackedLayout(map);
  if (!layout)
    return emitError() << llvm::toString(layout.takeError());
  if (element.isInteger(4) && (layout->getDigits().empty() ||
                               layout->getDigits().back().extent % 2 != 0 ||
                               layout->getDigits().back().extent == 0))
    return emitError() << "expected an innermost digit of even extent: two "
                          "elements of i4 share a byte";
  return success();
}

PackedLayout LayoutAttr::getLayout() const {
  return llvm::cantFail(getPackedLayout(getMap()));
}

LayoutAttr LayoutAttr::get(Type element, const PackedLayout &layout) {
  MLIRContext *context = element.getContext();
  SmallVector<AffineExpr> exprs;
  for (const LayoutDigit &digit : layout.getDigits()) {
    AffineExpr expr = getAffineDimExpr(digit.dim, context);
    if (digit.stride != 1)
      expr = expr.floorDiv(digit.stride);
    if (digit.extent != 0)
      expr = expr % digit.extent;
    exprs.push_back(expr);
  }
  return get(context, element,
             AffineMap::get(layout.getRank(), 0, exprs, context));
}

//===----------------------------------------------------------------------===//
// KernelAttr
//===----------------------------------------------------------------------===//

LogicalResult KernelAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef /*name*/, Type format,
                                 ArrayRef<int64_t> rows, int64_t columns,
                                 int64_t rowBlock, int64_t unit, int64_t group,
                                 int64_t shift, Type scale, Type zeroPoint,
                                 DecodingAttr) {
  std::optional<Format> weights = lowbit::getFormat(format);
  if (!weights || weights->getBits() > 32)
    return emitError() << "expected weights of a number format that f32 holds, "
                          "found "
                       << format;
  if (rows.empty() || rows.back() != 1 ||
      !llvm::is_sorted(rows, std::greater_equal<int64_t>()))
    return emitError() << "expected rows in descending order, down to 1";
  // A tile is written out row by row.
  constexpr int64_t mostRows = 64;
  if (rows.front() > mostRows)
    return emitError() << "expected at most " << mostRows
                       << " rows in a tile, found " << rows.front();
  // What is multiplied with these does not overflow.
  constexpr int64_t largest = int64_t(1) << 32;
  for (int64_t extent : {columns, rowBlock, unit})
    if (extent < 1 || extent > largest)
      return emitError() << "expected columns, row_block and unit from 1 to "
                         << largest << ", found " << extent;
  if (group < 0 || group > largest)
    return emitError() << "expected a group from 0 to " << largest << ", found "
                       << group;
  // 2^-shift is a normal f32.
  if (shift < -126 || shift > 126)
    return emitError() << "expected a shift from -126 to 126, found " << shift;
  auto isFloat = [](Type type) {
    return type.isF16() || type.isBF16() || type.isF32();
  };
  if (scale && !isFloat(scale))
    return emitError() << "expected a scale stored as f16, bf16 or f32, found "
                       << scale;
  if (zeroPoint && !zeroPoint.isInteger(8) && !zeroPoint.isInteger(16) &&
      !zeroPoint.isInteger(32) && !isFloat(zeroPoint))
    return emitError() << "expected a zero point stored as i8, i16, i32, f16, "
                          "bf16 or f32, found "
                       << zeroPoint;
  return success();
}

KernelAttr KernelAttr::withDecoding(DecodingAttr decoding) const {
  return get(getContext(), getName(), getFormat(), getRows(), getColumns(),
             getRowBlock(), getUnit(), getGroup(), getShift(), getScale(),
             getZeroPoint(), decoding);
}

//===----------------------------------------------------------------------===//
// PackOp
//===----------------------------------------------------------------------===//

SmallVector<OpFoldResult> PackOp::getMixedExtents() {
  Builder builder(getContext());
  return getMixedValues(getStaticExtents(), getDynamicExtents(), builder);
}

/// The shape of the packed buffer: one size per outer digit, then bytes.
/// nullopt if its bytes do not fit into 63 bits.
static std::optional<SmallVector<int64_t>>
getPackedShape(LayoutAttr layoutAttr, ArrayRef<int64_t> extents,
               int64_t outerDims) {
  PackedLayout layout = layoutAttr.getLayout();
  SmallVector<int64_t> shape;
  int64_t bits = layoutAttr.getElement().getIntOrFloatBitWidth();
  int64_t known = bits;   // of the whole buffer, its dynamic sizes left out
  bool isDynamic = false; // an inner digit
  for (auto [i, digit] : llvm::enumerate(layout.getDigits())) {
    int64_t size = digit.extent;
    if (size == 0)
      size = ShapedType::isDynamic(extents[digit.dim])
                 ? ShapedType::kDynamic
                 : llvm::divideCeil(extents[digit.dim], digit.stride);
    if (!ShapedType::isDynamic(size) && size != 0 &&
        llvm::MulOverflow(known, size, known))
      return std::nullopt;
    if (static_cast<int64_t>(i) < outerDims)
      shape.push_back(size);
    else if (ShapedType::isDynamic(size))
      isDynamic = true;
    else
      bits *= size;
  }
  shape.push_back(isDynamic ? ShapedType::kDynamic : bits / 8);
  return shape;
}

void PackOp::build(OpBuilder &builder, OperationState &state, Value source,
                   ArrayRef<OpFoldResult> extents, LayoutAttr layout,
                   int64_t outerDims, DenseI64ArrayAttr repeat,
                   DenseI32ArrayAttr table) {
  SmallVector<Value> dynamicExtents;
  SmallVector<int64_t> staticExtents;
  dispatchIndexOpFoldResults(extents, dynamicExtents, staticExtents);
  auto type = RankedTensorType::get(
      *getPackedShape(layout, staticExtents, outerDims), builder.getI8Type());
  build(builder, state, type, source, dynamicExtents, staticExtents, repeat,
        table, layout);
}

/// Elements that can be moved as bits of an integer: of 1 to 32 bits.
static bool isPackable(Type element) {
  return isa<IntegerType, FloatType, FormatTypeInterface>(element) &&
         getBitWidth(element) <= 32;
}

LogicalResult PackOp::verifyExtents() {
  auto sourceType = cast<RankedTensorType>(getSource().getType());
  int64_t rank = sourceType.getRank();
  unsigned layoutRank = getLayout().getMap().getNumDims();
  if (layoutRank != rank ||
      static_cast<int64_t>(getStaticExtents().size()) != rank)
    return emitOpError("expected a layout and extents of the source's rank ")
           << rank << ", found " << layoutRank << " and "
           << getStaticExtents().size();
  if (llvm::count_if(getStaticExtents(), ShapedType::isDynamic) !=
      static_cast<int64_t>(getDynamicExtents().size()))
    return emitOpError("expected an operand per dynamic extent");
  for (int64_t extent : getStaticExtents())
    if (!ShapedType::isDynamic(extent) && extent < 0)
      return emitOpError("expected extents >= 0, found ") << extent;
  if (!getRepeat())
    return success();
  if (static_cast<int64_t>(getRepeat()->size()) != rank)
    return emitOpError("expected a repeat per dimension");
  for (auto [size, repeat] :
       llvm::zip_equal(sourceType.getShape(), *getRepeat())) {
    if (repeat < 0)
      return emitOpError("expected repeats >= 0, found ") << repeat;
    if (repeat == 0 && size == 0)
      return emitOpError("a repeat of 0 reads the first of no elements");
    int64_t product;
    if (!ShapedType::isDynamic(size) &&
        llvm::MulOverflow(size, repeat, product))
      return emitOpError("a repeat of ")
             << repeat << " of " << size
             << " elements does not fit into 63 bits";
  }
  return success();
}

LogicalResult PackOp::verifyElements() {
  Type source = getElementTypeOrSelf(getSource().getType());
  Type stored = getLayout().getElement();
  unsigned storedBits = getBitWidth(stored);
  if (!isPackable(source))
    return emitOpError("expected elements of a number format or of up to 32 "
                       "bits, found ")
           << source;
  if (std::optional<ArrayRef<int32_t>> table = getTable()) {
    if (getBitWidth(source) > 8 || !stored.isInteger() ||
        table->size() != size_t(1) << getBitWidth(source))
      return emitOpError("expected a table of one integer per code of a source "
                         "of up to 8 bits");
    for (int32_t entry : *table)
      if (!llvm::isIntN(storedBits, entry) && !llvm::isUIntN(storedBits, entry))
        return emitOpError("the table's entry ")
               << entry << " does not fit into " << stored;
    return success();
  }
  bool isHeld;
  if (stored.isInteger()) {
    isHeld = getBitWidth(source) <= storedBits;
  } else {
    std::optional<Format> format = lowbit::getFormat(source);
    isHeld = source == stored ||
             (format &&
              isLossless(*format, *lowbit::getFormat(stored), Overflow::IEEE));
  }
  if (!isHeld)
    return emitOpError("cannot store ") << source << " as " << stored;
  return success();
}

LogicalResult PackOp::verify() {
  if (failed(verifyExtents()) || failed(verifyElements()))
    return failure();
  int64_t numDigits = getLayout().getMap().getNumResults();
  int64_t outerDims = getNumOuterDims();
  if (outerDims < 1 || outerDims > numDigits ||
      (getLayout().getElement().isInteger(4) && outerDims == numDigits))
    return emitOpError("expected a result with some of the layout's digits as "
                       "dimensions and the bytes of the others last");
  std::optional<SmallVector<int64_t>> shape =
      getPackedShape(getLayout(), getStaticExtents(), outerDims);
  if (!shape)
    return emitOpError("the packed bytes do not fit into 63 bits");
  if (getType().getShape() != ArrayRef<int64_t>(*shape))
    return emitOpError("expected a result of shape ")
           << RankedTensorType::get(*shape, getType().getElementType())
           << ", found " << getType();
  return success();
}

//===----------------------------------------------------------------------===//
// UnpackOp
//===----------------------------------------------------------------------===//

LogicalResult UnpackOp::verify() {
  auto type = cast<RankedTensorType>(getResult().getType());
  auto sourceType = cast<RankedTensorType>(getSource().getType());
  if (!isPackable(type.getElementType()))
    return emitOpError("expected elements of a number format or of up to 32 "
                       "bits, found ")
           << type.getElementType();
  int64_t bits = getBitWidth(type.getElementType());
  int64_t bytes = bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
  for (int64_t extent : type.getShape())
    if (llvm::MulOverflow(bytes, extent, bytes))
      return emitOpError("the bytes of ") << type << " do not fit into 63 bits";
  if (sourceType.getRank() != 1 || sourceType.getDimSize(0) != bytes)
    return emitOpError("expected ")
           << RankedTensorType::get({bytes}, sourceType.getElementType())
           << " for " << type << ", found " << sourceType;
  return success();
}

//===----------------------------------------------------------------------===//
// PackedMatmulOp
//===----------------------------------------------------------------------===//

bool PackedMatmulOp::isTile() {
  return llvm::is_contained(getKernel().getRows(), getAType().getDimSize(0)) &&
         cast<RankedTensorType>(getB().getType()).getDimSize(0) == 1;
}

LogicalResult PackedMatmulOp::verifyTypes() {
  auto check = [&](Value value, int64_t rank, StringRef name,
                   Type element) -> LogicalResult {
    if (!value)
      return success();
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() != rank)
      return emitOpError("expected ")
             << name << " of rank " << rank << ", found " << type;
    if (element && type.getElementType() != element)
      return emitOpError("expected ")
             << name << " of " << element << ", found " << type;
    return success();
  };
  Builder builder(getContext());
  Type element = getAType().getElementType();
  if (!element.isF32() && !element.isInteger(8) && !element.isInteger(16) &&
      !element.isInteger(32))
    return emitOpError("expected a of f32, i8, i16 or i32, found ")
           << getAType();
  if (failed(check(getA(), 2, "a", {})) ||
      failed(check(getSums(), 2, "sums", builder.getI32Type())) ||
      failed(check(getScaleA(), 2, "scale of a", builder.getF32Type())) ||
      failed(check(getB(), 2, "b", {})) ||
      failed(check(getScaleB(), 2, "scale of b", {})) ||
      failed(check(getZeroB(), 2, "zero point of b", {})) ||
      failed(check(getBias(), 1, "bias", builder.getF32Type())) ||
      failed(check(getInit(), 2, "out", {})))
    return failure();
  Type out = getOutType().getElementType();
  if (!out.isF32() && !out.isF16() && !out.isBF16())
    return emitOpError("expected out of f32, f16 or bf16, found ")
           << getOutType();
  if (getResult().getType() != getInit().getType())
    return emitOpError("expected a result of the type of `outs`");
  if (getAccumulate() && !out.isF32())
    return emitOpError("expected out of f32 to accumulate into, found ")
           << getOutType();
  return success();
}

/// The product of extents; dynamic if one is, or if it does not fit.
static int64_t multiply(ArrayRef<int64_t> extents) {
  int64_t product = 1;
  for (int64_t extent : extents)
    if (ShapedType::isDynamic(extent) ||
        llvm::MulOverflow(product, extent, product))
      return ShapedType::kDynamic;
  return product;
}

LogicalResult PackedMatmulOp::verifyShapes() {
  KernelAttr kernel = getKernel();
  int64_t m = getOutType().getDimSize(0), n = getOutType().getDimSize(1);
  int64_t k = getAType().getDimSize(1);
  if (!ShapedType::isDynamic(k) && k % kernel.getUnit() != 0)
    return emitOpError("expected K of a to be a multiple of the unit ")
           << kernel.getUnit() << ", found " << getAType();
  auto ceilDiv = [](int64_t extent, int64_t divisor) {
    return ShapedType::isDynamic(extent)
               ? extent
               : static_cast<int64_t>(llvm::divideCeil(extent, divisor));
  };
  int64_t groups = kernel.getGroup() == 0 ? 1 : ceilDiv(k, kernel.getGroup());
  int64_t panels = ceilDiv(n, kernel.getColumns());
  auto getBytes = [&](Type element, int64_t perColumn) {
    return multiply(
        {perColumn, kernel.getColumns(), element.getIntOrFloatBitWidth() / 8});
  };
  auto check = [&](Value value, StringRef name,
                   ArrayRef<int64_t> shape) -> LogicalResult {
    if (!value ||
        succeeded(verifyCompatibleShape(
            cast<RankedTensorType>(value.getType()).getShape(), shape)))
      return success();
    return emitOpError("expected ")
           << name << " of shape "
           << RankedTensorType::get(shape,
                                    getElementTypeOrSelf(value.getType()))
           << " for this kernel, a and out; found " << value.getType();
  };
  if (failed(check(getA(), "a", {m, k})) ||
      failed(check(getSums(), "sums", {m, groups})) ||
      failed(check(getB(), "b", {panels, ShapedType::kDynamic})) ||
      failed(check(getBias(), "bias", {n})))
    return failure();
  if (kernel.getScale() &&
      failed(check(getScaleB(), "scale of b",
                   {panels, getBytes(kernel.getScale(), groups)})))
    return failure();
  if (kernel.getZeroPoint() &&
      failed(check(getZeroB(), "zero point of b",
                   {panels, getBytes(kernel.getZeroPoint(), groups)})))
    return failure();
  // One scale for a row, or one for each group.
  if (getScaleA() &&
      cast<RankedTensorType>(getScaleA().getType()).getDimSize(1) != 1 &&
      failed(check(getScaleA(), "scale of a", {m, groups})))
    return failure();
  return check(getScaleA(), "scale of a", {m, ShapedType::kDynamic});
}

LogicalResult PackedMatmulOp::verify() {
  if (failed(verifyTypes()))
    return failure();
  KernelAttr kernel = getKernel();
  if (bool(kernel.getScale()) != bool(getScaleB()) ||
      bool(kernel.getZeroPoint()) != bool(getZeroB()))
    return emitOpError("expected the scale and zero point of b that the "
                       "kernel names, and no others");
  DecodingAttr decoding = kernel.getDecoding();
  if (decoding && (decoding.getMinRows() < 1 || decoding.getDepth() < 1 ||
                   !decoding.getKernel().getFormat().isF32() ||
                   decoding.getKernel().getColumns() != kernel.getColumns()))
    return emitOpError("expected a decoding of positive min_rows and depth to "
                       "a kernel for f32 with the same columns");
  return verifyShapes();
}

//===----------------------------------------------------------------------===//
// DecodePanelOp
//===----------------------------------------------------------------------===//

LogicalResult DecodePanelOp::verify() {
  KernelAttr kernel = getKernel();
  for (Value value : {getB(), getScaleB(), getZeroB(), getInit()}) {
    if (!value)
      continue;
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() != 2 || type.getDimSize(0) != 1)
      return emitOpError("expected the bytes of one panel, 1 x bytes, found ")
             << type;
  }
  if (getResult().getType() != getInit().getType())
    return emitOpError("expected a result of the type of `outs`");
  if (bool(kernel.getScale()) != bool(getScaleB()) ||
      bool(kernel.getZeroPoint()) != bool(getZeroB()))
    return emitOpError("expected the scale and zero point of b that the "
                       "kernel names, and no others");
  return success();
}
