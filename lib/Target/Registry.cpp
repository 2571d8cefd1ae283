//===- Registry.cpp - The targets, one line each --------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Portable/PortableTarget.h"
#include "X86/X86Target.h"

using namespace lowbit;
using llvm::ArrayRef;
using llvm::StringRef;

ArrayRef<const Target *> lowbit::getTargets() {
  static const Target *const targets[] = {
      &getX86Target(),
      &getPortableTarget(),
  };
  return targets;
}

const MatmulKernel *lowbit::lookUpKernel(StringRef name) {
  for (const Target *target : getTargets())
    for (const std::unique_ptr<MatmulKernel> &kernel : target->getKernels())
      if (kernel->getName() == name)
        return kernel.get();
  return nullptr;
}

KernelChoice lowbit::chooseKernel(const MatmulProblem &problem,
                                  const Machine &machine) {
  llvm::SmallVector<KernelChoice::Rejection> rejected;
  bool hasOwnTarget = false;
  for (const Target *target : getTargets()) {
    if (!target->supports(machine))
      continue;
    bool isPortable = target == &getPortableTarget();
    for (const std::unique_ptr<MatmulKernel> &kernel : target->getKernels()) {
      llvm::Expected<KernelPlan> plan = kernel->plan(problem, machine);
      if (plan)
        return {kernel.get(), std::move(*plan), std::move(rejected),
                isPortable && hasOwnTarget};
      rejected.push_back({kernel->getName(), llvm::toString(plan.takeError())});
    }
    hasOwnTarget = true;
  }
  llvm_unreachable("the portable kernels take every product");
}
