//===- X86Target.h - x86-64 with AVX2 ---------------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_X86_X86TARGET_H
#define LOWBIT_LIB_TARGET_X86_X86TARGET_H

#include "lowbit/Target/Kernel.h"

namespace lowbit {

/// Kernels for machines with AVX2, FMA and F16C.
const Target &getX86Target();

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_X86_X86TARGET_H
