//===- LowbitInterfaces.td - Interfaces of types and ops ----- -*- tablegen -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBITINTERFACES
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBITINTERFACES

include "mlir/IR/OpBase.td"

def Lowbit_FormatTypeInterface : TypeInterface<"FormatTypeInterface"> {
  let description = [{
    A type whose values are the codes of a number format. Ask for the format
    of any type, builtin ones included, with `lowbit::getFormat(Type)`.
  }];
  let cppNamespace = "::lowbit";
  let methods = [
    InterfaceMethod<"The format: everything there is to know of the type.",
      "::lowbit::Format", "getFormat">
  ];
}

def Lowbit_ScaledOpInterface : OpInterface<"ScaledOpInterface"> {
  let description = [{
    An op with tensors that are read or written through scales. Passes that
    move, merge or lower scales ask for them here and need not know the op.
  }];
  let cppNamespace = "::lowbit";
  let methods = [
    InterfaceMethod<[{
        The tensors (operands or results) that a scale or a zero point belongs
        to, in the order in which the op is written.
      }],
      "::llvm::SmallVector<::lowbit::ScaledValue>", "getScaledValues">
  ];
  let verify = [{ return ::lowbit::verifyScaledOp($_op); }];
}

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITINTERFACES
