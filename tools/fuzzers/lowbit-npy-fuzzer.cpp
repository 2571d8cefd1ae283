//===- lowbit-npy-fuzzer.cpp - Fuzzes the reader of .npy files ------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a file. It is rejected with a message, or gives an array of
// which every byte can be read, and which is written and read back as itself.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Runner/npy.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

[[noreturn]] static void fail(const char *property, const char *message = "") {
  fprintf(stderr, "lowbit fuzz: %s %s\n", property, message);
  abort();
}

/// A file in memory that has a name.
class MemoryFile {
public:
  MemoryFile() : descriptor(memfd_create("lowbit-npy-fuzzer", MFD_CLOEXEC)) {
    if (descriptor < 0)
      fail("no file in memory");
    path = "/proc/self/fd/" + std::to_string(descriptor);
  }
  void write(const uint8_t *data, size_t size) {
    if (ftruncate(descriptor, 0) != 0 ||
        pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size))
      fail("cannot write the file");
  }
  const char *getPath() const { return path.c_str(); }

private:
  int descriptor;
  std::string path;
};

static size_t getNumBytes(const lowbit_npy_array &array) {
  return lowbit_npy_count(array.rank, array.shape) * array.dtype.size;
}

static void check(const lowbit_npy_array &array) {
  if (!array.data || reinterpret_cast<uintptr_t>(array.data) % array.dtype.size)
    fail("data is missing or not aligned");
  // What is written is read back the same; this reads every byte.
  char header[LOWBIT_NPY_MAX_HEADER];
  size_t size =
      lowbit_npy_format_header(array.dtype, array.rank, array.shape, header);
  std::string contents(header, size);
  contents.append(static_cast<const char *>(array.data), getNumBytes(array));
  static MemoryFile copyFile;
  copyFile.write(reinterpret_cast<const uint8_t *>(contents.data()),
                 contents.size());
  lowbit_npy_array copy;
  lowbit_npy_error error;
  if (lowbit_npy_read(copyFile.getPath(), &copy, &error))
    fail("what is written cannot be read:", error.message);
  if (copy.rank != array.rank || copy.dtype.kind != array.dtype.kind ||
      copy.dtype.size != array.dtype.size ||
      memcmp(copy.shape, array.shape, array.rank * sizeof(int64_t)) != 0 ||
      memcmp(copy.data, array.data, getNumBytes(array)) != 0)
    fail("what is written is read back as something else");
  lowbit_npy_free(&copy);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static MemoryFile file;
  file.write(data, size);
  lowbit_npy_array array;
  lowbit_npy_error error = {};
  if (!lowbit_npy_read(file.getPath(), &array, &error))
    check(array);
  else if (!error.message[0])
    fail("rejected without a message");
  lowbit_npy_free(&array);
  return 0;
}
