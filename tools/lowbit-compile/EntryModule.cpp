//===- EntryModule.cpp - A program around a compiled function -------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the runner library has to know of a function in order to call it, as
// constants of the LLVM dialect, and thunks that give every function one
// signature. The structs are those of include/lowbit/Runner/entry.h.
//
//===----------------------------------------------------------------------===//

#include "EntryModule.h"

#include "../common/ArrayDtype.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace lowbit;
using namespace lowbit::compile;

static constexpr StringRef kInterfacePrefix = "_mlir_ciface_";

void compile::internalizeFunctions(ModuleOp module,
                                   const llvm::StringSet<> &exported) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    // What the code generator itself calls is weak, and not seen from outside.
    if (!function.isExternal() &&
        function.getLinkage() == LLVM::Linkage::External &&
        !exported.contains(function.getName()))
      function.setLinkage(LLVM::Linkage::Internal);
  }
}

namespace {
/// Adds to one module what a program needs besides its functions.
class EntryBuilder {
public:
  EntryBuilder(ModuleOp module)
      : module(module), symbols(module),
        b(module.getLoc(), OpBuilder::atBlockEnd(module.getBody())),
        ptr(LLVM::LLVMPointerType::get(module.getContext())) {}

  /// `main` and what it needs.
  LogicalResult addProgram(const FunctionSignature &signature,
                           ArrayRef<RandomChoice> choices, StringRef cpu);

private:
  /// A global constant under a new name that starts with `name`, whose value
  /// `makeValue` builds in its initializer.
  LLVM::GlobalOp addConstant(StringRef name, Type type,
                             llvm::function_ref<Value()> makeValue);
  /// The same of an attribute.
  LLVM::GlobalOp addConstant(StringRef name, Type type, Attribute value);
  LLVM::GlobalOp addString(StringRef text);
  /// An array of integers; null if it is empty.
  LLVM::GlobalOp addShape(ArrayRef<int64_t> shape);
  LLVM::GlobalOp addCodes(ArrayRef<uint16_t> codes);

  /// Constants, at the insertion point.
  Value addressOf(LLVM::GlobalOp global);
  Value integer(unsigned bits, int64_t value);
  Value number(double value);
  /// A struct or an array of `elements`.
  Value aggregate(Type type, ArrayRef<Value> elements);

  /// The table of arguments or results.
  LLVM::GlobalOp addValues(StringRef name, ArrayRef<ValueSignature> values,
                           ArrayRef<RandomChoice> choices);

  /// A function that takes pointers to the arguments and results of the C
  /// interface of `signature`, and calls it. Null after a diagnostic.
  LLVM::LLVMFuncOp addThunk(const FunctionSignature &signature);
  /// The scalar behind a slot, as the function takes it.
  Value loadScalar(Value slot, Type type);
  void storeScalar(Value slot, Value value);

  /// Gives the name to this file's own symbols.
  LogicalResult freeName(StringRef name);
  LLVM::LLVMFuncOp addFunction(StringRef name, Type result,
                               ArrayRef<Type> arguments, LLVM::Linkage linkage);

  LLVM::LLVMStructType getValueType();
  LLVM::LLVMStructType getEntryType();

  ModuleOp module;
  SymbolTable symbols;
  ImplicitLocOpBuilder b;
  LLVM::LLVMPointerType ptr;
};
} // namespace

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

LLVM::GlobalOp
EntryBuilder::addConstant(StringRef name, Type type,
                          llvm::function_ref<Value()> makeValue) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto global = LLVM::GlobalOp::create(
      b, type, /*isConstant=*/true, LLVM::Linkage::Internal, name, Attribute());
  symbols.insert(global);
  b.createBlock(&global.getInitializerRegion());
  LLVM::ReturnOp::create(b, makeValue());
  return global;
}

LLVM::GlobalOp EntryBuilder::addConstant(StringRef name, Type type,
                                         Attribute value) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto global = LLVM::GlobalOp::create(b, type, /*isConstant=*/true,
                                       LLVM::Linkage::Internal, name, value);
  symbols.insert(global);
  return global;
}

LLVM::GlobalOp EntryBuilder::addString(StringRef text) {
  std::string terminated = text.str() + '\0';
  return addConstant("lowbit.string",
                     LLVM::LLVMArrayType::get(b.getI8Type(), terminated.size()),
                     b.getStringAttr(terminated));
}

LLVM::GlobalOp EntryBuilder::addShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return {};
  SmallVector<int64_t> extents = llvm::map_to_vector(shape, [](int64_t extent) {
    return ShapedType::isDynamic(extent) ? -1 : extent;
  });
  return addConstant("lowbit.shape",
                     LLVM::LLVMArrayType::get(b.getI64Type(), extents.size()),
                     b.getI64TensorAttr(extents));
}

LLVM::GlobalOp EntryBuilder::addCodes(ArrayRef<uint16_t> codes) {
  if (codes.empty())
    return {};
  auto type = RankedTensorType::get(codes.size(), b.getI16Type());
  return addConstant("lowbit.codes",
                     LLVM::LLVMArrayType::get(b.getI16Type(), codes.size()),
                     DenseElementsAttr::get(type, codes));
}

Value EntryBuilder::addressOf(LLVM::GlobalOp global) {
  if (!global)
    return LLVM::ZeroOp::create(b, ptr);
  return LLVM::AddressOfOp::create(b, global);
}

Value EntryBuilder::integer(unsigned bits, int64_t value) {
  Type type = b.getIntegerType(bits);
  return LLVM::ConstantOp::create(b, type, b.getIntegerAttr(type, value));
}

Value EntryBuilder::number(double value) {
  return LLVM::ConstantOp::create(b, b.getF64Type(), b.getF64FloatAttr(value));
}

Value EntryBuilder::aggregate(Type type, ArrayRef<Value> elements) {
  Value result = LLVM::UndefOp::create(b, type);
  for (auto [i, element] : llvm::enumerate(elements))
    result = LLVM::InsertValueOp::create(b, result, element, i);
  return result;
}

//===----------------------------------------------------------------------===//
// The description
//===----------------------------------------------------------------------===//

LLVM::LLVMStructType EntryBuilder::getValueType() {
  Type f64 = b.getF64Type(), i32 = b.getI32Type(), i8 = b.getI8Type();
  return LLVM::LLVMStructType::getLiteral(
      b.getContext(),
      {ptr, ptr, ptr, ptr, f64, f64, i32, i32, i32, i32, i8, i8, i8, i8});
}

LLVM::LLVMStructType EntryBuilder::getEntryType() {
  Type i32 = b.getI32Type();
  return LLVM::LLVMStructType::getLiteral(
      b.getContext(), {ptr, ptr, ptr, ptr, ptr, ptr, i32, i32});
}

LLVM::GlobalOp EntryBuilder::addValues(StringRef name,
                                       ArrayRef<ValueSignature> values,
                                       ArrayRef<RandomChoice> choices) {
  if (values.empty())
    return {};
  auto type = LLVM::LLVMArrayType::get(getValueType(), values.size());
  return addConstant(name, type, [&]() -> Value {
    SmallVector<Value> elements;
    for (auto [i, value] : llvm::enumerate(values)) {
      RandomChoice choice = choices.empty() ? RandomChoice() : choices[i];
      ArrayDtype dtype = getArrayDtype(value);
      SmallVector<int64_t> shape = value.getPackedShape();
      std::string text;
      llvm::raw_string_ostream(text) << value.type;
      int64_t logicalRank =
          value.isScalar() ? -1 : value.getLogicalShape().size();
      elements.push_back(aggregate(
          getValueType(),
          {addressOf(addString(text)),
           addressOf(addShape(value.getLogicalShape())),
           addressOf(addShape(shape)), addressOf(addCodes(choice.codes)),
           number(choice.low), number(choice.high), integer(32, logicalRank),
           integer(32, shape.size()), integer(32, choice.codes.size()),
           integer(32, value.getElementBits()), integer(8, dtype.kind),
           integer(8, dtype.size), integer(8, dtype.isBFloat),
           integer(8, value.isWeight)}));
    }
    return aggregate(type, elements);
  });
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

LLVM::LLVMFuncOp EntryBuilder::addFunction(StringRef name, Type result,
                                           ArrayRef<Type> arguments,
                                           LLVM::Linkage linkage) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto function = LLVM::LLVMFuncOp::create(
      b, name, LLVM::LLVMFunctionType::get(result, arguments), linkage);
  symbols.insert(function);
  return function;
}

/// The integer of whole bytes that a scalar of a type such as i1 or i12 lies
/// in; the type itself where it has whole bytes.
static Type getMemoryType(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return type;
  return IntegerType::get(type.getContext(),
                          llvm::PowerOf2Ceil(std::max(8u, integer.getWidth())));
}

Value EntryBuilder::loadScalar(Value slot, Type type) {
  Type memory = getMemoryType(type);
  Value value = LLVM::LoadOp::create(b, memory, slot);
  return memory == type ? value : LLVM::TruncOp::create(b, type, value);
}

void EntryBuilder::storeScalar(Value slot, Value value) {
  Type memory = getMemoryType(value.getType());
  if (memory != value.getType())
    value = LLVM::ZExtOp::create(b, memory, value);
  LLVM::StoreOp::create(b, value, slot);
}

LLVM::LLVMFuncOp EntryBuilder::addThunk(const FunctionSignature &signature) {
  auto fail = [&](const Twine &reason) {
    module.emitError() << "the C interface of '" << signature.name << "' "
                       << reason;
    return LLVM::LLVMFuncOp();
  };
  auto function = symbols.lookup<LLVM::LLVMFuncOp>(signature.name);
  auto interface = symbols.lookup<LLVM::LLVMFuncOp>(
      (kInterfacePrefix + signature.name).str());
  if (!function || !interface)
    return fail("was not made");
  Type voidType = LLVM::LLVMVoidType::get(b.getContext());
  ArrayRef<Type> parameters = interface.getFunctionType().getParams();
  // One array, or several results, come back in memory.
  ArrayRef<ValueSignature> results = signature.results;
  bool inMemory =
      results.size() > 1 || (results.size() == 1 && !results[0].isScalar());
  if (parameters.size() != signature.arguments.size() + inMemory)
    return fail("takes " + Twine(parameters.size()) + " arguments");
  if (inMemory)
    parameters = parameters.drop_front();
  for (auto [value, type] : llvm::zip_equal(signature.arguments, parameters))
    if (value.isScalar() == isa<LLVM::LLVMPointerType>(type))
      return fail("takes other arguments than its source");

  LLVM::LLVMFuncOp thunk =
      addFunction("lowbit.thunk", voidType, {ptr}, LLVM::Linkage::Internal);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(thunk.addEntryBlock(b));
  auto slotOf = [&](int32_t index) -> Value {
    Value address = LLVM::GEPOp::create(b, ptr, ptr, thunk.getArgument(0),
                                        ArrayRef<LLVM::GEPArg>{index});
    return LLVM::LoadOp::create(b, ptr, address);
  };
  SmallVector<Value> operands;
  auto firstResult = static_cast<int32_t>(signature.arguments.size());
  Type structType = function.getFunctionType().getReturnType();
  if (inMemory && results.size() == 1)
    operands.push_back(slotOf(firstResult));
  else if (inMemory)
    operands.push_back(
        LLVM::AllocaOp::create(b, ptr, structType, integer(64, 1)));
  for (auto [i, type] : llvm::enumerate(parameters)) {
    Value slot = slotOf(i);
    operands.push_back(
        signature.arguments[i].isScalar() ? loadScalar(slot, type) : slot);
  }
  auto call = LLVM::CallOp::create(b, interface, operands);
  if (!inMemory && results.size() == 1)
    storeScalar(slotOf(firstResult), call.getResult());
  if (results.size() > 1) {
    Value all = LLVM::LoadOp::create(b, structType, operands[0]);
    for (auto [i, value] : llvm::enumerate(results)) {
      Value result = LLVM::ExtractValueOp::create(b, all, i);
      Value slot = slotOf(firstResult + i);
      if (value.isScalar())
        storeScalar(slot, result);
      else
        LLVM::StoreOp::create(b, result, slot);
    }
  }
  LLVM::ReturnOp::create(b, ValueRange());
  return thunk;
}

LogicalResult EntryBuilder::freeName(StringRef name) {
  Operation *holder = symbols.lookup(name);
  if (!holder)
    return success();
  for (unsigned i = 0;; ++i) {
    std::string other = (name + "." + Twine(i)).str();
    if (!symbols.lookup(other))
      return symbols.rename(holder, other);
  }
}

LogicalResult EntryBuilder::addProgram(const FunctionSignature &signature,
                                       ArrayRef<RandomChoice> choices,
                                       StringRef cpu) {
  constexpr StringRef kRunner = "lowbit_main";
  LLVM::LLVMFuncOp call = addThunk(signature);
  if (!call)
    return failure();
  LLVM::LLVMFuncOp pack;
  if (signature.hasWeights() &&
      !(pack = addThunk(signature.getPackSignature())))
    return failure();
  // A function's interface by its name, too: whoever sees one takes the
  // function for its implementation.
  for (StringRef name : {StringRef("main"), kRunner})
    if (failed(freeName(name)) ||
        failed(freeName((kInterfacePrefix + name).str())))
      return failure();

  LLVM::GlobalOp arguments =
      addValues("lowbit.arguments", signature.arguments, choices);
  LLVM::GlobalOp results = addValues("lowbit.results", signature.results, {});
  LLVM::GlobalOp entry =
      addConstant("lowbit.entry", getEntryType(), [&]() -> Value {
        Value packAddress = LLVM::ZeroOp::create(b, ptr);
        if (pack)
          packAddress = LLVM::AddressOfOp::create(b, pack);
        return aggregate(getEntryType(),
                         {addressOf(addString(signature.name)),
                          addressOf(addString(cpu)), addressOf(arguments),
                          addressOf(results),
                          LLVM::AddressOfOp::create(b, call), packAddress,
                          integer(32, signature.arguments.size()),
                          integer(32, signature.results.size())});
      });

  Type i32 = b.getI32Type();
  LLVM::LLVMFuncOp runner =
      addFunction(kRunner, i32, {ptr, i32, ptr}, LLVM::Linkage::External);
  LLVM::LLVMFuncOp main =
      addFunction("main", i32, {i32, ptr}, LLVM::Linkage::External);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(main.addEntryBlock(b));
  auto status = LLVM::CallOp::create(
      b, runner,
      ValueRange{addressOf(entry), main.getArgument(0), main.getArgument(1)});
  LLVM::ReturnOp::create(b, status.getResults());
  return success();
}

LogicalResult compile::addEntry(ModuleOp module,
                                const FunctionSignature &signature,
                                ArrayRef<RandomChoice> choices, StringRef cpu) {
  return EntryBuilder(module).addProgram(signature, choices, cpu);
}
