//===- JitRunner.h - Compile in this process and call -----------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs what `lowbit-to-cpu` leaves, through the C interface (`_mlir_ciface_`)
// that other programs call, too.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_EXECUTION_JITRUNNER_H
#define LOWBIT_EXECUTION_JITRUNNER_H

#include "lowbit/Execution/FunctionSignature.h"
#include "lowbit/Execution/ObjectEmitter.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class WritableMemoryBuffer;
namespace orc {
class LLJIT;
} // namespace orc
} // namespace llvm

namespace lowbit {

/// An argument of a call, borrowed: containers in row-major order, contiguous,
/// aligned to their own size. `shape` is the shape of the buffer
/// (`ValueSignature::getPackedShape`). A scalar has no shape and lies in the
/// low bytes at `data`.
struct BufferRef {
  const void *data = nullptr;
  llvm::SmallVector<int64_t> shape;
};

/// A result of a call, owned: memory that the compiled function allocated with
/// malloc, or a copy of a scalar.
struct OwnedBuffer {
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> allocated;
  void *data = nullptr;
  llvm::SmallVector<int64_t> shape;

  operator BufferRef() const { return {data, shape}; }
};

/// A module as machine code in this process. Calls may be made from several
/// threads at once.
class JitRunner {
public:
  /// Compiles `module` (what `lowbit-to-cpu` left). `signatures` are those of
  /// the module before it was lowered; functions without one cannot be called.
  /// The blobs of constants are used in place, so the module's context must
  /// outlive the runner and they must not be released. Errors: features that
  /// this machine lacks; OpenMP's library is needed and not found.
  static llvm::Expected<std::unique_ptr<JitRunner>>
  create(mlir::ModuleOp module, llvm::ArrayRef<FunctionSignature> signatures,
         const ObjectEmitterOptions &options = {});
  ~JitRunner();

  /// The signature of `name`, or null.
  const FunctionSignature *getSignature(llvm::StringRef name) const;

  /// A function as it is called underneath: it takes pointers to the arguments
  /// in order, memref descriptors and scalars alike. Before them comes a
  /// pointer to the results, laid out as the C interface's struct; a result
  /// that is one scalar comes after them instead.
  using Entry = void (*)(void **);
  /// The entry of `name`, or null. For callers that need the bare descriptors.
  Entry lookUp(llvm::StringRef name) const;

  /// A function with its arguments, for any number of calls.
  class Call {
  public:
    /// Calls the function. Results of the call before are freed, unless taken.
    void run();
    /// The results of the last call, in order.
    llvm::SmallVector<OwnedBuffer> takeResults();
    Call(Call &&other) { swap(other); }
    Call &operator=(Call &&other) {
      swap(other);
      return *this;
    }
    ~Call() { freeResults(); }

  private:
    friend class JitRunner;
    Call() = default;
    void swap(Call &other);
    void freeResults();

    const FunctionSignature *signature = nullptr;
    Entry function = nullptr;
    /// Descriptors and scalars: the results, laid out as the C interface's
    /// struct, then the arguments.
    std::vector<uint64_t> words;
    /// What `function` takes: pointers into `words`.
    std::vector<void *> pointers;
    bool hasResults = false;
  };

  /// Checks the arguments against the signature (count, rank, static sizes) and
  /// binds them; the memory that they refer to must stay until the last `run`.
  llvm::Expected<Call> bind(llvm::StringRef name,
                            llvm::ArrayRef<BufferRef> arguments) const;

  /// Binds, runs once and gives the results.
  llvm::Expected<llvm::SmallVector<OwnedBuffer>>
  call(llvm::StringRef name, llvm::ArrayRef<BufferRef> arguments) const;

  /// What the machine code takes from other libraries, sorted: malloc, memcpy,
  /// libm's and OpenMP's functions.
  llvm::ArrayRef<std::string> getExternalFunctions() const {
    return externalFunctions;
  }

private:
  JitRunner();

  struct Function {
    FunctionSignature signature;
    Entry entry;
  };
  std::unique_ptr<llvm::orc::LLJIT> jit;
  /// Constants that did not lie as the code needs them.
  std::vector<std::unique_ptr<llvm::WritableMemoryBuffer>> alignedConstants;
  llvm::StringMap<Function> functions;
  std::vector<std::string> externalFunctions;
};

} // namespace lowbit

#endif // LOWBIT_EXECUTION_JITRUNNER_H
