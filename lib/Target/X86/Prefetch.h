//===- Prefetch.h - Weights ahead of the hardware ---------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hardware follows a stream only up to the end of its page of 4 KiB. Asking for
// what lies further ahead than that reaches all of DRAM's bandwidth.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_X86_PREFETCH_H
#define LOWBIT_LIB_TARGET_X86_PREFETCH_H

#include "../VectorBuilder.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

namespace lowbit {

/// Bytes of weights between what is read and what is asked for.
constexpr int64_t kPrefetchDistance = 5120;

/// Asks for the cache line of a panel `distance` bytes behind `offset`. It may
/// lie behind the panel, where the next one begins.
void prefetch(VectorBuilder &v, mlir::Value panel, mlir::Value offset,
              int64_t distance = kPrefetchDistance);

/// The same for the scales of B in a group, if they are too far apart for
/// hardware to see a stream. A panel has `bytesPerK` bytes of weights for each
/// K.
void prefetchScales(VectorBuilder &v, PackedMatmulOp op, mlir::Value group,
                    int64_t bytesPerK);

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_X86_PREFETCH_H
