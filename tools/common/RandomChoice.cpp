//===- RandomChoice.cpp - Which random data suit an argument --------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomChoice.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Codec.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallPtrSet.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;

namespace {
enum class Role { Data, Scale, ZeroPoint };

/// What a value is used for.
struct Usage {
  Role role = Role::Data;
  /// ZeroPoint: the type of the elements that it belongs to.
  Type element;
};

/// Follows a value to the first use that says what it is for.
class UsageFinder {
public:
  Usage find(Value value);
  /// The type as which the codes of `value` are read: that of the value, or
  /// what every use of it casts it to bit by bit.
  static Type getTypeOfCodes(Value value);

private:
  Usage findInUse(OpOperand &use);
  /// Functions may call themselves.
  llvm::SmallPtrSet<void *, 8> visited;
};
} // namespace

Usage UsageFinder::find(Value value) {
  if (!visited.insert(value.getAsOpaquePointer()).second)
    return {};
  for (OpOperand &use : value.getUses())
    if (Usage usage = findInUse(use); usage.role != Role::Data)
      return usage;
  return {};
}

Usage UsageFinder::findInUse(OpOperand &use) {
  Operation *op = use.getOwner();
  Value value = use.get();
  if (auto scaled = dyn_cast<ScaledOpInterface>(op)) {
    for (const ScaledValue &tensor : scaled.getScaledValues()) {
      if (tensor.scale == value)
        return {Role::Scale, {}};
      if (tensor.zeroPoint == value)
        return {Role::ZeroPoint, getElementTypeOrSelf(tensor.data.getType())};
    }
  }
  if (isa<arith::ScalingExtFOp, arith::ScalingTruncFOp>(op) &&
      op->getOperand(1) == value)
    return {Role::Scale, {}};
  // A scale may itself be stored with a scale, in another type or shape.
  if (isa<DequantizeOp, ConvertOp, BitcastOp, arith::ExtFOp, arith::TruncFOp,
          arith::BitcastOp, tensor::CastOp, tensor::ReshapeOp,
          tensor::CollapseShapeOp, tensor::ExpandShapeOp,
          tensor::ExtractSliceOp, tensor::BitcastOp, tensor::ExtractOp>(op) &&
      use.getOperandNumber() == 0)
    return find(op->getResult(0));
  if (auto call = dyn_cast<func::CallOp>(op)) {
    auto callee = dyn_cast_if_present<func::FuncOp>(
        SymbolTable::lookupNearestSymbolFrom(op, call.getCalleeAttr()));
    if (callee && !callee.isExternal())
      return find(callee.getArgument(use.getOperandNumber()));
  }
  return {};
}

Type UsageFinder::getTypeOfCodes(Value value) {
  Type type = getElementTypeOrSelf(value.getType());
  Type common;
  for (Operation *user : value.getUsers()) {
    if (!isa<BitcastOp, arith::BitcastOp, tensor::BitcastOp>(user))
      return type;
    Type read = getElementTypeOrSelf(user->getResult(0).getType());
    if (common && common != read)
      return type;
    common = read;
  }
  return common ? common : type;
}

/// The codes whose value lies in [low, high], but none if those are all codes,
/// which is to say any. Integers beyond 16 bits have those from 0.
static SmallVector<uint16_t> getCodesIn(const Format &format, double low,
                                        double high) {
  SmallVector<uint16_t> codes;
  if (format.getBits() > 16) {
    for (double value = std::max(0.0, low); value <= high; ++value)
      codes.push_back(static_cast<uint16_t>(value));
    return codes;
  }
  for (uint64_t code = 0; code < format.getNumCodes(); ++code) {
    double value = decode(format, code);
    if (value >= low && value <= high) // not so for NaN
      codes.push_back(static_cast<uint16_t>(code));
  }
  if (codes.size() == format.getNumCodes())
    codes.clear();
  return codes;
}

RandomChoice lowbit::getRandomChoice(Value argument) {
  // Sums of products of larger numbers may leave f16, or even f32.
  constexpr double largestPlain = 65536.0;
  RandomChoice choice;
  UsageFinder finder;
  Usage usage = finder.find(argument);
  Type type = UsageFinder::getTypeOfCodes(argument);
  if (auto quantized = dyn_cast<quant::QuantizedType>(type)) {
    for (int64_t code = quantized.getStorageTypeMin();
         code <= quantized.getStorageTypeMax(); ++code)
      choice.codes.push_back(static_cast<uint16_t>(
          code &
          ((int64_t(1) << quantized.getStorageTypeIntegralWidth()) - 1)));
    return choice;
  }
  // An index is likely to be a size or a position.
  if (isa<IndexType>(type)) {
    choice.codes = {0, 1, 2, 3, 4, 5, 6, 7};
    return choice;
  }

  std::optional<Format> format = getFormat(type);
  if (auto integer = dyn_cast<IntegerType>(type);
      integer && usage.role == Role::ZeroPoint)
    format = getIntegerFormat(integer);
  if (!format)
    return choice;
  bool isInterval =
      isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(type);
  switch (usage.role) {
  case Role::Scale:
    choice.low = 0.5;
    choice.high = 2.0;
    break;
  case Role::ZeroPoint:
    if (std::optional<Format> element = getFormat(usage.element);
        element && element->isInteger()) {
      choice.low = element->getLowest();
      choice.high = element->getLargest();
    }
    break;
  case Role::Data:
    if (isInterval || format->getLargest() > largestPlain)
      break;
    choice.low = format->getLowest();
    choice.high = format->getLargest();
    break;
  }
  if (!isInterval)
    choice.codes = getCodesIn(*format, choice.low, choice.high);
  return choice;
}
