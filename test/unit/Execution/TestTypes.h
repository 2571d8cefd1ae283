//===- TestTypes.h - Formats as they stand in MLIR text ---------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element types of the execution tests: their spelling, and how their codes
// travel between the test and compiled code.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TEST_UNIT_EXECUTION_TESTTYPES_H
#define LOWBIT_TEST_UNIT_EXECUTION_TESTTYPES_H

#include "Compiled.h"

#include "lowbit/Numerics/Tensor.h"

#include "llvm/ADT/STLExtras.h"

#include <cstdio>
#include <string>

namespace lowbit::test {

/// An element type and its format.
struct ElementType {
  std::string text;
  Format format;

  /// From the spelling without `!lowbit.`; aborts if there is no such format.
  static ElementType get(llvm::StringRef name) {
    // Signless and signed integers are one format.
    bool isSigned = name.consume_front("si");
    std::string canonical = (isSigned ? "i" : "") + name.str();
    Format format = llvm::cantFail(Format::parse(canonical));
    if (isSigned)
      canonical = "s" + canonical;
    else if (name.contains('<'))
      canonical = "!lowbit." + canonical;
    return {canonical, format};
  }
  static ElementType get(const Format &format) { return get(format.getName()); }

  unsigned getBits() const { return format.getBits(); }
  /// Whether memory holds it as it is, without lowbit-to-bytes.
  bool isPlain() const {
    static const char *plain[] = {"i8",   "i16", "i32", "f16",
                                  "bf16", "f32", "f64"};
    return llvm::is_contained(plain, text);
  }
  /// The integer of the same width.
  std::string getInteger() const { return "i" + std::to_string(getBits()); }
  /// Bytes of the integer that holds a code, and its type.
  unsigned getContainerSize() const {
    unsigned size = 1;
    while (size * 8 < getBits())
      size *= 2;
    return size;
  }
  std::string getContainer() const {
    return isPlain() ? text : "i" + std::to_string(8 * getContainerSize());
  }
};

inline std::string toHex(uint64_t bits) {
  char text[24];
  snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(bits));
  return text;
}

/// Whether several elements of a tensor of this shape share a byte.
inline bool isPacked(const ElementType &type, llvm::ArrayRef<int64_t> shape) {
  return !type.isPlain() && !shape.empty() && type.getBits() < 8;
}

/// The buffer that holds `tensor` at a function's boundary. A scalar is the
/// integer itself.
inline Array toArray(const ElementType &type, const CodeTensor &tensor,
                     bool isScalar = false) {
  Array array =
      Array::fromCodes(tensor.codes, type.getContainerSize(), tensor.shape);
  array.isScalar = isScalar;
  if (isPacked(type, tensor.shape)) {
    int64_t length = tensor.shape.back();
    array.bytes = packCodes(tensor.codes, type.getBits(), length);
    array.shape.back() = getPackedRowBytes(type.getBits(), length);
  } else if (!type.isPlain() && tensor.shape.empty()) {
    array.shape = {1};
  }
  return array;
}

/// The logical codes of a buffer.
inline std::vector<uint64_t> toCodes(const ElementType &type,
                                     const Array &array,
                                     llvm::ArrayRef<int64_t> shape) {
  if (isPacked(type, shape)) {
    int64_t numRows = 1;
    for (int64_t size : shape.drop_back())
      numRows *= size;
    return unpackCodes(array.bytes, type.getBits(), numRows, shape.back());
  }
  std::vector<uint64_t> codes;
  for (int64_t i = 0; i < array.getNumElements(); ++i)
    codes.push_back(array.getCode(i));
  return codes;
}

/// tensor<4x?xf32>; `dynamic` are the dimensions written as `?`.
inline std::string getTensorType(llvm::ArrayRef<int64_t> shape,
                                 llvm::StringRef element,
                                 llvm::ArrayRef<int64_t> dynamic = {}) {
  std::string text = "tensor<";
  for (auto [dim, size] : llvm::enumerate(shape))
    text += (llvm::is_contained(dynamic, int64_t(dim)) ? "?"
                                                       : std::to_string(size)) +
            "x";
  return text + element.str() + ">";
}

} // namespace lowbit::test

#endif // LOWBIT_TEST_UNIT_EXECUTION_TESTTYPES_H
