//===- QuantOps.cpp - quant casts -----------------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// quant.qcast is clamp(roundeven(x / s + z)) and quant.dcast (q - z) * s, in
// f32 with one rounding per operation (f64 if the expressed type is f64).
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"

#include "lowbit/Numerics/Blocks.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

namespace {
/// The parameters of a quantized type for a value of some shape.
class Parameters {
public:
  /// An error at `op` if the type has no scales, or does not fit the shape.
  static FailureOr<Parameters> get(Operation *op, quant::QuantizedType type,
                                   ArrayRef<int64_t> shape);

  uint64_t quantize(double x, int64_t element) const;
  double dequantize(uint64_t code, int64_t element) const;

private:
  Parameters(quant::QuantizedType type, ArrayRef<int64_t> shape,
             ArrayRef<int64_t> block)
      : type(type), isWide(type.getExpressedType().isF64()),
        blocking(shape, block) {}

  /// A number in the precision in which everything is computed.
  double round(double value) const {
    return isWide ? value : static_cast<float>(value);
  }
  int64_t getScaleIndex(int64_t element) const {
    return scales.size() == 1 ? 0 : blocking.getScaleIndex(element);
  }

  quant::QuantizedType type;
  bool isWide;
  Blocking blocking;
  /// Rounded.
  SmallVector<double> scales, zeroPoints;
};
} // namespace

FailureOr<Parameters> Parameters::get(Operation *op, quant::QuantizedType type,
                                      ArrayRef<int64_t> shape) {
  SmallVector<int64_t> block(shape.size(), 0);
  SmallVector<int64_t> scaleShape(shape.size(), 1);
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type)) {
    scales = {uniform.getScale()};
    zeroPoints = {uniform.getZeroPoint()};
  } else if (auto perAxis =
                 dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    scales.assign(perAxis.getScales().begin(), perAxis.getScales().end());
    zeroPoints.assign(perAxis.getZeroPoints().begin(),
                      perAxis.getZeroPoints().end());
    int64_t axis = perAxis.getQuantizedDimension();
    if (axis >= static_cast<int64_t>(shape.size()))
      return op->emitOpError("is quantized along dimension ")
             << axis << " of a value of shape " << shapeToString(shape);
    block[axis] = 1;
    scaleShape[axis] = scales.size();
  } else if (auto sub = dyn_cast<quant::UniformQuantizedSubChannelType>(type)) {
    for (const APFloat &scale : sub.getScales().getValues<APFloat>()) {
      // Exact: the expressed type is f64 or narrower.
      APFloat wide = scale;
      bool losesInfo;
      wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                   &losesInfo);
      scales.push_back(wide.convertToDouble());
    }
    for (const APInt &zeroPoint : sub.getZeroPoints().getValues<APInt>())
      zeroPoints.push_back(type.isSigned() ? zeroPoint.getSExtValue()
                                           : zeroPoint.getZExtValue());
    for (auto [dim, size] : sub.getBlockSizeInfo())
      block[dim] = size;
    scaleShape = llvm::to_vector(sub.getScales().getType().getShape());
  } else {
    return op->emitOpError("has the quantized type ")
           << type << ", which has no scales";
  }

  Parameters result(type, shape, block);
  if (result.blocking.getScaleShape() != ArrayRef(scaleShape))
    return op->emitOpError("expected scales of shape ")
           << shapeToString(result.blocking.getScaleShape())
           << " for a value of shape " << shapeToString(shape) << ", found "
           << shapeToString(scaleShape);
  for (auto [scale, zeroPoint] : llvm::zip_equal(scales, zeroPoints)) {
    result.scales.push_back(result.round(scale));
    result.zeroPoints.push_back(result.round(static_cast<double>(zeroPoint)));
  }
  return result;
}

uint64_t Parameters::quantize(double x, int64_t element) const {
  int64_t index = getScaleIndex(element);
  double t = round(round(x / scales[index]) + zeroPoints[index]);
  // NaN goes where 0 goes, as in every integer format.
  double rounded =
      std::isnan(t) ? 0.0 : roundToInteger(t, Rounding::NearestEven);
  double clamped =
      std::clamp(rounded, static_cast<double>(type.getStorageTypeMin()),
                 static_cast<double>(type.getStorageTypeMax()));
  return static_cast<uint64_t>(static_cast<int64_t>(clamped)) &
         llvm::maskTrailingOnes<uint64_t>(type.getStorageTypeIntegralWidth());
}

double Parameters::dequantize(uint64_t code, int64_t element) const {
  int64_t index = getScaleIndex(element);
  int64_t integer =
      type.isSigned()
          ? llvm::SignExtend64(code, type.getStorageTypeIntegralWidth())
          : static_cast<int64_t>(code);
  double difference =
      round(round(static_cast<double>(integer)) - zeroPoints[index]);
  return round(difference * scales[index]);
}

static LogicalResult evaluateQuantizeCast(Evaluator &evaluator, Operation *op) {
  auto cast = mlir::cast<quant::QuantizeCastOp>(op);
  const Tensor &input = evaluator.get(cast.getInput());
  FailureOr<Parameters> parameters =
      Parameters::get(op, cast.getQuantizedType(), input.getShape());
  if (failed(parameters))
    return failure();
  FloatAccess access(input.getElementType());
  std::vector<uint64_t> codes;
  for (auto [i, code] : llvm::enumerate(input.getCodes()))
    codes.push_back(parameters->quantize(access.read(code), i));
  return evaluator.set(
      op->getResult(0),
      Tensor(cast.getQuantizedType(), input.getShape(), std::move(codes)));
}

static LogicalResult evaluateDequantizeCast(Evaluator &evaluator,
                                            Operation *op) {
  auto cast = mlir::cast<quant::DequantizeCastOp>(op);
  const Tensor &input = evaluator.get(cast.getInput());
  FailureOr<Parameters> parameters =
      Parameters::get(op, cast.getQuantizedType(), input.getShape());
  if (failed(parameters))
    return failure();
  if (!isSupportedElementType(cast.getFloatType()))
    return op->emitOpError("has elements of type ")
           << cast.getFloatType()
           << ", which the reference evaluator does not support";
  FloatAccess access(cast.getFloatType());
  std::vector<uint64_t> codes;
  for (auto [i, code] : llvm::enumerate(input.getCodes()))
    codes.push_back(access.write(parameters->dequantize(code, i)));
  return evaluator.set(
      op->getResult(0),
      Tensor(cast.getFloatType(), input.getShape(), std::move(codes)));
}

/// The same codes.
static FailureOr<Kernel> makeStorageCast(Operation *) {
  return Kernel([](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = in[0];
    return nullptr;
  });
}

void reference::registerQuantOps(OpTable &table) {
  table.handlers["quant.qcast"] = evaluateQuantizeCast;
  table.handlers["quant.dcast"] = evaluateDequantizeCast;
  table.kernels["quant.scast"] = makeStorageCast;
}
