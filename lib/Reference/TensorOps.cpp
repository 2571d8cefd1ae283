//===- TensorOps.cpp - tensor, one function per op ------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarProgram.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

/// The shape of a result whose dynamic extents are given by operands.
static SmallVector<int64_t> getShape(Evaluator &evaluator, Type type,
                                     ValueRange dynamicExtents) {
  SmallVector<int64_t> shape(cast<ShapedType>(type).getShape());
  for (int64_t &extent : shape)
    if (ShapedType::isDynamic(extent)) {
      extent = evaluator.getInteger(dynamicExtents.front());
      dynamicExtents = dynamicExtents.drop_front();
    }
  return shape;
}

static SmallVector<int64_t> getIndices(Evaluator &evaluator,
                                       ValueRange indices) {
  return llvm::map_to_vector(
      indices, [&](Value value) { return evaluator.getInteger(value); });
}

//===----------------------------------------------------------------------===//
// Making and asking
//===----------------------------------------------------------------------===//

static LogicalResult evaluateEmpty(Evaluator &evaluator, Operation *op) {
  auto empty = cast<tensor::EmptyOp>(op);
  FailureOr<Tensor> result =
      evaluator.makeTensor(op, empty.getType().getElementType(),
                           evaluator.getIntegers(empty.getMixedSizes()));
  if (failed(result))
    return failure();
  return evaluator.set(op->getResult(0), std::move(*result));
}

static LogicalResult evaluateSplat(Evaluator &evaluator, Operation *op) {
  auto splat = cast<tensor::SplatOp>(op);
  FailureOr<Tensor> result = evaluator.makeTensor(
      op, splat.getType().getElementType(),
      getShape(evaluator, splat.getType(), splat.getDynamicSizes()));
  if (failed(result))
    return failure();
  llvm::fill(result->getMutableCodes(),
             evaluator.get(splat.getInput()).getCode());
  return evaluator.set(op->getResult(0), std::move(*result));
}

static LogicalResult evaluateFromElements(Evaluator &evaluator, Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  std::vector<uint64_t> codes;
  for (Value element : op->getOperands())
    codes.push_back(evaluator.get(element).getCode());
  return evaluator.set(
      op->getResult(0),
      Tensor(type.getElementType(), type.getShape(), std::move(codes)));
}

static LogicalResult evaluateGenerate(Evaluator &evaluator, Operation *op) {
  auto generate = cast<tensor::GenerateOp>(op);
  FailureOr<Tensor> result = evaluator.makeTensor(
      op, getElementTypeOrSelf(generate.getType()),
      getShape(evaluator, generate.getType(), generate.getDynamicExtents()));
  FailureOr<ElementBody> body =
      ElementBody::prepare(evaluator, generate.getBody().front());
  if (failed(result) || failed(body))
    return failure();
  uint64_t *code = result->getMutableCodes().data();
  SmallVector<int64_t> shape(result->getShape());
  if (failed(forEachIndex(shape, [&](ArrayRef<int64_t> index) {
        SmallVector<uint64_t> arguments(index.begin(), index.end());
        return body->run(arguments, index, {code++, 1});
      })))
    return failure();
  return evaluator.set(op->getResult(0), std::move(*result));
}

static LogicalResult evaluateDim(Evaluator &evaluator, Operation *op) {
  auto dim = cast<tensor::DimOp>(op);
  const Tensor &source = evaluator.get(dim.getSource());
  int64_t index = evaluator.getInteger(dim.getIndex());
  if (index < 0 || index >= source.getRank())
    return op->emitOpError("asks for dimension ")
           << index << " of a tensor of rank " << source.getRank();
  return evaluator.set(op->getResult(0),
                       Tensor(dim.getType(), source.getShape()[index]));
}

static LogicalResult evaluateRank(Evaluator &evaluator, Operation *op) {
  auto rank = cast<tensor::RankOp>(op);
  return evaluator.set(
      op->getResult(0),
      Tensor(rank.getType(), evaluator.get(rank.getTensor()).getRank()));
}

//===----------------------------------------------------------------------===//
// Casts and shapes
//===----------------------------------------------------------------------===//

/// `set` says so where the value does not fit the type.
static LogicalResult evaluateCast(Evaluator &evaluator, Operation *op) {
  return evaluator.set(op->getResult(0), evaluator.get(op->getOperand(0)));
}

static LogicalResult evaluateBitcast(Evaluator &evaluator, Operation *op) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  if (!isSupportedElementType(element))
    return op->emitOpError("has elements of type ")
           << element << ", which the reference evaluator does not support";
  return evaluator.set(op->getResult(0),
                       evaluator.get(op->getOperand(0)).bitcast(element));
}

/// Sets the result of `op` to `source` in another shape.
static LogicalResult setReshaped(Evaluator &evaluator, Operation *op,
                                 const Tensor &source,
                                 ArrayRef<int64_t> shape) {
  // Extents that are too large for the source overflow no product this way.
  bool isEmpty = llvm::is_contained(shape, 0);
  int64_t size = isEmpty ? 0 : 1;
  bool fits = true;
  for (int64_t extent : shape) {
    fits &=
        extent >= 0 && (isEmpty || size <= source.getNumElements() / extent);
    if (!fits)
      break;
    size *= extent;
  }
  if (!fits || size != source.getNumElements())
    return op->emitOpError("expected a shape of ")
           << source.getNumElements() << " elements as in "
           << shapeToString(source.getShape()) << ", found "
           << shapeToString(shape);
  return evaluator.set(op->getResult(0), source.reshape(shape));
}

static LogicalResult evaluateReshape(Evaluator &evaluator, Operation *op) {
  auto reshape = cast<tensor::ReshapeOp>(op);
  const Tensor &extents = evaluator.get(reshape.getShape());
  SmallVector<int64_t> shape;
  for (int64_t i = 0, e = extents.getNumElements(); i < e; ++i)
    shape.push_back(extents.getInteger(i));
  return setReshaped(evaluator, op, evaluator.get(reshape.getSource()), shape);
}

static LogicalResult evaluateExpandShape(Evaluator &evaluator, Operation *op) {
  auto expand = cast<tensor::ExpandShapeOp>(op);
  const Tensor &source = evaluator.get(expand.getSrc());
  SmallVector<int64_t> shape =
      evaluator.getIntegers(expand.getMixedOutputShape());
  for (auto [dim, group] : llvm::enumerate(expand.getReassociationIndices())) {
    int64_t product = 1;
    bool fits = true;
    for (int64_t i : group)
      fits &= !llvm::MulOverflow(product, shape[i], product);
    if (!fits || product != source.getShape()[dim])
      return op->emitOpError("expected extents whose product is ")
             << source.getShape()[dim] << " for dimension " << dim
             << " of the source, found shape " << shapeToString(shape);
  }
  return setReshaped(evaluator, op, source, shape);
}

static LogicalResult evaluateCollapseShape(Evaluator &evaluator,
                                           Operation *op) {
  auto collapse = cast<tensor::CollapseShapeOp>(op);
  const Tensor &source = evaluator.get(collapse.getSrc());
  SmallVector<int64_t> shape;
  for (const ReassociationIndices &group : collapse.getReassociationIndices()) {
    int64_t product = 1;
    for (int64_t i : group)
      product *= source.getShape()[i];
    shape.push_back(product);
  }
  return setReshaped(evaluator, op, source, shape);
}

//===----------------------------------------------------------------------===//
// Elements and slices
//===----------------------------------------------------------------------===//

static LogicalResult evaluateExtract(Evaluator &evaluator, Operation *op) {
  auto extract = cast<tensor::ExtractOp>(op);
  const Tensor &source = evaluator.get(extract.getTensor());
  FailureOr<int64_t> element =
      getElement(op, "a tensor", getIndices(evaluator, extract.getIndices()),
                 source.getShape());
  if (failed(element))
    return failure();
  return evaluator.set(op->getResult(0), Tensor(source.getElementType(),
                                                source.getCode(*element)));
}

static LogicalResult evaluateInsert(Evaluator &evaluator, Operation *op) {
  auto insert = cast<tensor::InsertOp>(op);
  Tensor result = evaluator.get(insert.getDest());
  FailureOr<int64_t> element =
      getElement(op, "a tensor", getIndices(evaluator, insert.getIndices()),
                 result.getShape());
  if (failed(element))
    return failure();
  result.getMutableCodes()[*element] =
      evaluator.get(insert.getScalar()).getCode();
  return evaluator.set(op->getResult(0), std::move(result));
}

namespace {
/// A slice of a tensor that has been found to lie in its bounds.
struct Slice {
  SmallVector<int64_t> offsets, sizes, strides, shape;

  static FailureOr<Slice> get(Evaluator &evaluator,
                              OffsetSizeAndStrideOpInterface op,
                              ArrayRef<int64_t> shape) {
    Slice slice{evaluator.getIntegers(op.getMixedOffsets()),
                evaluator.getIntegers(op.getMixedSizes()),
                evaluator.getIntegers(op.getMixedStrides()),
                SmallVector<int64_t>(shape)};
    bool isEmpty = llvm::is_contained(slice.sizes, 0);
    for (auto [dim, extent] : llvm::enumerate(shape)) {
      int64_t offset = slice.offsets[dim], size = slice.sizes[dim];
      int64_t last = 0;
      bool inBounds = size >= 0;
      if (inBounds && !isEmpty)
        inBounds = !llvm::MulOverflow(size - 1, slice.strides[dim], last) &&
                   !llvm::AddOverflow(offset, last, last) && offset >= 0 &&
                   offset < extent && last >= 0 && last < extent;
      if (!inBounds)
        return op->emitOpError("takes a slice of offset ")
               << offset << ", size " << size << " and stride "
               << slice.strides[dim] << " in dimension " << dim
               << ", which has extent " << extent;
    }
    return slice;
  }

  /// Calls `fn` with the indices into the tensor, in the order of the slice.
  void forEachElement(llvm::function_ref<void(int64_t)> fn) const {
    SmallVector<int64_t> elementStrides = getStrides(shape);
    (void)forEachIndex(sizes, [&](ArrayRef<int64_t> index) {
      int64_t element = 0;
      for (size_t dim = 0; dim < index.size(); ++dim)
        element +=
            (offsets[dim] + index[dim] * strides[dim]) * elementStrides[dim];
      fn(element);
      return success();
    });
  }

  /// The sizes without those that the op's types drop.
  SmallVector<int64_t>
  getReducedSizes(const llvm::SmallBitVector &dropped) const {
    SmallVector<int64_t> reduced;
    for (auto [dim, size] : llvm::enumerate(sizes))
      if (!dropped.test(dim))
        reduced.push_back(size);
    return reduced;
  }
};
} // namespace

static LogicalResult evaluateExtractSlice(Evaluator &evaluator, Operation *op) {
  auto extract = cast<tensor::ExtractSliceOp>(op);
  const Tensor &source = evaluator.get(extract.getSource());
  FailureOr<Slice> slice = Slice::get(evaluator, extract, source.getShape());
  if (failed(slice))
    return failure();
  std::vector<uint64_t> codes;
  slice->forEachElement(
      [&](int64_t element) { codes.push_back(source.getCode(element)); });
  return evaluator.set(op->getResult(0),
                       Tensor(source.getElementType(),
                              slice->getReducedSizes(extract.getDroppedDims()),
                              std::move(codes)));
}

static LogicalResult evaluateInsertSlice(Evaluator &evaluator, Operation *op) {
  auto insert = cast<tensor::InsertSliceOp>(op);
  const Tensor &source = evaluator.get(insert.getSource());
  Tensor result = evaluator.get(insert.getDest());
  FailureOr<Slice> slice = Slice::get(evaluator, insert, result.getShape());
  if (failed(slice))
    return failure();
  SmallVector<int64_t> expected =
      slice->getReducedSizes(insert.getDroppedDims());
  if (source.getShape() != ArrayRef(expected))
    return op->emitOpError("expected a source of shape ")
           << shapeToString(expected) << ", found "
           << shapeToString(source.getShape());
  MutableArrayRef<uint64_t> codes = result.getMutableCodes();
  int64_t next = 0;
  slice->forEachElement(
      [&](int64_t element) { codes[element] = source.getCode(next++); });
  return evaluator.set(op->getResult(0), std::move(result));
}

/// The body of tensor.pad is given indices into the result.
static LogicalResult evaluatePad(Evaluator &evaluator, Operation *op) {
  auto pad = cast<tensor::PadOp>(op);
  const Tensor &source = evaluator.get(pad.getSource());
  SmallVector<int64_t> low = evaluator.getIntegers(pad.getMixedLowPad());
  SmallVector<int64_t> high = evaluator.getIntegers(pad.getMixedHighPad());
  SmallVector<int64_t> shape(source.getShape());
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    if (low[dim] < 0 || high[dim] < 0)
      return op->emitOpError("pads dimension ")
             << dim << " by the negative amount "
             << (low[dim] < 0 ? low[dim] : high[dim]);
    // makeTensor refuses what is too large for it, this sum included.
    for (int64_t amount : {low[dim], high[dim]})
      if (llvm::AddOverflow(shape[dim], amount, shape[dim]))
        shape[dim] = std::numeric_limits<int64_t>::max();
  }
  FailureOr<Tensor> result =
      evaluator.makeTensor(op, source.getElementType(), shape);
  FailureOr<ElementBody> body =
      ElementBody::prepare(evaluator, pad.getRegion().front());
  if (failed(result) || failed(body))
    return failure();

  uint64_t *code = result->getMutableCodes().data();
  SmallVector<int64_t> strides = getStrides(source.getShape());
  auto fill = [&](ArrayRef<int64_t> index) -> LogicalResult {
    uint64_t *out = code++;
    int64_t element = 0;
    for (auto [dim, position] : llvm::enumerate(index)) {
      int64_t inSource = position - low[dim];
      if (inSource < 0 || inSource >= source.getShape()[dim]) {
        SmallVector<uint64_t> arguments(index.begin(), index.end());
        return body->run(arguments, index, {out, 1});
      }
      element += inSource * strides[dim];
    }
    *out = source.getCode(element);
    return success();
  };
  if (failed(forEachIndex(shape, fill)))
    return failure();
  return evaluator.set(op->getResult(0), std::move(*result));
}

static LogicalResult evaluateConcat(Evaluator &evaluator, Operation *op) {
  auto concat = cast<tensor::ConcatOp>(op);
  size_t dim = concat.getDim();
  SmallVector<int64_t> shape(evaluator.get(op->getOperand(0)).getShape());
  int64_t total = 0;
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    ArrayRef<int64_t> found = evaluator.get(operand).getShape();
    total += found[dim];
    shape[dim] = found[dim];
    if (found != ArrayRef(shape))
      return op->emitOpError("expected operand #")
             << i << " to have shape " << shapeToString(shape) << ", found "
             << shapeToString(found);
  }
  shape[dim] = total;
  FailureOr<Tensor> result =
      evaluator.makeTensor(op, concat.getType().getElementType(), shape);
  if (failed(result))
    return failure();

  int64_t numRows = 1;
  for (int64_t extent : ArrayRef(shape).take_front(dim))
    numRows *= extent;
  uint64_t *out = result->getMutableCodes().data();
  for (int64_t row = 0; row < numRows; ++row)
    for (Value operand : op->getOperands()) {
      ArrayRef<uint64_t> codes = evaluator.get(operand).getCodes();
      int64_t length = codes.size() / numRows;
      out = llvm::copy(codes.slice(row * length, length), out);
    }
  return evaluator.set(op->getResult(0), std::move(*result));
}

static LogicalResult evaluateGather(Evaluator &evaluator, Operation *op) {
  auto gather = cast<tensor::GatherOp>(op);
  const Tensor &source = evaluator.get(gather.getSource());
  const Tensor &indices = evaluator.get(gather.getIndices());
  ArrayRef<int64_t> dims = gather.getGatherDims();
  ArrayRef<int64_t> leading = indices.getShape().drop_back();
  if (indices.getShape().back() != static_cast<int64_t>(dims.size()))
    return op->emitOpError("expected ") << dims.size() << " coordinates, found "
                                        << indices.getShape().back();

  // The gathered dimensions have size 1, or are left out of the result.
  SmallVector<int64_t> window(source.getShape());
  for (int64_t dim : dims)
    window[dim] = 1;
  SmallVector<int64_t> shape(leading);
  auto resultType = cast<RankedTensorType>(gather.getType());
  bool reduced = resultType.getRank() !=
                 static_cast<int64_t>(leading.size() + window.size());
  for (auto [dim, extent] : llvm::enumerate(window))
    if (!reduced || !llvm::is_contained(dims, dim))
      shape.push_back(extent);
  FailureOr<Tensor> result =
      evaluator.makeTensor(op, source.getElementType(), shape);
  if (failed(result))
    return failure();

  uint64_t *out = result->getMutableCodes().data();
  int64_t next = 0;
  auto copyWindow = [&](ArrayRef<int64_t>) -> LogicalResult {
    SmallVector<int64_t> base(source.getRank(), 0);
    for (int64_t dim : dims)
      base[dim] = indices.getInteger(next++);
    return forEachIndex(window, [&](ArrayRef<int64_t> index) -> LogicalResult {
      SmallVector<int64_t> position(index);
      for (int64_t dim : dims)
        position[dim] = base[dim];
      FailureOr<int64_t> element =
          getElement(op, "the source", position, source.getShape());
      if (failed(element))
        return failure();
      *out++ = source.getCode(*element);
      return success();
    });
  };
  if (failed(forEachIndex(leading, copyWindow)))
    return failure();
  return evaluator.set(op->getResult(0), std::move(*result));
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

void reference::registerTensorOps(OpTable &table) {
  auto &handlers = table.handlers;
  handlers["tensor.bitcast"] = evaluateBitcast;
  handlers["tensor.cast"] = evaluateCast;
  handlers["tensor.collapse_shape"] = evaluateCollapseShape;
  handlers["tensor.concat"] = evaluateConcat;
  handlers["tensor.dim"] = evaluateDim;
  handlers["tensor.empty"] = evaluateEmpty;
  handlers["tensor.expand_shape"] = evaluateExpandShape;
  handlers["tensor.extract"] = evaluateExtract;
  handlers["tensor.extract_slice"] = evaluateExtractSlice;
  handlers["tensor.from_elements"] = evaluateFromElements;
  handlers["tensor.gather"] = evaluateGather;
  handlers["tensor.generate"] = evaluateGenerate;
  handlers["tensor.insert"] = evaluateInsert;
  handlers["tensor.insert_slice"] = evaluateInsertSlice;
  handlers["tensor.pad"] = evaluatePad;
  handlers["tensor.rank"] = evaluateRank;
  handlers["tensor.reshape"] = evaluateReshape;
  handlers["tensor.splat"] = evaluateSplat;
}
