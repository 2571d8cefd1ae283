//===- Arrays.cpp - Large arrays in memory --------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Arrays.h"

#include "ArrayCodec.h"
#include "lowbit/Numerics/Tensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cassert>
#include <limits>

using namespace lowbit;
using llvm::ArrayRef;
using llvm::MutableArrayRef;
using llvm::SmallVector;

//===----------------------------------------------------------------------===//
// Arrays in memory
//===----------------------------------------------------------------------===//

static uint32_t readElement(const uint8_t *bytes, unsigned bits) {
  uint32_t code = 0;
  for (unsigned byte = 0; byte < llvm::divideCeil(bits, 8); ++byte)
    code |= uint32_t(bytes[byte]) << (8 * byte);
  return code & llvm::maskTrailingOnes<uint32_t>(bits);
}

void ArrayView::read(int64_t row, int64_t begin,
                     MutableArrayRef<uint32_t> codes) const {
  unsigned bits = format.getBits();
  switch (storage) {
  case ArrayStorage::Packed: {
    int64_t rowBytes = getPackedRowBytes(bits, getRowLength());
    int64_t bit = begin * (bits < 8 ? bits : llvm::PowerOf2Ceil(bits));
    unpackRow(bytes.data() + row * rowBytes, bit, bits, codes);
    return;
  }
  case ArrayStorage::Bytes: {
    int64_t width = llvm::divideCeil(bits, 8);
    const uint8_t *in = bytes.data() + (row * getRowLength() + begin) * width;
    // Whole bytes are what packed rows hold, too.
    if (bits >= 8 && width == static_cast<int64_t>(llvm::PowerOf2Ceil(width)))
      return unpackRow(in, 0, bits, codes);
    for (size_t i = 0; i < codes.size(); ++i)
      codes[i] = readElement(in + i * width, bits);
    return;
  }
  case ArrayStorage::Splat:
    std::fill(codes.begin(), codes.end(), readElement(bytes.data(), bits));
    return;
  }
}

std::optional<int64_t> lowbit::getPackedBytes(unsigned bits,
                                              ArrayRef<int64_t> shape) {
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t rowLength = shape.empty() ? 1 : shape.back();
  // 4 bytes are the largest element.
  if (rowLength > std::numeric_limits<int64_t>::max() / 4)
    return std::nullopt;
  int64_t size = getPackedRowBytes(bits, rowLength);
  for (int64_t extent : shape.empty() ? shape : shape.drop_back())
    if (llvm::MulOverflow(size, extent, size))
      return std::nullopt;
  return size;
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

ArraySource::ArraySource(const Format &format, ArrayRef<int64_t> shape)
    : format(format), shape(shape) {
  assert(format.getBits() <= 32 && "codes are held in 32 bits");
}

ArraySource::~ArraySource() = default;

int64_t ArraySource::getNumRows() const {
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i)
    rows *= shape[i];
  return rows;
}

void ArraySource::readValues(int64_t row, int64_t begin,
                             MutableArrayRef<float> values) {
  if (!decoder) {
    decoder = std::make_unique<ArrayDecoder>(format);
    scratch.resize(kMaxRead);
  }
  MutableArrayRef<uint32_t> codes =
      MutableArrayRef(scratch).take_front(values.size());
  readCodes(row, begin, codes);
  decoder->decode(codes, values);
}

namespace {
class StoredSource : public ArraySource {
public:
  explicit StoredSource(ArrayView view)
      : ArraySource(view.format, view.shape), view(std::move(view)) {}

  void readCodes(int64_t row, int64_t begin,
                 MutableArrayRef<uint32_t> codes) override {
    view.read(row, begin, codes);
  }

private:
  ArrayView view;
};

class BitcastSource : public ArraySource {
public:
  BitcastSource(ArraySourcePtr input, const Format &to)
      : ArraySource(to, input->getShape()), input(std::move(input)) {
    assert(this->input->getFormat().getBits() == to.getBits() && "one width");
  }

  void readCodes(int64_t row, int64_t begin,
                 MutableArrayRef<uint32_t> codes) override {
    input->readCodes(row, begin, codes);
  }

private:
  ArraySourcePtr input;
};

/// Elements that are found by steps in rows and columns.
class GatherSource : public ArraySource {
public:
  GatherSource(ArrayView view, const ArrayGather &gather)
      : ArraySource(view.format, getShape(gather)), view(std::move(view)),
        gather(gather) {}

  void readCodes(int64_t row, int64_t begin,
                 MutableArrayRef<uint32_t> codes) override {
    int64_t sourceRow = gather.row, sourceColumn = gather.column;
    ArrayRef<ArrayGather::Dim> dims = gather.dims;
    ArrayGather::Dim inner{1, 0, 1};
    if (!dims.empty()) {
      inner = dims.back();
      dims = dims.drop_back();
    }
    for (const ArrayGather::Dim &dim : llvm::reverse(dims)) {
      sourceRow += row % dim.extent * dim.rowStep;
      sourceColumn += row % dim.extent * dim.columnStep;
      row /= dim.extent;
    }
    sourceRow += begin * inner.rowStep;
    sourceColumn += begin * inner.columnStep;
    if (inner.rowStep == 0 && inner.columnStep == 1)
      return view.read(sourceRow, sourceColumn, codes);
    for (uint32_t &code : codes) {
      view.read(sourceRow, sourceColumn, code);
      sourceRow += inner.rowStep;
      sourceColumn += inner.columnStep;
    }
  }

private:
  static SmallVector<int64_t> getShape(const ArrayGather &gather) {
    return llvm::map_to_vector(
        gather.dims, [](const ArrayGather::Dim &dim) { return dim.extent; });
  }

  ArrayView view;
  ArrayGather gather;
};

/// Elements in row-major order, in rows of another length.
class ReshapeSource : public ArraySource {
public:
  ReshapeSource(ArrayView view, ArrayRef<int64_t> shape)
      : ArraySource(view.format, shape), view(std::move(view)) {}

  void readCodes(int64_t row, int64_t begin,
                 MutableArrayRef<uint32_t> codes) override {
    int64_t length = view.getRowLength();
    int64_t position = row * getRowLength() + begin;
    while (!codes.empty()) {
      int64_t column = position % length;
      size_t size = std::min<int64_t>(length - column, codes.size());
      view.read(position / length, column, codes.take_front(size));
      codes = codes.drop_front(size);
      position += size;
    }
  }

private:
  ArrayView view;
};
} // namespace

ArraySourcePtr lowbit::readArray(ArrayView array) {
  return std::make_unique<StoredSource>(std::move(array));
}

ArraySourcePtr lowbit::bitcastArray(ArraySourcePtr input, const Format &to) {
  return std::make_unique<BitcastSource>(std::move(input), to);
}

ArraySourcePtr lowbit::gatherArray(ArrayView array, const ArrayGather &gather) {
  return std::make_unique<GatherSource>(std::move(array), gather);
}

ArraySourcePtr lowbit::reshapeArray(ArrayView array, ArrayRef<int64_t> shape) {
  return std::make_unique<ReshapeSource>(std::move(array), shape);
}

void lowbit::storeArray(ArraySource &source, MutableArrayRef<uint8_t> bytes) {
  unsigned bits = source.getFormat().getBits();
  int64_t rowLength = source.getRowLength();
  int64_t rowBytes = getPackedRowBytes(bits, rowLength);
  std::vector<uint32_t> buffer(ArraySource::kMaxRead);
  for (int64_t row = 0, e = source.getNumRows(); row < e; ++row)
    for (int64_t begin = 0; begin < rowLength; begin += ArraySource::kMaxRead) {
      auto codes = MutableArrayRef(buffer).take_front(
          std::min(ArraySource::kMaxRead, rowLength - begin));
      source.readCodes(row, begin, codes);
      // A piece begins at a multiple of 8 elements, and so on a byte.
      packRow(codes, bits,
              bytes.data() + row * rowBytes + getPackedRowBytes(bits, begin));
    }
}
