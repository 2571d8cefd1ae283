//===- LowbitDialect.td - The lowbit dialect ---------------- -*- tablegen -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBITDIALECT
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBITDIALECT

include "mlir/IR/DialectBase.td"

def Lowbit_Dialect : Dialect {
  let name = "lowbit";
  let summary = "Low-bit number formats, scales and the arithmetic on them";
  let description = [{
    The dialect writes down what MLIR's builtin types leave out: how a tensor
    of low-bit elements and its scales make numbers, and how numbers become
    such tensors. Every conversion has one exact meaning, written down in
    `docs/Formats.md`; folders, lowerings and the reference evaluator share
    it.

    Element types are MLIR's own wherever it has them (`f8E4M3FN`, `f4E2M1FN`,
    `i4`, ...). `!lowbit.minifloat`, `!lowbit.log` and `!lowbit.codebook` add
    the rest. A quantized tensor is a plain tensor of such elements beside a
    tensor of scales whose shape says the granularity; there is no quantized
    tensor type, so that scales can be values computed at run time and every
    upstream pass sees ordinary tensors.
  }];
  let cppNamespace = "::lowbit";
  // arith for constants; affine and tensor for reified shapes.
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    /// The version that bytecode carries. Version 1 is the first; a reader
    /// refuses a newer one.
    static constexpr uint64_t kVersion = 1;

    void registerTypes();
    void registerAttributes();
    void registerInterfaces();
  }];
}

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITDIALECT
