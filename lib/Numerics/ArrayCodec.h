//===- ArrayCodec.h - Encode and decode many values -------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `decode` and `encode` of Codec.h for many values of f32, by tables that are
// filled by those, and packed rows of codes.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_NUMERICS_ARRAYCODEC_H
#define LOWBIT_LIB_NUMERICS_ARRAYCODEC_H

#include "lowbit/Numerics/Codec.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/Compiler.h"

namespace lowbit {

/// Whether `format` is that of IEEE single precision.
bool isSingle(const Format &format);

/// Decodes codes of a format of at most 16 bits, or of f32.
class ArrayDecoder {
public:
  explicit ArrayDecoder(const Format &format);
  void decode(llvm::ArrayRef<uint32_t> codes,
              llvm::MutableArrayRef<float> values);

private:
  Format format;
  /// The value of every code; empty until enough codes have been decoded to
  /// make it worth its filling, and for f32.
  std::vector<float> table;
  uint64_t numDecoded = 0;
};

/// Encodes f32 values in a format of at most 16 bits, or f32.
class ArrayEncoder {
public:
  ArrayEncoder(const Format &format, Rounding rounding, Overflow overflow);

  /// `random` has a word per value under stochastic rounding and is empty
  /// otherwise.
  void encode(llvm::ArrayRef<float> values, llvm::ArrayRef<uint32_t> random,
              llvm::MutableArrayRef<uint32_t> codes);

  /// One value; not under stochastic rounding, and not for f32.
  uint32_t encodeOne(float value) {
    uint32_t bits = llvm::bit_cast<uint32_t>(value);
    Bucket bucket = buckets[bits >> 16];
    if (LLVM_UNLIKELY(bucket.split == kUnknown))
      bucket = fillBucket(bits >> 16);
    if (LLVM_UNLIKELY(bucket.split == kMixed))
      return encodeMixed(value);
    return (bits & 0xFFFF) < bucket.split ? bucket.below : bucket.above;
  }

private:
  /// The codes of the f32 values that share their upper 16 bits. Along them
  /// the magnitude grows, so that codes change in steps and never return. Most
  /// formats have at most one step there: from the low 16 bits `split` on.
  struct Bucket {
    uint32_t split;
    uint16_t below, above;
  };
  static constexpr uint32_t kUnknown = 0, kMixed = ~uint32_t(0);

  Bucket fillBucket(uint32_t upperBits);
  uint32_t encodeMixed(float value) const;

  Format format;
  Rounding rounding;
  Overflow overflow;
  std::vector<Bucket> buckets;
};

/// `codes`, of `bits` bits each, from packed bytes, the first one beginning at
/// bit `bit` of them.
void unpackRow(const uint8_t *bytes, int64_t bit, unsigned bits,
               llvm::MutableArrayRef<uint32_t> codes);

/// Packs codes from the start of `bytes` on; unused bits of the last byte are
/// written 0. Bits of a code above `bits` must be 0.
void packRow(llvm::ArrayRef<uint32_t> codes, unsigned bits, uint8_t *bytes);

} // namespace lowbit

#endif // LOWBIT_LIB_NUMERICS_ARRAYCODEC_H
