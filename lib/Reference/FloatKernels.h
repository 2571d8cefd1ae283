//===- FloatKernels.h - Kernels of float functions --------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels made of C functions on doubles. Whether the result is that of one
// rounding is a property of the function, see FloatAccess.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_REFERENCE_FLOATKERNELS_H
#define LOWBIT_LIB_REFERENCE_FLOATKERNELS_H

#include "Evaluator.h"

#include "mlir/IR/TypeUtilities.h"

namespace lowbit::reference {

template <double (*compute)(double)>
mlir::FailureOr<Kernel> makeFloatUnary(mlir::Operation *op) {
  FloatAccess access(mlir::getElementTypeOrSelf(op->getResult(0).getType()));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = access.write(compute(access.read(in[0])));
    return nullptr;
  });
}

template <double (*compute)(double, double)>
mlir::FailureOr<Kernel> makeFloatBinary(mlir::Operation *op) {
  FloatAccess access(mlir::getElementTypeOrSelf(op->getResult(0).getType()));
  return Kernel([access](const uint64_t *in, uint64_t *out) -> const char * {
    out[0] = access.write(compute(access.read(in[0]), access.read(in[1])));
    return nullptr;
  });
}

} // namespace lowbit::reference

#endif // LOWBIT_LIB_REFERENCE_FLOATKERNELS_H
