// RUN: lowbit-opt %s --lowbit-bufferize | FileCheck %s

// Arguments are not written, even where the op could work in place; temporary
// buffers are freed.
// CHECK-LABEL: func @in_place
// CHECK-SAME: %[[A:.*]]: memref<4xf32>
// CHECK: %[[R:.*]] = memref.alloc() {alignment = 64 : i64}
// CHECK-NOT: outs(%[[A]]
// CHECK: return %[[R]]
func.func @in_place(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.exp ins(%a : tensor<4xf32>) outs(%a : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func @temporary
// CHECK: %[[T:.*]] = memref.alloc()
// CHECK: memref.dealloc %[[T]]
func.func @temporary(%a: tensor<4xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %1 = tensor.extract %0[%c0] : tensor<4xf32>
  return %1 : f32
}

// Buffers of a parallel loop's iteration are its own.
// CHECK-LABEL: func @parallel
// CHECK: scf.forall
// CHECK: %[[T:.*]] = memref.alloc()
// CHECK: memref.dealloc %[[T]]
// CHECK: }
func.func @parallel(%a: tensor<8xf32>) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %0 = scf.forall (%i) in (8) shared_outs(%o = %e) -> tensor<8xf32> {
    %x = tensor.extract_slice %a[%i] [1] [1] : tensor<8xf32> to tensor<1xf32>
    %t = tensor.empty() : tensor<1xf32>
    %1 = linalg.exp ins(%x : tensor<1xf32>) outs(%t : tensor<1xf32>) -> tensor<1xf32>
    %to = tensor.extract_slice %o[%i] [1] [1] : tensor<8xf32> to tensor<1xf32>
    %2 = linalg.add ins(%1, %1 : tensor<1xf32>, tensor<1xf32>) outs(%to : tensor<1xf32>) -> tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %2 into %o[%i] [1] [1] : tensor<1xf32> into tensor<8xf32>
    }
  }
  return %0 : tensor<8xf32>
}

// Branches between blocks, a loop of them too.
// CHECK-LABEL: func @blocks
// CHECK: scf.while
// CHECK-NOT: {{ cf\.}}
func.func @blocks(%a: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  cf.br ^head(%a, %c0 : tensor<4xf32>, index)
^head(%t: tensor<4xf32>, %i: index):
  %more = arith.cmpi ult, %i, %n : index
  cf.cond_br %more, ^body, ^end
^body:
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%t : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %next = arith.addi %i, %c1 : index
  cf.br ^head(%0, %next : tensor<4xf32>, index)
^end:
  return %t : tensor<4xf32>
}
