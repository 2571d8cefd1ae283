//===- InterpreterTest.cpp - Values, calls, constants, errors -------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReferenceTest.h"

using namespace lowbit;
using namespace lowbit::test;

namespace {
class InterpreterTest : public ReferenceTest {
protected:
  /// The codes of a constant.
  Codes constant(const std::string &value, const std::string &resources = "") {
    std::string source = "func.func @f() -> " + typeOf(value) +
                         " {\n%r = arith.constant " + value +
                         "\nreturn %r : " + typeOf(value) + "\n}" + resources;
    return codesOf(run1(source));
  }
  std::string constantError(const std::string &value,
                            const std::string &resources) {
    return fail("func.func @f() -> " + typeOf(value) +
                    " {\n%r = arith.constant " + value +
                    "\nreturn %r : " + typeOf(value) + "\n}" + resources,
                {});
  }
  static std::string typeOf(const std::string &value) {
    return value.substr(value.rfind(" : ") + 3);
  }
  /// A blob: an alignment of 4 bytes, then these.
  static std::string blob(const std::string &hex) {
    return "\n{-# dialect_resources: { builtin: { b: \"0x04000000" + hex +
           "\" } } #-}";
  }
};
} // namespace

TEST_F(InterpreterTest, Values) {
  EXPECT_EQ(make("!quant.uniform<u8:f32, 1.0>", {}, {200}).getInteger(), 200);
  EXPECT_EQ(make("!quant.uniform<i8:f32, 1.0>", {}, {200}).getInteger(), -56);
  Tensor scalar = make("i4", {}, {9});
  EXPECT_EQ(scalar.getInteger(), -7);
  EXPECT_EQ(make("ui4", {}, {9}).getInteger(), 9);
  EXPECT_EQ(scalar.getNumElements(), 1);
  EXPECT_EQ(make("f8E4M3FN", {}, {0x7E}).getValue(), 448.0);
  EXPECT_EQ(make("!lowbit.log<4>", {}, {15}).getValue(), -1.0);

  // Copies share until one is written.
  Tensor first = make("i8", {2}, {1, 2}), second = first;
  second.getMutableCodes()[0] = 5;
  EXPECT_EQ(codesOf(first), Codes({1, 2}));
  EXPECT_EQ(codesOf(second), Codes({5, 2}));
  EXPECT_EQ(first.reshape({2, 1}).getShape(), llvm::ArrayRef<int64_t>({2, 1}));
  EXPECT_EQ(make("f32", {}, {0x40000000}).bitcast(type("i32")).getInteger(),
            0x40000000);

  EXPECT_TRUE(reference::isSupportedElementType(type("i1")));
  EXPECT_TRUE(
      reference::isSupportedElementType(type("!quant.uniform<u8:f32, 2.0>")));
  EXPECT_FALSE(reference::isSupportedElementType(type("i65")));
  EXPECT_FALSE(reference::isSupportedElementType(type("f80")));
  EXPECT_FALSE(reference::isSupportedElementType(type("complex<f32>")));
  EXPECT_EQ(reference::getCodeWidth(type("!lowbit.minifloat<e5m3fn>")), 9u);
  EXPECT_EQ(reference::getCodeWidth(type("index")), 64u);
}

TEST_F(InterpreterTest, DenseConstants) {
  EXPECT_EQ(constant("-3 : i8"), Codes({0xFD}));
  EXPECT_EQ(constant("-1 : index"), Codes({~uint64_t(0)}));
  EXPECT_EQ(constant("1.5 : f32"), toCodes({1.5f}));
  EXPECT_EQ(constant("-2.0 : f4E2M1FN"), Codes({12}));
  EXPECT_EQ(constant("dense<[true, false]> : tensor<2xi1>"), Codes({1, 0}));
  EXPECT_EQ(constant("dense<[-1, 7]> : tensor<2xi4>"), Codes({15, 7}));
  EXPECT_EQ(constant("dense<[15, 7]> : tensor<2xui4>"), Codes({15, 7}));
  EXPECT_EQ(constant("dense<[0, -1]> : tensor<2xindex>"),
            Codes({0, ~uint64_t(0)}));
  EXPECT_EQ(constant("dense<[1.0, -448.0]> : tensor<2xf8E4M3FN>"),
            Codes({0x38, 0xFE}));
  EXPECT_EQ(constant("dense<[[1.0, 2.0]]> : vector<1x2xf32>"),
            toCodes({1.0f, 2.0f}));
  EXPECT_EQ(constant("dense<> : tensor<0x3xf32>"), Codes());
  EXPECT_EQ(constant("dense<3> : tensor<2x2xi8>"), Codes({3, 3, 3, 3}));
  // A splat of many elements costs nothing in the IR.
  Codes many = constant("dense<2.0> : tensor<1000x1000xf16>");
  EXPECT_EQ(many.size(), 1000000u);
  EXPECT_EQ(many.back(), 0x4000u);
}

TEST_F(InterpreterTest, ResourcesHoldThePackedLayout) {
  // Two rows of three nibbles, low nibble first, each row from a byte on.
  EXPECT_EQ(constant("dense_resource<b> : tensor<2x3xi4>", blob("21F36504")),
            Codes({1, 2, 3, 5, 6, 4}));
  // Three bits: 5, 1, 7 = 0b111001101.
  EXPECT_EQ(constant("dense_resource<b> : tensor<3xi3>", blob("CD01")),
            Codes({5, 1, 7}));
  EXPECT_EQ(
      constant("dense_resource<b> : tensor<3x!lowbit.log<4>>", blob("2103")),
      Codes({1, 2, 3}));
  EXPECT_EQ(constant("dense_resource<b> : tensor<2xf8E4M3FN>", blob("38FE")),
            Codes({0x38, 0xFE}));
  // 9 bits in 16, little-endian.
  EXPECT_EQ(constant("dense_resource<b> : tensor<2x!lowbit.minifloat<e5m3fn>>",
                     blob("2301FF00")),
            Codes({0x123, 0xFF}));
  EXPECT_EQ(constant("dense_resource<b> : tensor<1xf32>", blob("0000C03F")),
            toCodes({1.5f}));
  EXPECT_EQ(constant("dense_resource<b> : tensor<i16>", blob("3412")),
            Codes({0x1234}));
  EXPECT_EQ(constant("dense_resource<b> : tensor<2xindex>",
                     blob("0100000000000000FFFFFFFFFFFFFFFF")),
            Codes({1, ~uint64_t(0)}));
  // A byte per i1, as MLIR has it.
  EXPECT_EQ(constant("dense_resource<b> : tensor<3xi1>", blob("010001")),
            Codes({1, 0, 1}));
}

TEST_F(InterpreterTest, ResourcesOfTheWrongSize) {
  EXPECT_EQ(constantError("dense_resource<b> : tensor<2x3xi4>", blob("213265")),
            "2: 'arith.constant' op expected a dense_resource of 4 bytes for "
            "'tensor<2x3xi4>', found 3 bytes in b");
  EXPECT_EQ(
      constantError("dense_resource<b> : tensor<1xf32>", blob("0000803F00")),
      "2: 'arith.constant' op expected a dense_resource of 4 bytes for "
      "'tensor<1xf32>', found 5 bytes in b_1");
  EXPECT_EQ(constantError("dense_resource<b> : tensor<2xi1>", blob("0102")),
            "2: 'arith.constant' op expected bytes 0 and 1 in a dense_resource "
            "of i1");
  EXPECT_EQ(constantError("dense_resource<__elided__> : tensor<2xi8>", ""),
            "2: 'arith.constant' op has a dense_resource without data: "
            "__elided__");
}

TEST_F(InterpreterTest, Arguments) {
  const char *source = R"(func.func @f(%a: tensor<?x2xf32>) -> tensor<?x2xf32> {
    return %a : tensor<?x2xf32>
  }
  func.func private @g()
  func.func @h() {
    func.call @g() : () -> ()
    return
  })";
  EXPECT_EQ(run1(source, {floats({0, 2}, {})}).getNumElements(), 0);
  EXPECT_EQ(fail(source, {floats({1, 3}, {1, 2, 3})}),
            "1: argument #0 of '@f': expected 'tensor<?x2xf32>', found 1x3 of "
            "'f32'");
  EXPECT_EQ(fail(source, {make("i32", {1, 2}, {1, 2})}),
            "1: argument #0 of '@f': expected 'tensor<?x2xf32>', found 1x2 of "
            "'i32'");
  EXPECT_EQ(fail(source, {floats({2}, {1, 2})}),
            "1: argument #0 of '@f': expected 'tensor<?x2xf32>', found 2 of "
            "'f32'");
  EXPECT_EQ(fail(source, {}),
            "1: function '@f' takes 1 arguments, but 0 were given");
  EXPECT_EQ(
      fail("func.func @f(%m: memref<2xf32>) { return }", {floats({2}, {1, 2})}),
      "1: argument #0 of '@f' has type 'memref<2xf32>', which the "
      "reference evaluator does not support");
  EXPECT_EQ(fail("func.func @g() { return }"),
            "0: there is no func.func named '@f'");
  EXPECT_EQ(fail("func.func private @f()"),
            "1: function '@f' has no body to evaluate");
  EXPECT_EQ(fail("func.func private @g() -> i8\n"
                 "func.func @f() -> i8 {\n"
                 "  %r = func.call @g() : () -> i8\n"
                 "  return %r : i8\n}"),
            "3: function '@g' has no body to evaluate");
}

TEST_F(InterpreterTest, WhatIsNotSupported) {
  EXPECT_EQ(fail("func.func @f() {\n"
                 "  %m = memref.alloc() : memref<2xf32>\n"
                 "  return\n}"),
            "2: 'memref.alloc' op is not supported by the reference evaluator; "
            "it runs affine, arith, func, linalg, lowbit, math, quant, scf, "
            "tensor and vector ops before packing");
  EXPECT_EQ(fail("func.func @f() -> f80 {\n"
                 "  %c = arith.constant 1.0 : f80\n"
                 "  return %c : f80\n}"),
            "2: 'arith.constant' op has a value of type 'f80', which the "
            "reference evaluator does not support");
  EXPECT_EQ(fail("func.func @f(%a: i8) -> i65 {\n"
                 "  %c = arith.extsi %a : i8 to i65\n"
                 "  return %c : i65\n}",
                 {make("i8", {}, {1})}),
            "2: 'arith.extsi' op has a result of type 'i65', which the "
            "reference evaluator does not support");
  // An unregistered op is an error like another.
  context.allowUnregisteredDialects();
  EXPECT_EQ(fail("func.func @f() {\n  \"other.op\"() : () -> ()\n  return\n}"),
            "2: 'other.op' op is not supported by the reference evaluator; "
            "it runs affine, arith, func, linalg, lowbit, math, quant, scf, "
            "tensor and vector ops before packing");
}

TEST_F(InterpreterTest, ElementwiseShapesAreChecked) {
  EXPECT_EQ(fail("func.func @f(%a: tensor<?xf32>, %b: tensor<?xf32>) -> "
                 "tensor<?xf32> {\n"
                 "  %c = arith.addf %a, %b : tensor<?xf32>\n"
                 "  return %c : tensor<?xf32>\n}",
                 {floats({2}, {1, 2}), floats({3}, {1, 2, 3})}),
            "2: 'arith.addf' op has operands of shapes 2 and 3, expected to be "
            "the same");
}
