//===- Lowbit.h - The lowbit dialect ----------------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Umbrella header: dialect, types, attributes, interfaces, ops.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBIT_H
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBIT_H

#include "lowbit/Layout/PackedLayout.h"
#include "lowbit/Numerics/Format.h"
#include "lowbit/Numerics/Modes.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace lowbit {

/// A tensor of storage elements with the scale it is read or written through.
struct ScaledValue {
  mlir::Value data;
  /// Null: the scale is 1.
  mlir::Value scale = {};
  /// Null: symmetric.
  mlir::Value zeroPoint = {};
  /// The `block` clause; null if the scale's shape says the granularity.
  mlir::DenseI64ArrayAttr block = {};

  /// One block size per dimension of `data` (0: the whole dimension), from
  /// the clause or from the scale's shape. Requires a verified op.
  llvm::SmallVector<int64_t> getBlockSizes() const;
};

/// The number format of a scalar type: builtin floats, integers of 2 to 8
/// bits, `!lowbit` types. nullopt for any other type.
std::optional<Format> getFormat(mlir::Type type);

/// The format of an integer type of 2 to 32 bits (asserted), signless counting
/// as signed: also of zero points, which may be wider than any element.
Format getIntegerFormat(mlir::IntegerType type);

/// The format of `type`'s element type, or of `type` itself if it is a scalar.
std::optional<Format> getElementFormat(mlir::Type type);

/// Whether `type` is one that no CPU or LLVM type stands for: FP4, FP6, FP8,
/// integers of 2 to 7 bits, signed and unsigned integers, `!lowbit` types.
/// `lowbit-to-bytes` leaves none of them.
bool isLowBitType(mlir::Type type);

/// Width in bits of a low-bit or any other integer or float scalar type.
unsigned getBitWidth(mlir::Type type);

/// Rules S1 to S6 and Z1 to Z4 for one tensor of type `dataType` with the scale
/// and zero point of `value`, reported at `op`.
mlir::LogicalResult verifyScaling(mlir::Operation *op,
                                  mlir::RankedTensorType dataType,
                                  const ScaledValue &value);

/// The same for every scaled value of `op`, which has ScaledOpInterface.
mlir::LogicalResult verifyScaledOp(mlir::Operation *op);

} // namespace lowbit

#include "lowbit/Dialect/Lowbit/IR/LowbitDialect.h.inc"
#include "lowbit/Dialect/Lowbit/IR/LowbitOpInterfaces.h.inc"
#include "lowbit/Dialect/Lowbit/IR/LowbitTypeInterfaces.h.inc"

#define GET_TYPEDEF_CLASSES
#include "lowbit/Dialect/Lowbit/IR/LowbitTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "lowbit/Dialect/Lowbit/IR/LowbitAttrs.h.inc"

#define GET_OP_CLASSES
#include "lowbit/Dialect/Lowbit/IR/LowbitOps.h.inc"

#define GET_OP_CLASSES
#include "lowbit/Dialect/Lowbit/IR/LowbitKernelOps.h.inc"

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBIT_H
