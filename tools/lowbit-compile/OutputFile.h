//===- OutputFile.h - A file that appears when it is complete ---*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TOOLS_LOWBIT_COMPILE_OUTPUTFILE_H
#define LOWBIT_TOOLS_LOWBIT_COMPILE_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <optional>
#include <string>

namespace lowbit::compile {

/// Written under a temporary name in the same folder and renamed by `keep`, so
/// that what stood under the name stays as it was until then. Symbolic links
/// are followed. `-` is standard output; that, and what is no regular file, is
/// written to directly.
class OutputFile {
public:
  static llvm::Expected<std::unique_ptr<OutputFile>>
  create(llvm::StringRef name);
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;
  /// Removes the temporary file, unless kept.
  ~OutputFile();

  llvm::raw_pwrite_stream &os() { return *stream; }
  /// Ends the writing; an error if something could not be written.
  llvm::Error close();
  /// Closes the file and gives it its name. Called once.
  llvm::Error keep();

private:
  explicit OutputFile(std::string path) : path(std::move(path)) {}
  std::string path;
  std::optional<llvm::sys::fs::TempFile> temporary;
  std::unique_ptr<llvm::raw_fd_ostream> file;
  /// `file`, or what collects for a file in which nothing can be sought.
  std::unique_ptr<llvm::raw_pwrite_stream> buffer;
  llvm::raw_pwrite_stream *stream = nullptr;
};

/// For another program that makes a file: `write` gets a temporary name in the
/// folder of `name`, which is renamed to `name` when `write` succeeds and
/// removed when it fails. An error if `name` is there and no regular file.
llvm::Error
writeThroughTemporary(llvm::StringRef name,
                      llvm::function_ref<llvm::Error(llvm::StringRef)> write);

} // namespace lowbit::compile

#endif // LOWBIT_TOOLS_LOWBIT_COMPILE_OUTPUTFILE_H
