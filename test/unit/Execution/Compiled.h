//===- Compiled.h - Compile MLIR text and call it ---------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a user's pipeline does after lowbit-expand-conversions, down to machine
// code in this process, for tests that compare compiled code with the Numerics
// library.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TEST_UNIT_EXECUTION_COMPILED_H
#define LOWBIT_TEST_UNIT_EXECUTION_COMPILED_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cassert>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace lowbit {
class JitRunner;
} // namespace lowbit

namespace lowbit::test {

/// A row-major array as compiled code takes it: a memref of integers or floats
/// of 1, 2, 4 or 8 bytes.
struct Array {
  unsigned elementSize = 1;
  llvm::SmallVector<int64_t> shape;
  std::vector<uint8_t> bytes;
  /// Passed as a value, not as a memref.
  bool isScalar = false;

  /// `values` with the given shape; by default of rank 1.
  template <typename T>
  static Array get(llvm::ArrayRef<T> values,
                   llvm::ArrayRef<int64_t> shape = {}) {
    Array array;
    array.elementSize = sizeof(T);
    array.shape.assign(shape.begin(), shape.end());
    if (shape.empty() && values.size() != 1)
      array.shape.push_back(values.size());
    array.bytes.resize(values.size() * sizeof(T));
    if (!values.empty())
      std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
    return array;
  }
  /// The low `elementSize` bytes of each of `codes`.
  static Array fromCodes(llvm::ArrayRef<uint64_t> codes, unsigned elementSize,
                         llvm::ArrayRef<int64_t> shape);

  int64_t getNumElements() const { return bytes.size() / elementSize; }
  /// Element `index`, zero-extended.
  uint64_t getCode(int64_t index) const;
};

/// A module in machine code for this CPU.
class Compiled {
public:
  struct Options {
    /// Whether lowbit-to-bytes runs: low-bit tensors in signatures then are
    /// the buffers of the ABI. Without it no low-bit type may be left once
    /// conversions are expanded.
    bool toBytes = false;
  };

  /// Compiles a module. Reports what goes wrong as a test failure and returns
  /// null. Among this: a low-bit type that is left, and a reference of the
  /// object code to any function but malloc, free, memcpy, memmove and memset.
  static std::unique_ptr<Compiled> get(llvm::StringRef text, Options options);
  static std::unique_ptr<Compiled> get(llvm::StringRef text) {
    return get(text, Options());
  }
  ~Compiled();

  /// Calls `name`, which takes memrefs or scalars and returns one memref of
  /// `rank` whose elements have `elementSize` bytes. Checks the ABI's promises:
  /// the inputs are not written and the result is fresh and contiguous.
  Array call(llvm::StringRef name, llvm::ArrayRef<Array> inputs,
             unsigned elementSize, unsigned rank);

  /// Calls `name`, which takes memrefs and writes to the last of them.
  void callInPlace(llvm::StringRef name, llvm::ArrayRef<Array> inputs,
                   Array &output);

  /// The entry of `name`, which takes and returns scalars: it is called with
  /// pointers to the arguments, then to the result.
  using PackedFunction = void (*)(void **);
  PackedFunction lookUp(llvm::StringRef name);

private:
  explicit Compiled(std::unique_ptr<JitRunner> runner);
  std::unique_ptr<JitRunner> runner;
};

} // namespace lowbit::test

#endif // LOWBIT_TEST_UNIT_EXECUTION_COMPILED_H
