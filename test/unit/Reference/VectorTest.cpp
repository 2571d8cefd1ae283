//===- VectorTest.cpp - vector, evaluated ---------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReferenceTest.h"

#include <numeric>

using namespace lowbit;
using namespace lowbit::test;

namespace {
class VectorTest : public ReferenceTest {
protected:
  /// The codes of the one result of ops between the arguments and %r.
  Codes vectors(const std::string &arguments, const std::string &ops,
                const std::string &resultType, llvm::ArrayRef<Tensor> args) {
    return codesOf(run1("func.func @f(" + arguments + ") -> " + resultType +
                            " {\n" + ops + "\nreturn %r : " + resultType +
                            "\n}",
                        args));
  }
  Tensor iota(llvm::ArrayRef<int64_t> shape) {
    Codes codes(mlir::ShapedType::getNumElements(shape));
    std::iota(codes.begin(), codes.end(), 0);
    return make("i8", shape, codes);
  }
};
} // namespace

TEST_F(VectorTest, Broadcast) {
  EXPECT_EQ(vectors("%a: i8", "%r = vector.broadcast %a : i8 to vector<2x2xi8>",
                    "vector<2x2xi8>", {make("i8", {}, {5})}),
            Codes({5, 5, 5, 5}));
  EXPECT_EQ(vectors("%a: vector<2x1xi8>",
                    "%r = vector.broadcast %a : vector<2x1xi8> to "
                    "vector<2x2x3xi8>",
                    "vector<2x2x3xi8>", {iota({2, 1})}),
            Codes({0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1}));
}

TEST_F(VectorTest, MovingElements) {
  EXPECT_EQ(vectors("%a: vector<2x3xi8>",
                    "%r = vector.transpose %a, [1, 0] : vector<2x3xi8> to "
                    "vector<3x2xi8>",
                    "vector<3x2xi8>", {iota({2, 3})}),
            Codes({0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(vectors("%a: vector<2x3x4xi8>",
                    "%r = vector.transpose %a, [2, 0, 1] : vector<2x3x4xi8> to "
                    "vector<4x2x3xi8>",
                    "vector<4x2x3xi8>", {iota({2, 3, 4})}),
            Codes({0, 4, 8,  12, 16, 20, 1, 5, 9,  13, 17, 21,
                   2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23}));
  EXPECT_EQ(vectors("%a: vector<2x2xi8>, %b: vector<1x2xi8>",
                    "%r = vector.shuffle %a, %b [2, 1, 0, 1] : vector<2x2xi8>, "
                    "vector<1x2xi8>",
                    "vector<4x2xi8>",
                    {iota({2, 2}), make("i8", {1, 2}, {8, 9})}),
            Codes({8, 9, 2, 3, 0, 1, 2, 3}));
  EXPECT_EQ(fail("func.func @f(%a: vector<2xi8>) -> vector<2xi8> {\n"
                 "  %r = vector.shuffle %a, %a [0, -1] : vector<2xi8>, "
                 "vector<2xi8>\n"
                 "  return %r : vector<2xi8>\n}",
                 {iota({2})}),
            "2: 'vector.shuffle' op gives poison for a mask entry of -1");
  EXPECT_EQ(vectors("%a: vector<2xi8>, %b: vector<2xi8>",
                    "%r = vector.interleave %a, %b : vector<2xi8> -> "
                    "vector<4xi8>",
                    "vector<4xi8>", {iota({2}), make("i8", {2}, {8, 9})}),
            Codes({0, 8, 1, 9}));
  EXPECT_EQ(vectors("%a: vector<2x4xi8>",
                    "%x, %r = vector.deinterleave %a : vector<2x4xi8> -> "
                    "vector<2x2xi8>",
                    "vector<2x2xi8>", {iota({2, 4})}),
            Codes({1, 3, 5, 7}));
  EXPECT_EQ(vectors("%a: vector<2x3xi8>",
                    "%r = vector.shape_cast %a : vector<2x3xi8> to "
                    "vector<6xi8>",
                    "vector<6xi8>", {iota({2, 3})}),
            Codes({0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(vectors("%a: i8, %b: i8",
                    "%r = vector.from_elements %b, %a : vector<2xi8>",
                    "vector<2xi8>", {make("i8", {}, {1}), make("i8", {}, {2})}),
            Codes({2, 1}));
  EXPECT_EQ(vectors("%a: vector<2xi8>",
                    "%x, %r = vector.to_elements %a : vector<2xi8>", "i8",
                    {make("i8", {2}, {3, 4})}),
            Codes({4}));
  EXPECT_EQ(
      vectors("", "%r = vector.step : vector<3xindex>", "vector<3xindex>", {}),
      Codes({0, 1, 2}));
}

TEST_F(VectorTest, Bitcast) {
  EXPECT_EQ(vectors("%a: vector<2x2xi8>",
                    "%r = vector.bitcast %a : vector<2x2xi8> to "
                    "vector<2x4xi4>",
                    "vector<2x4xi4>",
                    {make("i8", {2, 2}, {0x21, 0x43, 0x65, 0x87})}),
            Codes({1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(vectors("%a: vector<4xi8>",
                    "%r = vector.bitcast %a : vector<4xi8> to vector<1xf32>",
                    "vector<1xf32>", {make("i8", {4}, {0, 0, 0xC0, 0x3F})}),
            toCodes({1.5f}));
}

TEST_F(VectorTest, Parts) {
  EXPECT_EQ(vectors("%a: vector<2x3xi8>, %i: index",
                    "%r = vector.extract %a[%i] : vector<3xi8> from "
                    "vector<2x3xi8>",
                    "vector<3xi8>", {iota({2, 3}), index(1)}),
            Codes({3, 4, 5}));
  EXPECT_EQ(vectors("%a: vector<2x3xi8>",
                    "%r = vector.extract %a[1, 2] : i8 from vector<2x3xi8>",
                    "i8", {iota({2, 3})}),
            Codes({5}));
  EXPECT_EQ(fail("func.func @f(%a: vector<2xi8>, %i: index) -> i8 {\n"
                 "  %r = vector.extract %a[%i] : i8 from vector<2xi8>\n"
                 "  return %r : i8\n}",
                 {iota({2}), index(2)}),
            "2: 'vector.extract' op index 2 is out of bounds in dimension 0 of "
            "a vector of shape 2");
  EXPECT_EQ(vectors("%a: vector<2x2xi8>, %b: vector<2xi8>",
                    "%r = vector.insert %b, %a [1] : vector<2xi8> into "
                    "vector<2x2xi8>",
                    "vector<2x2xi8>", {iota({2, 2}), make("i8", {2}, {8, 9})}),
            Codes({0, 1, 8, 9}));
  EXPECT_EQ(vectors("%a: vector<2x2xi8>, %b: i8, %i: index",
                    "%r = vector.insert %b, %a [%i, 0] : i8 into "
                    "vector<2x2xi8>",
                    "vector<2x2xi8>",
                    {iota({2, 2}), make("i8", {}, {7}), index(1)}),
            Codes({0, 1, 7, 3}));
  EXPECT_EQ(vectors("%a: vector<3x4xi8>",
                    "%r = vector.extract_strided_slice %a {offsets = [1, 1], "
                    "sizes = [2, 2], strides = [1, 1]} : vector<3x4xi8> to "
                    "vector<2x2xi8>",
                    "vector<2x2xi8>", {iota({3, 4})}),
            Codes({5, 6, 9, 10}));
  EXPECT_EQ(vectors("%a: vector<2x3xi8>, %b: vector<2xi8>",
                    "%r = vector.insert_strided_slice %b, %a {offsets = [1, "
                    "1], strides = [1]} : vector<2xi8> into vector<2x3xi8>",
                    "vector<2x3xi8>", {iota({2, 3}), make("i8", {2}, {8, 9})}),
            Codes({0, 1, 2, 3, 8, 9}));
}

TEST_F(VectorTest, Masks) {
  EXPECT_EQ(vectors("", "%r = vector.constant_mask [1, 2] : vector<2x3xi1>",
                    "vector<2x3xi1>", {}),
            Codes({1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(vectors("%n: index, %m: index",
                    "%r = vector.create_mask %n, %m : vector<2x2xi1>",
                    "vector<2x2xi1>", {index(7), index(1)}),
            Codes({1, 0, 1, 0}));
}

TEST_F(VectorTest, Reductions) {
  // Ascending: 2^24 + 1 - 2^24 loses the 1, which any other order might not.
  float big = 16777216.0f;
  EXPECT_EQ(vectors("%a: vector<3xf32>",
                    "%r = vector.reduction <add>, %a : vector<3xf32> into f32",
                    "f32", {floats({3}, {big, 1, -big})}),
            toCodes({0}));
  EXPECT_EQ(vectors("%a: vector<3xf32>, %s: f32",
                    "%r = vector.reduction <add>, %a, %s : vector<3xf32> into "
                    "f32",
                    "f32", {floats({3}, {big, 1, 2}), floats({}, {-big})}),
            toCodes({3}));
  std::pair<const char *, uint64_t> kinds[] = {{"add", (3 + 0xFE + 5) & 255},
                                               {"mul", (3 * 0xFE * 5) & 255},
                                               {"minsi", 0xFE},
                                               {"maxsi", 5},
                                               {"minui", 3},
                                               {"maxui", 0xFE},
                                               {"and", 3 & 0xFE & 5},
                                               {"or", 3 | 0xFE | 5},
                                               {"xor", 3 ^ 0xFE ^ 5}};
  for (auto [kind, expected] : kinds)
    EXPECT_EQ(vectors("%a: vector<3xi8>",
                      std::string("%r = vector.reduction <") + kind +
                          ">, %a : vector<3xi8> into i8",
                      "i8", {make("i8", {3}, {3, 0xFE, 5})}),
              Codes({expected}))
        << kind;
  std::pair<const char *, float> floatKinds[] = {
      {"mul", -6}, {"maxnumf", 3}, {"minnumf", -2}};
  for (auto [kind, expected] : floatKinds)
    EXPECT_EQ(vectors("%a: vector<3xf32>",
                      std::string("%r = vector.reduction <") + kind +
                          ">, %a : vector<3xf32> into f32",
                      "f32", {floats({3}, {1, -2, 3})}),
              toCodes({expected}))
        << kind;
  for (const char *kind : {"maximumf", "minimumf"})
    EXPECT_EQ(vectors("%a: vector<2xf16>",
                      std::string("%r = vector.reduction <") + kind +
                          ">, %a : vector<2xf16> into f16",
                      "f16", {make("f16", {2}, {0x3C00, 0x7E00})}),
              Codes({0x7E00}));
  EXPECT_EQ(vectors("%a: vector<2x3xi8>, %s: vector<3xi8>",
                    "%r = vector.multi_reduction <add>, %a, %s [0] : "
                    "vector<2x3xi8> to vector<3xi8>",
                    "vector<3xi8>",
                    {iota({2, 3}), make("i8", {3}, {10, 20, 30})}),
            Codes({13, 25, 37}));
}

TEST_F(VectorTest, Products) {
  EXPECT_EQ(vectors("%a: vector<2xf32>, %b: vector<2xf32>, %c: vector<2x2xf32>",
                    "%r = vector.outerproduct %a, %b, %c : vector<2xf32>, "
                    "vector<2xf32>",
                    "vector<2x2xf32>",
                    {floats({2}, {2, 3}), floats({2}, {5, 7}),
                     floats({2, 2}, {1, 1, 1, 1})}),
            toCodes({11, 15, 16, 22}));
  EXPECT_EQ(
      vectors("%a: vector<2xf32>, %b: vector<2xf32>, %c: vector<2xf32>",
              "%r = vector.fma %a, %b, %c : vector<2xf32>", "vector<2xf32>",
              {floats({2}, {2, 3}), floats({2}, {5, 7}), floats({2}, {1, -1})}),
      toCodes({11, 20}));
  // Matrices of i8 widened by their sign: [[1, -2], [3, 4]] * [[5], [6]].
  const char *contract = R"(
    %r = vector.contract {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (k, n)>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]
    } %a, %b, %c : vector<2x2xi8>, vector<2x1xi8> into vector<2x1xi32>)";
  EXPECT_EQ(
      vectors("%a: vector<2x2xi8>, %b: vector<2x1xi8>, %c: "
              "vector<2x1xi32>",
              contract, "vector<2x1xi32>",
              {make("i8", {2, 2}, {1, 0xFE, 3, 4}), make("i8", {2, 1}, {5, 6}),
               make("i32", {2, 1}, {0, 100})}),
      Codes({0xFFFFFFF9, 139}));
}

TEST_F(VectorTest, Transfers) {
  Tensor source = iota({2, 3}), pad = make("i8", {}, {99}), at = index(1);
  EXPECT_EQ(vectors("%a: tensor<2x3xi8>, %p: i8, %i: index",
                    "%r = vector.transfer_read %a[%i, %i], %p : "
                    "tensor<2x3xi8>, vector<2x3xi8>",
                    "vector<2x3xi8>", {source, pad, at}),
            Codes({4, 5, 99, 99, 99, 99}));
  // Transposed, and a dimension that is a broadcast.
  EXPECT_EQ(vectors("%a: tensor<2x3xi8>, %p: i8, %i: index",
                    "%r = vector.transfer_read %a[%i, %i], %p {permutation_map "
                    "= affine_map<(d0, d1) -> (d1, 0)>} : "
                    "tensor<2x3xi8>, vector<3x2xi8>",
                    "vector<3x2xi8>", {source, pad, at}),
            Codes({4, 4, 5, 5, 99, 99}));
  EXPECT_EQ(vectors("%a: tensor<2x3xi8>, %p: i8, %i: index, %m: vector<2xi1>",
                    "%r = vector.transfer_read %a[%i, %i], %p, %m : "
                    "tensor<2x3xi8>, vector<2xi8>",
                    "vector<2xi8>", {source, pad, at, make("i1", {2}, {0, 1})}),
            Codes({99, 5}));
  EXPECT_EQ(vectors("%a: tensor<2x3xi8>, %v: vector<2x2xi8>, %i: index",
                    "%r = vector.transfer_write %v, %a[%i, %i] : "
                    "vector<2x2xi8>, tensor<2x3xi8>",
                    "tensor<2x3xi8>",
                    {source, make("i8", {2, 2}, {90, 91, 92, 93}), at}),
            Codes({0, 1, 2, 3, 90, 91}));
  // What is said to be in bounds must be.
  EXPECT_EQ(
      fail("func.func @f(%a: tensor<3xi8>, %p: i8, %i: index) -> "
           "vector<2xi8> {\n"
           "  %r = vector.transfer_read %a[%i], %p {in_bounds = [true]} "
           ": tensor<3xi8>, vector<2xi8>\n"
           "  return %r : vector<2xi8>\n}",
           {iota({3}), pad, index(2)}),
      "2: 'vector.transfer_read' op index 3 is out of bounds in dimension "
      "0 of a tensor of shape 3");
}
