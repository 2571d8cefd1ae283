//===- Modes.cpp - Rounding, overflow and scale methods -------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Modes.h"

#include "lowbit/Numerics/Modes.cpp.inc"
