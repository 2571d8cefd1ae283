//===- FoldWeightsTest.cpp - lowbit-fold-weights against the evaluator ----===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The same function, evaluated as written and after lowbit-fold-weights has
// made constants of its results; and what becomes of the blobs.
//
//===----------------------------------------------------------------------===//

#include "ReferenceTest.h"

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Pass/PassManager.h"

#include <cmath>
#include <random>

using namespace lowbit;
using namespace lowbit::test;
using mlir::DenseResourceElementsAttr;

namespace {
class FoldWeightsTest : public ReferenceTest {
protected:
  /// A module of functions and of the blobs that they name.
  struct Source {
    std::string functions, blobs;

    std::string get() const {
      return functions + "{-# dialect_resources: { builtin: {" + blobs +
             "} } #-}\n";
    }
    void addBlob(const std::string &name, llvm::ArrayRef<uint8_t> bytes) {
      blobs += (blobs.empty() ? "" : ", ") + name + ": \"0x40000000" +
               llvm::toHex(bytes) + "\"";
    }
  };

  /// The bytes of finite numbers of an IEEE-like type, as wide as its upper
  /// `numBytes` bytes of f32 are; among them zeros.
  static std::vector<uint8_t> randomNumbers(int64_t count, unsigned numBytes,
                                            uint64_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<uint8_t> bytes;
    for (int64_t i = 0; i < count; ++i) {
      float value = random() % 30 == 0 ? 0.0f : 3.0f * normal(random);
      uint32_t bits = llvm::bit_cast<uint32_t>(value) >> (8 * (4 - numBytes));
      for (unsigned byte = 0; byte < numBytes; ++byte)
        bytes.push_back(bits >> (8 * byte) & 0xFF);
    }
    return bytes;
  }
  static std::vector<uint8_t> randomBytes(int64_t count, uint64_t seed) {
    std::mt19937 random(seed);
    std::vector<uint8_t> bytes(count);
    for (uint8_t &byte : bytes)
      byte = random();
    return bytes;
  }

  mlir::LogicalResult fold(mlir::ModuleOp module, bool keepBlobs = false) {
    mlir::PassManager manager(&context);
    LowbitFoldWeightsPassOptions options;
    options.keepBlobs = keepBlobs;
    manager.addPass(createLowbitFoldWeightsPass(options));
    return manager.run(module);
  }

  /// `ops` define %r of `type`, which must become a constant of the value that
  /// the evaluator gives. There are, as blobs, %w of 40x70 numbers of `input`
  /// (f32 or bf16) and %n of as many random words.
  void check(const std::string &ops, const std::string &type,
             const std::string &input = "f32") {
    Source source;
    source.addBlob("weights",
                   randomNumbers(40 * 70, input == "f32" ? 4 : 2, 1));
    source.addBlob("words", randomBytes(4 * 40 * 70, 2));
    source.functions = "func.func @f() -> " + type +
                       " {\n"
                       "%w = arith.constant dense_resource<weights> : "
                       "tensor<40x70x" +
                       input +
                       ">\n"
                       "%n = arith.constant dense_resource<words> : "
                       "tensor<40x70xi32>\n" +
                       ops + "\nreturn %r : " + type + "\n}\n";
    mlir::OwningOpRef<mlir::ModuleOp> module = parse(source.get());
    ASSERT_TRUE(module);
    mlir::FailureOr<Tensors> evaluated = Interpreter(*module).call("f", {});
    ASSERT_TRUE(mlir::succeeded(evaluated)) << ops;
    ASSERT_TRUE(mlir::succeeded(fold(*module))) << ops;
    module->walk([&](mlir::Operation *op) {
      bool isLeft =
          mlir::isa<mlir::ModuleOp, mlir::func::FuncOp, mlir::func::ReturnOp,
                    mlir::arith::ConstantOp>(op);
      EXPECT_TRUE(isLeft) << "did not fold: " << ops;
    });
    mlir::FailureOr<Tensors> folded = Interpreter(*module).call("f", {});
    ASSERT_TRUE(mlir::succeeded(folded)) << ops;

    const Tensor &lhs = evaluated->front(), &rhs = folded->front();
    ASSERT_EQ(lhs.getElementType(), rhs.getElementType());
    ASSERT_EQ(lhs.getShape(), rhs.getShape());
    for (int64_t i = 0, e = lhs.getNumElements(); i < e; ++i)
      ASSERT_EQ(lhs.getCode(i), rhs.getCode(i)) << i << " of " << ops;
  }

  /// The blob of that name, null if there is none.
  mlir::AsmResourceBlob *lookup(llvm::StringRef name) {
    auto *entry =
        mlir::DenseResourceElementsHandle::getManagerInterface(&context)
            .getBlobManager()
            .lookup(name);
    return entry ? entry->getBlob() : nullptr;
  }

  /// @f converts the blob @big of 2048 numbers, @g whatever `second` says.
  static std::string makeConversions(const std::string &second = "") {
    Source source;
    source.addBlob("big", randomNumbers(2048, 4, 3));
    source.functions =
        "func.func @f() -> tensor<2048xi4> {\n"
        "%w = arith.constant dense_resource<big> : tensor<2048xf32>\n"
        "%r = lowbit.convert %w : tensor<2048xf32> to tensor<2048xi4>\n"
        "return %r : tensor<2048xi4>\n}\n" +
        second;
    return source.get();
  }
};

struct Block {
  const char *block, *scaleShape;
};
} // namespace

static const char *const kElements[] = {"i4",
                                        "ui4",
                                        "i3",
                                        "i8",
                                        "ui8",
                                        "f8E4M3FN",
                                        "f8E5M2",
                                        "f8E4M3FNUZ",
                                        "f4E2M1FN",
                                        "f6E2M3FN",
                                        "f6E3M2FN",
                                        "!lowbit.minifloat<ue5m3fn>",
                                        "!lowbit.minifloat<e5m3fn>",
                                        "!lowbit.log<4>",
                                        "!lowbit.log<4, frac = 1>",
                                        "!lowbit.codebook<4, nf4>",
                                        "!lowbit.codebook<4, iq4nl>"};

static const Block kBlocks[] = {{"[0, 0]", "1x1"},   {"[1, 0]", "40x1"},
                                {"[1, 16]", "40x5"}, {"[16, 1]", "3x70"},
                                {"[8, 32]", "5x3"},  {"[1, 1]", "40x70"}};

TEST_F(FoldWeightsTest, QuantizeAndDequantize) {
  static const char *const scales[] = {
      "f32",      "f16",       "bf16",
      "f8E4M3FN", "f8E8M0FNU", "!lowbit.minifloat<ue5m3fn>"};
  size_t next = 0;
  for (const char *element : kElements)
    for (auto [block, shape] : kBlocks) {
      std::string scale = std::string("tensor<") + shape + "x" +
                          scales[next++ % std::size(scales)] + ">";
      std::string codes = std::string("tensor<40x70x") + element + ">";
      // The scales are those of another format: no method suits all of them.
      std::string ops =
          std::string("%s = lowbit.choose_scale %w for i4 block ") + block +
          " : (tensor<40x70xf32>) -> " + scale +
          "\n%q = lowbit.quantize %w scale(%s) block " + block +
          " : (tensor<40x70xf32>, " + scale + ") -> " + codes;
      check(ops + "\n%r = lowbit.bitcast %q : " + codes + " to " + codes,
            codes);
      check(ops + "\n%r = lowbit.dequantize %q scale(%s) block " + block +
                " : (" + codes + ", " + scale + ") -> tensor<40x70xbf16>",
            "tensor<40x70xbf16>");
      check(ops + "\n%r = lowbit.bitcast %s : " + scale + " to " + scale,
            scale);
    }
}

TEST_F(FoldWeightsTest, ZeroPoints) {
  for (const char *element : {"ui4", "i4", "ui8", "i3"})
    for (const char *zeroPoint : {element, "f32"})
      for (auto [block, shape] : kBlocks) {
        std::string scale = std::string("tensor<") + shape + "xf32>";
        std::string zeros =
            std::string("tensor<") + shape + "x" + zeroPoint + ">";
        std::string codes = std::string("tensor<40x70x") + element + ">";
        check(std::string("%s, %z = lowbit.choose_scale %w for ") + element +
                  " block " + block +
                  " {method = #lowbit.scale_method<minmax>} : "
                  "(tensor<40x70xf32>) -> (" +
                  scale + ", " + zeros +
                  ")\n%r = lowbit.quantize %w scale(%s) zero_point(%z) block " +
                  block + " : (tensor<40x70xf32>, " + scale + ", " + zeros +
                  ") -> " + codes,
              codes);
      }
}

TEST_F(FoldWeightsTest, ScaleMethods) {
  std::tuple<const char *, const char *, const char *> methods[] = {
      {"i4", "mse", "f32"},
      {"f4E2M1FN", "mse", "f8E4M3FN"},
      {"!lowbit.codebook<4, nf4>", "mse", "f16"},
      {"f8E4M3FN", "mx_floor", "f8E8M0FNU"},
      {"f4E2M1FN", "mx_ceil", "f8E8M0FNU"},
      {"f4E2M1FN", "mx_even", "f8E8M0FNU"},
      {"f6E2M3FN", "mx_rceil", "f8E8M0FNU"}};
  for (auto [element, method, scale] : methods)
    for (auto [block, shape] : kBlocks) {
      std::string type = std::string("tensor<") + shape + "x" + scale + ">";
      check(std::string("%r = lowbit.choose_scale %w for ") + element +
                " block " + block + " {method = #lowbit.scale_method<" +
                method + ">} : (tensor<40x70xf32>) -> " + type,
            type);
    }
}

TEST_F(FoldWeightsTest, Conversions) {
  for (const char *element : kElements)
    for (const char *modes : {" ", " {overflow = #lowbit.overflow<ieee>} ",
                              " {rounding = #lowbit.rounding<toward_zero>} ",
                              " random(%n : tensor<40x70xi32>) {rounding = "
                              "#lowbit.rounding<stochastic>} "})
      for (const char *input : {"f32", "bf16"}) {
        std::string type = std::string("tensor<40x70x") + element + ">";
        check(std::string("%r = lowbit.convert %w") + modes +
                  ": tensor<40x70x" + input + "> to " + type,
              type, input);
      }
}

TEST_F(FoldWeightsTest, LayoutOpsBeforeQuantize) {
  std::pair<const char *, const char *> layouts[] = {
      {"%e = tensor.empty() : tensor<70x40xf32>\n"
       "%t = linalg.transpose ins(%w : tensor<40x70xf32>) outs(%e : "
       "tensor<70x40xf32>) permutation = [1, 0]",
       "70x40"},
      {"%t = tensor.extract_slice %w[3, 5] [35, 60] [1, 1] : "
       "tensor<40x70xf32> to tensor<35x60xf32>",
       "35x60"},
      {"%t = tensor.extract_slice %w[1, 0] [13, 23] [3, 3] : "
       "tensor<40x70xf32> to tensor<13x23xf32>",
       "13x23"},
      {"%t = tensor.collapse_shape %w [[0, 1]] : tensor<40x70xf32> into "
       "tensor<2800xf32>",
       "2800"},
      {"%t = tensor.expand_shape %w [[0, 1], [2, 3]] output_shape [8, 5, 7, "
       "10] : tensor<40x70xf32> into tensor<8x5x7x10xf32>",
       "8x5x7x10"},
      {"%shape = arith.constant dense<[100, 28]> : tensor<2xi32>\n"
       "%t = tensor.reshape %w(%shape) : (tensor<40x70xf32>, tensor<2xi32>) -> "
       "tensor<100x28xf32>",
       "100x28"}};
  for (auto [ops, shape] : layouts)
    for (const char *element : {"i4", "i3", "f8E4M3FN"}) {
      std::string type = std::string("tensor<") + shape + "x" + element + ">";
      check(ops + std::string("\n%s = arith.constant 0.25 : f32\n") +
                "%r = lowbit.quantize %t scale(%s) : (tensor<" + shape +
                "xf32>, f32) -> " + type,
            type);
    }
}

/// Rows that do not end on a byte are moved bit by bit.
TEST_F(FoldWeightsTest, LayoutOpsAfterQuantize) {
  for (const char *element : {"i4", "i3", "f6E2M3FN"}) {
    std::string codes = std::string("x") + element + ">";
    std::string quantize = "%s = arith.constant 0.5 : f32\n"
                           "%q = lowbit.quantize %w scale(%s) : "
                           "(tensor<40x70xf32>, f32) -> tensor<40x70" +
                           codes + "\n";
    check(quantize + "%e = tensor.empty() : tensor<70x40" + codes +
              "\n%r = linalg.transpose ins(%q : tensor<40x70" + codes +
              ") outs(%e : tensor<70x40" + codes + ") permutation = [1, 0]",
          "tensor<70x40" + codes);
    check(quantize +
              "%r = tensor.extract_slice %q[0, 7] [40, 33] [1, 1] : "
              "tensor<40x70" +
              codes + " to tensor<40x33" + codes,
          "tensor<40x33" + codes);
    check(quantize + "%r = tensor.collapse_shape %q [[0, 1]] : tensor<40x70" +
              codes + " into tensor<2800" + codes,
          "tensor<2800" + codes);
  }
}

//===----------------------------------------------------------------------===//
// Blobs
//===----------------------------------------------------------------------===//

TEST_F(FoldWeightsTest, BlobsAreAlignedAndTheOldOneIsReleased) {
  mlir::OwningOpRef<mlir::ModuleOp> module = parse(makeConversions());
  ASSERT_TRUE(mlir::succeeded(fold(*module)));
  EXPECT_TRUE(lookup("big")->getData().empty());
  mlir::AsmResourceBlob *blob = lookup("big_i4");
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->getData().size(), 1024u);
  EXPECT_EQ(blob->getDataAlignment(), 64u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(blob->getData().data()) % 64, 0u);
}

TEST_F(FoldWeightsTest, NamesAreUnique) {
  std::string source = makeConversions();
  mlir::OwningOpRef<mlir::ModuleOp> first = parse(source), second;
  ASSERT_TRUE(mlir::succeeded(fold(*first, /*keepBlobs=*/true)));
  second = parse(source);
  ASSERT_TRUE(mlir::succeeded(fold(*second)));
  EXPECT_TRUE(mlir::succeeded(Interpreter(*first).call("f", {})));
  EXPECT_TRUE(mlir::succeeded(Interpreter(*second).call("f", {})));
}

TEST_F(FoldWeightsTest, BlobsThatAreStillNamedStay) {
  // By a constant, and by an attribute within another.
  for (const char *second :
       {"func.func @g() -> tensor<2048xf32> {\n"
        "%w = arith.constant dense_resource<big> : tensor<2048xf32>\n"
        "return %w : tensor<2048xf32>\n}\n",
        "func.func private @g() attributes {hint = {value = "
        "dense_resource<big> : tensor<2048xf32>}}\n"}) {
    mlir::OwningOpRef<mlir::ModuleOp> module = parse(makeConversions(second));
    std::string name;
    module->walk([&](mlir::arith::ConstantOp op) {
      name = mlir::cast<DenseResourceElementsAttr>(op.getValue())
                 .getRawHandle()
                 .getKey();
    });
    ASSERT_TRUE(mlir::succeeded(fold(*module)));
    EXPECT_EQ(lookup(name)->getData().size(), 8192u) << second;
  }
}

TEST_F(FoldWeightsTest, BlobsAreKeptOnDemandAndInNestedModules) {
  mlir::OwningOpRef<mlir::ModuleOp> module = parse(makeConversions());
  mlir::OwningOpRef<mlir::ModuleOp> clone(module->clone());
  ASSERT_TRUE(mlir::succeeded(fold(*module, /*keepBlobs=*/true)));
  EXPECT_EQ(lookup("big")->getData().size(), 8192u);
  EXPECT_TRUE(mlir::succeeded(Interpreter(*clone).call("f", {})));

  mlir::PassManager manager(&context);
  manager.nest<mlir::ModuleOp>().addPass(createLowbitFoldWeightsPass());
  mlir::OwningOpRef<mlir::ModuleOp> outer =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  outer->getBody()->push_back(clone.release());
  ASSERT_TRUE(mlir::succeeded(manager.run(*outer)));
  EXPECT_EQ(lookup("big")->getData().size(), 8192u);
}

TEST_F(FoldWeightsTest, ASharedBlobStaysUntilItsLastUserGoes) {
  // The bitcast names the same blob; both go when the conversion is folded.
  Source source;
  source.addBlob("codes", randomBytes(2048, 4));
  source.functions =
      "func.func @f() -> (tensor<2048xi8>, tensor<2048xf16>) {\n"
      "%w = arith.constant dense_resource<codes> : tensor<2048xi8>\n"
      "%b = lowbit.bitcast %w : tensor<2048xi8> to tensor<2048xf8E5M2>\n"
      "%r = lowbit.convert %b : tensor<2048xf8E5M2> to tensor<2048xf16>\n"
      "return %w, %r : tensor<2048xi8>, tensor<2048xf16>\n}\n";
  mlir::OwningOpRef<mlir::ModuleOp> module = parse(source.get());
  ASSERT_TRUE(mlir::succeeded(fold(*module)));
  EXPECT_EQ(lookup("codes")->getData().size(), 2048u);
  EXPECT_EQ(lookup("codes_f16")->getData().size(), 4096u);
}
