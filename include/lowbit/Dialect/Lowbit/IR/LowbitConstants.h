//===- LowbitConstants.h - Constants as codes -------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between MLIR's constant attributes and the code arrays of the Numerics
// library.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBITCONSTANTS_H
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBITCONSTANTS_H

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace lowbit {

/// Constants of more elements than this are not folded in place: they wait
/// for `lowbit-fold-weights`, which streams through them.
constexpr int64_t kMaxFoldedElements = 1024;

/// The bits of every element of a scalar or dense (not resource) constant of
/// integers or floats, row-major, splats expanded. nullopt for another
/// attribute or for more than `maxElements`.
std::optional<llvm::SmallVector<uint64_t>>
getConstantBits(mlir::Attribute attr, int64_t maxElements = kMaxFoldedElements);

/// The constant that `value` is, by its own attribute or through a
/// lowbit.bitcast of an integer constant, read in the format of its type.
std::optional<CodeTensor>
getConstantCodes(mlir::Value value, int64_t maxElements = kMaxFoldedElements);

/// The same for a zero point, whose integers may be wider (2 to 32 bits) than
/// those that are number formats in IR.
std::optional<CodeTensor>
getConstantZeroPoint(mlir::Value value,
                     int64_t maxElements = kMaxFoldedElements);

/// The bytes of a `dense_resource`, which stands for a value of type `logical`
/// and must have `expected` bytes (nullopt: more than 2^63): upstream checks no
/// size (rule K2). An error at `op` if it has another size, or no data.
mlir::FailureOr<mlir::ArrayRef<char>>
getBlobData(mlir::Operation *op, mlir::DenseResourceElementsAttr attr,
            mlir::Type logical, std::optional<int64_t> expected);

/// Whether a tensor or vector of static `shape` has at most `maxElements`
/// elements; right for sizes whose product overflows.
bool hasAtMostElements(mlir::ArrayRef<int64_t> shape, int64_t maxElements);

/// Whether arith.constant can have this type. It cannot have a `!lowbit` type
/// (no attribute holds one) or a scalar `uiN` or `siN`; a constant of such a
/// type is a signless integer constant and a lowbit.bitcast.
bool isConstantType(mlir::Type type);

/// The constant attribute with these codes. `type` is a scalar, or a shaped
/// type with as many elements as there are codes; its (element) type is a
/// builtin integer or float.
mlir::TypedAttr getConstantAttr(mlir::Type type,
                                llvm::ArrayRef<uint64_t> codes);

/// The signless integer type of the width of `type`, or the shaped type of
/// such integers: what lowbit.bitcast turns codes of `type` into.
mlir::Type getCodeType(mlir::Type type);

/// A constant of `type` with these codes: arith.constant, followed by a
/// lowbit.bitcast unless `isConstantType(type)`.
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Type type, llvm::ArrayRef<uint64_t> codes);

} // namespace lowbit

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITCONSTANTS_H
