// RUN: lowbit-opt %s --lowbit-verify-lowered --allow-unregistered-dialect --split-input-file --verify-diagnostics

func.func @lowbit_op(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<1xf32> {
  // expected-error @+1 {{'lowbit.choose_scale' op was not lowered: no pass before lowbit-verify-lowered handled it}}
  %s = lowbit.choose_scale %x for i8 : (tensor<4xf32>) -> tensor<1xf32>
  return %s : tensor<1xf32>
}

// -----

func.func @unresolved_cast(%x: f32) -> i32 {
  // expected-error @+1 {{'builtin.unrealized_conversion_cast' op is left: a conversion before lowbit-verify-lowered was incomplete}}
  %0 = builtin.unrealized_conversion_cast %x : f32 to i32
  return %0 : i32
}

// -----

// A cast of upstream that expand-conversions left: its result, then its use.
func.func @result(%x: f32) -> i32 {
  // expected-error @+1 {{'arith.truncf' op still has the low-bit type 'f8E4M3FN'; lowbit-to-bytes would have replaced it}}
  %0 = arith.truncf %x upward : f32 to f8E4M3FN
  %1 = arith.constant 0 : i32
  return %1 : i32
}

// -----

// In a signature and in the function's argument.
// expected-error @+1 {{'func.func' op still has the low-bit type '!lowbit.log<4>'}}
func.func private @signature(tensor<4x!lowbit.log<4>>)

// -----

// expected-error @+1 {{'func.func' op still has the low-bit type 'f4E2M1FN'}}
func.func @argument(%x: memref<4xf4E2M1FN>) {
  return
}

// -----

// expected-error @+1 {{'func.func' op still has the low-bit type 'f6E3M2FN'}}
func.func @returned(%x: vector<4xi8>) -> vector<4xf6E3M2FN> {
  // expected-error @+1 {{'ub.poison' op still has the low-bit type 'f6E3M2FN'}}
  %0 = ub.poison : vector<4xf6E3M2FN>
  // expected-error @+1 {{'func.return' op still has the low-bit type 'f6E3M2FN'}}
  return %0 : vector<4xf6E3M2FN>
}

// -----

// Integers of few bits, and of either signedness.
func.func @integers() {
  // expected-error @+1 {{'arith.constant' op still has the low-bit type 'i4'}}
  %0 = arith.constant 3 : i4
  // expected-error @+1 {{'test.op' op still has the low-bit type 'ui8'}}
  %1 = "test.op"() : () -> ui8
  // expected-error @+1 {{'test.op' op still has the low-bit type 'si32'}}
  %2 = "test.op"() : () -> tensor<2xsi32>
  return
}

// -----

// A block argument.
func.func @block(%x: i8) {
  cf.br ^bb1
^bb1:
  "test.region"() ({
  // expected-error @-1 {{'test.region' op still has the low-bit type 'f8E5M2'}}
  ^bb0(%a: f8E5M2):
    "test.end"() : () -> ()
  }) : () -> ()
  return
}

// -----

// A type that only an attribute mentions.
// expected-error @+1 {{'func.func' op still has the low-bit type 'f8E4M3FN'}}
func.func private @attribute() attributes {element = tensor<2xf8E4M3FN>}

// -----

// expected-error @+1 {{'memref.global' op still has the low-bit type 'i4'}}
memref.global "private" constant @weights : memref<4xi4> = dense<1>

// -----

// A quantized type stands for its storage.

// expected-error@+1 {{still has the low-bit type '!quant.uniform<i8:f32, 2.000000e+00>'}}
func.func @quantized(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 2.0>> {
  // expected-error@+1 {{'quant.qcast' op was not lowered}}
  %0 = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<i8:f32, 2.0>>
  // expected-error@+1 {{'func.return' op still has the low-bit type}}
  return %0 : tensor<4x!quant.uniform<i8:f32, 2.0>>
}

// -----

func.func @intrinsic(%x: vector<16xi16>) -> vector<8xi32> {
  // expected-error@+1 {{was not lowered: it is for after bufferization, and lowbit-lower-intrinsics turns it into LLVM's}}
  %0 = lowbit.intrinsic "llvm.x86.avx2.pmadd.wd"(%x, %x) : (vector<16xi16>, vector<16xi16>) -> vector<8xi32>
  return %0 : vector<8xi32>
}
