//===- Blobs.cpp - Who uses a blob, and when it can go --------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Blobs.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinDialect.h"

using namespace mlir;
using namespace lowbit;

/// Calls `fn` once for each `dense_resource` attribute that is part of an
/// attribute of `op`.
static void
forEachResource(Operation *op,
                llvm::function_ref<void(DenseResourceElementsAttr)> fn) {
  op->getAttrDictionary().walk([&](DenseResourceElementsAttr attr) {
    fn(attr);
    return WalkResult::advance();
  });
}

BlobUses::BlobUses(Operation *root, bool mayRelease) : mayRelease(mayRelease) {
  root->walk([&](Operation *op) { add(op); });
}

void BlobUses::add(Operation *op) {
  forEachResource(op, [&](DenseResourceElementsAttr attr) {
    ++counts[attr.getRawHandle().getResource()];
  });
}

void BlobUses::remove(Operation *op) {
  forEachResource(op, [&](DenseResourceElementsAttr attr) {
    DenseResourceElementsHandle handle = attr.getRawHandle();
    if (--counts[handle.getResource()] != 0 || !mayRelease || !handle.getBlob())
      return;
    // The entry and its key stay, without data: the context still has the
    // attribute.
    AsmResourceBlob none(ArrayRef<char>(), /*dataAlignment=*/1,
                         /*deleter=*/{}, /*dataIsMutable=*/false);
    DenseResourceElementsHandle::getManagerInterface(op->getContext())
        .update(handle.getKey(), std::move(none));
  });
}

AsmResourceBlob lowbit::allocateBlob(int64_t size) {
  return HeapAsmResourceBlob::allocate(size, /*align=*/64);
}
