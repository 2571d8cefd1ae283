// RUN: lowbit-opt %s --lowbit-lower-vectors | FileCheck %s

// CHECK-LABEL: func @rows
// CHECK-SAME: %[[A:.*]]: memref<?x?x8xf32>, %[[I:.*]]: index
// CHECK: %[[ROW0:.*]] = vector.load %[[A]][%[[I]], %[[I]], %[[I]]] {nontemporal = true} : memref<?x?x8xf32>, vector<8xf32>
// CHECK: %[[NEXT:.*]] = arith.addi %[[I]], %{{.*}}
// CHECK: %[[ROW1:.*]] = vector.load %[[A]][%[[I]], %[[NEXT]], %[[I]]] {nontemporal = true}
// CHECK: vector.store %[[ROW0]], %[[A]][%[[I]], %[[I]], %[[I]]] : memref<?x?x8xf32>, vector<8xf32>
// CHECK: vector.store %[[ROW1]], %[[A]]
func.func @rows(%a: memref<?x?x8xf32>, %i: index) {
  %0 = vector.load %a[%i, %i, %i] {nontemporal = true} : memref<?x?x8xf32>, vector<2x8xf32>
  vector.store %0, %a[%i, %i, %i] : memref<?x?x8xf32>, vector<2x8xf32>
  return
}

// CHECK-LABEL: func @row
// CHECK-NOT: arith
// CHECK: vector.load {{.*}} vector<8xf32>
func.func @row(%a: memref<?x8xf32>, %i: index) -> vector<8xf32> {
  %0 = vector.load %a[%i, %i] : memref<?x8xf32>, vector<8xf32>
  return %0 : vector<8xf32>
}

// CHECK-LABEL: func @reductions
// CHECK-NOT: multi_reduction
// CHECK-NOT: vector.scan
func.func @reductions(%a: vector<4x8xf32>, %b: vector<4xf32>, %c: vector<8xf32>) -> (vector<4xf32>, vector<4x8xf32>) {
  %0 = vector.multi_reduction <add>, %a, %b [1] : vector<4x8xf32> to vector<4xf32>
  %1:2 = vector.scan <add>, %a, %c {inclusive = true, reduction_dim = 0 : i64} : vector<4x8xf32>, vector<8xf32>
  return %0, %1#0 : vector<4xf32>, vector<4x8xf32>
}

// What is left of the row is clamped before 32 bits may cut it.
// CHECK-LABEL: func @cut_off
// CHECK-SAME: %[[A:.*]]: memref<?x?xf32>, %[[I:.*]]: index, %[[M:.*]]: vector<8xi1>
// CHECK: %[[N:.*]] = memref.dim %[[A]], %c1
// CHECK: %[[LEFT:.*]] = arith.subi %[[N]], %[[I]]
// CHECK: %[[POSITIVE:.*]] = arith.maxsi %[[LEFT]], %c0
// CHECK: %[[CLAMPED:.*]] = arith.minsi %[[POSITIVE]], %c8
// CHECK: %[[MASK:.*]] = vector.create_mask %[[CLAMPED]] : vector<8xi1>
// CHECK: vector.transfer_read %[[A]][%[[I]], %[[I]]], %{{.*}}, %[[MASK]] {in_bounds = [true]}
// CHECK: %[[BOTH:.*]] = arith.andi %{{.*}}, %[[M]]
// CHECK: vector.transfer_write %{{.*}}, %[[A]][%[[I]], %[[I]]], %[[BOTH]] {in_bounds = [true]}
func.func @cut_off(%a: memref<?x?xf32>, %i: index, %m: vector<8xi1>) {
  %z = arith.constant 0.0 : f32
  %0 = vector.transfer_read %a[%i, %i], %z : memref<?x?xf32>, vector<8xf32>
  vector.transfer_write %0, %a[%i, %i], %m : vector<8xf32>, memref<?x?xf32>
  return
}
