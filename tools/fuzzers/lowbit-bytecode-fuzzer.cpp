//===- lowbit-bytecode-fuzzer.cpp - Fuzzes what reads bytecode ------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a module as bytecode. What lowbit's part of the reader does
// with it is tested here: the properties of ops, and types and attributes,
// which are text. What verifies is treated as in lowbit-parser-fuzzer.
//
// MLIR 22's own reader crashes on other hostile sections within seconds, which
// would hide everything else. So only those bytes are changed that end up in
// lowbit's code, and the frame around them stays as MLIR wrote it.
//
//===----------------------------------------------------------------------===//

#include "FuzzSupport.h"

#include "mlir/Bytecode/Encoding.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <optional>

using namespace lowbit::fuzz;
using llvm::ArrayRef;
using llvm::MutableArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

static constexpr StringRef kMagic = "ML\xefR";

static StringRef toStringRef(ArrayRef<uint8_t> bytes) {
  return StringRef(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytecode = toStringRef({data, size});
  if (!bytecode.starts_with(kMagic))
    return 0;
  FuzzContext &context = FuzzContext::next();
  mlir::OwningOpRef<mlir::ModuleOp> module = context.parse(bytecode);
  if (!module)
    return 0;
  context.checkRoundTrip(*module, "as read");
  context.checkCanonicalization(*module);
  context.checkLowering(*module);
  return 0;
}

//===----------------------------------------------------------------------===//
// Mutation
//===----------------------------------------------------------------------===//

/// Takes a number of variable length from the front: the number of zero bits
/// at the end of the first byte is the number of further bytes.
static std::optional<uint64_t> takeVarInt(MutableArrayRef<uint8_t> &bytes) {
  if (bytes.empty())
    return std::nullopt;
  size_t further = llvm::countr_zero(bytes[0]);
  if (bytes.size() <= further)
    return std::nullopt;
  uint64_t value = 0;
  for (size_t i = std::min<size_t>(further + 1, 8); i-- > 0;)
    value = value << 8 | bytes[further == 8 ? i + 1 : i];
  bytes = bytes.drop_front(further + 1);
  return further == 8 ? value : value >> (further + 1);
}

/// Adds each "!lowbit...." and "#lowbit....": to the zero at their end.
static void findTexts(MutableArrayRef<uint8_t> section,
                      llvm::SmallVectorImpl<MutableArrayRef<uint8_t>> &ranges) {
  StringRef text = toStringRef(section);
  for (size_t at = 0; (at = text.find("lowbit.", at)) != StringRef::npos;) {
    size_t end = std::min(text.find('\0', at), text.size());
    ranges.push_back(section.slice(at, end - at));
    at = end;
  }
}

/// Adds the properties of each op: a number of entries, then each with its
/// size.
static void
findProperties(MutableArrayRef<uint8_t> section,
               llvm::SmallVectorImpl<MutableArrayRef<uint8_t>> &ranges) {
  if (!takeVarInt(section))
    return;
  while (!section.empty()) {
    std::optional<uint64_t> size = takeVarInt(section);
    if (!size || *size > section.size())
      return;
    ranges.push_back(section.take_front(*size));
    section = section.drop_front(*size);
  }
}

/// The parts of a module that lowbit reads. Nothing if it has another frame
/// than MLIR writes.
static SmallVector<MutableArrayRef<uint8_t>>
findLowbitRanges(MutableArrayRef<uint8_t> bytes) {
  SmallVector<MutableArrayRef<uint8_t>> ranges;
  if (!toStringRef(bytes).starts_with(kMagic))
    return ranges;
  bytes = bytes.drop_front(kMagic.size());
  if (!takeVarInt(bytes)) // The version of the encoding.
    return ranges;
  size_t producerEnd = toStringRef(bytes).find('\0');
  if (producerEnd == StringRef::npos)
    return ranges;
  bytes = bytes.drop_front(producerEnd + 1);
  while (!bytes.empty()) {
    constexpr uint8_t kIsAligned = 0x80;
    uint8_t id = bytes[0];
    bytes = bytes.drop_front();
    std::optional<uint64_t> length = takeVarInt(bytes);
    if (!length)
      break;
    if (id & kIsAligned) {
      if (!takeVarInt(bytes))
        break;
      while (!bytes.empty() && bytes[0] == mlir::bytecode::kAlignmentByte)
        bytes = bytes.drop_front();
    }
    if (*length > bytes.size())
      break;
    MutableArrayRef<uint8_t> payload = bytes.take_front(*length);
    bytes = bytes.drop_front(*length);
    switch (id & ~kIsAligned) {
    case mlir::bytecode::Section::kProperties:
      findProperties(payload, ranges);
      break;
    case mlir::bytecode::Section::kAttrType:
      findTexts(payload, ranges);
      break;
    }
  }
  llvm::erase_if(ranges, [](ArrayRef<uint8_t> r) { return r.empty(); });
  return ranges;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t /*maxSize*/, unsigned seed) {
  SmallVector<MutableArrayRef<uint8_t>> ranges = findLowbitRanges({data, size});
  if (ranges.empty())
    return size;
  // Sizes are written elsewhere, so that of the range must stay.
  MutableArrayRef<uint8_t> range = ranges[seed % ranges.size()];
  SmallVector<uint8_t> copy(range.begin(), range.end());
  LLVMFuzzerMutate(copy.data(), copy.size(), copy.size());
  llvm::copy(copy, range.begin());
  return size;
}
