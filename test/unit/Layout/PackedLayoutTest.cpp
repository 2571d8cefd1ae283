//===- PackedLayoutTest.cpp - Positions of packed elements ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random layouts against their definition, element by element.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Layout/PackedLayout.h"

#include "llvm/Support/MathExtras.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <limits>
#include <random>
#include <set>

using namespace lowbit;
using llvm::ArrayRef;
using llvm::SmallVector;

namespace {

using Random = std::mt19937;

int64_t draw(Random &random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

/// Digits of up to 3 dimensions, in any order.
SmallVector<LayoutDigit> drawDigits(Random &random, unsigned rank) {
  SmallVector<LayoutDigit> digits;
  for (unsigned dim = 0; dim < rank; ++dim) {
    int64_t stride = 1;
    for (int64_t inner = draw(random, 0, 2); inner > 0; --inner) {
      digits.push_back({dim, stride, draw(random, 2, 5)});
      stride *= digits.back().extent;
    }
    digits.push_back({dim, stride, 0});
  }
  std::shuffle(digits.begin(), digits.end(), random);
  return digits;
}

/// Calls `visit` with every index below `extents`, row-major.
void forEachIndex(ArrayRef<int64_t> extents,
                  llvm::function_ref<void(ArrayRef<int64_t>)> visit) {
  if (llvm::is_contained(extents, 0))
    return;
  SmallVector<int64_t> index(extents.size(), 0);
  while (true) {
    visit(index);
    size_t dim = index.size();
    while (dim > 0 && ++index[dim - 1] == extents[dim - 1])
      index[--dim] = 0;
    if (dim == 0)
      return;
  }
}

/// The definition: the mixed-radix number that the digits spell.
int64_t getPosition(ArrayRef<LayoutDigit> digits, ArrayRef<int64_t> extents,
                    ArrayRef<int64_t> index) {
  int64_t position = 0;
  for (const LayoutDigit &digit : digits) {
    int64_t value = index[digit.dim] / digit.stride;
    int64_t count = digit.extent;
    if (count == 0)
      count = (extents[digit.dim] + digit.stride - 1) / digit.stride;
    else
      value %= count;
    position = position * count + value;
  }
  return position;
}

std::string getError(unsigned rank, ArrayRef<LayoutDigit> digits) {
  llvm::Expected<PackedLayout> layout = PackedLayout::get(rank, digits);
  return layout ? "none" : llvm::toString(layout.takeError());
}

TEST(PackedLayout, PositionsAreThoseOfTheDigits) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    unsigned rank = draw(random, 1, 3);
    SmallVector<LayoutDigit> digits = drawDigits(random, rank);
    PackedLayout layout = llvm::cantFail(PackedLayout::get(rank, digits));
    SmallVector<int64_t> extents;
    for (unsigned dim = 0; dim < rank; ++dim)
      extents.push_back(draw(random, 0, 13));

    // Whole multiples in every dimension are filled.
    int64_t numElements = 1;
    for (unsigned dim = 0; dim < rank; ++dim) {
      int64_t multiple = 1;
      for (const LayoutDigit &digit : digits)
        if (digit.dim == dim && digit.extent != 0)
          multiple *= digit.extent;
      EXPECT_EQ(layout.getMultiple(dim), multiple);
      numElements *= llvm::alignTo(extents[dim], multiple);
    }
    ASSERT_EQ(layout.getNumElements(extents), numElements);

    SmallVector<std::vector<int64_t>> positions;
    for (unsigned dim = 0; dim < rank; ++dim)
      positions.push_back(layout.getPositions(dim, extents));
    std::set<int64_t> seen;
    forEachIndex(extents, [&](ArrayRef<int64_t> index) {
      int64_t position = 0;
      for (unsigned dim = 0; dim < rank; ++dim)
        position += positions[dim][index[dim]];
      EXPECT_EQ(position, getPosition(digits, extents, index));
      EXPECT_LT(position, numElements);
      EXPECT_TRUE(seen.insert(position).second) << "two elements in one place";
    });
  }
}

TEST(PackedLayout, PackWritesWhatIsInsideAndZeros) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    for (unsigned bits : {4, 8, 16, 32}) {
      unsigned rank = draw(random, 1, 3);
      SmallVector<LayoutDigit> digits = drawDigits(random, rank);
      PackedLayout layout = llvm::cantFail(PackedLayout::get(rank, digits));
      SmallVector<int64_t> extents, inside;
      for (unsigned dim = 0; dim < rank; ++dim) {
        extents.push_back(draw(random, 0, 9));
        inside.push_back(draw(random, 0, extents.back()));
      }
      // Never 0 in the bits that are kept, and with bits beyond them.
      auto getElement = [](int64_t outer, int64_t inner) {
        return static_cast<uint32_t>(outer * 0x01010131 + inner * 0x51070035) |
               1;
      };

      std::vector<char> expected(
          llvm::divideCeil(layout.getNumElements(extents) * bits, 8), 0);
      forEachIndex(inside, [&](ArrayRef<int64_t> index) {
        int64_t outer = 0;
        for (unsigned dim = 0; dim + 1 < rank; ++dim)
          outer = outer * inside[dim] + index[dim];
        uint32_t element = getElement(outer, index.back());
        int64_t position = getPosition(digits, extents, index);
        for (unsigned bit = 0; bit < bits; ++bit)
          if (element >> bit & 1)
            expected[(position * bits + bit) / 8] |=
                static_cast<char>(1 << (position * bits + bit) % 8);
      });
      std::vector<uint32_t> row(inside.back());
      // What is written over is not all zeros.
      std::vector<char> packed(expected.size(), 0x55);
      layout.pack(
          extents, inside, bits,
          [&](int64_t outer) -> llvm::ArrayRef<uint32_t> {
            for (auto [inner, element] : llvm::enumerate(row))
              element = getElement(outer, inner);
            return row;
          },
          packed);
      EXPECT_EQ(packed, expected);
    }
  }
}

TEST(PackedLayout, DigitsMustBeAMixedRadixNumber) {
  EXPECT_EQ(getError(1, {{0, 1, 0}}), "none");
  EXPECT_EQ(getError(2, {{0, 4, 0}, {1, 1, 0}, {0, 1, 4}}), "none");
  EXPECT_EQ(getError(0, {}), "none");
  EXPECT_EQ(getError(1, {}), "not a packed layout: d0 has no digit");
  EXPECT_EQ(getError(1, {{1, 1, 0}}),
            "not a packed layout: a digit of dimension d1 is out of range");
  EXPECT_EQ(getError(1, {{0, 0, 0}}),
            "not a packed layout: a digit of dimension d0 is out of range");
  EXPECT_EQ(getError(1, {{0, 1, -2}}),
            "not a packed layout: a digit of dimension d0 is out of range");
  EXPECT_EQ(getError(1, {{0, 2, 0}}),
            "not a packed layout: expected a digit d0 floordiv 1");
  EXPECT_EQ(getError(1, {{0, 8, 0}, {0, 1, 4}}),
            "not a packed layout: expected a digit d0 floordiv 4");
  EXPECT_EQ(getError(1, {{0, 1, 4}}),
            "not a packed layout: d0 needs one digit without mod, that of its "
            "largest stride");
  EXPECT_EQ(getError(1, {{0, 1, 0}, {0, 4, 0}}),
            "not a packed layout: d0 needs one digit without mod, that of its "
            "largest stride");
  EXPECT_EQ(getError(1, {{0, 1, 1}, {0, 1, 0}}),
            "not a packed layout: a digit of d0 has the extent 1 and tells "
            "nothing");
  int64_t half = int64_t(1) << 32;
  EXPECT_EQ(getError(1, {{0, 1, half},
                         {0, half, half},
                         {0, std::numeric_limits<int64_t>::max(), 0}}),
            "not a packed layout: the strides of d0 do not fit into 64 bits");
}

} // namespace
