//===- LowbitTest.cpp - lowbit ops, evaluated -----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The arithmetic has tests of its own (test/unit/Numerics). These are about
// operands, granularities and run-time shapes.
//
//===----------------------------------------------------------------------===//

#include "ReferenceTest.h"

#include <random>

using namespace lowbit;
using namespace lowbit::test;

namespace {
class LowbitTest : public ReferenceTest {};
using Floats = std::vector<float>;
} // namespace

//===----------------------------------------------------------------------===//
// quantize, dequantize
//===----------------------------------------------------------------------===//

TEST_F(LowbitTest, QuantizeInGroups) {
  // The second group is ragged: scales 0.5 and 2.
  Tensor x = floats({2, 3}, {1.0f, -1.25f, 3.0f, 100.0f, 0.75f, -20.0f});
  Tensor s = floats({2, 2}, {0.5f, 2.0f, 0.5f, 2.0f});
  // 2, -2.5, 1.5; 200, 1.5, -10
  EXPECT_EQ(codesOf(apply1("lowbit.quantize %0 scale(%1) block [1, 2] : "
                           "(tensor<2x3xf32>, tensor<2x2xf32>) -> "
                           "tensor<2x3xi4>",
                           {x, s}, "tensor<2x3xi4>")),
            Codes({2, 14, 2, 7, 2, 8}));
  EXPECT_EQ(codesOf(apply1("lowbit.quantize %0 scale(%1) block [1, 2] "
                           "{rounding = #lowbit.rounding<toward_zero>} : "
                           "(tensor<2x3xf32>, tensor<2x2xf32>) -> "
                           "tensor<2x3xi4>",
                           {x, s}, "tensor<2x3xi4>")),
            Codes({2, 14, 1, 7, 1, 8}));
}

TEST_F(LowbitTest, ScalesOfEveryRank) {
  Tensor x = floats({2, 2}, {1, 2, 3, 4});
  Codes expected = {2, 4, 6, 7};
  EXPECT_EQ(codesOf(apply1("lowbit.quantize %0 scale(%1) : (tensor<2x2xf32>, "
                           "f32) -> tensor<2x2xi4>",
                           {x, floats({}, {0.5f})}, "tensor<2x2xi4>")),
            expected);
  EXPECT_EQ(codesOf(run1("func.func @f(%x: tensor<2x2xf32>, %s: tensor<bf16>) "
                         "-> tensor<2x2xi4> {\n"
                         "%r = lowbit.quantize %x scale(%s) : "
                         "(tensor<2x2xf32>, tensor<bf16>) -> tensor<2x2xi4>\n"
                         "return %r : tensor<2x2xi4>\n}",
                         {x, make("bf16", {}, {0x3F00})})),
            expected);
  EXPECT_EQ(
      codesOf(apply1("lowbit.quantize %0 scale(%1) : (tensor<2x2xf32>, "
                     "tensor<1x2xf32>) -> tensor<2x2xi4>",
                     {x, floats({1, 2}, {1.0f, 2.0f})}, "tensor<2x2xi4>")),
      Codes({1, 1, 3, 2}));
  EXPECT_EQ(
      codesOf(apply1("lowbit.quantize %0 scale(%1) : (tensor<2x2xf32>, "
                     "tensor<1x1xf8E8M0FNU>) -> tensor<2x2xi4>",
                     {x, make("f8E8M0FNU", {1, 1}, {126})}, "tensor<2x2xi4>")),
      expected);
}

TEST_F(LowbitTest, ZeroPoints) {
  Tensor x = floats({4}, {-1.0f, 0.5f, 1.5f, 30.0f});
  // An integer is added after rounding (0.5 to 0, 1.5 to 2), a float before.
  EXPECT_EQ(codesOf(apply1("lowbit.quantize %0 scale(%1) zero_point(%2) : "
                           "(tensor<4xf32>, tensor<1xf32>, tensor<1xi32>) -> "
                           "tensor<4xui4>",
                           {x, floats({1}, {1}), make("i32", {1}, {3})},
                           "tensor<4xui4>")),
            Codes({2, 3, 5, 15}));
  EXPECT_EQ(
      codesOf(apply1("lowbit.quantize %0 scale(%1) zero_point(%2) : "
                     "(tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> "
                     "tensor<4xui4>",
                     {x, floats({1}, {1}), floats({1}, {3})}, "tensor<4xui4>")),
      Codes({2, 4, 4, 15}));
  EXPECT_EQ(floatsOf(apply1("lowbit.dequantize %0 scale(%1) zero_point(%2) : "
                            "(tensor<4xui4>, tensor<1xf32>, tensor<1xui8>) -> "
                            "tensor<4xf32>",
                            {make("ui4", {4}, {0, 3, 8, 15}),
                             floats({1}, {0.25f}), make("ui8", {1}, {200})},
                            "tensor<4xf32>")),
            Floats({-50.0f, -49.25f, -48.0f, -46.25f}));
}

TEST_F(LowbitTest, DynamicExtents) {
  const char *source = R"(
    func.func @f(%x: tensor<?x?xf32>, %s: tensor<?x?xf32>, %z: tensor<?x?xi8>)
        -> tensor<?x?xi4> {
      %q = lowbit.quantize %x scale(%s) zero_point(%z) block [1, 2]
          : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xi8>) -> tensor<?x?xi4>
      return %q : tensor<?x?xi4>
    })";
  Tensor x = floats({1, 3}, {1, 2, 3});
  EXPECT_EQ(codesOf(run1(source, {x, floats({1, 2}, {1, 3}),
                                  make("i8", {1, 2}, {1, 0xFF})})),
            Codes({2, 3, 0}));
  EXPECT_EQ(fail(source,
                 {x, floats({1, 3}, {1, 2, 3}), make("i8", {1, 3}, {1, 2, 3})}),
            "4: 'lowbit.quantize' op S5: expected 2 scales in dimension 1 "
            "(extent 3, block 2), found 3");
  EXPECT_EQ(fail(source, {x, floats({1, 2}, {1, 2}), make("i8", {1, 1}, {1})}),
            "4: 'lowbit.quantize' op Z1: expected a zero point of shape 1x2, "
            "found 1x1");
  EXPECT_EQ(run1(source, {floats({0, 3}, {}), floats({0, 2}, {}),
                          make("i8", {0, 2}, {})})
                .getNumElements(),
            0);
  // A whole dimension has one scale, even if it is empty.
  const char *whole = R"(
    func.func @f(%x: tensor<?x4xi8>, %s: tensor<?x1xf32>) -> tensor<?x4xf32> {
      %q = lowbit.dequantize %x scale(%s) block [0, 0]
          : (tensor<?x4xi8>, tensor<?x1xf32>) -> tensor<?x4xf32>
      return %q : tensor<?x4xf32>
    })";
  EXPECT_EQ(run1(whole, {make("i8", {0, 4}, {}), floats({1, 1}, {1})})
                .getNumElements(),
            0);
  EXPECT_EQ(fail(whole, {make("i8", {0, 4}, {}), floats({0, 1}, {})}),
            "3: 'lowbit.dequantize' op S5: expected 1 scales in dimension 0 "
            "(extent 0, block 0), found 0");
}

TEST_F(LowbitTest, StochasticRounding) {
  // 0.25 lies a quarter of the way from 0 to 1.
  Tensor x = floats({2}, {0.25f, 0.25f});
  Tensor random = make("i32", {2}, {0x3FFFFFFF, 0x40000000});
  EXPECT_EQ(codesOf(apply1("lowbit.quantize %0 scale(%1) random(%2) {rounding "
                           "= #lowbit.rounding<stochastic>} : (tensor<2xf32>, "
                           "f32, tensor<2xi32>) -> tensor<2xi8>",
                           {x, floats({}, {1}), random}, "tensor<2xi8>")),
            Codes({1, 0}));
  EXPECT_EQ(codesOf(apply1("lowbit.convert %0 random(%1 : tensor<2xi32>) "
                           "{rounding = #lowbit.rounding<stochastic>} : "
                           "tensor<2xf32> to tensor<2xi8>",
                           {x, random}, "tensor<2xi8>")),
            Codes({1, 0}));
  EXPECT_EQ(fail("func.func @f(%x: tensor<?xf32>, %s: f32, %r: tensor<?xi32>) "
                 "-> tensor<?xi8> {\n"
                 "  %q = lowbit.quantize %x scale(%s) random(%r) {rounding = "
                 "#lowbit.rounding<stochastic>} : (tensor<?xf32>, f32, "
                 "tensor<?xi32>) -> tensor<?xi8>\n"
                 "  return %q : tensor<?xi8>\n}",
                 {x, floats({}, {1}), make("i32", {1}, {0})}),
            "2: 'lowbit.quantize' op R2: expected `random` of shape 2, found "
            "1");
}

TEST_F(LowbitTest, DequantizeRoundsToTheResultType) {
  // 7 * 10000 = 70000 is beyond f16.
  auto dequantize = [&](const std::string &attributes) {
    return codesOf(apply1("lowbit.dequantize %0 scale(%1) " + attributes +
                              " : (tensor<2xi4>, f32) -> tensor<2xf16>",
                          {make("i4", {2}, {7, 15}), floats({}, {10000})},
                          "tensor<2xf16>"));
  };
  EXPECT_EQ(dequantize(""), Codes({0x7BFF, 0xF0E2}));
  EXPECT_EQ(dequantize("{overflow = #lowbit.overflow<ieee>}"),
            Codes({0x7C00, 0xF0E2}));
}

/// NVFP4: the block scales are themselves E4M3 under one f32.
TEST_F(LowbitTest, TwoLevels) {
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%q: tensor<1x4xf4E2M1FN>, %s: tensor<1x2xf8E4M3FN>, %t: f32)
        -> tensor<1x4xf32> {
      %u = lowbit.dequantize %s scale(%t)
          : (tensor<1x2xf8E4M3FN>, f32) -> tensor<1x2xf32>
      %x = lowbit.dequantize %q scale(%u) block [1, 2]
          : (tensor<1x4xf4E2M1FN>, tensor<1x2xf32>) -> tensor<1x4xf32>
      return %x : tensor<1x4xf32>
    })",
                          {make("f4E2M1FN", {1, 4}, {1, 7, 10, 15}),
                           make("f8E4M3FN", {1, 2}, {0x38, 0x44}), // 1, 3
                           floats({}, {0.5f})})),
            Floats({0.25f, 3.0f, -1.5f, -9.0f}));
}

//===----------------------------------------------------------------------===//
// choose_scale
//===----------------------------------------------------------------------===//

TEST_F(LowbitTest, ChooseScale) {
  Tensor x = floats({2, 4}, {1, -14, 3, 2, 0, 0, 0.5f, -0.25f});
  // Groups of two: 14 / 7; 3 / 7; all zero: 1; 0.5 / 7.
  EXPECT_EQ(floatsOf(apply1("lowbit.choose_scale %0 for i4 block [1, 2] : "
                            "(tensor<2x4xf32>) -> tensor<2x2xf32>",
                            {x}, "tensor<2x2xf32>")),
            Floats({2.0f, 3.0f / 7.0f, 1.0f, 0.5f / 7.0f}));
  // One scale of rank 0.
  EXPECT_EQ(floatsOf(apply1("lowbit.choose_scale %0 for i4 : "
                            "(tensor<2x4xf32>) -> tensor<f32>",
                            {x}, "tensor<f32>")),
            Floats({2.0f}));
  // lo = -14, hi = 3: s = 17 / 15, z = round(0 + 14 / s) = round(12.35).
  Tensors both = apply("lowbit.choose_scale %0 for ui4 block [0, 0] {method = "
                       "#lowbit.scale_method<minmax>} : (tensor<2x4xf32>) -> "
                       "(tensor<1x1xf32>, tensor<1x1xui8>)",
                       {x}, {"tensor<1x1xf32>", "tensor<1x1xui8>"});
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(floatsOf(both[0]), Floats({17.0f / 15.0f}));
  EXPECT_EQ(codesOf(both[1]), Codes({12}));
  // MX: 2^(floor(log2(14)) - 2) = 2.
  EXPECT_EQ(codesOf(apply1("lowbit.choose_scale %0 for f4E2M1FN {method = "
                           "#lowbit.scale_method<mx_floor>} : "
                           "(tensor<2x4xf32>) -> tensor<1x1xf8E8M0FNU>",
                           {x}, "tensor<1x1xf8E8M0FNU>")),
            Codes({128}));
  // A number of groups known at run time.
  EXPECT_EQ(floatsOf(run1(R"(
    func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
      %s = lowbit.choose_scale %x for i4 block [2]
          : (tensor<?xf32>) -> tensor<?xf32>
      return %s : tensor<?xf32>
    })",
                          {floats({3}, {7, -14, 21})})),
            Floats({2, 3}));
}

/// A folder refuses; at run time the scale is 1, or NaN where there is one.
TEST_F(LowbitTest, ChooseScaleOfNonFiniteData) {
  Tensor x = floats({2}, {1.0f, INFINITY});
  EXPECT_TRUE(std::isnan(
      floatsOf(apply1("lowbit.choose_scale %0 for i4 : (tensor<2xf32>) -> "
                      "tensor<1xf32>",
                      {x}, "tensor<1xf32>"))[0]));
  EXPECT_EQ(codesOf(apply1("lowbit.choose_scale %0 for i4 : (tensor<2xf32>) -> "
                           "tensor<1xf6E3M2FN>",
                           {x}, "tensor<1xf6E3M2FN>")),
            Codes({0b001100})); // 1 = 2^(3 - 3)
}

//===----------------------------------------------------------------------===//
// convert, bitcast
//===----------------------------------------------------------------------===//

TEST_F(LowbitTest, ConvertScalarsVectorsTensors) {
  EXPECT_EQ(apply1("lowbit.convert %0 : f32 to f8E4M3FN",
                   {floats({}, {500.0f})}, "f8E4M3FN")
                .getCode(),
            0x7Eu);
  EXPECT_EQ(apply1("lowbit.convert %0 {overflow = #lowbit.overflow<ieee>} : "
                   "f32 to f8E4M3FN",
                   {floats({}, {-500.0f})}, "f8E4M3FN")
                .getCode(),
            0xFFu);
  EXPECT_EQ(codesOf(run1("func.func @f(%x: vector<3xf4E2M1FN>) -> "
                         "vector<3xi4> {\n"
                         "%r = lowbit.convert %x : vector<3xf4E2M1FN> to "
                         "vector<3xi4>\n"
                         "return %r : vector<3xi4>\n}",
                         {make("f4E2M1FN", {3}, {1, 3, 15})})),
            Codes({0, 2, 10})); // 0.5, 1.5, -6
  EXPECT_EQ(codesOf(apply1("lowbit.convert %0 : tensor<2xf32> to "
                           "tensor<2x!lowbit.codebook<4, nf4>>",
                           {floats({2}, {0.1f, -2.0f})},
                           "tensor<2x!lowbit.codebook<4, nf4>>")),
            Codes({8, 0}));
}

TEST_F(LowbitTest, Bitcast) {
  EXPECT_EQ(codesOf(run1(R"(
    func.func @f() -> tensor<3xf32> {
      %c = arith.constant dense<[7, 9, 0]> : tensor<3xi4>
      %l = lowbit.bitcast %c : tensor<3xi4> to tensor<3x!lowbit.log<4>>
      %x = lowbit.convert %l : tensor<3x!lowbit.log<4>> to tensor<3xf32>
      return %x : tensor<3xf32>
    })")),
            toCodes({1.0f, -0.015625f, 0.0f}));
}

//===----------------------------------------------------------------------===//
// matmul
//===----------------------------------------------------------------------===//

TEST_F(LowbitTest, Matmul) {
  // A = [[1, 2], [3, 4]]; B = [[1, -2], [3, 4]] in i4 under 0.5 and 2 a column.
  Tensor a = floats({2, 2}, {1, 2, 3, 4});
  Tensor b = make("i4", {2, 2}, {1, 14, 3, 4});
  EXPECT_EQ(
      floatsOf(apply1("lowbit.matmul %0, %1 scale(%2) bias(%3) : "
                      "(tensor<2x2xf32>, tensor<2x2xi4>, "
                      "tensor<1x2xf32>, tensor<2xf32>) -> "
                      "tensor<2x2xf32>",
                      {a, b, floats({1, 2}, {0.5f, 2}), floats({2}, {100, 0})},
                      "tensor<2x2xf32>")),
      Floats({103.5f, 12, 107.5f, 20}));
  // The same B stored N x K, with a scale for each of its elements.
  EXPECT_EQ(floatsOf(apply1("lowbit.matmul %0, %1 scale(%2) transpose_b : "
                            "(tensor<2x2xf32>, tensor<2x2xi4>, "
                            "tensor<2x2xf32>) -> tensor<2x2xf32>",
                            {a, make("i4", {2, 2}, {1, 3, 14, 4}),
                             floats({2, 2}, {0.5f, 0.5f, 2, 4})},
                            "tensor<2x2xf32>")),
            Floats({3.5f, 28, 7.5f, 52}));
  // Batches, against one B.
  EXPECT_EQ(floatsOf(apply1("lowbit.matmul %0, %1 : (tensor<2x1x2xf32>, "
                            "tensor<2x1xf8E4M3FN>) -> tensor<2x1x1xf32>",
                            {floats({2, 1, 2}, {1, 2, 3, 4}),
                             make("f8E4M3FN", {2, 1}, {0x38, 0x40})},
                            "tensor<2x1x1xf32>")),
            Floats({5, 11}));
}

/// Sums in f64, one rounding: f32 sums would give 0, and 2^12 + 1 in f16 is a
/// tie.
TEST_F(LowbitTest, MatmulRoundsOnce) {
  float big = 16777216.0f;
  EXPECT_EQ(floatsOf(apply1(
                "lowbit.matmul %0, %1 : (tensor<1x3xf32>, "
                "tensor<3x1xf32>) -> tensor<1x1xf32>",
                {floats({1, 3}, {big, 1, -big}), floats({3, 1}, {1, 1, 1})},
                "tensor<1x1xf32>")),
            Floats({1}));
  EXPECT_EQ(codesOf(apply1(
                "lowbit.matmul %0, %1 : (tensor<1x2xf32>, "
                "tensor<2x2xf32>) -> tensor<1x2xf16>",
                {floats({1, 2}, {4096, 1}), floats({2, 2}, {1, 100, 2, 1})},
                "tensor<1x2xf16>")),
            Codes({0x6C00, 0x7C00})); // 4098 is a tie to 4096
}

/// acc = i32: integers under scales and zero points, exactly.
TEST_F(LowbitTest, MatmulOfIntegers) {
  // Differences [1, -3], [200, 0] times [2, 5]: -13 and 400; scales 0.5 * 4.
  EXPECT_EQ(floatsOf(apply1("lowbit.matmul %0 scale(%1) zero_point(%2), %3 "
                            "scale(%4) transpose_b {acc = i32} : "
                            "(tensor<2x2xui8>, f32, i16, tensor<1x2xi4>, "
                            "tensor<1x1xf32>) -> tensor<2x1xf32>",
                            {make("ui8", {2, 2}, {4, 0, 203, 3}),
                             floats({}, {0.5f}), make("i16", {}, {3}),
                             make("i4", {1, 2}, {2, 5}), floats({1, 1}, {4})},
                            "tensor<2x1xf32>")),
            Floats({-26, 800}));
}

TEST_F(LowbitTest, MatmulOfDynamicExtents) {
  const char *source = R"(
    func.func @f(%a: tensor<?x?x?xf32>, %b: tensor<?x?x?xi8>,
                 %s: tensor<?x?x?xf32>, %d: tensor<?xf32>)
        -> tensor<?x?x?xf32> {
      %c = lowbit.matmul %a, %b scale(%s) block [1, 2, 1] bias(%d)
          : (tensor<?x?x?xf32>, tensor<?x?x?xi8>, tensor<?x?x?xf32>,
             tensor<?xf32>) -> tensor<?x?x?xf32>
      return %c : tensor<?x?x?xf32>
    })";
  Tensor a = floats({1, 1, 3}, {1, 2, 3});
  Tensor b = make("i8", {1, 3, 2}, {1, 2, 3, 4, 5, 6});
  Tensor s = floats({1, 2, 2}, {1, 1, 10, 100});
  Tensor d = floats({2}, {0.5f, -0.5f});
  // 1 + 6 + 150, 2 + 8 + 1800.
  EXPECT_EQ(floatsOf(run1(source, {a, b, s, d})), Floats({157.5f, 1809.5f}));
  EXPECT_EQ(fail(source, {a, make("i8", {1, 2, 2}, {1, 2, 3, 4}), s, d}),
            "5: 'lowbit.matmul' op M3: expected B's dimension 1 to be K = 3, "
            "found 2");
  EXPECT_EQ(fail(source, {floats({2, 1, 3}, {1, 2, 3, 4, 5, 6}), b, s, d}),
            "5: 'lowbit.matmul' op M2: expected equal batch dimensions, found "
            "2 and 1 in dimension 0");
  EXPECT_EQ(fail(source, {a, b, s, floats({1}, {1})}),
            "5: 'lowbit.matmul' op M5: expected a bias of shape 2, found 1");
  EXPECT_EQ(fail(source, {a, b, floats({1, 1, 2}, {1, 1}), d}),
            "5: 'lowbit.matmul' op S5: expected 2 scales in dimension 1 "
            "(extent 3, block 2), found 1");
  // An empty sum is the bias.
  EXPECT_EQ(
      floatsOf(run1(source, {floats({1, 1, 0}, {}), make("i8", {1, 0, 2}, {}),
                             floats({1, 0, 2}, {}), d})),
      Floats({0.5f, -0.5f}));
}

TEST_F(LowbitTest, MatmulObserver) {
  mlir::OwningOpRef<mlir::ModuleOp> module = parse(R"(
    func.func @f(%a: tensor<1x2xf32>, %b: tensor<2x1xf32>, %d: tensor<1xf32>)
        -> tensor<1x1xf32> {
      %c = lowbit.matmul %a, %b bias(%d) : (tensor<1x2xf32>, tensor<2x1xf32>,
          tensor<1xf32>) -> tensor<1x1xf32>
      return %c : tensor<1x1xf32>
    })");
  Interpreter interpreter(*module);
  std::vector<double> seen;
  Floats results;
  interpreter.setMatmulObserver([&](mlir::Operation *op, const Tensor &result,
                                    llvm::ArrayRef<double> magnitude) {
    EXPECT_TRUE(mlir::isa<MatmulOp>(op));
    results = floatsOf(result);
    seen.assign(magnitude.begin(), magnitude.end());
  });
  ASSERT_TRUE(mlir::succeeded(
      interpreter.call("f", {floats({1, 2}, {2, -3}), floats({2, 1}, {5, 7}),
                             floats({1}, {-1})})));
  EXPECT_EQ(results, Floats({-12}));
  EXPECT_EQ(seen, std::vector<double>({32}));
}

//===----------------------------------------------------------------------===//
// A layer
//===----------------------------------------------------------------------===//

/// Weights quantized to i4 in groups of 32, f32 activations, bias, relu. What
/// is expected is said in extended precision, as properties of the results.
TEST_F(LowbitTest, QuantizedLinearLayer) {
  constexpr int64_t m = 3, n = 7, k = 96, group = 32;
  std::mt19937 random(6);
  std::normal_distribution<float> normal;
  auto make2d = [&](int64_t rows, int64_t columns) {
    Floats values;
    for (int64_t i = 0; i < rows * columns; ++i)
      values.push_back(normal(random));
    return values;
  };
  Floats x = make2d(m, k), w = make2d(n, k), bias = make2d(1, n);
  // A group of zeros, and one whose scale would be subnormal.
  for (int64_t i = 0; i < group; ++i) {
    w[i] = 0.0f;
    w[k + i] *= 1e-41f;
  }
  Tensors results =
      run(R"(
    func.func @f(%x: tensor<?x96xf32>, %w: tensor<7x96xf32>,
                 %bias: tensor<7xf32>)
        -> (tensor<7x3xf32>, tensor<7x96xi4>, tensor<?x7xf32>) {
      %s = lowbit.choose_scale %w for i4 block [1, 32]
          : (tensor<7x96xf32>) -> tensor<7x3xf32>
      %q = lowbit.quantize %w scale(%s) block [1, 32]
          : (tensor<7x96xf32>, tensor<7x3xf32>) -> tensor<7x96xi4>
      %y = lowbit.matmul %x, %q scale(%s) block [1, 32] bias(%bias) transpose_b
          : (tensor<?x96xf32>, tensor<7x96xi4>, tensor<7x3xf32>, tensor<7xf32>)
          -> tensor<?x7xf32>
      %zero = arith.constant 0.0 : f32
      %relu = linalg.generic {
          indexing_maps = [affine_map<(i, j) -> (i, j)>],
          iterator_types = ["parallel", "parallel"]}
          outs(%y : tensor<?x7xf32>) {
      ^bb0(%value: f32):
        %r = arith.maximumf %value, %zero : f32
        linalg.yield %r : f32
      } -> tensor<?x7xf32>
      return %s, %q, %relu
          : tensor<7x3xf32>, tensor<7x96xi4>, tensor<?x7xf32>
    })",
          {floats({m, k}, x), floats({n, k}, w), floats({n}, bias)});
  ASSERT_EQ(results.size(), 3u);
  Floats s = floatsOf(results[0]), y = floatsOf(results[2]);

  for (int64_t row = 0; row < n; ++row)
    for (int64_t g = 0; g < k / group; ++g) {
      float scale = s[row * (k / group) + g];
      long double largest = 0;
      for (int64_t i = 0; i < group; ++i)
        largest = std::max<long double>(largest,
                                        std::fabs(w[row * k + g * group + i]));
      if (largest == 0) {
        EXPECT_EQ(scale, 1.0f);
        continue;
      }
      // The nearest f32 to largest / 7: no further than half a step away.
      long double step = std::nextafter(scale, INFINITY) - scale;
      EXPECT_LE(std::fabs(scale - largest / 7), step / 2) << row << " " << g;
    }
  for (int64_t i = 0; i < n * k; ++i) {
    long double scale = s[i / k * (k / group) + i % k / group];
    int64_t q = results[1].getInteger(i);
    // The nearest integer to the quotient, which was rounded once before.
    EXPECT_LE(std::fabs(w[i] / scale - q), 0.5L + 4 * 0x1p-24L) << i;
  }
  for (int64_t row = 0; row < m; ++row)
    for (int64_t column = 0; column < n; ++column) {
      long double sum = bias[column], magnitude = std::fabs(sum);
      for (int64_t i = k; i-- > 0;) {
        int64_t element = column * k + i;
        float scale = s[column * (k / group) + i / group];
        float weight = static_cast<float>(
            static_cast<long double>(results[1].getInteger(element)) * scale);
        long double product = static_cast<long double>(x[row * k + i]) * weight;
        sum += product;
        magnitude += std::fabs(product);
      }
      long double expected = std::max<long double>(sum, 0);
      // One rounding to f32, and those of the f64 sum.
      EXPECT_LE(std::fabs(y[row * n + column] - expected),
                expected * 0x1p-24L + magnitude * k * 0x1p-53L)
          << row << " " << column;
    }
}
