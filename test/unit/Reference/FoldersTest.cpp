//===- FoldersTest.cpp - The evaluator against the folders ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The same function, evaluated as written and after canonicalization has made
// constants of its results. Upstream's folders compute with APFloat and APInt,
// independently of this project.
//
//===----------------------------------------------------------------------===//

#include "ReferenceTest.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <random>

using namespace lowbit;
using namespace lowbit::test;

namespace {
class FoldersTest : public ReferenceTest {
protected:
  /// A dense constant of random codes of a whole number of bytes, each masked.
  std::string constant(const std::string &type, int64_t numBytes, uint64_t seed,
                       uint8_t mask = 0xFF) {
    std::mt19937_64 random(seed);
    std::string hex;
    for (int64_t i = 0; i < numBytes; ++i) {
      uint8_t byte = random() & mask;
      hex += "0123456789ABCDEF"[byte >> 4];
      hex += "0123456789ABCDEF"[byte & 15];
    }
    return "arith.constant dense<\"0x" + hex + "\"> : " + type + "\n";
  }
  /// Of f32 between 2^-6 and 2^6, of either sign.
  std::string moderate(const std::string &shape, int64_t count, uint64_t seed,
                       bool positive = false) {
    std::mt19937_64 random(seed);
    std::string hex;
    for (int64_t i = 0; i < count; ++i) {
      float value = std::ldexp(1.0f + random() % 0x800000 * 0x1p-23f,
                               int(random() % 12) - 6);
      if (!positive && random() % 2)
        value = -value;
      uint32_t bits = llvm::bit_cast<uint32_t>(value);
      for (int byte = 0; byte < 4; ++byte, bits >>= 8) {
        hex += "0123456789ABCDEF"[bits >> 4 & 15];
        hex += "0123456789ABCDEF"[bits & 15];
      }
    }
    return "arith.constant dense<\"0x" + hex + "\"> : tensor<" + shape +
           "xf32>\n";
  }

  /// `ops` defines %r of `type`, which must fold to a constant.
  void check(const std::string &ops, const std::string &type) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        parse("func.func @f() -> " + type + " {\n" + ops +
              "return %r : " + type + "\n}");
    ASSERT_TRUE(module);
    mlir::FailureOr<Tensors> evaluated = Interpreter(*module).call("f", {});
    ASSERT_TRUE(mlir::succeeded(evaluated)) << ops;

    mlir::PassManager manager(&context);
    manager.addPass(mlir::createCanonicalizerPass());
    ASSERT_TRUE(mlir::succeeded(manager.run(*module)));
    module->walk([&](mlir::func::ReturnOp op) {
      mlir::Operation *source = op.getOperand(0).getDefiningOp();
      if (auto bitcast = mlir::dyn_cast<BitcastOp>(source))
        source = bitcast.getInput().getDefiningOp();
      EXPECT_TRUE(mlir::isa<mlir::arith::ConstantOp>(source))
          << "did not fold: " << ops.substr(ops.rfind("%r ="));
    });
    mlir::FailureOr<Tensors> folded = Interpreter(*module).call("f", {});
    ASSERT_TRUE(mlir::succeeded(folded)) << ops;

    const Tensor &lhs = evaluated->front(), &rhs = folded->front();
    ASSERT_EQ(lhs.getElementType(), rhs.getElementType());
    bool isFloat = mlir::isa<mlir::FloatType>(lhs.getElementType());
    for (int64_t i = 0, e = lhs.getNumElements(); i < e; ++i) {
      // NaNs of any payload are alike.
      if (isFloat && std::isnan(lhs.getValue(i)) && std::isnan(rhs.getValue(i)))
        continue;
      EXPECT_EQ(lhs.getCode(i), rhs.getCode(i))
          << i << " of " << ops.substr(ops.rfind("%r ="));
    }
  }
};
} // namespace

TEST_F(FoldersTest, Floats) {
  std::tuple<const char *, int64_t> types[] = {
      {"f16", 2}, {"bf16", 2}, {"f32", 4}, {"f64", 8}};
  for (auto [element, bytes] : types) {
    std::string type = std::string("tensor<500x") + element + ">";
    std::string operands = "%a = " + constant(type, 500 * bytes, 1) +
                           "%b = " + constant(type, 500 * bytes, 2);
    for (const char *op :
         {"addf", "subf", "mulf", "divf", "remf", "maximumf", "minimumf"})
      check(operands + "%r = arith." + op + " %a, %b : " + type + "\n", type);
    // Of signaling NaNs upstream's folder makes quiet ones, not the other
    // number: they are made quiet first.
    std::string quiet = operands +
                        "%minus = arith.constant dense<-1.0> : " + type +
                        "\n%x = arith.mulf %a, %minus : " + type +
                        "\n%y = arith.mulf %b, %minus : " + type + "\n";
    for (const char *op : {"maxnumf", "minnumf"})
      check(quiet + "%r = arith." + op + " %x, %y : " + type + "\n", type);
    check(operands + "%r = arith.negf %a : " + type + "\n", type);
    for (const char *op : {"absf", "ceil", "floor", "roundeven"})
      check(operands + "%r = math." + op + " %a : " + type + "\n", type);
  }
}

/// Upstream folds no cast that is inexact, nor one of a signaling NaN.
TEST_F(FoldersTest, FloatCasts) {
  for (const char *from : {"f8E4M3FN", "f8E5M2", "f8E4M3FNUZ", "f8E3M4"})
    check(std::string("%a = ") +
              constant(std::string("tensor<900x") + from + ">", 900, 5,
                       /*mask=*/0xBF) +
              "%r = arith.extf %a : tensor<900x" + from +
              "> to tensor<900xf32>\n",
          "tensor<900xf32>");
  std::string integers = "%a = " + constant("tensor<500xi64>", 4000, 6);
  for (const char *op : {"sitofp", "uitofp"})
    for (const char *to : {"f16", "bf16", "f32", "f64"}) {
      std::string type = std::string("tensor<500x") + to + ">";
      check(integers + "%r = arith." + op + " %a : tensor<500xi64> to " + type +
                "\n",
            type);
    }
}

TEST_F(FoldersTest, Integers) {
  std::tuple<const char *, int64_t> types[] = {
      {"i8", 1}, {"i16", 2}, {"i32", 4}, {"i64", 8}};
  for (auto [element, bytes] : types) {
    std::string type = std::string("tensor<500x") + element + ">";
    std::string operands = "%a = " + constant(type, 500 * bytes, 7) +
                           "%b = " + constant(type, 500 * bytes, 8);
    for (const char *op : {"addi", "subi", "muli", "andi", "ori", "xori",
                           "minsi", "maxsi", "minui", "maxui"})
      check(operands + "%r = arith." + op + " %a, %b : " + type + "\n", type);
    for (const char *predicate : {"slt", "sge", "ult", "uge", "eq"})
      check(operands + "%r = arith.cmpi " + predicate + ", %a, %b : " + type +
                "\n",
            "tensor<500xi1>");
    for (const char *op : {"absi", "ctlz", "cttz", "ctpop"})
      check(operands + "%r = math." + op + " %a : " + type + "\n", type);
  }
  // Divisors that are not 0.
  std::string operands = "%a = " + constant("tensor<500xi16>", 1000, 9) +
                         "%n = " + constant("tensor<500xi8>", 500, 10) +
                         "%one = arith.constant dense<256> : tensor<500xi16>\n"
                         "%w = arith.extsi %n : tensor<500xi8> to "
                         "tensor<500xi16>\n"
                         "%b = arith.ori %w, %one : tensor<500xi16>\n";
  for (const char *op : {"divsi", "divui", "remsi", "remui", "floordivsi",
                         "ceildivsi", "ceildivui"})
    check(operands + "%r = arith." + op + " %a, %b : tensor<500xi16>\n",
          "tensor<500xi16>");
}

TEST_F(FoldersTest, LowbitConversions) {
  std::string operand = "%a = " + constant("tensor<900xf32>", 3600, 11);
  for (const char *to :
       {"f8E4M3FN", "f8E5M2", "f8E4M3FNUZ", "f8E8M0FNU", "f4E2M1FN", "f6E3M2FN",
        "i4", "ui4", "i8", "bf16", "!lowbit.log<4>",
        "!lowbit.minifloat<ue5m3fn>", "!lowbit.codebook<4, nf4>"})
    for (const char *modes : {"", "{overflow = #lowbit.overflow<ieee>}",
                              "{rounding = #lowbit.rounding<toward_zero>}"}) {
      std::string type = std::string("tensor<900x") + to + ">";
      check(operand + "%r = lowbit.convert %a " + modes +
                " : tensor<900xf32> to " + type + "\n",
            type);
    }
}

TEST_F(FoldersTest, LowbitBlocks) {
  std::string x = "%x = " + moderate("8x50", 400, 12);
  std::string s = "%s = " + moderate("8x7", 56, 13, /*positive=*/true);
  for (const char *to : {"i4", "i8", "ui4", "f8E4M3FN", "f4E2M1FN",
                         "!lowbit.log<4>", "!lowbit.codebook<4, iq4nl>"}) {
    std::string type = std::string("tensor<8x50x") + to + ">";
    std::string quantize = x + s +
                           "%q = lowbit.quantize %x scale(%s) block "
                           "[1, 8] : (tensor<8x50xf32>, "
                           "tensor<8x7xf32>) -> " +
                           type + "\n";
    check(quantize + "%r = lowbit.bitcast %q : " + type + " to " + type + "\n",
          type);
    check(quantize + "%r = lowbit.dequantize %q scale(%s) block [1, 8] : (" +
              type + ", tensor<8x7xf32>) -> tensor<8x50xbf16>\n",
          "tensor<8x50xbf16>");
  }
  std::tuple<const char *, const char *, const char *> methods[] = {
      {"i4", "absmax", "f32"},
      {"f4E2M1FN", "absmax", "f8E4M3FN"},
      {"i4", "mse", "f16"},
      {"f8E4M3FN", "mx_floor", "f8E8M0FNU"},
      {"f4E2M1FN", "mx_ceil", "f8E8M0FNU"},
      {"f4E2M1FN", "mx_even", "f8E8M0FNU"},
      {"f6E2M3FN", "mx_rceil", "f8E8M0FNU"}};
  for (auto [element, method, scale] : methods) {
    std::string type = std::string("tensor<8x2x") + scale + ">";
    check(x + "%r = lowbit.choose_scale %x for " + element +
              " block [1, 32] {method = #lowbit.scale_method<" + method +
              ">} : (tensor<8x50xf32>) -> " + type + "\n",
          type);
  }
  check(x + "%t, %r = lowbit.choose_scale %x for ui4 block [1, 0] {method = "
            "#lowbit.scale_method<minmax>} : (tensor<8x50xf32>) -> "
            "(tensor<8x1xf32>, tensor<8x1xui4>)\n",
        "tensor<8x1xui4>");
}

TEST_F(FoldersTest, LowbitMatmul) {
  std::string operands = "%a = " + moderate("4x24", 96, 14) +
                         "%w = " + moderate("6x24", 144, 15) +
                         "%s = " + moderate("6x3", 18, 16, /*positive=*/true) +
                         "%d = " + moderate("6", 6, 17);
  for (const char *to : {"f32", "f16", "bf16"}) {
    std::string type = std::string("tensor<4x6x") + to + ">";
    check(operands +
              "%q = lowbit.quantize %w scale(%s) block [1, 8] : "
              "(tensor<6x24xf32>, tensor<6x3xf32>) -> tensor<6x24xi4>\n"
              "%r = lowbit.matmul %a, %q scale(%s) block [1, 8] bias(%d) "
              "transpose_b : (tensor<4x24xf32>, tensor<6x24xi4>, "
              "tensor<6x3xf32>, tensor<6xf32>) -> " +
              type + "\n",
          type);
  }
}
