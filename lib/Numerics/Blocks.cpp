//===- Blocks.cpp - Scales, zero points, blocks ---------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every f32 operation here is one rounding by definition, so this file must
// not be compiled with contraction or reassociation: see CMakeLists.txt.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Blocks.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#ifdef __FAST_MATH__
#error "lowbit's numerics need exact IEEE arithmetic"
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

using namespace lowbit;
using llvm::ArrayRef;
using llvm::Expected;
using llvm::SmallVector;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// Blocking
//===----------------------------------------------------------------------===//

Blocking::Blocking(ArrayRef<int64_t> shape, ArrayRef<int64_t> block)
    : shape(shape), block(block) {
  assert(shape.size() == block.size() && "one block entry per dimension");
  for (auto [d, b] : llvm::zip_equal(shape, block)) {
    assert(d >= 0 && b >= 0 && "sizes are not negative");
    // Not (d + b - 1) / b: a huge b must not overflow.
    scaleShape.push_back(b == 0 ? 1 : d / b + (d % b != 0));
  }
}

Expected<Blocking> Blocking::infer(ArrayRef<int64_t> shape,
                                   ArrayRef<int64_t> scaleShape) {
  auto fail = [](const Twine &message) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "S3: " + message);
  };
  SmallVector<int64_t> block(shape.size(), 0);
  if (scaleShape.empty())
    return Blocking(shape, block);
  if (scaleShape.size() != shape.size())
    return fail(
        "a scale has the rank of its data or rank 0, but the ranks are " +
        Twine(scaleShape.size()) + " and " + Twine(shape.size()));
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t d = shape[i], s = scaleShape[i];
    if (s == 1)
      block[i] = 0;
    else if (s > 0 && d > 0 && d % s == 0)
      block[i] = d / s;
    else if (s == 0 && d == 0)
      block[i] = 1;
    else
      return fail("dimension " + Twine(i) + " of size " + Twine(d) +
                  " is not divided evenly by a scale dimension of size " +
                  Twine(s) + "; write 'block'");
  }
  return Blocking(shape, block);
}

static int64_t getProduct(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    product *= size;
  return product;
}

int64_t Blocking::getNumElements() const { return getProduct(shape); }
int64_t Blocking::getNumScales() const { return getProduct(scaleShape); }

int64_t Blocking::getScaleIndex(int64_t element) const {
  int64_t index = 0, stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    int64_t position = element % shape[i];
    element /= shape[i];
    if (block[i] != 0)
      index += position / block[i] * stride;
    stride *= scaleShape[i];
  }
  return index;
}

void Blocking::forEachBlock(
    llvm::function_ref<void(int64_t, ArrayRef<int64_t>)> fn) const {
  size_t rank = shape.size();
  SmallVector<int64_t> begin(rank), end(rank), position(rank), strides(rank);
  int64_t stride = 1;
  for (size_t i = rank; i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  std::vector<int64_t> elements;
  int64_t numScales = getNumScales();
  for (int64_t scale = 0; scale < numScales; ++scale) {
    int64_t rest = scale;
    bool isEmpty = false;
    for (size_t i = rank; i-- > 0;) {
      int64_t index = rest % scaleShape[i];
      rest /= scaleShape[i];
      begin[i] = index * block[i];
      // The last block of a dimension may be cut short.
      end[i] = block[i] == 0 || shape[i] - begin[i] < block[i]
                   ? shape[i]
                   : begin[i] + block[i];
      isEmpty |= begin[i] >= end[i];
    }
    elements.clear();
    position = begin;
    while (!isEmpty) {
      int64_t element = 0;
      for (size_t i = 0; i < rank; ++i)
        element += position[i] * strides[i];
      elements.push_back(element);
      size_t i = rank;
      for (; i > 0; --i) {
        if (++position[i - 1] < end[i - 1])
          break;
        position[i - 1] = begin[i - 1];
      }
      if (i == 0)
        break;
    }
    fn(scale, elements);
  }
}

//===----------------------------------------------------------------------===//
// Quantize and dequantize
//===----------------------------------------------------------------------===//

// Sums of an int64_t zero point and another integer, without wrapping.
__extension__ typedef __int128 Int128;

/// round(t) + z, clamped to the integer format; a NaN counts as 0.
static int64_t addZeroPoint(const Format &format, double rounded,
                            int64_t zeroPoint) {
  int64_t lowest = int64_t(format.getLowest());
  int64_t largest = int64_t(format.getLargest());
  // Nothing from 2^64 on can be brought back by a zero point.
  constexpr double limit = 18446744073709551616.0;
  if (rounded >= limit)
    return largest;
  if (rounded <= -limit)
    return lowest;
  Int128 sum = Int128(std::isnan(rounded) ? 0.0 : rounded) + zeroPoint;
  return int64_t(std::clamp<Int128>(sum, lowest, largest));
}

uint64_t lowbit::quantize(const Format &format, float x, float scale,
                          ZeroPoint zeroPoint, Rounding rounding,
                          Overflow overflow, uint32_t random) {
  float t = scale == 0.0f ? 0.0f : x / scale;
  if (auto *z = std::get_if<int64_t>(&zeroPoint)) {
    assert(format.isInteger() && "an integer zero point needs integers");
    int64_t sum = addZeroPoint(format, roundToInteger(t, rounding, random), *z);
    return uint64_t(sum) & (format.getNumCodes() - 1);
  }
  if (auto *z = std::get_if<float>(&zeroPoint))
    t = t + *z;
  // The machine's choice of a NaN's sign must not show (rule E15).
  if (std::isnan(t))
    t = std::numeric_limits<float>::quiet_NaN();
  return encode(format, t, rounding, overflow, random);
}

float lowbit::dequantize(const Format &format, uint64_t code, float scale,
                         ZeroPoint zeroPoint) {
  double value = decode(format, code);
  float difference;
  if (auto *z = std::get_if<int64_t>(&zeroPoint)) {
    assert(format.isInteger() && "an integer zero point needs integers");
    difference = float(Int128(value) - *z);
  } else {
    difference = float(value); // exact up to f32
    if (auto *z = std::get_if<float>(&zeroPoint))
      difference = difference - *z;
  }
  return difference * scale;
}

//===----------------------------------------------------------------------===//
// Choosing scales
//===----------------------------------------------------------------------===//

static bool isMX(ScaleMethod method) {
  switch (method) {
  case ScaleMethod::MXFloor:
  case ScaleMethod::MXCeil:
  case ScaleMethod::MXEven:
  case ScaleMethod::MXRCeil:
    return true;
  case ScaleMethod::AbsMax:
  case ScaleMethod::MinMax:
  case ScaleMethod::MSE:
    return false;
  }
  llvm_unreachable("all methods are handled");
}

llvm::Error lowbit::verifyScaleMethod(const Format &element,
                                      const Format &scale, ScaleMethod method) {
  auto fail = [](const Twine &message) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
  };
  std::string name = stringifyScaleMethod(method).str();
  // Scales are f32 in all arithmetic, so f64 would be cut without notice.
  if (!scale.isFloat() || scale.getBits() > 32)
    return fail("C5: a scale has a float format of at most 32 bits, but " +
                scale.getName() + " was given");
  if (element.getBits() > 32)
    return fail("C5: the values of the element format must be exact in f32, "
                "but " +
                element.getName() + " was given");
  if (method == ScaleMethod::MinMax) {
    if (!element.isInteger())
      return fail("C1: '" + name + "' needs an integer element, but " +
                  element.getName() + " was given");
    return llvm::Error::success();
  }
  if (element.getKind() == FormatKind::Codebook &&
      !(element.getScaleLargest() > 0.0))
    return fail("C4: '" + name +
                "' needs a codebook with values of both "
                "signs, which " +
                element.getName() + " has not");
  if (!element.isSigned())
    return fail("C2: '" + name + "' needs a signed element, but " +
                element.getName() + " was given");
  if (isMX(method)) {
    if (!element.isFloat())
      return fail("C3: '" + name + "' needs a float element, but " +
                  element.getName() + " was given");
    if (scale.getKind() != FormatKind::Exponent)
      return fail("C3: '" + name + "' needs a scale of f8E8M0FNU, but " +
                  scale.getName() + " was given");
  }
  return llvm::Error::success();
}

static float decodeToFloat(const Format &format, uint64_t code) {
  return float(decode(format, code));
}

/// `value` rounded to nearest in the scale format, but never 0, infinity or
/// NaN; and where scale * largest would overflow f32, the largest scale below
/// that does not (the smallest one, should all overflow).
static uint64_t roundScale(const Format &format, float value, float largest) {
  uint64_t code = encode(format, value);
  uint64_t smallest = format.hasZero() ? 1 : 0;
  code = std::max(code, smallest);
  auto overflows = [&](uint64_t code) {
    return std::isinf(decodeToFloat(format, code) * largest);
  };
  if (!overflows(code))
    return code;
  // Codes of positive values ascend. Search: f32 has many to step over.
  uint64_t low = smallest, high = code;
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    (overflows(middle) ? high : low) = middle;
  }
  return low;
}

/// The exponent and the significand in [1, 2) of a positive finite value.
static int getExponent(double value, double &significand) {
  int exponent;
  significand = 2.0 * std::frexp(value, &exponent);
  return exponent - 1;
}

/// The MX rules, exactly: all act on the exponent and significand of `amax`.
static int chooseMXExponent(const Format &element, ScaleMethod method,
                            float amax) {
  double significand;
  float largest = float(element.getScaleLargest());
  if (method == ScaleMethod::MXRCeil) {
    float ratio = amax / largest;
    if (ratio == 0.0f)
      return -127;
    if (std::isinf(ratio))
      return 127;
    int exponent = getExponent(ratio, significand);
    return exponent + (significand > 1.0);
  }
  int elementExponent = getExponent(largest, significand);
  int exponent = getExponent(amax, significand);
  if (method == ScaleMethod::MXCeil && significand > 1.0)
    ++exponent;
  // Rounding half up at the element's mantissa reaches 2.
  if (method == ScaleMethod::MXEven &&
      significand >= 2.0 - std::ldexp(1.0, -int(element.getMantissaBits()) - 1))
    ++exponent;
  return exponent - elementExponent;
}

static double getSquaredError(const Format &element, float scale,
                              ArrayRef<float> block) {
  double sum = 0.0;
  for (float x : block) {
    float y = dequantize(element, quantize(element, x, scale), scale);
    double error = double(x) - double(y);
    sum += error * error;
  }
  return sum;
}

SmallVector<uint64_t> lowbit::getErrorCandidates(const Format &element,
                                                 const Format &scale,
                                                 float amax) {
  auto largest = float(element.getScaleLargest());
  float ideal = amax / largest;
  SmallVector<uint64_t> candidates;
  // From 64 / 64 down, so that of equal errors the larger k stays.
  for (int k = 64; k >= 32; --k) {
    float candidate = ideal * float(k);
    candidate = candidate / 64.0f;
    uint64_t code = roundScale(scale, candidate, largest);
    if (candidates.empty() || candidates.back() != code)
      candidates.push_back(code); // same scale, same error
  }
  return candidates;
}

ScaleChoice lowbit::chooseScale(const Format &element, const Format &scale,
                                ScaleMethod method, ArrayRef<float> block) {
  assert(!llvm::errorToBool(verifyScaleMethod(element, scale, method)) &&
         "this method cannot choose these scales");
  ScaleChoice choice;
  float amax = 0.0f, low = 0.0f, high = 0.0f;
  for (float x : block) {
    choice.nonFinite |= !std::isfinite(x);
    amax = std::max(amax, std::fabs(x));
    low = std::min(low, x);
    high = std::max(high, x);
  }
  bool isMinMax = method == ScaleMethod::MinMax;
  // The multiple of the scale that must stay finite.
  float largest = float(element.getScaleLargest());
  float qmin = 0.0f, qmax = 0.0f;
  if (isMinMax) {
    qmin = float(element.getLowest());
    qmax = float(element.getLargest());
    largest = std::max(-qmin, qmax);
  }

  if (choice.nonFinite && scale.hasNaN()) {
    // The zero point's formula gives NaN, which is 0 as an integer.
    choice.scale = scale.getNaNCode();
    return choice;
  }
  if (choice.nonFinite)
    amax = low = high = 0.0f; // as if the block were empty

  if (isMinMax) {
    float range = high - low;
    float steps = float(element.getLargest() - element.getLowest());
    float ideal = range == 0.0f ? 1.0f : range / steps;
    choice.scale = roundScale(scale, ideal, largest);
    float s = decodeToFloat(scale, choice.scale);
    float z = qmin - low / s;
    choice.zeroPoint =
        addZeroPoint(element, roundToInteger(z, Rounding::NearestEven), 0);
    return choice;
  }

  if (amax == 0.0f) {
    choice.scale = roundScale(scale, 1.0f, largest);
    return choice;
  }
  if (isMX(method)) {
    int exponent = chooseMXExponent(element, method, amax);
    exponent = std::clamp(exponent, -127, 127);
    choice.scale = roundScale(scale, float(std::ldexp(1.0, exponent)), largest);
    return choice;
  }

  choice.scale = roundScale(scale, amax / largest, largest);
  if (method == ScaleMethod::AbsMax)
    return choice;

  double best = std::numeric_limits<double>::infinity();
  for (uint64_t code : getErrorCandidates(element, scale, amax)) {
    double error = getSquaredError(element, decodeToFloat(scale, code), block);
    if (error < best) {
      best = error;
      choice.scale = code;
    }
  }
  return choice;
}
