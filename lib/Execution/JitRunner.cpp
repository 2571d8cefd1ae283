//===- JitRunner.cpp - Compile in this process and call -------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Execution/JitRunner.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

#include <cstring>
#include <numeric>
#include <optional>

using namespace lowbit;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;
using mlir::ShapedType;

static constexpr llvm::StringLiteral kEntryPrefix = "_lowbit_call_";

JitRunner::JitRunner() = default;
JitRunner::~JitRunner() = default;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

namespace {
/// A constant of the module that compiled code reads where it lies.
struct SharedConstant {
  mlir::LLVM::GlobalOp global;
  mlir::Attribute value;
  mlir::LLVM::Linkage linkage;
  ArrayRef<char> bytes;
};
} // namespace

/// The bytes of a constant as memory has them, if MLIR keeps them so.
static std::optional<ArrayRef<char>> getRawBytes(mlir::Attribute value) {
  auto elements = llvm::dyn_cast_or_null<mlir::ElementsAttr>(value);
  if (!elements)
    return std::nullopt;
  mlir::Type type = elements.getElementType();
  if (!type.isIntOrFloat() ||
      !llvm::is_contained({8u, 16u, 32u, 64u}, type.getIntOrFloatBitWidth()))
    return std::nullopt;
  size_t size = elements.getNumElements() * type.getIntOrFloatBitWidth() / 8;
  if (auto dense = llvm::dyn_cast<mlir::DenseElementsAttr>(value)) {
    if (dense.isSplat() || dense.getRawData().size() != size)
      return std::nullopt;
    return dense.getRawData();
  }
  auto resource = llvm::dyn_cast<mlir::DenseResourceElementsAttr>(value);
  if (!resource)
    return std::nullopt;
  mlir::AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob || blob->getData().size() != size)
    return std::nullopt;
  return blob->getData();
}

/// Takes the values of large constants out of the module: as LLVM's constants
/// they would be copied several times, and hashed.
static SmallVector<SharedConstant> takeConstants(mlir::ModuleOp module) {
  constexpr size_t minimum = 4096;
  SmallVector<SharedConstant> constants;
  for (auto global : module.getOps<mlir::LLVM::GlobalOp>()) {
    std::optional<ArrayRef<char>> bytes = getRawBytes(global.getValueOrNull());
    if (!global.getConstant() || !bytes || bytes->size() < minimum)
      continue;
    constants.push_back(
        {global, global.getValueOrNull(), global.getLinkage(), *bytes});
    global.removeValueAttr();
    global.setLinkage(mlir::LLVM::Linkage::External);
  }
  return constants;
}

static void putBack(ArrayRef<SharedConstant> constants) {
  for (SharedConstant constant : constants) {
    constant.global.setValueAttr(constant.value);
    constant.global.setLinkage(constant.linkage);
  }
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

/// Defines, for each C interface, a function that takes all arguments as
/// pointers: to descriptors, and to scalars. The C interface returns one scalar
/// as a value and anything else through its first argument; here one scalar is
/// written through the last.
static void addEntryPoints(llvm::Module &module) {
  llvm::LLVMContext &context = module.getContext();
  auto *pointer = llvm::PointerType::getUnqual(context);
  SmallVector<llvm::Function *> interfaces;
  for (llvm::Function &function : module)
    if (!function.isDeclaration() &&
        function.getName().starts_with("_mlir_ciface_"))
      interfaces.push_back(&function);
  for (llvm::Function *callee : interfaces) {
    StringRef name = callee->getName();
    name.consume_front("_mlir_ciface_");
    auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                                         {pointer}, /*isVarArg=*/false);
    auto *entry = llvm::Function::Create(
        type, llvm::GlobalValue::ExternalLinkage, kEntryPrefix + name, module);
    // The registers that it passes values in are the callee's.
    entry->copyAttributesFrom(callee);
    entry->setLinkage(llvm::GlobalValue::ExternalLinkage);
    llvm::AttributeList attributes = callee->getAttributes();
    entry->setAttributes(llvm::AttributeList().addFnAttributes(
        context, llvm::AttrBuilder(context, attributes.getFnAttrs())));
    llvm::IRBuilder<> builder(
        llvm::BasicBlock::Create(context, "entry", entry));
    auto getPointer = [&](unsigned index) {
      llvm::Value *slot =
          builder.CreateConstGEP1_64(pointer, entry->getArg(0), index);
      return builder.CreateLoad(pointer, slot);
    };
    SmallVector<llvm::Value *> arguments;
    for (llvm::Argument &parameter : callee->args()) {
      llvm::Value *value = getPointer(parameter.getArgNo());
      if (!parameter.getType()->isPointerTy())
        value = builder.CreateLoad(parameter.getType(), value);
      arguments.push_back(value);
    }
    llvm::CallInst *result = builder.CreateCall(callee, arguments);
    if (!callee->getReturnType()->isVoidTy())
      builder.CreateStore(result, getPointer(callee->arg_size()));
    builder.CreateRetVoid();
  }
}

/// Makes LLVM's OpenMP library visible to compiled code: its own functions
/// only. Those of the C library, which it depends on, must be this process's,
/// or what compiled code allocates is freed by another allocator (that of a
/// sanitizer, or one that was preloaded).
static llvm::Error loadOpenMP(llvm::orc::LLJIT &jit) {
  auto isOpenMP = [](const llvm::orc::SymbolStringPtr &symbol) {
    StringRef name = (*symbol).ltrim('_');
    return name.starts_with("kmp") || name.starts_with("omp_");
  };
  for (const char *name : {"libomp.so.5", "libomp.so", "libomp.dylib"}) {
    auto generator = llvm::orc::DynamicLibrarySearchGenerator::Load(
        name, jit.getDataLayout().getGlobalPrefix(), isOpenMP);
    if (generator) {
      jit.getMainJITDylib().addGenerator(std::move(*generator));
      return llvm::Error::success();
    }
    llvm::consumeError(generator.takeError());
  }
  return llvm::createStringError(
      "the code runs on several threads and needs LLVM's OpenMP library, "
      "libomp.so.5, which is not found; install Debian's package "
      "libomp-%d-dev (or libomp5-%d), or compile with threads=1",
      LLVM_VERSION_MAJOR, LLVM_VERSION_MAJOR);
}

llvm::Expected<std::unique_ptr<JitRunner>>
JitRunner::create(mlir::ModuleOp module, ArrayRef<FunctionSignature> signatures,
                  const ObjectEmitterOptions &options) {
  llvm::Expected<CPUTarget> target = getModuleTarget(module);
  if (!target)
    return target.takeError();
  if (std::vector<std::string> missing = getMissingHostFeatures(*target);
      !missing.empty())
    return llvm::createStringError("this machine cannot run code for " +
                                   target->cpu + ": it lacks " +
                                   llvm::join(missing, ", "));

  std::unique_ptr<JitRunner> runner(new JitRunner());
  SmallVector<SharedConstant> constants = takeConstants(module);
  llvm::scope_exit restore([&] { putBack(constants); });
  ObjectEmitterOptions jitOptions = options;
  jitOptions.positionIndependent = true;
  llvm::Expected<std::unique_ptr<ObjectEmitter>> emitter =
      ObjectEmitter::translate(module, jitOptions);
  if (!emitter)
    return emitter.takeError();
  addEntryPoints(*(*emitter)->module);
  if (llvm::Error error = (*emitter)->optimize())
    return error;
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  if (llvm::Error error = (*emitter)->emitObject(os))
    return error;
  auto object = std::make_unique<llvm::SmallVectorMemoryBuffer>(
      std::move(bytes), "lowbit", /*RequiresNullTerminator=*/false);

  auto builder = llvm::orc::LLJITBuilder();
  builder.setJITTargetMachineBuilder(
      llvm::orc::JITTargetMachineBuilder(llvm::Triple(target->triple)));
  // No static constructors, no exceptions.
  builder.setPlatformSetUp(llvm::orc::setUpInactivePlatform);
  llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> jit = builder.create();
  if (!jit)
    return jit.takeError();
  runner->jit = std::move(*jit);

  llvm::orc::SymbolMap symbols;
  for (SharedConstant &constant : constants) {
    const char *data = constant.bytes.data();
    llvm::Align alignment(constant.global.getAlignment().value_or(
        /*largest element=*/8));
    if (!llvm::isAddrAligned(alignment, data)) {
      runner->alignedConstants.push_back(
          llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
              constant.bytes.size(), constant.global.getSymName(), alignment));
      llvm::copy(constant.bytes,
                 runner->alignedConstants.back()->getBufferStart());
      data = runner->alignedConstants.back()->getBufferStart();
    }
    symbols[runner->jit->mangleAndIntern(constant.global.getSymName())] = {
        llvm::orc::ExecutorAddr::fromPtr(data), llvm::JITSymbolFlags::Exported};
  }
  if (llvm::Error error = runner->jit->getMainJITDylib().define(
          llvm::orc::absoluteSymbols(symbols)))
    return error;

  llvm::Expected<std::vector<std::string>> undefined =
      getUndefinedSymbols(object->getMemBufferRef());
  if (!undefined)
    return undefined.takeError();
  for (std::string &name : *undefined)
    if (!symbols.contains(runner->jit->mangleAndIntern(name)))
      runner->externalFunctions.push_back(std::move(name));
  if (llvm::any_of(runner->externalFunctions, [](StringRef name) {
        return name.starts_with("__kmpc_") || name.starts_with("omp_");
      }))
    if (llvm::Error error = loadOpenMP(*runner->jit))
      return error;
  if (llvm::Error error = runner->jit->addObjectFile(std::move(object)))
    return error;

  for (const FunctionSignature &signature :
       getLoweredSignatures(module, signatures)) {
    llvm::Expected<llvm::orc::ExecutorAddr> address =
        runner->jit->lookup((kEntryPrefix + signature.name).str());
    if (!address)
      return address.takeError();
    runner->functions.try_emplace(signature.name,
                                  Function{signature, address->toPtr<Entry>()});
  }
  return runner;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

const FunctionSignature *JitRunner::getSignature(StringRef name) const {
  auto it = functions.find(name);
  return it == functions.end() ? nullptr : &it->second.signature;
}

JitRunner::Entry JitRunner::lookUp(StringRef name) const {
  auto it = functions.find(name);
  return it == functions.end() ? nullptr : it->second.entry;
}

/// Words of a memref descriptor: allocated, aligned, offset, sizes, strides.
static size_t getDescriptorWords(const ValueSignature &value) {
  return 3 + 2 * value.getBufferRank();
}

/// Byte offsets of the results in the struct of the C interface, and its size.
static SmallVector<size_t>
getResultOffsets(const FunctionSignature &signature) {
  SmallVector<size_t> offsets;
  size_t size = 0;
  for (const ValueSignature &result : signature.results) {
    size_t bytes = result.isScalar() ? result.getContainerBytes()
                                     : 8 * getDescriptorWords(result);
    size = llvm::alignTo(size, std::min<size_t>(bytes, 8));
    offsets.push_back(size);
    size += bytes;
  }
  offsets.push_back(size);
  return offsets;
}

static std::string getShapeText(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "rank 0";
  return llvm::join(llvm::map_range(shape,
                                    [](int64_t size) {
                                      return ShapedType::isDynamic(size)
                                                 ? std::string("?")
                                                 : std::to_string(size);
                                    }),
                    "x");
}

/// Checks the shape of one argument.
static llvm::Error checkArgument(const FunctionSignature &signature,
                                 unsigned index, const BufferRef &argument) {
  const ValueSignature &value = signature.arguments[index];
  auto fail = [&](const llvm::Twine &what) {
    return llvm::createStringError("argument " + llvm::Twine(index) + " of '" +
                                   signature.name + "': " + what);
  };
  if (llvm::any_of(argument.shape, [](int64_t size) { return size < 0; }))
    return fail("a size is negative");
  bool isEmpty = llvm::is_contained(argument.shape, 0);
  if (!argument.data && !isEmpty)
    return fail("there is no data");
  if (value.isScalar())
    return argument.shape.empty()
               ? llvm::Error::success()
               : fail("expected a scalar, found a buffer of " +
                      getShapeText(argument.shape));
  SmallVector<int64_t> expected = value.getPackedShape();
  if (value.isWeight)
    expected = {ShapedType::kDynamic};
  bool fits = expected.size() == argument.shape.size();
  for (size_t dim = 0; fits && dim < expected.size(); ++dim)
    fits = ShapedType::isDynamic(expected[dim]) ||
           expected[dim] == argument.shape[dim];
  if (!fits)
    return fail("expected a buffer of " + getShapeText(expected) + ", found " +
                getShapeText(argument.shape));
  unsigned bits = value.getElementBits();
  if (!value.isWeight && bits > 1 && bits < 8 &&
      ShapedType::isDynamic(expected.back())) {
    // Rows hold whole groups, or their length would not follow from the bytes.
    int64_t group = bits / std::gcd(8u, bits);
    if (argument.shape.back() % group != 0)
      return fail("a row of " + llvm::Twine(argument.shape.back()) +
                  " bytes is not a whole number of groups of " +
                  llvm::Twine(group));
  }
  return llvm::Error::success();
}

/// Writes the descriptor of a contiguous buffer.
static void writeDescriptor(const BufferRef &buffer, uint64_t *words) {
  auto address = reinterpret_cast<uint64_t>(buffer.data);
  size_t rank = buffer.shape.size();
  words[0] = words[1] = address;
  words[2] = 0;
  uint64_t stride = 1;
  for (size_t dim = rank; dim-- > 0;) {
    words[3 + dim] = buffer.shape[dim];
    words[3 + rank + dim] = stride;
    stride *= buffer.shape[dim];
  }
}

llvm::Expected<JitRunner::Call>
JitRunner::bind(StringRef name, ArrayRef<BufferRef> arguments) const {
  auto it = functions.find(name);
  if (it == functions.end())
    return llvm::createStringError("there is no function '" + name + "'");
  const FunctionSignature &signature = it->second.signature;
  if (arguments.size() != signature.arguments.size())
    return llvm::createStringError(
        "'" + name + "' takes " + llvm::Twine(signature.arguments.size()) +
        " arguments, found " + llvm::Twine(arguments.size()));

  Call call;
  call.signature = &signature;
  call.function = it->second.entry;
  SmallVector<size_t> resultOffsets = getResultOffsets(signature);
  size_t numWords = llvm::divideCeil(resultOffsets.back(), 8);
  SmallVector<size_t> starts;
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    if (llvm::Error error = checkArgument(signature, index, argument))
      return error;
    starts.push_back(numWords);
    const ValueSignature &value = signature.arguments[index];
    numWords += value.isScalar() ? 1 : getDescriptorWords(value);
  }
  call.words.resize(numWords);
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    const ValueSignature &value = signature.arguments[index];
    uint64_t *words = call.words.data() + starts[index];
    if (value.isScalar())
      std::memcpy(words, argument.data, value.getContainerBytes());
    else
      writeDescriptor(argument, words);
    call.pointers.push_back(words);
  }
  if (!signature.results.empty()) {
    bool isValue =
        signature.results.size() == 1 && signature.results.front().isScalar();
    call.pointers.insert(isValue ? call.pointers.end() : call.pointers.begin(),
                         call.words.data());
  }
  return call;
}

void JitRunner::Call::swap(Call &other) {
  std::swap(signature, other.signature);
  std::swap(function, other.function);
  words.swap(other.words);
  pointers.swap(other.pointers);
  std::swap(hasResults, other.hasResults);
}

void JitRunner::Call::run() {
  freeResults();
  function(pointers.data());
  hasResults = true;
}

SmallVector<OwnedBuffer> JitRunner::Call::takeResults() {
  SmallVector<OwnedBuffer> results;
  if (!hasResults)
    return results;
  hasResults = false;
  SmallVector<size_t> offsets = getResultOffsets(*signature);
  const auto *base = reinterpret_cast<const char *>(words.data());
  for (auto [index, value] : llvm::enumerate(signature->results)) {
    OwnedBuffer &result = results.emplace_back();
    const char *place = base + offsets[index];
    if (value.isScalar()) {
      result.data = std::calloc(1, 8);
      std::memcpy(result.data, place, value.getContainerBytes());
      result.allocated.reset(result.data);
      continue;
    }
    const auto *descriptor = reinterpret_cast<const uint64_t *>(place);
    result.allocated.reset(reinterpret_cast<void *>(descriptor[0]));
    result.data = reinterpret_cast<void *>(descriptor[1]);
    for (size_t dim = 0; dim < value.getBufferRank(); ++dim)
      result.shape.push_back(descriptor[3 + dim]);
  }
  return results;
}

void JitRunner::Call::freeResults() {
  // Their owners free them.
  takeResults();
}

llvm::Expected<SmallVector<OwnedBuffer>>
JitRunner::call(StringRef name, ArrayRef<BufferRef> arguments) const {
  llvm::Expected<Call> call = bind(name, arguments);
  if (!call)
    return call.takeError();
  call->run();
  return call->takeResults();
}
