//===- JitProgram.h - A module compiled for this machine --------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The whole CPU pipeline and JitRunner, for tests that call what they made.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TEST_UNIT_EXECUTION_JITPROGRAM_H
#define LOWBIT_TEST_UNIT_EXECUTION_JITPROGRAM_H

#include "lowbit/Execution/JitRunner.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace lowbit {
struct ToCPUOptions;
} // namespace lowbit

namespace lowbit::test {

/// One module, compiled; the context lives as long.
struct Program {
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<JitRunner> runner;
};

/// Every dialect, upstream's and ours.
mlir::DialectRegistry getRegistry();

using SetOptions = std::function<void(ToCPUOptions &)>;

/// Compiles for this machine; a failure is the test's.
Program compile(llvm::StringRef text, const SetOptions &setOptions = {});

/// The results of a call that must succeed.
llvm::SmallVector<OwnedBuffer> run(const Program &program, llvm::StringRef name,
                                   llvm::ArrayRef<BufferRef> arguments);

/// The error of a call that must fail.
std::string getError(const Program &program, llvm::StringRef name,
                     llvm::ArrayRef<BufferRef> arguments);

template <typename T>
BufferRef getBuffer(const std::vector<T> &values,
                    llvm::ArrayRef<int64_t> shape) {
  BufferRef buffer;
  buffer.data = values.data();
  buffer.shape.assign(shape.begin(), shape.end());
  return buffer;
}

template <typename T> BufferRef getScalar(const T &value) {
  BufferRef buffer;
  buffer.data = &value;
  return buffer;
}

template <typename T> std::vector<T> getValues(const OwnedBuffer &buffer) {
  int64_t size = std::accumulate(buffer.shape.begin(), buffer.shape.end(),
                                 int64_t(1), std::multiplies<>());
  const T *data = static_cast<const T *>(buffer.data);
  return std::vector<T>(data, data + size);
}

} // namespace lowbit::test

#endif // LOWBIT_TEST_UNIT_EXECUTION_JITPROGRAM_H
