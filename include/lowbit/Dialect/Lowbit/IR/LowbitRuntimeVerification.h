//===- LowbitRuntimeVerification.h - Checks at run time ---------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What verifiers ask of sizes that are known only at run time is a
// precondition. Upstream's generate-runtime-verification turns it into
// assertions, for ops that say how.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_DIALECT_LOWBIT_IR_LOWBITRUNTIMEVERIFICATION_H
#define LOWBIT_DIALECT_LOWBIT_IR_LOWBITRUNTIMEVERIFICATION_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace lowbit {

/// Gives quantize, dequantize, choose_scale, convert and matmul upstream's
/// RuntimeVerifiableOpInterface, once the lowbit dialect is loaded.
void registerRuntimeVerification(mlir::DialectRegistry &registry);

} // namespace lowbit

#endif // LOWBIT_DIALECT_LOWBIT_IR_LOWBITRUNTIMEVERIFICATION_H
