//===- QuantizeTest.cpp - Compiled quantize and dequantize ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// lowbit.quantize and lowbit.dequantize, expanded and in machine code, give
// what quantizeTensor and dequantizeTensor give; upstream's casts of small
// floats and quantized types give what formulas written out here give. Tensors
// of low-bit elements are passed in the storage of the ABI.
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"
#include "TestTypes.h"

#include "lowbit/Numerics/Tensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <random>

using namespace lowbit;
using namespace lowbit::test;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;
using Shape = SmallVector<int64_t>;

static constexpr double inf = std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

static int64_t getSize(ArrayRef<int64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

/// Says where `found` is not `expected`. In f32 and f64 one NaN is as good as
/// another.
static void expectSame(const std::string &what, const ElementType &type,
                       ArrayRef<uint64_t> expected, ArrayRef<uint64_t> found,
                       llvm::function_ref<std::string(size_t)> describe) {
  ASSERT_EQ(expected.size(), found.size()) << what;
  auto isWideNaN = [&](uint64_t code) {
    return type.getBits() >= 32 && std::isnan(decode(type.format, code));
  };
  size_t faults = 0;
  std::string first;
  for (size_t i = 0; i < expected.size(); ++i) {
    bool isSame = expected[i] == found[i] ||
                  (isWideNaN(expected[i]) && isWideNaN(found[i]));
    if (!isSame && faults++ == 0)
      first = "element " + std::to_string(i) + ", " + describe(i) + ": " +
              toHex(found[i]) + ", expected " + toHex(expected[i]);
  }
  EXPECT_EQ(faults, 0u) << what << ": of " << expected.size() << "; first "
                        << first;
}

static std::string toText(const ElementType &type, uint64_t code) {
  char text[64];
  snprintf(text, sizeof(text), "%a", decode(type.format, code));
  return toHex(code) + " = " + text;
}

//===----------------------------------------------------------------------===//
// Cases of lowbit.quantize and lowbit.dequantize
//===----------------------------------------------------------------------===//

enum class ScaleForm { Tensor, RankZero, Scalar };

struct Case {
  std::string element;
  Shape shape = {3, 20};
  /// As written in the clause, or as implied by the scale's shape.
  Shape block = {0, 0};
  bool writesBlock = true;
  Shape dynamic = {};
  ScaleForm form = ScaleForm::Tensor;
  std::string scale = "f32";
  std::string zeroPoint = "";
  Rounding rounding = Rounding::NearestEven;
  Overflow overflow = Overflow::Saturate;
  /// The numbers before quantize and after dequantize.
  std::string number = "f32";

  ElementType getNumber() const { return ElementType::get(number); }
  ElementType getElement() const { return ElementType::get(element); }
  ElementType getScale() const { return ElementType::get(scale); }
  ElementType getZeroPoint() const { return ElementType::get(zeroPoint); }
  bool isStochastic() const { return rounding == Rounding::Stochastic; }

  Shape getScaleShape() const {
    if (form != ScaleForm::Tensor)
      return {};
    return Shape(Blocking(shape, block).getScaleShape());
  }
  std::string getScaleType(const std::string &text) const {
    if (form == ScaleForm::Scalar)
      return text;
    Shape unknown;
    for (int64_t dim : dynamic)
      if (form == ScaleForm::Tensor && block[dim] != 0)
        unknown.push_back(dim);
    return getTensorType(getScaleShape(), text, unknown);
  }
  std::string describe() const {
    std::string text = getTensorType(shape, element, dynamic) + " scale " +
                       getScaleType(scale) + " block [" +
                       llvm::join(llvm::map_range(block,
                                                  [](int64_t size) {
                                                    return std::to_string(size);
                                                  }),
                                  ", ") +
                       "]";
    if (!zeroPoint.empty())
      text += " zero point " + zeroPoint;
    return text + " " + stringifyRounding(rounding).str() + " " +
           stringifyOverflow(overflow).str() + " " + number;
  }

  /// The op after its input: clauses, modes and types.
  std::string getClauses(const std::string &from, const std::string &to,
                         bool quantizes) const {
    std::string text = " scale(%s)";
    std::string types = from + ", " + getScaleType(getScale().text);
    if (!zeroPoint.empty()) {
      text += " zero_point(%z)";
      types += ", " + getScaleType(getZeroPoint().text);
    }
    if (writesBlock && form == ScaleForm::Tensor)
      text += " block [" +
              llvm::join(
                  llvm::map_range(
                      block, [](int64_t size) { return std::to_string(size); }),
                  ", ") +
              "]";
    Rounding mode = rounding;
    if (isStochastic() && quantizes) {
      text += " random(%r)";
      types += ", " + getTensorType(shape, "i32", dynamic);
    } else if (isStochastic()) {
      mode = Rounding::NearestEven;
    }
    return text + " {rounding = #lowbit.rounding<" +
           stringifyRounding(mode).str() + ">, overflow = #lowbit.overflow<" +
           stringifyOverflow(overflow).str() + ">} : (" + types + ") -> " + to;
  }

  std::string getFunction(const std::string &name, bool quantizes) const {
    std::string numbers = getTensorType(shape, getNumber().text, dynamic);
    std::string codes = getTensorType(shape, getElement().text, dynamic);
    const std::string &from = quantizes ? numbers : codes;
    const std::string &to = quantizes ? codes : numbers;
    std::string text = "func.func @" + name + "(%x: " + from +
                       ", %s: " + getScaleType(getScale().text);
    if (!zeroPoint.empty())
      text += ", %z: " + getScaleType(getZeroPoint().text);
    if (isStochastic() && quantizes)
      text += ", %r: " + getTensorType(shape, "i32", dynamic);
    return text + ") -> " + to + " attributes {llvm.emit_c_interface} {\n" +
           "  %y = lowbit." + (quantizes ? "quantize" : "dequantize") + " %x" +
           getClauses(from, to, quantizes) + "\n  return %y : " + to + "\n}\n";
  }
};

/// Operands for a case: random ones, with specials among them.
class Operands {
public:
  /// `round` 0 and 1 give ordinary scales; 2 and 3 special ones; 4 and 5 any
  /// code of the scale's format.
  Operands(const Case &c, unsigned round)
      : random(round * 7919 + 1), round(round), c(c),
        numbers(c.getNumber().format, c.shape),
        codes(c.getElement().format, c.shape),
        scale(c.getScale().format, c.getScaleShape()) {
    for (uint64_t &code : scale.codes)
      code = makeScale();
    Blocking blocking(c.shape, c.block);
    for (size_t i = 0; i < numbers.codes.size(); ++i) {
      int64_t index = scale.codes.size() <= 1 ? 0 : blocking.getScaleIndex(i);
      numbers.codes[i] = makeNumber(scale.getValue(index));
      codes.codes[i] = getAnyCode(codes.format);
      words.push_back(random() % 4 ? random() : (random() % 2 ? 0 : ~0u));
    }
    if (c.zeroPoint.empty())
      return;
    zeroPoint.emplace(c.getZeroPoint().format, c.getScaleShape());
    for (uint64_t &code : zeroPoint->codes)
      code = makeZeroPoint();
  }

  Scaling getScaling() const {
    return {&scale, zeroPoint ? &*zeroPoint : nullptr, c.block};
  }

  CodeTensor getExpected(bool quantizes) const {
    if (quantizes)
      return quantizeTensor(numbers, codes.format, getScaling(), c.rounding,
                            c.overflow,
                            c.isStochastic() ? words : std::vector<uint32_t>());
    return dequantizeTensor(
        codes, numbers.format, getScaling(),
        c.isStochastic() ? Rounding::NearestEven : c.rounding, c.overflow);
  }

  std::vector<Array> getArrays(bool quantizes) const {
    bool isScalar = c.form == ScaleForm::Scalar;
    std::vector<Array> arrays = {quantizes ? toArray(c.getNumber(), numbers)
                                           : toArray(c.getElement(), codes),
                                 toArray(c.getScale(), scale, isScalar)};
    if (zeroPoint)
      arrays.push_back(toArray(c.getZeroPoint(), *zeroPoint, isScalar));
    if (quantizes && c.isStochastic())
      arrays.push_back(Array::get<uint32_t>(words, c.shape));
    return arrays;
  }

  std::string describe(size_t i, bool quantizes) const {
    Blocking blocking(c.shape, c.block);
    int64_t index = scale.codes.size() <= 1 ? 0 : blocking.getScaleIndex(i);
    std::string text = quantizes ? toText(c.getNumber(), numbers.codes[i])
                                 : toText(c.getElement(), codes.codes[i]);
    text += ", scale " + toText(c.getScale(), scale.codes[index]);
    if (zeroPoint)
      text +=
          ", zero point " + toText(c.getZeroPoint(), zeroPoint->codes[index]);
    if (quantizes && c.isStochastic())
      text += ", random " + toHex(words[i]);
    return text;
  }

private:
  double getUniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  }
  uint64_t getAnyCode(const Format &format) {
    uint64_t code = random() | uint64_t(random()) << 32;
    return format.getBits() < 64 ? code & (format.getNumCodes() - 1) : code;
  }
  static uint64_t encodeTo(const Format &format, double value) {
    return encode(format, value, Rounding::NearestEven, Overflow::IEEE);
  }

  uint64_t makeScale() {
    const Format &format = scale.format;
    if (round >= 4)
      return getAnyCode(format);
    if (round >= 2) {
      static const double specials[] = {0,       -0.0,     inf, -inf,
                                        NAN,     0x1p-149, -2,  0x1p-126,
                                        0x1p127, 3e38,     1,   -0x1p-140};
      return encodeTo(format, specials[random() % std::size(specials)]);
    }
    if (round == 0)
      return encodeTo(format, std::ldexp(1.0, int(random() % 5) - 2));
    return encodeTo(format, getUniform(0.1, 3));
  }

  uint64_t makeNumber(double s) {
    const Format &format = numbers.format;
    switch (random() % 8) {
    case 0: {
      static const double specials[] = {0,   -0.0,     inf,       -inf,
                                        NAN, 0x1p-149, -0x1p-130, 3.4e38};
      return encodeTo(format, specials[random() % std::size(specials)]);
    }
    case 1: // bits without a plan
      return getAnyCode(format);
    case 2: // ties of integers, and about
      return encodeTo(format, s * (int(random() % 600) - 300 + 0.5));
    case 3: // ties of small floats
      return encodeTo(format, s * (int(random() % 64) - 32) / 16);
    case 4:
      return encodeTo(format, s * getUniform(-600, 600));
    default:
      return encodeTo(format, s * getUniform(-12, 12));
    }
  }

  uint64_t makeZeroPoint() {
    const Format &format = zeroPoint->format;
    if (round >= 3)
      return getAnyCode(format);
    if (format.isInteger())
      return encodeTo(format, int(random() % 11) - 5);
    return encodeTo(format, getUniform(-8, 8));
  }

  std::mt19937 random;
  unsigned round;

public:
  const Case &c;
  CodeTensor numbers, codes, scale;
  std::optional<CodeTensor> zeroPoint;
  std::vector<uint32_t> words;
};

/// Compiles all cases, in both directions, and compares six rounds of each.
static void check(ArrayRef<Case> cases) {
  std::string functions;
  for (auto [i, c] : llvm::enumerate(cases)) {
    functions += c.getFunction("quantize" + std::to_string(i), true);
    functions += c.getFunction("dequantize" + std::to_string(i), false);
  }
  auto compiled = Compiled::get(functions, {/*toBytes=*/true});
  ASSERT_TRUE(compiled);
  for (auto [i, c] : llvm::enumerate(cases)) {
    for (unsigned round = 0; round < 6; ++round) {
      Operands operands(c, round);
      for (bool quantizes : {true, false}) {
        CodeTensor expected = operands.getExpected(quantizes);
        ElementType type = quantizes ? c.getElement() : c.getNumber();
        Array wanted = toArray(type, expected);
        std::string name =
            (quantizes ? "quantize" : "dequantize") + std::to_string(i);
        Array found = compiled->call(name, operands.getArrays(quantizes),
                                     wanted.elementSize, wanted.shape.size());
        std::string what =
            (quantizes ? "quantize " : "dequantize ") + c.describe();
        ASSERT_EQ(wanted.shape, found.shape) << what;
        std::vector<uint64_t> codes = toCodes(type, found, c.shape);
        expectSame(what, type, expected.codes, codes,
                   [&](size_t i) { return operands.describe(i, quantizes); });
        // Bits that no code uses are 0.
        EXPECT_EQ(toArray(type, CodeTensor(type.format, c.shape, codes)).bytes,
                  found.bytes)
            << what;
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// lowbit.quantize and lowbit.dequantize
//===----------------------------------------------------------------------===//

static const char *const elements[] = {"i4",
                                       "ui4",
                                       "i8",
                                       "ui8",
                                       "i3",
                                       "si5",
                                       "f8E4M3FN",
                                       "f8E5M2",
                                       "f4E2M1FN",
                                       "f6E2M3FN",
                                       "f8E8M0FNU",
                                       "minifloat<ue5m3fn>",
                                       "log<4>",
                                       "log<4, frac = 1>",
                                       "codebook<4, nf4>",
                                       "minifloat<e5m3fn>"};

TEST(Quantize, Granularities) {
  std::vector<Case> cases;
  size_t turn = 0;
  auto add = [&](Shape shape, Shape block, Shape dynamic = {},
                 bool writesBlock = true, ScaleForm form = ScaleForm::Tensor) {
    Case c;
    // Three types each, with and without a zero point.
    for (int i = 0; i < 3; ++i, ++turn) {
      c.element = elements[turn % std::size(elements)];
      // A dynamic row must end on a byte.
      if (llvm::is_contained(dynamic, int64_t(shape.size()) - 1) &&
          shape.back() * c.getElement().getBits() % 8 != 0)
        c.element = "f8E4M3FN";
      c.shape = shape;
      c.block = block;
      c.dynamic = dynamic;
      c.writesBlock = writesBlock;
      c.form = form;
      bool isInteger = c.getElement().format.isInteger();
      c.zeroPoint = "";
      if (i == 1)
        c.zeroPoint = isInteger ? c.element : "f32";
      // So must those of the zero points, which are shorter.
      if (i == 1 && isInteger && !dynamic.empty())
        c.zeroPoint = c.getElement().format.isSigned() ? "i8" : "ui8";
      cases.push_back(c);
    }
  };
  // One scale.
  add({5, 7}, {0, 0}, {}, true, ScaleForm::Scalar);
  add({5, 7}, {0, 0}, {}, true, ScaleForm::RankZero);
  add({}, {}, {}, true, ScaleForm::Scalar);
  add({}, {}, {}, true, ScaleForm::RankZero);
  add({5, 7}, {0, 0}, {}, false);
  add({17}, {0});
  add({2, 3, 8}, {0, 0, 0});
  // Rows and columns.
  add({5, 7}, {1, 0});
  add({5, 7}, {0, 1});
  add({5, 7}, {1, 0}, {}, false);
  add({2, 3, 8}, {1, 0, 1});
  // Groups that divide, implied or written, and ragged ones.
  add({4, 64}, {1, 32});
  add({4, 64}, {1, 16}, {}, false);
  add({3, 50}, {1, 16});
  add({3, 13}, {1, 16});
  add({2, 2, 24}, {1, 1, 8});
  add({40}, {8});
  add({41}, {8});
  add({6, 4}, {1, 1});
  // Two-dimensional blocks.
  add({6, 10}, {2, 5});
  add({6, 10}, {2, 5}, {}, false);
  add({7, 11}, {3, 4});
  add({2, 6, 8}, {0, 3, 4});
  // Sizes known at run time.
  add({5, 16}, {1, 0}, {0});
  add({5, 16}, {0, 0}, {0, 1});
  add({5, 16}, {0, 0}, {0, 1}, true, ScaleForm::Scalar);
  add({5, 40}, {2, 8}, {0, 1});
  add({5, 40}, {2, 16}, {0, 1});
  add({5, 40}, {2, 16}, {1});
  add({5, 33}, {2, 16}, {0});
  add({1, 8}, {1, 4}, {0, 1});
  // Empty, and of size 1.
  add({0, 8}, {0, 0});
  add({0, 8}, {1, 4});
  add({4, 0}, {1, 0});
  add({4, 0}, {1, 8});
  add({0, 8}, {1, 4}, {0});
  add({4, 0}, {1, 8}, {0, 1});
  add({0, 0}, {0, 0}, {0, 1});
  add({1, 1}, {0, 0});
  add({1, 1}, {1, 1});
  add({1}, {4});
  check(cases);
}

TEST(Quantize, Modes) {
  std::vector<Case> cases;
  size_t turn = 0;
  for (const char *element : elements)
    for (Rounding rounding :
         {Rounding::NearestEven, Rounding::TowardZero, Rounding::Stochastic})
      for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE}) {
        Case c;
        c.element = element;
        c.rounding = rounding;
        c.overflow = overflow;
        c.shape = {4, 37};
        c.block = {1, 16};
        if (turn++ % 2)
          c.zeroPoint = c.getElement().format.isInteger() ? element : "f32";
        cases.push_back(c);
      }
  check(cases);
}

TEST(Quantize, ZeroPoints) {
  struct Pair {
    const char *element;
    std::vector<const char *> zeroPoints;
  };
  static const Pair pairs[] = {
      {"i2", {"i2", "i5"}},
      {"i3", {"si3", "i8"}},
      {"i4", {"i4", "si4", "i5", "i7", "i8", "i16", "i32", "si32"}},
      {"si6", {"si6", "i16"}},
      {"i7", {"i7", "si16"}},
      {"i8", {"i8", "si8", "i16", "i32"}},
      {"ui2", {"ui2", "ui3", "i3"}},
      {"ui4", {"ui4", "ui5", "i5", "i8", "ui8", "ui16", "i32", "ui32"}},
      {"ui8", {"ui8", "i16", "ui16", "i32", "ui32"}}};
  std::vector<Case> cases;
  size_t turn = 0;
  for (const Pair &pair : pairs)
    for (const char *zeroPoint : pair.zeroPoints) {
      Case c;
      c.element = pair.element;
      c.zeroPoint = zeroPoint;
      c.block = {1, 8};
      c.rounding = Rounding(turn % 3);
      c.form = turn % 4 == 3 ? ScaleForm::Scalar : ScaleForm::Tensor;
      if (c.form == ScaleForm::Scalar)
        c.block = {0, 0};
      ++turn;
      cases.push_back(c);
    }
  for (const char *element : {"i4", "ui8", "f8E4M3FN", "codebook<4, iq4nl>"})
    for (const char *zeroPoint : {"f32", "f16", "bf16", "f8E5M2"}) {
      Case c;
      c.element = element;
      c.zeroPoint = zeroPoint;
      c.block = {1, 8};
      c.form = turn++ % 4 == 3 ? ScaleForm::RankZero : ScaleForm::Tensor;
      if (c.form == ScaleForm::RankZero)
        c.block = {0, 0};
      cases.push_back(c);
    }
  check(cases);
}

TEST(Quantize, ScaleTypes) {
  std::vector<Case> cases;
  for (const char *scale :
       {"f32", "f16", "bf16", "f8E8M0FNU", "f8E4M3FN", "f8E5M2", "f4E2M1FN",
        "minifloat<ue5m3fn>", "minifloat<e5m3fn>"})
    for (const char *element : {"f4E2M1FN", "i4", "f8E4M3FN"}) {
      Case c;
      c.element = element;
      c.scale = scale;
      c.shape = {3, 64};
      c.block = {1, 16};
      cases.push_back(c);
      c.form = ScaleForm::Scalar;
      c.block = {0, 0};
      if (cases.size() % 3 == 1)
        c.form = ScaleForm::RankZero;
      cases.push_back(c);
    }
  check(cases);
}

TEST(Quantize, NumberTypes) {
  std::vector<Case> cases;
  size_t turn = 0;
  for (const char *number :
       {"f16", "bf16", "f8E4M3FN", "f8E5M2", "f4E2M1FN", "minifloat<e5m3fn>"})
    for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE})
      for (Rounding rounding : {Rounding::NearestEven, Rounding::TowardZero}) {
        Case c;
        c.element = elements[turn++ % std::size(elements)];
        c.number = number;
        c.overflow = overflow;
        c.rounding = rounding;
        c.block = {1, 4};
        cases.push_back(c);
      }
  Case c;
  c.element = "i8";
  c.overflow = Overflow::IEEE;
  cases.push_back(c);
  c.element = "f16";
  cases.push_back(c);
  c.element = "bf16";
  c.overflow = Overflow::Saturate;
  cases.push_back(c);
  check(cases);
}

TEST(Quantize, TwoLevels) {
  // NVFP4: E2M1 under E4M3 scales under one f32.
  auto compiled = Compiled::get(R"mlir(
    func.func @quantize(%x: tensor<3x64xf32>, %s: tensor<3x4xf8E4M3FN>,
                        %t: f32) -> tensor<3x64xf4E2M1FN>
        attributes {llvm.emit_c_interface} {
      %u = lowbit.dequantize %s scale(%t)
          : (tensor<3x4xf8E4M3FN>, f32) -> tensor<3x4xf32>
      %q = lowbit.quantize %x scale(%u) block [1, 16]
          : (tensor<3x64xf32>, tensor<3x4xf32>) -> tensor<3x64xf4E2M1FN>
      return %q : tensor<3x64xf4E2M1FN>
    }
    func.func @dequantize(%q: tensor<3x64xf4E2M1FN>, %s: tensor<3x4xf8E4M3FN>,
                          %t: f32) -> tensor<3x64xbf16>
        attributes {llvm.emit_c_interface} {
      %u = lowbit.dequantize %s scale(%t)
          : (tensor<3x4xf8E4M3FN>, f32) -> tensor<3x4xf32>
      %x = lowbit.dequantize %q scale(%u) block [1, 16]
          : (tensor<3x64xf4E2M1FN>, tensor<3x4xf32>) -> tensor<3x64xbf16>
      return %x : tensor<3x64xbf16>
    })mlir",
                                {/*toBytes=*/true});
  ASSERT_TRUE(compiled);
  ElementType f32 = ElementType::get("f32"), bf16 = ElementType::get("bf16");
  ElementType e2m1 = ElementType::get("f4E2M1FN");
  Case c;
  c.element = "f4E2M1FN";
  c.scale = "f8E4M3FN";
  c.shape = {3, 64};
  c.block = {1, 16};
  for (unsigned round = 0; round < 6; ++round) {
    Operands operands(c, round);
    CodeTensor outer(f32.format, {},
                     {encode(f32.format, round % 2 ? 0.037 : 0x1p-9)});
    CodeTensor scale =
        dequantizeTensor(operands.scale, f32.format, {&outer, nullptr, {0, 0}});
    Scaling scaling = {&scale, nullptr, {1, 16}};

    std::vector<Array> arrays = operands.getArrays(/*quantizes=*/true);
    arrays.push_back(toArray(f32, outer, /*isScalar=*/true));
    Array found = compiled->call("quantize", arrays, 1, 2);
    CodeTensor expected =
        quantizeTensor(operands.numbers, e2m1.format, scaling,
                       Rounding::NearestEven, Overflow::Saturate);
    expectSame("NVFP4 quantize", e2m1, expected.codes,
               toCodes(e2m1, found, c.shape),
               [&](size_t i) { return operands.describe(i, true); });

    arrays = operands.getArrays(/*quantizes=*/false);
    arrays.push_back(toArray(f32, outer, /*isScalar=*/true));
    found = compiled->call("dequantize", arrays, 2, 2);
    expected = dequantizeTensor(operands.codes, bf16.format, scaling);
    expectSame("NVFP4 dequantize", bf16, expected.codes,
               toCodes(bf16, found, c.shape),
               [&](size_t i) { return operands.describe(i, false); });
  }
}

//===----------------------------------------------------------------------===//
// Upstream's casts of small floats
//===----------------------------------------------------------------------===//

/// Values of f32 that matter to any format: all bf16 values.
static std::vector<uint64_t> getF32Codes() {
  std::vector<uint64_t> codes;
  for (uint64_t upper = 0; upper < 0x10000; ++upper)
    codes.push_back(upper << 16 | (upper * 40503 & 0x8000));
  return codes;
}

static std::vector<uint64_t> getAllCodes(const Format &format) {
  std::vector<uint64_t> codes(format.getNumCodes());
  std::iota(codes.begin(), codes.end(), 0);
  return codes;
}

TEST(ArithCasts, ExtFAndTruncF) {
  struct Cast {
    std::string op, from, to;
    Rounding rounding = Rounding::NearestEven;
  };
  std::vector<Cast> casts;
  for (const char *small : {"f8E4M3FN", "f8E4M3", "f8E4M3FNUZ", "f8E4M3B11FNUZ",
                            "f8E5M2", "f8E5M2FNUZ", "f8E3M4", "f8E8M0FNU",
                            "f6E2M3FN", "f6E3M2FN", "f4E2M1FN"}) {
    for (const char *wide : {"f16", "bf16", "f32", "f64"})
      casts.push_back({"extf", small, wide});
    for (const char *wide : {"f16", "bf16", "f32"})
      casts.push_back({"truncf", wide, small});
    casts.push_back({"truncf", "f32", small, Rounding::TowardZero});
  }
  casts.push_back({"extf", "f4E2M1FN", "f8E4M3FN"});
  casts.push_back({"truncf", "f8E5M2", "f6E3M2FN"});

  std::string functions;
  std::vector<std::vector<uint64_t>> inputs;
  for (auto [i, cast] : llvm::enumerate(casts)) {
    ElementType from = ElementType::get(cast.from);
    inputs.push_back(from.getBits() <= 16 ? getAllCodes(from.format)
                                          : getF32Codes());
    Shape shape = {int64_t(inputs.back().size())};
    std::string fromType = getTensorType(shape, from.text);
    std::string toType = getTensorType(shape, cast.to);
    functions +=
        "func.func @f" + std::to_string(i) + "(%x: " + fromType + ") -> " +
        toType + " attributes {llvm.emit_c_interface} {\n  %y = arith." +
        cast.op + " %x" +
        (cast.rounding == Rounding::TowardZero ? " toward_zero" : "") + " : " +
        fromType + " to " + toType + "\n  return %y : " + toType + "\n}\n";
  }
  auto compiled = Compiled::get(functions, {/*toBytes=*/true});
  ASSERT_TRUE(compiled);
  for (auto [i, cast] : llvm::enumerate(casts)) {
    ElementType from = ElementType::get(cast.from);
    ElementType to = ElementType::get(cast.to);
    CodeTensor input(from.format, int64_t(inputs[i].size()), inputs[i]);
    Array found = compiled->call("f" + std::to_string(i), toArray(from, input),
                                 to.getContainerSize(),
                                 /*rank=*/1);
    // Bit for bit: no arithmetic makes a NaN here.
    std::vector<uint64_t> codes = toCodes(to, found, input.shape);
    size_t faults = 0;
    for (size_t k = 0; k < codes.size(); ++k) {
      uint64_t expected =
          encode(to.format, input.getValue(k), cast.rounding, Overflow::IEEE);
      if (codes[k] != expected && faults++ == 0)
        ADD_FAILURE() << cast.op << " " << cast.from << " to " << cast.to
                      << ": " << toText(from, inputs[i][k]) << " gives "
                      << toHex(codes[k]) << ", expected " << toHex(expected);
    }
  }
}

TEST(ArithCasts, Scaling) {
  // The scale is read as the number that it is.
  struct Cast {
    std::string op, in, scale, out;
  };
  std::vector<Cast> casts;
  for (const char *scale :
       {"f8E8M0FNU", "f8E4M3FN", "f8E5M2", "f32", "f16", "bf16"}) {
    for (const char *in : {"f4E2M1FN", "f8E4M3FN", "f6E3M2FN", "f8E5M2"})
      for (const char *out : {"f32", "bf16", "f16"})
        casts.push_back({"extf", in, scale, out});
    for (const char *out : {"f4E2M1FN", "f8E4M3FN", "f6E2M3FN"})
      for (const char *in : {"f32", "bf16"})
        casts.push_back({"truncf", in, scale, out});
  }
  constexpr int64_t size = 4096;
  std::string functions;
  for (auto [i, cast] : llvm::enumerate(casts)) {
    std::string in = getTensorType(size, cast.in);
    std::string scale = getTensorType(size, cast.scale);
    std::string out = getTensorType(size, cast.out);
    functions += "func.func @f" + std::to_string(i) + "(%x: " + in +
                 ", %s: " + scale + ") -> " + out +
                 " attributes {llvm.emit_c_interface} {\n"
                 "  %y = arith.scaling_" +
                 cast.op + " %x, %s : " + in + ", " + scale + " to " + out +
                 "\n  return %y : " + out + "\n}\n";
  }
  auto compiled = Compiled::get(functions, {/*toBytes=*/true});
  ASSERT_TRUE(compiled);
  std::mt19937 random(5);
  auto make = [&](const ElementType &type) {
    CodeTensor tensor(type.format, size);
    for (auto [i, code] : llvm::enumerate(tensor.codes)) {
      code = type.getBits() >= 16 && i % 4
                 ? encode(type.format, std::ldexp(random() % 1000 - 500.0,
                                                  random() % 20 - 14))
                 : random() & (type.format.getNumCodes() - 1);
    }
    return tensor;
  };
  for (auto [i, cast] : llvm::enumerate(casts)) {
    ElementType in = ElementType::get(cast.in);
    ElementType scale = ElementType::get(cast.scale);
    ElementType out = ElementType::get(cast.out);
    CodeTensor x = make(in), s = make(scale);
    std::vector<uint64_t> expected;
    for (int64_t k = 0; k < size; ++k) {
      auto a = static_cast<float>(x.getValue(k));
      auto b = static_cast<float>(s.getValue(k));
      float value = cast.op == "extf" ? a * b : a / b;
      // A NaN that arithmetic makes has no sign (rule E15).
      if (std::isnan(value))
        value = std::numeric_limits<float>::quiet_NaN();
      expected.push_back(
          encode(out.format, value, Rounding::NearestEven, Overflow::IEEE));
    }
    Array found = compiled->call("f" + std::to_string(i),
                                 {toArray(in, x), toArray(scale, s)},
                                 out.getContainerSize(), /*rank=*/1);
    expectSame("scaling_" + cast.op + " " + cast.in + " by " + cast.scale +
                   " to " + cast.out,
               out, expected, toCodes(out, found, x.shape), [&](size_t k) {
                 return toText(in, x.codes[k]) + ", scale " +
                        toText(scale, s.codes[k]);
               });
  }
}

//===----------------------------------------------------------------------===//
// quant.qcast and quant.dcast
//===----------------------------------------------------------------------===//

namespace {
struct QuantCase {
  /// What stands in `!quant.uniform<...>`.
  std::string type;
  /// The integers that hold the codes, and the range of the codes.
  std::string storage;
  int64_t low, high;
  std::string number;
  Shape shape;
  /// Per block of the row-major grid of scales.
  Shape block;
  std::vector<double> scales;
  std::vector<int64_t> zeroPoints;
  Shape dynamic = {};
};
} // namespace

/// clamp(roundeven(x / s + z)) and (q - z) * s, in the precision of `Float`.
template <typename Float>
static int64_t getQuantized(const QuantCase &c, double x, size_t block) {
  Float t = static_cast<Float>(x) / static_cast<Float>(c.scales[block]);
  t += static_cast<Float>(c.zeroPoints[block]);
  if (std::isnan(t))
    t = 0;
  // In f64, which holds the ends of every range.
  double rounded = std::nearbyint(t);
  if (rounded < static_cast<double>(c.low))
    return c.low;
  if (rounded > static_cast<double>(c.high))
    return c.high;
  return static_cast<int64_t>(rounded);
}
template <typename Float>
static double getDequantized(const QuantCase &c, int64_t code, size_t block) {
  Float difference =
      static_cast<Float>(code) - static_cast<Float>(c.zeroPoints[block]);
  return difference * static_cast<Float>(c.scales[block]);
}

TEST(QuantCasts, AllKinds) {
  std::vector<QuantCase> cases;
  auto add = [&](QuantCase c) { cases.push_back(std::move(c)); };
  // Per tensor: signed, unsigned, narrow ranges, odd widths, f16, bf16, f64.
  add({"i8:f32, 1.0", "i8", -128, 127, "f32", {3, 40}, {0, 0}, {1.0}, {0}});
  add({"i8:f32, 0.3:-7", "i8", -128, 127, "f32", {3, 40}, {0, 0}, {0.3}, {-7}});
  add({"u8:f32, 0.3:128", "i8", 0, 255, "f32", {3, 40}, {0, 0}, {0.3}, {128}});
  add({"i8<-127:127>:f32, 2.5",
       "i8",
       -127,
       127,
       "f32",
       {3, 40},
       {0, 0},
       {2.5},
       {0}});
  add({"u8<1:254>:f32, 0.1:127",
       "i8",
       1,
       254,
       "f32",
       {3, 40},
       {0, 0},
       {0.1},
       {127}});
  add({"i4:f32, 0.5:1", "i4", -8, 7, "f32", {3, 40}, {0, 0}, {0.5}, {1}});
  add({"u4:f32, 0.5:8", "i4", 0, 15, "f32", {3, 40}, {0, 0}, {0.5}, {8}});
  add({"i4<-7:7>:f32, 0.7", "i4", -7, 7, "f32", {3, 40}, {0, 0}, {0.7}, {0}});
  add({"u3:f32, 0.7:2", "i3", 0, 7, "f32", {3, 40}, {0, 0}, {0.7}, {2}});
  add({"i16:f32, 0.01:5",
       "i16",
       -32768,
       32767,
       "f32",
       {3, 40},
       {0, 0},
       {0.01},
       {5}});
  add({"u16:f32, 0.01:500",
       "i16",
       0,
       65535,
       "f32",
       {3, 40},
       {0, 0},
       {0.01},
       {500}});
  add({"i32:f32, 0.001:-3",
       "i32",
       INT32_MIN,
       INT32_MAX,
       "f32",
       {3, 40},
       {0, 0},
       {0.001},
       {-3}});
  add({"i8:f16, 0.3:2", "i8", -128, 127, "f16", {3, 40}, {0, 0}, {0.3}, {2}});
  add({"u8:bf16, 0.3:2", "i8", 0, 255, "bf16", {3, 40}, {0, 0}, {0.3}, {2}});
  add({"i8:f64, 0.3:2", "i8", -128, 127, "f64", {3, 40}, {0, 0}, {0.3}, {2}});
  add({"i8:f32, 0.3:-7",
       "i8",
       -128,
       127,
       "f32",
       {3, 40},
       {0, 0},
       {0.3},
       {-7},
       {0, 1}});
  // Rank 0, empty.
  add({"i8:f32, 0.3:-7", "i8", -128, 127, "f32", {}, {}, {0.3}, {-7}});
  add({"i8:f32, 0.3:-7", "i8", -128, 127, "f32", {0, 4}, {0, 0}, {0.3}, {-7}});
  // Per axis, of any dimension.
  add({"i8:f32:0, {0.3:-7,1.5:0,2.0:9}",
       "i8",
       -128,
       127,
       "f32",
       {3, 40},
       {1, 0},
       {0.3, 1.5, 2.0},
       {-7, 0, 9}});
  add({"u4:f32:1, {0.3:7,1.5:0}",
       "i4",
       0,
       15,
       "f32",
       {5, 2, 8},
       {0, 1, 0},
       {0.3, 1.5},
       {7, 0}});
  add({"i8:f16:1, {0.3,1.5}",
       "i8",
       -128,
       127,
       "f16",
       {60, 2},
       {0, 1},
       {0.3, 1.5},
       {0, 0}});
  add({"i8:f32:0, {0.3:-7,1.5:0,2.0:9}",
       "i8",
       -128,
       127,
       "f32",
       {3, 40},
       {1, 0},
       {0.3, 1.5, 2.0},
       {-7, 0, 9},
       {1}});
  // Sub-channel.
  add({"i8:f32:{0:1, 1:20}, {{0.3:-7,1.5:0},{2.0:9,0.1:1},{0.25:3,4.0:-1}}",
       "i8",
       -128,
       127,
       "f32",
       {3, 40},
       {1, 20},
       {0.3, 1.5, 2.0, 0.1, 0.25, 4.0},
       {-7, 0, 9, 1, 3, -1}});
  add({"u4:f32:{0:2, 1:8}, {{0.3:7,1.5:0},{2.0:9,0.1:1}}",
       "i4",
       0,
       15,
       "f32",
       {4, 16},
       {2, 8},
       {0.3, 1.5, 2.0, 0.1},
       {7, 0, 9, 1}});

  std::string functions;
  for (auto [i, c] : llvm::enumerate(cases)) {
    std::string numbers = getTensorType(c.shape, c.number, c.dynamic);
    std::string codes = getTensorType(c.shape, c.storage, c.dynamic);
    std::string quantized =
        getTensorType(c.shape, "!quant.uniform<" + c.type + ">", c.dynamic);
    std::string index = std::to_string(i);
    functions +=
        "func.func @qcast" + index + "(%x: " + numbers + ") -> " + codes +
        " attributes {llvm.emit_c_interface} {\n"
        "  %q = quant.qcast %x : " +
        numbers + " to " + quantized +
        "\n  %c = quant.scast %q : " + quantized + " to " + codes +
        "\n  return %c : " + codes + "\n}\nfunc.func @dcast" + index +
        "(%c: " + codes + ") -> " + numbers +
        " attributes {llvm.emit_c_interface} {\n"
        "  %q = quant.scast %c : " +
        codes + " to " + quantized + "\n  %x = quant.dcast %q : " + quantized +
        " to " + numbers + "\n  return %x : " + numbers + "\n}\n";
  }
  auto compiled = Compiled::get(functions, {/*toBytes=*/true});
  ASSERT_TRUE(compiled);
  std::mt19937 random(11);
  for (auto [i, c] : llvm::enumerate(cases)) {
    ElementType number = ElementType::get(c.number);
    ElementType storage = ElementType::get(c.storage);
    std::string index = std::to_string(i);
    Blocking blocking(c.shape, c.block);
    bool isWide = c.number == "f64";
    uint64_t mask = storage.format.getNumCodes() - 1;
    for (int round = 0; round < 8; ++round) {
      CodeTensor x(number.format, c.shape), codes(storage.format, c.shape);
      std::vector<uint64_t> quantized, dequantized;
      for (int64_t k = 0; k < getSize(c.shape); ++k) {
        size_t block = blocking.getScaleIndex(k);
        static const double specials[] = {inf, -inf, NAN, 1.7,  -1.7, 300, -300,
                                          0.5, 1.5,  2.5, -0.5, 3e38, -0.0};
        double value = k % 5 == 0
                           ? specials[random() % std::size(specials)]
                           : (int(random() % 1200) - 600) * c.scales[block] / 2;
        x.codes[k] =
            encode(number.format, value, Rounding::NearestEven, Overflow::IEEE);
        value = x.getValue(k);
        quantized.push_back((isWide ? getQuantized<double>(c, value, block)
                                    : getQuantized<float>(c, value, block)) &
                            mask);
        int64_t code = c.low + int64_t(random() % uint64_t(c.high - c.low + 1));
        codes.codes[k] = code & mask;
        dequantized.push_back(
            encode(number.format,
                   isWide ? getDequantized<double>(c, code, block)
                          : getDequantized<float>(c, code, block),
                   Rounding::NearestEven, Overflow::IEEE));
      }
      Array stored = toArray(storage, codes);
      Array found = compiled->call("qcast" + index, toArray(number, x),
                                   stored.elementSize, stored.shape.size());
      ASSERT_EQ(found.shape, stored.shape) << c.type;
      expectSame("qcast " + c.type, storage, quantized,
                 toCodes(storage, found, c.shape),
                 [&](size_t k) { return toText(number, x.codes[k]); });
      found = compiled->call("dcast" + index, stored, number.getContainerSize(),
                             c.shape.size());
      expectSame("dcast " + c.type, number, dequantized,
                 toCodes(number, found, c.shape),
                 [&](size_t k) { return toText(storage, codes.codes[k]); });
    }
  }
}
