//===- main.c - The main program of a compiled function -------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the programs of `lowbit-compile --emit=exe` do: read the command line,
// make the arguments, pack the weights, call the function, write the results.
// They also run where there is no file system and no time (emulators), so
// without -o results go to standard output as text.
//
//===----------------------------------------------------------------------===//

#define _POSIX_C_SOURCE 200809L
#include "array.h"
#include "lowbit/Runner/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// A memref as MLIR lays it out: rank sizes, then rank strides, in elements.
typedef struct {
  void *allocated;
  void *aligned;
  int64_t offset;
  int64_t extents[2 * LOWBIT_NPY_MAX_RANK];
} memref;

/// What stands for one argument or result at the call.
typedef union {
  memref array;
  uint64_t scalar;
} slot;

typedef struct {
  const char **inputs;
  const char **outputs;
  int num_inputs;
  int num_outputs;
  uint64_t seed;
} options;

//===----------------------------------------------------------------------===//
// The command line
//===----------------------------------------------------------------------===//

static void print_values(const char *title, int count,
                         const lowbit_value *values) {
  if (count)
    printf("\n%s\n", title);
  for (int i = 0; i < count; ++i) {
    const lowbit_value *value = &values[i];
    char shape[256];
    lowbit_shape_text(value->rank, value->shape, shape, sizeof(shape));
    printf("  %d  %s: %s, %s%s\n", i, value->type,
           lowbit_npy_dtype_name((lowbit_npy_dtype){value->kind, value->size}),
           shape, value->is_weight ? ", a weight" : "");
  }
}

static void print_help(const lowbit_entry *entry, const char *program) {
  printf(
      "usage: %s [ARGUMENT]... [-o FILE.npy]... [--seed=N]\n\n"
      "Calls the function '%s', compiled for the CPU %s.\n\n"
      "  ARGUMENT     one for each argument, in order: a .npy file, "
      "random[:SHAPE] or\n"
      "               zeros[:SHAPE], with the shape in elements, as 4x64; "
      "without any,\n"
      "               all are random\n"
      "  -o FILE.npy  where a result goes, once for each; without any, each "
      "is printed\n"
      "               as a line \"@@LOWBIT name dtype shape hex\", the bytes "
      "in row-major,\n"
      "               little-endian order (scalar: no shape; -: no bytes)\n"
      "  --seed=N     of random arguments (default 0)\n",
      program, entry->name, entry->cpu);
  print_values("arguments (type: dtype, shape of the array):",
               entry->num_arguments, entry->arguments);
  print_values("results:", entry->num_results, entry->results);
}

static int parse_seed(const char *text, uint64_t *seed) {
  char *end;
  errno = 0;
  *seed = strtoull(text, &end, 10);
  if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0)
    return 0;
  lowbit_error("--seed: expected a number from 0 to 2^64 - 1, found '%s'",
               text);
  return -1;
}

/// Fills `parsed`, whose arrays have room for `argc` entries.
static int parse_options(const lowbit_entry *entry, int argc, char **argv,
                         options *parsed) {
  for (int i = 1; i < argc; ++i) {
    const char *argument = argv[i];
    if (!strcmp(argument, "-o")) {
      if (++i == argc) {
        lowbit_error("-o: the name of a file is missing");
        return -1;
      }
      parsed->outputs[parsed->num_outputs++] = argv[i];
    } else if (!strncmp(argument, "--seed=", 7)) {
      if (parse_seed(argument + 7, &parsed->seed))
        return -1;
    } else if (argument[0] == '-') {
      lowbit_error("unknown option '%s'; see --help", argument);
      return -1;
    } else {
      parsed->inputs[parsed->num_inputs++] = argument;
    }
  }
  if (parsed->num_inputs && parsed->num_inputs != entry->num_arguments) {
    lowbit_error("'%s' takes %d arguments, found %d; see --help", entry->name,
                 entry->num_arguments, parsed->num_inputs);
    return -1;
  }
  if (parsed->num_outputs && parsed->num_outputs != entry->num_results) {
    lowbit_error("'%s' has %d results, found -o %d times; see --help",
                 entry->name, entry->num_results, parsed->num_outputs);
    return -1;
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// The call
//===----------------------------------------------------------------------===//

/// A memref of contiguous row-major elements. Compiled code does not write
/// through arguments.
static void set_array(slot *target, int rank, const int64_t *shape,
                      const void *data) {
  memref *array = &target->array;
  array->allocated = array->aligned = (void *)(uintptr_t)data;
  array->offset = 0;
  int64_t stride = 1;
  for (int d = rank; d-- > 0;) {
    array->extents[d] = shape[d];
    array->extents[rank + d] = stride;
    stride *= shape[d];
  }
}

static void set_argument(slot *target, const lowbit_value *value,
                         const lowbit_array *array) {
  if (value->logical_rank >= 0) {
    set_array(target, array->rank, array->shape, array->data);
    return;
  }
  target->scalar = 0;
  memcpy(&target->scalar, array->data, value->size);
}

/// Replaces the weights among the arguments by what `pack` makes of them.
/// `packed` has room for all; returns how many there are.
static int pack_weights(const lowbit_entry *entry, slot *arguments,
                        slot *packed, void **slots) {
  int num_weights = 0;
  for (int i = 0; i < entry->num_arguments; ++i)
    if (entry->arguments[i].is_weight)
      slots[num_weights++] = &arguments[i];
  if (!num_weights)
    return 0;
  for (int i = 0; i < num_weights; ++i)
    slots[num_weights + i] = &packed[i];
  entry->pack(slots);
  num_weights = 0;
  for (int i = 0; i < entry->num_arguments; ++i)
    if (entry->arguments[i].is_weight)
      arguments[i] = packed[num_weights++];
  return num_weights;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

static void print_result(int index, const lowbit_value *value, int rank,
                         const int64_t *shape, const unsigned char *bytes,
                         size_t num_bytes) {
  static const char digits[] = "0123456789abcdef";
  char text[1024];
  lowbit_shape_text(rank, shape, text, sizeof(text));
  printf("@@LOWBIT result%d %s %s ", index,
         lowbit_npy_dtype_name((lowbit_npy_dtype){value->kind, value->size}),
         text);
  if (!num_bytes)
    putchar('-');
  for (size_t at = 0; at < num_bytes;) {
    size_t used = 0;
    for (; at < num_bytes && used < sizeof(text); ++at) {
      // The order of a container's bytes is little-endian on every machine.
      const uint16_t one = 1;
      size_t from = at;
      if (!*(const unsigned char *)&one)
        from =
            at / value->size * value->size + value->size - 1 - at % value->size;
      text[used++] = digits[bytes[from] >> 4];
      text[used++] = digits[bytes[from] & 15];
    }
    fwrite(text, 1, used, stdout);
  }
  putchar('\n');
}

/// Writes a result to the file `path`, or to standard output if it is null.
static int write_result(int index, const lowbit_value *value,
                        const slot *result, const char *path) {
  int rank = value->rank;
  const void *data = &result->scalar;
  const int64_t *shape = NULL;
  if (value->logical_rank >= 0) {
    shape = result->array.extents;
    data = (const unsigned char *)result->array.aligned +
           result->array.offset * value->size;
  }
  if (!path) {
    int64_t count = lowbit_npy_count(rank, shape);
    print_result(index, value, rank, shape, data, (size_t)count * value->size);
    return 0;
  }
  lowbit_npy_error error;
  if (lowbit_npy_write(path, (lowbit_npy_dtype){value->kind, value->size}, rank,
                       shape, data, &error) == 0)
    return 0;
  lowbit_error("result %d: %s", index, error.message);
  return -1;
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

/// What the handler below writes: a handler may not format text.
static char illegal_instruction_text[512];

static void explain_illegal_instruction(int signal_number) {
  (void)signal_number;
  // A lost message is no reason to do anything else.
  ssize_t ignored = write(STDERR_FILENO, illegal_instruction_text,
                          strlen(illegal_instruction_text));
  (void)ignored;
  // SA_RESETHAND: the instruction is tried again and ends the process as it
  // would have done without a handler.
}

/// Makes an illegal instruction, the sign of a program on a machine that it was
/// not compiled for, say so. Whoever has a handler already (one that emulates
/// the instruction) keeps it.
static void install_handler(const lowbit_entry *entry) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  if (sigaction(SIGILL, NULL, &action) || action.sa_handler != SIG_DFL)
    return;
  snprintf(illegal_instruction_text, sizeof(illegal_instruction_text),
           "error: '%s' was compiled for the CPU %s, and this machine lacks an "
           "instruction of it; compile with another --cpu\n",
           entry->name, entry->cpu);
  action.sa_handler = explain_illegal_instruction;
  action.sa_flags = (int)SA_RESETHAND;
  sigaction(SIGILL, &action, NULL);
}

static int run(const lowbit_entry *entry, const options *parsed,
               lowbit_array *arrays, slot *arguments, slot *results,
               slot *packed, void **slots) {
  int num_arguments = entry->num_arguments;
  for (int i = 0; i < num_arguments; ++i) {
    const char *spec = parsed->num_inputs ? parsed->inputs[i] : "random";
    if (lowbit_array_make(&entry->arguments[i], i, spec, parsed->seed,
                          &arrays[i]))
      return -1;
    set_argument(&arguments[i], &entry->arguments[i], &arrays[i]);
  }
  int num_packed = pack_weights(entry, arguments, packed, slots);
  for (int i = 0; i < num_arguments; ++i)
    slots[i] = &arguments[i];
  for (int i = 0; i < entry->num_results; ++i)
    slots[num_arguments + i] = &results[i];
  entry->call(slots);

  int status = 0;
  for (int i = 0; i < entry->num_results; ++i) {
    const char *path = parsed->num_outputs ? parsed->outputs[i] : NULL;
    if (status == 0)
      status = write_result(i, &entry->results[i], &results[i], path);
    if (entry->results[i].logical_rank >= 0)
      free(results[i].array.allocated);
  }
  for (int i = 0; i < num_packed; ++i)
    free(packed[i].array.allocated);
  return status;
}

int lowbit_main(const lowbit_entry *entry, int argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    if (!strcmp(argv[i], "--help")) {
      print_help(entry, argv[0]);
      return fflush(stdout) != 0;
    }
  lowbit_init();
  install_handler(entry);

  // One more than needed, so that no size is 0.
  size_t num_arguments = (size_t)entry->num_arguments + 1;
  size_t num_results = (size_t)entry->num_results + 1;
  options parsed = {0};
  parsed.inputs = calloc((size_t)argc + 1, sizeof(*parsed.inputs));
  parsed.outputs = calloc((size_t)argc + 1, sizeof(*parsed.outputs));
  lowbit_array *arrays = calloc(num_arguments, sizeof(*arrays));
  slot *arguments = calloc(num_arguments, sizeof(*arguments));
  slot *packed = calloc(num_arguments, sizeof(*packed));
  slot *results = calloc(num_results, sizeof(*results));
  void **slots = calloc(2 * num_arguments + num_results, sizeof(*slots));
  int status = -1;
  if (!parsed.inputs || !parsed.outputs || !arrays || !arguments || !packed ||
      !results || !slots)
    lowbit_error("not enough memory");
  else if (parse_options(entry, argc, argv, &parsed) == 0)
    status = run(entry, &parsed, arrays, arguments, results, packed, slots);
  if (fflush(stdout) || ferror(stdout)) {
    lowbit_error("standard output: %s", strerror(errno));
    status = -1;
  }
  if (arrays)
    for (int i = 0; i < entry->num_arguments; ++i)
      lowbit_array_release(&arrays[i]);
  free(slots);
  free(results);
  free(packed);
  free(arguments);
  free(arrays);
  free(parsed.outputs);
  free(parsed.inputs);
  return status != 0;
}
