//===- ArrayDtype.h - Element types outside of MLIR -------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the containers of an argument or a result are called where there is no
// MLIR: in NumPy and in C.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_COMMON_ARRAYDTYPE_H
#define LOWBIT_TOOLS_COMMON_ARRAYDTYPE_H

#include "lowbit/Execution/FunctionSignature.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace lowbit {

/// The type of one container.
struct ArrayDtype {
  /// NumPy's kind ('b', 'i', 'u', 'f'; 0 if neither NumPy nor C has such a
  /// type: integers of more than 64 bits, f80, f128, tf32) and bytes.
  char kind;
  unsigned size;
  /// NumPy has no bf16: it travels as uint16.
  bool isBFloat;

  /// "float32", "uint8".
  std::string getNumPyName() const;
  /// C's type of an element of an array. "uint16_t" for f16 and bf16, which
  /// not every C compiler has.
  llvm::StringRef getCElement() const;
  /// C's type of a scalar argument or result. "_Float16", "__bf16".
  llvm::StringRef getCScalar() const;
  /// What names of types in C end in: "f32", "u8", "bf16".
  llvm::StringRef getCSuffix() const;
};

/// The dtype of a value. Codes that are no number to NumPy are uint8 or uint16:
/// elements that share bytes, FP8, bf16, and whatever does not fill its
/// container.
ArrayDtype getArrayDtype(const ValueSignature &value);

} // namespace lowbit

#endif // LOWBIT_TOOLS_COMMON_ARRAYDTYPE_H
