//===- Interpreter.h - The reference evaluator ------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a function of a module slowly and exactly, on the Numerics library.
// Compiled code is compared with it. It takes IR before `lowbit-pack`: func
// (one block per function), arith, affine.apply/min/max, math, tensor, vector
// (the ops on values, transfers of tensors), linalg on tensors, scf (if, for,
// while), quant casts, and lowbit ops. Anything else is an error.
//
// What is exact: integers; +, -, *, /, remainder, sqrt and fma of f64 and of
// every narrower float, each rounded once to nearest even; all conversions; all
// lowbit ops. Reductions run over ascending indices, one rounding per step.
// Upstream's casts are read as docs/Formats.md has it: arith.truncf and extf
// are lowbit.convert with overflow = ieee, scaling_extf and scaling_truncf
// multiply and divide in f32 (f64 if a type is f64) by the very scale, quant's
// casts round to nearest even and clamp. `exp`, `log`, `tanh`, `erf` and their
// like are computed in double by the C library and rounded: not exact in the
// last bit. Fast-math flags are permissions and are not used. What the IR calls
// undefined or poison (an index out of bounds, a division by zero, a shift by
// the width, a wrap under `nsw`) is an error; elements of `tensor.empty` are
// read as 0.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_REFERENCE_INTERPRETER_H
#define LOWBIT_REFERENCE_INTERPRETER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace lowbit::reference {

/// The value of a tensor, a vector or a scalar (which has no dimensions): an
/// element type, a shape, and one code per element in row-major order. A code
/// holds the bits of the element (of a float, of a two's complement integer,
/// of a quantized type's storage) in its low bits, zeros above; `index` has 64.
/// Copies share their codes until one is written.
class Tensor {
public:
  Tensor() = default;
  Tensor(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
         std::vector<uint64_t> codes);
  /// A scalar.
  Tensor(mlir::Type elementType, uint64_t code);

  mlir::Type getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const { return codes ? codes->size() : 0; }
  llvm::ArrayRef<uint64_t> getCodes() const;
  uint64_t getCode(int64_t index = 0) const { return (*codes)[index]; }
  /// The element as an integer, sign-extended unless its type is unsigned.
  int64_t getInteger(int64_t index = 0) const;
  /// The element as a number; its type must be one with a number format.
  double getValue(int64_t index = 0) const;

  /// The codes to write into, no longer shared.
  llvm::MutableArrayRef<uint64_t> getMutableCodes();
  /// The same codes in another shape of as many elements, or as another
  /// element type of the same width.
  Tensor reshape(llvm::ArrayRef<int64_t> newShape) const;
  Tensor bitcast(mlir::Type newElementType) const;

private:
  mlir::Type elementType;
  llvm::SmallVector<int64_t, 4> shape;
  std::shared_ptr<std::vector<uint64_t>> codes;
};

/// Whether a `Tensor` can have elements of this type: integers of 1 to 64
/// bits, index, floats and `!lowbit` types with a number format, quantized
/// types with integer storage.
bool isSupportedElementType(mlir::Type type);

/// Width in bits of the codes of a supported element type.
unsigned getCodeWidth(mlir::Type elementType);

/// Called with every lowbit.matmul that was evaluated, its result, and
/// sum |a_k b_k| + |bias| for every element of it: what the error bound of
/// docs/Formats.md is a multiple of. What it leaves in `result` is what the
/// evaluation goes on with.
using MatmulObserver = std::function<void(mlir::Operation *, Tensor &result,
                                          llvm::ArrayRef<double> magnitude)>;

class Interpreter {
public:
  /// `module` must be verified and outlive the interpreter.
  explicit Interpreter(mlir::ModuleOp module) : module(module) {}

  /// From now on `observer` sees the matmuls of every call.
  void setMatmulObserver(MatmulObserver newObserver) {
    observer = std::move(newObserver);
  }

  /// The results of `function` for `args`. Errors (unknown function, arguments
  /// that do not fit, what the header comment lists) are reported as
  /// diagnostics at the op that they belong to.
  mlir::FailureOr<llvm::SmallVector<Tensor>> call(llvm::StringRef function,
                                                  llvm::ArrayRef<Tensor> args);

private:
  mlir::ModuleOp module;
  MatmulObserver observer;
};

} // namespace lowbit::reference

#endif // LOWBIT_REFERENCE_INTERPRETER_H
