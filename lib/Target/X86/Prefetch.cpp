//===- Prefetch.cpp - Weights ahead of the hardware -----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Prefetch.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace lowbit;

void lowbit::prefetch(VectorBuilder &v, Value panel, Value offset,
                      int64_t distance) {
  auto type = cast<RankedTensorType>(panel.getType());
  // Bufferization makes a view of any layout of it.
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  auto bufferType = MemRefType::get(
      type.getShape(), type.getElementType(),
      StridedLayoutAttr::get(v.b.getContext(), ShapedType::kDynamic, strides));
  Value buffer = bufferization::ToBufferOp::create(v.b, bufferType, panel,
                                                   /*read_only=*/true);
  memref::PrefetchOp::create(
      v.b, buffer, ValueRange{v.index(0), v.scaled(offset, 1, distance)},
      /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

void lowbit::prefetchScales(VectorBuilder &v, PackedMatmulOp op, Value group,
                            int64_t bytesPerK) {
  constexpr int64_t kDenseGroup = 32;
  KernelAttr kernel = op.getKernel();
  if (!op.getScaleB() || kernel.getGroup() <= kDenseGroup)
    return;
  int64_t scaleBytes =
      kernel.getColumns() * kernel.getScale().getIntOrFloatBitWidth() / 8;
  int64_t groupsAhead = llvm::divideCeil(
      kPrefetchDistance, static_cast<uint64_t>(kernel.getGroup() * bytesPerK));
  prefetch(v, op.getScaleB(), v.scaled(group, scaleBytes),
           groupsAhead * scaleBytes);
}
