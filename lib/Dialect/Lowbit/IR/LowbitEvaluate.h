//===- LowbitEvaluate.h - Ops on constants ----------------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The value of each op when its operands are small constants. Folders return
// it as an attribute; where no constant has the type of the result, a
// canonicalization pattern builds it instead.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_DIALECT_LOWBIT_IR_LOWBITEVALUATE_H
#define LOWBIT_LIB_DIALECT_LOWBIT_IR_LOWBITEVALUATE_H

#include "lowbit/Dialect/Lowbit/IR/LowbitConstants.h"

namespace lowbit {

std::optional<CodeTensor> evaluate(QuantizeOp op);
std::optional<CodeTensor> evaluate(DequantizeOp op);
std::optional<ChosenScales> evaluate(ChooseScaleOp op);
std::optional<CodeTensor> evaluate(ConvertOp op);
std::optional<CodeTensor> evaluate(MatmulOp op);

} // namespace lowbit

#endif // LOWBIT_LIB_DIALECT_LOWBIT_IR_LOWBITEVALUATE_H
