//===- LowbitKernelOps.td - What exists only between passes -- -*- tablegen -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBITKERNELOPS
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBITKERNELOPS

include "lowbit/Dialect/Lowbit/IR/LowbitAttrs.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Lowbit_BytesTensor : RankedTensorOf<[I8]>;

def Lowbit_PackOp : Op<Lowbit_Dialect, "pack", [Pure]> {
  let summary = "a tensor in the order in which a kernel reads it";
  let description = [{
    The buffer that `layout` describes for a tensor of the given extents, as
    bytes; positions beyond the extents or the source are 0. The result's dimensions are the
    outermost digits of the layout, and last the bytes of all digits inside
    them.

    What is stored at a position is, with `table`, table[code] for an element
    of up to 8 bits; else the element itself: an integer, or the code of a
    low-bit float, extended to the stored integer; a float, converted to the
    stored float, which must hold every value of it.

    `repeat` has an entry per dimension: the element at index i is read from
    the source at i floordiv repeat, for repeat 0 at 0. A scale of one entry
    per 128 columns is packed as one per column with 128.

    Example:

    ```mlir
    %p = lowbit.pack %b extents [4096, 4096] table [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
        layout <i4, (d0, d1) -> (d0 floordiv 8, d1 floordiv 8, d0 mod 8, d1 mod 4, d1 floordiv 4 mod 2)>
        : tensor<4096x4096xi4> -> tensor<512x16384xi8>
    ```
  }];
  let arguments = (ins
    AnyRankedTensor:$source,
    Variadic<Index>:$dynamic_extents,
    DenseI64ArrayAttr:$static_extents,
    OptionalAttr<DenseI64ArrayAttr>:$repeat,
    OptionalAttr<DenseI32ArrayAttr>:$table,
    Lowbit_LayoutAttr:$layout);
  let results = (outs Lowbit_BytesTensor:$result);
  let assemblyFormat = [{
    $source `extents` custom<DynamicIndexList>($dynamic_extents, $static_extents)
    (`repeat` $repeat^)? (`table` $table^)? `layout` $layout
    attr-dict `:` type($source) `->` type($result)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$source,
        "::mlir::ArrayRef<::mlir::OpFoldResult>":$extents,
        "::lowbit::LayoutAttr":$layout, CArg<"int64_t", "1">:$outerDims,
        CArg<"::mlir::DenseI64ArrayAttr", "{}">:$repeat,
        CArg<"::mlir::DenseI32ArrayAttr", "{}">:$table)>
  ];
  let extraClassDeclaration = [{
    ::mlir::SmallVector<::mlir::OpFoldResult> getMixedExtents();
    /// How many digits of the layout are dimensions of the result.
    int64_t getNumOuterDims() { return getType().getRank() - 1; }
    /// How many indices of the layout in dimension `dim` stand for one of the
    /// source.
    int64_t getRepeatOf(int64_t dim) {
      return getRepeat() ? (*getRepeat())[dim] : 1;
    }

  private:
    ::llvm::LogicalResult verifyExtents();
    ::llvm::LogicalResult verifyElements();

  public:
  }];
  let hasVerifier = 1;
}

def Lowbit_UnpackOp : Op<Lowbit_Dialect, "unpack", [Pure]> {
  let summary = "a tensor from the row-major codes of a buffer";
  let description = [{
    The inverse of a `lowbit.pack` whose layout is row-major: the buffer holds
    the code of every element, in 1 byte for elements of up to 8 bits, 2 for up
    to 16 and 4 for up to 32.

    Example:

    ```mlir
    %t = lowbit.unpack %bytes : tensor<32xi8> -> tensor<4x8xi4>
    ```
  }];
  let arguments = (ins Lowbit_BytesTensor:$source);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
}

def Lowbit_PackedMatmulOp : Op<Lowbit_Dialect, "packed_matmul", [
    Pure, AttrSizedOperandSegments, DestinationStyleOpInterface]> {
  let summary = "a product of prepared activations and packed weights";
  let description = [{
    out = A x B (+ bias), of the operands that `lowbit-pack` has prepared for
    the kernel:

    - `a`: M x K', K' = K padded with zeros to the kernel's unit; the numbers
      (f32) or integers (i8, i16, i32) that the kernel multiplies;
    - `sums`: M x G, i32, what is subtracted for a constant offset of the stored
      weights, or what a stored zero point is multiplied with;
    - `scale_a`: M x 1 or M x G, f32, one per row or per row and group;
    - `b`: P x bytes, the panels of packed weights; `scale_b`, `zero_b`: the
      same of their scales and zero points;
    - `bias`: N, f32;
    - `out`: M x N, overwritten; with `accumulate` of f32, and added to.

    `lowbit-tile` splits the op until M is one of the kernel's rows and P is 1;
    `lowbit-lower-kernels` turns such a tile into the code of the target.

    Example:

    ```mlir
    %c = lowbit.packed_matmul <"portable.f32" for i4, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 32, group = 32, shift = 0, scale = f32>
        a(%a) b(%b scale %s) outs(%init)
        : (tensor<4x64xf32>, tensor<1x512xi8>, tensor<1x128xi8>, tensor<4x16xf32>) -> tensor<4x16xf32>
    ```
  }];
  let arguments = (ins
    Lowbit_KernelAttr:$kernel,
    AnyRankedTensor:$a,
    Optional<AnyRankedTensor>:$sums,
    Optional<AnyRankedTensor>:$scale_a,
    Lowbit_BytesTensor:$b,
    Optional<Lowbit_BytesTensor>:$scale_b,
    Optional<Lowbit_BytesTensor>:$zero_b,
    Optional<AnyRankedTensor>:$bias,
    AnyRankedTensor:$init,
    UnitAttr:$accumulate);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $kernel `a` `(` $a (`sums` $sums^)? (`scale` $scale_a^)? `)`
    `b` `(` $b (`scale` $scale_b^)? (`zero_point` $zero_b^)? `)`
    (`bias` `(` $bias^ `)`)? `outs` `(` $init `)` (`accumulate` $accumulate^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
    /// Whether this is one tile: rows that the kernel has, one panel.
    bool isTile();
    ::mlir::RankedTensorType getAType() {
      return ::mlir::cast<::mlir::RankedTensorType>(getA().getType());
    }
    ::mlir::RankedTensorType getOutType() {
      return ::mlir::cast<::mlir::RankedTensorType>(getInit().getType());
    }

  private:
    ::llvm::LogicalResult verifyTypes();
    ::llvm::LogicalResult verifyShapes();

  public:
  }];
  let hasVerifier = 1;
}

def Lowbit_DecodePanelOp : Op<Lowbit_Dialect, "decode_panel", [
    Pure, AttrSizedOperandSegments, DestinationStyleOpInterface]> {
  let summary = "some of K of a panel of packed weights as f32";
  let description = [{
    (w - zero point) * scale * 2^-shift for the weights of one panel from `k` on,
    as f32 in the order (K, column). `out` is 1 x bytes and says how many of K;
    they and `k` are multiples of the kernel's steps, and the part lies within a
    group or starts with one. `lowbit-tile` makes this op where the kernel has a
    `decoding`; `lowbit-lower-kernels` asks the kernel for its code.

    Example:

    ```mlir
    %d = lowbit.decode_panel <"x86.avx2.f32" for i4, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 32, group = 32, shift = 0, scale = f32>
        b(%b scale %s) from(%k) outs(%init)
        : (tensor<1x512xi8>, tensor<1x128xi8>, index, tensor<1x2048xi8>) -> tensor<1x2048xi8>
    ```
  }];
  let arguments = (ins
    Lowbit_KernelAttr:$kernel,
    Lowbit_BytesTensor:$b,
    Optional<Lowbit_BytesTensor>:$scale_b,
    Optional<Lowbit_BytesTensor>:$zero_b,
    Index:$k,
    Lowbit_BytesTensor:$init);
  let results = (outs Lowbit_BytesTensor:$result);
  let assemblyFormat = [{
    $kernel `b` `(` $b (`scale` $scale_b^)? (`zero_point` $zero_b^)? `)`
    `from` `(` $k `)` `outs` `(` $init `)`
    attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
  }];
  let hasVerifier = 1;
}

def Lowbit_IntrinsicOp : Op<Lowbit_Dialect, "intrinsic", [Pure]> {
  let summary = "an LLVM intrinsic that only computes";
  let description = [{
    The result of an LLVM intrinsic on vectors and scalars that has no side
    effect. Unlike `llvm.call_intrinsic` it says so, which bufferization asks
    of every op. `lowbit-lower-intrinsics` turns one into the other.

    Example:

    ```mlir
    %p = lowbit.intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%w, %a) : (vector<32xi8>, vector<32xi8>) -> vector<16xi16>
    ```
  }];
  let arguments = (ins StrAttr:$intrinsic, Variadic<AnyType>:$operands);
  let results = (outs AnyType:$result);
  let assemblyFormat = [{
    $intrinsic `(` $operands `)` attr-dict
    `:` functional-type($operands, $result)
  }];
}

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITKERNELOPS
