// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" --lowbit-select-kernels="report=%t.json" | FileCheck %s --check-prefix=SAME
// RUN: FileCheck %s --input-file=%t.json
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" --lowbit-select-kernels --remark-format=emitRemark --remarks-filter='lowbit.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// Filters are for the whole category.
// RUN: lowbit-opt %s --lowbit-select-kernels --remark-format=emitRemark --remarks-filter='lowbit' -o /dev/null 2>&1 | count 0
// Without a machine there are the portable kernels, and nothing to fall back from.
// RUN: lowbit-opt %s --lowbit-select-kernels="report=- fail-on-fallback" -o /dev/null | FileCheck %s --check-prefix=ANY
// The report is there although the pass fails.
// RUN: rm -f %t.json
// RUN: not lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" --lowbit-select-kernels="report=%t.json fail-on-fallback" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FALLBACK
// RUN: FileCheck %s --input-file=%t.json

// Nothing is changed, the marks are still there.
// SAME: func.func @marked
// SAME-SAME: {lowbit.weight}
// SAME: lowbit.matmul

// CHECK: [
// CHECK-NEXT: {
// CHECK-NEXT: "op": "lowbit.matmul",
// CHECK-NEXT: "location": "{{.*}}select-kernels.mlir:[[#@LINE+39]]:8",
// CHECK-NEXT: "function": "marked",
// CHECK-NEXT: "operands": [
// CHECK-NEXT: "tensor<3x64xi8>",
// CHECK:      "results": [
// CHECK-NEXT: "tensor<3x20xf32>"
// CHECK:      "kernel": "x86.avx2.byte",
// CHECK-NEXT: "fallback": false,
// CHECK-NEXT: "rejected": [],
// CHECK-NEXT: "bytes": {
//   2 panels of 16 columns
// CHECK-NEXT: "weights": 1024,
// CHECK-NEXT: "scales": 256,
// CHECK-NEXT: "activations": 204,
// CHECK-NEXT: "results": 240
// CHECK-NEXT: },
// CHECK-NEXT: "operations": 7680,
// CHECK-NEXT: "product": {
// CHECK-NEXT: "batches": 1,
// CHECK-NEXT: "m": 3,
// CHECK-NEXT: "n": 20,
// CHECK-NEXT: "k": 64
// CHECK-NEXT: },
// CHECK-NEXT: "packing": {
// CHECK-NEXT: "when": "once",
// CHECK-NEXT: "bytes_per_call": 0

// REMARK: select-kernels.mlir:[[#@LINE+12]]:8: remark: [Passed] KernelSelected | Category:lowbit-select-kernels | Function=marked |
// REMARK-SAME: Kernel=x86.avx2.byte, Operations=7680,
// REMARK-NOT: PackedInEachCall

// ANY: "function": "marked"
// ANY: "kernel": "portable.
// ANY-NEXT: "fallback": false

func.func @marked(%x: tensor<3x64xi8>, %xs: tensor<3x1xf32>,
                  %w: tensor<20x64xi4> {lowbit.weight},
                  %ws: tensor<20x2xf32> {lowbit.weight}) -> tensor<3x20xf32> {

  %c = lowbit.matmul %x scale(%xs) block [1, 0], %w scale(%ws) block [1, 32] transpose_b
      : (tensor<3x64xi8>, tensor<3x1xf32>, tensor<20x64xi4>, tensor<20x2xf32>) -> tensor<3x20xf32>
  return %c : tensor<3x20xf32>
}

// CHECK: "function": "unmarked",
// CHECK: "kernel": "x86.avx2.byte",
// CHECK: "when": "each_call",
//   640 + 160 bytes read, 1024 + 256 written
// CHECK-NEXT: "bytes_per_call": 2080
// REMARK: [Passed] KernelSelected | {{.*}} | Function=unmarked
// REMARK: [Missed] PackedInEachCall | {{.*}} | Function=unmarked | Reason="each call packs weights, which moves 2080 bytes", Suggestion="make them constants, or mark the arguments that they come from lowbit.weight"
func.func @unmarked(%x: tensor<3x64xi8>, %w: tensor<20x64xi4>, %ws: tensor<20x2xf32>) -> tensor<3x20xf32> {
  %c = lowbit.matmul %x, %w scale(%ws) block [1, 32] transpose_b
      : (tensor<3x64xi8>, tensor<20x64xi4>, tensor<20x2xf32>) -> tensor<3x20xf32>
  return %c : tensor<3x20xf32>
}

// Weights that are quantized from constants are constants.

// CHECK: "op": "lowbit.choose_scale",
// CHECK: "kernel": "folded",
// CHECK: "op": "lowbit.quantize",
// CHECK: "kernel": "folded",
// CHECK: "op": "lowbit.matmul",
// CHECK: "function": "constant",
// CHECK: "when": "compile_time",
// CHECK-NEXT: "bytes_per_call": 0
func.func @constant(%x: tensor<3x64xi8>) -> tensor<3x20xf32> {
  %f = arith.constant dense<0.5> : tensor<20x64xf32>
  %ws = lowbit.choose_scale %f for i4 block [1, 32] : (tensor<20x64xf32>) -> tensor<20x2xf32>
  %w = lowbit.quantize %f scale(%ws) block [1, 32] : (tensor<20x64xf32>, tensor<20x2xf32>) -> tensor<20x64xi4>
  %c = lowbit.matmul %x, %w scale(%ws) block [1, 32] transpose_b
      : (tensor<3x64xi8>, tensor<20x64xi4>, tensor<20x2xf32>) -> tensor<3x20xf32>
  return %c : tensor<3x20xf32>
}

// Blocks of 5 are no use to a vector.

// CHECK: "function": "fallback",
// CHECK: "kernel": "portable.dequantize",
// CHECK-NEXT: "fallback": true,
// CHECK-NEXT: "rejected": [
// CHECK-NEXT: {
// CHECK-NEXT: "kernel": "x86.avx2.byte",
// CHECK-NEXT: "reason": "the scale block 5 along K is not a multiple of {{[0-9]+}}"
// CHECK: "kernel": "portable.f32",
// CHECK-NEXT: "reason": "the scale block 5 along K is not a multiple of 2"
//   f32, and the scales are in them
// CHECK: "weights": 8192,
// CHECK-NEXT: "scales": 0,
// CHECK: "when": "each_call"
// REMARK: [Missed] KernelRejected | {{.*}} | Function=fallback | Kernel=x86.avx2.byte, Reason="the scale block 5
// REMARK: [Passed] KernelSelected | {{.*}} | Function=fallback | {{.*}}Kernel=portable.dequantize
// FALLBACK-NOT: error:
// FALLBACK: select-kernels.mlir:[[#@LINE+3]]:8: error: 'lowbit.matmul' op falls back to the kernel 'portable.dequantize' on x86-64-v3, which fail-on-fallback forbids; rejected were 'x86.avx2.byte' (the scale block 5 along K is not a multiple of {{[0-9]+}}), {{.*}}'portable.f32' (the scale block 5 along K is not a multiple of 2)
// FALLBACK-NOT: error:
func.func @fallback(%x: tensor<3x64xi8>, %w: tensor<20x64xi4>, %ws: tensor<20x13xf32>) -> tensor<3x20xf32> {
  %c = lowbit.matmul %x, %w scale(%ws) block [1, 5] transpose_b
      : (tensor<3x64xi8>, tensor<20x64xi4>, tensor<20x13xf32>) -> tensor<3x20xf32>
  return %c : tensor<3x20xf32>
}

// What is known at run time only is null.

// CHECK: "function": "dynamic",
// CHECK: "weights": null,
// CHECK-NEXT: "scales": null,
// CHECK-NEXT: "activations": null,
// CHECK-NEXT: "results": null
// CHECK: "operations": null,
// CHECK: "batches": 5,
// CHECK-NEXT: "m": null,
// CHECK-NEXT: "n": 20,
// CHECK-NEXT: "k": null
// CHECK: "when": "each_call",
// CHECK-NEXT: "bytes_per_call": null
// REMARK: [Missed] PackedInEachCall | {{.*}} | Function=dynamic | Reason="each call packs weights, whose extents are known at run time only"
func.func @dynamic(%x: tensor<5x?x?xi8>, %w: tensor<5x20x?xi4>, %ws: tensor<5x20x?xf32>) -> tensor<5x?x20xf32> {
  %c = lowbit.matmul %x, %w scale(%ws) block [1, 1, 32] transpose_b
      : (tensor<5x?x?xi8>, tensor<5x20x?xi4>, tensor<5x20x?xf32>) -> tensor<5x?x20xf32>
  return %c : tensor<5x?x20xf32>
}

// The product does the work of what only it reads.

// CHECK: "op": "lowbit.choose_scale",
// CHECK: "kernel": "fused",
// CHECK: "op": "lowbit.quantize",
// CHECK: "kernel": "fused",
// CHECK: "op": "lowbit.dequantize",
// CHECK: "kernel": "fused",
// CHECK: "function": "fused",
func.func @fused(%x: tensor<3x64xf32>, %w: tensor<20x64xf4E2M1FN>, %bs: tensor<20x4xf8E4M3FN>, %s: f32) -> tensor<3x20xf32> {
  %xs = lowbit.choose_scale %x for i8 block [1, 0] : (tensor<3x64xf32>) -> tensor<3x1xf32>
  %q = lowbit.quantize %x scale(%xs) block [1, 0] : (tensor<3x64xf32>, tensor<3x1xf32>) -> tensor<3x64xi8>
  %ws = lowbit.dequantize %bs scale(%s) : (tensor<20x4xf8E4M3FN>, f32) -> tensor<20x4xf32>
  %c = lowbit.matmul %q scale(%xs) block [1, 0], %w scale(%ws) block [1, 16] transpose_b
      : (tensor<3x64xi8>, tensor<3x1xf32>, tensor<20x64xf4E2M1FN>, tensor<20x4xf32>) -> tensor<3x20xf32>
  return %c : tensor<3x20xf32>
}

// CHECK: "op": "lowbit.choose_scale",
// CHECK: "kernel": "expand-conversions",
// CHECK: "op": "lowbit.quantize",
// CHECK: "kernel": "expand-conversions",
// CHECK: "function": "read_otherwise",
func.func @read_otherwise(%x: tensor<3x64xf32>, %w: tensor<20x64xi4>) -> (tensor<3x20xf32>, tensor<3x64xi8>) {
  %xs = lowbit.choose_scale %x for i8 block [1, 0] : (tensor<3x64xf32>) -> tensor<3x1xf32>
  %q = lowbit.quantize %x scale(%xs) block [1, 0] : (tensor<3x64xf32>, tensor<3x1xf32>) -> tensor<3x64xi8>
  %c = lowbit.matmul %q scale(%xs) block [1, 0], %w transpose_b
      : (tensor<3x64xi8>, tensor<3x1xf32>, tensor<20x64xi4>) -> tensor<3x20xf32>
  return %c, %q : tensor<3x20xf32>, tensor<3x64xi8>
}

// CHECK: "function": "nothing",
// CHECK: "kernel": "none",
// CHECK: "operations": 0,
func.func @nothing(%x: tensor<3x0xi8>, %w: tensor<20x0xi4>) -> tensor<3x20xf32> {
  %c = lowbit.matmul %x, %w transpose_b : (tensor<3x0xi8>, tensor<20x0xi4>) -> tensor<3x20xf32>
  return %c : tensor<3x20xf32>
}

// Ops that are no products. Casts between types that are not low-bit are left
// out.

// CHECK: "op": "lowbit.convert",
// CHECK: "function": "others",
// CHECK: "kernel": "expand-conversions",
// CHECK: "weights": 0,
// CHECK-NEXT: "scales": 0,
// CHECK-NEXT: "activations": 28,
// CHECK-NEXT: "results": 4
// CHECK: "operations": 7
// CHECK-NEXT: },
// CHECK: "op": "lowbit.bitcast",
// CHECK: "kernel": "to-bytes",
// CHECK: "op": "arith.scaling_truncf",
// CHECK: "kernel": "expand-conversions",
// CHECK: "scales": 56,
// CHECK-NEXT: "activations": 28,
// CHECK: "op": "arith.extsi",
// CHECK: "kernel": "to-bytes",
// CHECK: "op": "quant.qcast",
// CHECK: "kernel": "expand-conversions",
// CHECK: "results": 7
// CHECK: "op": "quant.scast",
// CHECK: "kernel": "to-bytes",
// CHECK-NOT: "op":
func.func @others(%x: tensor<7xf32>, %s: tensor<7xf64>) -> (tensor<7xi4>, tensor<7xf4E2M1FN>, tensor<7xi32>, tensor<7xi8>) {
  %0 = lowbit.convert %x : tensor<7xf32> to tensor<7xf4E2M1FN>
  %1 = lowbit.bitcast %0 : tensor<7xf4E2M1FN> to tensor<7xi4>
  %2 = arith.scaling_truncf %x, %s : tensor<7xf32>, tensor<7xf64> to tensor<7xf4E2M1FN>
  %3 = arith.extsi %1 : tensor<7xi4> to tensor<7xi32>
  %4 = "quant.qcast"(%x) : (tensor<7xf32>) -> tensor<7x!quant.uniform<i8:f32, 0.5>>
  %5 = "quant.scast"(%4) : (tensor<7x!quant.uniform<i8:f32, 0.5>>) -> tensor<7xi8>
  %6 = arith.extf %x : tensor<7xf32> to tensor<7xf64>
  return %1, %2, %3, %5 : tensor<7xi4>, tensor<7xf4E2M1FN>, tensor<7xi32>, tensor<7xi8>
}
