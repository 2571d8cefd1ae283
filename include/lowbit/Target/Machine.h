//===- Machine.h - What code is generated for -------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The machine of a module, read from its `llvm.target` attribute, which
// lowbit-attach-target writes. Nothing here looks at the machine that compiles.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TARGET_MACHINE_H
#define LOWBIT_TARGET_MACHINE_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/TargetParser/Triple.h"

namespace lowbit {

class Machine {
public:
  /// The machine of the module around `op`; without an attribute, one of no
  /// known architecture and no features.
  static Machine get(mlir::Operation *op);

  const llvm::Triple &getTriple() const { return triple; }
  llvm::StringRef getCPU() const { return cpu; }
  /// Whether LLVM's feature of this name (without a sign) is there.
  bool hasFeature(llvm::StringRef name) const {
    return features.contains(name);
  }

  /// Whether a fused multiply-add of floats is an instruction, not a call.
  bool hasFusedMultiplyAdd() const;

private:
  llvm::Triple triple;
  std::string cpu;
  llvm::StringSet<> features;
};

} // namespace lowbit

#endif // LOWBIT_TARGET_MACHINE_H
