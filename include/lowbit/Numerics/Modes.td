//===- Modes.td - Rounding, overflow and scale methods -----*- tablegen -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The three enums that say how a number is converted. They live with the
// numbers, not with the dialect, so that one definition serves both; the
// dialect wraps them in attributes.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_NUMERICS_MODES
#define LOWBIT_NUMERICS_MODES

include "mlir/IR/EnumAttr.td"

def Lowbit_Rounding : I32Enum<"Rounding",
    "how a value between two representable ones is rounded", [
      I32EnumCase<"NearestEven", 0, "nearest_even">,
      I32EnumCase<"TowardZero", 1, "toward_zero">,
      I32EnumCase<"Stochastic", 2, "stochastic">
    ]> {
  let cppNamespace = "::lowbit";
}

def Lowbit_Overflow : I32Enum<"Overflow",
    "what a value outside the range of a format becomes", [
      I32EnumCase<"Saturate", 0, "saturate">,
      I32EnumCase<"IEEE", 1, "ieee">
    ]> {
  let cppNamespace = "::lowbit";
}

def Lowbit_ScaleMethod : I32Enum<"ScaleMethod",
    "how the scale of a block is chosen from its values", [
      I32EnumCase<"AbsMax", 0, "absmax">,
      I32EnumCase<"MinMax", 1, "minmax">,
      I32EnumCase<"MSE", 2, "mse">,
      I32EnumCase<"MXFloor", 3, "mx_floor">,
      I32EnumCase<"MXCeil", 4, "mx_ceil">,
      I32EnumCase<"MXEven", 5, "mx_even">,
      I32EnumCase<"MXRCeil", 6, "mx_rceil">
    ]> {
  let cppNamespace = "::lowbit";
}

#endif // LOWBIT_NUMERICS_MODES
