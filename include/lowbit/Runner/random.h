//===- random.h - Arrays of random codes ------------------------*- C -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `random` arguments of lowbit-run and of the programs of lowbit-compile
// hold: the same everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_RUNNER_RANDOM_H
#define LOWBIT_RUNNER_RANDOM_H

#include "lowbit/Runner/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Fills `data`, zeros so far, with `rows` rows of `row_length` elements, each
/// row starting on a byte; row_bytes apart. Element i of argument number
/// `position` depends on `seed`, `position` and i alone, and is the same on
/// every machine. Of `value` the fields that say what an element is are looked
/// at: `bits`, `kind`, `size`, `is_bfloat`, `codes`, `num_codes`, `low`,
/// `high`.
void lowbit_fill_random(const lowbit_value *value, uint64_t seed, int position,
                        void *data, int64_t rows, int64_t row_length,
                        int64_t row_bytes);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // LOWBIT_RUNNER_RANDOM_H
