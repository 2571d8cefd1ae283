//===- Codec.h - Encode and decode one value --------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The exact meaning of a conversion, in integer arithmetic: the result does
// not depend on the machine's floating-point mode. Rules: docs/Formats.md.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_NUMERICS_CODEC_H
#define LOWBIT_NUMERICS_CODEC_H

#include "lowbit/Numerics/Format.h"
#include "lowbit/Numerics/Modes.h"

namespace lowbit {

/// The value of `code` (its low `getBits()` bits) in `format`, exactly. NaN
/// codes give a quiet NaN with the code's sign, where there is a sign.
double decode(const Format &format, uint64_t code);

/// The code of `value` in `format`.
///
/// Exact for every double, hence for f16, bf16, f32 and every low-bit format
/// as a source; one rounding. `random` is used under stochastic rounding only.
uint64_t encode(const Format &format, double value,
                Rounding rounding = Rounding::NearestEven,
                Overflow overflow = Overflow::Saturate, uint32_t random = 0);

/// `value` rounded to an integer under `rounding`; infinities and NaN are
/// returned as they are. The round() of integer zero points.
double roundToInteger(double value, Rounding rounding, uint32_t random = 0);

} // namespace lowbit

#endif // LOWBIT_NUMERICS_CODEC_H
