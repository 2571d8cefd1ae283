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

def LowbitSelectKernelsPass
    : Pass<"lowbit-select-kernels", "::mlir::ModuleOp"> {
  let summary = "Say which kernel each low-bit op gets, and why";
  let description = [{
    Changes nothing. Runs before `lowbit-fold-weights` and `lowbit-pack`, and
    predicts for each op of the lowbit dialect, and each cast of `arith` and
    `quant` with a low-bit type, what they and later passes make of it on the
    machine of the module (`llvm.target`): for a `lowbit.matmul` the kernel of a
    target, which `lowbit-pack` chooses in the same way (`none` if there is
    nothing to multiply); for other ops `folded`, `fused` (the product that reads
    it does its work: the second level of a scale, activations quantized while
    they are packed), `expand-conversions`, `to-bytes` or `lower-kernels`.

    `report` names a JSON file (`-`: standard output): an array of one object
    per op, in the order of the text. It appears whole, before anything can
    fail.

    ```text
    {
      "op": "lowbit.matmul",
      "location": "layer.mlir:3:8",        null if unknown
      "function": "main",                  null outside of functions
      "operands": [types], "results": [types],
      "kernel": "x86.avx2.byte",
      "fallback": false,                   a portable kernel where the machine
                                           has a better family
      "rejected": [ {"kernel": .., "reason": ..} ],
      "bytes": {
        "weights": 8192,                   codes of B, packed and padded
        "scales": 1024,                    scales and zero points of B, packed
        "activations": 272,                A, its scales and zero points, bias
        "results": 512
      },
      "operations": 65536,                 2 * batches * M * N * K
      "product": {"batches": 1, "m": 4, "n": 128, "k": 64},
      "packing": {
        "when": "compile_time",            or "once" (by NAME.pack), "each_call"
        "bytes_per_call": 0                read and written for it in each call
      }
    }
    ```

    Other ops have no `product` and `packing`; their inputs and results are in
    the byte order of the ABI, and `operations` counts the elements converted.
    Numbers are for one execution of the op, and null where extents are dynamic.

    The same facts are remarks of the category `lowbit-select-kernels`: passed
    `KernelSelected`, missed `KernelRejected` with the reason, and missed
    `PackedInEachCall` with what it costs.
  }];
  let options = [
    Option<"report", "report", "std::string", /*default=*/"",
           "JSON file for one record per low-bit op">,
    Option<"failOnFallback", "fail-on-fallback", "bool", /*default=*/"false",
           "Make it an error where a portable kernel is used on a machine that "
           "has others">,
  ];
}

def LowbitPackPass : Pass<"lowbit-pack", "::mlir::ModuleOp"> {
  let summary = "Choose a kernel for every matmul and lay its operands out";
  let description = [{
    Asks the target of the module (`llvm.target`, see `lowbit-attach-target`;
    without it the Portable target) for a kernel for every `lowbit.matmul`, and
    replaces the op by a `lowbit.packed_matmul`: activations as floats or
    integers, padded along K, with the sums and scales that the kernel asks
    for; weights, scales and zero points in panels by `lowbit.pack`. A pack of
    a constant becomes a constant.

    A scale that is itself the `lowbit.dequantize` of block scales under one
    f32 is taken apart: the kernel reads the block scales, the f32 is applied
    to the sum. Results keep within the bound of `lowbit.matmul`.

    The packing of a function's arguments marked `lowbit.weight` moves into a
    function NAME.pack, which takes them in order and gives one i8 buffer each;
    NAME takes those buffers. The marks are gone afterwards.

    Blobs that were packed and that no op names any more are released, as by
    `lowbit-fold-weights`.
  }];
  let options = [
    Option<"keepBlobs", "keep-blobs", "bool", /*default=*/"false",
           "Release no blobs: another module of this context may use them">,
  ];
  let dependentDialects = [
    "::lowbit::LowbitDialect", "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def LowbitTilePass : Pass<"lowbit-tile"> {
  let summary = "Split packed products into tiles";
  let description = [{
    Each `lowbit.packed_matmul` becomes a `scf.forall` over blocks of rows and
    panels of columns, a loop over the rows of a block for each row count that
    the kernel has, and a `lowbit.packed_matmul` on one tile. K stays whole in
    a tile, so that results do not depend on the number of threads.

    Where the kernel's attribute has a `decoding`, a product of as many rows as
    it names decodes each panel of the weights once, into a buffer of its own,
    and multiplies with that: `lowbit.decode_panel`, piece by piece along K, and
    `lowbit.packed_matmul` of the kernel for decoded weights.
  }];
  let dependentDialects = [
    "::lowbit::LowbitDialect", "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def LowbitLowerKernelsPass : Pass<"lowbit-lower-kernels"> {
  let summary = "Turn tiles and packs into the target's code";
  let description = [{
    Each tile becomes the code of its kernel, on tensors and vectors; each
    `lowbit.pack` that is left becomes loops. An error at a
    `lowbit.packed_matmul` that is not a tile.
  }];
  let dependentDialects = [
    "::lowbit::LowbitDialect", "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::mlir::vector::VectorDialect"];
}

def LowbitLowerIntrinsicsPass : Pass<"lowbit-lower-intrinsics"> {
  let summary = "Turn lowbit.intrinsic into llvm.call_intrinsic";
  let description = [{
    Runs after bufferization, which refuses ops of unknown side effects.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowbitExpandConversionsPass : Pass<"lowbit-expand-conversions"> {
  let summary = "Turn conversions and the choice of scales into arithmetic";
  let description = [{
    Every conversion from or to a low-bit format becomes integer and float
    arithmetic that LLVM vectorizes, or a table look-up where that is faster;
    no calls. On tensors the arithmetic sits in `linalg.generic`, on vectors
    and scalars it stands in place. Converted are

    - `lowbit.convert`, `lowbit.quantize`, `lowbit.dequantize`;
    - `lowbit.choose_scale`: a loop over the scales, and in its body a loop over
      the elements of a block (`scf.for`), which vectorizes along the innermost
      dimension, or a `vector.transfer_read` of a short row (which needs
      `convert-vector-to-scf` where buffers are not contiguous). A block that
      holds NaN or an infinity, of a scale type without NaN, gives the scale 1
      (rule C12);
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
    "::mlir::quant::QuantDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::mlir::vector::VectorDialect"];
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

def LowbitFoldWeightsPass : Pass<"lowbit-fold-weights", "::mlir::ModuleOp"> {
  let summary = "Evaluate ops on constants of any size";
  let description = [{
    Ops whose operands are constants (`dense`, `dense_resource`, scalars) are
    evaluated by the Numerics library, bit for bit as the folders would: these
    stop at 1024 elements (rule K4). Large arrays are read where they lie, piece
    by piece, through as many ops as follow each other; only what something
    else uses is stored. Folded are

    - `lowbit.quantize`, also under stochastic rounding if `random` is constant,
      `lowbit.dequantize`, `lowbit.convert`, `lowbit.choose_scale`,
      `lowbit.bitcast`;
    - `arith.extf` and `arith.truncf`, as `lowbit.convert` with
      `overflow = ieee`, and ops that only move elements
      (`tensor.extract_slice`, `tensor.collapse_shape`, `tensor.expand_shape`,
      `tensor.reshape`, `linalg.transpose`): where a lowbit op reads the result,
      or elements are of a low-bit type.

    All shapes must be static, and elements have 32 bits at most. A result of
    more than 1024 elements becomes a `dense_resource` of the packed layout,
    aligned to 64 bytes, named after the blob that it comes from (else after the
    function); where all elements are equal by construction it stays a splat.

    A `dequantize` stays for the `lowbit.matmul` ops that read it, whether as
    operand or as scale: these read codes and scales themselves, and the numbers
    would take several times the memory. For other users it is folded. So the
    two-level scales of NVFP4 stay as they are written, while weights that are
    quantized under them are folded. What would make more than 2^30 elements of
    less than one 64th as many bytes is left for run time.

    The blobs of `dense_resource` constants of a low-bit type, and of those that
    are folded, must have the size that their type asks for: an error at the
    constant. A block that holds NaN or infinity is an error of `choose_scale`
    if the scale type has no NaN (rule C9).

    Blobs that no op names any more are released, one by one, so that the peak
    of memory stays near that of the input. (A blob that was read from a
    bytecode file and lies within its buffer goes with the buffer. The values of
    `dense` constants stay in the context.) Another module of the same context,
    such as a clone, may name the same blobs: with such a module `keep-blobs` is
    needed. A module within another one releases nothing.

    Example:

    ```mlir
    func.func @weights() -> tensor<1x8xi4> {
      %w = arith.constant dense<[[0.1, -0.7, 0.35, 0.3, 3.5, 1.2, -2.0, 0.0]]> : tensor<1x8xf32>
      %s = lowbit.choose_scale %w for i4 block [1, 4] : (tensor<1x8xf32>) -> tensor<1x2xf32>
      %q = lowbit.quantize %w scale(%s) block [1, 4] : (tensor<1x8xf32>, tensor<1x2xf32>) -> tensor<1x8xi4>
      return %q : tensor<1x8xi4>
    }
    ```

    becomes

    ```mlir
    func.func @weights() -> tensor<1x8xi4> {
      %q = arith.constant dense<[[1, -7, 4, 3, 7, 2, -4, 0]]> : tensor<1x8xi4>
      return %q : tensor<1x8xi4>
    }
    ```
  }];
  let options = [
    Option<"keepBlobs", "keep-blobs", "bool", /*default=*/"false",
           "Release no blobs: another module of this context may use them">,
  ];
  let dependentDialects = [
    "::lowbit::LowbitDialect", "::mlir::arith::ArithDialect"];
}

def LowbitAttachTargetPass : Pass<"lowbit-attach-target", "::mlir::ModuleOp"> {
  let summary = "Record on the module which machine it is compiled for";
  let description = [{
    Sets the attribute `llvm.target` to the triple, the CPU and the full list of
    features: all that the CPU implies, with the changes of `features` and what
    these imply. The later passes and the code generator read it and nothing
    else about the machine. `host` becomes the names of this machine here.

    Without `cpu` and `triple` an attribute that is there is kept, completed and
    changed by `features`; without one the target is what every machine of this
    architecture has. Unknown names are errors.

    Example: with `cpu=x86-64-v3 features=-fma`

    ```mlir
    module attributes {llvm.target = #llvm.target<
        triple = "x86_64-unknown-linux-gnu", chip = "x86-64-v3",
        features = <["+avx2", "-fma"]>>} {
    }
    ```

    (with all the other features of the CPU between these two).
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", /*default=*/"",
           "`host`, or LLVM's name of a CPU">,
    Option<"features", "features", "std::string", /*default=*/"",
           "Changes to the CPU's features, as +a,-b">,
    Option<"triple", "triple", "std::string", /*default=*/"",
           "LLVM's triple; this machine's by default">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowbitDecomposeLinalgPass : Pass<"lowbit-decompose-linalg"> {
  let summary = "Split linalg ops that are no loop nest into ones that are";
  let description = [{
    `linalg.pack` and `linalg.unpack` on tensors become padding, reshapes and
    transposes; `linalg.softmax` and its like become reductions and elementwise
    ops.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def LowbitInlineResourcesPass : Pass<"lowbit-inline-resources"> {
  let summary = "Turn small dense_resource constants into dense ones";
  let description = [{
    A `dense_resource` of at most 1024 numbers becomes a `dense` constant, with
    a `lowbit.bitcast` for a `!lowbit` type. Folders see the elements of those
    only, and some of upstream's crash on a resource. A blob of the wrong size
    is an error.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::lowbit::LowbitDialect"];
}

def LowbitExportFunctionsPass
    : Pass<"lowbit-export-functions", "::mlir::ModuleOp"> {
  let summary = "Prepare public functions for being called from outside";
  let description = [{
    Public functions with a body get MLIR's C interface
    (`llvm.emit_c_interface`), and their tensor arguments are marked as never
    written (`bufferization.writable = false`). A definition with the name of a
    function of the C library that compiled code calls is an error.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def LowbitLiftBranchesPass
    : Pass<"lowbit-lift-branches", "::mlir::func::FuncOp"> {
  let summary = "Turn branches between blocks into scf ops";
  let description = [{
    As upstream's `lift-cf-to-scf`, on which it stands, but with `tensor.empty`
    for tensors that have no value on some path. Upstream's deallocation of
    buffers wants structured control flow.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::mlir::ub::UBDialect"];
}

def LowbitOwnResultsPass : Pass<"lowbit-own-results", "::mlir::func::FuncOp"> {
  let summary = "Copy results that are not memory of their own";
  let description = [{
    Runs after bufferization. A returned memref stays as it is if it is a whole
    allocation of this function, or a result of a call, that no other result
    shares. Any other (an argument, a global, part of a buffer, the same buffer
    twice, what a loop carries) is copied, so that the caller can free each.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def LowbitExpandCopiesPass : Pass<"lowbit-expand-copies"> {
  let summary = "Turn copies of strided memrefs into linalg.generic";
  let description = [{
    Copies between contiguous buffers become memcpy in upstream's lowering. For
    all others that lowering calls a function of MLIR's own library; this pass
    makes loops of them, so that compiled code needs no library.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def LowbitExpandReshapesPass : Pass<"lowbit-expand-reshapes"> {
  let summary = "Turn views of several unknown extents into casts";
  let description = [{
    `memref.expand_shape` with more than one dynamic extent in a group becomes
    `memref.reinterpret_cast`; upstream's `expand-strided-metadata`, which
    follows, crashes on it.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def LowbitLowerAssertsPass
    : Pass<"lowbit-lower-asserts", "::mlir::ModuleOp"> {
  let summary = "Turn cf.assert into a message and abort";
  let description = [{
    The message goes to the standard error output, unbuffered: upstream's
    lowering calls puts, whose text abort() may throw away.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::scf::SCFDialect"];
}

def LowbitLowerScopesPass : Pass<"lowbit-lower-scopes"> {
  let summary = "Inline memref.alloca_scope";
  let description = [{
    Runs after `convert-scf-to-openmp`, before structured control flow becomes
    branches: the op holds one block. Where it has stack memory, the stack is
    restored at its end.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowbitLowerVectorsPass : Pass<"lowbit-lower-vectors"> {
  let summary = "Lower the vector ops that upstream's conversion leaves";
  let description = [{
    `vector.load` and `vector.store` of several dimensions become one of each
    row; `vector.multi_reduction` and `vector.scan` become elementwise ops and
    reductions of one dimension; transfers of one row that may leave their
    memref get a mask. Runs after `convert-vector-to-scf`.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::ub::UBDialect", "::mlir::vector::VectorDialect"];
}

def LowbitLegalizeBF16Pass
    : Pass<"lowbit-legalize-bf16", "::mlir::ModuleOp"> {
  let summary = "Let LLVM do without a library for bf16";
  let description = [{
    Runs on the LLVM dialect. Masked loads and stores of bf16 become those of
    16-bit integers. A module that has bf16 values gets `__truncsfbf2`, which
    LLVM calls where a CPU has no bf16 and not every compiler library provides:
    hidden, and the same in each object that has it.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowbitApplyTargetPass : Pass<"lowbit-apply-target", "::mlir::ModuleOp"> {
  let summary = "Say in LLVM's terms which machine the code is for";
  let description = [{
    The last pass of the CPU pipeline. Sets triple and data layout on the
    module, CPU and features on every function with a body, as `llvm.target`
    says, and gives private functions internal linkage. Functions with vectors
    of more than 16 bytes align their stack for these (`alignstack`). An error at
    each op that is not of the LLVM or the OpenMP dialect.
  }];
}

#endif // LOWBIT_DIALECT_LOWBIT_TRANSFORMS_PASSES
