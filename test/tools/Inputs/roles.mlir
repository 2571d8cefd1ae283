// Random arguments by what they are used for: whether all of an argument's
// values are in the range that they must be in.

func.func private @dequantize(%q: tensor<8x32xi4>, %s: tensor<8x1xf32>) -> tensor<8x32xf32> {
  %x = lowbit.dequantize %q scale(%s) : (tensor<8x32xi4>, tensor<8x1xf32>) -> tensor<8x32xf32>
  return %x : tensor<8x32xf32>
}

func.func @roles(%q: tensor<8x32xui4>, %two: tensor<8x4xf8E4M3FN>, %outer: f32,
    %z: tensor<8x4xi32>, %called: tensor<8x1xf32>, %bits: tensor<8x4xi8>)
    -> (i1, i1, i1, i1) {
  %true = arith.constant true
  %low = arith.constant 0.5 : f32
  %high = arith.constant 2.0 : f32
  %zero = arith.constant 0 : i32
  %last = arith.constant 15 : i32
  // Uses that say what the arguments are.
  %s = lowbit.dequantize %two scale(%outer) : (tensor<8x4xf8E4M3FN>, f32) -> tensor<8x4xf32>
  %x = lowbit.dequantize %q scale(%s) zero_point(%z) block [1, 8] : (tensor<8x32xui4>, tensor<8x4xf32>, tensor<8x4xi32>) -> tensor<8x32xf32>
  %i4 = lowbit.bitcast %q : tensor<8x32xui4> to tensor<8x32xi4>
  %y = func.call @dequantize(%i4, %called) : (tensor<8x32xi4>, tensor<8x1xf32>) -> tensor<8x32xf32>
  %e8 = lowbit.bitcast %bits : tensor<8x4xi8> to tensor<8x4xf8E8M0FNU>
  %w = lowbit.dequantize %q scale(%e8) block [1, 8] : (tensor<8x32xui4>, tensor<8x4xf8E8M0FNU>) -> tensor<8x32xf32>

  %init = tensor.from_elements %true : tensor<i1>
  %t = lowbit.convert %two : tensor<8x4xf8E4M3FN> to tensor<8x4xf32>
  %0 = linalg.reduce ins(%t : tensor<8x4xf32>) outs(%init : tensor<i1>) dimensions = [0, 1]
    (%v: f32, %all: i1) {
      %a = arith.cmpf oge, %v, %low : f32
      %b = arith.cmpf ole, %v, %high : f32
      %c = arith.andi %a, %b : i1
      %d = arith.andi %c, %all : i1
      linalg.yield %d : i1
    }
  %1 = linalg.reduce ins(%z : tensor<8x4xi32>) outs(%init : tensor<i1>) dimensions = [0, 1]
    (%v: i32, %all: i1) {
      %a = arith.cmpi sge, %v, %zero : i32
      %b = arith.cmpi sle, %v, %last : i32
      %c = arith.andi %a, %b : i1
      %d = arith.andi %c, %all : i1
      linalg.yield %d : i1
    }
  %2 = linalg.reduce ins(%called : tensor<8x1xf32>) outs(%init : tensor<i1>) dimensions = [0, 1]
    (%v: f32, %all: i1) {
      %a = arith.cmpf oge, %v, %low : f32
      %b = arith.cmpf ole, %v, %high : f32
      %c = arith.andi %a, %b : i1
      %d = arith.andi %c, %all : i1
      linalg.yield %d : i1
    }
  %f = lowbit.convert %e8 : tensor<8x4xf8E8M0FNU> to tensor<8x4xf32>
  %3 = linalg.reduce ins(%f : tensor<8x4xf32>) outs(%init : tensor<i1>) dimensions = [0, 1]
    (%v: f32, %all: i1) {
      %a = arith.cmpf oge, %v, %low : f32
      %b = arith.cmpf ole, %v, %high : f32
      %c = arith.andi %a, %b : i1
      %d = arith.andi %c, %all : i1
      linalg.yield %d : i1
    }
  %r0 = tensor.extract %0[] : tensor<i1>
  %r1 = tensor.extract %1[] : tensor<i1>
  %r2 = tensor.extract %2[] : tensor<i1>
  %r3 = tensor.extract %3[] : tensor<i1>
  return %r0, %r1, %r2, %r3 : i1, i1, i1, i1
}
