//===- ByteLayout.h - Low-bit tensors in memory -----------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The byte tensor that stands for a low-bit tensor, and the code that turns
// one into the other. Three forms of a tensor of b-bit elements appear:
//
//   logical   tensor<4x64xi4>    what the pass is given
//   bytes     tensor<4x32xi8>    the storage of the ABI, what it leaves
//   codes     tensor<4x64xi8>    one code per container, inside one op
//
// The bits of a container that the code does not use are unspecified in
// scalars, vectors and codes, and zero in bytes: whoever needs them to be zero
// (or the sign) makes them so, as LLVM does for integers of odd widths.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TOBYTES_BYTELAYOUT_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TOBYTES_BYTELAYOUT_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"

namespace lowbit {

/// `type` itself, or the storage type of a `!quant` type.
mlir::Type getStorageElement(mlir::Type type);

/// Whether values of this scalar type change their type: low-bit types, and
/// `!quant` types.
bool isStored(mlir::Type elementType);

/// The signless integer that holds one code of a stored scalar type: i8 up to
/// 8 bits, i16 up to 16, the same width above.
mlir::Type getContainer(mlir::Type elementType);

/// Bits of one code of a stored scalar type.
unsigned getCodeBits(mlir::Type elementType);

/// Whether several elements share a byte.
bool isSubByte(mlir::Type elementType);

/// Whether the bytes of such a tensor are just its codes, in the same shape:
/// not so where elements share bytes, where a container has unused bits that
/// storage wants to be 0, and at rank 0.
bool isStoredAsCodes(mlir::TensorType logical);

/// Elements and bytes of the smallest group that begins and ends on a byte.
int64_t getGroupElements(unsigned bits);
int64_t getGroupBytes(unsigned bits);

/// Scalars and vectors of a stored type become containers; tensors become byte
/// tensors; memrefs of elements of whole bytes become memrefs of containers.
/// Memrefs and unranked tensors of narrower elements have no conversion, nor
/// have tensors with an encoding.
class ByteTypeConverter : public mlir::TypeConverter {
public:
  ByteTypeConverter();

  /// Null if the type has no conversion.
  mlir::RankedTensorType getBytesType(mlir::RankedTensorType logical) const;
};

/// The type of the codes of a logical tensor, vector or scalar.
mlir::Type getCodesType(mlir::Type logical);

/// `value` (scalars or vectors of containers) with the bits that a code of
/// `elementType` does not use set to zero, or to its sign.
mlir::Value zeroExtendCode(mlir::ImplicitLocOpBuilder &builder,
                           mlir::Value value, mlir::Type elementType);
mlir::Value signExtendCode(mlir::ImplicitLocOpBuilder &builder,
                           mlir::Value value, mlir::Type elementType);

/// A tensor of `elementType` that holds `map` of every element of `tensor`, by
/// a linalg.generic.
mlir::Value mapElements(
    mlir::ImplicitLocOpBuilder &builder, mlir::Value tensor,
    mlir::Type elementType,
    llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value)>
        map);

/// `sizes` with a constant for every static extent of `shape` and an SSA value
/// for every dynamic one, even where that value is known.
llvm::SmallVector<mlir::OpFoldResult>
matchSizes(mlir::ImplicitLocOpBuilder &builder, llvm::ArrayRef<int64_t> shape,
           llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// A tensor.empty of just this type.
mlir::Value createEmpty(mlir::ImplicitLocOpBuilder &builder,
                        mlir::RankedTensorType type,
                        llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// The codes of a logical tensor from its bytes. Free for elements of whole
/// bytes.
mlir::Value unpackCodes(mlir::ImplicitLocOpBuilder &builder, mlir::Value bytes,
                        mlir::RankedTensorType logical);

/// The bytes of a logical tensor from its codes; unused bits are written 0.
mlir::Value packCodes(mlir::ImplicitLocOpBuilder &builder, mlir::Value codes,
                      mlir::RankedTensorType logical);

/// The number of bytes of a packed row of `length` elements: constant if that
/// is, else an affine.apply.
mlir::OpFoldResult getRowBytes(mlir::ImplicitLocOpBuilder &builder,
                               mlir::OpFoldResult length, unsigned bits);

/// The extents of a logical tensor, given its bytes.
llvm::SmallVector<mlir::OpFoldResult>
getLogicalSizes(mlir::ImplicitLocOpBuilder &builder, mlir::Value bytes,
                mlir::RankedTensorType logical);

/// Where element `position` (an affine expression, counted from the start of a
/// row) lies: the first and the last byte that hold bits of it.
std::pair<mlir::AffineExpr, mlir::AffineExpr>
getByteIndices(mlir::AffineExpr position, unsigned bits);

/// The code (in the low bits of i8) of the element that begins `shift` (i8)
/// bits into the byte `low`; `high` is the byte in which it ends, or null if
/// that is `low` whatever the shift.
mlir::Value extractCode(mlir::ImplicitLocOpBuilder &builder, mlir::Value low,
                        mlir::Value high, mlir::Value shift);

/// The bit within its byte at which an element begins, as an i8: `position` is
/// an affine expression of `operands` (indices).
mlir::Value getBitOffset(mlir::ImplicitLocOpBuilder &builder,
                         mlir::AffineExpr position, mlir::ValueRange operands,
                         unsigned bits);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TOBYTES_BYTELAYOUT_H
