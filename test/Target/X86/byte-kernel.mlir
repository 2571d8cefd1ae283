// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-unknown-linux-gnu" --lowbit-pack | FileCheck %s --check-prefix=PACK
// RUN: lowbit-opt %s --lowbit-to-cpu="cpu=x86-64-v3 triple=x86_64-unknown-linux-gnu" \
// RUN:   | mlir-translate --mlir-to-llvmir | opt -O3 | llc -O3 | FileCheck %s

// One row, 16 columns, groups of 32: a step is 4 loads for each of 2 vectors of
// columns. Each load is 2 vpmaddubsw, low and high nibbles; one vpmaddwd
// finishes a group.

// 32 bytes hold 8 columns of 4 K in the low nibbles and the next 4 in the high
// ones; -8 to 7 are stored as 0 to 15.
// PACK-LABEL: @nibbles
// PACK: lowbit.pack %{{.*}} extents [16, 4096] table [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
// PACK-SAME: layout <i4, (d0, d1) -> (d0 floordiv 16, d1 floordiv 8, (d0 floordiv 8) mod 2, d0 mod 8, d1 mod 4, (d1 floordiv 4) mod 2)>
// PACK: lowbit.pack %{{.*}} layout <f32, (d0, d1) -> (d0 floordiv 16, d1, d0 mod 16)>

// CHECK-LABEL: nibbles:
// CHECK-NOT: vpshufb
// CHECK-COUNT-16: vpmaddubsw
// CHECK-NOT: vpmaddubsw
// CHECK-COUNT-2: vpmaddwd
// CHECK-NOT: vpshufb
// CHECK: prefetcht0
// CHECK: retq
func.func @nibbles(%a: tensor<1x4096xi8>, %b: tensor<16x4096xi4> {lowbit.weight}, %s: tensor<16x128xf32> {lowbit.weight}) -> tensor<1x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<1x4096xi8>, tensor<16x4096xi4>, tensor<16x128xf32>) -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}

// E2M1 is looked up. Its bytes are up to 24, so that 16 bits hold the sums of
// two loads only: one vpmaddwd for 4 products of 8 columns.
// CHECK-LABEL: codes:
// CHECK: vpshufb
// CHECK: vpmaddubsw
// CHECK: vpmaddwd
// CHECK: retq
// PACK-LABEL: @codes
// PACK: lowbit.pack %{{.*}} extents [16, 4096] layout <i4,
func.func @codes(%a: tensor<1x4096xi8>, %b: tensor<16x4096xf4E2M1FN> {lowbit.weight}, %s: tensor<16x128xf32> {lowbit.weight}) -> tensor<1x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<1x4096xi8>, tensor<16x4096xf4E2M1FN>, tensor<16x128xf32>) -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}

// IQ4_NL takes the signs of A and leaves it the magnitudes; each product is
// widened.
// CHECK-LABEL: signed_codes:
// CHECK: vpshufb
// CHECK: vpsignb
// CHECK: vpmaddubsw
// CHECK: vpmaddwd
// CHECK: retq
func.func @signed_codes(%a: tensor<1x4096xi8>, %b: tensor<16x4096x!lowbit.codebook<4, iq4nl>> {lowbit.weight}, %s: tensor<16x128xf32> {lowbit.weight}) -> tensor<1x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<1x4096xi8>, tensor<16x4096x!lowbit.codebook<4, iq4nl>>, tensor<16x128xf32>) -> tensor<1x16xf32>
  return %c : tensor<1x16xf32>
}

// Four rows: the loads of a group are a loop, so that no product is spilled:
// 16 for the first load, 16 in the loop.
// CHECK-LABEL: rows:
// CHECK-COUNT-16: vpmaddubsw
// CHECK: {{^}}.LBB
// CHECK-NOT: Spill
// CHECK-COUNT-16: vpmaddubsw
// CHECK-NOT: Spill
// CHECK: jne
// CHECK: retq
func.func @rows(%a: tensor<4x4096xi8>, %b: tensor<16x4096xi4> {lowbit.weight}, %s: tensor<16x128xf32> {lowbit.weight}) -> tensor<4x16xf32> {
  %c = lowbit.matmul %a, %b scale(%s) transpose_b : (tensor<4x4096xi8>, tensor<16x4096xi4>, tensor<16x128xf32>) -> tensor<4x16xf32>
  return %c : tensor<4x16xf32>
}
