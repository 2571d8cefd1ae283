//===- PackedLayout.h - The order in which a kernel reads -------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A packed layout says at which position of a buffer the element of a tensor
// lies. It is a list of digits, outermost first: each digit is
// (index floordiv stride) mod extent of one dimension, and the position is the
// mixed-radix number that the digits spell. One list serves the C++ code that
// packs constants and the IR that packs arguments.
//
//   d0 floordiv 16, d1, d0 mod 16      panels of 16 columns, each by rows of k
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LAYOUT_PACKEDLAYOUT_H
#define LOWBIT_LAYOUT_PACKEDLAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace lowbit {

/// (index of dimension `dim` floordiv `stride`) mod `extent`; an extent of 0
/// means no modulus: the outermost digit of its dimension.
struct LayoutDigit {
  unsigned dim;
  int64_t stride;
  int64_t extent;
};

class PackedLayout {
public:
  /// A layout of tensors of `rank` dimensions. Error unless the digits of each
  /// dimension are a mixed-radix number: strides start at 1, each is the
  /// product of the extents below it, and the one of the largest stride has
  /// extent 0.
  static llvm::Expected<PackedLayout> get(unsigned rank,
                                          llvm::ArrayRef<LayoutDigit> digits);

  unsigned getRank() const { return rank; }
  llvm::ArrayRef<LayoutDigit> getDigits() const { return digits; }

  /// A dimension is padded to a multiple of this.
  int64_t getMultiple(unsigned dim) const;

  /// How many values each digit takes for a tensor of `extents`, outermost
  /// digit first.
  llvm::SmallVector<int64_t>
  getDigitExtents(llvm::ArrayRef<int64_t> extents) const;

  /// Elements of the packed buffer, padding included.
  int64_t getNumElements(llvm::ArrayRef<int64_t> extents) const;

  /// What index i of `dim` contributes to the position, for every i below
  /// extents[dim]. The position of an element is the sum over its dimensions.
  std::vector<int64_t> getPositions(unsigned dim,
                                    llvm::ArrayRef<int64_t> extents) const;

  /// Writes the whole buffer for a tensor of `extents`, of which only the
  /// elements below `inside` are there; the others are 0. Elements have `bits`
  /// bits (4, 8, 16 or 32), little-endian, the first of two 4-bit elements in
  /// the low nibble. `readRow` gives the bits of the inside.back() elements
  /// whose row-major index in the other dimensions (counted in `inside`) is
  /// `outer`. `buffer` has getNumElements(extents) * bits / 8 bytes.
  void pack(llvm::ArrayRef<int64_t> extents, llvm::ArrayRef<int64_t> inside,
            unsigned bits,
            llvm::function_ref<llvm::ArrayRef<uint32_t>(int64_t outer)> readRow,
            llvm::MutableArrayRef<char> buffer) const;

private:
  PackedLayout(unsigned rank, llvm::ArrayRef<LayoutDigit> digits)
      : rank(rank), digits(digits.begin(), digits.end()) {}

  unsigned rank;
  llvm::SmallVector<LayoutDigit> digits;
};

} // namespace lowbit

#endif // LOWBIT_LAYOUT_PACKEDLAYOUT_H
