//===- VectorOps.cpp - vector, the ops on values --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vectors have static shapes, which the verifier has checked; what is left to
// check are positions known only at run time.
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

static ArrayRef<int64_t> getShape(Type type) {
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.getShape();
  return {};
}

/// Sets the one result of `op`, of static shape, to elements in order.
static LogicalResult setElements(Evaluator &evaluator, Operation *op,
                                 std::vector<uint64_t> codes) {
  Type type = op->getResult(0).getType();
  return evaluator.set(
      op->getResult(0),
      Tensor(getElementTypeOrSelf(type), getShape(type), std::move(codes)));
}

/// The codes of the elements of `source` at what `getIndex` makes of every
/// index of `shape`.
static std::vector<uint64_t>
collect(const Tensor &source, ArrayRef<int64_t> shape,
        llvm::function_ref<int64_t(ArrayRef<int64_t>)> getIndex) {
  std::vector<uint64_t> codes;
  (void)forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    codes.push_back(source.getCode(getIndex(index)));
    return success();
  });
  return codes;
}

//===----------------------------------------------------------------------===//
// Moving elements
//===----------------------------------------------------------------------===//

static LogicalResult evaluateBroadcast(Evaluator &evaluator, Operation *op) {
  const Tensor &source = evaluator.get(op->getOperand(0));
  ArrayRef<int64_t> shape = getShape(op->getResult(0).getType());
  SmallVector<int64_t> strides = getStrides(source.getShape());
  size_t numNew = shape.size() - source.getRank();
  return setElements(
      evaluator, op, collect(source, shape, [&](ArrayRef<int64_t> index) {
        int64_t element = 0;
        for (auto [position, extent, stride] : llvm::zip_equal(
                 index.drop_front(numNew), source.getShape(), strides))
          element += (extent == 1 ? 0 : position) * stride;
        return element;
      }));
}

static LogicalResult evaluateTranspose(Evaluator &evaluator, Operation *op) {
  ArrayRef<int64_t> permutation =
      cast<vector::TransposeOp>(op).getPermutation();
  const Tensor &source = evaluator.get(op->getOperand(0));
  SmallVector<int64_t> strides = getStrides(source.getShape());
  return setElements(evaluator, op,
                     collect(source, getShape(op->getResult(0).getType()),
                             [&](ArrayRef<int64_t> index) {
                               int64_t element = 0;
                               for (auto [position, dim] :
                                    llvm::zip_equal(index, permutation))
                                 element += position * strides[dim];
                               return element;
                             }));
}

static LogicalResult evaluateShapeCast(Evaluator &evaluator, Operation *op) {
  return evaluator.set(op->getResult(0),
                       evaluator.get(op->getOperand(0))
                           .reshape(getShape(op->getResult(0).getType())));
}

/// Bits of a row in little-endian order, whatever the widths.
static LogicalResult evaluateBitCast(Evaluator &evaluator, Operation *op) {
  auto type = cast<VectorType>(op->getResult(0).getType());
  const Tensor &source = evaluator.get(op->getOperand(0));
  if (!isSupportedElementType(type.getElementType()))
    return op->emitOpError("has elements of type ")
           << type.getElementType()
           << ", which the reference evaluator does not support";
  unsigned from = getCodeWidth(source.getElementType());
  unsigned to = getCodeWidth(type.getElementType());
  // Rows have a whole number of elements of both widths, so that the bits of
  // all rows may be numbered through.
  std::vector<uint64_t> codes(type.getNumElements(), 0);
  for (int64_t bit = 0, e = source.getNumElements() * from; bit < e; ++bit)
    codes[bit / to] |= (source.getCode(bit / from) >> (bit % from) & 1)
                       << (bit % to);
  return setElements(evaluator, op, std::move(codes));
}

static LogicalResult evaluateShuffle(Evaluator &evaluator, Operation *op) {
  const Tensor &v1 = evaluator.get(op->getOperand(0));
  const Tensor &v2 = evaluator.get(op->getOperand(1));
  // Rows of the leading dimension are moved; a rank of 0 counts as 1 element.
  int64_t numRows = v1.getRank() == 0 ? 1 : v1.getShape().front();
  int64_t rowLength = v1.getNumElements() / numRows;
  std::vector<uint64_t> codes;
  for (int64_t row : cast<vector::ShuffleOp>(op).getMask()) {
    if (row == vector::ShuffleOp::kPoisonIndex)
      return op->emitOpError("gives poison for a mask entry of -1");
    const Tensor &source = row < numRows ? v1 : v2;
    llvm::append_range(
        codes,
        source.getCodes().slice(
            (row < numRows ? row : row - numRows) * rowLength, rowLength));
  }
  return setElements(evaluator, op, std::move(codes));
}

static LogicalResult evaluateInterleave(Evaluator &evaluator, Operation *op) {
  ArrayRef<uint64_t> lhs = evaluator.get(op->getOperand(0)).getCodes();
  ArrayRef<uint64_t> rhs = evaluator.get(op->getOperand(1)).getCodes();
  std::vector<uint64_t> codes;
  for (auto [left, right] : llvm::zip_equal(lhs, rhs)) {
    codes.push_back(left);
    codes.push_back(right);
  }
  return setElements(evaluator, op, std::move(codes));
}

static LogicalResult evaluateDeinterleave(Evaluator &evaluator, Operation *op) {
  const Tensor &source = evaluator.get(op->getOperand(0));
  std::vector<uint64_t> parts[2];
  for (auto [i, code] : llvm::enumerate(source.getCodes()))
    parts[i % 2].push_back(code);
  Evaluator::Values results;
  for (std::vector<uint64_t> &part : parts)
    results.emplace_back(source.getElementType(),
                         getShape(op->getResult(0).getType()), std::move(part));
  return evaluator.set(op, std::move(results));
}

/// Where a part of a vector begins; the position may be shorter than the rank.
static FailureOr<int64_t> getPartBegin(Evaluator &evaluator, Operation *op,
                                       ArrayRef<OpFoldResult> position,
                                       ArrayRef<int64_t> shape) {
  SmallVector<int64_t> index = evaluator.getIntegers(position);
  index.resize(shape.size(), 0);
  return getElement(op, "a vector", index, shape);
}

static LogicalResult evaluateExtract(Evaluator &evaluator, Operation *op) {
  auto extract = cast<vector::ExtractOp>(op);
  const Tensor &source = evaluator.get(extract.getSource());
  FailureOr<int64_t> begin = getPartBegin(
      evaluator, op, extract.getMixedPosition(), source.getShape());
  if (failed(begin))
    return failure();
  int64_t size = ShapedType::getNumElements(getShape(extract.getType()));
  ArrayRef<uint64_t> part = source.getCodes().slice(*begin, size);
  return setElements(evaluator, op, {part.begin(), part.end()});
}

static LogicalResult evaluateInsert(Evaluator &evaluator, Operation *op) {
  auto insert = cast<vector::InsertOp>(op);
  Tensor result = evaluator.get(insert.getDest());
  FailureOr<int64_t> begin =
      getPartBegin(evaluator, op, insert.getMixedPosition(), result.getShape());
  if (failed(begin))
    return failure();
  llvm::copy(evaluator.get(insert.getValueToStore()).getCodes(),
             result.getMutableCodes().begin() + *begin);
  return evaluator.set(op->getResult(0), std::move(result));
}

/// Integers of an array attribute, filled up to a rank.
static SmallVector<int64_t> getIntegers(ArrayAttr attr, size_t rank,
                                        int64_t filler) {
  SmallVector<int64_t> values = llvm::map_to_vector(
      attr, [](Attribute value) { return cast<IntegerAttr>(value).getInt(); });
  values.resize(rank, filler);
  return values;
}

static LogicalResult evaluateExtractStridedSlice(Evaluator &evaluator,
                                                 Operation *op) {
  auto extract = cast<vector::ExtractStridedSliceOp>(op);
  const Tensor &source = evaluator.get(extract.getSource());
  SmallVector<int64_t> offsets =
      getIntegers(extract.getOffsets(), source.getRank(), 0);
  SmallVector<int64_t> steps =
      getIntegers(extract.getStrides(), source.getRank(), 1);
  SmallVector<int64_t> strides = getStrides(source.getShape());
  return setElements(evaluator, op,
                     collect(source, getShape(extract.getType()),
                             [&](ArrayRef<int64_t> index) {
                               int64_t element = 0;
                               for (size_t dim = 0; dim < index.size(); ++dim)
                                 element +=
                                     (offsets[dim] + index[dim] * steps[dim]) *
                                     strides[dim];
                               return element;
                             }));
}

static LogicalResult evaluateInsertStridedSlice(Evaluator &evaluator,
                                                Operation *op) {
  auto insert = cast<vector::InsertStridedSliceOp>(op);
  const Tensor &source = evaluator.get(insert.getValueToStore());
  Tensor result = evaluator.get(insert.getDest());
  SmallVector<int64_t> offsets =
      getIntegers(insert.getOffsets(), result.getRank(), 0);
  // Strides belong to the source's dimensions, which are the last ones.
  SmallVector<int64_t> steps =
      getIntegers(insert.getStrides(), source.getRank(), 1);
  SmallVector<int64_t> strides = getStrides(result.getShape());
  size_t numLeading = result.getRank() - source.getRank();
  MutableArrayRef<uint64_t> codes = result.getMutableCodes();
  int64_t next = 0;
  (void)forEachIndex(source.getShape(), [&](ArrayRef<int64_t> index) {
    int64_t element = 0;
    for (size_t dim = 0; dim < offsets.size(); ++dim) {
      int64_t position = offsets[dim];
      if (dim >= numLeading)
        position += index[dim - numLeading] * steps[dim - numLeading];
      element += position * strides[dim];
    }
    codes[element] = source.getCode(next++);
    return success();
  });
  return evaluator.set(op->getResult(0), std::move(result));
}

static LogicalResult evaluateFromElements(Evaluator &evaluator, Operation *op) {
  std::vector<uint64_t> codes;
  for (Value element : op->getOperands())
    codes.push_back(evaluator.get(element).getCode());
  return setElements(evaluator, op, std::move(codes));
}

static LogicalResult evaluateToElements(Evaluator &evaluator, Operation *op) {
  const Tensor &source = evaluator.get(op->getOperand(0));
  Evaluator::Values elements;
  for (uint64_t code : source.getCodes())
    elements.emplace_back(source.getElementType(), code);
  return evaluator.set(op, std::move(elements));
}

static LogicalResult evaluateStep(Evaluator &evaluator, Operation *op) {
  std::vector<uint64_t> codes(getShape(op->getResult(0).getType()).front());
  std::iota(codes.begin(), codes.end(), 0);
  return setElements(evaluator, op, std::move(codes));
}

/// vector.create_mask and vector.constant_mask: ones before these bounds.
static LogicalResult setMask(Evaluator &evaluator, Operation *op,
                             ArrayRef<int64_t> bounds) {
  std::vector<uint64_t> codes;
  (void)forEachIndex(
      getShape(op->getResult(0).getType()), [&](ArrayRef<int64_t> index) {
        // A mask of rank 0 has one bound and no index.
        bool inside = index.empty() ? bounds.front() > 0
                                    : llvm::all_of(llvm::zip(index, bounds),
                                                   [](auto pair) {
                                                     auto [i, bound] = pair;
                                                     return i < bound;
                                                   });
        codes.push_back(inside);
        return success();
      });
  return setElements(evaluator, op, std::move(codes));
}

static LogicalResult evaluateCreateMask(Evaluator &evaluator, Operation *op) {
  SmallVector<int64_t> bounds =
      llvm::map_to_vector(op->getOperands(), [&](Value value) {
        return evaluator.getInteger(value);
      });
  return setMask(evaluator, op, bounds);
}

static LogicalResult evaluateConstantMask(Evaluator &evaluator, Operation *op) {
  return setMask(evaluator, op,
                 cast<vector::ConstantMaskOp>(op).getMaskDimSizes());
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static FailureOr<Kernel> makeFma(Operation *op) {
  FloatAccess access(getElementTypeOrSelf(op->getResult(0).getType()));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = access.fma(in[0], in[1], in[2]);
    return nullptr;
  });
}

using Combiner = std::function<uint64_t(uint64_t, uint64_t)>;

/// One step of a reduction over elements of `type`, rounded once.
static Combiner getCombiner(vector::CombiningKind kind, Type type) {
  using vector::CombiningKind;
  if (isa<FloatType>(type)) {
    FloatAccess access(type);
    switch (kind) {
    case CombiningKind::ADD:
      return [=](uint64_t a, uint64_t b) { return access.add(a, b); };
    case CombiningKind::MUL:
      return [=](uint64_t a, uint64_t b) { return access.multiply(a, b); };
    case CombiningKind::MAXIMUMF:
      return [=](uint64_t a, uint64_t b) {
        return access.maximum(a, b, /*ignoreNaN=*/false);
      };
    case CombiningKind::MINIMUMF:
      return [=](uint64_t a, uint64_t b) {
        return access.minimum(a, b, /*ignoreNaN=*/false);
      };
    case CombiningKind::MAXNUMF:
      return [=](uint64_t a, uint64_t b) {
        return access.maximum(a, b, /*ignoreNaN=*/true);
      };
    case CombiningKind::MINNUMF:
      return [=](uint64_t a, uint64_t b) {
        return access.minimum(a, b, /*ignoreNaN=*/true);
      };
    default:
      llvm_unreachable("the verifier keeps integer kinds from floats");
    }
  }
  unsigned width = getCodeWidth(type);
  uint64_t mask = llvm::maskTrailingOnes<uint64_t>(width);
  auto isLess = [width](uint64_t a, uint64_t b) {
    return llvm::SignExtend64(a, width) < llvm::SignExtend64(b, width);
  };
  switch (kind) {
  case CombiningKind::ADD:
    return [=](uint64_t a, uint64_t b) { return (a + b) & mask; };
  case CombiningKind::MUL:
    return [=](uint64_t a, uint64_t b) { return (a * b) & mask; };
  case CombiningKind::MINSI:
    return [=](uint64_t a, uint64_t b) { return isLess(b, a) ? b : a; };
  case CombiningKind::MAXSI:
    return [=](uint64_t a, uint64_t b) { return isLess(a, b) ? b : a; };
  case CombiningKind::MINUI:
    return [](uint64_t a, uint64_t b) { return std::min(a, b); };
  case CombiningKind::MAXUI:
    return [](uint64_t a, uint64_t b) { return std::max(a, b); };
  case CombiningKind::AND:
    return [](uint64_t a, uint64_t b) { return a & b; };
  case CombiningKind::OR:
    return [](uint64_t a, uint64_t b) { return a | b; };
  case CombiningKind::XOR:
    return [](uint64_t a, uint64_t b) { return a ^ b; };
  default:
    llvm_unreachable("the verifier keeps float kinds from integers");
  }
}

/// From the accumulator, or else the first element, upwards.
static LogicalResult evaluateReduction(Evaluator &evaluator, Operation *op) {
  auto reduction = cast<vector::ReductionOp>(op);
  ArrayRef<uint64_t> codes = evaluator.get(reduction.getVector()).getCodes();
  Combiner combine = getCombiner(reduction.getKind(), reduction.getType());
  uint64_t result = codes.front();
  if (reduction.getAcc())
    result = evaluator.get(reduction.getAcc()).getCode();
  else
    codes = codes.drop_front();
  for (uint64_t code : codes)
    result = combine(result, code);
  return setElements(evaluator, op, {result});
}

static LogicalResult evaluateMultiReduction(Evaluator &evaluator,
                                            Operation *op) {
  auto reduction = cast<vector::MultiDimReductionOp>(op);
  const Tensor &source = evaluator.get(reduction.getSource());
  Tensor result = evaluator.get(reduction.getAcc());
  Combiner combine = getCombiner(reduction.getKind(), result.getElementType());
  MutableArrayRef<uint64_t> sums = result.getMutableCodes();
  int64_t next = 0;
  (void)forEachIndex(source.getShape(), [&](ArrayRef<int64_t> index) {
    int64_t element = 0;
    for (auto [dim, position] : llvm::enumerate(index))
      if (!reduction.isReducedDim(dim))
        element = element * source.getShape()[dim] + position;
    sums[element] = combine(sums[element], source.getCode(next++));
    return success();
  });
  return evaluator.set(op->getResult(0), std::move(result));
}

static LogicalResult evaluateOuterProduct(Evaluator &evaluator, Operation *op) {
  auto product = cast<vector::OuterProductOp>(op);
  const Tensor &lhs = evaluator.get(product.getLhs());
  const Tensor &rhs = evaluator.get(product.getRhs());
  Type element = lhs.getElementType();
  Combiner multiply = getCombiner(vector::CombiningKind::MUL, element);
  Combiner combine = getCombiner(product.getKind(), element);
  std::vector<uint64_t> codes;
  // A scalar on the right is a row of one.
  for (uint64_t left : lhs.getCodes())
    for (uint64_t right : rhs.getCodes()) {
      uint64_t value = multiply(left, right);
      if (product.getAcc())
        value = combine(evaluator.get(product.getAcc()).getCode(codes.size()),
                        value);
      codes.push_back(value);
    }
  return setElements(evaluator, op, std::move(codes));
}

/// Operands that are narrower than the accumulator are widened first, integers
/// by their sign; products and sums are rounded one by one.
static LogicalResult evaluateContract(Evaluator &evaluator, Operation *op) {
  auto contract = cast<vector::ContractionOp>(op);
  const Tensor &lhs = evaluator.get(contract.getLhs());
  const Tensor &rhs = evaluator.get(contract.getRhs());
  Tensor result = evaluator.get(contract.getAcc());
  Type element = result.getElementType();
  auto widen = [&](const Tensor &operand) -> std::vector<uint64_t> {
    std::vector<uint64_t> codes = operand.getCodes();
    if (operand.getElementType() == element)
      return codes;
    for (auto [i, code] : llvm::enumerate(codes))
      code = isa<FloatType>(element)
                 ? FloatAccess(element).write(operand.getValue(i))
                 : static_cast<uint64_t>(operand.getInteger(i)) &
                       llvm::maskTrailingOnes<uint64_t>(getCodeWidth(element));
    return codes;
  };
  std::vector<uint64_t> left = widen(lhs), right = widen(rhs);
  Combiner multiply = getCombiner(vector::CombiningKind::MUL, element);
  Combiner combine = getCombiner(contract.getKind(), element);

  SmallVector<int64_t> bounds;
  contract.getIterationBounds(bounds);
  SmallVector<AffineMap, 4> maps = contract.getIndexingMapsArray();
  MutableArrayRef<uint64_t> sums = result.getMutableCodes();
  auto getIndex = [&](unsigned operand, ArrayRef<int64_t> shape,
                      ArrayRef<int64_t> point) {
    int64_t index = 0;
    for (auto [expr, extent] :
         llvm::zip_equal(maps[operand].getResults(), shape))
      index = index * extent + *evaluateAffine(expr, point, {});
    return index;
  };
  (void)forEachIndex(bounds, [&](ArrayRef<int64_t> point) {
    uint64_t product = multiply(left[getIndex(0, lhs.getShape(), point)],
                                right[getIndex(1, rhs.getShape(), point)]);
    uint64_t &sum = sums[getIndex(2, result.getShape(), point)];
    sum = combine(sum, product);
    return success();
  });
  return evaluator.set(op->getResult(0), std::move(result));
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

namespace {
/// A transfer between a vector and a tensor, element by element.
class Transfer {
public:
  static FailureOr<Transfer> get(Evaluator &evaluator,
                                 VectorTransferOpInterface op) {
    if (!isa<RankedTensorType>(op.getShapedType()))
      return op->emitOpError("transfers a memref; the reference evaluator "
                             "runs transfers of tensors");
    return Transfer(evaluator, op);
  }

  /// Calls `fn` with the row-major index into the tensor of every element of
  /// the vector, in order; nullopt where it is masked out or out of bounds.
  LogicalResult
  forEachElement(llvm::function_ref<void(std::optional<int64_t>)> fn) const {
    return forEachIndex(
        op.getVectorType().getShape(), [&](ArrayRef<int64_t> index) {
          FailureOr<std::optional<int64_t>> element = getElementOf(index);
          if (failed(element))
            return failure();
          fn(*element);
          return success();
        });
  }

private:
  Transfer(Evaluator &evaluator, VectorTransferOpInterface op)
      : op(op), shape(evaluator.get(op.getBase()).getShape()),
        begin(llvm::map_to_vector(op.getIndices(), [&](Value value) {
          return evaluator.getInteger(value);
        })) {
    if (op.getMask())
      mask = evaluator.get(op.getMask());
  }

  FailureOr<std::optional<int64_t>>
  getElementOf(ArrayRef<int64_t> index) const {
    std::optional<int64_t> none;
    SmallVector<int64_t> position(begin);
    SmallVector<bool> mayBeOutside(begin.size(), false);
    // The mask has no dimension where the vector is a broadcast.
    SmallVector<int64_t> maskIndex(begin.size(), 0);
    for (auto [dim, expr] :
         llvm::enumerate(op.getPermutationMap().getResults()))
      if (auto sourceDim = dyn_cast<AffineDimExpr>(expr)) {
        unsigned at = sourceDim.getPosition();
        // An index that wraps is out of bounds like any negative one.
        position[at] = static_cast<int64_t>(static_cast<uint64_t>(begin[at]) +
                                            static_cast<uint64_t>(index[dim]));
        maskIndex[at] = index[dim];
        mayBeOutside[at] = !op.isDimInBounds(dim);
      }
    if (mask.getNumElements() != 0 && !isMasked(maskIndex))
      return none;
    for (auto [at, extent] : llvm::enumerate(shape))
      if (mayBeOutside[at] && (position[at] < 0 || position[at] >= extent))
        return none;
    FailureOr<int64_t> element = getElement(op, "a tensor", position, shape);
    if (failed(element))
      return failure();
    return std::optional<int64_t>(*element);
  }

  /// The mask's dimensions are those of the tensor that the map uses, in the
  /// tensor's order.
  bool isMasked(ArrayRef<int64_t> index) const {
    int64_t element = 0;
    size_t dim = 0;
    for (size_t at = 0; at < index.size(); ++at)
      if (op.getPermutationMap().isFunctionOfDim(at))
        element = element * mask.getShape()[dim++] + index[at];
    return mask.getCode(element);
  }

  mutable VectorTransferOpInterface op;
  SmallVector<int64_t> shape, begin;
  Tensor mask;
};
} // namespace

static LogicalResult evaluateTransferRead(Evaluator &evaluator, Operation *op) {
  auto read = cast<vector::TransferReadOp>(op);
  FailureOr<Transfer> transfer = Transfer::get(evaluator, read);
  if (failed(transfer))
    return failure();
  const Tensor &source = evaluator.get(read.getBase());
  uint64_t padding = evaluator.get(read.getPadding()).getCode();
  std::vector<uint64_t> codes;
  if (failed(transfer->forEachElement([&](std::optional<int64_t> element) {
        codes.push_back(element ? source.getCode(*element) : padding);
      })))
    return failure();
  return setElements(evaluator, op, std::move(codes));
}

static LogicalResult evaluateTransferWrite(Evaluator &evaluator,
                                           Operation *op) {
  auto write = cast<vector::TransferWriteOp>(op);
  FailureOr<Transfer> transfer = Transfer::get(evaluator, write);
  if (failed(transfer))
    return failure();
  const Tensor &source = evaluator.get(write.getValueToStore());
  Tensor result = evaluator.get(write.getBase());
  MutableArrayRef<uint64_t> codes = result.getMutableCodes();
  int64_t next = 0;
  if (failed(transfer->forEachElement([&](std::optional<int64_t> element) {
        if (element)
          codes[*element] = source.getCode(next);
        ++next;
      })))
    return failure();
  return evaluator.set(op->getResult(0), std::move(result));
}

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

void reference::registerVectorOps(OpTable &table) {
  auto &handlers = table.handlers;
  handlers["vector.bitcast"] = evaluateBitCast;
  handlers["vector.broadcast"] = evaluateBroadcast;
  handlers["vector.constant_mask"] = evaluateConstantMask;
  handlers["vector.contract"] = evaluateContract;
  handlers["vector.create_mask"] = evaluateCreateMask;
  handlers["vector.deinterleave"] = evaluateDeinterleave;
  handlers["vector.extract"] = evaluateExtract;
  handlers["vector.extract_strided_slice"] = evaluateExtractStridedSlice;
  handlers["vector.from_elements"] = evaluateFromElements;
  handlers["vector.insert"] = evaluateInsert;
  handlers["vector.insert_strided_slice"] = evaluateInsertStridedSlice;
  handlers["vector.interleave"] = evaluateInterleave;
  handlers["vector.multi_reduction"] = evaluateMultiReduction;
  handlers["vector.outerproduct"] = evaluateOuterProduct;
  handlers["vector.reduction"] = evaluateReduction;
  handlers["vector.shape_cast"] = evaluateShapeCast;
  handlers["vector.shuffle"] = evaluateShuffle;
  handlers["vector.step"] = evaluateStep;
  handlers["vector.to_elements"] = evaluateToElements;
  handlers["vector.transfer_read"] = evaluateTransferRead;
  handlers["vector.transfer_write"] = evaluateTransferWrite;
  handlers["vector.transpose"] = evaluateTranspose;
  table.kernels["vector.fma"] = makeFma;
}
