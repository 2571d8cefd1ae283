//===- ArrayScales.cpp - Scales of the blocks of a large array ------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A method sees a block through a few numbers only: its largest magnitude, its
// lowest and highest value, for `mse` also the sums of squared errors under 33
// scales. These are collected while the array streams by, for as many blocks
// side by side as a piece of a row crosses.
//
// Every operation is one rounding by definition, so this file must not be
// compiled with contraction or reassociation: see CMakeLists.txt.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Arrays.h"

#include "ArrayCodec.h"
#include "lowbit/Numerics/Tensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cassert>
#include <limits>

#ifdef __FAST_MATH__
#error "lowbit's numerics need exact IEEE arithmetic"
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

using namespace lowbit;
using llvm::ArrayRef;
using llvm::MutableArrayRef;
using llvm::SmallVector;

namespace {
/// What all methods but `mse` need to know of a block.
struct BlockRange {
  /// The bits of the largest magnitude: as integers they are ordered as the
  /// values are, with infinity and NaN above all.
  uint32_t amaxBits = 0;
  float low = 0.0f, high = 0.0f;

  void add(ArrayRef<float> values, bool withSigns) {
    uint32_t amax = amaxBits;
    for (float value : values)
      amax = std::max(amax, llvm::bit_cast<uint32_t>(value) & 0x7FFFFFFF);
    amaxBits = amax;
    if (!withSigns)
      return;
    float lowest = low, highest = high;
    for (float value : values) {
      lowest = value < lowest ? value : lowest;
      highest = value > highest ? value : highest;
    }
    low = lowest;
    high = highest;
  }

  float getAmax() const { return llvm::bit_cast<float>(amaxBits); }
  bool isFinite() const { return amaxBits < 0x7F800000; }
};

/// The squared errors of one block under each of its candidates.
class BlockErrors {
public:
  void reset(const Format &scale, ArrayRef<uint64_t> candidates) {
    assert(candidates.size() <= kMaxCandidates && "k goes from 32 to 64");
    size = candidates.size();
    for (size_t i = 0; i < size; ++i) {
      codes[i] = candidates[i];
      scales[i] = static_cast<float>(decode(scale, candidates[i]));
      sums[i] = 0.0;
    }
  }
  bool isEmpty() const { return size == 0; }

  /// In f32, x / s is rounded to `element` and multiplied by s; the errors are
  /// summed in f64 in the order of the calls. `roundAll` rounds quotients in
  /// place.
  template <typename FnT> void add(float x, FnT &roundAll) {
    float numbers[kMaxCandidates];
    for (size_t i = 0; i < size; ++i)
      numbers[i] = x / scales[i];
    roundAll(MutableArrayRef<float>(numbers, size));
    for (size_t i = 0; i < size; ++i) {
      float y = numbers[i] * scales[i];
      double error = static_cast<double>(x) - static_cast<double>(y);
      sums[i] += error * error;
    }
  }

  uint64_t getBest() const {
    size_t best = 0;
    for (size_t i = 1; i < size; ++i)
      if (sums[i] < sums[best])
        best = i;
    return codes[best];
  }

private:
  static constexpr size_t kMaxCandidates = 33;
  size_t size = 0;
  float scales[kMaxCandidates];
  double sums[kMaxCandidates];
  uint64_t codes[kMaxCandidates];
};

/// Rounds quotients to the values of the element format: encode and decode in
/// one, to nearest and saturating.
class QuotientRounder {
public:
  explicit QuotientRounder(const Format &element)
      : isInteger(element.isInteger()),
        lowest(static_cast<float>(element.getLowest())),
        largest(static_cast<float>(element.getLargest())),
        encoder(element, Rounding::NearestEven, Overflow::Saturate) {
    if (!isInteger)
      for (uint64_t code = 0, e = element.getNumCodes(); code < e; ++code)
        values.push_back(static_cast<float>(decode(element, code)));
  }

  void operator()(MutableArrayRef<float> quotients) {
    if (!isInteger) {
      for (float &quotient : quotients)
        quotient = values[encoder.encodeOne(quotient)];
      return;
    }
    // As in ArrayCodec.cpp. Quotients of finite numbers are no NaN.
    constexpr float shifter = 0x1.8p23f;
    float *out = quotients.data();
    for (size_t i = 0, e = quotients.size(); i < e; ++i) {
      float value = out[i] < lowest ? lowest : out[i];
      value = value > largest ? largest : value;
      out[i] = (value + shifter) - shifter;
    }
  }

private:
  bool isInteger;
  float lowest, largest;
  ArrayEncoder encoder;
  std::vector<float> values;
};

/// Blocks that lie side by side: entries `begin` to `end` of row `row` of the
/// scale.
struct BlockGroup {
  int64_t row, begin, end;
};

/// Walks over the elements of a group of blocks in row-major order.
class GroupReader {
public:
  GroupReader(ArraySource &input, const Blocking &blocking)
      : input(input), blocking(blocking), buffer(ArraySource::kMaxRead) {}

  /// Calls `fn(index, values)` for runs of elements of the block with the
  /// index `index` in the group.
  template <typename FnT> void forEachRun(const BlockGroup &group, FnT fn) {
    ArrayRef<int64_t> shape = blocking.getShape();
    ArrayRef<int64_t> block = blocking.getBlock();
    int64_t length = input.getRowLength();
    int64_t innerBlock =
        shape.empty() || block.back() == 0 ? length : block.back();
    if (input.getNumRows() == 0)
      return;
    // Whole blocks but for the last of a row.
    int64_t columnBegin = group.begin * innerBlock;
    int64_t columnEnd = group.end >= (length - 1) / innerBlock + 1
                            ? length
                            : group.end * innerBlock;

    // The rows of the group: a range of each outer dimension.
    size_t rank = shape.empty() ? 0 : shape.size() - 1;
    SmallVector<int64_t> first(rank), last(rank);
    int64_t rest = group.row;
    for (size_t i = rank; i-- > 0;) {
      int64_t entry = rest % blocking.getScaleShape()[i];
      rest /= blocking.getScaleShape()[i];
      first[i] = block[i] == 0 ? 0 : entry * block[i];
      last[i] = block[i] == 0 || shape[i] - first[i] < block[i]
                    ? shape[i]
                    : first[i] + block[i];
    }
    SmallVector<int64_t> position = first;
    for (bool isDone = false; !isDone;) {
      int64_t row = 0;
      for (size_t i = 0; i < rank; ++i)
        row = row * shape[i] + position[i];
      readRow(row, columnBegin, columnEnd, innerBlock, fn);
      isDone = true;
      for (size_t i = rank; i-- > 0;) {
        if (++position[i] < last[i]) {
          isDone = false;
          break;
        }
        position[i] = first[i];
      }
    }
  }

private:
  template <typename FnT>
  void readRow(int64_t row, int64_t columnBegin, int64_t columnEnd,
               int64_t innerBlock, FnT fn) {
    for (int64_t begin = columnBegin; begin < columnEnd;
         begin += ArraySource::kMaxRead) {
      int64_t size = std::min(ArraySource::kMaxRead, columnEnd - begin);
      MutableArrayRef<float> values = MutableArrayRef(buffer).take_front(size);
      input.readValues(row, begin, values);
      int64_t at = 0;
      for (int64_t index = (begin - columnBegin) / innerBlock; at < size;
           ++index) {
        // Not past the end of the block, nor of what was read.
        int64_t left = innerBlock - (begin - columnBegin + at) % innerBlock;
        int64_t run = std::min(left, size - at);
        fn(index, values.slice(at, run));
        at += run;
      }
    }
  }

  ArraySource &input;
  const Blocking &blocking;
  std::vector<float> buffer;
};

/// Chooses the scales of groups of blocks.
class ScaleChooser {
public:
  /// Bounds what is kept of a group; a multiple of 8, so that a group's packed
  /// scales begin on a byte.
  static constexpr int64_t kMaxGroup = 256;

  ScaleChooser(ArraySource &input, const Format &element, const Format &scale,
               ScaleMethod method, const Blocking &blocking)
      : element(element), scale(scale), method(method),
        reader(input, blocking) {
    if (method == ScaleMethod::MSE)
      rounder.emplace(element);
  }

  void choose(const BlockGroup &group, MutableArrayRef<ScaleChoice> choices) {
    ranges.assign(choices.size(), BlockRange());
    bool withSigns = method == ScaleMethod::MinMax;
    reader.forEachRun(group, [&](int64_t index, ArrayRef<float> values) {
      ranges[index].add(values, withSigns);
    });
    bool needsErrors = false;
    if (method == ScaleMethod::MSE)
      errors.resize(choices.size());
    for (auto [i, range] : llvm::enumerate(ranges)) {
      // A block of these numbers is to the method as the block itself.
      float numbers[] = {range.getAmax(), 0.0f};
      if (withSigns && range.isFinite()) {
        numbers[0] = range.low;
        numbers[1] = range.high;
      }
      bool compares =
          method == ScaleMethod::MSE && range.isFinite() && range.amaxBits != 0;
      choices[i] = chooseScale(
          element, scale,
          method == ScaleMethod::MSE ? ScaleMethod::AbsMax : method, numbers);
      if (method == ScaleMethod::MSE)
        errors[i].reset(scale, compares ? getErrorCandidates(element, scale,
                                                             range.getAmax())
                                        : SmallVector<uint64_t>());
      needsErrors |= compares;
    }
    if (!needsErrors)
      return;
    reader.forEachRun(group, [&](int64_t index, ArrayRef<float> values) {
      if (errors[index].isEmpty())
        return;
      for (float value : values)
        errors[index].add(value, *rounder);
    });
    for (auto [choice, error] : llvm::zip_equal(choices, errors))
      if (!error.isEmpty())
        choice.scale = error.getBest();
  }

private:
  const Format &element, &scale;
  ScaleMethod method;
  GroupReader reader;
  std::optional<QuotientRounder> rounder;
  std::vector<BlockRange> ranges;
  std::vector<BlockErrors> errors;
};
} // namespace

bool lowbit::chooseArrayScales(ArraySource &input, const Format &element,
                               ScaleMethod method, ArrayRef<int64_t> block,
                               const ScaleStorage &results) {
  const Format &scale = results.scaleFormat;
  Blocking blocking(input.getShape(), block);
  ArrayRef<int64_t> shape = blocking.getScaleShape();
  if (llvm::is_contained(shape, 0))
    return true;
  int64_t rowLength = shape.empty() ? 1 : shape.back();
  int64_t numRows = blocking.getNumScales() / rowLength;
  unsigned bits = scale.getBits();
  unsigned zeroPointBits =
      results.zeroPointFormat ? results.zeroPointFormat->getBits() : 8;

  ScaleChooser chooser(input, element, scale, method, blocking);
  std::vector<ScaleChoice> choices;
  std::vector<uint32_t> codes;
  for (int64_t row = 0; row < numRows; ++row)
    for (int64_t begin = 0; begin < rowLength;
         begin += ScaleChooser::kMaxGroup) {
      int64_t end = std::min(begin + ScaleChooser::kMaxGroup, rowLength);
      choices.assign(end - begin, ScaleChoice());
      chooser.choose({row, begin, end}, choices);
      codes.clear();
      for (const ScaleChoice &choice : choices) {
        if (choice.nonFinite && !scale.hasNaN())
          return false;
        codes.push_back(static_cast<uint32_t>(choice.scale));
      }
      auto getPlace = [&](MutableArrayRef<uint8_t> bytes, unsigned width) {
        return bytes.data() + row * getPackedRowBytes(width, rowLength) +
               getPackedRowBytes(width, begin);
      };
      packRow(codes, bits, getPlace(results.scale, bits));
      if (!results.zeroPointFormat)
        continue;
      codes.clear();
      for (const ScaleChoice &choice : choices)
        codes.push_back(static_cast<uint32_t>(encode(
            *results.zeroPointFormat, static_cast<double>(choice.zeroPoint))));
      packRow(codes, zeroPointBits, getPlace(results.zeroPoint, zeroPointBits));
    }
  return true;
}
