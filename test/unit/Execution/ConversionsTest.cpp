//===- ConversionsTest.cpp - Compiled conversions -------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What lowbit-expand-conversions writes for a conversion gives, in machine
// code, the bits that the Numerics library gives.
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"
#include "TestTypes.h"

#include "lowbit/Numerics/Codec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

using namespace lowbit;
using namespace lowbit::test;
using llvm::ArrayRef;
using llvm::StringRef;
using Shape = llvm::SmallVector<int64_t>;

//===----------------------------------------------------------------------===//
// Formats
//===----------------------------------------------------------------------===//

/// 256 values without order, with duplicates and both zeros.
static std::string getByteCodebook() {
  std::string text = "codebook<8, [";
  for (int i = 0; i < 256; ++i) {
    int step = (i * 77) % 256 - 128;
    double value =
        step % 16 == 0 ? 0.5 * (step / 16) : step * step * step / 64.0;
    if (i == 3)
      value = -0.0;
    char number[40];
    snprintf(number, sizeof(number), "%s%.6f", i ? ", " : "", value);
    text += number;
  }
  return text + "]>";
}

/// All formats with a name of their own, and corners of the families.
static const std::vector<ElementType> &getElementTypes() {
  static const std::vector<ElementType> types = [] {
    std::vector<ElementType> types;
    for (const Format &format : getCatalog())
      types.push_back(ElementType::get(format));
    for (const char *name :
         {// Signless and signed are one format, but two types.
          "si4", "si8",
          // Few bits, every kind of special value.
          "minifloat<e1m0finite>", "minifloat<e2m0fn>", "minifloat<e1m1fn>",
          "minifloat<e2m1>", "minifloat<e2m1fn>", "minifloat<e2m1fnuz>",
          "minifloat<e3m0fnuz>", "minifloat<e3m0finite, bias = 7>",
          "minifloat<e5m0finite>",
          // Unsigned, with and without NaN.
          "minifloat<ue2m2finite>", "minifloat<ue3m3fn>", "minifloat<ue4m4>",
          "minifloat<ue8m0fn>", "minifloat<ue8m8>",
          // More than 8 bits.
          "minifloat<e4m7>", "minifloat<e6m9>", "minifloat<e7m8fn>",
          "minifloat<e4m11fnuz>", "minifloat<e2m13>", "minifloat<e1m14finite>",
          "minifloat<e8m3>",
          // Biases at the ends of f32's range and beyond its normal numbers.
          "minifloat<e4m3fn, bias = -100>", "minifloat<e4m3fn, bias = 127>",
          "minifloat<e4m3fn, bias = 128>", "minifloat<e4m3fn, bias = 146>",
          "minifloat<e5m2, bias = 140>", "minifloat<e3m2finite, bias = -120>",
          "minifloat<e8m7, bias = 130>", "minifloat<e8m7fnuz, bias = 142>",
          "minifloat<ue4m3fn, bias = 140>",
          "minifloat<ue4m3finite, bias = -112>",
          "minifloat<e3m0finite, bias = 150>",
          // Logarithms.
          "log<2>", "log<3, frac = 2>", "log<5, frac = 2>", "log<6, frac = 1>",
          "log<7, frac = 3>", "log<8>", "log<8, frac = 1>", "log<7, frac = 6>",
          "log<5, frac = 7>",
          // Codebooks: sorted, not, with duplicates and -0, of one value, of
          // one sign, of the widest range that stochastic rounding takes.
          "codebook<2, [-1.0, 0.0, 0.5, 1.0]>",
          "codebook<2, [0.0, 1.0, -1.0, 0.5]>",
          "codebook<2, [2.5, 2.5, 2.5, 2.5]>",
          "codebook<2, [4.0, 1.0, 3.0, 2.0]>",
          "codebook<2, [35184372088832.0, 0.0, 5.684341886080802e-14, -1.0]>",
          "codebook<3, [0.5, -0.0, 0.0, 0.5, -3.0, 1.0e-3, 7.25, -3.0]>"})
      types.push_back(ElementType::get(name));
    types.push_back(ElementType::get(getByteCodebook()));
    return types;
  }();
  return types;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

static float asFloat(uint32_t bits) { return llvm::bit_cast<float>(bits); }

/// Values that are special for any format.
static const double specials[] = {0.0,
                                  0x1p-1074,
                                  0x1p-1022,
                                  0x1p-149,
                                  0x1p-150,
                                  0x1p-126,
                                  0x1p-127,
                                  0x1p-128,
                                  0x1.8p-127,
                                  0x1.8p127,
                                  0x1p128,
                                  0x1p1023,
                                  0.5,
                                  1.5,
                                  2.5,
                                  std::numeric_limits<double>::infinity(),
                                  std::numeric_limits<double>::quiet_NaN()};

/// Every value, every tie, their f64 and f32 neighbours, in both signs, and
/// the specials. Formats of many codes are thinned out in the middle.
static std::vector<double> getTies(const Format &format) {
  std::vector<double> values;
  for (uint64_t code = 0; code < format.getNumCodes(); ++code)
    if (double value = decode(format, code); std::isfinite(value))
      values.push_back(std::fabs(value));
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  // One more step of the last gap: where overflow begins.
  if (values.size() > 1)
    values.push_back(2 * values.back() - values[values.size() - 2]);
  else
    values.push_back(2 * values.back() + 1);
  if (format.getKind() == FormatKind::Codebook) {
    // Not symmetric: the ties of each sign are between neighbours.
    std::vector<double> sorted(format.getSortedValues());
    for (size_t i = 1; i < sorted.size(); ++i)
      values.push_back((sorted[i - 1] + sorted[i]) / 2);
  }

  std::vector<double> inputs;
  auto add = [&](double value) {
    float narrow = value;
    for (double x : {value, std::nextafter(value, HUGE_VAL),
                     std::nextafter(value, -HUGE_VAL), double(narrow),
                     double(std::nextafterf(narrow, HUGE_VALF)),
                     double(std::nextafterf(narrow, -HUGE_VALF))}) {
      inputs.push_back(x);
      inputs.push_back(-x);
    }
  };
  size_t stride = values.size() > 1024 ? 13 : 1;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i % stride != 0 && i >= 64 && i + 64 < values.size())
      continue;
    add(values[i]);
    if (i > 0)
      add((values[i] + values[i - 1]) / 2);
  }
  for (double value : specials)
    add(value);
  return inputs;
}

/// All bf16 and f16 values and random bits, as f32.
static const std::vector<double> &getCommonInputs() {
  static const std::vector<double> inputs = [] {
    std::vector<double> inputs;
    Format f16 = Format::getBuiltin("f16");
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
      inputs.push_back(asFloat(bits << 16));
      inputs.push_back(decode(f16, bits));
    }
    std::mt19937 random(1);
    for (int i = 0; i < 8192; ++i)
      inputs.push_back(asFloat(random()));
    return inputs;
  }();
  return inputs;
}

/// One conversion's input: a code of the source type and a random word.
struct Inputs {
  std::vector<uint64_t> codes;
  std::vector<uint32_t> words;

  /// Repeats the last input until the number is a multiple of `factor`.
  void padTo(size_t factor) {
    while (codes.size() % factor != 0) {
      codes.push_back(codes.back());
      words.push_back(words.back());
    }
  }
  void add(const ElementType &from, double value, uint32_t word) {
    codes.push_back(
        encode(from.format, value, Rounding::NearestEven, Overflow::IEEE));
    words.push_back(word);
  }
};

static const uint32_t randomWords[] = {
    0, 1, 0x80000000, 0xffffffff, 0x12345678, 0x7fffffff, 0xdeadbeef};

/// The number of random words under which `value` rounds away from zero.
static uint64_t getThreshold(const Format &to, double value) {
  uint64_t toward =
      encode(to, value, Rounding::Stochastic, Overflow::Saturate, 0xffffffff);
  uint64_t low = 0, high = 0xffffffff;
  while (low < high) {
    uint64_t middle = (low + high) / 2;
    if (encode(to, value, Rounding::Stochastic, Overflow::Saturate, middle) ==
        toward)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static Inputs getInputs(const ElementType &from, const Format &to,
                        Rounding rounding) {
  Inputs inputs;
  auto wordOf = [&](size_t i) {
    return randomWords[i % std::size(randomWords)];
  };
  if (from.getBits() <= 16) {
    for (uint64_t code = 0; code < from.format.getNumCodes(); ++code) {
      inputs.codes.push_back(code);
      inputs.words.push_back(wordOf(code));
    }
    return inputs;
  }
  std::vector<double> ties = getTies(to);
  for (size_t i = 0; i < ties.size(); ++i)
    inputs.add(from, ties[i], wordOf(i));
  ArrayRef<double> common = getCommonInputs();
  // Signalling and other NaNs are bits that encode never gives.
  for (uint64_t bits : {0x7f800001u, 0x7fffffffu, 0xff800001u, 0xffc12345u}) {
    if (from.getBits() == 64)
      bits = (bits << 32) | 1;
    inputs.codes.push_back(bits);
    inputs.words.push_back(wordOf(bits));
  }
  size_t stride = from.getBits() == 64 ? 5 : 1;
  for (size_t i = 0; i < common.size(); i += stride)
    inputs.add(from, common[i], wordOf(i));
  if (rounding != Rounding::Stochastic)
    return inputs;
  // Words around the threshold, for a sample of all that is near a value.
  stride = std::max<size_t>(1, ties.size() / 500);
  for (size_t i = 0; i < ties.size(); i += stride) {
    double value = decode(from.format, encode(from.format, ties[i]));
    auto threshold = static_cast<uint32_t>(getThreshold(to, value));
    for (uint32_t word : {threshold - 1, threshold, threshold + 1})
      inputs.add(from, value, word);
    for (uint32_t word : randomWords)
      inputs.add(from, value, word);
  }
  return inputs;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// A conversion and the name of the function that does it.
struct Conversion {
  ElementType from, to;
  Rounding rounding = Rounding::NearestEven;
  Overflow overflow = Overflow::Saturate;
  std::string name = {};

  bool isStochastic() const { return rounding == Rounding::Stochastic; }

  std::string describe() const {
    return from.text + " to " + to.text + ", " +
           stringifyRounding(rounding).str() + ", " +
           stringifyOverflow(overflow).str();
  }
  std::string getModes() const {
    return "{rounding = #lowbit.rounding<" + stringifyRounding(rounding).str() +
           ">, overflow = #lowbit.overflow<" +
           stringifyOverflow(overflow).str() + ">}";
  }
  uint64_t getExpected(uint64_t code, uint32_t word) const {
    double value = decode(from.format, code);
    return encode(to.format, value, rounding, overflow, word);
  }

  /// Ops from %a, of the source's container, and %w to %y, of the result's.
  /// `shape` is "" for scalars, "vector<7x" or the like.
  std::string getOps(StringRef shape) const {
    auto type = [&](const std::string &element) {
      return shape.empty() ? element : shape.str() + element + ">";
    };
    std::string ops, source = "%a";
    if (!from.isPlain()) {
      if (from.getContainer() != from.getInteger()) {
        ops += "  %t = arith.trunci %a : " + type(from.getContainer()) +
               " to " + type(from.getInteger()) + "\n";
        source = "%t";
      }
      ops += "  %q = lowbit.bitcast " + source + " : " +
             type(from.getInteger()) + " to " + type(from.text) + "\n";
      source = "%q";
    }
    ops += "  %c = lowbit.convert " + source;
    if (isStochastic())
      ops += " random(%w : " + type("i32") + ")";
    std::string result = "%c";
    ops += " " + getModes() + " : " + type(from.text) + " to " + type(to.text) +
           "\n";
    if (!to.isPlain()) {
      ops += "  %b = lowbit.bitcast %c : " + type(to.text) + " to " +
             type(to.getInteger()) + "\n";
      result = "%b";
      if (to.getContainer() != to.getInteger()) {
        ops += "  %e = arith.extui %b : " + type(to.getInteger()) + " to " +
               type(to.getContainer()) + "\n";
        result = "%e";
      }
    }
    // A name for the result whatever it is made of.
    return ops + "  %y = arith.select %true, " + result + ", " + result +
           " : " + type(to.getContainer()) + "\n";
  }

  /// A loop over tensors whose body converts scalars.
  std::string getLoop(int64_t size) const {
    std::string fromType = getTensorType(size, from.getContainer());
    std::string toType = getTensorType(size, to.getContainer());
    std::string wordType = getTensorType(size, "i32");
    return "func.func @" + name + "(%x: " + fromType +
           (isStochastic() ? ", %r: " + wordType : "") + ") -> " + toType +
           " attributes {llvm.emit_c_interface} {\n"
           "  %true = arith.constant true\n"
           "  %empty = tensor.empty() : " +
           toType +
           "\n"
           "  %result = linalg.generic {indexing_maps = [#id, #id" +
           (isStochastic() ? ", #id" : "") +
           "], iterator_types = [\"parallel\"]} ins(%x" +
           (isStochastic() ? ", %r" : "") + " : " + fromType +
           (isStochastic() ? ", " + wordType : "") +
           ") outs(%empty : " + toType +
           ") {\n  ^bb0(%a: " + from.getContainer() +
           (isStochastic() ? ", %w: i32" : "") + ", %o: " + to.getContainer() +
           "):\n" + getOps("") + "  linalg.yield %y : " + to.getContainer() +
           "\n  } -> " + toType + "\n  return %result : " + toType + "\n}\n";
  }

  /// A loop over memrefs that converts vectors of `lanes` elements, in the
  /// shape `shape` ("7", "3x5"). The extent must be a multiple of `lanes`.
  std::string getVectorLoop(int64_t lanes, const std::string &shape) const {
    std::string flat = "vector<" + std::to_string(lanes) + "x";
    std::string shaped = "vector<" + shape + "x";
    auto load = [&](const char *result, const char *memref,
                    const std::string &element) {
      std::string name = result;
      return "  " + name + "_flat = vector.load " + memref +
             "[%i] : memref<?x" + element + ">, " + flat + element + ">\n  " +
             name + " = vector.shape_cast " + name + "_flat : " + flat +
             element + "> to " + shaped + element + ">\n";
    };
    std::string fromType = "memref<?x" + from.getContainer() + ">";
    std::string toType = "memref<?x" + to.getContainer() + ">";
    std::string text = "func.func @" + name + "(%x: " + fromType +
                       (isStochastic() ? ", %r: memref<?xi32>" : "") +
                       ", %out: " + toType +
                       ") attributes {llvm.emit_c_interface} {\n"
                       "  %true = arith.constant true\n"
                       "  %c0 = arith.constant 0 : index\n"
                       "  %step = arith.constant " +
                       std::to_string(lanes) +
                       " : index\n"
                       "  %n = memref.dim %x, %c0 : " +
                       fromType +
                       "\n"
                       "  scf.for %i = %c0 to %n step %step {\n" +
                       load("%a", "%x", from.getContainer());
    if (isStochastic())
      text += load("%w", "%r", "i32");
    return text + getOps(shaped) +
           "  %y_flat = vector.shape_cast %y : " + shaped + to.getContainer() +
           "> to " + flat + to.getContainer() +
           ">\n  vector.store %y_flat, %out[%i] : " + toType + ", " + flat +
           to.getContainer() + ">\n  }\n  return\n}\n";
  }

  /// A function of one scalar.
  std::string getScalar() const {
    return "func.func @" + name + "(%a: " + from.getContainer() +
           (isStochastic() ? ", %w: i32" : "") + ") -> " + to.getContainer() +
           " attributes {llvm.emit_c_interface} {\n"
           "  %true = arith.constant true\n" +
           getOps("") + "  return %y : " + to.getContainer() + "\n}\n";
  }

  std::vector<Array> getArrays(const Inputs &inputs) const {
    auto size = static_cast<int64_t>(inputs.codes.size());
    std::vector<Array> arrays = {
        Array::fromCodes(inputs.codes, from.getContainerSize(), size)};
    if (isStochastic())
      arrays.push_back(Array::get<uint32_t>(inputs.words));
    return arrays;
  }

  /// Compares with the Numerics library; says where the first fault is.
  void check(const Inputs &inputs,
             llvm::function_ref<uint64_t(size_t)> found) const {
    size_t faults = 0;
    std::string first;
    for (size_t i = 0; i < inputs.codes.size(); ++i) {
      uint64_t expected = getExpected(inputs.codes[i], inputs.words[i]);
      uint64_t actual = found(i);
      if (expected == actual || faults++ > 0)
        continue;
      char value[40];
      snprintf(value, sizeof(value), "%a",
               decode(from.format, inputs.codes[i]));
      first = toHex(inputs.codes[i]) + " = " + value +
              (isStochastic() ? ", random " + toHex(inputs.words[i]) : "") +
              ": " + toHex(actual) + ", expected " + toHex(expected);
    }
    EXPECT_EQ(faults, 0u) << describe() << ": of " << inputs.codes.size()
                          << "; first " << first;
  }
};

static std::unique_ptr<Compiled> compile(const std::string &functions) {
  return Compiled::get("#id = affine_map<(i) -> (i)>\n" + functions);
}

/// Names `conversions`, compiles them as loops in one module, and checks each.
/// The loops have no remainder, which would double the code to be compiled.
static void checkLoops(std::vector<Conversion> conversions) {
  std::string functions;
  std::vector<Inputs> allInputs;
  for (auto [i, conversion] : llvm::enumerate(conversions)) {
    conversion.name = "f" + std::to_string(i);
    Inputs inputs =
        getInputs(conversion.from, conversion.to.format, conversion.rounding);
    inputs.padTo(64);
    functions += conversion.getLoop(inputs.codes.size());
    allInputs.push_back(std::move(inputs));
  }
  auto compiled = compile(functions);
  if (!compiled)
    return;
  for (auto [conversion, inputs] : llvm::zip(conversions, allInputs)) {
    Array result = compiled->call(conversion.name, conversion.getArrays(inputs),
                                  conversion.to.getContainerSize(), /*rank=*/1);
    ASSERT_EQ(result.getNumElements(), int64_t(inputs.codes.size()));
    conversion.check(inputs, [&](size_t i) { return result.getCode(i); });
  }
}

//===----------------------------------------------------------------------===//
// Tests, one instance for each element type
//===----------------------------------------------------------------------===//

/// Compiling takes most of the time, so that what cannot differ is tested in
/// one mode only: without infinity and NaN both kinds of overflow are one.
class Conversions : public testing::TestWithParam<size_t> {
protected:
  const ElementType &getType() const { return getElementTypes()[GetParam()]; }

  /// A format with a name of its own.
  bool isNamed() const { return GetParam() < getCatalog().size(); }

  /// A search through many values, whose code takes LLVM seconds.
  bool isLarge() const { return getType().format.getSortedCodes().size() > 64; }

  using Modes = std::pair<Rounding, Overflow>;
  std::vector<Modes> getModes() const {
    std::vector<Modes> modes = {
        {Rounding::NearestEven, Overflow::Saturate},
        {Rounding::TowardZero, Overflow::IEEE},
        {Rounding::Stochastic, Overflow::Saturate},
    };
    if (!isLarge())
      modes.push_back({Rounding::NearestEven, Overflow::IEEE});
    if (getType().format.isFloat()) {
      modes.push_back({Rounding::TowardZero, Overflow::Saturate});
      modes.push_back({Rounding::Stochastic, Overflow::IEEE});
    }
    return modes;
  }
};

TEST_P(Conversions, EncodeF32) {
  std::vector<Conversion> conversions;
  for (auto [rounding, overflow] : getModes())
    conversions.push_back(
        {ElementType::get("f32"), getType(), rounding, overflow});
  checkLoops(conversions);
}

TEST_P(Conversions, EncodeOtherFloats) {
  std::vector<Conversion> conversions;
  auto add = [&](const char *from, Rounding rounding, Overflow overflow) {
    conversions.push_back(
        {ElementType::get(from), getType(), rounding, overflow});
  };
  add("f16", Rounding::NearestEven, Overflow::Saturate);
  add("bf16", Rounding::NearestEven, Overflow::IEEE);
  add("f64", Rounding::NearestEven, Overflow::Saturate);
  add("f64", Rounding::TowardZero, Overflow::Saturate);
  if (!isLarge())
    add("f64", Rounding::Stochastic, Overflow::IEEE);
  if (isNamed() && getType().format.isFloat()) {
    add("f16", Rounding::NearestEven, Overflow::IEEE);
    add("bf16", Rounding::NearestEven, Overflow::Saturate);
    add("f64", Rounding::NearestEven, Overflow::IEEE);
  }
  checkLoops(conversions);
}

TEST_P(Conversions, EncodeLowBit) {
  // Every type is the source of two others.
  std::vector<Conversion> conversions;
  size_t count = getElementTypes().size();
  for (size_t distance : {17, 38})
    for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE})
      if (overflow == Overflow::Saturate || getType().format.isFloat())
        conversions.push_back(
            {getElementTypes()[(GetParam() + distance) % count], getType(),
             Rounding::NearestEven, overflow});
  checkLoops(conversions);
}

TEST_P(Conversions, Decode) {
  std::vector<Conversion> conversions;
  for (const char *to : {"f32", "f16", "bf16", "f64"})
    for (Overflow overflow : {Overflow::Saturate, Overflow::IEEE})
      if (overflow == Overflow::Saturate || getType().format.hasInf())
        conversions.push_back(
            {getType(), ElementType::get(to), Rounding::NearestEven, overflow});
  checkLoops(conversions);
}

TEST_P(Conversions, Vectors) {
  // Every mode with one of the shapes, which take turns.
  struct Lanes {
    int64_t count;
    const char *text;
  };
  static const Lanes shapes[] = {{1, "1"},   {3, "3"},   {7, "7"},
                                 {17, "17"}, {33, "33"}, {15, "3x5"}};
  size_t turn = GetParam();
  std::vector<Conversion> conversions;
  std::vector<int64_t> lanes;
  std::string functions;
  auto add = [&](Conversion conversion) {
    const Lanes &shape = shapes[turn++ % (isLarge() ? 2 : std::size(shapes))];
    conversion.name = "f" + std::to_string(conversions.size());
    functions += conversion.getVectorLoop(shape.count, shape.text);
    conversions.push_back(conversion);
    lanes.push_back(shape.count);
  };
  ElementType f32 = ElementType::get("f32");
  for (auto [rounding, overflow] : getModes())
    add({f32, getType(), rounding, overflow});
  add({getType(), f32});
  add({getType(), ElementType::get("bf16")});

  auto compiled = compile(functions);
  ASSERT_TRUE(compiled);
  for (auto [conversion, lanes] : llvm::zip(conversions, lanes)) {
    Inputs inputs =
        getInputs(conversion.from, conversion.to.format, conversion.rounding);
    // The loops test all inputs already; here a part does.
    size_t size = std::min<size_t>(inputs.codes.size(), 20000);
    inputs.codes.resize(size);
    inputs.words.resize(size);
    inputs.padTo(lanes);
    size = inputs.codes.size();
    Array result;
    result.elementSize = conversion.to.getContainerSize();
    result.shape = {int64_t(size)};
    result.bytes.resize(size * result.elementSize);
    compiled->callInPlace(conversion.name, conversion.getArrays(inputs),
                          result);
    conversion.check(inputs, [&](size_t i) { return result.getCode(i); });
  }
}

TEST_P(Conversions, Tensors) {
  // The op on tensors, in the storage of the ABI: a row that ends within a
  // byte, and one of a length known at run time.
  const ElementType &type = getType();
  ElementType f32 = ElementType::get("f32");
  struct Function {
    const ElementType &from, &to;
    Shape shape, dynamic;
  };
  // Neighbours in the list take turns.
  Shape ragged = {3, 37}, whole = {5, 40}, none = {};
  bool isEven = GetParam() % 2 == 0;
  const Function functions[] = {
      {f32, type, isEven ? ragged : whole, isEven ? none : Shape{0, 1}},
      {type, f32, isEven ? whole : ragged, isEven ? Shape{0, 1} : none}};
  std::string text;
  for (auto [i, f] : llvm::enumerate(functions)) {
    std::string from = getTensorType(f.shape, f.from.text, f.dynamic);
    std::string to = getTensorType(f.shape, f.to.text, f.dynamic);
    text += "func.func @f" + std::to_string(i) + "(%x: " + from + ") -> " + to +
            " attributes {llvm.emit_c_interface} {\n"
            "  %y = lowbit.convert %x : " +
            from + " to " + to + "\n  return %y : " + to + "\n}\n";
  }
  auto compiled = Compiled::get(text, {/*toBytes=*/true});
  ASSERT_TRUE(compiled);
  for (auto [i, f] : llvm::enumerate(functions)) {
    std::vector<uint64_t> codes =
        getInputs(f.from, f.to.format, Rounding::NearestEven).codes;
    CodeTensor input(f.from.format, f.shape);
    for (auto [k, code] : llvm::enumerate(input.codes))
      code = codes[k % codes.size()];
    Array expected =
        toArray(f.to, convertTensor(input, f.to.format, Rounding::NearestEven,
                                    Overflow::Saturate));
    Array found = compiled->call("f" + std::to_string(i),
                                 toArray(f.from, input), expected.elementSize,
                                 /*rank=*/2);
    EXPECT_EQ(expected.shape, found.shape) << f.from.text << f.to.text;
    EXPECT_EQ(expected.bytes, found.bytes)
        << f.from.text << " to " << f.to.text << ", function " << i;
  }
}

TEST_P(Conversions, Scalars) {
  ElementType f32 = ElementType::get("f32");
  std::vector<Conversion> conversions = {
      {f32, getType(), Rounding::NearestEven, Overflow::Saturate, "encode"},
      {f32, getType(), Rounding::Stochastic, Overflow::IEEE, "stochastic"},
      {getType(), f32, Rounding::NearestEven, Overflow::IEEE, "decode"}};
  std::string functions;
  for (const Conversion &conversion : conversions)
    functions += conversion.getScalar();
  auto compiled = compile(functions);
  ASSERT_TRUE(compiled);
  for (const Conversion &conversion : conversions) {
    Inputs inputs =
        getInputs(conversion.from, conversion.to.format, conversion.rounding);
    size_t size = std::min<size_t>(inputs.codes.size(), 2000);
    inputs.codes.resize(size);
    inputs.words.resize(size);
    auto function = compiled->lookUp(conversion.name);
    ASSERT_NE(function, nullptr);
    conversion.check(inputs, [&](size_t i) {
      uint64_t code = inputs.codes[i], result = 0;
      uint32_t word = inputs.words[i];
      llvm::SmallVector<void *> arguments = {&code};
      if (conversion.isStochastic())
        arguments.push_back(&word);
      arguments.push_back(&result);
      function(arguments.data());
      return result;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(
    Types, Conversions, testing::Range<size_t>(0, getElementTypes().size()),
    [](const testing::TestParamInfo<size_t> &info) {
      std::string name = "t" + std::to_string(info.param) + "_";
      for (char c :
           StringRef(getElementTypes()[info.param].text).take_front(40))
        name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
      return name;
    });
