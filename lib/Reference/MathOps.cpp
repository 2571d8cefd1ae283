//===- MathOps.cpp - math, one kernel per op ------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Roundings, square root and fma are exact; what the C library approximates is
// as good as its double functions are.
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"
#include "FloatKernels.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

static Type getElement(Value value) {
  return getElementTypeOrSelf(value.getType());
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

/// To nearest, ties to even, in whatever rounding mode the machine is.
static double roundToEven(double x) {
  return roundToInteger(x, Rounding::NearestEven);
}
/// Neither division nor root is in double what it is in one step: not exact.
static double reciprocalRoot(double x) { return 1.0 / std::sqrt(x); }

static FailureOr<Kernel> makeAbsolute(Operation *op) {
  FloatAccess access(getElement(op->getResult(0)));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    bool negative = std::signbit(access.read(in[0]));
    out[0] = negative ? access.negate(in[0]) : in[0];
    return nullptr;
  });
}

static FailureOr<Kernel> makeCopySign(Operation *op) {
  FloatAccess access(getElement(op->getResult(0)));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    bool differ =
        std::signbit(access.read(in[0])) != std::signbit(access.read(in[1]));
    out[0] = differ ? access.negate(in[0]) : in[0];
    return nullptr;
  });
}

static FailureOr<Kernel> makeFma(Operation *op) {
  FloatAccess access(getElement(op->getResult(0)));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = access.fma(in[0], in[1], in[2]);
    return nullptr;
  });
}

/// max(min(value, upper), lower), by the reading of arith.maximumf.
static FailureOr<Kernel> makeClamp(Operation *op) {
  FloatAccess access(getElement(op->getResult(0)));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = access.maximum(access.minimum(in[0], in[2], /*ignoreNaN=*/false),
                            in[1], /*ignoreNaN=*/false);
    return nullptr;
  });
}

static FailureOr<Kernel> makeSineAndCosine(Operation *op) {
  FloatAccess access(getElement(op->getResult(0)));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    double x = access.read(in[0]);
    out[0] = access.write(std::sin(x));
    out[1] = access.write(std::cos(x));
    return nullptr;
  });
}

static FailureOr<Kernel> makeFloatToIntegerPower(Operation *op) {
  FloatAccess access(getElement(op->getOperand(0)));
  unsigned width = getCodeWidth(getElement(op->getOperand(1)));
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    double exponent = static_cast<double>(llvm::SignExtend64(in[1], width));
    out[0] = access.write(std::pow(access.read(in[0]), exponent));
    return nullptr;
  });
}

static bool isFinite(const Format &, double x) { return std::isfinite(x); }
static bool isInfinite(const Format &, double x) { return std::isinf(x); }
static bool isNaN(const Format &, double x) { return std::isnan(x); }
/// Normal in the format of the operand, not in double.
static bool isNormal(const Format &format, double x) {
  return std::isfinite(x) && std::fabs(x) >= format.getSmallestNormal();
}

template <bool (*test)(const Format &, double)>
static FailureOr<Kernel> makeTest(Operation *op) {
  FloatAccess access(getElement(op->getOperand(0)));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = test(access.getFormat(), access.read(in[0]));
    return nullptr;
  });
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static FailureOr<Kernel> makeAbsoluteInteger(Operation *op) {
  unsigned width = getCodeWidth(getElement(op->getResult(0)));
  return Kernel([width](const uint64_t *in, uint64_t *out) -> const char * {
    // The least integer is its own negative.
    int64_t value = llvm::SignExtend64(in[0], width);
    uint64_t magnitude = value < 0 ? -in[0] : in[0];
    out[0] = magnitude & llvm::maskTrailingOnes<uint64_t>(width);
    return nullptr;
  });
}

template <unsigned (*count)(uint64_t, unsigned)>
static FailureOr<Kernel> makeCount(Operation *op) {
  unsigned width = getCodeWidth(getElement(op->getResult(0)));
  return Kernel([width](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = count(in[0], width) & llvm::maskTrailingOnes<uint64_t>(width);
    return nullptr;
  });
}

static unsigned countLeadingZeros(uint64_t code, unsigned width) {
  return width - llvm::bit_width(code);
}
static unsigned countTrailingZeros(uint64_t code, unsigned width) {
  return code == 0 ? width : llvm::countr_zero(code);
}
static unsigned countOnes(uint64_t code, unsigned) {
  return llvm::popcount(code);
}

/// Wraps as multiplication does; a negative exponent gives the power rounded
/// toward zero, which is 0 for all bases but 1 and -1.
static FailureOr<Kernel> makeIntegerPower(Operation *op) {
  unsigned width = getCodeWidth(getElement(op->getResult(0)));
  return Kernel([width](const uint64_t *in, uint64_t *out) -> const char * {
    uint64_t mask = llvm::maskTrailingOnes<uint64_t>(width);
    int64_t base = llvm::SignExtend64(in[0], width);
    int64_t exponent = llvm::SignExtend64(in[1], width);
    if (exponent < 0) {
      if (base == 0)
        return "raises 0 to a negative power";
      if (base != 1 && base != -1) {
        out[0] = 0;
        return nullptr;
      }
      // 1 and -1 are their own reciprocals.
      exponent &= 1;
    }
    uint64_t result = 1;
    uint64_t factor = static_cast<uint64_t>(base);
    for (uint64_t rest = exponent; rest != 0; rest >>= 1) {
      if (rest & 1)
        result *= factor;
      factor *= factor;
    }
    out[0] = result & mask;
    return nullptr;
  });
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

void reference::registerMathOps(OpTable &table) {
  auto &kernels = table.kernels;
  kernels["math.absf"] = makeAbsolute;
  kernels["math.copysign"] = makeCopySign;
  kernels["math.fma"] = makeFma;
  kernels["math.clampf"] = makeClamp;
  kernels["math.ceil"] = makeFloatUnary<std::ceil>;
  kernels["math.floor"] = makeFloatUnary<std::floor>;
  kernels["math.trunc"] = makeFloatUnary<std::trunc>;
  kernels["math.round"] = makeFloatUnary<std::round>;
  kernels["math.roundeven"] = makeFloatUnary<roundToEven>;
  kernels["math.sqrt"] = makeFloatUnary<std::sqrt>;
  kernels["math.isfinite"] = makeTest<isFinite>;
  kernels["math.isinf"] = makeTest<isInfinite>;
  kernels["math.isnan"] = makeTest<isNaN>;
  kernels["math.isnormal"] = makeTest<isNormal>;

  kernels["math.acos"] = makeFloatUnary<std::acos>;
  kernels["math.acosh"] = makeFloatUnary<std::acosh>;
  kernels["math.asin"] = makeFloatUnary<std::asin>;
  kernels["math.asinh"] = makeFloatUnary<std::asinh>;
  kernels["math.atan"] = makeFloatUnary<std::atan>;
  kernels["math.atanh"] = makeFloatUnary<std::atanh>;
  kernels["math.atan2"] = makeFloatBinary<std::atan2>;
  kernels["math.cbrt"] = makeFloatUnary<std::cbrt>;
  kernels["math.cos"] = makeFloatUnary<std::cos>;
  kernels["math.cosh"] = makeFloatUnary<std::cosh>;
  kernels["math.erf"] = makeFloatUnary<std::erf>;
  kernels["math.erfc"] = makeFloatUnary<std::erfc>;
  kernels["math.exp"] = makeFloatUnary<std::exp>;
  kernels["math.exp2"] = makeFloatUnary<std::exp2>;
  kernels["math.expm1"] = makeFloatUnary<std::expm1>;
  kernels["math.log"] = makeFloatUnary<std::log>;
  kernels["math.log10"] = makeFloatUnary<std::log10>;
  kernels["math.log1p"] = makeFloatUnary<std::log1p>;
  kernels["math.log2"] = makeFloatUnary<std::log2>;
  kernels["math.powf"] = makeFloatBinary<std::pow>;
  kernels["math.fpowi"] = makeFloatToIntegerPower;
  kernels["math.rsqrt"] = makeFloatUnary<reciprocalRoot>;
  kernels["math.sin"] = makeFloatUnary<std::sin>;
  kernels["math.sincos"] = makeSineAndCosine;
  kernels["math.sinh"] = makeFloatUnary<std::sinh>;
  kernels["math.tan"] = makeFloatUnary<std::tan>;
  kernels["math.tanh"] = makeFloatUnary<std::tanh>;

  kernels["math.absi"] = makeAbsoluteInteger;
  kernels["math.ctlz"] = makeCount<countLeadingZeros>;
  kernels["math.cttz"] = makeCount<countTrailingZeros>;
  kernels["math.ctpop"] = makeCount<countOnes>;
  kernels["math.ipowi"] = makeIntegerPower;
}
