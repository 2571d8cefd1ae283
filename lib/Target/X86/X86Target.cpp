//===- X86Target.cpp - x86-64 with AVX2 -----------------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "X86Target.h"

#include "X86Kernels.h"

using namespace mlir;
using namespace lowbit;

namespace {
class X86Target : public Target {
public:
  X86Target() {
    kernels.push_back(createAVX2ByteKernel());
    kernels.push_back(createAVX2WordKernel());
    kernels.push_back(createAVX2FloatKernel());
  }

  StringRef getName() const override { return "X86"; }

  bool supports(const Machine &machine) const override {
    return machine.getTriple().isX86_64() && machine.hasFeature("avx2") &&
           machine.hasFeature("fma") && machine.hasFeature("f16c");
  }

  ArrayRef<std::unique_ptr<MatmulKernel>> getKernels() const override {
    return kernels;
  }

private:
  /// Fastest first.
  SmallVector<std::unique_ptr<MatmulKernel>> kernels;
};
} // namespace

const Target &lowbit::getX86Target() {
  static const X86Target target;
  return target;
}
