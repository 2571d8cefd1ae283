//===- VectorBuilder.h - Short forms for vector code ------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the code of a tile is written with: vectors of 8 columns, read from
// packed panels.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_VECTORBUILDER_H
#define LOWBIT_LIB_TARGET_VECTORBUILDER_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace lowbit {

class VectorBuilder {
public:
  /// Columns in a vector.
  static constexpr int64_t kLanes = 8;

  VectorBuilder(mlir::Location loc, mlir::OpBuilder &builder)
      : b(loc, builder) {}

  mlir::Value index(int64_t value);
  /// base * factor + offset, on index values.
  mlir::Value scaled(mlir::Value base, int64_t factor, int64_t offset = 0);
  mlir::VectorType vectorOf(mlir::Type element, int64_t size = kLanes) {
    return mlir::VectorType::get({size}, element);
  }
  /// A vector of `size` equal numbers.
  mlir::Value splat(mlir::Type element, int64_t size, double value);
  /// `size` bytes of a panel from byte `offset` on.
  mlir::Value loadBytes(mlir::Value panel, mlir::Value offset, int64_t size);
  /// 8 stored elements of a panel from element `position` on.
  mlir::Value loadStored(mlir::Value panel, mlir::Value position,
                         mlir::Type element);
  /// The same as f32, from stored f32, f16 or bf16.
  mlir::Value loadFloats(mlir::Value panel, mlir::Value position,
                         mlir::Type element);
  /// The same as i32, from stored i8, i16 (sign-extended) or i32.
  mlir::Value loadIntegers(mlir::Value panel, mlir::Value position,
                           mlir::Type element);

  mlir::ImplicitLocOpBuilder b;
};

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_VECTORBUILDER_H
