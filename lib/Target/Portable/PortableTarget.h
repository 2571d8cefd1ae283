//===- PortableTarget.h - Plain vector code ---------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_TARGET_PORTABLE_PORTABLETARGET_H
#define LOWBIT_LIB_TARGET_PORTABLE_PORTABLETARGET_H

#include "lowbit/Target/Kernel.h"

namespace lowbit {

/// Kernels in MLIR's vector dialect, for every machine and every product.
const Target &getPortableTarget();

} // namespace lowbit

#endif // LOWBIT_LIB_TARGET_PORTABLE_PORTABLETARGET_H
