//===- LowbitTypes.td - Types that builtin lacks ------------- -*- tablegen -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBITTYPES
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBITTYPES

include "lowbit/Dialect/Lowbit/IR/LowbitDialect.td"
include "lowbit/Dialect/Lowbit/IR/LowbitInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/Interfaces/DataLayoutInterfaces.td"

class Lowbit_Type<string name, string typeMnemonic>
    : TypeDef<Lowbit_Dialect, name, [
        DeclareTypeInterfaceMethods<Lowbit_FormatTypeInterface>,
        DeclareTypeInterfaceMethods<DataLayoutTypeInterface,
            ["getTypeSizeInBits", "getABIAlignment", "getPreferredAlignment"]>,
        MemRefElementTypeInterface, VectorElementTypeInterface]> {
  let mnemonic = typeMnemonic;
  let genVerifyDecl = 1;
  let hasCustomAssemblyFormat = 1;
}

def Lowbit_MinifloatType : Lowbit_Type<"Minifloat", "minifloat"> {
  let summary = "a small float of 2 to 16 bits";
  let description = [{
    ```
    minifloat ::= `!lowbit.minifloat` `<` `u`? `e`X `m`Y kind? (`,` `bias` `=` N)? `>`
    kind      ::= `fn` | `fnuz` | `finite`
    ```

    X exponent bits, Y mantissa bits, a sign bit unless `u` is there. Without
    a kind the all-ones exponent is infinity and NaN, as in IEEE 754. `fn`:
    the all-ones magnitude is NaN, the rest is finite. `fnuz`: one NaN, at the
    code of -0. `finite`: every code is finite. Exponent code 0 is zero or
    subnormal. The default bias is 2^(X-1) - 1, for `fnuz` 2^(X-1).

    A format that equals a builtin float type in every code is rejected.

    Example:

    ```mlir
    !lowbit.minifloat<ue5m3fn>
    !lowbit.minifloat<e3m0finite, bias = 7>
    ```
  }];
  let parameters = (ins "unsigned":$exponentBits, "unsigned":$mantissaBits,
                        "bool":$hasSign, "::lowbit::NonFinite":$nonFinite,
                        "int64_t":$bias);
  let builders = [
    TypeBuilder<(ins "const ::lowbit::Format &":$format)>
  ];
}

def Lowbit_LogType : Lowbit_Type<"Log", "log"> {
  let summary = "a logarithmic number of 2 to 8 bits";
  let description = [{
    ```
    log ::= `!lowbit.log` `<` width (`,` `frac` `=` F)? `>`
    ```

    The top bit is the sign, the low bits are a code c: 0 for c = 0, else the
    magnitude 2^((c - cmax) / 2^F) rounded to the nearest f32. Magnitudes end
    at 1.

    Example:

    ```mlir
    !lowbit.log<4>
    !lowbit.log<4, frac = 1>
    ```
  }];
  let parameters = (ins "unsigned":$width, "unsigned":$fractionBits);
  let builders = [
    TypeBuilder<(ins "unsigned":$width), [{ return $_get($_ctxt, width, 0u); }]>
  ];
}

def Lowbit_CodebookType : Lowbit_Type<"Codebook", "codebook"> {
  let summary = "an index of 2 to 8 bits into a list of values";
  let description = [{
    ```
    codebook ::= `!lowbit.codebook` `<` width `,` (name | `[` value-list `]`) `>`
    name     ::= `nf4` | `iq4nl`
    ```

    A list has exactly 2^width finite values, each rounded to the nearest f32;
    a list equal to a named one is rejected in favour of the name.

    Example:

    ```mlir
    !lowbit.codebook<4, nf4>
    !lowbit.codebook<2, [-1.0, -0.25, 0.25, 1.0]>
    ```
  }];
  // Exactly one of the two: a name, or the values.
  let parameters = (ins "unsigned":$width, "::mlir::StringAttr":$name,
                        "::mlir::DenseF32ArrayAttr":$values);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::mlir::StringAttr":$name)>,
    TypeBuilderWithInferredContext<(ins "::mlir::DenseF32ArrayAttr":$values)>
  ];
}

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITTYPES
