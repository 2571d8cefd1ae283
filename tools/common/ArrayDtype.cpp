//===- ArrayDtype.cpp - Element types outside of MLIR ---------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayDtype.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace lowbit;

ArrayDtype lowbit::getArrayDtype(const ValueSignature &value) {
  Type type = value.getElementType();
  unsigned bits = value.getElementBits();
  unsigned size = value.getContainerBytes();
  bool isUnsigned = type.isUnsignedInteger();
  if (auto quantized = dyn_cast<quant::QuantizedType>(type)) {
    isUnsigned = !quantized.isSigned();
    type = quantized.getStorageType();
  }
  if (type.isInteger(1))
    return {'b', 1, false};
  if (isa<Float16Type, Float32Type, Float64Type>(type))
    return {'f', size, false};
  if (isa<BFloat16Type>(type))
    return {'u', size, true};
  if (isa<IndexType>(type))
    return {'i', 8, false};
  if (bits > 64 || (isa<FloatType>(type) && bits > 16))
    return {0, size, false};
  bool isNumber = isa<IntegerType>(type) && bits == 8 * size;
  return {isNumber && !isUnsigned ? 'i' : 'u', size, false};
}

std::string ArrayDtype::getNumPyName() const {
  switch (kind) {
  case 'b':
    return "bool";
  case 'f':
    return "float" + std::to_string(8 * size);
  default:
    return (kind == 'i' ? "int" : "uint") + std::to_string(8 * size);
  }
}

/// One of four words, by the bytes of a container.
static StringRef bySize(unsigned size, StringRef one, StringRef two,
                        StringRef four, StringRef eight) {
  switch (size) {
  case 1:
    return one;
  case 2:
    return two;
  case 4:
    return four;
  case 8:
    return eight;
  default:
    llvm_unreachable("containers have 1, 2, 4 or 8 bytes");
  }
}

StringRef ArrayDtype::getCElement() const {
  switch (kind) {
  case 'b':
    return "bool";
  case 'f':
    return bySize(size, "", "uint16_t", "float", "double");
  case 'i':
    return bySize(size, "int8_t", "int16_t", "int32_t", "int64_t");
  default:
    return bySize(size, "uint8_t", "uint16_t", "uint32_t", "uint64_t");
  }
}

StringRef ArrayDtype::getCScalar() const {
  if (isBFloat)
    return "__bf16";
  if (kind == 'f' && size == 2)
    return "_Float16";
  return getCElement();
}

StringRef ArrayDtype::getCSuffix() const {
  if (isBFloat)
    return "bf16";
  switch (kind) {
  case 'b':
    return "bool";
  case 'f':
    return bySize(size, "", "f16", "f32", "f64");
  case 'i':
    return bySize(size, "i8", "i16", "i32", "i64");
  default:
    return bySize(size, "u8", "u16", "u32", "u64");
  }
}
