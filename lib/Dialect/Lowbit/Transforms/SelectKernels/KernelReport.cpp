//===- KernelReport.cpp - The records as JSON -----------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelRecords.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace lowbit;

/// Names of files and functions may hold any bytes, JSON may not.
static std::string toUTF8(StringRef text) {
  return llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
}

/// `file:line:column` of what the user wrote, or null.
static llvm::json::Value getLocation(Location loc) {
  auto position = loc->findInstanceOf<FileLineColLoc>();
  if (!position)
    return nullptr;
  return toUTF8((position.getFilename().getValue() + ":" +
                 Twine(position.getLine()) + ":" + Twine(position.getColumn()))
                    .str());
}

static void writeTypes(llvm::json::OStream &json, StringRef key,
                       TypeRange types) {
  json.attributeArray(key, [&] {
    for (Type type : types) {
      std::string text;
      llvm::raw_string_ostream(text) << type;
      json.value(toUTF8(text));
    }
  });
}

static void writeRecord(llvm::json::OStream &json, const KernelRecord &record) {
  auto count = [&](StringRef key, Count value) {
    json.attribute(key, value ? llvm::json::Value(*value) : nullptr);
  };
  json.attribute("op", record.op->getName().getStringRef());
  json.attribute("location", getLocation(record.op->getLoc()));
  json.attribute("function",
                 record.function
                     ? llvm::json::Value(toUTF8(record.function.getValue()))
                     : nullptr);
  writeTypes(json, "operands", record.op->getOperandTypes());
  writeTypes(json, "results", record.op->getResultTypes());
  json.attribute("kernel", record.kernel);
  json.attribute("fallback", record.isFallback);
  json.attributeArray("rejected", [&] {
    for (const KernelChoice::Rejection &rejection : record.rejected)
      json.object([&] {
        json.attribute("kernel", rejection.kernel);
        json.attribute("reason", rejection.reason);
      });
  });
  json.attributeObject("bytes", [&] {
    count("weights", record.weightBytes);
    count("scales", record.scaleBytes);
    count("activations", record.activationBytes);
    count("results", record.resultBytes);
  });
  count("operations", record.operations);
  if (!record.product)
    return;
  json.attributeObject("product", [&] {
    count("batches", record.product->batches);
    count("m", record.product->m);
    count("n", record.product->n);
    count("k", record.product->k);
  });
  json.attributeObject("packing", [&] {
    json.attribute("when", stringifyPacking(record.product->packing));
    count("bytes_per_call", record.product->packingBytes);
  });
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

static llvm::Error write(llvm::raw_fd_ostream &os, StringRef text) {
  os << text;
  os.flush();
  std::error_code error = os.error();
  // What is not taken note of ends the program.
  os.clear_error();
  return llvm::errorCodeToError(error);
}

/// Writes a regular file by a temporary name, so that nobody sees part of it;
/// anything else, such as a pipe, as it is.
static llvm::Error writeFile(StringRef path, StringRef text) {
  using namespace llvm::sys;
  fs::file_status status;
  if (path == "-" || (!fs::status(path, status) && fs::exists(status) &&
                      !fs::is_regular_file(status))) {
    std::error_code error;
    llvm::raw_fd_ostream os(path, error);
    return error ? llvm::errorCodeToError(error) : write(os, text);
  }
  llvm::Expected<fs::TempFile> file =
      fs::TempFile::create(path + "-%%%%%%%%", fs::all_read | fs::all_write);
  if (!file)
    return file.takeError();
  llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  llvm::Error error = write(os, text);
  if (error)
    return llvm::joinErrors(std::move(error), file->discard());
  return file->keep(path);
}

llvm::Error lowbit::writeKernelReport(StringRef path,
                                      ArrayRef<KernelRecord> records) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.array([&] {
    for (const KernelRecord &record : records)
      json.object([&] { writeRecord(json, record); });
  });
  os << "\n";
  if (llvm::Error error = writeFile(path, text))
    return llvm::createFileError(path, std::move(error));
  return llvm::Error::success();
}
