//===- CodecEmitter.h - encode and decode as arithmetic ---------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Emits, on scalars or on vectors of any shape, the arithmetic that computes
// what Numerics/Codec.h defines, bit for bit. The code is branch-free, calls
// nothing, and reads no memory, so that it vectorizes wherever it is put.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_CODECEMITTER_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_CODECEMITTER_H

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

namespace lowbit {

/// How numbers become codes.
struct EncodeModes {
  Rounding rounding = Rounding::NearestEven;
  Overflow overflow = Overflow::Saturate;
  /// The random words (i32) under stochastic rounding.
  mlir::Value random = {};
  /// A NaN that arithmetic made has the sign that the machine gives it; the
  /// result then is the positive NaN code on every machine.
  bool keepNaNSign = true;
};

/// A log format without fraction bits as what it is: a float without mantissa.
Format getLogAsFloat(const Format &format);

/// Whether encode can be emitted; the only formats for which it cannot are
/// codebooks, under stochastic rounding, whose values span more than 90 binary
/// digits. Reports the error at `op`.
mlir::LogicalResult verifyEncodable(mlir::Operation *op, const Format &format,
                                    Rounding rounding);

class CodecEmitter {
public:
  /// Values have the shape of `like` (a scalar type or a vector type).
  CodecEmitter(mlir::ImplicitLocOpBuilder &builder, mlir::Type like)
      : b(builder), like(like) {}

  /// The value of `code`, which has a number format's element type, in f32;
  /// in f64 if that is the format itself or `wide` is set. If `saturates`, the
  /// infinities of a low-bit format are the largest f32 numbers.
  mlir::Value decode(mlir::Value code, bool wide = false,
                     bool saturates = false);

  /// The code of the f32 or f64 value `x` as element type `type`.
  mlir::Value encode(mlir::Value x, mlir::Type type, const EncodeModes &modes);

  /// sat(round(x) + zeroPoint) in [low, high] as an integer of `type`;
  /// `zeroPoint` (i32, null: 0) has at most `zeroPointBits` bits. NaN rounds
  /// to 0.
  mlir::Value encodeInteger(mlir::Value x, mlir::Type type, int64_t low,
                            int64_t high, const EncodeModes &modes,
                            mlir::Value zeroPoint = {},
                            unsigned zeroPointBits = 0);

  /// An integer of any width and signedness as i32 (or i64 if wider).
  mlir::Value extendInteger(mlir::Value value, mlir::Type elementType);

  /// A signless integer as i32 (or i64 if wider), signed or not.
  mlir::Value extendSignless(mlir::Value value, bool isSigned);

  /// The upper half of an f32 value whose lower half is 0 or does not matter.
  mlir::Value cutToBF16(mlir::Value value);

  /// The f32 value with infinities clamped to the largest finite numbers.
  mlir::Value saturate(mlir::Value value);

  /// Splat constants of the emitter's shape.
  mlir::Value constant(mlir::Type elementType, uint64_t bits);
  mlir::Value constant(const llvm::APInt &bits, mlir::Type elementType);
  mlir::Value floatConstant(mlir::Type elementType, double value);

  /// `elementType` with the emitter's shape.
  mlir::Type typeOf(mlir::Type elementType) const;

private:
  // decode
  mlir::Value decodeFloat(const Format &format, mlir::Value code,
                          bool saturates);
  mlir::Value decodeWideRangeFloat(const Format &format, mlir::Value code,
                                   bool saturates);
  /// Sign, infinity and NaN of `code`; `value` is what its magnitude would be
  /// if it were finite.
  mlir::Value finishDecode(const Format &format, mlir::Value code,
                           mlir::Value value, bool saturates);
  mlir::Value decodeExponent(const Format &format, mlir::Value code);
  mlir::Value decodeLog(const Format &format, mlir::Value code);
  mlir::Value decodeCodebook(const Format &format, mlir::Value code);

  // encode, giving a code in the low bits of an i32 or i64
  mlir::Value encodeFloat(const Format &format, mlir::Value x,
                          const EncodeModes &modes);
  mlir::Value encodeUpperBits(const Format &format, mlir::Value x,
                              const EncodeModes &modes);
  mlir::Value encodeByAddition(const Format &format, mlir::Value x,
                               const EncodeModes &modes);
  mlir::Value encodeByShift(const Format &format, mlir::Value x,
                            const EncodeModes &modes);
  mlir::Value encodeOwnType(mlir::Value x, const EncodeModes &modes);
  /// From the rounded magnitude: overflow, sign, NaN. `bits` are the source's.
  mlir::Value finishEncode(const Format &format, mlir::Value bits,
                           mlir::Value magnitude, const EncodeModes &modes);
  mlir::Value encodeExponent(const Format &format, mlir::Value x,
                             const EncodeModes &modes);
  mlir::Value encodeLog(const Format &format, mlir::Value x,
                        const EncodeModes &modes);
  mlir::Value encodeCodebook(const Format &format, mlir::Value x,
                             const EncodeModes &modes);
  mlir::Value encodeStochasticSteps(const Format &format,
                                    llvm::ArrayRef<uint16_t> codes,
                                    mlir::Value x, mlir::Value random);

  /// The number of `thresholds` (ascending, in x's type) that x reaches.
  mlir::Value countReached(mlir::Value x, llvm::ArrayRef<double> thresholds);

  /// table[index] by a tree of selects, on the bits of the index (i1, lowest
  /// first) or on those of `index`.
  mlir::Value lookUp(llvm::ArrayRef<mlir::Value> bits,
                     llvm::ArrayRef<mlir::Value> table);
  mlir::Value lookUp(mlir::Value index, llvm::ArrayRef<mlir::Value> table);
  mlir::Value lookUp(mlir::Value index, mlir::Type elementType,
                     llvm::ArrayRef<uint64_t> table);

  // Short forms.
  mlir::Value bitcast(mlir::Value value, mlir::Type elementType);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value lhs,
                      mlir::Value rhs);
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value lhs,
                      mlir::Value rhs);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);
  mlir::Value toWidth(mlir::Value value, unsigned bits);
  mlir::Type elementOf(mlir::Value value) const {
    return mlir::getElementTypeOrSelf(value.getType());
  }

  mlir::ImplicitLocOpBuilder &b;
  mlir::Type like;
};

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_EXPANDCONVERSIONS_CODECEMITTER_H
