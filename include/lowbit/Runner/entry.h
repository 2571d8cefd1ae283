//===- entry.h - The main program of a compiled function --------*- C -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `lowbit-compile --emit=exe` writes a module with a `main` and a
// `lowbit_entry`, the description of one compiled function, and links both with
// this library. tools/lowbit-compile/EntryModule.cpp builds the constants field
// by field: it and these structs change together.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_RUNNER_ENTRY_H
#define LOWBIT_RUNNER_ENTRY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An argument or a result: what it is in the source, and the array that it
/// travels as (docs/Formats.md, "Storage"). Dynamic extents are -1.
typedef struct lowbit_value {
  /// The type as MLIR prints it.
  const char *type;
  /// The shape in elements; `logical_rank` is -1 for a scalar.
  const int64_t *logical_shape;
  /// The shape in containers: that of the .npy array and of the memref.
  const int64_t *shape;
  /// The codes that `random` chooses among; null if any code of `bits` bits
  /// will do, or if the elements are floats of 16 or more bits.
  const uint16_t *codes;
  /// For `random` and floats of 16 or more bits: the interval to choose from.
  double low, high;
  int32_t logical_rank;
  int32_t rank;
  int32_t num_codes;
  /// Bits of one element. Under 8 (and not kind 'b') elements share bytes.
  int32_t bits;
  /// NumPy's kind and size of a container, as in lowbit_npy_dtype. bf16 is kind
  /// 'u', size 2, and has `is_bfloat` set.
  char kind;
  uint8_t size;
  uint8_t is_bfloat;
  /// The array is the same in every call, and `call` takes it as `pack` gives
  /// it: {lowbit.weight} in the source.
  uint8_t is_weight;
} lowbit_value;

/// A compiled function. Both thunks take an array with one pointer for each
/// argument, then one for each result: to the memref descriptor, or to the
/// scalar in the low bytes of 8 aligned bytes.
typedef struct lowbit_entry {
  const char *name;
  /// The CPU and what was added to or taken from it, for messages.
  const char *cpu;
  const lowbit_value *arguments;
  const lowbit_value *results;
  void (*call)(void *const *slots);
  /// Takes the weights in order and gives as many buffers, rank 1 each; null
  /// if there are no weights.
  void (*pack)(void *const *slots);
  int32_t num_arguments;
  int32_t num_results;
} lowbit_entry;

/// The program: reads or makes the arguments that `argv` names, calls the
/// function, writes the results. Returns the exit status: 0, or 1 after an
/// error message.
int lowbit_main(const lowbit_entry *entry, int argc, char **argv);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // LOWBIT_RUNNER_ENTRY_H
