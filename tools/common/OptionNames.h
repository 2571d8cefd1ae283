//===- OptionNames.h - Names of options that LLVM has taken -----*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_COMMON_OPTIONNAMES_H
#define LOWBIT_TOOLS_COMMON_OPTIONNAMES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CommandLine.h"

namespace lowbit {

/// LLVM's shared library registers the options of all of its parts, and two of
/// one name end the program at its start. A static object of this class, before
/// the tool's own option of that name in the same file, takes the name back.
class FreedOptionName {
public:
  explicit FreedOptionName(llvm::StringRef name) {
    auto &options = llvm::cl::getRegisteredOptions();
    if (auto entry = options.find(name); entry != options.end())
      entry->second->removeArgument();
  }
};

} // namespace lowbit

#endif // LOWBIT_TOOLS_COMMON_OPTIONNAMES_H
