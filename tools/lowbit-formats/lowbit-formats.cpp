//===- lowbit-formats.cpp - Number formats on the command line ------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints what the Numerics library knows: the table of docs/Formats.md, the
// value of every code, the code of any value. The tests in test/python compare
// its binary output with other implementations.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Numerics/Codec.h"
#include "lowbit/Numerics/Format.h"
#include "lowbit/Numerics/Modes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

using namespace lowbit;
using llvm::Twine;
namespace cl = llvm::cl;

static cl::OptionCategory category("lowbit-formats options");

static cl::opt<bool>
    tableOption("table",
                cl::desc("Print the Markdown table of all named formats (the "
                         "default)"),
                cl::cat(category));
static cl::opt<bool> listOption("list",
                                cl::desc("Print the named formats, one a line"),
                                cl::cat(category));
static cl::opt<std::string>
    decodeOption("decode",
                 cl::desc("Print every code of a format of at most "
                          "16 bits and its value"),
                 cl::value_desc("format"), cl::cat(category));
static cl::opt<std::string>
    encodeOption("encode",
                 cl::desc("Print the code of each VALUE in a format "
                          "of at most 64 bits"),
                 cl::value_desc("format"), cl::cat(category));
static cl::opt<bool>
    hexOption("hex",
              cl::desc("With --decode: print values as hexadecimal "
                       "floating point, which is exact and short"),
              cl::cat(category));
static cl::opt<bool> binaryOption(
    "binary",
    cl::desc("With --decode: write the values as little-endian f64. With "
             "--encode: read little-endian f32 from standard input and write "
             "little-endian 16-bit codes"),
    cl::cat(category));
static cl::opt<std::string>
    randomBinaryOption("random-binary",
                       cl::desc("With --encode --binary: a file of "
                                "little-endian u32, one for each value, for "
                                "stochastic rounding"),
                       cl::value_desc("file"), cl::cat(category));
static cl::opt<Rounding> roundingOption(
    "rounding", cl::desc("With --encode: how to round"),
    cl::values(clEnumValN(Rounding::NearestEven, "nearest_even",
                          "To nearest, ties to even (the default)"),
               clEnumValN(Rounding::TowardZero, "toward_zero", "Toward zero"),
               clEnumValN(Rounding::Stochastic, "stochastic",
                          "Away from zero iff random < floor(f * 2^32), f the "
                          "discarded fraction of the gap")),
    cl::init(Rounding::NearestEven), cl::cat(category));
static cl::opt<Overflow> overflowOption(
    "overflow", cl::desc("With --encode: what is too large becomes"),
    cl::values(clEnumValN(Overflow::Saturate, "saturate",
                          "The largest finite value (the default)"),
               clEnumValN(Overflow::IEEE, "ieee",
                          "Infinity, else NaN, else the largest value")),
    cl::init(Overflow::Saturate), cl::cat(category));
static cl::opt<uint32_t>
    randomOption("random",
                 cl::desc("With --encode: the random word for stochastic "
                          "rounding (default 0)"),
                 cl::value_desc("0..4294967295"), cl::init(0),
                 cl::cat(category));
static cl::list<std::string>
    valueArguments(cl::Positional, cl::desc("[VALUE...]"), cl::cat(category));
// Negative values look like unknown options.
static cl::list<std::string> sinkArguments(cl::Sink);

static int fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "lowbit-formats") << message << "\n";
  return 1;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

/// The shortest decimal that reads back as `value`.
static std::string printDecimal(double value) {
  if (std::isnan(value))
    return std::signbit(value) ? "-nan" : "nan";
  char buffer[40];
  for (int digits = 1; digits <= 17; ++digits) {
    snprintf(buffer, sizeof(buffer), "%.*g", digits, value);
    if (strtod(buffer, nullptr) == value)
      break;
  }
  return buffer;
}

static std::string printHex(double value) {
  if (!std::isfinite(value))
    return printDecimal(value);
  char buffer[40];
  snprintf(buffer, sizeof(buffer), "%a", value);
  return buffer;
}

/// For the table: powers of two that are long as decimals as 2^k, what is not
/// short in any way as the shortest decimal that reads back as the f32.
static std::string printForTable(double value) {
  if (value == 0.0)
    return "0";
  int exponent;
  double fraction = std::frexp(value, &exponent);
  if (fraction == 0.5 && (exponent <= 0 || exponent > 15))
    return "2^" + std::to_string(exponent - 1);
  char buffer[40];
  for (int digits = 1; digits <= 9; ++digits) {
    snprintf(buffer, sizeof(buffer), "%.*g", digits, value);
    if (strtof(buffer, nullptr) == float(value))
      break;
  }
  // %g writes 6e+04 where 60000 is short enough.
  if (std::fabs(value) < 1e7 && value == std::rint(value))
    snprintf(buffer, sizeof(buffer), "%.0f", value);
  return buffer;
}

static std::string printCode(const Format &format, uint64_t code) {
  return "0x" + llvm::utohexstr(code, /*LowerCase=*/false,
                                /*Width=*/(format.getBits() + 3) / 4);
}

/// Runs of codes as "0x7D-0x7F".
static std::string printCodes(const Format &format,
                              llvm::ArrayRef<uint64_t> codes) {
  std::string text;
  for (size_t i = 0; i < codes.size(); ++i) {
    size_t first = i;
    while (i + 1 < codes.size() && codes[i + 1] == codes[i] + 1)
      ++i;
    text += (text.empty() ? "" : ", ") + printCode(format, codes[first]);
    if (i > first)
      text += (i > first + 1 ? "-" : ", ") + printCode(format, codes[i]);
  }
  return text.empty() ? "none" : text;
}

static void printTable(llvm::raw_ostream &os) {
  os << "| format | bits | sign | exponent / mantissa bits | bias | largest | "
        "lowest | smallest normal | smallest positive | infinity | NaN | zero "
        "|\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Format &format : getCatalog()) {
    std::vector<uint64_t> infs, nans, zeros;
    for (uint64_t code = 0; code < format.getNumCodes(); ++code) {
      double value = decode(format, code);
      if (std::isnan(value))
        nans.push_back(code);
      else if (std::isinf(value))
        infs.push_back(code);
      else if (value == 0.0)
        zeros.push_back(code);
    }
    bool isFloat = format.isFloat();
    os << "| `" << format.getName() << "` | " << format.getBits() << " | "
       << (format.isSigned() ? "yes" : "no") << " | ";
    if (isFloat)
      os << format.getExponentBits() << " / " << format.getMantissaBits()
         << " | " << format.getBias();
    else
      os << "- | -";
    os << " | " << printForTable(format.getLargest()) << " | "
       << printForTable(format.getLowest()) << " | "
       << (isFloat ? printForTable(format.getSmallestNormal()) : "-") << " | "
       << printForTable(format.getSmallest()) << " | "
       << printCodes(format, infs) << " | " << printCodes(format, nans)
       << " | ";
    // -0 is marked, as a format may lack it.
    if (zeros.empty())
      os << "none";
    for (auto [i, code] : llvm::enumerate(zeros))
      os << (i ? ", " : "") << printCode(format, code)
         << (std::signbit(decode(format, code)) ? " (-0)" : "");
    os << " |\n";
  }
}

//===----------------------------------------------------------------------===//
// Decode and encode
//===----------------------------------------------------------------------===//

static int runDecode(const Format &format, llvm::raw_ostream &os) {
  if (format.getBits() > 16)
    return fail("--decode prints every code, of at most 16 bits; " +
                format.getName() + " has " + Twine(format.getBits()));
  for (uint64_t code = 0; code < format.getNumCodes(); ++code) {
    double value = decode(format, code);
    if (binaryOption) {
      char bytes[8];
      llvm::support::endian::write64le(bytes, llvm::bit_cast<uint64_t>(value));
      os.write(bytes, sizeof(bytes));
    } else {
      os << printCode(format, code) << ' '
         << (hexOption ? printHex(value) : printDecimal(value)) << '\n';
    }
  }
  return 0;
}

/// Reads up to `count` 32-bit words; a part of a word at the end is an error,
/// told by `partial`.
static std::vector<uint32_t> readWords(FILE *file, size_t count,
                                       bool &partial) {
  std::vector<char> bytes(count * 4);
  size_t size = fread(bytes.data(), 1, bytes.size(), file);
  partial = size % 4 != 0;
  std::vector<uint32_t> words(size / 4);
  for (size_t i = 0; i < words.size(); ++i)
    words[i] = llvm::support::endian::read32le(&bytes[4 * i]);
  return words;
}

static int runBinaryEncode(const Format &format, llvm::raw_ostream &os) {
  if (format.getBits() > 16)
    return fail("--binary writes codes of at most 16 bits; " +
                format.getName() + " has " + Twine(format.getBits()));
  FILE *randomFile = nullptr;
  if (!randomBinaryOption.empty()) {
    randomFile = fopen(randomBinaryOption.c_str(), "rb");
    if (!randomFile)
      return fail("cannot open '" + randomBinaryOption + "'");
  }
  // f32 to f64 in integers: a signaling NaN must not be touched by hardware.
  const Format f32 = Format::getBuiltin("f32");
  constexpr size_t chunk = 1 << 16;
  int result = 0;
  while (result == 0) {
    bool partial = false;
    std::vector<uint32_t> words = readWords(stdin, chunk, partial);
    if (partial)
      result = fail("standard input is no whole number of f32 values");
    std::vector<uint32_t> randoms;
    if (randomFile && !words.empty()) {
      randoms = readWords(randomFile, words.size(), partial);
      if (randoms.size() != words.size())
        return fail("'" + randomBinaryOption +
                    "' has fewer words than there are values");
    }
    std::vector<char> codes(words.size() * 2);
    for (size_t i = 0; i < words.size(); ++i)
      llvm::support::endian::write16le(
          &codes[2 * i],
          uint16_t(encode(format, decode(f32, words[i]), roundingOption,
                          overflowOption,
                          randomFile ? randoms[i] : uint32_t(randomOption))));
    os.write(codes.data(), codes.size());
    if (words.size() < chunk)
      break;
  }
  if (randomFile)
    fclose(randomFile);
  return result;
}

static int runEncode(const Format &format, llvm::raw_ostream &os) {
  // Both lists in the order of the command line.
  std::vector<std::pair<unsigned, std::string>> texts;
  texts.reserve(valueArguments.size() + sinkArguments.size());
  for (size_t i = 0; i < valueArguments.size(); ++i)
    texts.emplace_back(valueArguments.getPosition(i), valueArguments[i]);
  for (size_t i = 0; i < sinkArguments.size(); ++i)
    texts.emplace_back(sinkArguments.getPosition(i), sinkArguments[i]);
  std::sort(texts.begin(), texts.end());
  std::vector<double> values;
  for (const auto &[position, text] : texts) {
    char *end = nullptr;
    values.push_back(strtod(text.c_str(), &end));
    if (text.empty() || *end)
      return fail("'" + text + "' is neither a number nor an option");
  }
  if (binaryOption) {
    if (!values.empty())
      return fail("--binary reads its values from standard input");
    return runBinaryEncode(format, os);
  }
  for (double value : values)
    os << printCode(format, encode(format, value, roundingOption,
                                   overflowOption, randomOption))
       << '\n';
  return 0;
}

/// An option that would have no effect is a mistake of the caller.
static int checkOptions() {
  bool isDecode = decodeOption.getNumOccurrences() > 0;
  bool isEncode = encodeOption.getNumOccurrences() > 0;
  if (tableOption + listOption + isDecode + isEncode > 1)
    return fail("--table, --list, --decode and --encode exclude each other");
  const struct {
    const cl::Option &option;
    bool hasEffect;
    const char *companion;
  } conditions[] = {
      {hexOption, isDecode && !binaryOption, "--decode, without --binary"},
      {binaryOption, isDecode || isEncode, "--decode or --encode"},
      {roundingOption, isEncode, "--encode"},
      {overflowOption, isEncode, "--encode"},
      {randomOption, isEncode && roundingOption == Rounding::Stochastic,
       "--encode --rounding=stochastic"},
      {randomBinaryOption,
       isEncode && binaryOption && roundingOption == Rounding::Stochastic,
       "--encode --binary --rounding=stochastic"},
  };
  for (const auto &[option, hasEffect, companion] : conditions)
    if (option.getNumOccurrences() > 0 && !hasEffect)
      return fail("--" + option.ArgStr + " is for " + companion);
  if (!isEncode && !sinkArguments.empty())
    return fail("unknown option '" + sinkArguments.front() + "'; see --help");
  if (!isEncode && !valueArguments.empty())
    return fail("unexpected argument '" + valueArguments.front() +
                "'; values are for --encode");
  if (isEncode && !binaryOption && sinkArguments.empty() &&
      valueArguments.empty())
    return fail("--encode wants values, or --binary to read them");
  return 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::AddExtraVersionPrinter(
      [](llvm::raw_ostream &os) { os << "lowbit " LOWBIT_VERSION "\n"; });
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(
      argc, argv,
      "The number formats of lowbit\n\n"
      "  A format is written as its MLIR type, without the prefix '!lowbit.':\n"
      "  f8E4M3FN, bf16, i4, ui4, 'minifloat<ue5m3fn>', 'log<4, frac = 1>',\n"
      "  'minifloat<e3m0finite, bias = 7>', 'codebook<4, nf4>',\n"
      "  'codebook<2, [-1.0, 0.0, 0.5, 1.0]>'.\n\n"
      "  Examples:\n"
      "    lowbit-formats --decode=f8E4M3FN --hex\n"
      "    lowbit-formats --encode=f8E4M3FN --overflow=ieee 1.5 -500 inf\n");

  if (int status = checkOptions())
    return status;

  llvm::raw_fd_ostream &os = llvm::outs();
  int result = 0;
  if (listOption) {
    for (const Format &format : getCatalog())
      os << format.getName() << '\n';
  } else if (decodeOption.getNumOccurrences() > 0 ||
             encodeOption.getNumOccurrences() > 0) {
    bool isDecode = decodeOption.getNumOccurrences() > 0;
    llvm::Expected<Format> format =
        Format::parse(isDecode ? decodeOption : encodeOption);
    if (!format)
      return fail(llvm::toString(format.takeError()));
    result = isDecode ? runDecode(*format, os) : runEncode(*format, os);
  } else {
    printTable(os);
  }
  os.flush();
  if (os.has_error()) {
    os.clear_error();
    return fail("cannot write to standard output");
  }
  return result;
}
