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

//===----------------------------------------------------------------------===//
// What lowbit-pack writes down for the passes after it
//===----------------------------------------------------------------------===//

def Lowbit_LayoutAttr : AttrDef<Lowbit_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "the order and the width in which a kernel reads a tensor";
  let description = [{
    `map` gives the digits of an element's position in the packed buffer,
    outermost first: each result is `d<i>`, `d<i> floordiv S`, `d<i> mod E` or
    `d<i> floordiv S mod E`, and the digits of a dimension are a mixed-radix
    number with one digit, that of the largest stride, without `mod`. `element`
    is what a position holds: i4 (two to a byte, the first in the low nibble),
    i8, i16, i32, f16, bf16 or f32, little-endian.

    Example, panels of 8 columns, 8 of K in each 32 bytes:

    ```mlir
    #lowbit.layout<i4, (d0, d1) -> (d0 floordiv 8, d1 floordiv 8, d0 mod 8, d1 mod 4, d1 floordiv 4 mod 2)>
    ```
  }];
  let parameters = (ins "::mlir::Type":$element, "::mlir::AffineMap":$map);
  let assemblyFormat = "`<` $element `,` $map `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The layout that `map` is.
    ::lowbit::PackedLayout getLayout() const;
    static LayoutAttr get(::mlir::Type element,
                          const ::lowbit::PackedLayout &layout);
  }];
  let skipDefaultBuilders = 0;
}

def Lowbit_KernelAttr : AttrDef<Lowbit_Dialect, "Kernel"> {
  let mnemonic = "kernel";
  let summary = "a kernel and the shape of its tiles";
  let description = [{
    `name` is how the target's registry knows the kernel. `format` is the
    element type of the weights as the user wrote it, which the kernel decodes.
    A tile has one of `rows` rows (descending, the last is 1) and `columns`
    columns; `row_block` rows stay in a cache while all columns pass. K is
    padded to a multiple of `unit`; a scale holds for `group` of K (0: for all
    of it) and is stored as `scale`, a zero point as `zero_point`. Operands that are
    integers stand for numbers times a power of two: the sum is multiplied by
    2^-`shift`. With `decoding`, many rows are multiplied in another way.
  }];
  let parameters = (ins
    StringRefParameter<>:$name,
    "::mlir::Type":$format,
    ArrayRefParameter<"int64_t">:$rows,
    "int64_t":$columns,
    "int64_t":$row_block,
    "int64_t":$unit,
    "int64_t":$group,
    "int64_t":$shift,
    OptionalParameter<"::mlir::Type">:$scale,
    OptionalParameter<"::mlir::Type">:$zero_point,
    OptionalParameter<"::lowbit::DecodingAttr">:$decoding);
  let assemblyFormat = [{
    `<` $name `for` $format `,` `rows` `=` `[` $rows `]` `,`
    `columns` `=` $columns `,` `row_block` `=` $row_block `,`
    `unit` `=` $unit `,` `group` `=` $group `,` `shift` `=` $shift
    (`,` struct($scale, $zero_point, $decoding)^)? `>`
  }];
  let genVerifyDecl = 1;
  let builders = [
    AttrBuilder<(ins "::llvm::StringRef":$name, "::mlir::Type":$format,
        "::llvm::ArrayRef<int64_t>":$rows, "int64_t":$columns,
        "int64_t":$row_block, "int64_t":$unit, "int64_t":$group,
        "int64_t":$shift, "::mlir::Type":$scale, "::mlir::Type":$zero_point), [{
      return $_get($_ctxt, name, format, rows, columns, row_block, unit, group,
                   shift, scale, zero_point, ::lowbit::DecodingAttr());
    }]>
  ];
  let extraClassDeclaration = [{
    /// The same kernel with another way for many rows.
    KernelAttr withDecoding(::lowbit::DecodingAttr decoding) const;
  }];
}

def Lowbit_DecodingAttr : AttrDef<Lowbit_Dialect, "Decoding"> {
  let mnemonic = "decoding";
  let summary = "how a kernel multiplies many rows";
  let description = [{
    A block of at least `min_rows` rows does not decode the weights once per
    tile: `depth` of K of a panel are decoded to f32 at a time, scaled, and
    multiplied with all rows of the block by `kernel`, which reads panels of
    f32 of as many columns, without scales.
  }];
  let parameters = (ins
    "int64_t":$min_rows,
    "int64_t":$depth,
    "::lowbit::KernelAttr":$kernel);
  let assemblyFormat = [{
    `<` `min_rows` `=` $min_rows `,` `depth` `=` $depth `,`
    `kernel` `=` $kernel `>`
  }];
}

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITATTRS
