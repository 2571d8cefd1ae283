//===- Array.cpp - Arguments and results in memory ------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Array.h"

#include "../common/ArrayDtype.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <cstring>
#include <numeric>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;
using reference::Tensor;

int64_t Array::getNumElements() const {
  return ShapedType::getNumElements(shape);
}

size_t Array::getNumBytes() const {
  return ShapedType::getNumElements(getPackedShape()) *
         signature.getContainerBytes();
}

bool run::sharesBytes(const ValueSignature &value) {
  unsigned bits = value.getElementBits();
  return bits > 1 && bits < 8 && !value.isScalar();
}

int64_t run::getRowBytes(const ValueSignature &value, int64_t length) {
  return sharesBytes(value) ? getPackedRowBytes(value.getElementBits(), length)
                            : length * value.getContainerBytes();
}

lowbit_npy_dtype run::getDtype(const ValueSignature &value) {
  ArrayDtype dtype = getArrayDtype(value);
  return {dtype.kind, static_cast<uint8_t>(dtype.size)};
}

StringRef run::getObstacle(const ValueSignature &value) {
  if (isa<BaseMemRefType>(value.type))
    return "expected a tensor or a scalar; what a memref refers to is written "
           "in place";
  if (getDtype(value).kind == 0)
    return "there is no array in NumPy for elements of this type";
  return "";
}

std::optional<SmallVector<int64_t>>
run::getLogicalShape(const ValueSignature &value, ArrayRef<int64_t> packed) {
  ArrayRef<int64_t> type = value.getLogicalShape();
  // The one container of a rank 0 tensor.
  if (type.empty() && packed == ArrayRef<int64_t>(1))
    packed = {};
  if (packed.size() != type.size())
    return std::nullopt;
  SmallVector<int64_t> shape(packed);
  if (sharesBytes(value) && !shape.empty()) {
    unsigned bits = value.getElementBits();
    int64_t &length = shape.back();
    if (!ShapedType::isDynamic(type.back())) {
      if (length != getPackedRowBytes(bits, type.back()))
        return std::nullopt;
      length = type.back();
    } else {
      int64_t groupBytes = bits / std::gcd(8u, bits);
      if (length % groupBytes != 0)
        return std::nullopt;
      length = length / groupBytes * (8 / std::gcd(8u, bits));
    }
  }
  for (auto [expected, found] : llvm::zip_equal(type, shape))
    if (!ShapedType::isDynamic(expected) && expected != found)
      return std::nullopt;
  return shape;
}

std::shared_ptr<void> run::allocate(size_t numBytes) {
  constexpr size_t alignment = 64;
  size_t size = llvm::alignTo(std::max<size_t>(numBytes, 1), alignment);
  void *memory = std::aligned_alloc(alignment, size);
  if (!memory)
    return nullptr;
  std::memset(memory, 0, size);
  return std::shared_ptr<void>(memory, std::free);
}

Array run::makeArray(const ValueSignature &signature, OwnedBuffer buffer) {
  Array array;
  array.signature = signature;
  std::optional<SmallVector<int64_t>> shape =
      getLogicalShape(signature, buffer.shape);
  assert(shape && "a compiled function keeps to its type");
  array.shape = *shape;
  // Memory is freed by the address that it was allocated at.
  std::shared_ptr<void> allocated(buffer.allocated.release(), std::free);
  array.data = std::shared_ptr<const void>(allocated, buffer.data);
  return array;
}

//===----------------------------------------------------------------------===//
// Codes
//===----------------------------------------------------------------------===//

/// The bits of an element in memory: an i1 fills a byte, as in NumPy.
static unsigned getStoredBits(const ValueSignature &signature) {
  unsigned bits = signature.getElementBits();
  return bits == 1 ? 8 : bits;
}

Tensor run::toTensor(const Array &array) {
  const ValueSignature &signature = array.signature;
  int64_t length = array.shape.empty() ? 1 : array.shape.back();
  int64_t rows = length == 0 ? 0 : array.getNumElements() / length;
  std::vector<uint64_t> codes = unpackCodes(
      {static_cast<const uint8_t *>(array.data.get()), array.getNumBytes()},
      getStoredBits(signature), rows, length);
  return Tensor(signature.getElementType(), array.shape, std::move(codes));
}

Array run::fromTensor(const ValueSignature &signature, const Tensor &tensor) {
  Array array;
  array.signature = signature;
  array.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  auto bytes = std::make_shared<std::vector<uint8_t>>(
      packCodes(tensor.getCodes(), getStoredBits(signature),
                array.shape.empty() ? 1 : array.shape.back()));
  // Never null, also without elements.
  if (bytes->empty())
    bytes->resize(1);
  array.data = std::shared_ptr<const void>(bytes, bytes->data());
  return array;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

std::string run::printShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  return llvm::join(llvm::map_range(shape,
                                    [](int64_t extent) {
                                      return ShapedType::isDynamic(extent)
                                                 ? std::string("?")
                                                 : std::to_string(extent);
                                    }),
                    "x");
}

std::string run::printIndex(int64_t position, ArrayRef<int64_t> shape) {
  SmallVector<std::string> parts(shape.size());
  for (size_t dim = shape.size(); dim-- > 0; position /= shape[dim])
    parts[dim] = std::to_string(position % shape[dim]);
  return "[" + llvm::join(parts, ", ") + "]";
}

std::string run::printType(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

std::string run::printElement(const Tensor &tensor, int64_t position) {
  Type type = tensor.getElementType();
  std::string text;
  llvm::raw_string_ostream os(text);
  if (isa<IntegerType, IndexType, quant::QuantizedType>(type)) {
    // true is 1, and an unsigned 64-bit integer has no sign.
    if (type.isInteger(1) || type.isUnsignedInteger())
      os << tensor.getCode(position);
    else
      os << tensor.getInteger(position);
  } else {
    // Enough digits to tell any two f32 apart.
    os << llvm::format(type.isF64() ? "%.17g" : "%.9g",
                       tensor.getValue(position));
  }
  return text;
}
