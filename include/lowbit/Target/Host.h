//===- Host.h - Names of machines, and this machine -------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns a CPU's name and changes to its features into the full list of what
// the code generator may use. `host` becomes explicit names here and nowhere
// else, once at the front, so that the same names give the same code on any
// machine. Works for every 64-bit architecture that this LLVM has.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TARGET_HOST_H
#define LOWBIT_TARGET_HOST_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace lowbit {

/// A machine in full. All strings are LLVM's.
struct CPUTarget {
  /// Normalized, as `x86_64-pc-linux-gnu`.
  std::string triple;
  /// A CPU that the triple's architecture knows; never `host`.
  std::string cpu;
  /// Sorted by name. `+x` for every feature that is on, implied ones included;
  /// `-x` for those that the CPU's name implies and that are off.
  std::vector<std::string> features;
  std::string dataLayout;

  /// `features` with commas between them.
  std::string getFeatureString() const;
  bool hasFeature(llvm::StringRef name) const;
};

/// The triple of code that runs in this process.
std::string getHostTriple();

/// Resolves what a user wrote. `cpu`: `host`, or any name of LLVM for the
/// architecture; empty is the architecture's baseline. `features`:
/// `+a,-b`, applied in order after the CPU's own, each with what it implies.
/// `triple`: empty is this machine's. Errors: an unknown architecture, CPU or
/// feature (the message names what is near), a feature without sign, `host`
/// for another architecture, an architecture that is not 64-bit.
llvm::Expected<CPUTarget> resolveCPUTarget(llvm::StringRef cpu,
                                           llvm::StringRef features = "",
                                           llvm::StringRef triple = "");

/// The names, without sign, of the features that `target` uses and this
/// machine lacks. If its architecture or operating system is another one, this
/// is the whole triple.
std::vector<std::string> getMissingHostFeatures(const CPUTarget &target);

/// Registers all of LLVM's targets, with their assembly printers. May be called
/// any number of times, from any thread; the functions above call it.
void initializeLLVMTargets();

} // namespace lowbit

#endif // LOWBIT_TARGET_HOST_H
