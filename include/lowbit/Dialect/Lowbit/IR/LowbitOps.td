//===- LowbitOps.td - What users write --------------------- -*- tablegen -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBITOPS
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBITOPS

include "lowbit/Dialect/Lowbit/IR/LowbitAttrs.td"
include "lowbit/Dialect/Lowbit/IR/LowbitInterfaces.td"
include "lowbit/Dialect/Lowbit/IR/LowbitTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ViewLikeInterface.td"

//===----------------------------------------------------------------------===//
// Constraints. Which formats an op takes is verified in C++, where the message
// can say what was found and what was expected; these only tell shapes apart.
//===----------------------------------------------------------------------===//

/// A scale or zero point: one scalar, or a tensor.
def Lowbit_ScaleLike : AnyTypeOf<[AnyRankedTensor, AnyType]>;

class Lowbit_Op<string opMnemonic, list<Trait> traits = []>
    : Op<Lowbit_Dialect, opMnemonic, !listconcat([Pure], traits)> {
  let hasVerifier = 1;
}

/// With operand segments, nothing upstream checks that an operand that must be
/// there is there exactly once. Comes before ScaledOpInterface, whose verifier
/// looks at the operands.
class Lowbit_GivenOnce<string names, int first, int second>
    : PredOpTrait<"exactly one " # names # " is given",
        CPred<"getODSOperandIndexAndLength(" # first # ").second == 1 && "
              "getODSOperandIndexAndLength(" # second # ").second == 1">>;

class Lowbit_ShapedOp<string opMnemonic, list<Trait> traits = []>
    : Lowbit_Op<opMnemonic, !listconcat(
        [DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
            ["reifyResultShapes"]>],
        traits)>;

//===----------------------------------------------------------------------===//
// quantize
//===----------------------------------------------------------------------===//

def Lowbit_QuantizeOp : Lowbit_ShapedOp<"quantize", [
    AttrSizedOperandSegments, Lowbit_GivenOnce<"input and scale", 0, 1>,
    Lowbit_ScaledOpInterface]> {
  let summary = "numbers to codes under a scale";
  let description = [{
    For every element x with its scale s (and zero point z), in f32 with one
    rounding to nearest even per operation:

    - t = x / s, a true division; s = 0 gives t = +0 whatever x is;
    - without a zero point the result is encode(t);
    - an integer z: sat(round(t) + z), the sum not wrapping;
    - a float z: encode(t + z).

    `rounding` and `overflow` say how encode and round work; under
    `stochastic` rounding the operand `random` (i32, the shape of the input,
    read as unsigned) holds the random bits.

    `block` gives the granularity: one entry per dimension, 0 for the whole
    dimension. Without it the scale's shape must say it (rules S1 to S6).

    Example:

    ```mlir
    %q = lowbit.quantize %x scale(%s) block [1, 32] : (tensor<4x64xf32>, tensor<4x2xf32>) -> tensor<4x64xi4>
    ```
  }];
  let arguments = (ins
    AnyRankedTensor:$input,
    Lowbit_ScaleLike:$scale,
    Optional<Lowbit_ScaleLike>:$zero_point,
    Optional<AnyRankedTensor>:$random,
    OptionalAttr<DenseI64ArrayAttr>:$block,
    DefaultValuedAttr<Lowbit_RoundingAttr, "::lowbit::Rounding::NearestEven">:$rounding,
    DefaultValuedAttr<Lowbit_OverflowAttr, "::lowbit::Overflow::Saturate">:$overflow);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `scale` `(` $scale `)`
    (`zero_point` `(` $zero_point^ `)`)?
    (`block` $block^)?
    (`random` `(` $random^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$elementType, "::mlir::Value":$input,
        "::mlir::Value":$scale, CArg<"::mlir::Value", "{}">:$zeroPoint,
        CArg<"::mlir::ArrayRef<int64_t>", "{}">:$block,
        CArg<"::lowbit::Rounding", "::lowbit::Rounding::NearestEven">:$rounding,
        CArg<"::lowbit::Overflow", "::lowbit::Overflow::Saturate">:$overflow,
        CArg<"::mlir::Value", "{}">:$random)>
  ];
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::lowbit::ScaledValue> getScaledValues();
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// dequantize
//===----------------------------------------------------------------------===//

def Lowbit_DequantizeOp : Lowbit_ShapedOp<"dequantize", [
    Lowbit_ScaledOpInterface]> {
  let summary = "codes to numbers under a scale";
  let description = [{
    (decode(q) - z) * s for every element, in f32 with one rounding to nearest
    even per operation, then rounded to the result type under `rounding` and
    `overflow`. Stochastic rounding is not available here: `lowbit.convert`
    has it.

    Example:

    ```mlir
    %x = lowbit.dequantize %q scale(%s) block [1, 32] : (tensor<4x64xi4>, tensor<4x2xf32>) -> tensor<4x64xf32>
    ```
  }];
  let arguments = (ins
    AnyRankedTensor:$input,
    Lowbit_ScaleLike:$scale,
    Optional<Lowbit_ScaleLike>:$zero_point,
    OptionalAttr<DenseI64ArrayAttr>:$block,
    DefaultValuedAttr<Lowbit_RoundingAttr, "::lowbit::Rounding::NearestEven">:$rounding,
    DefaultValuedAttr<Lowbit_OverflowAttr, "::lowbit::Overflow::Saturate">:$overflow);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $input `scale` `(` $scale `)`
    (`zero_point` `(` $zero_point^ `)`)?
    (`block` $block^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$elementType, "::mlir::Value":$input,
        "::mlir::Value":$scale, CArg<"::mlir::Value", "{}">:$zeroPoint,
        CArg<"::mlir::ArrayRef<int64_t>", "{}">:$block,
        CArg<"::lowbit::Rounding", "::lowbit::Rounding::NearestEven">:$rounding,
        CArg<"::lowbit::Overflow", "::lowbit::Overflow::Saturate">:$overflow)>
  ];
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::lowbit::ScaledValue> getScaledValues();
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// choose_scale
//===----------------------------------------------------------------------===//

def Lowbit_ChooseScaleOp : Lowbit_ShapedOp<"choose_scale"> {
  let summary = "scales (and zero points) that fit numbers into a format";
  let description = [{
    One scale per block of the input, chosen by `method` for elements of the
    type after `for`; see docs/Formats.md, "Choosing scales". The scale is
    rounded to nearest in its own type and from finite data is never 0,
    infinity or NaN. `minmax` has a second result, the zero point; it wants an
    integer element, the other methods a signed one.

    Example:

    ```mlir
    %s = lowbit.choose_scale %x for f8E4M3FN block [1, 32] {method = #lowbit.scale_method<mse>} : (tensor<4x64xf32>) -> tensor<4x2xf32>
    %t, %z = lowbit.choose_scale %x for ui4 block [1, 0] {method = #lowbit.scale_method<minmax>} : (tensor<4x64xf32>) -> (tensor<4x1xf32>, tensor<4x1xui4>)
    ```
  }];
  let arguments = (ins
    AnyRankedTensor:$input,
    TypeAttr:$element_type,
    OptionalAttr<DenseI64ArrayAttr>:$block,
    DefaultValuedAttr<Lowbit_ScaleMethodAttr, "::lowbit::ScaleMethod::AbsMax">:$method);
  let results = (outs AnyRankedTensor:$scale, Optional<AnyRankedTensor>:$zero_point);
  let assemblyFormat = [{
    $input `for` $element_type (`block` $block^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Type":$elementType,
        "::mlir::Type":$scaleElementType, "::mlir::ArrayRef<int64_t>":$block,
        CArg<"::lowbit::ScaleMethod", "::lowbit::ScaleMethod::AbsMax">:$method,
        CArg<"::mlir::Type", "{}">:$zeroPointElementType)>
  ];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// convert
//===----------------------------------------------------------------------===//

def Lowbit_ConvertOp : Lowbit_ShapedOp<"convert"> {
  let summary = "element cast with stated rounding and overflow";
  let description = [{
    encode(decode(x)) in the format of the result, one rounding, on scalars,
    vectors and tensors; also from one low-bit format to another.

    Example:

    ```mlir
    %y = lowbit.convert %x {overflow = #lowbit.overflow<ieee>} : tensor<4xf32> to tensor<4xf8E5M2>
    ```
  }];
  let arguments = (ins
    AnyType:$input,
    Optional<AnyType>:$random,
    DefaultValuedAttr<Lowbit_RoundingAttr, "::lowbit::Rounding::NearestEven">:$rounding,
    DefaultValuedAttr<Lowbit_OverflowAttr, "::lowbit::Overflow::Saturate">:$overflow);
  let results = (outs AnyType:$result);
  let assemblyFormat = [{
    $input (`random` `(` $random^ `:` type($random) `)`)? attr-dict
    `:` type($input) `to` type($result)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$input,
        CArg<"::lowbit::Rounding", "::lowbit::Rounding::NearestEven">:$rounding,
        CArg<"::lowbit::Overflow", "::lowbit::Overflow::Saturate">:$overflow,
        CArg<"::mlir::Value", "{}">:$random)>
  ];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// bitcast
//===----------------------------------------------------------------------===//

def Lowbit_BitcastOp : Lowbit_ShapedOp<"bitcast", [
    DeclareOpInterfaceMethods<ViewLikeOpInterface>]> {
  let summary = "the same codes as another type of the same width";
  let description = [{
    On scalars, vectors, tensors and memrefs; nothing is computed.

    Example:

    ```mlir
    %c = lowbit.bitcast %q : tensor<4x!lowbit.log<4>> to tensor<4xi4>
    ```
  }];
  let arguments = (ins AnyType:$input);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// matmul
//===----------------------------------------------------------------------===//

def Lowbit_MatmulOp : Lowbit_ShapedOp<"matmul", [
    AttrSizedOperandSegments, Lowbit_GivenOnce<"a and b", 0, 3>,
    Lowbit_ScaledOpInterface]> {
  let summary = "the product of two tensors read through their scales";
  let description = [{
    The product of the dequantized operands, plus the bias. A is
    [batch..] x M x K; B is [batch..] x K x N, or N x K with `transpose_b`;
    batch dimensions are equal, or B has none; the bias has N elements of f32.
    An operand without a scale has the scale 1.

    The order of the sum over K is open: results agree with the reference
    (exact products, f64 sum) within
    (K + 8) * u * (sum |a_k b_k| + |bias|), u the unit roundoff of `acc`.
    `acc = i32` is exact. `promote_every` says after how much of K a narrow
    hardware accumulator is added into f32.

    Example:

    ```mlir
    %c = lowbit.matmul %a, %b scale(%s) block [1, 32] bias(%d) transpose_b : (tensor<4x64xf32>, tensor<32x64xi4>, tensor<32x2xf32>, tensor<32xf32>) -> tensor<4x32xf32>
    ```
  }];
  let arguments = (ins
    AnyRankedTensor:$a,
    Optional<Lowbit_ScaleLike>:$a_scale,
    Optional<Lowbit_ScaleLike>:$a_zero_point,
    AnyRankedTensor:$b,
    Optional<Lowbit_ScaleLike>:$b_scale,
    Optional<Lowbit_ScaleLike>:$b_zero_point,
    Optional<AnyRankedTensor>:$bias,
    OptionalAttr<DenseI64ArrayAttr>:$a_block,
    OptionalAttr<DenseI64ArrayAttr>:$b_block,
    UnitAttr:$transpose_b,
    DefaultValuedAttr<TypeAttr, "$_builder.getF32Type()">:$acc,
    OptionalAttr<I64Attr>:$promote_every);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $a (`scale` `(` $a_scale^ `)` (`zero_point` `(` $a_zero_point^ `)`)?
        (`block` $a_block^)?)?
    `,` $b (`scale` `(` $b_scale^ `)` (`zero_point` `(` $b_zero_point^ `)`)?
        (`block` $b_block^)?)?
    (`bias` `(` $bias^ `)`)?
    (`transpose_b` $transpose_b^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$elementType,
        "const ::lowbit::ScaledValue &":$a, "const ::lowbit::ScaledValue &":$b,
        CArg<"::mlir::Value", "{}">:$bias, CArg<"bool", "false">:$transposeB,
        CArg<"::mlir::Type", "{}">:$acc,
        CArg<"std::optional<int64_t>", "{}">:$promoteEvery)>
  ];
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::lowbit::ScaledValue> getScaledValues();

    /// The dimension of B that runs over K, and the one that runs over N.
    int64_t getBReductionDim() {
      return getB().getType().getRank() - (getTransposeB() ? 1 : 2);
    }
    int64_t getBColumnDim() {
      return getB().getType().getRank() - (getTransposeB() ? 2 : 1);
    }
  }];
  let hasFolder = 1;
}

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITOPS
