//===- ControlFlowTest.cpp - func and scf, evaluated ----------------------===//
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
class ControlFlowTest : public ReferenceTest {};
} // namespace

TEST_F(ControlFlowTest, CallsAndRecursion) {
  const char *source = R"(
    func.func @f(%n: index) -> index {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %end = arith.cmpi eq, %n, %zero : index
      %r = scf.if %end -> index {
        scf.yield %one : index
      } else {
        %m = arith.subi %n, %one : index
        %p = func.call @f(%m) : (index) -> index
        %q = arith.muli %n, %p : index
        scf.yield %q : index
      }
      return %r : index
    })";
  EXPECT_EQ(run1(source, {index(10)}).getInteger(), 3628800);
  EXPECT_EQ(fail(source, {index(1000)}),
            "10: calls are nested more than 256 deep");
}

TEST_F(ControlFlowTest, IfWithoutResults) {
  EXPECT_EQ(run1(R"(
    func.func @f(%c: i1, %x: i8) -> i8 {
      scf.if %c {
        %y = arith.addi %x, %x : i8
      }
      return %x : i8
    })",
                 {make("i1", {}, {0}), make("i8", {}, {7})})
                .getCode(),
            7u);
}

TEST_F(ControlFlowTest, ForCarriesValues) {
  const char *source = R"(
    func.func @f(%lb: index, %ub: index, %step: index) -> (index, index) {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %r:2 = scf.for %i = %lb to %ub step %step
          iter_args(%sum = %zero, %count = %zero) -> (index, index) {
        %s = arith.addi %sum, %i : index
        %c = arith.addi %count, %one : index
        scf.yield %s, %c : index, index
      }
      return %r#0, %r#1 : index, index
    })";
  auto check = [&](int64_t lower, int64_t upper, int64_t step, int64_t sum,
                   int64_t count) {
    Tensors results = run(source, {index(lower), index(upper), index(step)});
    ASSERT_EQ(results.size(), 2u);
    EXPECT_EQ(results[0].getInteger(), sum);
    EXPECT_EQ(results[1].getInteger(), count);
  };
  check(0, 10, 3, 0 + 3 + 6 + 9, 4);
  check(-4, 4, 4, -4 + 0, 2);
  check(5, 5, 1, 0, 0);
  check(5, -5, 1, 0, 0);
  // The index would wrap if it were stepped beyond the last.
  int64_t largest = std::numeric_limits<int64_t>::max();
  check(largest - 5, largest, 4, -8, 2); // 2^64 - 8
  EXPECT_EQ(fail(source, {index(0), index(1), index(0)}),
            "5: 'scf.for' op expected a positive step, found 0");
  EXPECT_EQ(fail(source, {index(0), index(1), index(-2)}),
            "5: 'scf.for' op expected a positive step, found -2");
}

TEST_F(ControlFlowTest, UnsignedFor) {
  const char *source = R"(
    func.func @f(%lb: i8, %ub: i8, %step: i8) -> i8 {
      %zero = arith.constant 0 : i8
      %one = arith.constant 1 : i8
      %r = scf.for unsigned %i = %lb to %ub step %step
          iter_args(%count = %zero) -> i8 : i8 {
        %c = arith.addi %count, %one : i8
        scf.yield %c : i8
      }
      return %r : i8
    })";
  auto count = [&](uint64_t lower, uint64_t upper, uint64_t step) {
    return run1(source, {make("i8", {}, {lower}), make("i8", {}, {upper}),
                         make("i8", {}, {step})})
        .getCode();
  };
  EXPECT_EQ(count(100, 200, 10), 10u);
  EXPECT_EQ(count(0, 255, 200), 2u);
  EXPECT_EQ(count(200, 100, 1), 0u);
}

/// Euclid's algorithm.
TEST_F(ControlFlowTest, While) {
  const char *source = R"(
    func.func @f(%a: i32, %b: i32) -> i32 {
      %zero = arith.constant 0 : i32
      %r:2 = scf.while (%x = %a, %y = %b) : (i32, i32) -> (i32, i32) {
        %more = arith.cmpi ne, %y, %zero : i32
        scf.condition(%more) %x, %y : i32, i32
      } do {
      ^bb0(%x: i32, %y: i32):
        %rest = arith.remui %x, %y : i32
        scf.yield %y, %rest : i32, i32
      }
      return %r#0 : i32
    })";
  auto gcd = [&](uint64_t a, uint64_t b) {
    return run1(source, {make("i32", {}, {a}), make("i32", {}, {b})}).getCode();
  };
  EXPECT_EQ(gcd(1071, 462), 21u);
  EXPECT_EQ(gcd(5, 0), 5u);
}

TEST_F(ControlFlowTest, TensorsInLoops) {
  EXPECT_EQ(codesOf(run1(R"(
    func.func @f(%n: index) -> tensor<?xindex> {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %init = tensor.empty(%n) : tensor<?xindex>
      %r = scf.for %i = %zero to %n step %one
          iter_args(%t = %init) -> tensor<?xindex> {
        %v = arith.muli %i, %i : index
        %u = tensor.insert %v into %t[%i] : tensor<?xindex>
        scf.yield %u : tensor<?xindex>
      }
      return %r : tensor<?xindex>
    })",
                         {index(5)})),
            Codes({0, 1, 4, 9, 16}));
}
