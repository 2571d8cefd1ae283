//===- Tensor.h - The ops of the dialect on arrays of codes -----*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// quantize, dequantize, choose_scale, convert and matmul on whole tensors:
// slow, plain and exact. Folders and the reference evaluator are thin layers
// over these.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_NUMERICS_TENSOR_H
#define LOWBIT_NUMERICS_TENSOR_H

#include "lowbit/Numerics/Blocks.h"

namespace lowbit {

/// A row-major tensor with one code per element, whatever the width.
struct CodeTensor {
  Format format;
  llvm::SmallVector<int64_t> shape;
  std::vector<uint64_t> codes;

  CodeTensor(Format format, llvm::ArrayRef<int64_t> shape);
  CodeTensor(Format format, llvm::ArrayRef<int64_t> shape,
             std::vector<uint64_t> codes);

  int64_t getNumElements() const { return codes.size(); }
  double getValue(int64_t index) const;
};

/// The scale side of a tensor. Integer zero points are given as codes of
/// their own (integer) format. `block` is resolved: an entry per dimension.
struct Scaling {
  const CodeTensor *scale = nullptr;
  const CodeTensor *zeroPoint = nullptr;
  llvm::SmallVector<int64_t> block;
};

/// Inputs are as the verifiers of the ops demand (asserted). `random` has one
/// word per element under stochastic rounding and is empty otherwise.
CodeTensor convertTensor(const CodeTensor &input, const Format &to,
                         Rounding rounding, Overflow overflow,
                         llvm::ArrayRef<uint32_t> random = {});

CodeTensor quantizeTensor(const CodeTensor &input, const Format &to,
                          const Scaling &scaling, Rounding rounding,
                          Overflow overflow,
                          llvm::ArrayRef<uint32_t> random = {});

CodeTensor dequantizeTensor(const CodeTensor &input, const Format &to,
                            const Scaling &scaling,
                            Rounding rounding = Rounding::NearestEven,
                            Overflow overflow = Overflow::Saturate);

struct ChosenScales {
  CodeTensor scale;
  /// For MinMax only.
  std::optional<CodeTensor> zeroPoint;
  /// Some block holds a NaN or an infinity and the scale format has no NaN.
  bool unrepresentable = false;
};

ChosenScales chooseScales(const CodeTensor &input, const Format &element,
                          const Format &scale, ScaleMethod method,
                          llvm::ArrayRef<int64_t> block,
                          std::optional<Format> zeroPoint = {});

/// One operand of a matmul; `scaling.scale` null means the scale 1.
struct MatmulOperand {
  const CodeTensor *data = nullptr;
  Scaling scaling;
};

/// The reference product: operands dequantized to f32, exact products, sum
/// over ascending k in f64, bias added in f64, one rounding to `to` (f32, f16
/// or bf16; to nearest even, overflow to infinity as IEEE 754 has it).
///
/// With `exactIntegers` (acc = i32) both operands are integers and each
/// partial sum over a run of k under one pair of scales is formed in integers
/// before its scales are applied in f64.
///
/// If `magnitude` is given it receives sum |a_k b_k| + |bias| per result
/// element, the factor of the error bound of docs/Formats.md.
CodeTensor matmulTensor(const MatmulOperand &a, const MatmulOperand &b,
                        llvm::ArrayRef<float> bias, bool transposeB,
                        const Format &to, bool exactIntegers = false,
                        std::vector<double> *magnitude = nullptr);

/// Whether every code of `from` keeps its value, sign of zero and kind of
/// non-finite value when it is encoded in `to` under `overflow`. Decided from
/// the codes for formats of up to 16 bits; f32 and f64 are only contained in
/// themselves and each other.
bool isLossless(const Format &from, const Format &to, Overflow overflow);

/// Whether encode(decode(code)) is `code` for every code of `format`, which has
/// at most 16 bits. Not so for formats with several NaN codes, nor for
/// formats with infinities under Overflow::Saturate. False for wider formats.
bool preservesCodes(const Format &format, Overflow overflow);

/// Packs codes into the storage of design section 7: `rows` of `rowLength`
/// codes each, little-endian bit order, every row starting on a byte (2 to 7
/// bits), bytes (8 bits), or little-endian 16-bit containers (9 to 16 bits).
std::vector<uint8_t> packCodes(llvm::ArrayRef<uint64_t> codes, unsigned bits,
                               int64_t rowLength);
/// The inverse. `bytes` must have the size that packCodes gives.
std::vector<uint64_t> unpackCodes(llvm::ArrayRef<uint8_t> bytes, unsigned bits,
                                  int64_t numRows, int64_t rowLength);
/// Bytes of one packed row.
int64_t getPackedRowBytes(unsigned bits, int64_t rowLength);

} // namespace lowbit

#endif // LOWBIT_NUMERICS_TENSOR_H
