//===- LinalgTest.cpp - linalg, evaluated ---------------------------------===//
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
class LinalgTest : public ReferenceTest {
protected:
  Tensor iota(llvm::ArrayRef<int64_t> shape) {
    std::vector<float> values(mlir::ShapedType::getNumElements(shape));
    std::iota(values.begin(), values.end(), 0.0f);
    return floats(shape, values);
  }
};
using Floats = std::vector<float>;
} // namespace

TEST_F(LinalgTest, GenericWithIndicesAndOuterValues) {
  // The second body calls a function, which no scalar program holds.
  for (const char *op : {"%v = arith.addf %y, %x : f32",
                         "%v = func.call @g(%y, %x) : (f32, f32) -> f32"})
    EXPECT_EQ(floatsOf(run1(std::string(R"(
      func.func @g(%a: f32, %b: f32) -> f32 {
        %r = arith.addf %a, %b : f32
        return %r : f32
      }
      func.func @f(%a: tensor<2x?xf32>, %init: tensor<?x2xf32>, %x: f32)
          -> tensor<?x2xf32> {
        %r = linalg.generic {
            indexing_maps = [affine_map<(i, j) -> (j, i)>,
                             affine_map<(i, j) -> (i, j)>],
            iterator_types = ["parallel", "parallel"]}
            ins(%a : tensor<2x?xf32>) outs(%init : tensor<?x2xf32>) {
        ^bb0(%in: f32, %out: f32):
          %i = linalg.index 0 : index
          %j = linalg.index 1 : index
          %c10 = arith.constant 10 : index
          %k = arith.muli %i, %c10 : index
          %l = arith.addi %k, %j : index
          %m = arith.index_cast %l : index to i32
          %n = arith.sitofp %m : i32 to f32
          %p = arith.mulf %n, %in : f32
          %y = arith.addf %p, %out : f32
          )") + op + R"(
          linalg.yield %v : f32
        } -> tensor<?x2xf32>
        return %r : tensor<?x2xf32>
      })",
                            {iota({2, 3}), floats({3, 2}, {1, 2, 3, 4, 5, 6}),
                             floats({}, {0.5f})})),
              // (10 i + j) * (3 j + i) + init + 0.5
              Floats({1.5f, 5.5f, 13.5f, 48.5f, 45.5f, 111.5f}))
        << op;
}

/// [[0, 1, 2], [3, 4, 5]] * [[0, 1], [2, 3], [4, 5]] = [[10, 13], [28, 40]].
TEST_F(LinalgTest, Matmul) {
  const char *source = R"(
    func.func @f(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x?xf32>)
        -> tensor<?x?xf32> {
      %r = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
                         outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
      return %r : tensor<?x?xf32>
    })";
  EXPECT_EQ(floatsOf(run1(source, {iota({2, 3}), iota({3, 2}),
                                   floats({2, 2}, {0, 0, 0, 100})})),
            Floats({10, 13, 28, 140}));
  // Empty sums, and nothing at all.
  EXPECT_EQ(floatsOf(run1(
                source, {iota({1, 0}), iota({0, 2}), floats({1, 2}, {7, 8})})),
            Floats({7, 8}));
  EXPECT_EQ(run1(source, {iota({0, 3}), iota({3, 2}), floats({0, 2}, {})})
                .getNumElements(),
            0);
  EXPECT_EQ(
      fail(source, {iota({2, 3}), iota({2, 2}), floats({2, 2}, {0, 0, 0, 0})}),
      "4: 'linalg.matmul' op expected extent 3 in dimension 0 of operand "
      "#1, found 2");
}

/// The sum runs over ascending k and is rounded at every step.
TEST_F(LinalgTest, SumsRoundStepByStep) {
  float big = 16777216.0f;
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<f32>)
        -> tensor<f32> {
      %r = linalg.dot ins(%a, %b : tensor<4xf32>, tensor<4xf32>)
                      outs(%c : tensor<f32>) -> tensor<f32>
      return %r : tensor<f32>
    })",
                          {floats({4}, {big, 1, 1, -big}),
                           floats({4}, {1, 1, 1, 1}), floats({}, {0})}))
                .front(),
            0.0f);
  // f16 products summed in f32: the widening is in the body of the op.
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%a: tensor<1x2xf16>, %b: tensor<2x1xf16>, %c: tensor<1x1xf32>)
        -> tensor<1x1xf32> {
      %r = linalg.matmul ins(%a, %b : tensor<1x2xf16>, tensor<2x1xf16>)
                         outs(%c : tensor<1x1xf32>) -> tensor<1x1xf32>
      return %r : tensor<1x1xf32>
    })",
                          {make("f16", {1, 2}, {0x7800, 0x3C00}), // 2^15, 1
                           make("f16", {2, 1}, {0x4000, 0x3C00}),
                           floats({1, 1}, {0})}))
                .front(),
            65537.0f);
}

TEST_F(LinalgTest, NamedOps) {
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%x: f32, %n: index) -> tensor<?xf32> {
      %e = tensor.empty(%n) : tensor<?xf32>
      %r = linalg.fill ins(%x : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      return %r : tensor<?xf32>
    })",
                          {floats({}, {2.5f}), index(3)})),
            Floats({2.5f, 2.5f, 2.5f}));
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%a: tensor<2x3xf32>) -> tensor<3x2xf32> {
      %e = tensor.empty() : tensor<3x2xf32>
      %r = linalg.transpose ins(%a : tensor<2x3xf32>)
                            outs(%e : tensor<3x2xf32>) permutation = [1, 0]
      return %r : tensor<3x2xf32>
    })",
                          {iota({2, 3})})),
            Floats({0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%a: tensor<2xf32>) -> tensor<2x3xf32> {
      %e = tensor.empty() : tensor<2x3xf32>
      %r = linalg.broadcast ins(%a : tensor<2xf32>)
                            outs(%e : tensor<2x3xf32>) dimensions = [1]
      return %r : tensor<2x3xf32>
    })",
                          {iota({2})})),
            Floats({0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(floatsOf(run1(
                R"(
    func.func @f(%a: tensor<2x3xf32>, %c: tensor<3xf32>) -> tensor<3xf32> {
      %r = linalg.reduce { arith.maximumf }
          ins(%a : tensor<2x3xf32>) outs(%c : tensor<3xf32>) dimensions = [0]
      return %r : tensor<3xf32>
    })",
                {floats({2, 3}, {1, 5, 2, 4, 3, 6}), floats({3}, {0, 0, 7})})),
            Floats({4, 5, 7}));
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%a: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<3xf32> {
      %e = tensor.empty() : tensor<3xf32>
      %r = linalg.map { arith.subf } ins(%a, %b : tensor<3xf32>, tensor<3xf32>)
                                     outs(%e : tensor<3xf32>)
      return %r : tensor<3xf32>
    })",
                          {floats({3}, {5, 6, 7}), iota({3})})),
            Floats({5, 5, 5}));
  // [[0, 1]] and [[2, 3]], times [[0, 1], [2, 3]] and [[4, 5], [6, 7]].
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%a: tensor<2x1x2xf32>, %b: tensor<2x2x2xf32>,
                 %c: tensor<2x1x2xf32>) -> tensor<2x1x2xf32> {
      %r = linalg.batch_matmul
          ins(%a, %b : tensor<2x1x2xf32>, tensor<2x2x2xf32>)
          outs(%c : tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
      return %r : tensor<2x1x2xf32>
    })",
                          {iota({2, 1, 2}), iota({2, 2, 2}),
                           floats({2, 1, 2}, {0, 0, 0, 0})})),
            Floats({2, 3, 26, 31}));
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%a: tensor<1x4x1x1xf32>, %w: tensor<2x1xf32>,
                 %c: tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32> {
      %r = linalg.pooling_nhwc_max
          {strides = dense<[2, 1]> : vector<2xi64>,
           dilations = dense<1> : vector<2xi64>}
          ins(%a, %w : tensor<1x4x1x1xf32>, tensor<2x1xf32>)
          outs(%c : tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
      return %r : tensor<1x2x1x1xf32>
    })",
                          {floats({1, 4, 1, 1}, {4, 9, -3, -2}), iota({2, 1}),
                           floats({1, 2, 1, 1}, {-5, -5})})),
            Floats({9, -2}));
}

TEST_F(LinalgTest, WindowsStayInBounds) {
  const char *source = R"(
    func.func @f(%a: tensor<?xf32>, %w: tensor<?xf32>, %c: tensor<?xf32>)
        -> tensor<?xf32> {
      %r = linalg.conv_1d ins(%a, %w : tensor<?xf32>, tensor<?xf32>)
                          outs(%c : tensor<?xf32>) -> tensor<?xf32>
      return %r : tensor<?xf32>
    })";
  EXPECT_EQ(floatsOf(run1(source, {iota({4}), floats({2}, {1, 10}),
                                   floats({3}, {0, 0, 0})})),
            Floats({10, 21, 32}));
  EXPECT_EQ(fail(source,
                 {iota({4}), floats({2}, {1, 10}), floats({4}, {0, 0, 0, 0})}),
            "4: 'linalg.conv_1d' op reads operand #0 from 0 to 4 in dimension "
            "0, which has extent 4");
}

/// An access that is not linear, checked element by element.
TEST_F(LinalgTest, NonlinearAccess) {
  const char *source = R"(
    func.func @f(%a: tensor<?xf32>, %c: tensor<6xf32>) -> tensor<6xf32> {
      %r = linalg.generic {
          indexing_maps = [affine_map<(i) -> (i floordiv 2)>,
                           affine_map<(i) -> (i)>],
          iterator_types = ["parallel"]}
          ins(%a : tensor<?xf32>) outs(%c : tensor<6xf32>) {
      ^bb0(%in: f32, %out: f32):
        linalg.yield %in : f32
      } -> tensor<6xf32>
      return %r : tensor<6xf32>
    })";
  Tensor init = floats({6}, {0, 0, 0, 0, 0, 0});
  EXPECT_EQ(floatsOf(run1(source, {iota({3}), init})),
            Floats({0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(fail(source, {iota({2}), init}),
            "3: 'linalg.generic' op index 2 is out of bounds in dimension 0 of "
            "operand #0 of shape 2");
}

TEST_F(LinalgTest, ErrorsInBodies) {
  EXPECT_EQ(fail("func.func @f(%a: tensor<2xi8>, %c: tensor<2xi8>) -> "
                 "tensor<2xi8> {\n"
                 "  %r = linalg.map ins(%a : tensor<2xi8>) "
                 "outs(%c : tensor<2xi8>)\n"
                 "    (%x: i8, %o: i8) {\n"
                 "      %q = arith.divui %x, %x : i8\n"
                 "      linalg.yield %q : i8\n"
                 "    }\n"
                 "  return %r : tensor<2xi8>\n}",
                 {make("i8", {2}, {1, 0}), make("i8", {2}, {0, 0})}),
            "4: 'arith.divui' op divides by zero; operands: 0, 0");
}

TEST_F(LinalgTest, LowbitOpsInBodies) {
  EXPECT_EQ(codesOf(run1(R"(
    func.func @f(%a: tensor<3xf32>) -> tensor<3xf4E2M1FN> {
      %e = tensor.empty() : tensor<3xf4E2M1FN>
      %r = linalg.generic {
          indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
          iterator_types = ["parallel"]}
          ins(%a : tensor<3xf32>) outs(%e : tensor<3xf4E2M1FN>) {
      ^bb0(%in: f32, %out: f4E2M1FN):
        %q = lowbit.convert %in : f32 to f4E2M1FN
        linalg.yield %q : f4E2M1FN
      } -> tensor<3xf4E2M1FN>
      return %r : tensor<3xf4E2M1FN>
    })",
                         {floats({3}, {2.5f, -5.0f, 100.0f})})),
            Codes({4, 14, 7}));
}
