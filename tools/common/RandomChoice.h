//===- RandomChoice.h - Which random data suit an argument ------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `random` arguments of lowbit-run and of the programs of lowbit-compile: the
// same codes with the same probabilities in both. What an argument is used for
// decides: scales lie in [0.5, 2], zero points in the range of what they are
// added to, other numbers where sums of products stay finite.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_COMMON_RANDOMCHOICE_H
#define LOWBIT_TOOLS_COMMON_RANDOMCHOICE_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace lowbit {

/// The set that the elements of an argument are chosen from, all with the same
/// probability.
struct RandomChoice {
  /// The codes to choose from. Empty: any code; for f16, bf16, f32 and f64 the
  /// numbers of the interval instead.
  llvm::SmallVector<uint16_t> codes;
  double low = -1.0, high = 1.0;
};

/// What suits an argument of a function, by its type and its uses, which are
/// followed through conversions, reshapes and calls.
RandomChoice getRandomChoice(mlir::Value argument);

} // namespace lowbit

#endif // LOWBIT_TOOLS_COMMON_RANDOMCHOICE_H
