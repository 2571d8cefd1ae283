//===- npy_internal.h - Shared by the files of npy --------------*- C -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_RUNNER_NPY_INTERNAL_H
#define LOWBIT_LIB_RUNNER_NPY_INTERNAL_H

#include "lowbit/Runner/npy.h"

/// Bytes at the start of a file that say how long the header is, in every
/// version.
#define LOWBIT_NPY_PREFIX 12

/// Fills `error` as printf would; returns -1.
__attribute__((format(printf, 2, 3))) int
lowbit_npy_fail(lowbit_npy_error *error, const char *format, ...);

/// The bytes before the first element, of a file that starts with the `size`
/// bytes `bytes`: at least LOWBIT_NPY_PREFIX unless the file is shorter.
/// Returns 0, or -1 with `error` filled: no .npy file, a version of the format
/// that does not exist, or a header that no array of ours has.
int lowbit_npy_data_offset(const unsigned char *bytes, size_t size,
                           size_t *data_offset, lowbit_npy_error *error);

#endif // LOWBIT_LIB_RUNNER_NPY_INTERNAL_H
