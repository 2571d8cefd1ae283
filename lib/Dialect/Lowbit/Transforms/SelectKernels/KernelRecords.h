//===- KernelRecords.h - How each low-bit op is compiled --------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The facts that lowbit-select-kernels reports: what later passes will do with
// the ops of a module, and what that costs. They change nothing.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_SELECTKERNELS_KERNELRECORDS_H
#define LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_SELECTKERNELS_KERNELRECORDS_H

#include "lowbit/Target/Kernel.h"

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace lowbit {

/// When the weights of a product are brought into the order of its kernel.
enum class Packing { CompileTime, Once, EachCall };

/// `compile_time`, `once` (by the function NAME.pack), `each_call`.
llvm::StringRef stringifyPacking(Packing packing);

/// A number, or nullopt if it depends on what is known at run time only or does
/// not fit.
using Count = std::optional<int64_t>;

struct KernelRecord {
  mlir::Operation *op;
  /// The name of the function around it; null outside of functions.
  mlir::StringAttr function = {};

  /// A kernel of a target for a product, `none` if it has no elements or no K;
  /// for other ops what becomes of them:
  ///   folded               a constant takes the place of the op
  ///   fused                the products that read it do its work: the second
  ///                        level of a scale, activations quantized while they
  ///                        are packed
  ///   expand-conversions   arithmetic, by the pass of that name
  ///   to-bytes             integers of whole bytes, by the pass of that name
  ///   lower-kernels        loops, by the pass of that name
  llvm::StringRef kernel = {};
  llvm::SmallVector<KernelChoice::Rejection> rejected = {};
  bool isFallback = false;

  /// What one execution reads and writes, in bytes.
  Count weightBytes = 0;     // codes of B, packed
  Count scaleBytes = 0;      // scales and zero points: of B, packed; or of
                             // an op that is no product, as they are stored
  Count activationBytes = 0; // A with its scales and the bias; or other inputs
  Count resultBytes = 0;
  /// 2 * batches * M * N * K for a product; else the elements converted.
  Count operations = 0;

  struct Product {
    Count batches, m, n, k;
    Packing packing;
    /// Bytes that packing moves in each call.
    Count packingBytes;
  };
  std::optional<Product> product = {};
};

/// One record for each op of the lowbit dialect, and each cast of the arith and
/// quant dialects with a low-bit type, in the order of the text. To be called
/// before lowbit-fold-weights and lowbit-pack.
std::vector<KernelRecord> collectKernelRecords(mlir::ModuleOp module);

/// Writes the records to `path`, a JSON array of one object for each; the file
/// appears whole or not at all.
llvm::Error writeKernelReport(llvm::StringRef path,
                              llvm::ArrayRef<KernelRecord> records);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_TRANSFORMS_SELECTKERNELS_KERNELRECORDS_H
