//===- Array.h - Arguments and results in memory ----------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An array as compiled functions and .npy files have it, and its way to and
// from the codes of the reference evaluator.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_RUN_ARRAY_H
#define LOWBIT_TOOLS_LOWBIT_RUN_ARRAY_H

#include "lowbit/Execution/JitRunner.h"
#include "lowbit/Reference/Interpreter.h"
#include "lowbit/Runner/npy.h"

#include <memory>

namespace lowbit::run {

/// The value of an argument or a result.
struct Array {
  ValueSignature signature;
  /// The shape in elements; none for a scalar.
  llvm::SmallVector<int64_t> shape;
  /// Containers in row-major order, in the packed shape.
  std::shared_ptr<const void> data;

  llvm::SmallVector<int64_t> getPackedShape() const {
    return signature.getPackedShape(shape);
  }
  int64_t getNumElements() const;
  size_t getNumBytes() const;
  BufferRef getBuffer() const { return {data.get(), getPackedShape()}; }
};

/// Whether several elements share a byte.
bool sharesBytes(const ValueSignature &value);

/// The bytes of one row of `length` elements.
int64_t getRowBytes(const ValueSignature &value, int64_t length);

/// What the containers of a value are in a .npy file.
lowbit_npy_dtype getDtype(const ValueSignature &value);

/// Why a value cannot be read from or written to a file; empty if it can.
llvm::StringRef getObstacle(const ValueSignature &value);

/// The shape in elements that a buffer of this shape has. nullopt, if an extent
/// does not fit the type or no whole number of elements fits into a row. What
/// is static is taken from the type.
std::optional<llvm::SmallVector<int64_t>>
getLogicalShape(const ValueSignature &value, llvm::ArrayRef<int64_t> packed);

/// Zeros, aligned to 64 bytes. Null if there is not that much memory.
std::shared_ptr<void> allocate(size_t numBytes);

/// A result of compiled code.
Array makeArray(const ValueSignature &signature, OwnedBuffer buffer);

/// To and from one code for each element.
reference::Tensor toTensor(const Array &array);
Array fromTensor(const ValueSignature &signature,
                 const reference::Tensor &tensor);

/// "4x64", or "scalar" without dimensions; "?" for a dynamic extent.
std::string printShape(llvm::ArrayRef<int64_t> shape);
/// The indices of the element with this row-major position, as "[1, 5]".
std::string printIndex(int64_t position, llvm::ArrayRef<int64_t> shape);
/// A type as MLIR writes it.
std::string printType(mlir::Type type);
/// The value of an element, by what its type means.
std::string printElement(const reference::Tensor &tensor, int64_t position);

} // namespace lowbit::run

#endif // LOWBIT_TOOLS_LOWBIT_RUN_ARRAY_H
