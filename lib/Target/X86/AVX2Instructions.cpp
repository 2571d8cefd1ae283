//===- AVX2Instructions.cpp - AVX2 by name --------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AVX2Instructions.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace lowbit;

static Value call(VectorBuilder &v, StringRef intrinsic, Type element,
                  int64_t size, ValueRange operands) {
  return IntrinsicOp::create(v.b, v.vectorOf(element, size),
                             v.b.getStringAttr(intrinsic), operands);
}

Value lowbit::multiplyBytes(VectorBuilder &v, Value unsignedBytes,
                            Value signedBytes) {
  return call(v, "llvm.x86.avx2.pmadd.ub.sw", v.b.getI16Type(), 16,
              {unsignedBytes, signedBytes});
}

Value lowbit::multiplyWords(VectorBuilder &v, Value lhs, Value rhs) {
  return call(v, "llvm.x86.avx2.pmadd.wd", v.b.getI32Type(), 8, {lhs, rhs});
}

Value lowbit::applySigns(VectorBuilder &v, Value bytes, Value signs) {
  return call(v, "llvm.x86.avx2.psign.b", v.b.getI8Type(), 32, {bytes, signs});
}

Value lowbit::lookUpBytes(VectorBuilder &v, ArrayRef<int8_t> table,
                          Value codes) {
  // Each half of the register looks into its own 16 bytes.
  SmallVector<int8_t> entries;
  for (size_t i = 0; i < 32; ++i)
    entries.push_back(table[i % table.size()]);
  Value constant = arith::ConstantOp::create(
      v.b, DenseElementsAttr::get(v.vectorOf(v.b.getI8Type(), 32),
                                  ArrayRef<int8_t>(entries)));
  return call(v, "llvm.x86.avx2.pshuf.b", v.b.getI8Type(), 32,
              {constant, codes});
}

Nibbles lowbit::splitNibbles(VectorBuilder &v, Value bytes) {
  Value mask = v.splat(v.b.getI8Type(), 32, 15);
  Value low = arith::AndIOp::create(v.b, bytes, mask);
  // There is no shift of bytes; what comes from the neighbour is masked.
  Value words =
      vector::BitCastOp::create(v.b, v.vectorOf(v.b.getI16Type(), 16), bytes);
  Value shifted = vector::BitCastOp::create(
      v.b, bytes.getType(),
      arith::ShRUIOp::create(v.b, words, v.splat(v.b.getI16Type(), 16, 4)));
  return {low, arith::AndIOp::create(v.b, shifted, mask)};
}
