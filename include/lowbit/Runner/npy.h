//===- npy.h - Arrays in NumPy's .npy files ---------------------*- C -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads and writes .npy files, versions 1.0, 2.0 and 3.0 of the format. Used by
// lowbit-run and by the programs that lowbit-compile makes, hence C11 on a
// POSIX C library and nothing else.
//
// An array in memory is always contiguous, row-major and in the byte order of
// the machine. A file that is so, with its data aligned, is mapped and not
// copied; one in Fortran order, of the other byte order or misaligned is
// converted into memory. What a file says is not trusted: memory is allocated
// for data that is there, never for data that a header promises.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_RUNNER_NPY_H
#define LOWBIT_RUNNER_NPY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// NumPy's own limit before 2.0, and more than a compiled function takes.
#define LOWBIT_NPY_MAX_RANK 32

/// The largest header that lowbit_npy_format_header writes, in bytes.
#define LOWBIT_NPY_MAX_HEADER 1024

/// The type of an element: NumPy's kind ('b' bool, 'i' signed, 'u' unsigned
/// integer, 'f' float) and the bytes that it has (1, 2, 4 or 8; 'b' has 1, 'f'
/// at least 2). NumPy has no other type that lowbit's arrays travel as.
typedef struct lowbit_npy_dtype {
  char kind;
  uint8_t size;
} lowbit_npy_dtype;

/// An array. The dimensions are `shape[0 .. rank-1]`; rank 0 is one element.
typedef struct lowbit_npy_array {
  lowbit_npy_dtype dtype;
  int rank;
  int64_t shape[LOWBIT_NPY_MAX_RANK];
  /// Contiguous, row-major, aligned to `dtype.size`; never null, also when the
  /// array has no element. Read-only if it came from lowbit_npy_read.
  const void *data;
  /// What `data` lies in: for lowbit_npy_free, and no one else.
  void *storage;
  size_t mapped_bytes;
} lowbit_npy_array;

/// What a header says.
typedef struct lowbit_npy_header {
  lowbit_npy_dtype dtype;
  int rank;
  int64_t shape[LOWBIT_NPY_MAX_RANK];
  /// Elements lie in column-major order.
  int fortran_order;
  /// Elements are in the byte order that this machine does not have.
  int swapped;
  /// Bytes before the first element.
  size_t data_offset;
  /// Bytes of all elements; fits a ptrdiff_t.
  size_t data_bytes;
} lowbit_npy_header;

/// Why a call failed: one line for the user, without a newline. Starts with the
/// file's name where there is a file.
typedef struct lowbit_npy_error {
  char message[512];
} lowbit_npy_error;

/// Reads the array in the file `path` (a regular file, or a pipe such as
/// /dev/stdin). Returns 0 and fills `array`, which lowbit_npy_free releases; or
/// returns -1 and fills `error`, `array` then being empty and safe to free. A
/// mapped file must not be cut short by others while the array is in use.
int lowbit_npy_read(const char *path, lowbit_npy_array *array,
                    lowbit_npy_error *error);

/// Releases what lowbit_npy_read allocated or mapped.
void lowbit_npy_free(lowbit_npy_array *array);

/// Writes an array in the byte order of the machine. `data` may be null if
/// there is no element. The file appears under its name only when it is
/// complete: it is written under a temporary name in the same folder and
/// renamed, unless `path` is something like a pipe or /dev/null. Returns 0, or
/// -1 with `error` filled and no file left behind.
int lowbit_npy_write(const char *path, lowbit_npy_dtype dtype, int rank,
                     const int64_t *shape, const void *data,
                     lowbit_npy_error *error);

/// Parses the header at the start of `bytes`. Returns 0, or -1 with `error`
/// filled (without a file's name). Does not look at the data and does not
/// compare `data_bytes` with `size`.
int lowbit_npy_parse_header(const void *bytes, size_t size,
                            lowbit_npy_header *header, lowbit_npy_error *error);

/// Writes the header of an array of this machine's byte order in row-major
/// order, version 1.0, padded to a multiple of 64 bytes. Returns its size.
size_t lowbit_npy_format_header(lowbit_npy_dtype dtype, int rank,
                                const int64_t *shape,
                                char header[LOWBIT_NPY_MAX_HEADER]);

/// NumPy's name of a type, such as "float16" or "uint8". Never null.
const char *lowbit_npy_dtype_name(lowbit_npy_dtype dtype);

/// The number of elements, -1 if an extent is negative or the product of the
/// nonzero extents does not fit.
int64_t lowbit_npy_count(int rank, const int64_t *shape);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // LOWBIT_RUNNER_NPY_H
