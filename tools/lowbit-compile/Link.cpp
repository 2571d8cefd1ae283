//===- Link.cpp - Make a program of an object -----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Link.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace lowbit::compile;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

static Expected<std::string> findCompiler(StringRef given) {
  // The last is Debian's name of the compiler that lowbit is built with.
  llvm::SmallVector<std::string> names = {
      "cc", "clang", "gcc", "clang-" + std::to_string(LLVM_VERSION_MAJOR)};
  if (!given.empty())
    names = {given.str()};
  for (StringRef name : names)
    if (llvm::ErrorOr<std::string> path = llvm::sys::findProgramByName(name))
      return *path;
  if (!given.empty())
    return createStringError("--cc: cannot find the program '%s'",
                             given.str().c_str());
  return createStringError(
      "--emit=exe needs a C compiler to link with, and none of %s is in the "
      "PATH; install one or name it with --cc",
      llvm::join(names, ", ").c_str());
}

static Expected<std::string> findRunnerLibrary(const char *argv0) {
  // Any address in this program will do.
  std::string program = llvm::sys::fs::getMainExecutable(
      argv0, reinterpret_cast<void *>(&findRunnerLibrary));
  llvm::SmallString<128> path =
      llvm::sys::path::parent_path(llvm::sys::path::parent_path(program));
  llvm::sys::path::append(path, "lib", "liblowbit_runner.a");
  if (llvm::sys::fs::exists(path))
    return path.str().str();
  return createStringError("--emit=exe links with liblowbit_runner.a, which is "
                           "not at '%s'; build the target lowbit_runner",
                           path.c_str());
}

Expected<Linker> Linker::find(StringRef compiler, const char *argv0) {
  Linker linker;
  Expected<std::string> found = findCompiler(compiler);
  if (!found)
    return found.takeError();
  linker.compiler = *found;
  found = findRunnerLibrary(argv0);
  if (!found)
    return found.takeError();
  linker.runnerLibrary = *found;
  return linker;
}

Error Linker::link(StringRef object, StringRef output) const {
  StringRef arguments[] = {compiler, "-static", "-no-pie",     "-o",
                           output,   object,    runnerLibrary, "-lm"};
  std::string reason;
  int status = llvm::sys::ExecuteAndWait(compiler, arguments,
                                         /*Env=*/std::nullopt, /*Redirects=*/{},
                                         /*SecondsToWait=*/0,
                                         /*MemoryLimit=*/0, &reason);
  if (status == 0)
    return Error::success();
  if (status < 0)
    return createStringError("cannot run '%s': %s", compiler.c_str(),
                             reason.c_str());
  return createStringError(
      "'%s' could not link the program (exit status %d; its message is above). "
      "If it misses libc.a, a static C library, that is in Debian's package "
      "libc6-dev",
      compiler.c_str(), status);
}
