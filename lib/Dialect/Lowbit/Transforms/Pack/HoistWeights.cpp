//===- HoistWeights.cpp - Packing that happens once -----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The buffer of a weight is the packs that are made of it, one after the
// other, each on a cache line; and its elements as they are if anything but a
// pack reads them.
//
//===----------------------------------------------------------------------===//

#include "HoistWeights.h"

#include "Operands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace lowbit;

static constexpr int64_t kCacheLine = 64;

//===----------------------------------------------------------------------===//
// What can move
//===----------------------------------------------------------------------===//

HoistableValues::HoistableValues(func::FuncOp function) : function(function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, kWeightAttrName))
      weights.push_back(i);
  if (weights.empty() || function.isExternal())
    return;
  llvm::raw_string_ostream os(obstacle);
  for (unsigned i : weights) {
    auto type = dyn_cast<RankedTensorType>(function.getArgument(i).getType());
    if (type && type.hasStaticShape() &&
        isa<IntegerType, FloatType, FormatTypeInterface>(
            type.getElementType()) &&
        getBitWidth(type.getElementType()) <= 32)
      continue;
    os << "argument " << i << " is marked " << kWeightAttrName
       << " but has the type '" << function.getArgument(i).getType()
       << "'; weights are packed ahead only as tensors of static shape, of "
          "elements of up to 32 bits";
    return;
  }
  auto uses = SymbolTable::getSymbolUses(function,
                                         function->getParentOfType<ModuleOp>());
  if (!uses || !uses->empty())
    os << "has arguments marked " << kWeightAttrName
       << " but is called in the module: its weights are packed in each call";
}

bool HoistableValues::isHoistable(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getOwner() == &function.getBody().front() &&
           llvm::is_contained(weights, argument.getArgNumber());
  if (auto it = known.find(value); it != known.end())
    return it->second;
  Operation *op = value.getDefiningOp();
  bool result = isPure(op) && op->getNumRegions() == 0 &&
                llvm::all_of(op->getOperands(), [&](Value operand) {
                  return isHoistable(operand);
                });
  known[value] = result;
  return result;
}

BlockArgument HoistableValues::getWeight(Value value) {
  if (function.isExternal() || !isHoistable(value))
    return {};
  while (Operation *op = value.getDefiningOp()) {
    if (op->getNumOperands() == 0)
      return {};
    value = op->getOperand(0);
  }
  return cast<BlockArgument>(value);
}

//===----------------------------------------------------------------------===//
// Moving it
//===----------------------------------------------------------------------===//

static std::string getPackName(func::FuncOp function) {
  return (function.getName() + ".pack").str();
}

namespace {
class WeightHoister {
public:
  explicit WeightHoister(func::FuncOp function, HoistableValues &hoistable)
      : function(function), hoistable(hoistable),
        b(function.getLoc(), function.getContext()) {}

  void run();

private:
  /// A run of bytes in the buffer of a weight, and what it replaces.
  struct Part {
    Value bytes;    // in the pack function, rank 1
    Value replaced; // in the function
    int64_t offset = 0;
  };
  Value cloneIntoPack(Value value);
  Value flatten(Value packed);
  /// The elements of `value` as a pack of their own.
  Value packElements(Value value);
  /// Whether an op that stays in the function reads `value`.
  bool isReadOtherwise(Value value);
  Value join(ArrayRef<Part> parts, int64_t size);
  void replaceWeight(BlockArgument weight, ArrayRef<Part> parts, int64_t size);
  static int64_t getSize(const Part &part) {
    return cast<RankedTensorType>(part.bytes.getType()).getDimSize(0);
  }

  func::FuncOp function;
  HoistableValues &hoistable;
  ImplicitLocOpBuilder b;
  func::FuncOp pack;
  IRMapping mapping;
  /// Packs that are hoisted.
  llvm::DenseSet<Value> unused;
  /// What isReadOtherwise has found.
  llvm::DenseMap<Value, bool> readOtherwise;
};
} // namespace

Value WeightHoister::cloneIntoPack(Value value) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    cloneIntoPack(operand);
  b.clone(*op, mapping);
  return mapping.lookup(value);
}

Value WeightHoister::flatten(Value packed) {
  auto type = cast<RankedTensorType>(packed.getType());
  if (type.getRank() == 1)
    return packed;
  ReassociationIndices all =
      llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  return tensor::CollapseShapeOp::create(b, packed,
                                         ArrayRef<ReassociationIndices>{all});
}

Value WeightHoister::packElements(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 0) {
    type = RankedTensorType::get({1}, type.getElementType());
    value = asTensorOfRank(b, value, 1);
  }
  SmallVector<LayoutDigit> digits;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    digits.push_back({static_cast<unsigned>(dim), 1, 0});
  unsigned bits = getBitWidth(type.getElementType());
  auto stored = b.getIntegerType(bits <= 8 ? 8 : bits <= 16 ? 16 : 32);
  auto layout = LayoutAttr::get(
      stored, llvm::cantFail(PackedLayout::get(type.getRank(), digits)));
  return PackOp::create(b, value,
                        getAsIndexOpFoldResult(b.getContext(), type.getShape()),
                        layout, /*outerDims=*/type.getRank());
}

bool WeightHoister::isReadOtherwise(Value value) {
  if (auto known = readOtherwise.find(value); known != readOtherwise.end())
    return known->second;
  bool result = llvm::any_of(value.getUsers(), [&](Operation *user) {
    if (user->getNumResults() != 1 || !isPure(user) ||
        user->getNumRegions() != 0)
      return true;
    Value result = user->getResult(0);
    return !unused.contains(result) && isReadOtherwise(result);
  });
  readOtherwise[value] = result;
  return result;
}

/// The function takes the buffer before `weight`, of which only what goes is
/// left to read.
void WeightHoister::replaceWeight(BlockArgument weight, ArrayRef<Part> parts,
                                  int64_t size) {
  Block &body = function.getBody().front();
  Value buffer = body.insertArgument(
      weight.getArgNumber(), RankedTensorType::get({size}, b.getI8Type()),
      weight.getLoc());
  b.setInsertionPointToStart(&body);
  for (const Part &part : parts) {
    int64_t bytes = getSize(part);
    Value run = buffer;
    if (bytes != size) {
      OpFoldResult one = b.getIndexAttr(1);
      run = tensor::ExtractSliceOp::create(
          b, buffer, OpFoldResult(b.getIndexAttr(part.offset)),
          OpFoldResult(b.getIndexAttr(bytes)), one);
    }
    auto type = cast<RankedTensorType>(part.replaced.getType());
    if (part.replaced == weight) {
      run = UnpackOp::create(b, type, run);
    } else if (type.getRank() != 1) {
      ReassociationIndices all =
          llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
      run = tensor::ExpandShapeOp::create(b, type, run,
                                          ArrayRef<ReassociationIndices>{all});
    }
    Value(part.replaced).replaceAllUsesWith(run);
  }
}

/// The parts in one buffer.
Value WeightHoister::join(ArrayRef<Part> parts, int64_t size) {
  if (parts.size() == 1)
    return parts.front().bytes;
  Value buffer =
      tensor::EmptyOp::create(b, ArrayRef<int64_t>{size}, b.getI8Type());
  for (const Part &part : parts) {
    OpFoldResult one = b.getIndexAttr(1);
    buffer = tensor::InsertSliceOp::create(
        b, part.bytes, buffer, OpFoldResult(b.getIndexAttr(part.offset)),
        OpFoldResult(b.getIndexAttr(getSize(part))), one);
  }
  return buffer;
}

void WeightHoister::run() {
  MLIRContext *context = b.getContext();
  IRRewriter rewriter(context);
  // Equal packs become one; what only read a scale that was taken apart goes.
  DominanceInfo dominance(function);
  eliminateCommonSubExpressions(rewriter, dominance, function);
  (void)runRegionDCE(rewriter, function.getBody());

  ArrayRef<unsigned> weights = hoistable.getWeights();
  SmallVector<Type> types;
  for (unsigned i : weights)
    types.push_back(function.getArgument(i).getType());
  b.setInsertionPointAfter(function);
  pack = func::FuncOp::create(b, getPackName(function),
                              b.getFunctionType(types, {}));
  pack.setVisibility(function.getVisibility());
  Block *body = pack.addEntryBlock();
  for (auto [i, argument] : llvm::zip(weights, body->getArguments()))
    mapping.map(function.getArgument(i), argument);
  b.setInsertionPointToEnd(body);

  SmallVector<BlockArgument> arguments;
  for (unsigned i : weights)
    arguments.push_back(function.getArgument(i));
  llvm::DenseMap<Value, SmallVector<Part>> parts;
  function.walk([&](PackOp op) {
    if (BlockArgument weight = hoistable.getWeight(op))
      parts[weight].push_back({flatten(cloneIntoPack(op)), op});
  });
  // Packs read through the function no more; see what else does.
  for (BlockArgument weight : arguments)
    for (Part &part : parts[weight])
      unused.insert(part.replaced);
  for (BlockArgument weight : arguments)
    if (isReadOtherwise(weight))
      parts[weight].push_back(
          {flatten(packElements(mapping.lookup(weight))), weight});

  SmallVector<Value> buffers;
  SmallVector<int64_t> sizes;
  for (BlockArgument weight : arguments) {
    int64_t size = 0;
    for (Part &part : parts[weight]) {
      part.offset = llvm::alignTo(size, kCacheLine);
      size = part.offset + getSize(part);
    }
    sizes.push_back(size);
    buffers.push_back(join(parts[weight], size));
  }
  func::ReturnOp::create(b, buffers);
  pack.setType(b.getFunctionType(types, TypeRange(ValueRange(buffers))));

  for (auto [weight, size] : llvm::zip(arguments, sizes))
    replaceWeight(weight, parts[weight], size);
  // The packs go, and with them the last readers of the weights.
  (void)runRegionDCE(rewriter, function.getBody());
  for (BlockArgument weight : arguments)
    function.getBody().front().eraseArgument(weight.getArgNumber());
  function.setType(
      b.getFunctionType(function.getBody().front().getArgumentTypes(),
                        function.getResultTypes()));
}

LogicalResult lowbit::hoistWeights(func::FuncOp function) {
  HoistableValues hoistable(function);
  if (hoistable.getWeights().empty() || function.isExternal())
    return success();
  if (!hoistable.getObstacle().empty()) {
    // At the place only: the whole function would come along with the op.
    emitWarning(function.getLoc(), hoistable.getObstacle());
    return success();
  }
  if (Operation *other = SymbolTable::lookupNearestSymbolFrom(
          function,
          StringAttr::get(function.getContext(), getPackName(function)))) {
    InFlightDiagnostic diagnostic =
        emitError(function.getLoc())
        << "the function that packs the weights of '" << function.getName()
        << "' is called '" << getPackName(function)
        << "', and there is a symbol of that name already; rename one of the "
           "two, or take away the marks lowbit.weight";
    diagnostic.attachNote(other->getLoc()) << "the other is here";
    return diagnostic;
  }
  WeightHoister(function, hoistable).run();
  return success();
}
