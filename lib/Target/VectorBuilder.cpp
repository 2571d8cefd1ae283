//===- VectorBuilder.cpp - Short forms for vector code --------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VectorBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace lowbit;

Value VectorBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value VectorBuilder::scaled(Value base, int64_t factor, int64_t offset) {
  if (factor != 1)
    base = arith::MulIOp::create(b, base, index(factor));
  if (offset != 0)
    base = arith::AddIOp::create(b, base, index(offset));
  return base;
}

Value VectorBuilder::splat(Type element, int64_t size, double value) {
  TypedAttr attr =
      isa<FloatType>(element)
          ? TypedAttr(b.getFloatAttr(element, value))
          : TypedAttr(b.getIntegerAttr(element, static_cast<int64_t>(value)));
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(vectorOf(element, size), Attribute(attr)));
}

Value VectorBuilder::loadBytes(Value panel, Value offset, int64_t size) {
  return vector::TransferReadOp::create(
      b, vectorOf(b.getI8Type(), size), panel, ValueRange{index(0), offset},
      /*padding=*/std::nullopt, ArrayRef<bool>{true});
}

Value VectorBuilder::loadStored(Value panel, Value position, Type element) {
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  Value loaded = loadBytes(panel, scaled(position, bytes), kLanes * bytes);
  return element.isInteger(8)
             ? loaded
             : vector::BitCastOp::create(b, vectorOf(element), loaded);
}

Value VectorBuilder::loadFloats(Value panel, Value position, Type element) {
  Value loaded = loadStored(panel, position, element);
  return element.isF32()
             ? loaded
             : arith::ExtFOp::create(b, vectorOf(b.getF32Type()), loaded);
}

Value VectorBuilder::loadIntegers(Value panel, Value position, Type element) {
  Value loaded = loadStored(panel, position, element);
  return element.isInteger(32)
             ? loaded
             : arith::ExtSIOp::create(b, vectorOf(b.getI32Type()), loaded);
}
