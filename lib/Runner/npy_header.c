//===- npy_header.c - The header of a .npy file
//-----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The header is the text of a Python dictionary:
//
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//
// Read here is just what NumPy writes for plain arrays, in any order and with
// any white space. Everything else is an error, never a guess.
//
//===----------------------------------------------------------------------===//

#include "npy_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
#define MAGIC_SIZE 6

/// Longer headers have structured types or lie.
#define MAX_HEADER_LENGTH ((size_t)1 << 16)

int lowbit_npy_fail(lowbit_npy_error *error, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(error->message, sizeof(error->message), format, args);
  va_end(args);
  return -1;
}

static int is_little_endian(void) {
  const uint16_t one = 1;
  return *(const unsigned char *)&one;
}

//===----------------------------------------------------------------------===//
// Types and shapes
//===----------------------------------------------------------------------===//

/// The types that arrays have here.
static const struct {
  lowbit_npy_dtype dtype;
  const char *name;
} dtypes[] = {
    {{'b', 1}, "bool"},    {{'i', 1}, "int8"},    {{'i', 2}, "int16"},
    {{'i', 4}, "int32"},   {{'i', 8}, "int64"},   {{'u', 1}, "uint8"},
    {{'u', 2}, "uint16"},  {{'u', 4}, "uint32"},  {{'u', 8}, "uint64"},
    {{'f', 2}, "float16"}, {{'f', 4}, "float32"}, {{'f', 8}, "float64"},
};

const char *lowbit_npy_dtype_name(lowbit_npy_dtype dtype) {
  for (size_t i = 0; i < sizeof(dtypes) / sizeof(dtypes[0]); ++i)
    if (dtypes[i].dtype.kind == dtype.kind &&
        dtypes[i].dtype.size == dtype.size)
      return dtypes[i].name;
  return "unknown";
}

int64_t lowbit_npy_count(int rank, const int64_t *shape) {
  int64_t product = 1;
  int is_empty = 0;
  for (int i = 0; i < rank; ++i) {
    if (shape[i] < 0)
      return -1;
    if (shape[i] == 0) {
      is_empty = 1;
      continue;
    }
    if (product > INT64_MAX / shape[i])
      return -1;
    product *= shape[i];
  }
  return is_empty ? 0 : product;
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

typedef struct {
  const char *at;
  const char *end;
  lowbit_npy_error *error;
} Cursor;

/// A part of the header, for messages: control characters, which a terminal
/// would obey, are replaced.
typedef struct {
  char text[40];
} Excerpt;

static Excerpt excerpt(const char *at, size_t size) {
  Excerpt result;
  size_t length = 0;
  const size_t room = sizeof(result.text) - 4;
  for (; length < size && length < room; ++length) {
    unsigned char c = (unsigned char)at[length];
    result.text[length] = c >= 0x20 && c < 0x7F ? (char)c : '?';
  }
  strcpy(result.text + length, size > room ? "..." : "");
  return result;
}

static int fail_at(const Cursor *cursor, const char *expected) {
  if (cursor->at == cursor->end)
    return lowbit_npy_fail(cursor->error,
                           "broken .npy header: expected %s, found its end",
                           expected);
  return lowbit_npy_fail(
      cursor->error, "broken .npy header: expected %s, found '%s'", expected,
      excerpt(cursor->at, (size_t)(cursor->end - cursor->at)).text);
}

static void skip_space(Cursor *cursor) {
  while (cursor->at < cursor->end &&
         (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\n' ||
          *cursor->at == '\r'))
    ++cursor->at;
}

/// Whether `c` is next; if so it is read.
static int accept(Cursor *cursor, char c) {
  skip_space(cursor);
  if (cursor->at == cursor->end || *cursor->at != c)
    return 0;
  ++cursor->at;
  return 1;
}

/// Reads `word` if it is next.
static int accept_word(Cursor *cursor, const char *word) {
  size_t size = strlen(word);
  skip_space(cursor);
  if ((size_t)(cursor->end - cursor->at) < size ||
      memcmp(cursor->at, word, size) != 0)
    return 0;
  cursor->at += size;
  return 1;
}

/// A Python string without escapes; `text` is not terminated.
static int parse_string(Cursor *cursor, const char *expected, const char **text,
                        size_t *size) {
  skip_space(cursor);
  if (cursor->at == cursor->end || (*cursor->at != '\'' && *cursor->at != '"'))
    return fail_at(cursor, expected);
  char quote = *cursor->at;
  *text = cursor->at + 1;
  const char *last = memchr(*text, quote, (size_t)(cursor->end - *text));
  if (!last)
    return fail_at(cursor, "the end of a string");
  *size = (size_t)(last - *text);
  cursor->at = last + 1;
  return 0;
}

static int equals(const char *text, size_t size, const char *word) {
  return strlen(word) == size && memcmp(text, word, size) == 0;
}

static int parse_descr(Cursor *cursor, lowbit_npy_header *header) {
  skip_space(cursor);
  if (cursor->at < cursor->end && (*cursor->at == '[' || *cursor->at == '('))
    return lowbit_npy_fail(cursor->error,
                           "has a structured dtype; expected one of plain "
                           "integers or floats");
  const char *text;
  size_t size;
  if (parse_string(cursor, "the dtype, a string", &text, &size))
    return -1;
  // A byte order, a kind, and the size in one digit.
  if (size == 3 && memchr("<>|", text[0], 3) && text[2] >= '0' &&
      text[2] <= '9') {
    lowbit_npy_dtype dtype = {text[1], (uint8_t)(text[2] - '0')};
    int has_order = text[0] != '|';
    if (strcmp(lowbit_npy_dtype_name(dtype), "unknown") != 0 &&
        (has_order || dtype.size == 1)) {
      header->dtype = dtype;
      header->swapped =
          dtype.size > 1 && (text[0] == '<') != is_little_endian();
      return 0;
    }
  }
  const char *hint = "";
  if (size >= 2 && text[1] == 'V')
    hint = "; save an array of ml_dtypes as x.view(numpy.uint8) or, for "
           "bfloat16, x.view(numpy.uint16)";
  else if (size >= 2 && text[1] == 'O')
    hint = " (Python objects)";
  return lowbit_npy_fail(cursor->error,
                         "has dtype '%s'%s; expected bool, int8 to int64, "
                         "uint8 to uint64, float16, float32 or float64",
                         excerpt(text, size).text, hint);
}

static int parse_extent(Cursor *cursor, int64_t *extent) {
  skip_space(cursor);
  const char *first = cursor->at;
  int64_t value = 0;
  for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
       ++cursor->at) {
    int digit = *cursor->at - '0';
    if (value > (INT64_MAX - digit) / 10) {
      cursor->at = first;
      return fail_at(cursor, "an extent of less than 2^63");
    }
    value = value * 10 + digit;
  }
  if (cursor->at == first)
    return fail_at(cursor, "an extent (0, 1, ...)");
  // Python 2 wrote long integers so.
  if (cursor->at < cursor->end && *cursor->at == 'L')
    ++cursor->at;
  *extent = value;
  return 0;
}

static int parse_shape(Cursor *cursor, lowbit_npy_header *header) {
  if (!accept(cursor, '('))
    return fail_at(cursor, "the shape, a tuple");
  header->rank = 0;
  int has_comma = 1;
  while (!accept(cursor, ')')) {
    if (!has_comma)
      return fail_at(cursor, "',' or ')' in the shape");
    if (header->rank == LOWBIT_NPY_MAX_RANK)
      return lowbit_npy_fail(cursor->error, "has more than %d dimensions",
                             LOWBIT_NPY_MAX_RANK);
    if (parse_extent(cursor, &header->shape[header->rank]))
      return -1;
    ++header->rank;
    has_comma = accept(cursor, ',');
  }
  // In Python (3) is a number, not a tuple.
  if (header->rank == 1 && !has_comma)
    return lowbit_npy_fail(cursor->error,
                           "broken .npy header: expected the shape, a tuple, "
                           "found a number in brackets");
  return 0;
}

static int parse_fortran_order(Cursor *cursor, lowbit_npy_header *header) {
  if (accept_word(cursor, "True"))
    header->fortran_order = 1;
  else if (accept_word(cursor, "False"))
    header->fortran_order = 0;
  else
    return fail_at(cursor, "True or False for 'fortran_order'");
  return 0;
}

static int parse_dictionary(Cursor *cursor, lowbit_npy_header *header) {
  static const struct {
    const char *key;
    int (*parse)(Cursor *, lowbit_npy_header *);
  } entries[] = {{"descr", parse_descr},
                 {"fortran_order", parse_fortran_order},
                 {"shape", parse_shape}};
  enum { NUM_ENTRIES = sizeof(entries) / sizeof(entries[0]) };
  int is_given[NUM_ENTRIES] = {0};

  if (!accept(cursor, '{'))
    return fail_at(cursor, "'{'");
  int has_comma = 1;
  while (!accept(cursor, '}')) {
    const char *key;
    size_t size;
    if (!has_comma)
      return fail_at(cursor, "',' or '}'");
    if (parse_string(cursor, "a key", &key, &size))
      return -1;
    int entry = 0;
    while (entry < NUM_ENTRIES && !equals(key, size, entries[entry].key))
      ++entry;
    if (entry == NUM_ENTRIES || is_given[entry])
      return lowbit_npy_fail(cursor->error,
                             "broken .npy header: the key '%s' is %s",
                             excerpt(key, size).text,
                             entry == NUM_ENTRIES ? "unknown" : "there twice");
    if (!accept(cursor, ':'))
      return fail_at(cursor, "':'");
    if (entries[entry].parse(cursor, header))
      return -1;
    is_given[entry] = 1;
    has_comma = accept(cursor, ',');
  }
  skip_space(cursor);
  if (cursor->at != cursor->end)
    return fail_at(cursor, "nothing after '}'");
  for (int entry = 0; entry < NUM_ENTRIES; ++entry)
    if (!is_given[entry])
      return lowbit_npy_fail(cursor->error,
                             "broken .npy header: the key '%s' is missing",
                             entries[entry].key);
  return 0;
}

int lowbit_npy_data_offset(const unsigned char *bytes, size_t size,
                           size_t *data_offset, lowbit_npy_error *error) {
  if (size < MAGIC_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0)
    return lowbit_npy_fail(error, "is not a .npy file");
  if (size < LOWBIT_NPY_PREFIX)
    return lowbit_npy_fail(error, "ends within its header");
  unsigned major = bytes[6], minor = bytes[7];
  if (major < 1 || major > 3 || minor != 0)
    return lowbit_npy_fail(error,
                           "has version %u.%u of the .npy format; expected "
                           "1.0, 2.0 or 3.0",
                           major, minor);
  size_t length = bytes[8] | (size_t)bytes[9] << 8;
  if (major > 1)
    length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  if (length > MAX_HEADER_LENGTH)
    return lowbit_npy_fail(error,
                           "has a header of %zu bytes; expected at most %zu",
                           length, MAX_HEADER_LENGTH);
  *data_offset = (major == 1 ? 10 : 12) + length;
  return 0;
}

int lowbit_npy_parse_header(const void *bytes, size_t size,
                            lowbit_npy_header *header,
                            lowbit_npy_error *error) {
  memset(header, 0, sizeof(*header));
  if (lowbit_npy_data_offset(bytes, size, &header->data_offset, error))
    return -1;
  if (header->data_offset > size)
    return lowbit_npy_fail(error, "ends within its header");
  const char *text = bytes;
  Cursor cursor = {text + (text[6] == 1 ? 10 : 12), text + header->data_offset,
                   error};
  if (parse_dictionary(&cursor, header))
    return -1;
  // The product with the size of an element, too, must fit, also where an
  // extent of 0 makes the whole empty: others compute strides.
  int64_t count = lowbit_npy_count(header->rank, header->shape);
  int64_t strides = 1;
  for (int i = 0; count >= 0 && i < header->rank; ++i)
    strides *= header->shape[i] ? header->shape[i] : 1;
  if (count < 0 || strides > PTRDIFF_MAX / header->dtype.size)
    return lowbit_npy_fail(error, "has a shape of more than 2^63 bytes");
  header->data_bytes = (size_t)count * header->dtype.size;
  return 0;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

size_t lowbit_npy_format_header(lowbit_npy_dtype dtype, int rank,
                                const int64_t *shape,
                                char header[LOWBIT_NPY_MAX_HEADER]) {
  enum { PREFIX = 10, ALIGNMENT = 64 };
  size_t size = PREFIX;
  char order = dtype.size == 1 ? '|' : is_little_endian() ? '<' : '>';
  size += (size_t)snprintf(header + size, LOWBIT_NPY_MAX_HEADER - size,
                           "{'descr': '%c%c%d', 'fortran_order': False, "
                           "'shape': (",
                           order, dtype.kind, dtype.size);
  for (int i = 0; i < rank; ++i)
    size += (size_t)snprintf(header + size, LOWBIT_NPY_MAX_HEADER - size,
                             i == 0 ? "%lld," : " %lld,", (long long)shape[i]);
  // A tuple of one element has a comma, of several none at its end.
  if (rank > 1)
    --size;
  size += (size_t)snprintf(header + size, LOWBIT_NPY_MAX_HEADER - size, "), }");
  while ((size + 1) % ALIGNMENT != 0)
    header[size++] = ' ';
  header[size++] = '\n';

  memcpy(header, magic, MAGIC_SIZE);
  header[6] = 1;
  header[7] = 0;
  header[8] = (char)((size - PREFIX) & 0xFF);
  header[9] = (char)((size - PREFIX) >> 8);
  return size;
}
