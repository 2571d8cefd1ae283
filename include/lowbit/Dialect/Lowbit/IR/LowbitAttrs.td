//===- LowbitAttrs.td - Attributes of the lowbit dialect ---- -*- tablegen -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBITATTRS
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBITATTRS

include "lowbit/Dialect/Lowbit/IR/LowbitDialect.td"
include "lowbit/Numerics/Modes.td"
include "mlir/IR/EnumAttr.td"

def Lowbit_RoundingAttr : EnumAttr<Lowbit_Dialect, Lowbit_Rounding, "rounding"> {
  let assemblyFormat = "`<` $value `>`";
}
def Lowbit_OverflowAttr : EnumAttr<Lowbit_Dialect, Lowbit_Overflow, "overflow"> {
  let assemblyFormat = "`<` $value `>`";
}
def Lowbit_ScaleMethodAttr
    : EnumAttr<Lowbit_Dialect, Lowbit_ScaleMethod, "scale_method"> {
  let assemblyFormat = "`<` $value `>`";
}

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITATTRS
