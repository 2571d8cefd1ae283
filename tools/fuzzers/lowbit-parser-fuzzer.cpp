//===- lowbit-parser-fuzzer.cpp - Fuzzes text, folders and passes ---------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a module as text. Whatever it is, nothing may crash; what
// verifies is the same module after a trip through text and bytecode, still
// verifies after canonicalization, and is rejected or lowered by the passes.
//
// Nearly every change of a byte breaks a module in the lexer, so that nothing
// behind it would be reached. Inputs are therefore changed token by token and
// line by line, and bytes inside of one token.
//
//===----------------------------------------------------------------------===//

#include "FuzzSupport.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cstring>
#include <random>

using namespace lowbit::fuzz;
using llvm::SmallVector;
using llvm::StringRef;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  FuzzContext &context = FuzzContext::next();
  // The lexer wants a zero behind the text.
  std::string text(reinterpret_cast<const char *>(data), size);
  mlir::OwningOpRef<mlir::ModuleOp> module = context.parse(text);
  if (!module)
    return 0;
  context.checkRoundTrip(*module, "as parsed");
  mlir::OwningOpRef<mlir::ModuleOp> canonical = module->clone();
  context.checkCanonicalization(*canonical);
  context.checkLowering(*canonical);
  context.checkLowering(*module);
  return 0;
}

//===----------------------------------------------------------------------===//
// Mutation
//===----------------------------------------------------------------------===//

/// Words with their sigils ("%x", "!lowbit.log", "4x64xf32"), strings, single
/// punctuation marks, and blanks.
static SmallVector<StringRef> splitTokens(StringRef text) {
  auto isWord = [](char c) {
    return llvm::isAlnum(c) || StringRef("%^@#!$._-").contains(c);
  };
  SmallVector<StringRef> tokens;
  while (!text.empty()) {
    StringRef token = text.take_while(isWord);
    if (token.empty() && text.front() == '"')
      token = text.take_front(text.find('"', 1)).take_front(text.size());
    if (token.empty())
      token = text.take_while([](char c) { return llvm::isSpace(c); });
    if (token.empty())
      token = text.take_front();
    tokens.push_back(token);
    text = text.drop_front(token.size());
  }
  return tokens;
}

static SmallVector<StringRef> splitLines(StringRef text) {
  SmallVector<StringRef> lines;
  while (!text.empty()) {
    StringRef line = text.take_front(text.find('\n')).take_front(text.size());
    if (line.size() < text.size())
      line = text.take_front(line.size() + 1);
    lines.push_back(line);
    text = text.drop_front(line.size());
  }
  return lines;
}

/// Writes the parts to `data`, as many as there is room for.
static size_t join(llvm::ArrayRef<std::string> parts, uint8_t *data,
                   size_t maxSize) {
  size_t size = 0;
  for (StringRef part : parts) {
    part = part.take_front(maxSize - size);
    std::memcpy(data + size, part.data(), part.size());
    size += part.size();
  }
  return size;
}

namespace {
/// The parts of a text and what may be done to them.
class Parts {
public:
  Parts(llvm::ArrayRef<StringRef> parts, unsigned seed)
      : parts(parts.begin(), parts.end()), random(seed) {}

  /// Replaces, inserts, removes or swaps parts; new ones come from `donors`.
  void mutate(llvm::ArrayRef<StringRef> donors) {
    size_t target = pick(parts.size());
    switch (pick(4)) {
    case 0:
      parts[target] = donors[pick(donors.size())].str();
      break;
    case 1:
      parts.insert(parts.begin() + target, donors[pick(donors.size())].str());
      break;
    case 2:
      parts.erase(parts.begin() + target);
      break;
    case 3:
      std::swap(parts[target], parts[pick(parts.size())]);
      break;
    }
  }

  /// Changes one part with libFuzzer's mutations, which know the dictionary.
  void mutateInside() {
    constexpr size_t kMaxPart = 64;
    std::string &part = parts[pick(parts.size())];
    size_t size = std::min(part.size(), kMaxPart);
    part.resize(kMaxPart);
    part.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t *>(part.data()), size,
                                 kMaxPart));
  }

  size_t pick(size_t count) { return random() % count; }
  llvm::ArrayRef<std::string> get() const { return parts; }

private:
  SmallVector<std::string> parts;
  std::minstd_rand random;
};
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  std::string copy(reinterpret_cast<char *>(data), size);
  if (copy.empty() || seed % 8 == 0)
    return LLVMFuzzerMutate(data, size, maxSize);
  SmallVector<StringRef> pieces =
      seed % 8 == 1 ? splitLines(copy) : splitTokens(copy);
  Parts parts(pieces, seed);
  if (seed % 8 <= 4)
    parts.mutate(pieces);
  else
    parts.mutateInside();
  return join(parts.get(), data, maxSize);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *first,
                                            size_t firstSize,
                                            const uint8_t *second,
                                            size_t secondSize, uint8_t *out,
                                            size_t maxOutSize, unsigned seed) {
  auto split = seed % 4 == 0 ? splitLines : splitTokens;
  SmallVector<StringRef> pieces =
      split(StringRef(reinterpret_cast<const char *>(first), firstSize));
  SmallVector<StringRef> donors =
      split(StringRef(reinterpret_cast<const char *>(second), secondSize));
  if (pieces.empty() || donors.empty())
    return 0;
  Parts parts(pieces, seed);
  parts.mutate(donors);
  return join(parts.get(), out, maxOutSize);
}
