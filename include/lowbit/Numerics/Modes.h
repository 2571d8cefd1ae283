//===- Modes.h - Rounding, overflow and scale methods -----------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The enums of Modes.td with `stringify*` and `symbolize*`.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_NUMERICS_MODES_H
#define LOWBIT_NUMERICS_MODES_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/DenseMapInfo.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>

#include "lowbit/Numerics/Modes.h.inc"

#endif // LOWBIT_NUMERICS_MODES_H
