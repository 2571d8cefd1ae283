//===- random.c - Arrays of random codes ----------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random data for `random`: element i of an argument depends on the seed, the
// argument's position and i alone, so that it is the same on every machine.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Runner/random.h"

#include <string.h>

/// SplitMix64: a bijection that leaves no pattern of `x` visible.
static uint64_t mix(uint64_t x) {
  x += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/// The bits of `x` as an f16, cut toward zero; magnitudes under 2^-14 give 0.
/// `x` is less than 2^16 in magnitude.
static uint16_t truncate_to_f16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof(bits));
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  int32_t exponent = (int32_t)(bits >> 23 & 0xff) - 127 + 15;
  if (exponent < 1)
    return sign;
  return (uint16_t)(sign | exponent << 10 | (bits >> 13 & 0x3ff));
}

/// A number of the interval, from 24 of the random bits.
static double choose_number(const lowbit_value *value, uint64_t random) {
  double fraction = (double)(random >> 40) / (double)(1 << 24);
  return value->low + fraction * (value->high - value->low);
}

/// The bits of one element.
static uint64_t choose_code(const lowbit_value *value, uint64_t random) {
  if (value->kind == 'f' || value->is_bfloat) {
    double number = choose_number(value, random);
    float narrow = (float)number;
    uint64_t wide_bits;
    uint32_t bits;
    memcpy(&wide_bits, &number, sizeof(wide_bits));
    memcpy(&bits, &narrow, sizeof(bits));
    if (value->is_bfloat)
      return bits >> 16;
    switch (value->size) {
    case 2:
      return truncate_to_f16(narrow);
    case 4:
      return bits;
    default:
      return wide_bits;
    }
  }
  if (value->num_codes)
    return value->codes[(random >> 32) * (uint64_t)value->num_codes >> 32];
  return value->bits == 64 ? random : random >> (64 - value->bits);
}

void lowbit_fill_random(const lowbit_value *value, uint64_t seed, int position,
                        void *data, int64_t rows, int64_t row_length,
                        int64_t row_bytes) {
  uint64_t stream = mix(mix(seed) + (uint64_t)position);
  int shares_bytes = value->bits < 8 && value->kind != 'b';
  for (int64_t row = 0; row < rows; ++row) {
    unsigned char *bytes = (unsigned char *)data + row * row_bytes;
    for (int64_t i = 0; i < row_length; ++i) {
      uint64_t index = (uint64_t)(row * row_length + i);
      uint64_t code = choose_code(value, mix(stream + index));
      if (!shares_bytes) {
        // Containers of a power of two of bytes, in the machine's order.
        switch (value->size) {
        case 1:
          bytes[i] = (unsigned char)code;
          break;
        case 2:
          ((uint16_t *)(void *)bytes)[i] = (uint16_t)code;
          break;
        case 4:
          ((uint32_t *)(void *)bytes)[i] = (uint32_t)code;
          break;
        default:
          ((uint64_t *)(void *)bytes)[i] = code;
        }
        continue;
      }
      int64_t bit = i * value->bits;
      unsigned shifted = (unsigned)code << (bit & 7);
      bytes[bit >> 3] |= (unsigned char)shifted;
      if (shifted >> 8)
        bytes[(bit >> 3) + 1] |= (unsigned char)(shifted >> 8);
    }
  }
}
