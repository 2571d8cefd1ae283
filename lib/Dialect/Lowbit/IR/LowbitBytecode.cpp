//===- LowbitBytecode.cpp - The version that bytecode carries ----------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Types and attributes are written in their textual form, which is stable by
// contract; only the version is binary. It exists so that a later change of
// an op can upgrade what an older lowbit wrote.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/Bytecode/BytecodeImplementation.h"

using namespace mlir;
using namespace lowbit;

namespace {
struct LowbitVersion : public DialectVersion {
  explicit LowbitVersion(uint64_t number) : number(number) {}
  uint64_t number;
};

struct LowbitBytecodeInterface : public BytecodeDialectInterface {
  LowbitBytecodeInterface(Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(LowbitDialect::kVersion);
  }

  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const override {
    uint64_t number = 0;
    if (failed(reader.readVarInt(number)))
      return nullptr;
    if (number == 0 || number > LowbitDialect::kVersion) {
      reader.emitError() << "lowbit bytecode has version " << number
                         << "; this build reads versions 1 to "
                         << LowbitDialect::kVersion
                         << ": read it with the lowbit that wrote it, or newer";
      return nullptr;
    }
    return std::make_unique<LowbitVersion>(number);
  }

  LogicalResult upgradeFromVersion(Operation *,
                                   const DialectVersion &) const override {
    // Version 1 is the first: nothing is older.
    return success();
  }
};
} // namespace

void LowbitDialect::registerInterfaces() {
  addInterfaces<LowbitBytecodeInterface>();
}
