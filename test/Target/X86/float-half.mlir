// RUN: lowbit-opt %s --lowbit-lower-kernels --canonicalize --cse | FileCheck %s
// RUN: lowbit-opt %s --lowbit-to-cpu="cpu=x86-64-v3 triple=x86_64-unknown-linux-gnu" \
// RUN:   | mlir-translate --mlir-to-llvmir | opt -O3 | llc -O3 | FileCheck %s --check-prefix=ASM

// Bytes become words of f16. NaN is the largest magnitude: a maximum remembers
// it, and what comes last makes NaN of the columns that had one.
// CHECK-LABEL: @e4m3fn
// CHECK: scf.for
// CHECK: %[[BYTES:.*]] = vector.transfer_read
// CHECK: %[[TWICE:.*]] = arith.addi %[[BYTES]], %[[BYTES]] : vector<32xi8>
// CHECK: arith.maxui %{{.*}}, %[[TWICE]] : vector<32xi8>
// CHECK: %[[LOW:.*]] = arith.andi %[[TWICE]]
// CHECK: %[[HIGH:.*]] = arith.andi %[[BYTES]]
// CHECK: vector.shuffle %[[LOW]], %[[HIGH]] [0, 32, 1, 33,
// CHECK: arith.extf %{{.*}} : vector<8xf16> to vector<8xf32>
// CHECK: arith.cmpi eq, %{{.*}} : vector<32xi8>
// CHECK: arith.select %{{.*}} : vector<8xi1>, vector<8xf32>

// ASM-LABEL: e4m3fn:
// ASM: vpmaxub
// ASM: vpunpcklbw
// ASM: vcvtph2ps
// ASM: vfmadd
// ASM: retq
func.func @e4m3fn(%a: tensor<1x400xf32>, %b: tensor<1x6400xi8>, %out: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for f8E4M3FN, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 4, group = 0, shift = -8>
      a(%a) b(%b) outs(%out) : (tensor<1x400xf32>, tensor<1x6400xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// f16 has E5M2's infinities and NaN.
// CHECK-LABEL: @e5m2
// CHECK: vector.shuffle
// CHECK-NOT: arith.maxui
// CHECK-NOT: arith.cmpi
// CHECK: arith.extf
func.func @e5m2(%a: tensor<1x400xf32>, %b: tensor<1x6400xi8>, %out: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for f8E5M2, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<1x400xf32>, tensor<1x6400xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// An exponent of all ones carries into the fifth bit of f16's.
// CHECK-LABEL: @e4m3
// CHECK-DAG: %[[ONE:.*]] = arith.constant dense<1024> : vector<16xi16>
// CHECK-DAG: %[[BIT:.*]] = arith.constant dense<16384> : vector<16xi16>
// CHECK: %[[CARRY:.*]] = arith.addi %[[WORDS:.*]], %[[ONE]]
// CHECK: %[[ABOVE:.*]] = arith.andi %[[CARRY]], %[[BIT]]
// CHECK: arith.ori %[[WORDS]], %[[ABOVE]]
func.func @e4m3(%a: tensor<1x400xf32>, %b: tensor<1x6400xi8>, %out: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for f8E4M3, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 4, group = 0, shift = -8>
      a(%a) b(%b) outs(%out) : (tensor<1x400xf32>, tensor<1x6400xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// What would be -0 is NaN.
// CHECK-LABEL: @e4m3fnuz
// CHECK: %[[IS:.*]] = arith.cmpi eq, %[[WORDS:.*]], %{{.*}} : vector<16xi16>
// CHECK: %[[ALL:.*]] = arith.extsi %[[IS]]
// CHECK: arith.ori %[[WORDS]], %[[ALL]]
func.func @e4m3fnuz(%a: tensor<1x400xf32>, %b: tensor<1x6400xi8>, %out: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for f8E4M3FNUZ, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 4, group = 0, shift = -7>
      a(%a) b(%b) outs(%out) : (tensor<1x400xf32>, tensor<1x6400xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}

// f16 has no room for finite numbers with the largest exponent.
// CHECK-LABEL: @e5m2fnuz
// CHECK: lowbit.convert %{{.*}} : vector<8xf8E5M2FNUZ> to vector<8xf32>
func.func @e5m2fnuz(%a: tensor<1x400xf32>, %b: tensor<1x6400xi8>, %out: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %0 = lowbit.packed_matmul <"x86.avx2.f32" for f8E5M2FNUZ, rows = [4, 2, 1], columns = 16, row_block = 128, unit = 4, group = 0, shift = 0>
      a(%a) b(%b) outs(%out) : (tensor<1x400xf32>, tensor<1x6400xi8>, tensor<1x16xf32>) -> tensor<1x16xf32>
  return %0 : tensor<1x16xf32>
}
