//===- X86Kernels.h - The kernels of the X86 target -------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_X86_X86KERNELS_H
#define LOWBIT_LIB_TARGET_X86_X86KERNELS_H

#include "lowbit/Target/Kernel.h"

namespace lowbit {

/// Weights of up to 4 bits times activations of 8 bits by vpmaddubsw.
std::unique_ptr<MatmulKernel> createAVX2ByteKernel();

/// All other products of integers of up to 8 bits, by vpmaddwd.
std::unique_ptr<MatmulKernel> createAVX2WordKernel();

/// Weights of any format times activations that become f32.
std::unique_ptr<MatmulKernel> createAVX2FloatKernel();

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_X86_X86KERNELS_H
