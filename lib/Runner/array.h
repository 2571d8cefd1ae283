//===- array.h - Arguments of a compiled program ----------------*- C -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The arrays behind the arguments of a program made by lowbit-compile: read
// from a file, or made up.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_RUNNER_ARRAY_H
#define LOWBIT_LIB_RUNNER_ARRAY_H

#include "lowbit/Runner/entry.h"
#include "lowbit/Runner/npy.h"
#include "lowbit/Runner/random.h"

#include <stddef.h>

/// The contents of an argument. `file` holds them if they were read, `made` if
/// they were made up.
typedef struct lowbit_array {
  int rank;
  int64_t shape[LOWBIT_NPY_MAX_RANK];
  const void *data;
  lowbit_npy_array file;
  void *made;
} lowbit_array;

/// Makes the array that `spec` says for the argument number `position` (from 0)
/// that `value` describes: `random`, `zeros`, each optionally with the shape in
/// elements (`random:4x64`), or else the name of a .npy file. `random` depends
/// on `seed` and `position` only. Returns 0; or -1, having printed an error,
/// `array` then being safe to release.
int lowbit_array_make(const lowbit_value *value, int position, const char *spec,
                      uint64_t seed, lowbit_array *array);

/// Releases what lowbit_array_make made.
void lowbit_array_release(lowbit_array *array);

/// Prints "error: ", the formatted text and a newline to standard error.
void lowbit_error(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/// Writes an array's extents as "4x64" ("?" for -1, "scalar" for rank 0) into
/// `text`, cut off if there is no room.
void lowbit_shape_text(int rank, const int64_t *shape, char *text, size_t size);

#endif // LOWBIT_LIB_RUNNER_ARRAY_H
