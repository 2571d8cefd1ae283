//===- AVX2FloatWeights.h - Weights as f32 on AVX2 --------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_X86_AVX2FLOATWEIGHTS_H
#define LOWBIT_LIB_TARGET_X86_AVX2FLOATWEIGHTS_H

#include "../WeightDecoder.h"

#include <memory>

namespace lowbit {

/// Columns of a panel of weights that become f32, and K that one step of them
/// takes.
constexpr int64_t kFloatColumns = 16;
constexpr int64_t kFloatDepth = 4;

/// The fastest way to read weights of this type, which any lowbit.matmul may
/// have.
std::unique_ptr<WeightDecoder> createAVX2WeightDecoder(mlir::Type format);

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_X86_AVX2FLOATWEIGHTS_H
