//===- PackedLayout.cpp - The order in which a kernel reads ---------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Layout/PackedLayout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cassert>
#include <cstring>

using namespace lowbit;
using llvm::ArrayRef;
using llvm::SmallVector;

llvm::Expected<PackedLayout> PackedLayout::get(unsigned rank,
                                               ArrayRef<LayoutDigit> digits) {
  auto fail = [](const llvm::Twine &what) {
    return llvm::createStringError("not a packed layout: " + what);
  };
  for (const LayoutDigit &digit : digits)
    if (digit.dim >= rank || digit.stride < 1 || digit.extent < 0)
      return fail("a digit of dimension d" + llvm::Twine(digit.dim) +
                  " is out of range");
  for (unsigned dim = 0; dim < rank; ++dim) {
    SmallVector<LayoutDigit> own;
    llvm::copy_if(digits, std::back_inserter(own),
                  [&](const LayoutDigit &digit) { return digit.dim == dim; });
    llvm::sort(own, [](const LayoutDigit &lhs, const LayoutDigit &rhs) {
      return lhs.stride < rhs.stride;
    });
    int64_t stride = 1;
    for (auto [i, digit] : llvm::enumerate(own)) {
      if (digit.stride != stride)
        return fail("expected a digit d" + llvm::Twine(dim) + " floordiv " +
                    llvm::Twine(stride));
      if ((digit.extent == 0) != (i + 1 == own.size()))
        return fail("d" + llvm::Twine(dim) +
                    " needs one digit without mod, that of its largest "
                    "stride");
      if (digit.extent == 1)
        return fail("a digit of d" + llvm::Twine(dim) +
                    " has the extent 1 and tells nothing");
      if (llvm::MulOverflow(stride, digit.extent, stride))
        return fail("the strides of d" + llvm::Twine(dim) +
                    " do not fit into 64 bits");
    }
    if (own.empty())
      return fail("d" + llvm::Twine(dim) + " has no digit");
  }
  return PackedLayout(rank, digits);
}

int64_t PackedLayout::getMultiple(unsigned dim) const {
  for (const LayoutDigit &digit : digits)
    if (digit.dim == dim && digit.extent == 0)
      return digit.stride;
  llvm_unreachable("every dimension has an outermost digit");
}

SmallVector<int64_t>
PackedLayout::getDigitExtents(ArrayRef<int64_t> extents) const {
  SmallVector<int64_t> result;
  for (const LayoutDigit &digit : digits)
    result.push_back(digit.extent != 0
                         ? digit.extent
                         : llvm::divideCeil(extents[digit.dim], digit.stride));
  return result;
}

int64_t PackedLayout::getNumElements(ArrayRef<int64_t> extents) const {
  int64_t product = 1;
  for (int64_t extent : getDigitExtents(extents))
    product *= extent;
  return product;
}

std::vector<int64_t>
PackedLayout::getPositions(unsigned dim, ArrayRef<int64_t> extents) const {
  std::vector<int64_t> positions(extents[dim], 0);
  SmallVector<int64_t> digitExtents = getDigitExtents(extents);
  int64_t weight = 1;
  for (size_t d = digits.size(); d-- > 0;) {
    if (digits[d].dim == dim)
      for (auto [i, position] : llvm::enumerate(positions))
        position += weight * (static_cast<int64_t>(i) / digits[d].stride %
                              digitExtents[d]);
    weight *= digitExtents[d];
  }
  return positions;
}

void PackedLayout::pack(ArrayRef<int64_t> extents, ArrayRef<int64_t> inside,
                        unsigned bits,
                        llvm::function_ref<ArrayRef<uint32_t>(int64_t)> readRow,
                        llvm::MutableArrayRef<char> buffer) const {
  assert((bits == 4 || bits % 8 == 0) && "no such packed element");
  std::fill(buffer.begin(), buffer.end(), 0);
  SmallVector<std::vector<int64_t>> positions;
  int64_t numOuter = 1;
  for (unsigned dim = 0; dim < rank; ++dim) {
    positions.push_back(getPositions(dim, extents));
    if (dim + 1 < rank)
      numOuter *= inside[dim];
  }
  if (inside.back() == 0)
    return;
  for (int64_t outer = 0; outer < numOuter; ++outer) {
    int64_t base = 0;
    for (int64_t dim = rank - 1, rest = outer; dim-- > 0;) {
      base += positions[dim][rest % inside[dim]];
      rest /= inside[dim];
    }
    for (auto [inner, element] : llvm::enumerate(readRow(outer))) {
      int64_t position = base + positions.back()[inner];
      if (bits == 4)
        buffer[position / 2] |= (element & 15) << (position % 2 * 4);
      else
        std::memcpy(&buffer[position * (bits / 8)], &element, bits / 8);
    }
  }
}
