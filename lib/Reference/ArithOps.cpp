//===- ArithOps.cpp - arith, one kernel per op ----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Integers of 1 to 64 bits and index are computed in 64 or 128 bits and cut to
// their width; floats as FloatAccess has it. Small floats are read as
// docs/Formats.md says.
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"
#include "FloatKernels.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

namespace {
/// An integer width and what is done at it.
struct IntegerAccess {
  unsigned width;
  uint64_t mask;

  explicit IntegerAccess(Type type)
      : width(getCodeWidth(getElementTypeOrSelf(type))),
        mask(llvm::maskTrailingOnes<uint64_t>(width)) {}

  int64_t toSigned(uint64_t code) const {
    return llvm::SignExtend64(code, width);
  }
  uint64_t toCode(__int128 value) const {
    return static_cast<uint64_t>(value) & mask;
  }
  bool fitsSigned(__int128 value) const {
    return value >= llvm::minIntN(width) && value <= llvm::maxIntN(width);
  }
  bool fitsUnsigned(__int128 value) const {
    return value >= 0 && value <= static_cast<__int128>(mask);
  }
  bool isMinimum(uint64_t code) const {
    return toSigned(code) == llvm::minIntN(width);
  }
};
} // namespace

static const char *const kDividesByZero = "divides by zero";
static const char *const kDivisionOverflows =
    "divides the least integer by -1, which overflows";
static const char *const kSignedWrap = "wraps under nsw";
static const char *const kUnsignedWrap = "wraps under nuw";
static const char *const kInexact = "loses bits under exact";
static const char *const kLongShift = "shifts by the width or more";

/// An integer op in terms of its exact result, with overflow flags. Signed and
/// unsigned readings of the operands give one code but overflow differently.
template <typename OpTy, __int128 (*compute)(__int128, __int128)>
static FailureOr<Kernel> makeWrapping(Operation *op) {
  IntegerAccess access(op->getResult(0).getType());
  arith::IntegerOverflowFlags flags = cast<OpTy>(op).getOverflowFlags();
  bool nsw = bitEnumContainsAny(flags, arith::IntegerOverflowFlags::nsw);
  bool nuw = bitEnumContainsAny(flags, arith::IntegerOverflowFlags::nuw);
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    __int128 exact = compute(access.toSigned(in[0]), access.toSigned(in[1]));
    if (nsw && !access.fitsSigned(exact))
      return kSignedWrap;
    if (nuw && !access.fitsUnsigned(compute(in[0], in[1])))
      return kUnsignedWrap;
    out[0] = access.toCode(exact);
    return nullptr;
  });
}

static __int128 addExactly(__int128 a, __int128 b) { return a + b; }
static __int128 subtractExactly(__int128 a, __int128 b) { return a - b; }
/// The product of two unsigned 64-bit integers may need the sign bit; that it
/// does not fit 64 bits is seen all the same.
static __int128 multiplyExactly(__int128 a, __int128 b) {
  return static_cast<__int128>(static_cast<unsigned __int128>(a) *
                               static_cast<unsigned __int128>(b));
}

static FailureOr<Kernel> makeShiftLeft(Operation *op) {
  IntegerAccess access(op->getResult(0).getType());
  arith::IntegerOverflowFlags flags =
      cast<arith::ShLIOp>(op).getOverflowFlags();
  bool nsw = bitEnumContainsAny(flags, arith::IntegerOverflowFlags::nsw);
  bool nuw = bitEnumContainsAny(flags, arith::IntegerOverflowFlags::nuw);
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    if (in[1] >= access.width)
      return kLongShift;
    uint64_t code = (in[0] << in[1]) & access.mask;
    if (nsw && access.toSigned(code) >> in[1] != access.toSigned(in[0]))
      return kSignedWrap;
    if (nuw && code >> in[1] != in[0])
      return kUnsignedWrap;
    out[0] = code;
    return nullptr;
  });
}

template <typename OpTy>
static FailureOr<Kernel> makeShiftRight(Operation *op) {
  constexpr bool isSigned = std::is_same_v<OpTy, arith::ShRSIOp>;
  IntegerAccess access(op->getResult(0).getType());
  bool exact = cast<OpTy>(op).getIsExact();
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    if (in[1] >= access.width)
      return kLongShift;
    if (exact && (in[0] & llvm::maskTrailingOnes<uint64_t>(in[1])))
      return kInexact;
    out[0] = isSigned ? access.toCode(access.toSigned(in[0]) >> in[1])
                      : in[0] >> in[1];
    return nullptr;
  });
}

/// Whether a division has the `exact` flag; those that round have none.
template <typename OpTy> static bool isExact(Operation *op) {
  if constexpr (std::is_same_v<OpTy, arith::DivSIOp> ||
                std::is_same_v<OpTy, arith::DivUIOp>)
    return cast<OpTy>(op).getIsExact();
  return false;
}

template <typename OpTy, int64_t (*compute)(int64_t, int64_t)>
static FailureOr<Kernel> makeSignedDivision(Operation *op) {
  IntegerAccess access(op->getResult(0).getType());
  bool exact = isExact<OpTy>(op);
  // The remainder by -1 is 0; only the quotient has no code.
  constexpr bool isRemainder = std::is_same_v<OpTy, arith::RemSIOp>;
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    int64_t lhs = access.toSigned(in[0]), rhs = access.toSigned(in[1]);
    if (rhs == 0)
      return kDividesByZero;
    if (rhs == -1 && access.isMinimum(in[0])) {
      if (!isRemainder)
        return kDivisionOverflows;
      out[0] = 0;
      return nullptr;
    }
    if (exact && lhs % rhs != 0)
      return kInexact;
    out[0] = access.toCode(compute(lhs, rhs));
    return nullptr;
  });
}

template <typename OpTy, uint64_t (*compute)(uint64_t, uint64_t)>
static FailureOr<Kernel> makeUnsignedDivision(Operation *op) {
  bool exact = isExact<OpTy>(op);
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    if (in[1] == 0)
      return kDividesByZero;
    if (exact && in[0] % in[1] != 0)
      return kInexact;
    out[0] = compute(in[0], in[1]);
    return nullptr;
  });
}

static int64_t divideSigned(int64_t a, int64_t b) { return a / b; }
static int64_t remainderSigned(int64_t a, int64_t b) { return a % b; }
static int64_t divideDown(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
static int64_t divideUp(int64_t a, int64_t b) {
  return a / b + (a % b != 0 && (a < 0) == (b < 0));
}
static uint64_t divideUnsigned(uint64_t a, uint64_t b) { return a / b; }
static uint64_t remainderUnsigned(uint64_t a, uint64_t b) { return a % b; }
static uint64_t divideUnsignedUp(uint64_t a, uint64_t b) {
  return a / b + (a % b != 0);
}

/// Ops on the bits alone.
template <uint64_t (*compute)(uint64_t, uint64_t)>
static FailureOr<Kernel> makeBitwise(Operation *) {
  return Kernel([](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = compute(in[0], in[1]);
    return nullptr;
  });
}

static uint64_t andBits(uint64_t a, uint64_t b) { return a & b; }
static uint64_t orBits(uint64_t a, uint64_t b) { return a | b; }
static uint64_t xorBits(uint64_t a, uint64_t b) { return a ^ b; }
static uint64_t minUnsigned(uint64_t a, uint64_t b) { return std::min(a, b); }
static uint64_t maxUnsigned(uint64_t a, uint64_t b) { return std::max(a, b); }

template <bool isMax> static FailureOr<Kernel> makeSignedMinMax(Operation *op) {
  IntegerAccess access(op->getResult(0).getType());
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    bool less = access.toSigned(in[0]) < access.toSigned(in[1]);
    out[0] = less == isMax ? in[1] : in[0];
    return nullptr;
  });
}

static FailureOr<Kernel> makeAddExtended(Operation *op) {
  IntegerAccess access(op->getResult(0).getType());
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    __int128 sum = static_cast<__int128>(in[0]) + in[1];
    out[0] = access.toCode(sum);
    out[1] = !access.fitsUnsigned(sum);
    return nullptr;
  });
}

template <bool isSigned>
static FailureOr<Kernel> makeMultiplyExtended(Operation *op) {
  IntegerAccess access(op->getResult(0).getType());
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    __int128 product = isSigned
                           ? static_cast<__int128>(access.toSigned(in[0])) *
                                 access.toSigned(in[1])
                           : multiplyExactly(in[0], in[1]);
    out[0] = access.toCode(product);
    out[1] = access.toCode(product >> access.width);
    return nullptr;
  });
}

static FailureOr<Kernel> makeCompareIntegers(Operation *op) {
  IntegerAccess access(op->getOperand(0).getType());
  arith::CmpIPredicate predicate = cast<arith::CmpIOp>(op).getPredicate();
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    int64_t lhs = access.toSigned(in[0]), rhs = access.toSigned(in[1]);
    switch (predicate) {
    case arith::CmpIPredicate::eq:
      out[0] = in[0] == in[1];
      break;
    case arith::CmpIPredicate::ne:
      out[0] = in[0] != in[1];
      break;
    case arith::CmpIPredicate::slt:
      out[0] = lhs < rhs;
      break;
    case arith::CmpIPredicate::sle:
      out[0] = lhs <= rhs;
      break;
    case arith::CmpIPredicate::sgt:
      out[0] = lhs > rhs;
      break;
    case arith::CmpIPredicate::sge:
      out[0] = lhs >= rhs;
      break;
    case arith::CmpIPredicate::ult:
      out[0] = in[0] < in[1];
      break;
    case arith::CmpIPredicate::ule:
      out[0] = in[0] <= in[1];
      break;
    case arith::CmpIPredicate::ugt:
      out[0] = in[0] > in[1];
      break;
    case arith::CmpIPredicate::uge:
      out[0] = in[0] >= in[1];
      break;
    }
    return nullptr;
  });
}

static FailureOr<Kernel> makeSelect(Operation *) {
  return Kernel([](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = in[0] ? in[1] : in[2];
    return nullptr;
  });
}

//===----------------------------------------------------------------------===//
// Integer casts
//===----------------------------------------------------------------------===//

/// extsi, index_cast: sign-extended and cut; extui, index_castui, bitcast:
/// zero-extended and cut.
template <bool isSigned>
static FailureOr<Kernel> makeIntegerCast(Operation *op) {
  IntegerAccess from(op->getOperand(0).getType());
  IntegerAccess to(op->getResult(0).getType());
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = isSigned ? to.toCode(from.toSigned(in[0])) : in[0] & to.mask;
    return nullptr;
  });
}

static FailureOr<Kernel> makeTruncateInteger(Operation *op) {
  IntegerAccess from(op->getOperand(0).getType());
  IntegerAccess to(op->getResult(0).getType());
  arith::IntegerOverflowFlags flags =
      cast<arith::TruncIOp>(op).getOverflowFlags();
  bool nsw = bitEnumContainsAny(flags, arith::IntegerOverflowFlags::nsw);
  bool nuw = bitEnumContainsAny(flags, arith::IntegerOverflowFlags::nuw);
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    if (nsw && !to.fitsSigned(from.toSigned(in[0])))
      return kSignedWrap;
    if (nuw && !to.fitsUnsigned(in[0]))
      return kUnsignedWrap;
    out[0] = in[0] & to.mask;
    return nullptr;
  });
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

static double addDoubles(double a, double b) { return a + b; }
static double subtractDoubles(double a, double b) { return a - b; }
static double multiplyDoubles(double a, double b) { return a * b; }
static double divideDoubles(double a, double b) { return a / b; }
/// Exact, and a number of the format of its operands.
static double remainderDoubles(double a, double b) { return std::fmod(a, b); }

static FailureOr<Kernel> makeNegate(Operation *op) {
  FloatAccess access(getElementTypeOrSelf(op->getResult(0).getType()));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = access.negate(in[0]);
    return nullptr;
  });
}

template <bool isMax, bool ignoreNaN>
static FailureOr<Kernel> makeFloatMinMax(Operation *op) {
  FloatAccess access(getElementTypeOrSelf(op->getResult(0).getType()));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = isMax ? access.maximum(in[0], in[1], ignoreNaN)
                   : access.minimum(in[0], in[1], ignoreNaN);
    return nullptr;
  });
}

static FailureOr<Kernel> makeCompareFloats(Operation *op) {
  FloatAccess access(getElementTypeOrSelf(op->getOperand(0).getType()));
  arith::CmpFPredicate predicate = cast<arith::CmpFOp>(op).getPredicate();
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    double lhs = access.read(in[0]), rhs = access.read(in[1]);
    bool unordered = std::isnan(lhs) || std::isnan(rhs);
    auto get = [&]() -> bool {
      switch (predicate) {
      case arith::CmpFPredicate::AlwaysFalse:
        return false;
      case arith::CmpFPredicate::AlwaysTrue:
        return true;
      case arith::CmpFPredicate::ORD:
        return !unordered;
      case arith::CmpFPredicate::UNO:
        return unordered;
      // Comparisons with NaN are false in C, but for !=.
      case arith::CmpFPredicate::OEQ:
        return lhs == rhs;
      case arith::CmpFPredicate::ONE:
        return !unordered && lhs != rhs;
      case arith::CmpFPredicate::OLT:
        return lhs < rhs;
      case arith::CmpFPredicate::OLE:
        return lhs <= rhs;
      case arith::CmpFPredicate::OGT:
        return lhs > rhs;
      case arith::CmpFPredicate::OGE:
        return lhs >= rhs;
      case arith::CmpFPredicate::UEQ:
        return unordered || lhs == rhs;
      case arith::CmpFPredicate::UNE:
        return lhs != rhs;
      case arith::CmpFPredicate::ULT:
        return unordered || lhs < rhs;
      case arith::CmpFPredicate::ULE:
        return unordered || lhs <= rhs;
      case arith::CmpFPredicate::UGT:
        return unordered || lhs > rhs;
      case arith::CmpFPredicate::UGE:
        return unordered || lhs >= rhs;
      }
      llvm_unreachable("all predicates are handled");
    };
    out[0] = get();
    return nullptr;
  });
}

//===----------------------------------------------------------------------===//
// Float casts
//===----------------------------------------------------------------------===//

/// The rounding of a cast; an error for the modes that the Numerics library
/// does not have.
template <typename OpTy> static FailureOr<Rounding> getRounding(OpTy op) {
  std::optional<arith::RoundingMode> mode = op.getRoundingmode();
  if (!mode || *mode == arith::RoundingMode::to_nearest_even)
    return Rounding::NearestEven;
  if (*mode == arith::RoundingMode::toward_zero)
    return Rounding::TowardZero;
  return op.emitOpError("has the rounding mode ")
         << arith::stringifyRoundingMode(*mode)
         << "; the reference evaluator has to_nearest_even and toward_zero";
}

/// extf and truncf.
template <typename OpTy> static FailureOr<Kernel> makeFloatCast(Operation *op) {
  Rounding rounding = Rounding::NearestEven;
  if constexpr (std::is_same_v<OpTy, arith::TruncFOp>) {
    FailureOr<Rounding> asked = getRounding(cast<OpTy>(op));
    if (failed(asked))
      return failure();
    rounding = *asked;
  }
  Format from = *getElementFormat(op->getOperand(0).getType());
  Format to = *getElementFormat(op->getResult(0).getType());
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = encode(to, decode(from, in[0]), rounding, Overflow::IEEE);
    return nullptr;
  });
}

/// scaling_extf and scaling_truncf.
template <typename OpTy>
static FailureOr<Kernel> makeScalingCast(Operation *op) {
  constexpr bool isTruncation = std::is_same_v<OpTy, arith::ScalingTruncFOp>;
  Rounding rounding = Rounding::NearestEven;
  if constexpr (isTruncation) {
    FailureOr<Rounding> asked = getRounding(cast<OpTy>(op));
    if (failed(asked))
      return failure();
    rounding = *asked;
  }
  auto getType = [](Value value) {
    return getElementTypeOrSelf(value.getType());
  };
  FloatAccess input(getType(op->getOperand(0)));
  FloatAccess scale(getType(op->getOperand(1)));
  Format to = *getFormat(getType(op->getResult(0)));
  bool wide = getType(op->getOperand(0)).isF64() ||
              getType(op->getOperand(1)).isF64() ||
              getType(op->getResult(0)).isF64();
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    double x = input.read(in[0]), s = scale.read(in[1]);
    double value = isTruncation ? x / s : x * s;
    // For operands of f32 the double rounding is none, see FloatAccess.
    if (!wide)
      value = static_cast<float>(value);
    if (std::isnan(value))
      value = std::numeric_limits<double>::quiet_NaN();
    out[0] = encode(to, value, rounding, Overflow::IEEE);
    return nullptr;
  });
}

template <bool isSigned> static FailureOr<Kernel> makeToFloat(Operation *op) {
  IntegerAccess from(op->getOperand(0).getType());
  FloatAccess to(getElementTypeOrSelf(op->getResult(0).getType()));
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = isSigned ? to.writeInteger(from.toSigned(in[0]))
                      : to.writeInteger(in[0]);
    return nullptr;
  });
}

template <bool isSigned> static FailureOr<Kernel> makeToInteger(Operation *op) {
  FloatAccess from(getElementTypeOrSelf(op->getOperand(0).getType()));
  IntegerAccess to(op->getResult(0).getType());
  return Kernel([=](const uint64_t *in, uint64_t *out) -> const char * {
    double value = std::trunc(from.read(in[0]));
    // The bounds are powers of two, and NaN is in no range.
    double below = isSigned ? -std::ldexp(1.0, to.width - 1) : 0.0;
    double beyond = std::ldexp(1.0, to.width - isSigned);
    if (!(value >= below && value < beyond))
      return "gives a number that its result type does not hold";
    out[0] = to.toCode(static_cast<__int128>(value));
    return nullptr;
  });
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

void reference::registerArithOps(OpTable &table) {
  auto &kernels = table.kernels;
  kernels["arith.addi"] = makeWrapping<arith::AddIOp, addExactly>;
  kernels["arith.subi"] = makeWrapping<arith::SubIOp, subtractExactly>;
  kernels["arith.muli"] = makeWrapping<arith::MulIOp, multiplyExactly>;
  kernels["arith.addui_extended"] = makeAddExtended;
  kernels["arith.mulsi_extended"] = makeMultiplyExtended<true>;
  kernels["arith.mului_extended"] = makeMultiplyExtended<false>;
  kernels["arith.shli"] = makeShiftLeft;
  kernels["arith.shrsi"] = makeShiftRight<arith::ShRSIOp>;
  kernels["arith.shrui"] = makeShiftRight<arith::ShRUIOp>;
  kernels["arith.divsi"] = makeSignedDivision<arith::DivSIOp, divideSigned>;
  kernels["arith.remsi"] = makeSignedDivision<arith::RemSIOp, remainderSigned>;
  kernels["arith.floordivsi"] =
      makeSignedDivision<arith::FloorDivSIOp, divideDown>;
  kernels["arith.ceildivsi"] = makeSignedDivision<arith::CeilDivSIOp, divideUp>;
  kernels["arith.divui"] = makeUnsignedDivision<arith::DivUIOp, divideUnsigned>;
  kernels["arith.remui"] =
      makeUnsignedDivision<arith::RemUIOp, remainderUnsigned>;
  kernels["arith.ceildivui"] =
      makeUnsignedDivision<arith::CeilDivUIOp, divideUnsignedUp>;
  kernels["arith.andi"] = makeBitwise<andBits>;
  kernels["arith.ori"] = makeBitwise<orBits>;
  kernels["arith.xori"] = makeBitwise<xorBits>;
  kernels["arith.minui"] = makeBitwise<minUnsigned>;
  kernels["arith.maxui"] = makeBitwise<maxUnsigned>;
  kernels["arith.minsi"] = makeSignedMinMax<false>;
  kernels["arith.maxsi"] = makeSignedMinMax<true>;
  kernels["arith.cmpi"] = makeCompareIntegers;
  kernels["arith.select"] = makeSelect;

  kernels["arith.extsi"] = makeIntegerCast<true>;
  kernels["arith.extui"] = makeIntegerCast<false>;
  kernels["arith.trunci"] = makeTruncateInteger;
  kernels["arith.index_cast"] = makeIntegerCast<true>;
  kernels["arith.index_castui"] = makeIntegerCast<false>;
  kernels["arith.bitcast"] = makeIntegerCast<false>;

  kernels["arith.addf"] = makeFloatBinary<addDoubles>;
  kernels["arith.subf"] = makeFloatBinary<subtractDoubles>;
  kernels["arith.mulf"] = makeFloatBinary<multiplyDoubles>;
  kernels["arith.divf"] = makeFloatBinary<divideDoubles>;
  kernels["arith.remf"] = makeFloatBinary<remainderDoubles>;
  kernels["arith.negf"] = makeNegate;
  kernels["arith.maximumf"] = makeFloatMinMax<true, false>;
  kernels["arith.minimumf"] = makeFloatMinMax<false, false>;
  kernels["arith.maxnumf"] = makeFloatMinMax<true, true>;
  kernels["arith.minnumf"] = makeFloatMinMax<false, true>;
  kernels["arith.cmpf"] = makeCompareFloats;

  kernels["arith.extf"] = makeFloatCast<arith::ExtFOp>;
  kernels["arith.truncf"] = makeFloatCast<arith::TruncFOp>;
  kernels["arith.scaling_extf"] = makeScalingCast<arith::ScalingExtFOp>;
  kernels["arith.scaling_truncf"] = makeScalingCast<arith::ScalingTruncFOp>;
  kernels["arith.sitofp"] = makeToFloat<true>;
  kernels["arith.uitofp"] = makeToFloat<false>;
  kernels["arith.fptosi"] = makeToInteger<true>;
  kernels["arith.fptoui"] = makeToInteger<false>;
}
