//===- Interpreter.cpp - Values, calls, dispatch --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

/// Calls deeper than this are an error, not an overflow of the C++ stack.
static constexpr unsigned kMaxCallDepth = 256;

/// Codes take 8 bytes each: this many fill 8 GiB.
static constexpr int64_t kMaxElements = int64_t(1) << 30;

//===----------------------------------------------------------------------===//
// Tensor
//===----------------------------------------------------------------------===//

Tensor::Tensor(Type elementType, ArrayRef<int64_t> shape,
               std::vector<uint64_t> codes)
    : elementType(elementType), shape(shape),
      codes(std::make_shared<std::vector<uint64_t>>(std::move(codes))) {
  assert(ShapedType::getNumElements(shape) == getNumElements() &&
         "one code per element");
}

Tensor::Tensor(Type elementType, uint64_t code)
    : elementType(elementType),
      codes(std::make_shared<std::vector<uint64_t>>(1, code)) {}

ArrayRef<uint64_t> Tensor::getCodes() const {
  return codes ? ArrayRef<uint64_t>(*codes) : ArrayRef<uint64_t>();
}

int64_t Tensor::getInteger(int64_t index) const {
  uint64_t code = (*codes)[index];
  auto quantized = dyn_cast<quant::QuantizedType>(elementType);
  if (quantized ? !quantized.isSigned() : elementType.isUnsignedInteger())
    return static_cast<int64_t>(code);
  return llvm::SignExtend64(code, getCodeWidth(elementType));
}

double Tensor::getValue(int64_t index) const {
  return FloatAccess(elementType).read((*codes)[index]);
}

MutableArrayRef<uint64_t> Tensor::getMutableCodes() {
  if (codes && codes.use_count() > 1)
    codes = std::make_shared<std::vector<uint64_t>>(*codes);
  return codes ? MutableArrayRef<uint64_t>(*codes)
               : MutableArrayRef<uint64_t>();
}

Tensor Tensor::reshape(ArrayRef<int64_t> newShape) const {
  assert(ShapedType::getNumElements(newShape) == getNumElements() &&
         "as many elements");
  Tensor result = *this;
  result.shape.assign(newShape.begin(), newShape.end());
  return result;
}

Tensor Tensor::bitcast(Type newElementType) const {
  assert(getCodeWidth(newElementType) == getCodeWidth(elementType) &&
         "elements of one width");
  Tensor result = *this;
  result.elementType = newElementType;
  return result;
}

bool reference::isSupportedElementType(Type type) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(type))
    return isSupportedElementType(quantized.getStorageType());
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() >= 1 && integer.getWidth() <= 64;
  return isa<IndexType>(type) || getFormat(type).has_value();
}

unsigned reference::getCodeWidth(Type elementType) {
  if (isa<IndexType>(elementType))
    return 64;
  if (auto quantized = dyn_cast<quant::QuantizedType>(elementType))
    return getCodeWidth(quantized.getStorageType());
  return getBitWidth(elementType);
}

//===----------------------------------------------------------------------===//
// FloatAccess
//===----------------------------------------------------------------------===//

FloatAccess::FloatAccess(Type type)
    : format(*lowbit::getFormat(type)), kind(type.isF32()   ? Kind::F32
                                             : type.isF64() ? Kind::F64
                                                            : Kind::Other) {}

double FloatAccess::read(uint64_t code) const {
  switch (kind) {
  case Kind::F32:
    return llvm::bit_cast<float>(static_cast<uint32_t>(code));
  case Kind::F64:
    return llvm::bit_cast<double>(code);
  case Kind::Other:
    return decode(format, code);
  }
  llvm_unreachable("all kinds are handled");
}

/// `sum` with the error of its rounding, which is not zero, folded into its
/// last bit: the odd one of the two doubles around the exact value. Rounding
/// that to a format of at most 51 bits gives what rounding the exact value
/// would (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums",
/// 2008).
static double roundToOdd(double sum, double error) {
  if (llvm::bit_cast<uint64_t>(sum) & 1)
    return sum;
  double toward = error > 0.0 ? std::numeric_limits<double>::infinity()
                              : -std::numeric_limits<double>::infinity();
  return std::nextafter(sum, toward);
}

/// An integer as a double that stands for it in a rounding to at most 51 bits:
/// the integer itself or, beyond 53 bits, with all bits that are lost folded
/// into the last.
static double readExactly(uint64_t value) {
  unsigned width = llvm::bit_width(value);
  if (width <= 53)
    return static_cast<double>(value);
  unsigned shift = width - 53;
  uint64_t kept = value >> shift;
  if (value & llvm::maskTrailingOnes<uint64_t>(shift))
    kept |= 1;
  return std::ldexp(static_cast<double>(kept), shift);
}

uint64_t FloatAccess::write(double value) const {
  // NaN results have one code, whatever the machine makes of them.
  if (std::isnan(value))
    return encode(format, std::numeric_limits<double>::quiet_NaN(),
                  Rounding::NearestEven, Overflow::IEEE);
  switch (kind) {
  case Kind::F32:
    return llvm::bit_cast<uint32_t>(static_cast<float>(value));
  case Kind::F64:
    return llvm::bit_cast<uint64_t>(value);
  case Kind::Other:
    return encode(format, value, Rounding::NearestEven, Overflow::IEEE);
  }
  llvm_unreachable("all kinds are handled");
}

uint64_t FloatAccess::writeInteger(int64_t value) const {
  if (value >= 0)
    return writeInteger(static_cast<uint64_t>(value));
  // Rounding to nearest is symmetric; unsigned formats see the sign as well.
  uint64_t magnitude = -static_cast<uint64_t>(value);
  if (kind == Kind::F64)
    return write(-static_cast<double>(magnitude));
  return write(-readExactly(magnitude));
}

uint64_t FloatAccess::writeInteger(uint64_t value) const {
  if (kind == Kind::F64)
    return write(static_cast<double>(value));
  return write(readExactly(value));
}

uint64_t FloatAccess::fma(uint64_t a, uint64_t b, uint64_t c) const {
  double x = read(a), y = read(b), z = read(c);
  if (kind == Kind::F64)
    return write(std::fma(x, y, z));
  // The product of two numbers of at most 24 bits is exact. The sum is not, and
  // a second rounding would show: the error of the first (Knuth's two-sum, also
  // exact) says on which side of the sum the exact value lies.
  double product = x * y;
  double sum = product + z;
  if (!std::isfinite(sum))
    return write(sum);
  double part = sum - product;
  double error = (product - (sum - part)) + (z - part);
  return write(error == 0.0 ? sum : roundToOdd(sum, error));
}

uint64_t FloatAccess::negate(uint64_t code) const {
  // With a sign bit of its own even a NaN has a sign.
  if (format.getKind() == FormatKind::Float && format.isSigned() &&
      format.getNonFinite() != NonFinite::FNUZ)
    return code ^ (uint64_t(1) << (format.getBits() - 1));
  return write(-read(code));
}

uint64_t FloatAccess::maximum(uint64_t lhs, uint64_t rhs,
                              bool ignoreNaN) const {
  double x = read(lhs), y = read(rhs);
  if (std::isnan(x) || std::isnan(y)) {
    if (!ignoreNaN || (std::isnan(x) && std::isnan(y)))
      return write(std::numeric_limits<double>::quiet_NaN());
    return std::isnan(x) ? rhs : lhs;
  }
  if (x == y)
    return std::signbit(x) ? rhs : lhs;
  return x > y ? lhs : rhs;
}

uint64_t FloatAccess::minimum(uint64_t lhs, uint64_t rhs,
                              bool ignoreNaN) const {
  double x = read(lhs), y = read(rhs);
  if (std::isnan(x) || std::isnan(y))
    return maximum(lhs, rhs, ignoreNaN);
  if (x == y)
    return std::signbit(x) ? lhs : rhs;
  return x < y ? lhs : rhs;
}

//===----------------------------------------------------------------------===//
// Small things
//===----------------------------------------------------------------------===//

LogicalResult reference::emitKernelError(Operation *op, const char *message,
                                         ArrayRef<uint64_t> operands) {
  InFlightDiagnostic diag = op->emitOpError() << message << "; operands: ";
  for (auto [i, code] : llvm::enumerate(operands)) {
    if (i != 0)
      diag << ", ";
    Type type = getElementTypeOrSelf(op->getOperand(i).getType());
    Tensor scalar(type, code);
    if (isa<IntegerType, IndexType>(type)) {
      diag << scalar.getInteger();
    } else if (getFormat(type)) {
      // Enough digits to tell any two f32 apart.
      std::string text;
      llvm::raw_string_ostream(text) << llvm::format("%.9g", scalar.getValue());
      diag << text;
    } else {
      diag << "code " << code;
    }
  }
  return diag;
}

std::string reference::shapeToString(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  for (int64_t extent : shape) {
    if (!text.empty())
      text += "x";
    text += std::to_string(extent);
  }
  return text;
}

SmallVector<int64_t> reference::getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size());
  // Without elements the other extents may be of any size.
  uint64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = static_cast<int64_t>(stride);
    stride *= static_cast<uint64_t>(shape[i]);
  }
  return strides;
}

FailureOr<int64_t> reference::getElement(Operation *op, StringRef what,
                                         ArrayRef<int64_t> index,
                                         ArrayRef<int64_t> shape) {
  assert(index.size() == shape.size() && "an index per dimension");
  int64_t element = 0;
  for (auto [dim, position, extent] : llvm::enumerate(index, shape)) {
    if (position < 0 || position >= extent)
      return op->emitOpError("index ")
             << position << " is out of bounds in dimension " << dim << " of "
             << what << " of shape " << shapeToString(shape);
    element = element * extent + position;
  }
  return element;
}

LogicalResult reference::forEachIndex(
    ArrayRef<int64_t> shape,
    llvm::function_ref<LogicalResult(ArrayRef<int64_t>)> fn) {
  if (llvm::is_contained(shape, 0))
    return success();
  SmallVector<int64_t> index(shape.size(), 0);
  while (true) {
    if (failed(fn(index)))
      return failure();
    size_t dim = shape.size();
    for (; dim > 0; --dim) {
      if (++index[dim - 1] < shape[dim - 1])
        break;
      index[dim - 1] = 0;
    }
    if (dim == 0)
      return success();
  }
}

/// Whether a value of this element type and shape may have this type.
static bool fitsType(Type type, Type elementType, ArrayRef<int64_t> shape) {
  if (getElementTypeOrSelf(type) != elementType)
    return false;
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return shape.empty();
  if (!isa<TensorType, VectorType>(type))
    return false;
  if (!shaped.hasRank())
    return true;
  return shaped.getRank() == static_cast<int64_t>(shape.size()) &&
         llvm::all_of(llvm::zip(shaped.getShape(), shape), [](auto pair) {
           auto [expected, found] = pair;
           return ShapedType::isDynamic(expected) || expected == found;
         });
}

static bool isSupportedType(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    if (vector.isScalable())
      return false;
  if (isa<ShapedType>(type) && !isa<TensorType, VectorType>(type))
    return false;
  return isSupportedElementType(getElementTypeOrSelf(type));
}

//===----------------------------------------------------------------------===//
// Evaluator
//===----------------------------------------------------------------------===//

Evaluator::Evaluator(MatmulObserver observer) : observer(std::move(observer)) {
  registerAffineOps(table);
  registerArithOps(table);
  registerConstants(table);
  registerMathOps(table);
  registerTensorOps(table);
  registerVectorOps(table);
  registerLinalgOps(table);
  registerControlFlowOps(table);
  registerLowbitOps(table);
  registerQuantOps(table);
}

const Tensor &Evaluator::get(Value value) const {
  auto it = frame->find(value);
  assert(it != frame->end() && "operands are evaluated before their users");
  return it->second;
}

int64_t Evaluator::getInteger(Value value) const {
  return get(value).getInteger();
}

int64_t Evaluator::getInteger(OpFoldResult value) const {
  if (auto attr = dyn_cast<Attribute>(value))
    return cast<IntegerAttr>(attr).getInt();
  return getInteger(cast<Value>(value));
}

SmallVector<int64_t>
Evaluator::getIntegers(ArrayRef<OpFoldResult> values) const {
  return llvm::map_to_vector(
      values, [&](OpFoldResult value) { return getInteger(value); });
}

LogicalResult Evaluator::set(OpResult result, Tensor value) {
  Operation *op = result.getOwner();
  Type type = result.getType();
  if (!isSupportedType(type))
    return op->emitOpError("has a result of type ")
           << type << ", which the reference evaluator does not support";
  if (!fitsType(type, value.getElementType(), value.getShape()))
    return op->emitOpError("gives a value of shape ")
           << shapeToString(value.getShape()) << ", which its result type "
           << type << " does not allow";
  (*frame)[result] = std::move(value);
  return success();
}

LogicalResult Evaluator::set(Operation *op, Values values) {
  for (auto [result, value] : llvm::zip_equal(op->getResults(), values))
    if (failed(set(result, std::move(value))))
      return failure();
  return success();
}

FailureOr<Tensor> Evaluator::makeTensor(Operation *op, Type elementType,
                                        ArrayRef<int64_t> shape) const {
  if (!isSupportedElementType(elementType))
    return op->emitOpError("has elements of type ")
           << elementType << ", which the reference evaluator does not support";
  int64_t size = 1;
  bool isEmpty = llvm::is_contained(shape, 0);
  for (int64_t extent : shape) {
    if (extent < 0)
      return op->emitOpError("makes a tensor of the negative extent ")
             << extent << " (" << shapeToString(shape) << ")";
    if (!isEmpty && extent > kMaxElements / size)
      return op->emitOpError("makes a tensor of shape ")
             << shapeToString(shape)
             << ", which is too large for the reference evaluator";
    if (!isEmpty)
      size *= extent;
  }
  return Tensor(elementType, shape,
                std::vector<uint64_t>(isEmpty ? 0 : size, 0));
}

FailureOr<const Kernel *> Evaluator::getKernel(Operation *op) {
  if (auto it = kernels.find(op); it != kernels.end())
    return &it->second;
  auto factory = table.kernels.find(op->getName().getStringRef());
  if (!op->isRegistered() || factory == table.kernels.end())
    return static_cast<const Kernel *>(nullptr);
  for (Value operand : op->getOperands())
    if (!isSupportedType(operand.getType()))
      return op->emitOpError("has an operand of type ")
             << operand.getType()
             << ", which the reference evaluator does not support";
  for (Type type : op->getResultTypes())
    if (!isSupportedType(type))
      return op->emitOpError("has a result of type ")
             << type << ", which the reference evaluator does not support";
  FailureOr<Kernel> kernel = factory->second(op);
  if (failed(kernel))
    return failure();
  return &kernels.try_emplace(op, std::move(*kernel)).first->second;
}

FailureOr<Evaluator::Values> Evaluator::call(func::FuncOp function,
                                             ArrayRef<Tensor> args,
                                             Operation *caller) {
  if (function.isDeclaration())
    return caller->emitError("function '@")
           << function.getSymName() << "' has no body to evaluate";
  ArrayRef<Type> types = function.getArgumentTypes();
  if (args.size() != types.size())
    return caller->emitError("function '@")
           << function.getSymName() << "' takes " << types.size()
           << " arguments, but " << args.size() << " were given";
  for (auto [i, type, arg] : llvm::enumerate(types, args)) {
    if (!isSupportedType(type))
      return caller->emitError("argument #")
             << i << " of '@" << function.getSymName() << "' has type " << type
             << ", which the reference evaluator does not support";
    if (!fitsType(type, arg.getElementType(), arg.getShape()))
      return caller->emitError("argument #")
             << i << " of '@" << function.getSymName() << "': expected " << type
             << ", found " << shapeToString(arg.getShape()) << " of "
             << arg.getElementType();
  }
  if (depth >= kMaxCallDepth)
    return caller->emitError("calls are nested more than ")
           << kMaxCallDepth << " deep";

  ++depth;
  Frame newFrame;
  Frame *oldFrame = std::exchange(frame, &newFrame);
  // Bodies of linalg ops have indices of their own in every call.
  SmallVector<ArrayRef<int64_t>> oldIndices = std::move(loopIndices);
  loopIndices.clear();
  FailureOr<Values> results = runBlock(function.getBody().front(), args);
  loopIndices = std::move(oldIndices);
  frame = oldFrame;
  --depth;
  return results;
}

FailureOr<Evaluator::Values> Evaluator::runBlock(Block &block,
                                                 ArrayRef<Tensor> args) {
  assert(block.getNumArguments() == args.size() && "a value per argument");
  for (auto [argument, value] : llvm::zip(block.getArguments(), args))
    (*frame)[argument] = value;
  for (Operation &op : block) {
    if (isa<func::ReturnOp, scf::YieldOp, scf::ConditionOp, linalg::YieldOp,
            tensor::YieldOp>(op))
      return llvm::map_to_vector(op.getOperands(),
                                 [&](Value value) { return get(value); });
    if (failed(evaluate(&op)))
      return failure();
  }
  return block.getParentOp()->emitError(
      "has a block without a terminator, which cannot be evaluated");
}

LogicalResult Evaluator::evaluate(Operation *op) {
  // Unregistered ops have a name but none of the accessors.
  if (op->isRegistered())
    if (auto it = table.handlers.find(op->getName().getStringRef());
        it != table.handlers.end())
      return it->second(*this, op);
  FailureOr<const Kernel *> kernel = getKernel(op);
  if (failed(kernel))
    return failure();
  if (*kernel)
    return evaluateElementwise(op, **kernel);
  for (auto [matches, handler] : table.families)
    if (matches(op))
      return handler(*this, op);
  return op->emitOpError(
      "is not supported by the reference evaluator; it runs affine, arith, "
      "func, linalg, lowbit, math, quant, scf, tensor and vector ops before "
      "packing");
}

LogicalResult Evaluator::evaluateElementwise(Operation *op,
                                             const Kernel &kernel) {
  // Operands that are scalars by type (the condition of a select) go to every
  // element.
  SmallVector<ArrayRef<uint64_t>> operands;
  SmallVector<bool> isScalar;
  ArrayRef<int64_t> shape;
  Value shapedOperand;
  for (Value operand : op->getOperands()) {
    const Tensor &value = get(operand);
    operands.push_back(value.getCodes());
    isScalar.push_back(!isa<ShapedType>(operand.getType()));
    if (isScalar.back())
      continue;
    if (!shapedOperand) {
      shapedOperand = operand;
      shape = value.getShape();
    } else if (value.getShape() != shape) {
      return op->emitOpError("has operands of shapes ")
             << shapeToString(shape) << " and "
             << shapeToString(value.getShape()) << ", expected to be the same";
    }
  }

  Values results;
  SmallVector<MutableArrayRef<uint64_t>> outputs;
  for (Type type : op->getResultTypes()) {
    FailureOr<Tensor> result =
        makeTensor(op, getElementTypeOrSelf(type), shape);
    if (failed(result))
      return failure();
    results.push_back(std::move(*result));
  }
  for (Tensor &result : results)
    outputs.push_back(result.getMutableCodes());

  SmallVector<uint64_t> in(operands.size()), out(results.size());
  for (int64_t i = 0, e = results.front().getNumElements(); i < e; ++i) {
    for (size_t j = 0; j < operands.size(); ++j)
      in[j] = operands[j][isScalar[j] ? 0 : i];
    if (const char *message = kernel(in.data(), out.data()))
      return emitKernelError(op, message, in);
    for (size_t j = 0; j < outputs.size(); ++j)
      outputs[j][i] = out[j];
  }
  return set(op, std::move(results));
}

//===----------------------------------------------------------------------===//
// Interpreter
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Tensor>> Interpreter::call(StringRef name,
                                                 ArrayRef<Tensor> args) {
  auto function = dyn_cast_if_present<func::FuncOp>(
      SymbolTable::lookupSymbolIn(module, name));
  if (!function)
    return module.emitError("there is no func.func named '@") << name << "'";
  Evaluator evaluator(observer);
  return evaluator.call(function, args, function);
}
