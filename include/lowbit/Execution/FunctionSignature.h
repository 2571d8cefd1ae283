//===- FunctionSignature.h - How a compiled function is called --*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The types of a function's arguments and results as its author wrote them,
// and the buffers that stand for them at the compiled function's boundary. Once
// a module is compiled these types are gone, so they are recorded before.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_EXECUTION_FUNCTIONSIGNATURE_H
#define LOWBIT_EXECUTION_FUNCTIONSIGNATURE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <string>

namespace lowbit {

/// An argument or a result: a ranked tensor, a contiguous memref of a type that
/// is not low-bit, or a scalar (integer, index, float, `!lowbit` type).
struct ValueSignature {
  /// As written.
  mlir::Type type;
  /// Marked `lowbit.weight`: the compiled function takes what `NAME.pack` makes
  /// of it, a buffer of i8 of rank 1.
  bool isWeight = false;

  bool isScalar() const;
  /// Of a tensor or a scalar.
  mlir::Type getElementType() const;
  /// The width of a code. `index` has 64 bits, a quantized type those of its
  /// storage.
  unsigned getElementBits() const;
  /// The bytes of one container, the unit of a buffer: 1 up to 8 bits, 2 up to
  /// 16, then 4 and 8.
  unsigned getContainerBytes() const;
  /// The shape as written, ShapedType::kDynamic for `?`. Empty for a scalar.
  llvm::ArrayRef<int64_t> getLogicalShape() const;
  /// The shape of the buffer that holds a tensor of `logicalShape`, which must
  /// be static: its innermost size counts containers; rank 0 of less than 8
  /// bits or of a low-bit type is [1]. A scalar has none. `isWeight` is not
  /// looked at.
  llvm::SmallVector<int64_t>
  getPackedShape(llvm::ArrayRef<int64_t> logicalShape) const;
  /// The same for the shape as written; kDynamic sizes stay.
  llvm::SmallVector<int64_t> getPackedShape() const;
  /// The rank of the buffer that the compiled function takes or returns.
  unsigned getBufferRank() const;
};

/// A function of the input module.
struct FunctionSignature {
  std::string name;
  llvm::SmallVector<ValueSignature> arguments;
  llvm::SmallVector<ValueSignature> results;

  bool hasWeights() const;
  /// The signature of `NAME.pack`, which takes the weights in order and gives
  /// one buffer of i8 (`tensor<?xi8>`) for each.
  FunctionSignature getPackSignature() const;
};

/// The signature of `function`. Fails with a diagnostic at the function if it
/// has an argument or a result that no buffer stands for (a vector, a strided
/// memref, an unranked tensor, ...).
mlir::FailureOr<FunctionSignature>
getFunctionSignature(mlir::func::FuncOp function);

/// Those of all public functions with a body, in order; functions for which
/// there is none are left out without a diagnostic. `NAME.pack` comes after
/// NAME.
llvm::SmallVector<FunctionSignature>
getFunctionSignatures(mlir::ModuleOp module);

/// Those of `signatures` that `module`, lowered since, still has a C interface
/// of. A function that kept its weights as they are written (`lowbit-pack` has
/// warned then) has no NAME.pack; its arguments are no weights any more.
llvm::SmallVector<FunctionSignature>
getLoweredSignatures(mlir::ModuleOp module,
                     llvm::ArrayRef<FunctionSignature> signatures);

} // namespace lowbit

#endif // LOWBIT_EXECUTION_FUNCTIONSIGNATURE_H
