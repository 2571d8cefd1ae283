// RUN: lowbit-opt %s --lowbit-expand-conversions | %run-main | FileCheck %s

// llvm/llvm-project#190321, #204793: MLIR 22 has no type for codes that are
// looked up in a list (NF4, IQ4_NL), and the !quant.quantile of later versions
// has no lowering.

func.func @decode(%q: vector<4x!lowbit.codebook<4, nf4>>) -> vector<4xf32> {
  %x = lowbit.convert %q : vector<4x!lowbit.codebook<4, nf4>> to vector<4xf32>
  return %x : vector<4xf32>
}

func.func @encode(%x: vector<4xf32>) -> vector<4xi4> {
  %q = lowbit.convert %x : vector<4xf32> to vector<4x!lowbit.codebook<4, iq4nl>>
  %c = lowbit.bitcast %q : vector<4x!lowbit.codebook<4, iq4nl>> to vector<4xi4>
  return %c : vector<4xi4>
}

func.func @main() {
  %codes = arith.constant dense<[0, 1, 7, 15]> : vector<4xi8>
  %narrow = arith.trunci %codes : vector<4xi8> to vector<4xi4>
  %q = lowbit.bitcast %narrow : vector<4xi4> to vector<4x!lowbit.codebook<4, nf4>>
  %x = call @decode(%q) : (vector<4x!lowbit.codebook<4, nf4>>) -> vector<4xf32>
  // CHECK: ( -1, -0.696193, 0, 1 )
  vector.print %x : vector<4xf32>

  // Nearest of -127 -104 .. -10 1 13 .. 113; the tie 7 goes to the lower code.
  %n = arith.constant dense<[-1000.0, -4.0, 7.0, 90.0]> : vector<4xf32>
  %c = call @encode(%n) : (vector<4xf32>) -> vector<4xi4>
  %e = arith.extui %c : vector<4xi4> to vector<4xi32>
  // CHECK: ( 0, 8, 8, 14 )
  vector.print %e : vector<4xi32>
  return
}
