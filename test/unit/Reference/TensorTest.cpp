//===- TensorTest.cpp - tensor, evaluated ---------------------------------===//
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
class TensorTest : public ReferenceTest {
protected:
  /// 0, 1, 2, ... as i8.
  Tensor iota(llvm::ArrayRef<int64_t> shape) {
    Codes codes(mlir::ShapedType::getNumElements(shape));
    std::iota(codes.begin(), codes.end(), 0);
    return make("i8", shape, codes);
  }
  static std::vector<int64_t> shapeOf(const Tensor &value) {
    return {value.getShape().begin(), value.getShape().end()};
  }
};
using Shape = std::vector<int64_t>;
} // namespace

TEST_F(TensorTest, MakingAndAsking) {
  Tensor empty = apply1("tensor.empty(%0) : tensor<?x2xf32>", {index(3)},
                        "tensor<?x2xf32>");
  EXPECT_EQ(shapeOf(empty), Shape({3, 2}));
  EXPECT_EQ(codesOf(empty), Codes(6, 0));
  EXPECT_EQ(applyAndFail("tensor.empty(%0) : tensor<?x2xf32>", {index(-3)},
                         "tensor<?x2xf32>"),
            "2: 'tensor.empty' op makes a tensor of the negative extent -3 "
            "(-3x2)");
  EXPECT_EQ(applyAndFail("tensor.empty(%0) : tensor<?x2xf32>",
                         {index(int64_t(1) << 40)}, "tensor<?x2xf32>"),
            "2: 'tensor.empty' op makes a tensor of shape 1099511627776x2, "
            "which is too large for the reference evaluator");
  EXPECT_EQ(codesOf(apply1("tensor.splat %0[%1] : tensor<2x?xi8>",
                           {make("i8", {}, {7}), index(2)}, "tensor<2x?xi8>")),
            Codes(4, 7));
  EXPECT_EQ(codesOf(apply1("tensor.from_elements %0, %1 : tensor<2x1xi8>",
                           {make("i8", {}, {7}), make("i8", {}, {8})},
                           "tensor<2x1xi8>")),
            Codes({7, 8}));
  EXPECT_EQ(apply1("tensor.dim %0, %1 : tensor<2x3xi8>",
                   {iota({2, 3}), index(1)}, "index")
                .getInteger(),
            3);
  EXPECT_EQ(applyAndFail("tensor.dim %0, %1 : tensor<2x3xi8>",
                         {iota({2, 3}), index(2)}, "index"),
            "2: 'tensor.dim' op asks for dimension 2 of a tensor of rank 2");
  EXPECT_EQ(apply1("tensor.rank %0 : tensor<2x3xi8>", {iota({2, 3})}, "index")
                .getInteger(),
            2);
}

TEST_F(TensorTest, Generate) {
  // The second body holds more than scalar ops.
  for (const char *value : {"%v = arith.addi %k, %j : index",
                            "%t = tensor.splat %k : tensor<2xindex>\n"
                            "%z = tensor.extract %t[%j] : tensor<2xindex>\n"
                            "%v = arith.addi %z, %j : index"})
    EXPECT_EQ(codesOf(run1(std::string(R"(
      func.func @f(%n: index) -> tensor<?x2xindex> {
        %ten = arith.constant 10 : index
        %r = tensor.generate %n {
        ^bb0(%i: index, %j: index):
          %k = arith.muli %i, %ten : index
          )") + value + R"(
          tensor.yield %v : index
        } : tensor<?x2xindex>
        return %r : tensor<?x2xindex>
      })",
                           {index(3)})),
              Codes({0, 1, 10, 11, 20, 21}))
        << value;
}

TEST_F(TensorTest, Casts) {
  Tensor source = iota({2, 3});
  EXPECT_EQ(shapeOf(apply1("tensor.cast %0 : tensor<2x3xi8> to tensor<?x3xi8>",
                           {source}, "tensor<?x3xi8>")),
            Shape({2, 3}));
  EXPECT_EQ(fail("func.func @f(%a: tensor<?xi8>) -> tensor<4xi8> {\n"
                 "  %r = tensor.cast %a : tensor<?xi8> to tensor<4xi8>\n"
                 "  return %r : tensor<4xi8>\n}",
                 {iota({3})}),
            "2: 'tensor.cast' op gives a value of shape 3, which its result "
            "type 'tensor<4xi8>' does not allow");
  EXPECT_EQ(codesOf(apply1("tensor.bitcast %0 : tensor<1xi8> to tensor<1xui8>",
                           {make("i8", {1}, {0xFE})}, "tensor<1xui8>")),
            Codes({0xFE}));
}

TEST_F(TensorTest, Reshapes) {
  Tensor source = iota({2, 6});
  const char *expand = R"(
    func.func @f(%a: tensor<2x?xi8>, %n: index) -> tensor<2x?x3xi8> {
      %r = tensor.expand_shape %a [[0], [1, 2]] output_shape [2, %n, 3]
          : tensor<2x?xi8> into tensor<2x?x3xi8>
      return %r : tensor<2x?x3xi8>
    })";
  Tensor expanded = run1(expand, {source, index(2)});
  EXPECT_EQ(shapeOf(expanded), Shape({2, 2, 3}));
  EXPECT_EQ(codesOf(expanded), codesOf(source));
  EXPECT_EQ(fail(expand, {source, index(3)}),
            "3: 'tensor.expand_shape' op expected extents whose product is 6 "
            "for dimension 1 of the source, found shape 2x3x3");
  EXPECT_EQ(fail(expand, {source, index(uint64_t(1) << 63)}),
            "3: 'tensor.expand_shape' op expected extents whose product is 6 "
            "for dimension 1 of the source, found shape "
            "2x-9223372036854775808x3");
  Tensor collapsed = apply1("tensor.collapse_shape %0 [[0, 1]] : "
                            "tensor<2x6xi8> into tensor<12xi8>",
                            {source}, "tensor<12xi8>");
  EXPECT_EQ(shapeOf(collapsed), Shape({12}));
  EXPECT_EQ(
      shapeOf(apply1("tensor.reshape %0(%1) : (tensor<2x6xi8>, "
                     "tensor<2xi32>) -> tensor<?x?xi8>",
                     {source, make("i32", {2}, {3, 4})}, "tensor<?x?xi8>")),
      Shape({3, 4}));
  auto error = [&](Codes shape) {
    return applyAndFail("tensor.reshape %0(%1) : (tensor<2x6xi8>, "
                        "tensor<2xi64>) -> tensor<?x?xi8>",
                        {source, make("i64", {2}, shape)}, "tensor<?x?xi8>");
  };
  std::string expected = "2: 'tensor.reshape' op expected a shape of 12 "
                         "elements as in 2x6, found ";
  EXPECT_EQ(error({3, 5}), expected + "3x5");
  EXPECT_EQ(error({uint64_t(-3), uint64_t(-4)}), expected + "-3x-4");
  EXPECT_EQ(error({0, 12}), expected + "0x12");
  EXPECT_EQ(error({uint64_t(1) << 62, 16}),
            expected + "4611686018427387904x16");
}

TEST_F(TensorTest, Elements) {
  EXPECT_EQ(apply1("tensor.extract %0[%1, %1] : tensor<2x3xi8>",
                   {iota({2, 3}), index(1)}, "i8")
                .getCode(),
            4u);
  EXPECT_EQ(applyAndFail("tensor.extract %0[%1, %1] : tensor<2x3xi8>",
                         {iota({2, 3}), index(2)}, "i8"),
            "2: 'tensor.extract' op index 2 is out of bounds in dimension 0 of "
            "a tensor of shape 2x3");
  EXPECT_EQ(codesOf(apply1("tensor.insert %1 into %0[%2] : tensor<3xi8>",
                           {iota({3}), make("i8", {}, {9}), index(1)},
                           "tensor<3xi8>")),
            Codes({0, 9, 2}));
  EXPECT_EQ(applyAndFail("tensor.insert %1 into %0[%2] : tensor<3xi8>",
                         {iota({3}), make("i8", {}, {9}), index(-1)},
                         "tensor<3xi8>"),
            "2: 'tensor.insert' op index -1 is out of bounds in dimension 0 of "
            "a tensor of shape 3");
}

TEST_F(TensorTest, Slices) {
  Tensor source = iota({4, 5});
  // Rows 0, 2; columns 1, 3.
  EXPECT_EQ(codesOf(apply1("tensor.extract_slice %0[0, %1] [2, 2] [2, 2] : "
                           "tensor<4x5xi8> to tensor<2x2xi8>",
                           {source, index(1)}, "tensor<2x2xi8>")),
            Codes({1, 3, 11, 13}));
  // One row, without its dimension.
  Tensor row = apply1("tensor.extract_slice %0[%1, 0] [1, 5] [1, 1] : "
                      "tensor<4x5xi8> to tensor<5xi8>",
                      {source, index(3)}, "tensor<5xi8>");
  EXPECT_EQ(shapeOf(row), Shape({5}));
  EXPECT_EQ(codesOf(row), Codes({15, 16, 17, 18, 19}));
  // Backwards.
  EXPECT_EQ(codesOf(apply1("tensor.extract_slice %0[3] [4] [%1] : "
                           "tensor<4xi8> to tensor<4xi8>",
                           {iota({4}), index(-1)}, "tensor<4xi8>")),
            Codes({3, 2, 1, 0}));
  Tensor none = apply1("tensor.extract_slice %0[%2, 0] [%1, 5] [1, 1] : "
                       "tensor<4x5xi8> to tensor<?x5xi8>",
                       {source, index(0), index(4)}, "tensor<?x5xi8>");
  EXPECT_EQ(shapeOf(none), Shape({0, 5}));
  EXPECT_EQ(applyAndFail("tensor.extract_slice %0[0, %1] [2, 2] [2, 3] : "
                         "tensor<4x5xi8> to tensor<2x2xi8>",
                         {source, index(2)}, "tensor<2x2xi8>"),
            "2: 'tensor.extract_slice' op takes a slice of offset 2, size 2 "
            "and stride 3 in dimension 1, which has extent 5");
  EXPECT_EQ(applyAndFail("tensor.extract_slice %0[0, 0] [2, %1] [1, 1] : "
                         "tensor<4x5xi8> to tensor<2x?xi8>",
                         {source, index(-1)}, "tensor<2x?xi8>"),
            "2: 'tensor.extract_slice' op takes a slice of offset 0, size -1 "
            "and stride 1 in dimension 1, which has extent 5");

  Tensor part = make("i8", {2}, {90, 91});
  EXPECT_EQ(codesOf(apply1("tensor.insert_slice %1 into %0[%2, 1] [1, 2] "
                           "[1, 2] : tensor<2xi8> into tensor<2x4xi8>",
                           {iota({2, 4}), part, index(1)}, "tensor<2x4xi8>")),
            Codes({0, 1, 2, 3, 4, 90, 6, 91}));
  EXPECT_EQ(fail("func.func @f(%a: tensor<4xi8>, %b: tensor<?xi8>, %n: index) "
                 "-> tensor<4xi8> {\n"
                 "  %r = tensor.insert_slice %b into %a[0] [%n] [1] : "
                 "tensor<?xi8> into tensor<4xi8>\n"
                 "  return %r : tensor<4xi8>\n}",
                 {iota({4}), part, index(3)}),
            "2: 'tensor.insert_slice' op expected a source of shape 3, found "
            "2");
}

TEST_F(TensorTest, Pad) {
  const char *source = R"(
    func.func @f(%a: tensor<?x2xi8>, %low: index) -> tensor<?x4xi8> {
      %r = tensor.pad %a low[%low, 1] high[1, 1] {
      ^bb0(%i: index, %j: index):
        %s = arith.index_cast %i : index to i8
        %t = arith.index_cast %j : index to i8
        %ten = arith.constant 10 : i8
        %u = arith.muli %s, %ten : i8
        %v = arith.addi %u, %t : i8
        tensor.yield %v : i8
      } : tensor<?x2xi8> to tensor<?x4xi8>
      return %r : tensor<?x4xi8>
    })";
  Tensor padded = run1(source, {make("i8", {1, 2}, {77, 78}), index(1)});
  EXPECT_EQ(shapeOf(padded), Shape({3, 4}));
  EXPECT_EQ(codesOf(padded),
            Codes({0, 1, 2, 3, 10, 77, 78, 13, 20, 21, 22, 23}));
  EXPECT_EQ(fail(source, {make("i8", {1, 2}, {77, 78}), index(-1)}),
            "3: 'tensor.pad' op pads dimension 0 by the negative amount -1");
  EXPECT_EQ(fail(source, {make("i8", {1, 2}, {77, 78}),
                          index(std::numeric_limits<int64_t>::max())}),
            "3: 'tensor.pad' op makes a tensor of shape 9223372036854775807x4, "
            "which is too large for the reference evaluator");
}

TEST_F(TensorTest, Concat) {
  EXPECT_EQ(codesOf(apply1("tensor.concat dim(1) %0, %1, %0 : (tensor<2x1xi8>, "
                           "tensor<2x2xi8>, tensor<2x1xi8>) -> tensor<2x4xi8>",
                           {make("i8", {2, 1}, {8, 9}), iota({2, 2})},
                           "tensor<2x4xi8>")),
            Codes({8, 0, 1, 8, 9, 2, 3, 9}));
  EXPECT_EQ(shapeOf(apply1("tensor.concat dim(0) %0, %1 : (tensor<2x0xi8>, "
                           "tensor<1x0xi8>) -> tensor<3x0xi8>",
                           {iota({2, 0}), iota({1, 0})}, "tensor<3x0xi8>")),
            Shape({3, 0}));
  EXPECT_EQ(fail("func.func @f(%a: tensor<2x?xi8>, %b: tensor<2x?xi8>) -> "
                 "tensor<4x?xi8> {\n"
                 "  %r = tensor.concat dim(0) %a, %b : (tensor<2x?xi8>, "
                 "tensor<2x?xi8>) -> tensor<4x?xi8>\n"
                 "  return %r : tensor<4x?xi8>\n}",
                 {iota({2, 2}), iota({2, 3})}),
            "2: 'tensor.concat' op expected operand #1 to have shape 2x2, "
            "found 2x3");
}

TEST_F(TensorTest, Gather) {
  // Columns 2 and 0 of each row, in both forms of the result.
  Tensor source = iota({2, 3});
  Tensor indices = make("index", {2, 1}, {2, 0});
  for (auto [resultType, shape] :
       {std::pair<std::string, Shape>("tensor<2x2x1xi8>", {2, 2, 1}),
        std::pair<std::string, Shape>("tensor<2x2xi8>", {2, 2})}) {
    Tensor result = apply1("tensor.gather %0[%1] gather_dims([1]) : "
                           "(tensor<2x3xi8>, tensor<2x1xindex>) -> " +
                               resultType,
                           {source, indices}, resultType);
    EXPECT_EQ(shapeOf(result), shape);
    EXPECT_EQ(codesOf(result), Codes({2, 5, 0, 3}));
  }
  EXPECT_EQ(codesOf(apply1("tensor.gather %0[%1] gather_dims([0, 1]) : "
                           "(tensor<2x3xi8>, tensor<2x2xindex>) -> "
                           "tensor<2xi8>",
                           {source, make("index", {2, 2}, {1, 2, 0, 1})},
                           "tensor<2xi8>")),
            Codes({5, 1}));
  EXPECT_EQ(applyAndFail("tensor.gather %0[%1] gather_dims([1]) : "
                         "(tensor<2x3xi8>, tensor<2x1xindex>) -> "
                         "tensor<2x2xi8>",
                         {source, make("index", {2, 1}, {2, 3})},
                         "tensor<2x2xi8>"),
            "2: 'tensor.gather' op index 3 is out of bounds in dimension 1 of "
            "the source of shape 2x3");
}
