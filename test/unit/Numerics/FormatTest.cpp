//===- FormatTest.cpp - Descriptors of number formats ---------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Format.h"

#include "Reference.h"
#include "lowbit/Numerics/Codec.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

#include <set>

using namespace lowbit;
using namespace lowbit::test;
using llvm::StringRef;

static Format parse(StringRef name) {
  return llvm::cantFail(Format::parse(name));
}

/// The message of an expected error, or "" for a format.
template <typename T> static std::string getError(llvm::Expected<T> result) {
  if (result)
    return "";
  return llvm::toString(result.takeError());
}

static std::string getFloatError(unsigned x, unsigned y, bool isSigned,
                                 NonFinite kind,
                                 std::optional<int64_t> bias = {}) {
  return getError(Format::getFloat(x, y, isSigned, kind, bias));
}

static bool startsWith(const std::string &text, StringRef prefix) {
  return StringRef(text).starts_with(prefix);
}
#define EXPECT_RULE(rule, error) EXPECT_PRED2(startsWith, error, rule ":")

TEST(Format, CatalogProperties) {
  std::vector<NamedReference> references = getReferenceCatalog();
  llvm::ArrayRef<Format> catalog = getCatalog();
  ASSERT_EQ(catalog.size(), references.size());
  for (auto [format, entry] : llvm::zip_equal(catalog, references)) {
    SCOPED_TRACE(entry.name);
    const Reference &r = entry.reference;
    EXPECT_EQ(format.getName(), entry.name);
    EXPECT_EQ(format.getBits(), r.bits);
    double largest = -inf, lowest = inf, smallest = inf;
    bool hasInf = false, hasNaN = false, hasZero = false, hasMinusZero = false;
    for (double value : r.values) {
      hasNaN |= std::isnan(value);
      hasInf |= std::isinf(value);
      if (!std::isfinite(value))
        continue;
      largest = std::max(largest, value);
      lowest = std::min(lowest, value);
      if (value > 0)
        smallest = std::min(smallest, value);
      (std::signbit(value) ? hasMinusZero : hasZero) |= value == 0;
    }
    EXPECT_EQ(format.getLargest(), largest);
    EXPECT_EQ(format.getLowest(), lowest);
    EXPECT_EQ(format.getSmallest(), smallest);
    EXPECT_EQ(format.hasNaN(), hasNaN);
    EXPECT_EQ(format.hasInf(), hasInf);
    EXPECT_EQ(format.hasZero(), hasZero);
    EXPECT_EQ(format.hasNegativeZero(), hasMinusZero);
    EXPECT_EQ(format.isSigned(), lowest < 0);
    if (hasInf) {
      EXPECT_EQ(r.values[format.getInfCode()], inf);
    }
    if (hasNaN) {
      EXPECT_TRUE(std::isnan(r.values[format.getNaNCode()]));
    }
    if (format.isFloat()) {
      EXPECT_EQ(r.values[format.getMaxMagnitudeCode()], largest);
    }
    EXPECT_EQ(format.getScaleLargest(), r.kind == Reference::Codebook
                                            ? std::min(largest, -lowest)
                                            : largest);
    bool isListed = r.kind == Reference::Log || r.kind == Reference::Codebook;
    EXPECT_EQ(format.getValues().size(), isListed ? r.values.size() : 0);
    EXPECT_EQ(format.getSortedCodes().size(), format.getSortedValues().size());
    if (isListed) {
      EXPECT_EQ(format.getSortedCodes().size(),
                std::set<double>(r.values.begin(), r.values.end()).size());
    }
    for (size_t i = 0; i < format.getSortedCodes().size(); ++i) {
      EXPECT_EQ(r.values[format.getSortedCodes()[i]],
                format.getSortedValues()[i]);
      if (i > 0) {
        EXPECT_LT(format.getSortedValues()[i - 1], format.getSortedValues()[i]);
      }
    }
  }
}

TEST(Format, HandComputedProperties) {
  struct Row {
    const char *name;
    double largest, smallestNormal, smallest;
  } rows[] = {{"f8E4M3FN", 448, 0x1p-6, 0x1p-9},
              {"f8E4M3", 240, 0x1p-6, 0x1p-9},
              {"f8E4M3FNUZ", 240, 0x1p-7, 0x1p-10},
              {"f8E4M3B11FNUZ", 30, 0x1p-10, 0x1p-13},
              {"f8E5M2", 57344, 0x1p-14, 0x1p-16},
              {"f8E5M2FNUZ", 57344, 0x1p-15, 0x1p-17},
              {"f8E3M4", 15.5, 0.25, 0x1p-6},
              {"f8E8M0FNU", 0x1p127, 0x1p-127, 0x1p-127},
              {"f6E2M3FN", 7.5, 1, 0.125},
              {"f6E3M2FN", 28, 0.25, 0.0625},
              {"f4E2M1FN", 6, 1, 0.5},
              {"f16", 65504, 0x1p-14, 0x1p-24},
              {"bf16", 0x1.fep127, 0x1p-126, 0x1p-133},
              {"f32", 0x1.fffffep127, 0x1p-126, 0x1p-149},
              {"f64", 0x1.fffffffffffffp1023, 0x1p-1022, 0x1p-1074},
              {"minifloat<ue5m3fn>", 114688, 0x1p-14, 0x1p-17},
              {"minifloat<e5m3fn>", 114688, 0x1p-14, 0x1p-17},
              {"minifloat<e3m0finite, bias = 7>", 1, 0x1p-6, 0x1p-6},
              {"minifloat<ue1m1>", 1, 1, 1}, // only a subnormal is finite
              {"log<4>", 1, 0x1p-6, 0x1p-6},
              {"log<8>", 1, 0x1p-126, 0x1p-126},
              {"codebook<4, iq4nl>", 113, 1, 1},
              {"codebook<2, [-1.0, -2.0, -3.0, -4.0]>", -1, 0, 0}};
  for (const Row &row : rows) {
    Format format = parse(row.name);
    EXPECT_EQ(format.getLargest(), row.largest) << row.name;
    EXPECT_EQ(format.getSmallestNormal(), row.smallestNormal) << row.name;
    EXPECT_EQ(format.getSmallest(), row.smallest) << row.name;
  }
  EXPECT_EQ(parse("codebook<4, iq4nl>").getScaleLargest(), 113);
  EXPECT_EQ(parse("i4").getScaleLargest(), 7);
  EXPECT_EQ(parse("i32").getLowest(), -0x1p31);
  EXPECT_EQ(parse("ui32").getLargest(), 0x1p32 - 1);
  EXPECT_FALSE(parse("codebook<2, [0.0, 1.0, 2.0, 3.0]>").isSigned());
  EXPECT_TRUE(parse("codebook<2, [-0.0, 0.0, 2.0, 3.0]>").hasNegativeZero());
  EXPECT_EQ(parse("f8E5M2").getNaNCode(), 0x7Eu);
  EXPECT_EQ(parse("f8E4M3FNUZ").getNaNCode(), 0x80u);
  EXPECT_EQ(parse("minifloat<ue5m3fn>").getNaNCode(), 0xFFu);
  EXPECT_EQ(parse("f8E5M2").getInfCode(), 0x7Cu);
}

TEST(Format, FloatRules) {
  constexpr auto ieee = NonFinite::IEEE, fn = NonFinite::FN,
                 fnuz = NonFinite::FNUZ, none = NonFinite::None;
  EXPECT_RULE("F1", getFloatError(0, 3, true, none));
  EXPECT_RULE("F1", getFloatError(1, 0, false, none));
  EXPECT_RULE("F1", getFloatError(8, 8, true, none));
  EXPECT_RULE("F1", getFloatError(17, 0, false, none));
  EXPECT_RULE("F1", getFloatError(~0u, 2, true, none));
  EXPECT_RULE("F1", getFloatError(2, ~0u, true, none));
  EXPECT_EQ(getFloatError(1, 0, true, none), "");
  EXPECT_EQ(getFloatError(8, 8, false, none, 128), "");
  EXPECT_RULE("F2", getFloatError(4, 0, true, ieee));
  EXPECT_RULE("F3", getFloatError(4, 3, false, fnuz));
  EXPECT_RULE("F4", getFloatError(1, 0, true, fn));
  EXPECT_EQ(getFloatError(1, 1, true, ieee), "");
  EXPECT_EQ(getFloatError(1, 0, true, fnuz), "");

  // F5, the small end: the quantum is 2^(1 - bias - Y).
  EXPECT_EQ(getFloatError(2, 1, true, none, 149), "");
  EXPECT_RULE("F5", getFloatError(2, 1, true, none, 150));
  EXPECT_EQ(getFloatError(4, 0, true, none, 150), "");
  EXPECT_RULE("F5", getFloatError(4, 0, true, none, 151));
  // The large end: E2M1 has 1.5 * 2^(3 - bias), its IEEE form ends at 2 - bias.
  EXPECT_EQ(getFloatError(2, 1, true, none, -124), "");
  EXPECT_RULE("F5", getFloatError(2, 1, true, none, -125));
  EXPECT_EQ(getFloatError(2, 1, true, ieee, -125), "");
  EXPECT_RULE("F5", getFloatError(2, 1, true, ieee, -126));
  // With no mantissa bits fn takes the top exponent away.
  EXPECT_EQ(getFloatError(2, 0, true, fn, -125), "");
  EXPECT_RULE("F5", getFloatError(2, 0, true, fn, -126));
  // Only subnormals are finite: 0 and 2^-bias.
  EXPECT_EQ(getFloatError(1, 1, true, ieee, -127), "");
  EXPECT_RULE("F5", getFloatError(1, 1, true, ieee, -128));
  EXPECT_EQ(parse("minifloat<e1m1, bias = -127>").getLargest(), 0x1p127);
  EXPECT_RULE("F5", getFloatError(8, 7, true, fn));
  EXPECT_RULE("F5", getFloatError(8, 8, false, none));
  EXPECT_RULE("F5", getFloatError(9, 2, true, none));
  EXPECT_RULE("F5", getFloatError(15, 0, true, none));
  for (int64_t bias :
       {INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_MAX - 1, -(int64_t(1) << 40),
        int64_t(1) << 40, -(int64_t(1) << 20), int64_t(1) << 20, int64_t(-1000),
        int64_t(1000)})
    for (unsigned x : {1u, 4u, 15u})
      EXPECT_RULE("F5", getFloatError(x, 0, true, none, bias));
}

/// F5 decides right for every minifloat: against the values themselves.
TEST(Format, ExactInF32) {
  for (unsigned x = 1; x <= 9; ++x)
    for (unsigned y = 0; x + y <= 10; ++y)
      for (int special = 0; special < 4; ++special)
        for (int bias :
             {-600, -140, -128, -127, -126, -125, -124, -60, 0,   60,
              126,  127,  128,  146,  147,  148,  149,  150, 151, 300}) {
          constexpr NonFinite kinds[] = {NonFinite::IEEE, NonFinite::FN,
                                         NonFinite::FNUZ, NonFinite::None};
          if ((special == 0 && y == 0) || (special == 1 && x + y == 1))
            continue;
          Reference r = Reference::getFloat(x, y, true,
                                            Reference::Special(special), bias);
          bool exact = true;
          for (double value : r.values)
            if (std::isfinite(value))
              exact &= double(float(value)) == value &&
                       std::fabs(value) <= 0x1.fffffep127;
          EXPECT_EQ(getFloatError(x, y, true, kinds[special], bias).empty(),
                    exact)
              << x << " " << y << " " << special << " " << bias;
        }
}

TEST(Format, ParseFloat) {
  for (StringRef text : {"", "e4", "e4m", "em3", "m3e4", "e4m3FN", "e4m3fnu",
                         "e4m3 fn", "E4M3", "se4m3", "uue4m3", "e04m3",
                         "e4m3finitefn", "f8E4M3FN", "e-4m3", "e4m3,"})
    EXPECT_RULE("F0", getError(Format::parseFloat(text))) << text.str();
  EXPECT_RULE("F1",
              getError(Format::parseFloat("e99999999999999999999m3finite")));
  Format ue5m3 = llvm::cantFail(Format::parseFloat("ue5m3fn"));
  EXPECT_EQ(ue5m3.getBits(), 8u);
  EXPECT_FALSE(ue5m3.isSigned());
  EXPECT_EQ(ue5m3.getBias(), 15);
  EXPECT_EQ(llvm::cantFail(Format::parseFloat("e4m3fnuz")).getBias(), 8);
  EXPECT_EQ(llvm::cantFail(Format::parseFloat("e3m2", 9)).getBias(), 9);
}

TEST(Format, LogAndCodebookRules) {
  EXPECT_RULE("F7", getError(Format::getLog(1, 0)));
  EXPECT_RULE("F7", getError(Format::getLog(9, 0)));
  EXPECT_RULE("F8", getError(Format::getLog(4, 8)));
  EXPECT_RULE("F8", getError(Format::getLog(4, ~0u)));
  for (unsigned bits = 2; bits <= 8; ++bits)
    for (unsigned fraction = 0; fraction <= 7; ++fraction)
      EXPECT_EQ(getError(Format::getLog(bits, fraction)), "");

  std::vector<float> four = {0, 1, 2, 3};
  EXPECT_EQ(getError(Format::getCodebook(2, four)), "");
  EXPECT_RULE("F9", getError(Format::getCodebook(1, {0.0f, 1.0f})));
  EXPECT_RULE("F9", getError(Format::getCodebook(9, std::vector<float>(512))));
  EXPECT_RULE("F10", getError(Format::getCodebook(3, four)));
  EXPECT_RULE("F10", getError(Format::getCodebook(2, {})));
  four[2] = INFINITY;
  EXPECT_RULE("F11", getError(Format::getCodebook(2, four)));
  four[2] = NAN;
  EXPECT_RULE("F11", getError(Format::getCodebook(2, four)));
  EXPECT_FALSE(Format::getNamedCodebook("nf5"));
  for (StringRef name : Format::getCodebookNames())
    EXPECT_TRUE(Format::getNamedCodebook(name));
}

TEST(Format, NamesRoundTrip) {
  std::vector<Format> formats = getCatalog().vec();
  for (StringRef name : {"f32", "f64", "i32", "ui32", "i9"})
    formats.push_back(parse(name));
  for (unsigned x = 1; x <= 8; ++x)
    for (unsigned y = 0; x + y <= 9; ++y)
      for (NonFinite kind :
           {NonFinite::IEEE, NonFinite::FN, NonFinite::FNUZ, NonFinite::None})
        for (bool isSigned : {false, true})
          for (int64_t bias : {-3, 0, 1, 7, 8, 40}) {
            llvm::Expected<Format> format =
                Format::getFloat(x, y, isSigned, kind, bias);
            if (format)
              formats.push_back(*format);
            else
              llvm::consumeError(format.takeError());
          }
  for (unsigned bits = 2; bits <= 8; ++bits)
    for (unsigned fraction : {0u, 1u, 7u})
      formats.push_back(llvm::cantFail(Format::getLog(bits, fraction)));
  formats.push_back(llvm::cantFail(Format::getCodebook(
      3, {-0.0f, 1e-45f, 3.4028235e38f, 0.1f, 1e10f, -1e-10f, 1.0f / 3, 7})));
  for (const Format &format : formats) {
    llvm::Expected<Format> again = Format::parse(format.getName());
    ASSERT_TRUE(bool(again)) << format.getName();
    EXPECT_TRUE(*again == format) << format.getName();
    EXPECT_EQ(again->getName(), format.getName());
  }
}

TEST(Format, Spelling) {
  for (auto [text, name] : std::vector<std::pair<StringRef, StringRef>>{
           {"si4", "i4"},
           {" ui4 ", "ui4"},
           {"minifloat<e4m3fn>", "f8E4M3FN"},
           {"minifloat<e4m3fn, bias = 7>", "f8E4M3FN"},
           {"minifloat<e4m3fn, bias=8>", "minifloat<e4m3fn, bias = 8>"},
           {"minifloat<e3m2, bias = 3>", "minifloat<e3m2>"},
           {"minifloat<ue4m3fn>", "minifloat<ue4m3fn>"},
           {"log<4, frac = 0>", "log<4>"},
           {"log< 4 , frac = 1 >", "log<4, frac = 1>"},
           {"codebook<2, [-1, 0.0, 5e-1, 1e30]>",
            "codebook<2, [-1.0, 0.0, 0.5, 1.0e+30]>"}})
    EXPECT_EQ(parse(text).getName(), name.str());
  for (StringRef text : {"",
                         "f8",
                         "f8e4m3fn",
                         "i1",
                         "i33",
                         "i",
                         "u4",
                         "sui4",
                         "i4x",
                         "i04",
                         "log<4",
                         "log<>",
                         "log<4, bias = 1>",
                         "log<4, frac = -1>",
                         "log<4, frac = 99999999999>",
                         "minifloat<>",
                         "minifloat<e4m3fn, bias>",
                         "minifloat<e4m3fn, bias = >",
                         "minifloat<e4m3fn, bias = 1.5>",
                         "minifloat<e4m3fn,>",
                         "minifloat<e4m3fn, bias = 99999999999999999999>",
                         "codebook<4>",
                         "codebook<4, nf5>",
                         "codebook<3, nf4>",
                         "codebook<2, []>",
                         "codebook<2, [1.0, 2.0, 3.0, x]>",
                         "codebook<2, [1, 2, 3, 4>",
                         "codebook<2, [1, 2, , 4]>",
                         "codebook<x, nf4>",
                         "codebook<2, [1, 2, 3, 1e39]>",
                         "codebook<2, [1, 2, 3, nan]>",
                         "!lowbit.log<4>",
                         "bf8",
                         "tf32"})
    EXPECT_NE(getError(Format::parse(text)), "") << text.str();
  EXPECT_EQ(parse("f8E4M3FN").getMinifloatText(), "e4m3fn");
  EXPECT_EQ(parse("f8E4M3B11FNUZ").getMinifloatText(), "e4m3fnuz, bias = 11");
}

TEST(Format, BuiltinTwins) {
  struct Row {
    const char *text;
    std::optional<int64_t> bias;
    std::optional<StringRef> twin;
  } rows[] = {{"e4m3fn", {}, "f8E4M3FN"},
              {"e4m3fn", 7, "f8E4M3FN"},
              {"e4m3fn", 8, {}},
              {"e4m3", {}, "f8E4M3"},
              {"e5m2", {}, "f8E5M2"},
              {"e5m2fn", {}, {}},
              {"e3m4", {}, "f8E3M4"},
              {"e4m3fnuz", {}, "f8E4M3FNUZ"},
              {"e4m3fnuz", 11, "f8E4M3B11FNUZ"},
              {"e4m3fnuz", 7, {}},
              {"e5m2fnuz", {}, "f8E5M2FNUZ"},
              {"e2m1finite", {}, "f4E2M1FN"},
              {"e2m1fn", {}, {}},
              {"e2m1finite", 0, {}},
              {"e2m3finite", {}, "f6E2M3FN"},
              {"e3m2finite", {}, "f6E3M2FN"},
              {"e5m10", {}, "f16"},
              {"e8m7", {}, "bf16"},
              {"e5m3fn", {}, {}},
              {"ue5m3fn", {}, {}},
              {"ue4m3fn", {}, {}},
              {"ue8m0fn", {}, {}}};
  for (const Row &row : rows) {
    Format format = llvm::cantFail(Format::parseFloat(row.text, row.bias));
    EXPECT_EQ(format.getBuiltinTwin(), row.twin) << row.text;
    if (row.twin) {
      EXPECT_TRUE(format == Format::getBuiltin(*row.twin));
    }
  }
  // By brute force: no other minifloat has the codes of a builtin type.
  std::vector<NamedReference> builtins = getReferenceCatalog();
  builtins.resize(11);
  for (unsigned x = 1; x <= 8; ++x)
    for (unsigned y = 0; x + y <= 8; ++y)
      for (int special = 0; special < 4; ++special)
        for (bool isSigned : {false, true})
          for (int bias = -4; bias <= 20; ++bias) {
            constexpr NonFinite kinds[] = {NonFinite::IEEE, NonFinite::FN,
                                           NonFinite::FNUZ, NonFinite::None};
            llvm::Expected<Format> format =
                Format::getFloat(x, y, isSigned, kinds[special], bias);
            if (!format) {
              llvm::consumeError(format.takeError());
              continue;
            }
            std::optional<StringRef> expected;
            for (const NamedReference &builtin : builtins) {
              const std::vector<double> &values = builtin.reference.values;
              if (values.size() != format->getNumCodes())
                continue;
              bool same = true;
              for (size_t code = 0; code < values.size() && same; ++code) {
                double value = decode(*format, code);
                same = std::isnan(value) ? std::isnan(values[code])
                                         : value == values[code] &&
                                               std::signbit(value) ==
                                                   std::signbit(values[code]);
              }
              if (same)
                expected = builtin.name;
            }
            EXPECT_EQ(format->getBuiltinTwin(), expected) << format->getName();
          }
  EXPECT_EQ(Format::getBuiltin("f8E8M0FNU").getBuiltinTwin(), std::nullopt);
  EXPECT_EQ(Format::getBuiltin("f32").getBuiltinTwin(), StringRef("f32"));
  for (StringRef name : {"f8E4M3FN", "f8E8M0FNU", "bf16", "f64"})
    EXPECT_TRUE(Format::isBuiltinFloat(name));
  for (StringRef name : {"f8E5M3FNU", "f80", "tf32", "i8", "", "F16"})
    EXPECT_FALSE(Format::isBuiltinFloat(name));
  EXPECT_DEATH(Format::getBuiltin("f80"), "no builtin float type");
}

TEST(Format, Equality) {
  llvm::ArrayRef<Format> catalog = getCatalog();
  for (size_t i = 0; i < catalog.size(); ++i)
    for (size_t j = 0; j < catalog.size(); ++j)
      EXPECT_EQ(catalog[i] == catalog[j], i == j);
  // A codebook with the values of a named one is equal to it.
  Format nf4 = *Format::getNamedCodebook("nf4");
  Format list = llvm::cantFail(Format::getCodebook(4, nf4.getValues()));
  EXPECT_TRUE(nf4 == list);
  EXPECT_EQ(nf4.getName(), "codebook<4, nf4>");
  EXPECT_TRUE(StringRef(list.getName()).starts_with("codebook<4, [-1.0, "));
  EXPECT_TRUE(parse(list.getName()) == nf4);
  EXPECT_TRUE(parse("codebook<2, [0.0, 1.0, 2.0, 3.0]>") !=
              parse("codebook<2, [-0.0, 1.0, 2.0, 3.0]>"));
  EXPECT_TRUE(parse("codebook<2, [0.0, 1.0, 2.0, 3.0]>") !=
              parse("codebook<2, [1.0, 0.0, 2.0, 3.0]>"));
  // The same values, but another format: see the header.
  EXPECT_TRUE(parse("log<4>") != parse("minifloat<e3m0finite, bias = 7>"));
  EXPECT_TRUE(parse("minifloat<e2m0fn>") !=
              parse("minifloat<e1m1fn, bias = 0>"));
  EXPECT_TRUE(parse("log<2>") == parse("log<2, frac = 1>"));
  EXPECT_TRUE(parse("f8E8M0FNU") == Format::getBuiltin("f8E8M0FNU"));
}

/// log<4> has the values of minifloat<e3m0finite, bias = 7>, and converts
/// alike: kernels are shared.
TEST(Format, LogIsE3M0) {
  Format log = parse("log<4>"), e3m0 = parse("minifloat<e3m0finite, bias = 7>");
  for (uint64_t code = 0; code < 16; ++code)
    EXPECT_EQ(decode(log, code), decode(e3m0, code));
  for (uint32_t bits = 0; bits < 1 << 16; ++bits) {
    double value = decode(Format::getBuiltin("bf16"), bits);
    for (Rounding rounding :
         {Rounding::NearestEven, Rounding::TowardZero, Rounding::Stochastic})
      EXPECT_EQ(encode(log, value, rounding, Overflow::IEEE, 0x12345678),
                encode(e3m0, value, rounding, Overflow::IEEE, 0x12345678));
  }
}
