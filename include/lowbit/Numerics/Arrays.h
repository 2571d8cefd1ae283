//===- Arrays.h - The ops of the dialect on large arrays --------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What Tensor.h does, for arrays of millions of elements: they are read where
// they lie, a piece of a row at a time, go through as many ops as there are,
// and are written packed. Nothing of the size of an array is allocated. Every
// result is that of Codec.h and Blocks.h, bit for bit.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_NUMERICS_ARRAYS_H
#define LOWBIT_NUMERICS_ARRAYS_H

#include "lowbit/Numerics/Blocks.h"

#include <memory>

namespace lowbit {

/// How the elements of an array lie in memory.
enum class ArrayStorage : uint8_t {
  /// Rows packed as docs/Formats.md, "Storage", has it (up to 16 bits;
  /// containers of 32 bits above).
  Packed,
  /// Each element in ceil(bits / 8) bytes of its own, little-endian; unused
  /// bits are ignored.
  Bytes,
  /// One such element, which every element of the array is equal to.
  Splat,
};

/// A row-major array in memory that somebody else owns. A row is what runs
/// along the innermost dimension; an array of rank 0 is a row of one.
struct ArrayView {
  /// Of at most 32 bits.
  Format format;
  llvm::SmallVector<int64_t> shape;
  llvm::ArrayRef<uint8_t> bytes;
  ArrayStorage storage = ArrayStorage::Packed;

  int64_t getRowLength() const { return shape.empty() ? 1 : shape.back(); }
  /// The codes at `begin`, `begin + 1`, .. of row `row`.
  void read(int64_t row, int64_t begin,
            llvm::MutableArrayRef<uint32_t> codes) const;
};

/// Codes that are computed when they are read. Sources own the sources that
/// they read from, and are not for several threads at once.
class ArraySource {
public:
  /// No read is longer than this.
  static constexpr int64_t kMaxRead = 2048;

  virtual ~ArraySource();

  const Format &getFormat() const { return format; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRowLength() const { return shape.empty() ? 1 : shape.back(); }
  /// 0 if a row is empty.
  int64_t getNumRows() const;

  /// The codes at `begin`, `begin + 1`, .. of row `row`: at most kMaxRead.
  virtual void readCodes(int64_t row, int64_t begin,
                         llvm::MutableArrayRef<uint32_t> codes) = 0;
  /// What they decode to. The format has at most 16 bits or is f32.
  void readValues(int64_t row, int64_t begin,
                  llvm::MutableArrayRef<float> values);

protected:
  ArraySource(const Format &format, llvm::ArrayRef<int64_t> shape);

private:
  Format format;
  llvm::SmallVector<int64_t> shape;
  std::unique_ptr<class ArrayDecoder> decoder;
  std::vector<uint32_t> scratch;
};

using ArraySourcePtr = std::unique_ptr<ArraySource>;

/// The scale side of an array, as `Scaling` of Tensor.h. A scale or zero point
/// of rank 0 holds for everything.
struct ArrayScaling {
  ArraySourcePtr scale;
  /// May be null. Integers of at most 32 bits, or floats.
  ArraySourcePtr zeroPoint;
  llvm::SmallVector<int64_t> block;
};

/// The array itself.
ArraySourcePtr readArray(ArrayView array);

/// The same codes in a format of the same width.
ArraySourcePtr bitcastArray(ArraySourcePtr input, const Format &to);

/// The sources below are as the functions of Tensor.h; `random` (32 bits, of
/// the input's shape) is given exactly under stochastic rounding. Inputs hold
/// at most 16 bits or f32, results likewise.
ArraySourcePtr convertArray(ArraySourcePtr input, const Format &to,
                            Rounding rounding, Overflow overflow,
                            ArraySourcePtr random = nullptr);
ArraySourcePtr quantizeArray(ArraySourcePtr input, const Format &to,
                             ArrayScaling scaling, Rounding rounding,
                             Overflow overflow,
                             ArraySourcePtr random = nullptr);
ArraySourcePtr dequantizeArray(ArraySourcePtr input, const Format &to,
                               ArrayScaling scaling,
                               Rounding rounding = Rounding::NearestEven,
                               Overflow overflow = Overflow::Saturate);

/// Where an array of other order or shape finds its elements in a given one.
struct ArrayGather {
  /// One dimension of the result, and how far a step along it moves in the
  /// array that is read: in rows, and within the row.
  struct Dim {
    int64_t extent, rowStep, columnStep;
  };
  /// Where element 0 is.
  int64_t row = 0, column = 0;
  llvm::SmallVector<Dim> dims;
};

/// Slices and transpositions. Every position must lie in the array.
ArraySourcePtr gatherArray(ArrayView array, const ArrayGather &gather);

/// The same elements in row-major order in another shape.
ArraySourcePtr reshapeArray(ArrayView array, llvm::ArrayRef<int64_t> shape);

/// Bytes of the packed storage of an array; nullopt if they are 2^63 or more.
std::optional<int64_t> getPackedBytes(unsigned bits,
                                      llvm::ArrayRef<int64_t> shape);

/// Writes what `source` gives, packed, into `bytes`, which has the size that
/// `getPackedBytes` gives.
void storeArray(ArraySource &source, llvm::MutableArrayRef<uint8_t> bytes);

/// Where `chooseArrayScales` writes: packed storage of the scale's shape.
struct ScaleStorage {
  Format scaleFormat;
  llvm::MutableArrayRef<uint8_t> scale;
  /// For MinMax.
  std::optional<Format> zeroPointFormat;
  llvm::MutableArrayRef<uint8_t> zeroPoint;
};

/// `chooseScales` of Tensor.h. Returns false, with the results undefined, if a
/// block holds a NaN or an infinity and the scale format has no NaN.
bool chooseArrayScales(ArraySource &input, const Format &element,
                       ScaleMethod method, llvm::ArrayRef<int64_t> block,
                       const ScaleStorage &results);

} // namespace lowbit

#endif // LOWBIT_NUMERICS_ARRAYS_H
