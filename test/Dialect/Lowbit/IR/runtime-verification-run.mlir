// The checks in machine code: with the right sizes the function runs through,
// with wrong ones the program stops and says why. (The product is not lowered
// here: as its result is not used, it is removed, and its checks stay.)

// REQUIRES: mlir-runner
// RUN: lowbit-opt %s --generate-runtime-verification --canonicalize \
// RUN:     --lowbit-expand-conversions --lowbit-to-bytes --lowbit-verify-lowered \
// RUN:     --one-shot-bufferize=bufferize-function-boundaries \
// RUN:     --buffer-deallocation-pipeline --convert-linalg-to-loops \
// RUN:     --lowbit-lower-asserts --convert-vector-to-scf \
// RUN:     --expand-strided-metadata --lower-affine --convert-scf-to-cf \
// RUN:     --convert-vector-to-llvm --convert-to-llvm \
// RUN:     --reconcile-unrealized-casts -o %t.mlir

// RUN: mlir-runner %t.mlir -e right -entry-point-result=void \
// RUN:     -shared-libs=%mlir_c_runner_utils,%mlir_runner_utils \
// RUN:   | FileCheck %s --check-prefix=RIGHT --implicit-check-not=ERROR
// RIGHT: ( 2, 4, 6, 8 )
// RIGHT: done

// RUN: not --crash mlir-runner %t.mlir -e wrong_scale -entry-point-result=void \
// RUN:     -shared-libs=%mlir_c_runner_utils,%mlir_runner_utils 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SCALE --implicit-check-not=done
// SCALE: ERROR: Runtime op verification failed
// SCALE-NEXT: lowbit.dequantize
// SCALE-NEXT: ^ S5: expected ceil(d / 2) scales in dimension 0 of the scale (d is the data's size there); found another number
// SCALE-NEXT: Location: loc({{.*}}runtime-verification-run.mlir

// RUN: not --crash mlir-runner %t.mlir -e wrong_k -entry-point-result=void \
// RUN:     -shared-libs=%mlir_c_runner_utils,%mlir_runner_utils 2>&1 \
// RUN:   | FileCheck %s --check-prefix=K --implicit-check-not=done
// K: ^ M3: expected B's dimension 1 to be K, the size of A's last dimension

// RUN: not --crash mlir-runner %t.mlir -e wrong_result -entry-point-result=void \
// RUN:     -shared-libs=%mlir_c_runner_utils,%mlir_runner_utils 2>&1 \
// RUN:   | FileCheck %s --check-prefix=RESULT --implicit-check-not=done
// RESULT: ^ S5: expected ceil(d / 2) scales in dimension 0 of the result (d is the data's size there); its type has 2

func.func private @dequantize(%q: tensor<?xi8>, %s: tensor<?xf32>) -> tensor<?xf32> attributes {no_inline} {
  %x = lowbit.dequantize %q scale(%s) block [2] : (tensor<?xi8>, tensor<?xf32>) -> tensor<?xf32>
  return %x : tensor<?xf32>
}

func.func private @multiply(%a: tensor<4x?xf32>, %b: tensor<8x?xi8>) attributes {no_inline} {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<4x?xf32>, tensor<8x?xi8>) -> tensor<4x8xf32>
  return
}

func.func private @choose(%x: tensor<?xf32>) -> tensor<2xf32> attributes {no_inline} {
  %s = lowbit.choose_scale %x for i8 block [2] : (tensor<?xf32>) -> tensor<2xf32>
  return %s : tensor<2xf32>
}

func.func private @print(%x: tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0], %zero : tensor<?xf32>, vector<4xf32>
  vector.print %v : vector<4xf32>
  return
}

func.func @right() {
  %q = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi8>
  %s = arith.constant dense<2.0> : tensor<2xf32>
  %qd = tensor.cast %q : tensor<4xi8> to tensor<?xi8>
  %sd = tensor.cast %s : tensor<2xf32> to tensor<?xf32>
  %x = call @dequantize(%qd, %sd) : (tensor<?xi8>, tensor<?xf32>) -> tensor<?xf32>
  call @print(%x) : (tensor<?xf32>) -> ()
  %t = call @choose(%x) : (tensor<?xf32>) -> tensor<2xf32>
  %a = arith.constant dense<1.0> : tensor<4x6xf32>
  %b = arith.constant dense<1> : tensor<8x6xi8>
  %ad = tensor.cast %a : tensor<4x6xf32> to tensor<4x?xf32>
  %bd = tensor.cast %b : tensor<8x6xi8> to tensor<8x?xi8>
  call @multiply(%ad, %bd) : (tensor<4x?xf32>, tensor<8x?xi8>) -> ()
  vector.print str "done\n"
  return
}

func.func @wrong_scale() {
  %q = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi8>
  %s = arith.constant dense<2.0> : tensor<1xf32>
  %qd = tensor.cast %q : tensor<4xi8> to tensor<?xi8>
  %sd = tensor.cast %s : tensor<1xf32> to tensor<?xf32>
  %x = call @dequantize(%qd, %sd) : (tensor<?xi8>, tensor<?xf32>) -> tensor<?xf32>
  call @print(%x) : (tensor<?xf32>) -> ()
  vector.print str "done\n"
  return
}

func.func @wrong_k() {
  %a = arith.constant dense<1.0> : tensor<4x6xf32>
  %b = arith.constant dense<1> : tensor<8x5xi8>
  %ad = tensor.cast %a : tensor<4x6xf32> to tensor<4x?xf32>
  %bd = tensor.cast %b : tensor<8x5xi8> to tensor<8x?xi8>
  call @multiply(%ad, %bd) : (tensor<4x?xf32>, tensor<8x?xi8>) -> ()
  vector.print str "done\n"
  return
}

func.func @wrong_result() {
  %x = arith.constant dense<1.0> : tensor<5xf32>
  %xd = tensor.cast %x : tensor<5xf32> to tensor<?xf32>
  %s = call @choose(%xd) : (tensor<?xf32>) -> tensor<2xf32>
  vector.print str "done\n"
  return
}
