//===- LinalgPatterns.cpp - linalg.generic on bytes -----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A linalg.generic on packed elements takes one of three forms.
//
//   read     Packed operands are only read, along their rows by one loop. That
//            loop is split into groups and lanes: the byte of a group holds the
//            elements of all lanes.
//   write    Packed elements are written along rows by one loop. One iteration
//            makes a whole byte: the body stands there once per lane.
//   codes    Anything else: packed operands are unpacked before and packed
//            after, as whole tensors.
//
// The first two touch no memory but the operands, and LLVM vectorizes them.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace lowbit;
using linalg::GenericOp;

namespace {

/// One operand of the new op.
struct Operand {
  Value value;
  AffineMap map;
};

/// Rewrites one linalg.generic.
class GenericRewriter {
public:
  GenericRewriter(GenericOp op, GenericOp::Adaptor adaptor,
                  const TypeConverter &converter,
                  ConversionPatternRewriter &rewriter)
      : op(op), adaptor(adaptor), converter(converter), rewriter(rewriter),
        b(op.getLoc(), rewriter) {}

  LogicalResult rewrite() {
    for (Value operand : op->getOperands()) {
      Type type = operand.getType();
      auto shaped = dyn_cast<ShapedType>(type);
      if (shaped && !isa<RankedTensorType>(type) &&
          isSubByte(shaped.getElementType()))
        return rewriter.notifyMatchFailure(op, "a memref of packed elements");
    }
    std::optional<unsigned> written = findWrittenLoop();
    if (written)
      return rewriteAsWrite(*written);
    if (std::optional<unsigned> read = findReadLoop())
      return rewriteAsRead(*read);
    return rewriteOnCodes();
  }

private:
  using LoopIndex = llvm::function_ref<Value(ImplicitLocOpBuilder &, unsigned)>;

  //===--------------------------------------------------------------------===//
  // Questions
  //===--------------------------------------------------------------------===//

  static RankedTensorType getPackedType(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getRank() > 0 && isSubByte(type.getElementType())
               ? type
               : RankedTensorType();
  }

  bool isParallel(unsigned loop) {
    return op.getIteratorTypesArray()[loop] == utils::IteratorType::parallel;
  }

  /// The loop that walks along the rows of a packed operand and does nothing
  /// else in its indices.
  std::optional<unsigned> getRowLoop(OpOperand &operand) {
    if (!getPackedType(operand.get()))
      return std::nullopt;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    auto innermost = dyn_cast<AffineDimExpr>(map.getResults().back());
    if (!innermost)
      return std::nullopt;
    unsigned loop = innermost.getPosition();
    for (AffineExpr outer : map.getResults().drop_back())
      if (outer.isFunctionOfDim(loop))
        return std::nullopt;
    return loop;
  }

  /// Whether a loop runs over whole groups of `lanes` elements: a dynamic
  /// extent of a packed row does by the ABI.
  bool hasWholeGroups(unsigned loop, int64_t lanes) {
    // Operands may be static where others are dynamic: each has its say.
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<ShapedType>(operand.get().getType());
      if (!type)
        continue;
      AffineMap map = op.getMatchingIndexingMap(&operand);
      for (auto [dim, index] : llvm::enumerate(map.getResults()))
        if (index == b.getAffineDimExpr(loop) && !type.isDynamicDim(dim) &&
            type.getDimSize(dim) % lanes != 0)
          return false;
    }
    return true;
  }

  /// The loop of the write form: it walks along the rows of every output, whose
  /// elements share a byte without straddling two, and whose former values are
  /// not read.
  std::optional<unsigned> findWrittenLoop() {
    std::optional<unsigned> loop;
    unsigned bits = 0;
    for (OpOperand &init : op.getDpsInitsMutable()) {
      RankedTensorType type = getPackedType(init.get());
      std::optional<unsigned> rowLoop = getRowLoop(init);
      if (!type || !rowLoop || op.payloadUsesValueFromOperand(&init))
        return std::nullopt;
      unsigned initBits = getCodeBits(type.getElementType());
      if ((loop && (*loop != *rowLoop || bits != initBits)) ||
          getGroupBytes(initBits) != 1)
        return std::nullopt;
      loop = rowLoop;
      bits = initBits;
    }
    if (!loop || !isParallel(*loop) ||
        !hasWholeGroups(*loop, getGroupElements(bits)))
      return std::nullopt;
    return loop;
  }

  /// The loop of the read form: it walks along the rows of a packed input, and
  /// stands alone in an index of every output.
  std::optional<unsigned> findReadLoop() {
    for (OpOperand &init : op.getDpsInitsMutable())
      if (getPackedType(init.get()))
        return std::nullopt;
    for (OpOperand *input : op.getDpsInputOperands()) {
      std::optional<unsigned> loop = getRowLoop(*input);
      if (!loop || !isParallel(*loop))
        continue;
      unsigned bits = getCodeBits(getPackedType(input->get()).getElementType());
      if (!hasWholeGroups(*loop, getGroupElements(bits)))
        continue;
      bool standsAlone =
          llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
            if (!isa<RankedTensorType>(init.get().getType()))
              return false;
            unsigned alone = 0;
            for (AffineExpr index :
                 op.getMatchingIndexingMap(&init).getResults()) {
              if (index == b.getAffineDimExpr(*loop))
                ++alone;
              else if (index.isFunctionOfDim(*loop))
                return false;
            }
            return alone == 1;
          });
      if (standsAlone)
        return loop;
    }
    return std::nullopt;
  }

  /// Lanes of the read form: enough for every packed input that it serves.
  int64_t getReadLanes(unsigned loop) {
    int64_t lanes = 1;
    for (OpOperand *input : op.getDpsInputOperands()) {
      if (getRowLoop(*input) != loop)
        continue;
      unsigned bits = getCodeBits(getPackedType(input->get()).getElementType());
      int64_t group = getGroupElements(bits);
      if (hasWholeGroups(loop, group))
        lanes = std::max(lanes, group);
    }
    return lanes;
  }

  //===--------------------------------------------------------------------===//
  // Pieces
  //===--------------------------------------------------------------------===//

  /// The converted operand as a tensor of codes; memrefs, scalars and what is
  /// not stored stay as they are.
  Value getCodes(OpOperand &operand) {
    Value converted = adaptor.getOperands()[operand.getOperandNumber()];
    auto logical = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!logical || !isStored(logical.getElementType()))
      return converted;
    return unpackCodes(b, converted, logical);
  }

  /// `value` as a value of another type, until the users are converted too.
  static Value materialize(ImplicitLocOpBuilder &builder, Value value,
                           Type type) {
    if (value.getType() == type)
      return value;
    return UnrealizedConversionCastOp::create(builder, type, value)
        .getResult(0);
  }

  /// Copies the body with `elements` (containers) in place of its arguments
  /// and `getIndex(builder, loop)` in place of linalg.index; the containers
  /// that it yields.
  SmallVector<Value> cloneBody(ImplicitLocOpBuilder &builder,
                               ArrayRef<Value> elements, LoopIndex getIndex) {
    Block &body = op.getRegion().front();
    IRMapping mapping;
    for (auto [argument, element] : llvm::zip(body.getArguments(), elements))
      mapping.map(argument, materialize(builder, element, argument.getType()));
    for (Operation &nested : body.without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
        mapping.map(index.getResult(), getIndex(builder, index.getDim()));
        continue;
      }
      builder.clone(nested, mapping);
    }
    SmallVector<Value> yields;
    for (Value value : body.getTerminator()->getOperands()) {
      Value result = mapping.lookupOrDefault(value);
      Type type = result.getType();
      Type container = converter.convertType(type);
      result = materialize(builder, result, container);
      if (isStored(type))
        result = zeroExtendCode(builder, result, type);
      yields.push_back(result);
    }
    return yields;
  }

  /// `map` with `loop` replaced, over `numLoops` loops.
  static AffineMap replaceLoop(AffineMap map, unsigned loop, AffineExpr index,
                               unsigned numLoops) {
    return map.replace(getAffineDimExpr(loop, map.getContext()), index,
                       numLoops, map.getNumSymbols());
  }

  /// The map of a packed operand along whose rows `loop` runs, in bytes.
  static AffineMap replaceInnermost(AffineMap map, AffineExpr index,
                                    unsigned numLoops) {
    SmallVector<AffineExpr> results(map.getResults());
    results.back() = index;
    return AffineMap::get(numLoops, 0, results, map.getContext());
  }

  GenericOp
  create(TypeRange resultTypes, ArrayRef<Operand> inputs,
         ArrayRef<Operand> inits, ArrayRef<utils::IteratorType> iterators,
         function_ref<void(ImplicitLocOpBuilder &, ValueRange)> body) {
    SmallVector<Value> inputValues, initValues;
    SmallVector<AffineMap> maps;
    for (const Operand &input : inputs) {
      inputValues.push_back(input.value);
      maps.push_back(input.map);
    }
    for (const Operand &init : inits) {
      initValues.push_back(init.value);
      maps.push_back(init.map);
    }
    return GenericOp::create(
        b, resultTypes, inputValues, initValues, maps, iterators,
        [&](OpBuilder &nested, Location loc, ValueRange arguments) {
          ImplicitLocOpBuilder inner(loc, nested);
          body(inner, arguments);
        },
        llvm::to_vector(op->getDiscardableAttrs()));
  }

  //===--------------------------------------------------------------------===//
  // Forms
  //===--------------------------------------------------------------------===//

  LogicalResult rewriteOnCodes() {
    SmallVector<Operand> inputs, inits;
    for (OpOperand *input : op.getDpsInputOperands())
      inputs.push_back({getCodes(*input), op.getMatchingIndexingMap(input)});
    for (OpOperand &init : op.getDpsInitsMutable())
      inits.push_back({getCodes(init), op.getMatchingIndexingMap(&init)});
    SmallVector<Type> types =
        llvm::map_to_vector(op->getResultTypes(), getCodesType);
    GenericOp generic =
        create(types, inputs, inits, op.getIteratorTypesArray(),
               [&](ImplicitLocOpBuilder &builder, ValueRange arguments) {
                 SmallVector<Value> yields = cloneBody(
                     builder, llvm::to_vector(arguments),
                     [](ImplicitLocOpBuilder &inner, unsigned loop) -> Value {
                       return linalg::IndexOp::create(inner, loop);
                     });
                 linalg::YieldOp::create(builder, yields);
               });
    SmallVector<Value> results;
    for (auto [result, type] :
         llvm::zip(generic.getResults(), op->getResultTypes())) {
      auto logical = dyn_cast<RankedTensorType>(type);
      results.push_back(logical && isStored(logical.getElementType())
                            ? packCodes(b, result, logical)
                            : Value(result));
    }
    rewriter.replaceOp(op, results);
    return success();
  }

  LogicalResult rewriteAsRead(unsigned loop) {
    unsigned oldLoops = op.getNumLoops(), numLoops = oldLoops + 1;
    int64_t lanes = getReadLanes(loop);
    AffineExpr group = b.getAffineDimExpr(loop);
    AffineExpr lane = b.getAffineDimExpr(oldLoops);
    AffineExpr position = group * lanes + lane;

    // Packed inputs: the byte in which an element begins, and, if elements of
    // this width straddle bytes, the one in which it ends.
    SmallVector<Operand> inputs, inits;
    struct Packed {
      unsigned first, count, bits;
    };
    SmallVector<Packed> places;
    for (OpOperand *input : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(input);
      unsigned first = inputs.size();
      unsigned bits = 0;
      if (getRowLoop(*input) == loop)
        bits = getCodeBits(getPackedType(input->get()).getElementType());
      if (bits == 0 || !hasWholeGroups(loop, getGroupElements(bits))) {
        inputs.push_back(
            {getCodes(*input), replaceLoop(map, loop, position, numLoops)});
        places.push_back({first, 1, 0});
        continue;
      }
      Value bytes = adaptor.getOperands()[input->getOperandNumber()];
      int64_t bytesOfGroup = lanes * bits / 8;
      auto [low, high] = getByteIndices(lane, bits);
      if (bytesOfGroup == 1)
        low = high = b.getAffineConstantExpr(0);
      inputs.push_back(
          {bytes, replaceInnermost(map, group * bytesOfGroup + low, numLoops)});
      bool straddles = 8 % bits != 0;
      if (straddles)
        inputs.push_back(
            {bytes,
             replaceInnermost(map, group * bytesOfGroup + high, numLoops)});
      places.push_back({first, straddles ? 2u : 1u, bits});
    }

    // Outputs: the dimension of the loop is split, so that the extents of both
    // loops can be told from them.
    SmallVector<SmallVector<ReassociationIndices>> splits;
    for (OpOperand &init : op.getDpsInitsMutable()) {
      AffineMap map = op.getMatchingIndexingMap(&init);
      Value codes = getCodes(init);
      auto type = cast<RankedTensorType>(codes.getType());
      SmallVector<OpFoldResult> sizes =
          tensor::getMixedSizes(b, b.getLoc(), codes);
      SmallVector<OpFoldResult> splitSizes;
      SmallVector<int64_t> shape;
      SmallVector<AffineExpr> indices;
      SmallVector<ReassociationIndices> &groups = splits.emplace_back();
      for (auto [dim, index] : llvm::enumerate(map.getResults())) {
        int64_t extent = type.getDimSize(dim);
        auto at = static_cast<int64_t>(shape.size());
        if (index != group) {
          groups.push_back({at});
          shape.push_back(extent);
          splitSizes.push_back(sizes[dim]);
          indices.push_back(index);
          continue;
        }
        groups.push_back({at, at + 1});
        shape.push_back(ShapedType::isDynamic(extent) ? extent
                                                      : extent / lanes);
        shape.push_back(lanes);
        splitSizes.push_back(affine::makeComposedFoldedAffineApply(
            b, b.getLoc(), b.getAffineDimExpr(0).floorDiv(lanes),
            {sizes[dim]}));
        splitSizes.push_back(b.getIndexAttr(lanes));
        indices.push_back(group);
        indices.push_back(lane);
      }
      auto splitType = RankedTensorType::get(shape, type.getElementType());
      splitSizes = matchSizes(b, shape, splitSizes);
      // Also of a tensor.empty: bufferization can still find its destination.
      Value split = tensor::ExpandShapeOp::create(b, splitType, codes, groups,
                                                  splitSizes);
      inits.push_back(
          {split, AffineMap::get(numLoops, 0, indices, b.getContext())});
    }

    SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
    iterators.push_back(utils::IteratorType::parallel);
    SmallVector<Type> types = llvm::map_to_vector(
        inits, [](const Operand &init) { return init.value.getType(); });
    GenericOp generic = create(
        types, inputs, inits, iterators,
        [&](ImplicitLocOpBuilder &builder, ValueRange arguments) {
          Value laneIndex;
          SmallVector<Value> elements;
          for (const Packed &place : places) {
            if (place.bits == 0) {
              elements.push_back(arguments[place.first]);
              continue;
            }
            if (!laneIndex)
              laneIndex = linalg::IndexOp::create(builder, oldLoops);
            Value shift = getBitOffset(builder, builder.getAffineDimExpr(0),
                                       laneIndex, place.bits);
            elements.push_back(extractCode(
                builder, arguments[place.first],
                place.count == 2 ? arguments[place.first + 1] : Value(),
                shift));
          }
          llvm::append_range(elements, arguments.drop_front(inputs.size()));
          SmallVector<Value> yields = cloneBody(
              builder, elements,
              [&](ImplicitLocOpBuilder &inner, unsigned index) -> Value {
                Value outer = linalg::IndexOp::create(inner, index);
                if (index != loop)
                  return outer;
                Value within = linalg::IndexOp::create(inner, oldLoops);
                AffineExpr d0 = inner.getAffineDimExpr(0);
                AffineExpr d1 = inner.getAffineDimExpr(1);
                return affine::makeComposedAffineApply(
                    inner, inner.getLoc(), d0 * lanes + d1,
                    {OpFoldResult(outer), OpFoldResult(within)});
              });
          linalg::YieldOp::create(builder, yields);
        });

    SmallVector<Value> results;
    for (auto [result, groups, type] :
         llvm::zip(generic.getResults(), splits, op->getResultTypes())) {
      auto logical = cast<RankedTensorType>(type);
      Value codes = tensor::CollapseShapeOp::create(
          b, cast<RankedTensorType>(getCodesType(logical)), result, groups);
      results.push_back(isStored(logical.getElementType())
                            ? packCodes(b, codes, logical)
                            : codes);
    }
    rewriter.replaceOp(op, results);
    return success();
  }

  LogicalResult rewriteAsWrite(unsigned loop) {
    unsigned numLoops = op.getNumLoops();
    OpOperand &firstInit = *op.getDpsInitsMutable().begin();
    unsigned bits =
        getCodeBits(getPackedType(firstInit.get()).getElementType());
    int64_t lanes = getGroupElements(bits);
    AffineExpr group = b.getAffineDimExpr(loop);

    // Every input once per lane, unless all lanes read the same; packed rows
    // whose groups fit into those of the output by their bytes.
    SmallVector<Operand> inputs, inits;
    struct Place {
      unsigned first;
      /// 0: an element per lane. Else bytes with codes of that width.
      unsigned bits;
      bool isShared;
    };
    SmallVector<Place> places;
    for (OpOperand *input : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(input);
      auto first = static_cast<unsigned>(inputs.size());
      unsigned inputBits = 0;
      if (getRowLoop(*input) == loop) {
        inputBits = getCodeBits(getPackedType(input->get()).getElementType());
        if (lanes * inputBits % 8 != 0 || 8 % inputBits != 0)
          inputBits = 0;
      }
      if (inputBits != 0) {
        Value bytes = adaptor.getOperands()[input->getOperandNumber()];
        int64_t bytesOfGroup = lanes * inputBits / 8;
        for (int64_t byte = 0; byte < bytesOfGroup; ++byte)
          inputs.push_back(
              {bytes,
               replaceInnermost(map, group * bytesOfGroup + byte, numLoops)});
        places.push_back({first, inputBits, false});
        continue;
      }
      Value codes = getCodes(*input);
      bool isShared = !map.isFunctionOfDim(loop);
      for (int64_t lane = 0; lane < (isShared ? 1 : lanes); ++lane)
        inputs.push_back(
            {codes, replaceLoop(map, loop, group * lanes + lane, numLoops)});
      places.push_back({first, 0, isShared});
    }
    for (OpOperand &init : op.getDpsInitsMutable())
      inits.push_back({adaptor.getOperands()[init.getOperandNumber()],
                       op.getMatchingIndexingMap(&init)});

    SmallVector<Type> types = llvm::map_to_vector(
        inits, [](const Operand &init) { return init.value.getType(); });
    GenericOp generic = create(
        types, inputs, inits, op.getIteratorTypesArray(),
        [&](ImplicitLocOpBuilder &builder, ValueRange arguments) {
          Type i8 = builder.getI8Type();
          auto amount = [&](int64_t value) -> Value {
            return arith::ConstantOp::create(builder,
                                             builder.getI8IntegerAttr(value));
          };
          SmallVector<Value> sums(inits.size());
          for (int64_t lane = 0; lane < lanes; ++lane) {
            SmallVector<Value> elements;
            for (const Place &place : places) {
              if (place.bits == 0) {
                elements.push_back(
                    arguments[place.first + (place.isShared ? 0 : lane)]);
                continue;
              }
              int64_t bit = lane * place.bits;
              Value code = arguments[place.first + bit / 8];
              if (bit % 8 != 0)
                code = arith::ShRUIOp::create(builder, code, amount(bit % 8));
              elements.push_back(code);
            }
            // The former values of the outputs, which nothing reads.
            elements.append(inits.size(), amount(0));
            SmallVector<Value> yields = cloneBody(
                builder, elements,
                [&](ImplicitLocOpBuilder &inner, unsigned index) -> Value {
                  Value outer = linalg::IndexOp::create(inner, index);
                  if (index != loop)
                    return outer;
                  AffineExpr d0 = inner.getAffineDimExpr(0);
                  return affine::makeComposedAffineApply(inner, inner.getLoc(),
                                                         d0 * lanes + lane,
                                                         {OpFoldResult(outer)});
                });
            for (auto [sum, code] : llvm::zip(sums, yields)) {
              assert(code.getType() == i8 && "packed codes are in bytes");
              if (lane != 0)
                code =
                    arith::ShLIOp::create(builder, code, amount(lane * bits));
              sum =
                  sum ? Value(arith::OrIOp::create(builder, sum, code)) : code;
            }
          }
          linalg::YieldOp::create(builder, sums);
        });
    rewriter.replaceOp(op, generic.getResults());
    return success();
  }

  GenericOp op;
  GenericOp::Adaptor adaptor;
  const TypeConverter &converter;
  ConversionPatternRewriter &rewriter;
  ImplicitLocOpBuilder b;
};

struct ConvertGeneric : public OpConversionPattern<GenericOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GenericOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    return GenericRewriter(op, adaptor, *getTypeConverter(), rewriter)
        .rewrite();
  }
};
} // namespace

void lowbit::populateLinalgToBytesPatterns(const ByteTypeConverter &converter,
                                           RewritePatternSet &patterns) {
  patterns.add<ConvertGeneric>(converter, patterns.getContext());
}
