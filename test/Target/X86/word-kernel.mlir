// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-unknown-linux-gnu" --lowbit-pack | FileCheck %s --check-prefix=PACK
// RUN: lowbit-opt %s --lowbit-to-cpu="cpu=x86-64-v3 triple=x86_64-unknown-linux-gnu" \
// RUN:   | mlir-translate --mlir-to-llvmir | opt -O3 | llc -O3 | FileCheck %s

// Bytes lie in the order of the words of vpmaddwd: columns, two K each.
// PACK-LABEL: @bytes
// PACK: lowbit.packed_matmul {{.*}} : (tensor<1x4096xi16>
// PACK: lowbit.pack %{{.*}} extents [16, 4096] layout <i8, (d0, d1) -> (d0 floordiv 16, d1 floordiv 2, (d0 floordiv 8) mod 2, d0 mod 8, d1 mod 2)>

// CHECK-LABEL: bytes:
// CHECK: prefetcht0
// CHECK: vpmovsxbw
// CHECK: vpmaddwd
// CHECK: retq
func.func @bytes(%a: tensor<1x4096xi8>, %b: tensor<16x4096xi8> {lowbit.weight}) -> tensor<1x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x4096xi8>, tensor<16x4096xi8>) -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}

// CHECK-LABEL: unsigned_bytes:
// CHECK: vpmovzxbw
// CHECK: retq
func.func @unsigned_bytes(%a: tensor<1x4096xi8>, %b: tensor<16x4096xui8> {lowbit.weight}) -> tensor<1x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x4096xi8>, tensor<16x4096xui8>) -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}

// Four nibbles in a word are four pairs of K.
// PACK-LABEL: @nibbles
// PACK: lowbit.pack %{{.*}} table [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
// PACK-SAME: layout <i4, (d0, d1) -> (d0 floordiv 16, d1 floordiv 8, (d0 floordiv 8) mod 2, d0 mod 8, d1 mod 2, (d1 floordiv 2) mod 4)>

// CHECK-LABEL: nibbles:
// CHECK: vpsrlw $12
// CHECK-NOT: vpshufb
// CHECK: retq
func.func @nibbles(%a: tensor<1x4096xui8>, %b: tensor<16x4096xui4> {lowbit.weight}) -> tensor<1x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x4096xui8>, tensor<16x4096xui4>) -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}

// Codes are looked up as bytes, which a mask and a shift make words. (IQ4_NL
// goes there with unsigned activations.)
// CHECK-LABEL: codes:
// CHECK: vpshufb
// CHECK: vpsrlw $8
// CHECK: vpmaddwd
// CHECK: retq
func.func @codes(%a: tensor<1x4096xui8>, %b: tensor<16x4096x!lowbit.codebook<4, iq4nl>> {lowbit.weight}) -> tensor<1x16xf32> {
  %c = lowbit.matmul %a, %b transpose_b : (tensor<1x4096xui8>, tensor<16x4096x!lowbit.codebook<4, iq4nl>>) -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}
