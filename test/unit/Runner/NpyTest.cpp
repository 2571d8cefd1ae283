//===- NpyTest.cpp - .npy files, as NumPy writes them and as it does not --===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Headers are written out as NumPy 2 writes them. Broken ones must give an
// error that says what is wrong, whatever is in them.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Runner/npy.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <cstring>
#include <random>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace {
using Bytes = std::string;

/// A file with this dictionary as its header, padded as NumPy does it.
Bytes makeFile(llvm::StringRef dictionary, llvm::StringRef data,
               unsigned version = 1, unsigned alignment = 64) {
  size_t prefix = version == 1 ? 10 : 12;
  std::string text = dictionary.str();
  while ((prefix + text.size() + 1) % alignment != 0)
    text += ' ';
  text += '\n';
  Bytes file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (size_t i = 0; i < prefix - 8; ++i)
    file += static_cast<char>(text.size() >> (8 * i));
  return file + text + data.str();
}

template <typename T> Bytes toBytes(llvm::ArrayRef<T> values) {
  return Bytes(reinterpret_cast<const char *>(values.data()),
               values.size() * sizeof(T));
}

class NpyTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("lowbit-npy", folder));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string getPath(llvm::StringRef name) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }
  std::string write(llvm::StringRef contents) {
    std::string path = getPath("in.npy");
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << contents;
    EXPECT_FALSE(error);
    return path;
  }
  Bytes readBytes(llvm::StringRef path) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    EXPECT_TRUE(static_cast<bool>(buffer));
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

  /// Reads a file with these contents; the error goes to `message`.
  bool read(llvm::StringRef contents) {
    lowbit_npy_free(&array);
    lowbit_npy_error error;
    bool failed = lowbit_npy_read(write(contents).c_str(), &array, &error);
    message = failed ? error.message : "";
    return !failed;
  }
  /// Expects an error about a file with these contents that contains `text`.
  void expectError(llvm::StringRef contents, llvm::StringRef text) {
    EXPECT_FALSE(read(contents)) << text.str();
    EXPECT_NE(message.find(text.str()), std::string::npos)
        << "found: " << message << "\nexpected: " << text.str();
    EXPECT_NE(message.find("in.npy'"), std::string::npos) << message;
    EXPECT_EQ(array.storage, nullptr);
  }
  template <typename T> std::vector<T> getValues() {
    EXPECT_EQ(array.dtype.size, sizeof(T));
    const T *first = static_cast<const T *>(array.data);
    return std::vector<T>(first,
                          first + lowbit_npy_count(array.rank, array.shape));
  }
  std::vector<int64_t> getShape() {
    return std::vector<int64_t>(array.shape, array.shape + array.rank);
  }

  llvm::SmallString<128> folder;
  lowbit_npy_array array = {};
  std::string message;
  ~NpyTest() override { lowbit_npy_free(&array); }
};

const float kValues[] = {0.0f, 1.5f, -2.0f, 3.0f, 4.0f, 1e30f};
const char kDictionary[] =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

TEST_F(NpyTest, AllVersions) {
  for (unsigned version : {1u, 2u, 3u}) {
    ASSERT_TRUE(read(makeFile(kDictionary, toBytes<float>(kValues), version)))
        << message;
    EXPECT_EQ(array.dtype.kind, 'f');
    EXPECT_EQ(getShape(), (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(getValues<float>(), std::vector<float>(kValues, kValues + 6));
    // Aligned data is used where the file is mapped.
    EXPECT_GT(array.mapped_bytes, 0u);
  }
}

TEST_F(NpyTest, AllTypes) {
  const struct {
    const char *descr;
    const char *name;
    char kind;
    unsigned size;
  } types[] = {{"|b1", "bool", 'b', 1},    {"|i1", "int8", 'i', 1},
               {"<i2", "int16", 'i', 2},   {"<i4", "int32", 'i', 4},
               {"<i8", "int64", 'i', 8},   {"|u1", "uint8", 'u', 1},
               {"<u2", "uint16", 'u', 2},  {"<u4", "uint32", 'u', 4},
               {"<u8", "uint64", 'u', 8},  {"<f2", "float16", 'f', 2},
               {"<f4", "float32", 'f', 4}, {"<f8", "float64", 'f', 8}};
  for (auto &type : types) {
    ASSERT_TRUE(read(makeFile("{'descr': '" + std::string(type.descr) +
                                  "', 'fortran_order': False, 'shape': (1,), }",
                              Bytes(type.size, '\1'))))
        << message;
    EXPECT_EQ(array.dtype.kind, type.kind);
    EXPECT_EQ(array.dtype.size, type.size);
    EXPECT_STREQ(lowbit_npy_dtype_name(array.dtype), type.name);
    // What we write has the same header.
    char header[LOWBIT_NPY_MAX_HEADER];
    size_t size = lowbit_npy_format_header(array.dtype, 1, array.shape, header);
    EXPECT_NE(llvm::StringRef(header, size).find(type.descr),
              llvm::StringRef::npos);
  }
}

TEST_F(NpyTest, BigEndianIsConverted) {
  Bytes data;
  for (uint32_t value : {1u, 0x01020304u, 0xFFFFFFFEu}) {
    char bytes[4];
    llvm::support::endian::write32be(bytes, value);
    data.append(bytes, 4);
  }
  ASSERT_TRUE(read(makeFile(
      "{'descr': '>u4', 'fortran_order': False, 'shape': (3,), }", data)))
      << message;
  EXPECT_EQ(getValues<uint32_t>(),
            (std::vector<uint32_t>{1, 0x01020304, 0xFFFFFFFE}));
}

TEST_F(NpyTest, FortranOrderIsConverted) {
  // numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)).
  std::vector<uint16_t> data;
  for (unsigned k = 0; k < 4; ++k)
    for (unsigned j = 0; j < 3; ++j)
      for (unsigned i = 0; i < 2; ++i)
        data.push_back(12 * i + 4 * j + k);
  std::vector<uint16_t> expected;
  for (unsigned i = 0; i < 24; ++i)
    expected.push_back(i);
  ASSERT_TRUE(read(
      makeFile("{'descr': '<u2', 'fortran_order': True, 'shape': (2, 3, 4), }",
               toBytes<uint16_t>(data))))
      << message;
  EXPECT_EQ(getValues<uint16_t>(), expected);
  EXPECT_EQ(getShape(), (std::vector<int64_t>{2, 3, 4}));

  // Both at once.
  for (uint16_t &value : data)
    value = llvm::byteswap(value);
  ASSERT_TRUE(read(
      makeFile("{'descr': '>u2', 'fortran_order': True, 'shape': (2, 3, 4), }",
               toBytes<uint16_t>(data))));
  EXPECT_EQ(getValues<uint16_t>(), expected);

  // One dimension is the same in either order, and is not copied.
  ASSERT_TRUE(read(
      makeFile("{'descr': '<u2', 'fortran_order': True, 'shape': (1, 24), }",
               toBytes<uint16_t>(data))));
  EXPECT_GT(array.mapped_bytes, 0u);
}

TEST_F(NpyTest, UnalignedDataIsCopied) {
  // NumPy before 1.14 padded to 16; others may not pad at all.
  Bytes header = makeFile(kDictionary, "", 1, 1);
  while (header.size() % 4 == 0)
    header = makeFile(" " + std::string(kDictionary), "", 1, 1);
  ASSERT_TRUE(read(header + toBytes<float>(kValues))) << message;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(array.data) % sizeof(float), 0u);
  EXPECT_EQ(array.mapped_bytes, 0u);
  EXPECT_EQ(getValues<float>(), std::vector<float>(kValues, kValues + 6));
}

TEST_F(NpyTest, ScalarsAndEmptyArrays) {
  ASSERT_TRUE(
      read(makeFile("{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
                    toBytes<float>({2.5f}))));
  EXPECT_EQ(array.rank, 0);
  EXPECT_EQ(getValues<float>(), std::vector<float>{2.5f});

  for (const char *order : {"True", "False"}) {
    ASSERT_TRUE(read(
        makeFile("{'descr': '<f4', 'fortran_order': " + std::string(order) +
                     ", 'shape': (3, 0, 5), }",
                 "")))
        << message;
    EXPECT_EQ(getShape(), (std::vector<int64_t>{3, 0, 5}));
    EXPECT_NE(array.data, nullptr);
  }
}

TEST_F(NpyTest, OtherSpellings) {
  // Any order, quotes and white space; no comma at the end; Python 2's long.
  for (const char *dictionary :
       {"{\"shape\":(2,3),\"descr\":\"<f4\",\"fortran_order\":False}",
        "{ 'fortran_order' : False,\t'shape' : ( 2 , 3, ) , 'descr' : '<f4' }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }"})
    EXPECT_TRUE(read(makeFile(dictionary, toBytes<float>(kValues))))
        << dictionary << ": " << message;
}

TEST_F(NpyTest, BrokenHeaders) {
  auto withDictionary = [](llvm::StringRef dictionary) {
    return makeFile(dictionary, toBytes<float>(kValues));
  };
  expectError("", "is not a .npy file");
  expectError("PK\3\4", "is not a .npy file");
  expectError("\x93NUMPY", "ends within its header");
  expectError(Bytes("\x93NUMPY\1\0\xF0\0", 10), "ends within its header");
  expectError(Bytes("\x93NUMPY\1\0\xF0\0{}", 12), "ends within its header");
  expectError(Bytes("\x93NUMPY\4\0\2\0\0\0{}", 14),
              "has version 4.0 of the .npy format");
  expectError(Bytes("\x93NUMPY\2\0\xFF\xFF\xFF\x7F{}", 14),
              "has a header of 2147483647 bytes");
  expectError(withDictionary("{}"), "the key 'descr' is missing");
  expectError(withDictionary(""), "expected '{'");
  expectError(withDictionary("{'descr': '<f4'"), "expected ',' or '}'");
  expectError(withDictionary("{'descr': '<f4"), "the end of a string");
  expectError(withDictionary("{'descr' '<f4'}"), "expected ':'");
  expectError(withDictionary("{'descr': '<f4', 'descr': '<f4'}"),
              "the key 'descr' is there twice");
  expectError(withDictionary("{'colour': 1}"), "the key 'colour' is unknown");
  expectError(
      withDictionary("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}"),
      "expected True or False");
  expectError(
      withDictionary("{'descr': '<f4', 'fortran_order': False, 'shape': 6}"),
      "expected the shape, a tuple");
  expectError(
      withDictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (6)}"),
      "expected the shape, a tuple");
  expectError(withDictionary(
                  "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}"),
              "expected an extent");
  expectError(withDictionary(
                  "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}"),
              "expected ',' or ')'");
  expectError(withDictionary(std::string(kDictionary) + "{}"),
              "nothing after '}'");
  // Escape sequences do not reach the terminal.
  expectError(withDictionary("{'\x1b[2J': 1}"), "the key '?[2J' is unknown");
}

TEST_F(NpyTest, OtherTypes) {
  auto withDescr = [](llvm::StringRef descr) {
    return makeFile("{'descr': " + descr.str() +
                        ", 'fortran_order': False, 'shape': (2, 3), }",
                    toBytes<float>(kValues));
  };
  for (const char *descr :
       {"'<c8'", "'<U4'", "'|S4'", "'<f16'", "'<m8'", "'<M8[s]'", "'f4'",
        "'|f4'", "'<f1'", "'<b8'", "'<i0'", "''"})
    expectError(withDescr(descr), "expected bool, int8 to int64");
  expectError(withDescr("'|O'"), "Python objects");
  expectError(withDescr("'<V2'"), "x.view(numpy.uint16)");
  expectError(withDescr("[('a', '<f4')]"), "structured dtype");
  expectError(withDescr("None"), "expected the dtype");
}

TEST_F(NpyTest, SizesThatDoNotFit) {
  auto withShape = [](llvm::StringRef shape) {
    return makeFile("{'descr': '<f4', 'fortran_order': False, 'shape': " +
                        shape.str() + ", }",
                    toBytes<float>(kValues));
  };
  expectError(withShape("(2, 4)"),
              "ends early: its header promises 32 bytes of data, found 24");
  expectError(withShape("(2, 2)"), "has bytes after its 16 bytes of data");
  // Nothing of the size that is promised is allocated.
  expectError(withShape("(2, 1000000000000)"), "ends early");
  expectError(withShape("(4611686018427387904, 4)"), "more than 2^63 bytes");
  expectError(withShape("(4611686018427387904,)"), "more than 2^63 bytes");
  expectError(withShape("(0, 4611686018427387904, 4)"), "more than 2^63 bytes");
  expectError(withShape("(9223372036854775808,)"), "less than 2^63");
  expectError(withShape("(99999999999999999999999,)"), "less than 2^63");
  std::string many = "(";
  for (int i = 0; i < 33; ++i)
    many += "1, ";
  expectError(withShape(many + ")"), "has more than 32 dimensions");
}

TEST_F(NpyTest, AnyBytes) {
  // Headers with bytes changed, cut or repeated: an error or an array, and
  // nothing that a sanitizer minds.
  std::mt19937 random(1);
  const Bytes file = makeFile(kDictionary, toBytes<float>(kValues));
  for (int i = 0; i < 3000; ++i) {
    Bytes changed = file;
    for (int j = 0, e = 1 + random() % 4; j < e; ++j) {
      size_t at = random() % 80;
      switch (random() % 4) {
      case 0:
        changed[at] = static_cast<char>(random());
        break;
      case 1:
        changed[at] = "0123456789(),'{}:<>|\xFF"[random() % 21];
        break;
      case 2:
        changed.erase(at, random() % 8);
        break;
      default:
        changed.insert(at, changed.substr(at, random() % 8));
      }
    }
    lowbit_npy_header header;
    lowbit_npy_error error;
    if (lowbit_npy_parse_header(changed.data(), changed.size(), &header,
                                &error)) {
      EXPECT_LT(strnlen(error.message, sizeof(error.message)),
                sizeof(error.message));
      EXPECT_GT(strlen(error.message), 0u);
      continue;
    }
    EXPECT_LE(header.data_offset, changed.size());
    EXPECT_LE(header.rank, LOWBIT_NPY_MAX_RANK);
    int64_t count = lowbit_npy_count(header.rank, header.shape);
    EXPECT_EQ(header.data_bytes, size_t(count) * header.dtype.size);
  }
}

TEST_F(NpyTest, Pipes) {
  std::string path = getPath("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  // Longer than a pipe and than the first buffer.
  std::vector<uint32_t> values(100000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i * i;
  Bytes file =
      makeFile("{'descr': '<u4', 'fortran_order': False, 'shape': (100000,), }",
               toBytes<uint32_t>(values));
  lowbit_npy_error error;
  std::thread writer([&] {
    std::error_code code;
    llvm::raw_fd_ostream(path, code) << file;
  });
  int failed = lowbit_npy_read(path.c_str(), &array, &error);
  writer.join();
  ASSERT_FALSE(failed) << error.message;
  EXPECT_EQ(array.mapped_bytes, 0u);
  EXPECT_EQ(getValues<uint32_t>(), values);

  lowbit_npy_free(&array);
  // What has no end is no array, and is not read for long.
  EXPECT_TRUE(lowbit_npy_read("/dev/zero", &array, &error));
  EXPECT_STREQ(error.message, "'/dev/zero' is not a .npy file");
}

TEST_F(NpyTest, MissingFiles) {
  lowbit_npy_error error;
  EXPECT_TRUE(lowbit_npy_read(getPath("none").c_str(), &array, &error));
  EXPECT_NE(strstr(error.message, "cannot be opened: No such file"), nullptr)
      << error.message;
  EXPECT_TRUE(lowbit_npy_read(folder.c_str(), &array, &error));
  EXPECT_NE(strstr(error.message, "cannot be read: Is a directory"), nullptr)
      << error.message;
  // Of a long name the end is shown, and the reason is not lost.
  std::string longName(1000, 'x');
  EXPECT_TRUE(lowbit_npy_read(longName.c_str(), &array, &error));
  EXPECT_NE(strstr(error.message, "File name too long"), nullptr);
}

TEST_F(NpyTest, Write) {
  const int64_t shape[] = {2, 3};
  lowbit_npy_error error;
  std::string path = getPath("out.npy");
  ASSERT_FALSE(
      lowbit_npy_write(path.c_str(), {'f', 4}, 2, shape, kValues, &error))
      << error.message;
  // Byte for byte what NumPy writes, apart from the spaces between.
  EXPECT_EQ(readBytes(path), makeFile(kDictionary, toBytes<float>(kValues)));

  const int64_t one[] = {6};
  ASSERT_FALSE(
      lowbit_npy_write(path.c_str(), {'f', 4}, 1, one, kValues, &error));
  EXPECT_EQ(
      readBytes(path),
      makeFile("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }",
               toBytes<float>(kValues)));
  ASSERT_FALSE(
      lowbit_npy_write(path.c_str(), {'f', 4}, 0, nullptr, kValues, &error));
  EXPECT_EQ(readBytes(path),
            makeFile("{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
                     toBytes<float>({kValues[0]})));
  const int64_t none[] = {0, 7};
  ASSERT_FALSE(
      lowbit_npy_write(path.c_str(), {'u', 1}, 2, none, nullptr, &error));
  EXPECT_EQ(
      readBytes(path),
      makeFile("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 7), }",
               ""));
  // Nothing else is left in the folder.
  std::error_code code;
  unsigned count = 0;
  for (llvm::sys::fs::directory_iterator it(folder, code), end; it != end;
       it.increment(code))
    ++count;
  EXPECT_EQ(count, 1u);
}

TEST_F(NpyTest, LargestHeader) {
  std::vector<int64_t> shape(LOWBIT_NPY_MAX_RANK, INT64_MAX);
  char header[LOWBIT_NPY_MAX_HEADER];
  size_t size = lowbit_npy_format_header({'u', 8}, LOWBIT_NPY_MAX_RANK,
                                         shape.data(), header);
  EXPECT_LE(size, sizeof(header));
  EXPECT_EQ(size % 64, 0u);
  EXPECT_EQ(header[size - 1], '\n');
}

TEST_F(NpyTest, WriteFailures) {
  const int64_t shape[] = {6};
  lowbit_npy_error error;
  EXPECT_TRUE(lowbit_npy_write(getPath("no/folder.npy").c_str(), {'f', 4}, 1,
                               shape, kValues, &error));
  EXPECT_NE(strstr(error.message, "cannot be written: No such file"), nullptr)
      << error.message;
  EXPECT_TRUE(
      lowbit_npy_write(folder.c_str(), {'f', 4}, 1, shape, kValues, &error));
  const int64_t huge[] = {INT64_MAX, 2};
  EXPECT_TRUE(lowbit_npy_write(getPath("out.npy").c_str(), {'f', 4}, 2, huge,
                               kValues, &error));
  const int64_t negative[] = {-1};
  EXPECT_TRUE(lowbit_npy_write(getPath("out.npy").c_str(), {'f', 4}, 1,
                               negative, kValues, &error));
  EXPECT_FALSE(llvm::sys::fs::exists(getPath("out.npy")));
  // A full disk.
  if (llvm::sys::fs::exists("/dev/full")) {
    EXPECT_TRUE(
        lowbit_npy_write("/dev/full", {'f', 4}, 1, shape, kValues, &error));
    EXPECT_NE(strstr(error.message, "No space left"), nullptr) << error.message;
  }
  // Not replaced by a file.
  EXPECT_FALSE(
      lowbit_npy_write("/dev/null", {'f', 4}, 1, shape, kValues, &error));
  EXPECT_TRUE(llvm::sys::fs::exists("/dev/null"));
  EXPECT_FALSE(llvm::sys::fs::is_regular_file("/dev/null"));
}

TEST_F(NpyTest, LinksStay) {
  std::string target = write("old"), link = getPath("link.npy");
  ASSERT_FALSE(llvm::sys::fs::create_link(target, link));
  const int64_t shape[] = {6};
  lowbit_npy_error error;
  ASSERT_FALSE(
      lowbit_npy_write(link.c_str(), {'f', 4}, 1, shape, kValues, &error));
  bool isLink = false;
  ASSERT_FALSE(llvm::sys::fs::is_symlink_file(link, isLink));
  EXPECT_TRUE(isLink);
  EXPECT_NE(readBytes(target), "old");
}
} // namespace
