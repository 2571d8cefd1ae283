//===- ElementLoops.h - Element-wise loops under scales ---------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The linalg.generic around the arithmetic of one element.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_ELEMENTLOOPS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_ELEMENTLOOPS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace lowbit {

/// Receives one element of every input, then the scale-like values of its
/// block, and returns the element of the result.
using ElementBody = llvm::function_ref<mlir::Value(
    mlir::ImplicitLocOpBuilder &builder, mlir::ValueRange elements,
    mlir::ValueRange scales)>;

/// A tensor of `inputs`' shape and `elementType`, computed element by element.
///
/// `inputs` are ranked tensors of one shape. `scales` are scalars, tensors of
/// rank 0, or tensors of the inputs' rank whose granularity is `block` (an
/// entry per dimension, 0: the whole dimension); empty without scales. Blocks
/// that divide a static dimension become a loop of their own, so that the
/// scale does not change in the inner loop and that loop vectorizes.
mlir::Value buildElementLoop(mlir::ImplicitLocOpBuilder &builder,
                             mlir::Type elementType,
                             llvm::ArrayRef<mlir::Value> inputs,
                             llvm::ArrayRef<mlir::Value> scales,
                             llvm::ArrayRef<int64_t> block, ElementBody body);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_ELEMENTLOOPS_H
