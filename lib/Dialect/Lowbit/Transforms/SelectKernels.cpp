//===- SelectKernels.cpp - Say which kernels there will be ----------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs before anything changes the ops, so that records have the user's
// locations and are there whatever fails later. A kernel's choice depends on
// the op and the machine alone: lowbit-pack asks again and gets the same.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/Transforms/Passes.h"

#include "SelectKernels/KernelRecords.h"

#include "mlir/IR/Remarks.h"

namespace lowbit {
#define GEN_PASS_DEF_LOWBITSELECTKERNELSPASS
#include "lowbit/Dialect/Lowbit/Transforms/Passes.h.inc"
} // namespace lowbit

using namespace mlir;
using namespace lowbit;

static void emitRemarks(const KernelRecord &record, StringRef category) {
  Location loc = record.op->getLoc();
  // Names of remarks must live as long as the context: literals do, and so do
  // attributes.
  auto opts = [&](StringRef name) {
    auto opts = remark::RemarkOpts::name(name).category(category);
    return record.function ? opts.function(record.function.getValue()) : opts;
  };
  for (const KernelChoice::Rejection &rejection : record.rejected)
    remark::missed(loc, opts("KernelRejected"))
        << remark::metric("Kernel", rejection.kernel)
        << remark::reason("{0}", rejection.reason);
  {
    auto chosen = remark::passed(loc, opts("KernelSelected"));
    chosen << remark::metric("Kernel", record.kernel);
    auto addCount = [&](StringRef key, Count count) {
      if (count)
        chosen << remark::metric(key, *count);
    };
    addCount("Operations", record.operations);
    addCount("WeightBytes", record.weightBytes);
    addCount("ScaleBytes", record.scaleBytes);
    addCount("ActivationBytes", record.activationBytes);
    addCount("ResultBytes", record.resultBytes);
  }
  if (record.product && record.product->packing == Packing::EachCall) {
    Count bytes = record.product->packingBytes;
    remark::missed(loc, opts("PackedInEachCall"))
        << (bytes ? remark::reason("each call packs weights, which moves {0} "
                                   "bytes",
                                   *bytes)
                  : remark::reason("each call packs weights, whose extents are "
                                   "known at run time only"))
        << remark::suggest("make them constants, or mark the arguments that "
                           "they come from lowbit.weight");
  }
}

static void emitFallbackError(const KernelRecord &record) {
  InFlightDiagnostic error =
      record.op->emitOpError("falls back to the kernel '")
      << record.kernel << "' on " << Machine::get(record.op).getCPU()
      << ", which fail-on-fallback forbids; rejected were ";
  llvm::interleave(
      record.rejected,
      [&](const KernelChoice::Rejection &rejection) {
        error << "'" << rejection.kernel << "' (" << rejection.reason << ")";
      },
      [&] { error << ", "; });
}

namespace {
struct SelectKernels
    : public lowbit::impl::LowbitSelectKernelsPassBase<SelectKernels> {
  using LowbitSelectKernelsPassBase::LowbitSelectKernelsPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    std::vector<KernelRecord> records = collectKernelRecords(getOperation());
    if (!report.empty())
      if (llvm::Error error = writeKernelReport(report, records)) {
        // At the place only: the whole module would come along with the op.
        emitError(getOperation().getLoc(), "cannot write the kernel report: ")
            << llvm::toString(std::move(error));
        signalPassFailure();
      }
    for (const KernelRecord &record : records)
      emitRemarks(record, getArgument());
    for (const KernelRecord &record : records)
      if (failOnFallback && record.isFallback) {
        emitFallbackError(record);
        signalPassFailure();
      }
  }
};
} // namespace
