//===- Patterns.h - Patterns of lowbit-lower-kernels ------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_LOWERKERNELS_PATTERNS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_LOWERKERNELS_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace lowbit {

/// lowbit.pack becomes loops over the digits of its layout.
void populateLowerPackPatterns(mlir::RewritePatternSet &patterns);

/// lowbit.unpack becomes a linalg.generic that reads the codes.
void populateLowerUnpackPatterns(mlir::RewritePatternSet &patterns);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_LOWERKERNELS_PATTERNS_H
