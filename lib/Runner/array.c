//===- array.c - Arguments of a compiled program --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads or makes the array of an argument and compares it with what the
// compiled function takes, which trusts its caller.
//
//===----------------------------------------------------------------------===//

#include "array.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// What the widest vector load wants; a whole cache line.
#define ALIGNMENT 64

void lowbit_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("error: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

void lowbit_shape_text(int rank, const int64_t *shape, char *text,
                       size_t size) {
  size_t used = 0;
  if (rank <= 0)
    snprintf(text, size, "scalar");
  for (int d = 0; d < rank && used < size; ++d) {
    const char *separator = d ? "x" : "";
    int wrote = shape[d] < 0
                    ? snprintf(text + used, size - used, "%s?", separator)
                    : snprintf(text + used, size - used, "%s%lld", separator,
                               (long long)shape[d]);
    used += (size_t)wrote;
  }
}

static int64_t greatest_common_divisor(int64_t a, int64_t b) {
  return b ? greatest_common_divisor(b, a % b) : a;
}

static int shares_bytes(const lowbit_value *value) {
  return value->bits < 8 && value->kind != 'b' && value->logical_rank >= 0;
}

/// Elements of the smallest group that begins and ends on a byte.
static int64_t group_elements(const lowbit_value *value) {
  return shares_bytes(value) ? 8 / greatest_common_divisor(8, value->bits) : 1;
}

/// Whether `shape` fits extents of which some are -1.
static int fits(int rank, const int64_t *expected, const int64_t *shape) {
  for (int d = 0; d < rank; ++d)
    if (expected[d] >= 0 && expected[d] != shape[d])
      return 0;
  return 1;
}

/// Whether the innermost extent in containers is dynamic and no whole number of
/// groups: the length of such a row could not be told from its bytes.
static int splits_group(const lowbit_value *value, int rank,
                        const int64_t *shape) {
  if (!shares_bytes(value) || rank == 0 || value->shape[rank - 1] >= 0)
    return 0;
  int64_t group_bytes = group_elements(value) * value->bits / 8;
  return shape[rank - 1] % group_bytes != 0;
}

static int read_array(const lowbit_value *value, int position, const char *path,
                      lowbit_array *array) {
  lowbit_npy_error error;
  if (lowbit_npy_read(path, &array->file, &error)) {
    lowbit_error("argument %d: %s", position, error.message);
    return -1;
  }
  const lowbit_npy_array *file = &array->file;
  lowbit_npy_dtype expected = {value->kind, value->size};
  if (file->dtype.kind != expected.kind || file->dtype.size != expected.size) {
    lowbit_error("argument %d (%s): expected an array of %s, found %s in '%s'",
                 position, value->type, lowbit_npy_dtype_name(expected),
                 lowbit_npy_dtype_name(file->dtype), path);
    return -1;
  }
  if (file->rank != value->rank ||
      !fits(value->rank, value->shape, file->shape)) {
    char want[256], have[256];
    lowbit_shape_text(value->rank, value->shape, want, sizeof(want));
    lowbit_shape_text(file->rank, file->shape, have, sizeof(have));
    lowbit_error("argument %d (%s): expected the shape %s%s, found %s in '%s'",
                 position, value->type, want,
                 shares_bytes(value) ? " in bytes" : "", have, path);
    return -1;
  }
  if (splits_group(value, file->rank, file->shape)) {
    lowbit_error("argument %d (%s): the last extent of '%s' must be a multiple "
                 "of %d bytes, found %lld",
                 position, value->type, path,
                 (int)(group_elements(value) * value->bits / 8),
                 (long long)file->shape[file->rank - 1]);
    return -1;
  }
  array->rank = file->rank;
  memcpy(array->shape, file->shape, sizeof(array->shape));
  array->data = file->data;
  return 0;
}

/// Parses "4x64" into `shape`. Returns the rank, -1 if the text is no shape.
static int parse_shape(const char *text, int64_t *shape) {
  int rank = 0;
  for (;;) {
    if (*text < '0' || *text > '9' || rank == LOWBIT_NPY_MAX_RANK)
      return -1;
    int64_t extent = 0;
    for (; *text >= '0' && *text <= '9'; ++text) {
      // More than any array has; keeps the products below in range.
      if (extent > INT64_C(1) << 48)
        return -1;
      extent = 10 * extent + (*text - '0');
    }
    shape[rank++] = extent;
    if (*text == '\0')
      return rank;
    if (*text++ != 'x')
      return -1;
  }
}

/// The shape in elements of a made-up array: that of the type, or else the one
/// after the colon of `spec`, which is null if there is none.
static int choose_shape(const lowbit_value *value, int position,
                        const char *text, int64_t *shape) {
  int rank = value->logical_rank < 0 ? 0 : value->logical_rank;
  if (!text) {
    for (int d = 0; d < rank; ++d) {
      shape[d] = value->logical_shape[d];
      if (shape[d] < 0) {
        lowbit_error("argument %d (%s): the shape is not known; give it, as in "
                     "random:4x64",
                     position, value->type);
        return -1;
      }
    }
    return 0;
  }
  int found = parse_shape(text, shape);
  if (found < 0) {
    lowbit_error("argument %d (%s): '%s' is no shape; expected for example "
                 "4x64",
                 position, value->type, text);
    return -1;
  }
  if (found != rank || !fits(rank, value->logical_shape, shape)) {
    char want[256];
    lowbit_shape_text(rank, value->logical_shape, want, sizeof(want));
    lowbit_error("argument %d (%s): expected the shape %s, found %s", position,
                 value->type, want, text);
    return -1;
  }
  if (rank && shares_bytes(value) && value->logical_shape[rank - 1] < 0 &&
      shape[rank - 1] % group_elements(value)) {
    lowbit_error("argument %d (%s): the last extent must be a multiple of %d "
                 "elements, found %lld",
                 position, value->type, (int)group_elements(value),
                 (long long)shape[rank - 1]);
    return -1;
  }
  return 0;
}

static int make_array(const lowbit_value *value, int position,
                      const char *shape_text, int is_random, uint64_t seed,
                      lowbit_array *array) {
  int64_t logical[LOWBIT_NPY_MAX_RANK];
  if (choose_shape(value, position, shape_text, logical))
    return -1;
  int rank = value->logical_rank < 0 ? 0 : value->logical_rank;
  int64_t row_length = rank ? logical[rank - 1] : 1;
  int64_t row_containers =
      shares_bytes(value) ? (row_length * value->bits + 7) / 8 : row_length;
  array->rank = value->rank;
  memcpy(array->shape, logical, sizeof(logical));
  // A low-bit tensor of rank 0 is one container in an array of rank 1.
  if (array->rank)
    array->shape[array->rank - 1] = row_containers;
  int64_t count = lowbit_npy_count(array->rank, array->shape);
  if (count >= 0 && count <= PTRDIFF_MAX / value->size - ALIGNMENT) {
    size_t bytes = (size_t)count * value->size;
    size_t rounded = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    array->made = aligned_alloc(ALIGNMENT, rounded);
    if (array->made)
      memset(array->made, 0, rounded);
  }
  if (!array->made) {
    lowbit_error("argument %d (%s): not enough memory", position, value->type);
    return -1;
  }
  array->data = array->made;
  if (is_random && row_length)
    lowbit_fill_random(value, seed, position, array->made,
                       row_containers ? count / row_containers : 0, row_length,
                       row_containers * value->size);
  return 0;
}

/// What follows `word` in `spec`: the text after a colon, or null in `*shape`.
/// Returns whether `spec` begins with that word.
static int match_word(const char *spec, const char *word, const char **shape) {
  size_t length = strlen(word);
  if (strncmp(spec, word, length) ||
      (spec[length] != '\0' && spec[length] != ':'))
    return 0;
  *shape = spec[length] ? spec + length + 1 : NULL;
  return 1;
}

int lowbit_array_make(const lowbit_value *value, int position, const char *spec,
                      uint64_t seed, lowbit_array *array) {
  memset(array, 0, sizeof(*array));
  const char *shape;
  if (match_word(spec, "random", &shape))
    return make_array(value, position, shape, 1, seed, array);
  if (match_word(spec, "zeros", &shape))
    return make_array(value, position, shape, 0, seed, array);
  return read_array(value, position, spec, array);
}

void lowbit_array_release(lowbit_array *array) {
  lowbit_npy_free(&array->file);
  free(array->made);
  array->made = NULL;
}
