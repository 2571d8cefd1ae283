//===- Blocks.h - Scales, zero points, blocks -------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Block quantization: which scale belongs to which element, how a scale is
// chosen, and what quantize and dequantize compute. Arithmetic is f32, one
// rounding to nearest even per operation, as docs/Formats.md has it.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_NUMERICS_BLOCKS_H
#define LOWBIT_NUMERICS_BLOCKS_H

#include "lowbit/Numerics/Codec.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <variant>

namespace lowbit {

/// The granularity of scales over a tensor of static shape. `block` has an
/// entry per dimension: 0 means the whole dimension. The scale tensor has 1
/// entry where block is 0 and ceil(shape / block) elsewhere.
class Blocking {
public:
  /// `block` must have the rank of `shape` and no negative entry (asserted).
  Blocking(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> block);

  /// Derives the block sizes from the shape of a scale tensor as the `block`
  /// clause of an op would be derived when it is absent: a scale dimension of
  /// 1 is the whole dimension; s that divides d > 0 means d / s; s = 0 with
  /// d = 0 means 1. Error S3 otherwise. A scale of rank 0 is one scale.
  static llvm::Expected<Blocking> infer(llvm::ArrayRef<int64_t> shape,
                                        llvm::ArrayRef<int64_t> scaleShape);

  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  llvm::ArrayRef<int64_t> getBlock() const { return block; }
  llvm::ArrayRef<int64_t> getScaleShape() const { return scaleShape; }
  int64_t getNumElements() const;
  int64_t getNumScales() const;

  /// Row-major index into the scale tensor of the element with the row-major
  /// index `element`.
  int64_t getScaleIndex(int64_t element) const;

  /// Calls `fn(scaleIndex, elements)` once per scale, `elements` being the
  /// row-major indices of the block's elements, ascending; also for blocks
  /// that are empty (a whole dimension of size 0).
  void forEachBlock(
      llvm::function_ref<void(int64_t, llvm::ArrayRef<int64_t>)> fn) const;

private:
  llvm::SmallVector<int64_t> shape, block, scaleShape;
};

/// No zero point, an integer one, or a float one.
using ZeroPoint = std::variant<std::monostate, int64_t, float>;

/// The code of `x` in `format` under a scale: t = x / scale in f32 (a true
/// division); without a zero point encode(t); integer z: sat(round(t) + z),
/// not wrapping; float z: encode(t + z). scale = 0 gives t = +0 whatever x is.
/// An integer zero point asks for an integer format (asserted).
uint64_t quantize(const Format &format, float x, float scale,
                  ZeroPoint zeroPoint = {},
                  Rounding rounding = Rounding::NearestEven,
                  Overflow overflow = Overflow::Saturate, uint32_t random = 0);

/// (decode(code) - z) * scale in f32, two roundings. With an integer z the
/// difference is exact before its rounding.
float dequantize(const Format &format, uint64_t code, float scale,
                 ZeroPoint zeroPoint = {});

/// What `chooseScale` gives for one block.
struct ScaleChoice {
  /// Code in the scale format.
  uint64_t scale = 0;
  /// For MinMax: the zero point, in [qmin, qmax] of the element format.
  int64_t zeroPoint = 0;
  /// The block holds a NaN or an infinity. `scale` is then NaN if the scale
  /// format has one; else 1, which a constant folder must refuse.
  bool nonFinite = false;
};

/// Whether `method` can choose scales of `scale` for elements of `element`;
/// an error with its rule otherwise: C1 `minmax` needs an integer element; C2
/// the others need a signed element; C3 the mx methods need a float element
/// and an f8E8M0FNU scale; C4 a codebook needs values of both signs; C5 the
/// scale format must be a float format.
llvm::Error verifyScaleMethod(const Format &element, const Format &scale,
                              ScaleMethod method);

/// The scales that `mse` compares for a block whose largest magnitude is
/// `amax`, finite and more than 0: codes of `scale`, of two with the same error
/// the earlier is chosen. Neighbours differ.
llvm::SmallVector<uint64_t> getErrorCandidates(const Format &element,
                                               const Format &scale, float amax);

/// The scale of one block, by the formulas of docs/Formats.md (section
/// "Choosing scales"). `verifyScaleMethod` must hold (asserted).
ScaleChoice chooseScale(const Format &element, const Format &scale,
                        ScaleMethod method, llvm::ArrayRef<float> block);

} // namespace lowbit

#endif // LOWBIT_NUMERICS_BLOCKS_H
