//===- Patterns.h - Pattern sets of lowbit-expand-conversions ---*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_PATTERNS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_PATTERNS_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace lowbit {

/// lowbit.convert; arith.extf, truncf, scaling_extf and scaling_truncf on
/// small floats.
void populateExpandCastPatterns(mlir::RewritePatternSet &patterns);

/// lowbit.quantize and dequantize; quant.qcast and dcast.
void populateExpandQuantizationPatterns(mlir::RewritePatternSet &patterns);

/// lowbit.choose_scale.
void populateExpandChooseScalePatterns(mlir::RewritePatternSet &patterns);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_PATTERNS_H
