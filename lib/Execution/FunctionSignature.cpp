//===- FunctionSignature.cpp - How a compiled function is called ------ ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Execution/FunctionSignature.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace lowbit;
using namespace mlir;

/// The type whose codes are stored: of a quantized type its storage.
static Type getStorageType(Type elementType) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(elementType))
    return quantized.getStorageType();
  return elementType;
}

/// Whether `lowbit-to-bytes` turns elements of this type into containers.
static bool isStoredInContainers(Type elementType) {
  return isa<quant::QuantizedType>(elementType) || isLowBitType(elementType);
}

//===----------------------------------------------------------------------===//
// ValueSignature
//===----------------------------------------------------------------------===//

bool ValueSignature::isScalar() const { return !isa<ShapedType>(type); }

Type ValueSignature::getElementType() const {
  return getElementTypeOrSelf(type);
}

unsigned ValueSignature::getElementBits() const {
  Type storage = getStorageType(getElementType());
  return isa<IndexType>(storage) ? 64 : getBitWidth(storage);
}

unsigned ValueSignature::getContainerBytes() const {
  return llvm::PowerOf2Ceil(llvm::divideCeil(getElementBits(), 8));
}

ArrayRef<int64_t> ValueSignature::getLogicalShape() const {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped ? shaped.getShape() : ArrayRef<int64_t>();
}

SmallVector<int64_t>
ValueSignature::getPackedShape(ArrayRef<int64_t> logicalShape) const {
  SmallVector<int64_t> shape(logicalShape);
  if (isScalar() || !isStoredInContainers(getElementType()))
    return shape;
  if (shape.empty())
    return {1};
  if (!ShapedType::isDynamic(shape.back()) && getElementBits() < 8)
    shape.back() = getPackedRowBytes(getElementBits(), shape.back());
  return shape;
}

SmallVector<int64_t> ValueSignature::getPackedShape() const {
  return getPackedShape(getLogicalShape());
}

unsigned ValueSignature::getBufferRank() const {
  return isWeight ? 1 : getPackedShape().size();
}

//===----------------------------------------------------------------------===//
// FunctionSignature
//===----------------------------------------------------------------------===//

bool FunctionSignature::hasWeights() const {
  return llvm::any_of(
      arguments, [](const ValueSignature &value) { return value.isWeight; });
}

FunctionSignature FunctionSignature::getPackSignature() const {
  FunctionSignature pack;
  pack.name = name + ".pack";
  for (ValueSignature argument : arguments) {
    if (!argument.isWeight)
      continue;
    argument.isWeight = false;
    MLIRContext *context = argument.type.getContext();
    auto bytes = RankedTensorType::get({ShapedType::kDynamic},
                                       IntegerType::get(context, 8));
    pack.arguments.push_back(argument);
    pack.results.push_back({bytes});
  }
  return pack;
}

/// Whether a buffer or a value of the C interface stands for `type`.
static bool hasBuffer(Type type) {
  if (isa<ShapedType>(type) && !isa<RankedTensorType, MemRefType>(type))
    return false;
  Type storage = getStorageType(getElementTypeOrSelf(type));
  if (auto memref = dyn_cast<MemRefType>(type))
    if (!memref.getLayout().isIdentity() || isStoredInContainers(storage))
      return false;
  return isa<IndexType>(storage) || isLowBitType(storage) ||
         (storage.isIntOrFloat() && storage.getIntOrFloatBitWidth() <= 64);
}

FailureOr<FunctionSignature>
lowbit::getFunctionSignature(func::FuncOp function) {
  FunctionSignature signature;
  signature.name = function.getName().str();
  auto add = [&](TypeRange types, SmallVectorImpl<ValueSignature> &values,
                 StringRef what) -> LogicalResult {
    for (auto [index, type] : llvm::enumerate(types)) {
      if (!hasBuffer(type))
        return function.emitError()
               << what << " " << index << " of '" << function.getName()
               << "' is " << type
               << "; expected a ranked tensor or a scalar of at most 64 bits";
      values.push_back({type});
    }
    return success();
  };
  if (failed(
          add(function.getArgumentTypes(), signature.arguments, "argument")) ||
      failed(add(function.getResultTypes(), signature.results, "result")))
    return failure();
  for (auto [index, argument] : llvm::enumerate(signature.arguments))
    argument.isWeight =
        static_cast<bool>(function.getArgAttr(index, "lowbit.weight"));
  return signature;
}

SmallVector<FunctionSignature> lowbit::getFunctionSignatures(ModuleOp module) {
  SmallVector<FunctionSignature> signatures;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal() ||
        !llvm::all_of(function.getArgumentTypes(), hasBuffer) ||
        !llvm::all_of(function.getResultTypes(), hasBuffer))
      continue;
    signatures.push_back(*getFunctionSignature(function));
    if (signatures.back().hasWeights())
      signatures.push_back(signatures.back().getPackSignature());
  }
  return signatures;
}

SmallVector<FunctionSignature>
lowbit::getLoweredSignatures(ModuleOp module,
                             ArrayRef<FunctionSignature> signatures) {
  auto hasInterface = [&](StringRef name) {
    auto function =
        module.lookupSymbol<LLVM::LLVMFuncOp>(("_mlir_ciface_" + name).str());
    return function && !function.isExternal();
  };
  SmallVector<FunctionSignature> lowered;
  for (const FunctionSignature &signature : signatures) {
    if (!hasInterface(signature.name))
      continue;
    lowered.push_back(signature);
    if (signature.hasWeights() &&
        !hasInterface(signature.getPackSignature().name))
      for (ValueSignature &argument : lowered.back().arguments)
        argument.isWeight = false;
  }
  return lowered;
}
