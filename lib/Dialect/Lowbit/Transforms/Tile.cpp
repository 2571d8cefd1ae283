//===- Tile.cpp - Loops over the tiles of packed products -----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A lowbit.packed_matmul becomes
//
//   scf.forall (block of rows, panel of columns)     threads
//     scf.for rows in steps of 4, then 2, then 1     the kernel's row counts
//       lowbit.packed_matmul on one tile
//
// Where the kernel says so, a block of many rows decodes weights first
// (Tile/DecodedRowLoops.cpp).
//
// A block of rows stays in a cache while all panels pass by; a panel is read
// once per block. K is never split between threads, so that results do not
// depend on their number.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "Tile/RowLoops.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITTILEPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

/// The product of a block of rows with a panel, the way that suits the number
/// of its rows, which may be known only at run time.
static Value emitBlock(ImplicitLocOpBuilder &b, PackedMatmulOp op) {
  DecodingAttr decoding = op.getKernel().getDecoding();
  if (!decoding)
    return emitRowLoops(b, op);
  OpFoldResult numRows = tensor::getMixedSize(b, b.getLoc(), op.getA(), 0);
  if (std::optional<int64_t> known = getConstantIntValue(numRows))
    return *known < decoding.getMinRows() ? emitRowLoops(b, op)
                                          : emitDecodedRowLoops(b, op);
  Value isLarge = arith::CmpIOp::create(
      b, arith::CmpIPredicate::uge,
      getValueOrCreateConstantIndexOp(b, b.getLoc(), numRows),
      arith::ConstantIndexOp::create(b, decoding.getMinRows()));
  auto branch = scf::IfOp::create(b, op.getInit().getType(), isLarge,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  Value large = emitDecodedRowLoops(b, op);
  scf::YieldOp::create(b, large);
  b.setInsertionPointToStart(branch.elseBlock());
  Value small = emitRowLoops(b, op);
  scf::YieldOp::create(b, small);
  return branch.getResult(0);
}

static void tile(PackedMatmulOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  KernelAttr kernel = op.getKernel();
  int64_t rowBlock = kernel.getRowBlock(), columns = kernel.getColumns();
  OpFoldResult numRows = tensor::getMixedSize(b, b.getLoc(), op.getA(), 0);
  OpFoldResult numColumns =
      tensor::getMixedSize(b, b.getLoc(), op.getInit(), 1);
  AffineExpr d0 = b.getAffineDimExpr(0), d1 = b.getAffineDimExpr(1);
  SmallVector<OpFoldResult> counts = {
      apply(b, d0.ceilDiv(rowBlock), {numRows}),
      tensor::getMixedSize(b, b.getLoc(), op.getB(), 0)};

  auto loop = scf::ForallOp::create(b, counts, ValueRange{op.getInit()},
                                    /*mapping=*/std::nullopt);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    OpFoldResult block = loop.getInductionVars()[0];
    OpFoldResult panel = loop.getInductionVars()[1];
    OpFoldResult one = b.getIndexAttr(1);
    auto getPart = [&](OpFoldResult index, OpFoldResult extent, int64_t size,
                       OpFoldResult &offset, OpFoldResult &length) {
      offset = apply(b, d0 * size, {index});
      std::optional<int64_t> known = getConstantIntValue(extent);
      length = known && *known % size == 0 ? OpFoldResult(b.getIndexAttr(size))
               : known && *known < size
                   ? extent
                   : minimum(b, {b.getAffineConstantExpr(size), d1 - d0 * size},
                             {index, extent});
    };
    OpFoldResult row, rows, column, width;
    getPart(block, numRows, rowBlock, row, rows);
    getPart(panel, numColumns, columns, column, width);

    Value out = loop.getRegionIterArgs().front();
    Value own = slice(b, slice(b, out, 0, row, rows), 1, column, width);
    auto part = PackedMatmulOp::create(
        b, own.getType(), kernel, slice(b, op.getA(), 0, row, rows),
        slice(b, op.getSums(), 0, row, rows),
        slice(b, op.getScaleA(), 0, row, rows),
        slice(b, op.getB(), 0, panel, one),
        slice(b, op.getScaleB(), 0, panel, one),
        slice(b, op.getZeroB(), 0, panel, one),
        slice(b, op.getBias(), 0, column, width), own);
    Value tiles = emitBlock(b, part);
    part.erase();
    SmallVector<OpFoldResult> offsets = {row, column};
    SmallVector<OpFoldResult> sizes = {rows, width};
    SmallVector<OpFoldResult> strides(2, one);
    b.setInsertionPointToStart(loop.getTerminator().getBody());
    tensor::ParallelInsertSliceOp::create(b, tiles, out, offsets, sizes,
                                          strides);
  }
  op->replaceAllUsesWith(loop);
  op.erase();
}

namespace {
struct Tile : public lowbit::impl::LowbitTilePassBase<Tile> {
  void runOnOperation() override {
    // The tiles are ops of the same kind: collect first.
    SmallVector<PackedMatmulOp> ops;
    getOperation()->walk([&](PackedMatmulOp op) { ops.push_back(op); });
    for (PackedMatmulOp op : ops) {
      if (op.isTile())
        continue;
      if (llvm::is_contained(op.getOutType().getShape(), 0)) {
        op->replaceAllUsesWith(ValueRange{op.getInit()});
        op.erase();
        continue;
      }
      tile(op);
    }
  }
};
} // namespace
