//===- LowbitOps.cpp - lowbit ops, on the Numerics library ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verified ops meet every rule that their types can show. What is known only
// at run time (dynamic extents) is checked here, with the verifier's words.
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

/// The number format of an element type. Zero points may be wider integers than
/// the elements of any tensor.
static Format getAnyFormat(Type elementType) {
  auto integer = dyn_cast<IntegerType>(elementType);
  if (integer)
    return getIntegerFormat(integer);
  return *getFormat(elementType);
}

static CodeTensor toCodeTensor(const Tensor &value) {
  ArrayRef<uint64_t> codes = value.getCodes();
  return CodeTensor(getAnyFormat(value.getElementType()), value.getShape(),
                    std::vector<uint64_t>(codes.begin(), codes.end()));
}

static Tensor toTensor(Type type, CodeTensor value) {
  return Tensor(getElementTypeOrSelf(type), value.shape,
                std::move(value.codes));
}

static LogicalResult checkShape(Operation *op, StringRef rule, StringRef what,
                                ArrayRef<int64_t> expected,
                                ArrayRef<int64_t> found) {
  if (expected == found)
    return success();
  return op->emitOpError(rule)
         << ": expected " << what << " of shape " << shapeToString(expected)
         << ", found " << shapeToString(found);
}

namespace {
/// A scale and zero point that live as long as the `Scaling` of them.
class RuntimeScaling {
public:
  /// For data of this shape; an error at the op if the scale's or the zero
  /// point's shape does not follow from it.
  LogicalResult read(Evaluator &evaluator, Operation *op,
                     const ScaledValue &value, ArrayRef<int64_t> dataShape);

  const Scaling &get() const { return scaling; }

private:
  std::optional<CodeTensor> scale, zeroPoint;
  Scaling scaling;
};
} // namespace

LogicalResult RuntimeScaling::read(Evaluator &evaluator, Operation *op,
                                   const ScaledValue &value,
                                   ArrayRef<int64_t> dataShape) {
  if (!value.scale)
    return success();
  scaling.block = value.getBlockSizes();
  scale.emplace(toCodeTensor(evaluator.get(value.scale)));
  scaling.scale = &*scale;
  // A single scale fits whatever the extents are.
  if (!scale->shape.empty()) {
    Blocking blocking(dataShape, scaling.block);
    ArrayRef<int64_t> expected = blocking.getScaleShape();
    for (auto [dim, entries] : llvm::enumerate(scale->shape))
      if (entries != expected[dim])
        return op->emitOpError("S5: expected ")
               << expected[dim] << " scales in dimension " << dim << " (extent "
               << dataShape[dim] << ", block " << scaling.block[dim]
               << "), found " << entries;
  }
  if (!value.zeroPoint)
    return success();
  zeroPoint.emplace(toCodeTensor(evaluator.get(value.zeroPoint)));
  scaling.zeroPoint = &*zeroPoint;
  return checkShape(op, "Z1", "a zero point", scale->shape, zeroPoint->shape);
}

/// The random words of an op, none without the operand.
static FailureOr<SmallVector<uint32_t>> readRandom(Evaluator &evaluator,
                                                   Operation *op, Value random,
                                                   ArrayRef<int64_t> shape) {
  SmallVector<uint32_t> words;
  if (!random)
    return words;
  const Tensor &value = evaluator.get(random);
  if (failed(checkShape(op, "R2", "`random`", shape, value.getShape())))
    return failure();
  words.assign(value.getCodes().begin(), value.getCodes().end());
  return words;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static LogicalResult evaluateQuantize(Evaluator &evaluator, Operation *op) {
  auto quantize = cast<QuantizeOp>(op);
  CodeTensor input = toCodeTensor(evaluator.get(quantize.getInput()));
  RuntimeScaling scaling;
  FailureOr<SmallVector<uint32_t>> random =
      readRandom(evaluator, op, quantize.getRandom(), input.shape);
  if (failed(random) ||
      failed(scaling.read(evaluator, op, quantize.getScaledValues().front(),
                          input.shape)))
    return failure();
  CodeTensor result = quantizeTensor(
      input, *getElementFormat(quantize.getType()), scaling.get(),
      quantize.getRounding(), quantize.getOverflow(), *random);
  return evaluator.set(op->getResult(0),
                       toTensor(quantize.getType(), std::move(result)));
}

static LogicalResult evaluateDequantize(Evaluator &evaluator, Operation *op) {
  auto dequantize = cast<DequantizeOp>(op);
  CodeTensor input = toCodeTensor(evaluator.get(dequantize.getInput()));
  RuntimeScaling scaling;
  if (failed(scaling.read(evaluator, op, dequantize.getScaledValues().front(),
                          input.shape)))
    return failure();
  CodeTensor result = dequantizeTensor(
      input, *getElementFormat(dequantize.getType()), scaling.get(),
      dequantize.getRounding(), dequantize.getOverflow());
  return evaluator.set(op->getResult(0),
                       toTensor(dequantize.getType(), std::move(result)));
}

/// Unlike a folder this goes on where the scale cannot say that the data are
/// not finite: the scale is then 1.
static LogicalResult evaluateChooseScale(Evaluator &evaluator, Operation *op) {
  auto choose = cast<ChooseScaleOp>(op);
  CodeTensor input = toCodeTensor(evaluator.get(choose.getInput()));
  SmallVector<int64_t> block =
      ScaledValue{
          choose.getInput(), choose.getScale(), {}, choose.getBlockAttr()}
          .getBlockSizes();
  std::optional<Format> zeroPoint;
  if (choose.getZeroPoint())
    zeroPoint =
        getAnyFormat(getElementTypeOrSelf(choose.getZeroPoint().getType()));
  ChosenScales chosen =
      chooseScales(input, *getFormat(choose.getElementType()),
                   *getElementFormat(choose.getScale().getType()),
                   choose.getMethod(), block, zeroPoint);

  // One scale for everything may have rank 0.
  auto fit = [](Type type, CodeTensor value) {
    Tensor tensor = toTensor(type, std::move(value));
    if (cast<RankedTensorType>(type).getRank() == 0)
      return tensor.reshape({});
    return tensor;
  };
  Evaluator::Values results = {
      fit(choose.getScale().getType(), std::move(chosen.scale))};
  if (choose.getZeroPoint())
    results.push_back(
        fit(choose.getZeroPoint().getType(), std::move(*chosen.zeroPoint)));
  return evaluator.set(op, std::move(results));
}

static FailureOr<Kernel> makeConvert(Operation *op) {
  auto convert = cast<ConvertOp>(op);
  Format from = *getElementFormat(convert.getInput().getType());
  Format to = *getElementFormat(convert.getType());
  Rounding rounding = convert.getRounding();
  Overflow overflow = convert.getOverflow();
  bool isRandom = static_cast<bool>(convert.getRandom());
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = encode(to, decode(from, in[0]), rounding, overflow,
                    isRandom ? static_cast<uint32_t>(in[1]) : 0);
    return nullptr;
  });
}

static FailureOr<Kernel> makeBitcast(Operation *) {
  return Kernel([](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = in[0];
    return nullptr;
  });
}

static LogicalResult evaluateMatmul(Evaluator &evaluator, Operation *op) {
  auto matmul = cast<MatmulOp>(op);
  CodeTensor a = toCodeTensor(evaluator.get(matmul.getA()));
  CodeTensor b = toCodeTensor(evaluator.get(matmul.getB()));
  ArrayRef<int64_t> batch = ArrayRef(a.shape).drop_back(2);
  int64_t k = a.shape.back();
  int64_t reduction = matmul.getBReductionDim();
  int64_t n = b.shape[matmul.getBColumnDim()];
  if (b.shape.size() == a.shape.size())
    for (auto [dim, extent] : llvm::enumerate(batch))
      if (b.shape[dim] != extent)
        return op->emitOpError("M2: expected equal batch dimensions, found ")
               << extent << " and " << b.shape[dim] << " in dimension " << dim;
  if (b.shape[reduction] != k)
    return op->emitOpError("M3: expected B's dimension ")
           << reduction << " to be K = " << k << ", found "
           << b.shape[reduction];

  SmallVector<float> bias;
  if (matmul.getBias()) {
    const Tensor &value = evaluator.get(matmul.getBias());
    if (failed(checkShape(op, "M5", "a bias", {n}, value.getShape())))
      return failure();
    for (int64_t i = 0; i < n; ++i)
      bias.push_back(static_cast<float>(value.getValue(i)));
  }
  SmallVector<ScaledValue> values = matmul.getScaledValues();
  RuntimeScaling aScaling, bScaling;
  if (failed(aScaling.read(evaluator, op, values[0], a.shape)) ||
      failed(bScaling.read(evaluator, op, values[1], b.shape)))
    return failure();

  std::vector<double> magnitude;
  CodeTensor product = matmulTensor(
      {&a, aScaling.get()}, {&b, bScaling.get()}, bias, matmul.getTransposeB(),
      *getElementFormat(matmul.getType()), matmul.getAcc().isInteger(),
      evaluator.observer ? &magnitude : nullptr);
  Tensor result = toTensor(matmul.getType(), std::move(product));
  if (evaluator.observer)
    evaluator.observer(op, result, magnitude);
  return evaluator.set(op->getResult(0), std::move(result));
}

void reference::registerLowbitOps(OpTable &table) {
  table.handlers["lowbit.quantize"] = evaluateQuantize;
  table.handlers["lowbit.dequantize"] = evaluateDequantize;
  table.handlers["lowbit.choose_scale"] = evaluateChooseScale;
  table.handlers["lowbit.matmul"] = evaluateMatmul;
  table.kernels["lowbit.convert"] = makeConvert;
  table.kernels["lowbit.bitcast"] = makeBitcast;
}
