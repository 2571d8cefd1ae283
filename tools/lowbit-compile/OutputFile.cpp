//===- OutputFile.cpp - A file that appears when it is complete -----------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OutputFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Signals.h"

using namespace lowbit;
using namespace lowbit::compile;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace fs = llvm::sys::fs;

static Error makeError(StringRef path, std::error_code code) {
  return llvm::createStringError(code, "cannot write '%s': %s",
                                 path.str().c_str(), code.message().c_str());
}

/// Whether a file may be renamed to `path`: there is none, or a regular one.
static bool isReplaceable(StringRef path) {
  fs::file_status status;
  std::error_code code = fs::status(path, status);
  return code ? status.type() == fs::file_type::file_not_found
              : status.type() == fs::file_type::regular_file;
}

/// Where a file appears that is written as `path`: behind links, which stay.
static std::string resolveLinks(StringRef path) {
  llvm::SmallString<128> resolved;
  if (path == "-" || fs::real_path(path, resolved))
    return path.str();
  return resolved.str().str();
}

Expected<std::unique_ptr<OutputFile>> OutputFile::create(StringRef name) {
  std::unique_ptr<OutputFile> output(new OutputFile(resolveLinks(name)));
  StringRef path = output->path;
  if (path != "-" && isReplaceable(path)) {
    Expected<fs::TempFile> temporary = fs::TempFile::create(path + ".%%%%%%");
    if (!temporary)
      return makeError(path, llvm::errorToErrorCode(temporary.takeError()));
    output->temporary.emplace(std::move(*temporary));
    // Closing is the temporary file's business.
    output->file =
        std::make_unique<llvm::raw_fd_ostream>(output->temporary->FD,
                                               /*shouldClose=*/false);
  } else {
    std::error_code code;
    output->file = std::make_unique<llvm::raw_fd_ostream>(
        path, code, fs::CD_OpenExisting, fs::FA_Write, fs::OF_None);
    if (code)
      return makeError(path, code);
  }
  output->stream = output->file.get();
  if (!output->file->supportsSeeking()) {
    output->buffer = std::make_unique<llvm::buffer_ostream>(*output->file);
    output->stream = output->buffer.get();
  }
  return output;
}

Error OutputFile::close() {
  buffer.reset();
  if (!file)
    return Error::success();
  file->flush();
  std::error_code code = file->error();
  // Otherwise its destructor ends the program.
  file->clear_error();
  file.reset();
  return code ? makeError(path, code) : Error::success();
}

OutputFile::~OutputFile() {
  llvm::consumeError(close());
  if (temporary)
    llvm::consumeError(temporary->discard());
}

Error OutputFile::keep() {
  if (Error error = close())
    return error;
  if (!temporary)
    return Error::success();
  Error error = temporary->keep(path);
  temporary.reset();
  if (error)
    return makeError(path, llvm::errorToErrorCode(std::move(error)));
  return Error::success();
}

Error compile::writeThroughTemporary(
    StringRef name, llvm::function_ref<Error(StringRef)> write) {
  const std::string path = resolveLinks(name);
  if (!isReplaceable(path))
    return llvm::createStringError("cannot write '%s': it is no regular file",
                                   path.c_str());
  llvm::SmallString<128> temporary;
  if (std::error_code code = fs::createUniqueFile(path + ".%%%%%%", temporary))
    return makeError(path, code);
  llvm::sys::RemoveFileOnSignal(temporary);
  Error error = write(temporary);
  if (!error)
    if (std::error_code code = fs::rename(temporary, path))
      error = makeError(path, code);
  if (error)
    fs::remove(temporary);
  llvm::sys::DontRemoveFileOnSignal(temporary);
  return error;
}
