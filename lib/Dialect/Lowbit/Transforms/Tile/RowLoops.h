//===- RowLoops.h - The tiles of one block and one panel --------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TILE_ROWLOOPS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TILE_ROWLOOPS_H

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

namespace lowbit {

/// Rows or columns of a matrix (or one part of a vector), from `offset` on;
/// null for a null value.
mlir::Value slice(mlir::ImplicitLocOpBuilder &b, mlir::Value value, int64_t dim,
                  mlir::OpFoldResult offset, mlir::OpFoldResult size);

/// An affine expression, or the minimum of several, of `operands`.
mlir::OpFoldResult apply(mlir::ImplicitLocOpBuilder &b, mlir::AffineExpr expr,
                         llvm::ArrayRef<mlir::OpFoldResult> operands);
mlir::OpFoldResult minimum(mlir::ImplicitLocOpBuilder &b,
                           llvm::ArrayRef<mlir::AffineExpr> exprs,
                           llvm::ArrayRef<mlir::OpFoldResult> operands);

/// All rows of `op`, a product with one panel, tile by tile, in place of its
/// result. Each tile decodes the weights that it reads.
mlir::Value emitRowLoops(mlir::ImplicitLocOpBuilder &b, PackedMatmulOp op);

/// The same by the `decoding` of the op's kernel: a part of K after the other
/// is decoded and multiplied with all rows.
mlir::Value emitDecodedRowLoops(mlir::ImplicitLocOpBuilder &b,
                                PackedMatmulOp op);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_TILE_ROWLOOPS_H
