//===- ChooseScaleTest.cpp - Compiled choose_scale ------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// lowbit.choose_scale, expanded and in machine code, gives what chooseScales
// gives, bit for bit: every method on blocks of every form, on every kind of
// format, with NaN, infinities, zeros and numbers at the ends of the range.
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"
#include "TestTypes.h"

#include "lowbit/Numerics/Tensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <optional>
#include <random>

using namespace lowbit;
using namespace lowbit::test;
using llvm::ArrayRef;
using Shape = llvm::SmallVector<int64_t>;

static constexpr ScaleMethod allMethods[] = {
    ScaleMethod::AbsMax,  ScaleMethod::MinMax, ScaleMethod::MSE,
    ScaleMethod::MXFloor, ScaleMethod::MXCeil, ScaleMethod::MXEven,
    ScaleMethod::MXRCeil};

namespace {
struct Case {
  std::string element = "i8";
  ScaleMethod method = ScaleMethod::AbsMax;
  Shape shape = {3, 40};
  Shape block = {1, 0};
  /// Dimensions of the input that are unknown when compiled.
  Shape dynamic = {};
  /// Those of the scale, where they are not the input's.
  std::optional<Shape> scaleDynamic = {};
  bool writesBlock = true;
  bool isRankZero = false;
  std::string scale = "f32";
  std::string input = "f32";
  /// For minmax; empty: the element type.
  std::string zeroPoint = "";

  ElementType getInput() const { return ElementType::get(input); }
  ElementType getElement() const { return ElementType::get(element); }
  ElementType getScale() const { return ElementType::get(scale); }
  ElementType getZeroPoint() const {
    return ElementType::get(zeroPoint.empty() ? element : zeroPoint);
  }
  bool hasZeroPoint() const { return method == ScaleMethod::MinMax; }

  /// Whether the verifier admits it.
  bool isValid() const {
    return !llvm::errorToBool(
        verifyScaleMethod(getElement().format, getScale().format, method));
  }

  Shape getScaleShape() const {
    return isRankZero ? Shape() : Shape(Blocking(shape, block).getScaleShape());
  }
  std::string getResultType(const ElementType &type) const {
    Shape unknown;
    for (int64_t dim : dynamic)
      if (!isRankZero && block[dim] != 0)
        unknown.push_back(dim);
    if (scaleDynamic)
      unknown = *scaleDynamic;
    return getTensorType(getScaleShape(), type.text, unknown);
  }

  std::string getOp() const {
    std::string text = "lowbit.choose_scale %x for " + getElement().text;
    if (writesBlock && !isRankZero)
      text +=
          " block [" +
          llvm::join(llvm::map_range(
                         block, [](int64_t b) { return std::to_string(b); }),
                     ", ") +
          "]";
    std::string results = getResultType(getScale());
    if (hasZeroPoint())
      results = "(" + results + ", " + getResultType(getZeroPoint()) + ")";
    return text + " {method = #lowbit.scale_method<" +
           stringifyScaleMethod(method).str() + ">} : (" +
           getTensorType(shape, getInput().text, dynamic) + ") -> " + results;
  }

  /// A function for each result.
  std::string getFunctions(const std::string &suffix) const {
    std::string text;
    for (bool isZeroPoint : {false, true}) {
      if (isZeroPoint && !hasZeroPoint())
        continue;
      std::string type =
          getResultType(isZeroPoint ? getZeroPoint() : getScale());
      text += "func.func @" + getName(isZeroPoint) + suffix +
              "(%x: " + getTensorType(shape, getInput().text, dynamic) +
              ") -> " + type + " attributes {llvm.emit_c_interface} {\n  %s" +
              (hasZeroPoint() ? ", %z" : "") + " = " + getOp() + "\n  return " +
              (isZeroPoint ? "%z" : "%s") + " : " + type + "\n}\n";
    }
    return text;
  }
  static std::string getName(bool isZeroPoint) {
    return isZeroPoint ? "zero_point" : "scale";
  }
};

/// Numbers of which each block has its own kind.
class Input {
public:
  Input(const Case &c, unsigned round)
      : random(round * 7919 + 1), tensor(c.getInput().format, c.shape) {
    Blocking blocking(c.shape, c.block);
    blocking.forEachBlock([&](int64_t, ArrayRef<int64_t> elements) {
      unsigned kind = random() % 12;
      int exponent = int(random() % 40) - 20;
      for (int64_t i : elements)
        tensor.codes[i] = makeCode(kind, exponent);
      // One element among ordinary ones.
      static const double specials[] = {
          NAN, -NAN, INFINITY, -INFINITY, 0x1.fffffep127, -0x1.fffffep127};
      if (kind >= 10 && !elements.empty())
        tensor.codes[elements[random() % elements.size()]] =
            encodeTo(specials[random() % std::size(specials)]);
    });
  }

  std::mt19937 random;
  CodeTensor tensor;

private:
  uint64_t encodeTo(double value) {
    return encode(tensor.format, value, Rounding::NearestEven, Overflow::IEEE);
  }
  double getUniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  }

  uint64_t makeCode(unsigned kind, int exponent) {
    switch (kind) {
    case 0: // zeros of both signs
      return encodeTo(random() % 2 ? 0.0 : -0.0);
    case 1: // subnormal f32
      return encodeTo(std::ldexp(getUniform(-1, 1), -127 - exponent / 2));
    case 2: // the largest f32, and about
      return encodeTo(std::ldexp(getUniform(-1, 1), 128));
    case 3: // powers of two
      return encodeTo(std::ldexp(random() % 2 ? 1 : -1, exponent));
    case 4: // significands that mx_even rounds up or just not
      return encodeTo(std::ldexp(2 - std::ldexp(1.0, -int(random() % 6)) -
                                     (random() % 2 ? 0x1p-23 : 0),
                                 exponent));
    case 5: // one sign only
      return encodeTo(std::ldexp(getUniform(1, 2), exponent));
    case 6:
      return encodeTo(std::ldexp(getUniform(-2, -1), exponent));
    case 7: { // any code
      uint64_t code = random();
      return code & (tensor.format.getNumCodes() - 1);
    }
    case 8: // small integers: many equal errors
      return encodeTo(int(random() % 9) - 4);
    default:
      return encodeTo(std::ldexp(getUniform(-1, 1), exponent));
    }
  }
};
} // namespace

static std::string describe(const Case &c, unsigned round) {
  return c.getOp() + ", round " + std::to_string(round);
}

/// Compares a result with the expected codes, in f32 one NaN being as good as
/// another, and the unused bits of its buffer with 0.
static void expectSame(const std::string &what, const ElementType &type,
                       const CodeTensor &expected, const Array &found) {
  ASSERT_EQ(toArray(type, expected).shape, found.shape) << what;
  std::vector<uint64_t> codes = toCodes(type, found, expected.shape);
  ASSERT_EQ(expected.codes.size(), codes.size()) << what;
  bool isWide = type.getBits() == 32 && type.format.isFloat();
  for (size_t i = 0; i < codes.size(); ++i) {
    if (isWide && std::isnan(decode(type.format, codes[i])) &&
        std::isnan(expected.getValue(i)))
      continue;
    ASSERT_EQ(toHex(expected.codes[i]), toHex(codes[i]))
        << what << ", block " << i;
  }
  EXPECT_EQ(toArray(type, CodeTensor(type.format, expected.shape, codes)).bytes,
            found.bytes)
      << what;
}

/// Compiles all cases that the verifier admits and compares some rounds each.
static void check(ArrayRef<Case> candidates, unsigned numRounds) {
  std::vector<Case> cases;
  std::string functions;
  for (const Case &c : candidates) {
    if (!c.isValid())
      continue;
    functions += c.getFunctions(std::to_string(cases.size()));
    cases.push_back(c);
  }
  ASSERT_FALSE(cases.empty());
  auto compiled = Compiled::get(functions, {/*toBytes=*/true});
  ASSERT_TRUE(compiled);
  for (auto [i, c] : llvm::enumerate(cases))
    for (unsigned round = 0; round < numRounds; ++round) {
      Input input(c, round);
      ChosenScales chosen = chooseScales(
          input.tensor, c.getElement().format, c.getScale().format, c.method,
          c.block,
          c.hasZeroPoint() ? std::optional<Format>(c.getZeroPoint().format)
                           : std::nullopt);
      if (c.isRankZero)
        chosen.scale.shape.clear();
      if (c.isRankZero && chosen.zeroPoint)
        chosen.zeroPoint->shape.clear();
      for (bool isZeroPoint : {false, true}) {
        if (isZeroPoint && !c.hasZeroPoint())
          continue;
        ElementType type = isZeroPoint ? c.getZeroPoint() : c.getScale();
        const CodeTensor &expected =
            isZeroPoint ? *chosen.zeroPoint : chosen.scale;
        Array wanted = toArray(type, expected);
        std::string name = Case::getName(isZeroPoint);
        Array found = compiled->call(name + std::to_string(i),
                                     {toArray(c.getInput(), input.tensor)},
                                     wanted.elementSize, wanted.shape.size());
        expectSame(name + " of " + describe(c, round), type, expected, found);
      }
    }
}

TEST(ChooseScale, Granularities) {
  std::vector<Case> cases;
  size_t turn = 0;
  auto add = [&](Shape shape, Shape block, Shape dynamic = {},
                 bool writesBlock = true, bool isRankZero = false,
                 std::optional<Shape> scaleDynamic = {}) {
    static const Case kinds[] = {
        {"i8", ScaleMethod::AbsMax},
        {"ui4", ScaleMethod::MinMax},
        {"f4E2M1FN", ScaleMethod::MSE},
        {"f8E4M3FN", ScaleMethod::MXEven},
    };
    for (Case c : kinds) {
      c.shape = shape;
      c.block = block;
      c.dynamic = dynamic;
      c.scaleDynamic = scaleDynamic;
      c.writesBlock = writesBlock;
      c.isRankZero = isRankZero;
      static const char *const inputs[] = {"f32", "bf16", "f16"};
      static const char *const scales[] = {"f32", "f8E4M3FN", "f16", "bf16"};
      c.input = inputs[turn % std::size(inputs)];
      c.scale = c.method == ScaleMethod::MXEven
                    ? "f8E8M0FNU"
                    : scales[turn % std::size(scales)];
      // A dynamic row must end on a byte.
      if (!dynamic.empty() || scaleDynamic)
        c.zeroPoint = "ui8";
      ++turn;
      cases.push_back(c);
    }
  };
  // One scale.
  add({5, 7}, {0, 0});
  add({5, 7}, {0, 0}, {}, false);
  add({5, 7}, {0, 0}, {}, true, true);
  add({}, {}, {}, true, true);
  add({}, {});
  add({300}, {0});
  add({2, 3, 8}, {0, 0, 0}, {}, true, true);
  // Rows: short and long ones, whole vectors and not.
  add({5, 7}, {1, 0});
  add({5, 32}, {1, 0}, {}, false);
  add({3, 257}, {1, 0});
  add({3, 512}, {1, 0});
  add({2, 3, 8}, {1, 1, 0});
  // Groups that divide, and ragged ones.
  add({4, 64}, {1, 32});
  add({4, 64}, {1, 16}, {}, false);
  add({3, 512}, {1, 128});
  add({2, 2, 24}, {1, 1, 8});
  add({40}, {8});
  add({3, 50}, {1, 16});
  add({3, 13}, {1, 16});
  add({2, 600}, {1, 256});
  add({41}, {8});
  // Columns, and single elements.
  add({5, 7}, {0, 1});
  add({7, 9}, {3, 1});
  add({6, 4}, {1, 1});
  add({2, 3, 8}, {1, 0, 1});
  add({4, 1}, {0, 1});
  // Two-dimensional blocks.
  add({6, 10}, {2, 5});
  add({6, 16}, {2, 8}, {}, false);
  add({7, 11}, {3, 4});
  add({2, 6, 8}, {0, 3, 4});
  // Sizes known at run time.
  add({5, 16}, {1, 0}, {0});
  add({5, 16}, {0, 0}, {0, 1});
  add({5, 16}, {0, 0}, {0, 1}, true, true);
  add({5, 40}, {2, 8}, {0, 1});
  add({5, 40}, {2, 16}, {1});
  add({5, 33}, {2, 16}, {0});
  add({5, 40}, {0, 1}, {0, 1});
  add({5, 40}, {2, 1}, {0});
  add({1, 8}, {1, 4}, {0, 1});
  // Sizes that only the scale's type has, or only the data's.
  add({5, 40}, {2, 16}, {0, 1}, true, false, Shape{});
  add({5, 40}, {2, 1}, {0, 1}, true, false, Shape{1});
  add({5, 40}, {0, 8}, {}, true, false, Shape{0, 1});
  add({5, 40}, {0, 1}, {}, true, false, Shape{0, 1});
  // Empty, and of size 1.
  add({0, 8}, {0, 0});
  add({0, 8}, {1, 4});
  add({0, 8}, {0, 1});
  add({4, 0}, {1, 0});
  add({4, 0}, {1, 8});
  add({4, 0}, {0, 0}, {}, true, true);
  add({0, 8}, {1, 4}, {0});
  add({0, 8}, {0, 1}, {0});
  add({4, 0}, {1, 8}, {0, 1});
  add({4, 0}, {1, 0}, {0, 1});
  add({1, 1}, {0, 0});
  add({1, 1}, {1, 1});
  add({1}, {4});
  check(cases, 6);
}

TEST(ChooseScale, Elements) {
  // Formats whose largest value makes scales overflow, vanish or reach 1 at
  // the ends of f32's range are among them.
  static const char *const elements[] = {"i2",
                                         "i3",
                                         "i4",
                                         "si5",
                                         "i8",
                                         "ui2",
                                         "ui4",
                                         "ui8",
                                         "f8E4M3FN",
                                         "f8E4M3FNUZ",
                                         "f8E5M2",
                                         "f8E3M4",
                                         "f6E2M3FN",
                                         "f6E3M2FN",
                                         "f4E2M1FN",
                                         "f16",
                                         "bf16",
                                         "minifloat<e5m3fn>",
                                         "minifloat<e3m0finite>",
                                         "minifloat<e4m3fn, bias = 40>",
                                         "minifloat<e4m3fn, bias = -112>",
                                         "log<4>",
                                         "log<4, frac = 1>",
                                         "codebook<4, nf4>",
                                         "codebook<4, iq4nl>",
                                         "codebook<2, [-0.5, 0.25, 1.0, 3.0]>"};
  std::vector<Case> cases;
  for (const char *element : elements)
    for (ScaleMethod method : allMethods)
      for (const char *scale : {"f32", "f8E8M0FNU"}) {
        Case c;
        c.element = element;
        c.method = method;
        c.scale = scale;
        c.shape = {6, 64};
        c.block = {1, 16};
        cases.push_back(c);
      }
  check(cases, 20);
}

TEST(ChooseScale, ScaleTypes) {
  std::vector<Case> cases;
  for (const char *scale :
       {"f32", "f16", "bf16", "f8E8M0FNU", "f8E4M3FN", "f8E4M3", "f8E5M2",
        "f8E4M3FNUZ", "f8E4M3B11FNUZ", "f6E3M2FN", "f4E2M1FN",
        "minifloat<ue5m3fn>", "minifloat<e5m3fn>", "minifloat<ue2m3finite>"})
    for (auto [element, method] : {std::pair("i8", ScaleMethod::AbsMax),
                                   std::pair("f4E2M1FN", ScaleMethod::AbsMax),
                                   std::pair("ui4", ScaleMethod::MinMax),
                                   std::pair("i4", ScaleMethod::MSE),
                                   std::pair("bf16", ScaleMethod::AbsMax)}) {
      Case c;
      c.element = element;
      c.method = method;
      c.scale = scale;
      c.shape = {5, 64};
      c.block = {1, 8};
      cases.push_back(c);
    }
  check(cases, 20);
}

TEST(ChooseScale, InputTypes) {
  std::vector<Case> cases;
  for (const char *input :
       {"f16", "bf16", "f8E4M3FN", "f8E5M2", "f8E4M3FNUZ", "f6E3M2FN",
        "f4E2M1FN", "f8E8M0FNU", "minifloat<ue5m3fn>", "minifloat<e5m3fn>"})
    for (ScaleMethod method : allMethods)
      for (bool isColumn : {false, true}) {
        Case c;
        c.element = method == ScaleMethod::MinMax ? "i4" : "f6E2M3FN";
        c.method = method;
        c.scale = method >= ScaleMethod::MXFloor ? "f8E8M0FNU" : "f16";
        c.input = input;
        c.shape = {4, 24};
        c.block = isColumn ? Shape{2, 1} : Shape{1, 8};
        cases.push_back(c);
      }
  check(cases, 12);
}

TEST(ChooseScale, ZeroPointTypes) {
  std::vector<Case> cases;
  for (const char *scale : {"f32", "f4E2M1FN"})
    for (const char *element : {"i4", "ui4", "i8", "ui8"})
      for (const char *zeroPoint :
           {"i4", "si4", "ui4", "i5", "i8", "ui8", "i16", "ui16", "i32", "si32",
            "ui32", "f32", "f16", "bf16", "f8E4M3FN"}) {
        Case c;
        c.element = element;
        c.method = ScaleMethod::MinMax;
        c.scale = scale;
        c.zeroPoint = zeroPoint;
        c.block = {1, 8};
        // Rule Z4.
        Format from = c.getElement().format, to = c.getZeroPoint().format;
        if (to.isInteger() && (to.getLowest() > from.getLowest() ||
                               to.getLargest() < from.getLargest()))
          continue;
        cases.push_back(c);
      }
  check(cases, 12);
}
