//===- npy.c - Reading and writing .npy files
//-------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A regular file is mapped, anything else read to its end. Either way the bytes
// are then used where they lie or, if they cannot be, converted into memory.
//
//===----------------------------------------------------------------------===//

#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700 // realpath
#define _FILE_OFFSET_BITS 64

#include "npy_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/// What the data of an array without elements points to.
static const uint64_t no_data = 0;

/// Puts the file's name before the message; of a long one the end.
static int fail_file(const char *path, lowbit_npy_error *error,
                     const char *message) {
  const size_t limit = 200;
  char reason[sizeof(error->message)];
  size_t size = strlen(path);
  // `message` may be the one in `error`.
  snprintf(reason, sizeof(reason), "%s", message);
  return lowbit_npy_fail(error, "'%s%s' %.280s", size > limit ? "..." : "",
                         size > limit ? path + size - limit : path, reason);
}

static int fail_errno(const char *path, lowbit_npy_error *error,
                      const char *what) {
  char message[160];
  snprintf(message, sizeof(message), "cannot be %s: %s", what, strerror(errno));
  return fail_file(path, error, message);
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// The bytes of a file.
typedef struct {
  unsigned char *bytes;
  size_t size;
  int is_mapped;
} Contents;

static void release(Contents *contents) {
  if (contents->is_mapped)
    munmap(contents->bytes, contents->size);
  else
    free(contents->bytes);
  contents->bytes = NULL;
}

/// Reads what cannot be mapped, no further than one byte past the array that
/// the header promises: /dev/zero has no end. Memory grows with what is read.
static int read_stream(int fd, const char *path, Contents *contents,
                       lowbit_npy_error *error) {
  size_t capacity = 0;
  size_t limit = LOWBIT_NPY_PREFIX;
  enum { PREFIX, HEADER, DATA } stage = PREFIX;
  while (1) {
    if (contents->size == limit) {
      if (stage == PREFIX) {
        if (lowbit_npy_data_offset(contents->bytes, contents->size, &limit,
                                   error))
          return fail_file(path, error, error->message);
        // A header of less than two bytes is part of what has been read.
        if (limit < contents->size)
          limit = contents->size;
        stage = HEADER;
        continue;
      }
      if (stage == DATA)
        return 0;
      lowbit_npy_header header;
      if (lowbit_npy_parse_header(contents->bytes, contents->size, &header,
                                  error))
        return fail_file(path, error, error->message);
      limit = header.data_offset + header.data_bytes + 1;
      stage = DATA;
    }
    if (contents->size == capacity) {
      size_t bigger = capacity ? 2 * capacity : 4096;
      unsigned char *bytes = realloc(contents->bytes, bigger);
      if (!bytes)
        return fail_errno(path, error, "read");
      contents->bytes = bytes;
      capacity = bigger;
    }
    size_t room = capacity - contents->size;
    if (room > limit - contents->size)
      room = limit - contents->size;
    ssize_t count = read(fd, contents->bytes + contents->size, room);
    if (count == 0)
      return 0;
    if (count > 0)
      contents->size += (size_t)count;
    else if (errno != EINTR)
      return fail_errno(path, error, "read");
  }
}

static int load(const char *path, Contents *contents, lowbit_npy_error *error) {
  *contents = (Contents){NULL, 0, 0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail_errno(path, error, "opened");
  struct stat status;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_size > 0 && (uintmax_t)status.st_size <= SIZE_MAX) {
    void *bytes =
        mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes != MAP_FAILED) {
      *contents = (Contents){bytes, (size_t)status.st_size, 1};
      close(fd);
      return 0;
    }
  }
  int failed = read_stream(fd, path, contents, error);
  close(fd);
  if (failed)
    release(contents);
  return failed;
}

static void copy_element(unsigned char *to, const unsigned char *from,
                         size_t size, int swapped) {
  if (!swapped) {
    memcpy(to, from, size);
    return;
  }
  for (size_t i = 0; i < size; ++i)
    to[i] = from[size - 1 - i];
}

/// Writes the elements at `from`, which the header describes, to `to` in
/// row-major order and the machine's byte order.
static void convert(const lowbit_npy_header *header, const unsigned char *from,
                    unsigned char *to) {
  size_t size = header->dtype.size;
  if (!header->fortran_order && !header->swapped) {
    memcpy(to, from, header->data_bytes);
    return;
  }
  // The distance in the file of neighbours in each dimension.
  size_t strides[LOWBIT_NPY_MAX_RANK];
  size_t stride = size;
  for (int i = 0; i < header->rank; ++i) {
    int dim = header->fortran_order ? i : header->rank - 1 - i;
    strides[dim] = stride;
    stride *= (size_t)header->shape[dim];
  }
  int64_t index[LOWBIT_NPY_MAX_RANK] = {0};
  size_t offset = 0;
  for (size_t done = 0; done < header->data_bytes; done += size) {
    copy_element(to + done, from + offset, size, header->swapped);
    for (int dim = header->rank; dim-- > 0;) {
      offset += strides[dim];
      if (++index[dim] < header->shape[dim])
        break;
      offset -= strides[dim] * (size_t)header->shape[dim];
      index[dim] = 0;
    }
  }
}

/// Makes `array` of the bytes of a file, which it then owns or has released.
static int adopt(Contents *contents, lowbit_npy_array *array,
                 lowbit_npy_error *error) {
  lowbit_npy_header header;
  if (lowbit_npy_parse_header(contents->bytes, contents->size, &header, error))
    return -1;
  size_t found = contents->size - header.data_offset;
  if (found != header.data_bytes)
    return lowbit_npy_fail(error,
                           found < header.data_bytes
                               ? "ends early: its header promises %zu bytes of "
                                 "data, found %zu"
                               : "has bytes after its %zu bytes of data (one "
                                 "array in each file is read, found %zu)",
                           header.data_bytes, found);
  array->dtype = header.dtype;
  array->rank = header.rank;
  memcpy(array->shape, header.shape, sizeof(array->shape));
  unsigned char *data = contents->bytes + header.data_offset;
  if (found == 0) {
    array->data = &no_data;
    release(contents);
    return 0;
  }
  // With one dimension of more than one element the two orders are one.
  int long_dims = 0;
  for (int i = 0; i < header.rank; ++i)
    long_dims += header.shape[i] != 1;
  if (long_dims < 2)
    header.fortran_order = 0;
  int is_aligned = (uintptr_t)data % header.dtype.size == 0;
  if (!header.fortran_order && !header.swapped && is_aligned) {
    array->data = data;
    array->storage = contents->bytes;
    array->mapped_bytes = contents->is_mapped ? contents->size : 0;
    return 0;
  }
  unsigned char *copy = malloc(header.data_bytes);
  if (!copy)
    return lowbit_npy_fail(error, "needs %zu bytes to be converted: %s",
                           header.data_bytes, strerror(errno));
  convert(&header, data, copy);
  array->data = copy;
  array->storage = copy;
  release(contents);
  return 0;
}

int lowbit_npy_read(const char *path, lowbit_npy_array *array,
                    lowbit_npy_error *error) {
  Contents contents;
  memset(array, 0, sizeof(*array));
  array->data = &no_data;
  if (load(path, &contents, error))
    return -1;
  if (adopt(&contents, array, error)) {
    release(&contents);
    return fail_file(path, error, error->message);
  }
  return 0;
}

void lowbit_npy_free(lowbit_npy_array *array) {
  if (array->mapped_bytes)
    munmap(array->storage, array->mapped_bytes);
  else
    free(array->storage);
  array->storage = NULL;
  array->mapped_bytes = 0;
  array->data = &no_data;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static int write_all(int fd, const void *bytes, size_t size) {
  const char *at = bytes;
  while (size > 0) {
    // Linux writes at most 2^31 - 4096 bytes at a time.
    ssize_t count = write(fd, at, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return -1;
    at += count;
    size -= (size_t)count;
  }
  return 0;
}

/// Creates a file beside `target`, whose name is then in `name`. -1 if that
/// fails.
static int create_beside(const char *target, char *name, size_t name_size) {
  enum { MAX_TRIES = 1000 };
  for (int i = 0; i < MAX_TRIES; ++i) {
    snprintf(name, name_size, "%s.%ld-%d.tmp", target, (long)getpid(), i);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST)
      return fd;
  }
  return -1;
}

/// Writes header and data to `fd` and closes it.
static int write_contents(int fd, const char *header, size_t header_size,
                          const void *data, size_t data_size) {
  int failed =
      write_all(fd, header, header_size) || write_all(fd, data, data_size);
  int saved = errno;
  // Some file systems report a full disk only now.
  if (close(fd) != 0 && !failed)
    return -1;
  errno = saved;
  return failed ? -1 : 0;
}

int lowbit_npy_write(const char *path, lowbit_npy_dtype dtype, int rank,
                     const int64_t *shape, const void *data,
                     lowbit_npy_error *error) {
  if (rank < 0 || rank > LOWBIT_NPY_MAX_RANK)
    return fail_file(path, error,
                     "cannot be written: the array has more dimensions than "
                     "a .npy file");
  int64_t count = lowbit_npy_count(rank, shape);
  if (count < 0 || count > PTRDIFF_MAX / dtype.size)
    return fail_file(path, error,
                     "cannot be written: the array has a shape of more than "
                     "2^63 bytes");
  char header[LOWBIT_NPY_MAX_HEADER];
  size_t header_size = lowbit_npy_format_header(dtype, rank, shape, header);
  size_t data_size = (size_t)count * dtype.size;

  struct stat status;
  int exists = stat(path, &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write_contents(fd, header, header_size, data, data_size))
      return fail_errno(path, error, "written");
    return 0;
  }

  // A link stays one, and what it leads to is replaced.
  char *target = exists ? realpath(path, NULL) : strdup(path);
  size_t name_size = target ? strlen(target) + 48 : 0;
  char *name = target ? malloc(name_size) : NULL;
  int failed = 1;
  if (name) {
    int fd = create_beside(target, name, name_size);
    if (fd >= 0) {
      failed = write_contents(fd, header, header_size, data, data_size) ||
               rename(name, target) != 0;
      int saved = errno;
      if (failed)
        unlink(name);
      errno = saved;
    }
  }
  if (failed)
    fail_errno(path, error, "written");
  free(name);
  free(target);
  return failed ? -1 : 0;
}
