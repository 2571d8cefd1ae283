//===- Passes.td - Passes of the lowbit dialect ------------ -*- tablegen -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_TRANSFORMS_PASSES
#define LOWBIT_DIALECT_LOWBIT_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def LowbitExpandConversionsPass : Pass<"lowbit-expand-conversions"> {
  let summary = "Turn conversions, quantize and dequantize into arithmetic";
  let description = [{
    Every conversion from or to a low-bit format becomes integer and float
    arithmetic that LLVM vectorizes, or a table look-up where that is faster;
    no calls. On tensors the arithmetic sits in `linalg.generic`, on vectors
    and scalars it stands in place. Converted are

    - `lowbit.convert`, `lowbit.quantize`, `lowbit.dequantize`;
    - `arith.extf` and `arith.truncf` from or to a float of less than 16 bits:
      as `lowbit.convert` with `overflow = ieee`;
    - `arith.scaling_extf` and `arith.scaling_truncf`, with a scale of any
      float type: multiplied or divided by that very value;
    - `quant.qcast`: clamp(roundeven(x / s + z)), and `quant.dcast`, per
      tensor, per axis and sub-channel.

    Results are those of the Numerics library bit for bit, in every rounding
    and overflow mode. What is left of low-bit types afterwards are values
    that are only moved, which `lowbit-to-bytes` turns into bytes.
  }];
  let dependentDialects = [
    "::lowbit::LowbitDialect", "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::quant::QuantDialect", "::mlir::tensor::TensorDialect"];
}

def LowbitToBytesPass : Pass<"lowbit-to-bytes", "::mlir::ModuleOp"> {
  let summary = "Turn every low-bit tensor into the byte tensor of the ABI";
  let description = [{
    Function signatures, calls, block arguments, slices, constants and plain
    tensor ops on low-bit elements become the same on bytes: elements of less
    than 8 bits are packed along the innermost dimension in little-endian bit
    order, each row starting on a byte; 8 bits are bytes; 9 to 16 bits are
    i16 containers; a tensor of rank 0 is one container in a tensor of rank 1.
    Scalars and vectors become one container per element, and arithmetic on
    integers of 2 to 7 bits is done in bytes. `!quant` types become their
    storage. Blobs of `dense_resource` constants are kept, not copied; their
    size is checked.

    Rows that only move keep their bytes and are not touched. A
    `linalg.generic` whose loops run along packed rows works on bytes in
    place; one that reads or writes across rows, and an op such as
    `tensor.pad`, unpacks its operands into one code per byte before and packs
    its results after.

    The length of a row whose innermost dimension is dynamic is told from its
    bytes, so it must be a whole number of groups (2 elements of 4 bits, 8 of 3
    bits; rules P of docs/Formats.md). Where a size is known this is verified;
    of a `tensor.empty` of unknown size it is a precondition.

    Errors: a slice that does not start on a byte, or whose dynamic size is not
    known to be a multiple; an innermost dimension that becomes dynamic
    although its length is not a multiple; a blob of the wrong size; an op that
    computes with a low-bit type and should have been expanded; memrefs and
    unranked tensors of elements of less than 8 bits and tensors with an
    encoding, which have no byte form.

    Afterwards no FP4, FP6 or FP8 type, no integer of 2 to 7 bits, no signed
    or unsigned integer type and no `!lowbit` type is left.

    Example:

    ```mlir
    func.func @f(%t: tensor<4x16xi4>) -> tensor<4x8xi4> {
      %0 = tensor.extract_slice %t[0, 8] [4, 8] [1, 1] : tensor<4x16xi4> to tensor<4x8xi4>
      return %0 : tensor<4x8xi4>
    }
    ```

    becomes

    ```mlir
    func.func @f(%t: tensor<4x8xi8>) -> tensor<4x4xi8> {
      %0 = tensor.extract_slice %t[0, 4] [4, 4] [1, 1] : tensor<4x8xi8> to tensor<4x4xi8>
      return %0 : tensor<4x4xi8>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def LowbitVerifyLoweredPass : Pass<"lowbit-verify-lowered"> {
  let summary = "Report every low-bit op or cast that is left";
  let description = [{
    An error at each op of the lowbit and quant dialects, each op with a
    low-bit or quantized type among its operands, results, block arguments or
    attributes, and each `builtin.unrealized_conversion_cast`. Changes
    nothing.
  }];
}

#endif // LOWBIT_DIALECT_LOWBIT_TRANSFORMS_PASSES
