//===- Constants.cpp - arith.constant -------------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `dense` has one code per element, whatever the width. A `dense_resource` is
// in the storage that a compiled function's arguments have: the packed layout
// for low-bit types, which for others is MLIR's own. Nothing upstream checks
// its size.
//
//===----------------------------------------------------------------------===//

#include "Evaluator.h"

#include "lowbit/Numerics/Tensor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace lowbit;
using namespace lowbit::reference;

/// The code of a scalar attribute; nullopt if it is none of a supported type.
static std::optional<uint64_t> getScalarCode(Attribute attr) {
  if (auto integer = dyn_cast<IntegerAttr>(attr);
      integer && isSupportedElementType(integer.getType()))
    return integer.getValue().getZExtValue();
  if (auto number = dyn_cast<FloatAttr>(attr);
      number && isSupportedElementType(number.getType()))
    return number.getValue().bitcastToAPInt().getZExtValue();
  return std::nullopt;
}

static void readDense(DenseElementsAttr attr, MutableArrayRef<uint64_t> codes) {
  bool isFloat = isa<FloatType>(attr.getElementType());
  if (attr.isSplat()) {
    uint64_t code =
        isFloat ? attr.getSplatValue<APFloat>().bitcastToAPInt().getZExtValue()
                : attr.getSplatValue<APInt>().getZExtValue();
    llvm::fill(codes, code);
    return;
  }
  if (isFloat)
    for (auto [code, value] : llvm::zip_equal(codes, attr.getValues<APFloat>()))
      code = value.bitcastToAPInt().getZExtValue();
  else
    for (auto [code, value] : llvm::zip_equal(codes, attr.getValues<APInt>()))
      code = value.getZExtValue();
}

static LogicalResult readResource(Operation *op, DenseResourceElementsAttr attr,
                                  Tensor &tensor) {
  AsmResourceBlob *blob = attr.getRawHandle().getBlob();
  if (!blob)
    return op->emitOpError("has a dense_resource without data: ")
           << attr.getRawHandle().getKey();
  ArrayRef<char> data = blob->getData();
  ArrayRef<int64_t> shape = tensor.getShape();
  // A tensor of rank 0 is a row of one.
  int64_t rowLength = shape.empty() ? 1 : shape.back();
  int64_t numRows = rowLength == 0 ? 0 : tensor.getNumElements() / rowLength;
  // MLIR stores i1 in a byte of its own.
  unsigned width = getCodeWidth(tensor.getElementType());
  unsigned bits = width == 1 ? 8 : width;
  int64_t expected = numRows * getPackedRowBytes(bits, rowLength);
  if (static_cast<int64_t>(data.size()) != expected)
    return op->emitOpError("expected a dense_resource of ")
           << expected << " bytes for " << attr.getType() << ", found "
           << data.size() << " bytes in " << attr.getRawHandle().getKey();
  std::vector<uint64_t> codes =
      unpackCodes({reinterpret_cast<const uint8_t *>(data.data()), data.size()},
                  bits, numRows, rowLength);
  if (width == 1 && llvm::any_of(codes, [](uint64_t code) { return code > 1; }))
    return op->emitOpError("expected bytes 0 and 1 in a dense_resource of i1");
  tensor = Tensor(tensor.getElementType(), shape, std::move(codes));
  return success();
}

static LogicalResult evaluateConstant(Evaluator &evaluator, Operation *op) {
  if (auto it = evaluator.constants.find(op); it != evaluator.constants.end())
    return evaluator.set(op->getResult(0), it->second);

  auto constant = cast<arith::ConstantOp>(op);
  Attribute attr = constant.getValue();
  Tensor value;
  if (std::optional<uint64_t> code = getScalarCode(attr)) {
    value = Tensor(constant.getType(), *code);
  } else if (auto elements = dyn_cast<ElementsAttr>(attr)) {
    FailureOr<Tensor> zeros = evaluator.makeTensor(
        op, elements.getElementType(), elements.getShapedType().getShape());
    if (failed(zeros))
      return failure();
    value = std::move(*zeros);
    if (auto dense = dyn_cast<DenseElementsAttr>(attr))
      readDense(dense, value.getMutableCodes());
    else if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
      if (failed(readResource(op, resource, value)))
        return failure();
    } else {
      return op->emitOpError("has a value that is neither dense nor a "
                             "dense_resource, which the reference evaluator "
                             "does not support");
    }
  } else {
    return op->emitOpError("has a value of type ")
           << constant.getType()
           << ", which the reference evaluator does not support";
  }
  evaluator.constants[op] = value;
  return evaluator.set(op->getResult(0), std::move(value));
}

void reference::registerConstants(OpTable &table) {
  table.handlers["arith.constant"] = evaluateConstant;
}
