//===- CHeader.cpp - The C header of a compiled module --------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every type is guarded by a macro of its own, so that the headers of several
// objects can be included in one file, each any number of times.
//
//===----------------------------------------------------------------------===//

#include "CHeader.h"

#include "../common/ArrayDtype.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/DataLayout.h"

#include <set>
#include <string>
#include <vector>

using namespace lowbit;
using namespace lowbit::compile;
using llvm::raw_ostream;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// `name` with everything replaced that no C identifier has after its start.
static std::string sanitize(StringRef name) {
  std::string result = name.str();
  for (char &c : result)
    if (!llvm::isAlnum(c) && c != '_')
      c = '_';
  return result;
}

/// What the functions are called in C, after `_mlir_ciface_`. A name that is an
/// identifier is kept; another one gives way to it.
static std::vector<std::string>
chooseNames(llvm::ArrayRef<FunctionSignature> functions) {
  std::vector<std::string> names;
  llvm::StringSet<> used;
  for (const FunctionSignature &function : functions) {
    names.push_back(sanitize(function.name));
    if (names.back() == function.name)
      used.insert(names.back());
  }
  for (auto [function, name] : llvm::zip_equal(functions, names))
    if (name != function.name)
      while (!used.insert(name).second)
        name += '_';
  return names;
}

static std::string getMemrefName(unsigned rank, const ArrayDtype &dtype) {
  return ("lowbit_memref_" + llvm::Twine(rank) + "d_" + dtype.getCSuffix())
      .str();
}

/// The buffer that the compiled function takes or gives for a tensor: packed
/// weights are bytes in one dimension.
static ArrayDtype getBufferDtype(const ValueSignature &value) {
  return value.isWeight ? ArrayDtype{'i', 1, false} : getArrayDtype(value);
}

static std::string getMemrefName(const ValueSignature &value) {
  return getMemrefName(value.getBufferRank(), getBufferDtype(value));
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

namespace {
/// Opens and closes the guard of one definition.
class Guard {
public:
  Guard(raw_ostream &os, StringRef name) : os(os) {
    std::string macro = name.upper() + "_DEFINED";
    os << "#ifndef " << macro << "\n#define " << macro << "\n";
  }
  ~Guard() { os << "#endif\n\n"; }

private:
  raw_ostream &os;
};
} // namespace

/// The descriptor of a memref, and a function that makes one.
static void writeMemref(raw_ostream &os, unsigned rank,
                        const ArrayDtype &dtype) {
  std::string name = getMemrefName(rank, dtype);
  StringRef element = dtype.getCElement();
  Guard guard(os, name);
  os << "typedef struct " << name << " {\n"
     << "  " << element << " *allocated;\n"
     << "  " << element << " *aligned;\n"
     << "  int64_t offset;\n";
  if (rank)
    os << "  int64_t sizes[" << rank << "];\n"
       << "  int64_t strides[" << rank << "];\n";
  os << "} " << name << ";\n\n";

  os << "static inline " << name << " " << name << "_from(\n"
     << "    const " << element << " *data";
  for (unsigned d = 0; d < rank; ++d)
    os << ", int64_t size" << d;
  os << ") {\n"
     << "  " << name << " memref;\n"
     << "  memref.allocated = (" << element << " *)(uintptr_t)data;\n"
     << "  memref.aligned = memref.allocated;\n"
     << "  memref.offset = 0;\n";
  for (unsigned d = 0; d < rank; ++d)
    os << "  memref.sizes[" << d << "] = size" << d << ";\n";
  for (unsigned d = rank; d-- > 0;) {
    os << "  memref.strides[" << d << "] = ";
    if (d + 1 == rank)
      os << "1;\n";
    else
      os << "memref.strides[" << d + 1 << "] * size" << d + 1 << ";\n";
  }
  os << "  return memref;\n"
     << "}\n";
}

/// A scalar that LLVM returns in a register has undefined bits above its own,
/// which a `bool` of C has not.
static StringRef getCResultScalar(const ArrayDtype &dtype) {
  return dtype.kind == 'b' ? "uint8_t" : dtype.getCScalar();
}

static std::string getCResult(const ValueSignature &value) {
  return value.isScalar() ? getCResultScalar(getArrayDtype(value)).str()
                          : getMemrefName(value);
}

/// With what a name goes on.
static std::string getCParameter(const ValueSignature &value) {
  if (value.isScalar())
    return (getArrayDtype(value).getCScalar() + " ").str();
  // The elements of a tensor are never written, those of a memref may be.
  StringRef qualifier = mlir::isa<mlir::MemRefType>(value.type) ? "" : "const ";
  return qualifier.str() + getMemrefName(value) + " *";
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// "?x2048"
static std::string getShapeText(llvm::ArrayRef<int64_t> shape) {
  return llvm::join(llvm::map_range(shape,
                                    [](int64_t extent) {
                                      return mlir::ShapedType::isDynamic(extent)
                                                 ? std::string("?")
                                                 : std::to_string(extent);
                                    }),
                    "x");
}

static void describeValue(raw_ostream &os, StringRef name,
                          const ValueSignature &value, StringRef pack) {
  os << "//   " << name << ": " << value.type << "; ";
  ArrayDtype dtype = getArrayDtype(value);
  unsigned bits = value.getElementBits();
  if (value.isScalar()) {
    os << dtype.getNumPyName();
    if (bits == 1)
      os << ", of which only bit 0 counts";
    else if (bits < 8 * dtype.size)
      os << ", of which only the low " << bits << " bits count";
    os << "\n";
    return;
  }
  if (value.isWeight)
    os << "the bytes that " << pack << " makes of ";
  llvm::SmallVector<int64_t> shape = value.getPackedShape();
  os << dtype.getNumPyName() << " [" << getShapeText(shape) << "]";
  if (bits < 8 && dtype.kind != 'b')
    os << ", packed, " << bits << " bits for each element";
  else if (dtype.isBFloat)
    os << ", the bits of bf16";
  else if (dtype.kind == 'f' && dtype.size == 2)
    os << ", their bits as uint16_t";
  if (mlir::isa<mlir::MemRefType>(value.type))
    os << "; a memref: what is written and who frees it is up to the function";
  os << "\n";
}

static void writeFunction(raw_ostream &os, const FunctionSignature &function,
                          StringRef name, StringRef pack, char globalPrefix) {
  size_t numResults = function.results.size();
  // A name may have any characters, of which a line break and a backslash at
  // the end would end or prolong the comment.
  os << "// ";
  os.write_escaped(function.name) << ":\n";
  for (auto [i, value] : llvm::enumerate(function.arguments))
    describeValue(os, "arg" + std::to_string(i), value, pack);
  for (auto [i, value] : llvm::enumerate(function.results))
    describeValue(os, "result" + (numResults == 1 ? "" : std::to_string(i)),
                  value, pack);

  std::string resultType = "void";
  llvm::SmallVector<std::string> parameters;
  if (numResults > 1) {
    std::string results = ("lowbit_" + name + "_results").str();
    {
      Guard guard(os, results);
      os << "typedef struct " << results << " {\n";
      for (auto [i, value] : llvm::enumerate(function.results))
        os << "  " << getCResult(value) << " result" << i << ";\n";
      os << "} " << results << ";\n";
    }
    parameters.push_back(results + " *results");
  } else if (numResults == 1) {
    if (function.results[0].isScalar())
      resultType = getCResult(function.results[0]);
    else
      parameters.push_back(getCResult(function.results[0]) + " *result");
  }
  for (auto [i, value] : llvm::enumerate(function.arguments)) {
    parameters.push_back(getCParameter(value) + "arg" + std::to_string(i));
  }
  if (parameters.empty())
    parameters.push_back("void");

  os << resultType << " _mlir_ciface_" << name << "(";
  llvm::interleave(parameters, os, ",\n    ");
  os << ")";
  if (name != function.name) {
    os << "\n    __asm__(\"";
    if (globalPrefix)
      os << globalPrefix;
    os.write_escaped("_mlir_ciface_" + function.name, /*UseHexEscapes=*/false);
    os << "\")";
  }
  os << ";\n\n";
}

void compile::writeCHeader(raw_ostream &os,
                           llvm::ArrayRef<FunctionSignature> functions,
                           const CPUTarget &target, unsigned threads,
                           StringRef source) {
  os << "// Made by lowbit-compile from " << source << " for the CPU "
     << target.cpu << ", " << target.triple << ".\n"
     << "//\n"
     << R"(// An array is passed as a pointer to a descriptor. Arguments are contiguous,
// row-major, and never written; lowbit_memref_*_from() makes a descriptor of
// them. The shapes in [] count containers, not elements: elements of less than
// 8 bits are packed along the innermost dimension in little-endian bit order,
// each row starting on a byte; elements of 9 to 16 bits lie in 16-bit
// containers. The functions trust their caller with shapes.
//
// A result needs no initialization. It is fresh memory of malloc: the caller
// frees its `allocated`, and reads the elements from `aligned`, contiguous and
// row-major. Functions may be called from several threads at once.
//
// Call lowbit_init() of liblowbit_runner.a once before the first function: code
// for a CPU with AMX needs it.
//
)";
  os << (threads == 1 ? "// Link with -lm.\n"
                      : "// Link with -lm and LLVM's OpenMP library, -lomp.\n");
  os << "\n#include <stdbool.h>\n"
     << "#include <stdint.h>\n\n"
     << "#ifdef __cplusplus\n"
     << "extern \"C\" {\n"
     << "#endif\n\n"
     << "int lowbit_init(void);\n\n";

  // By rank and name of the element, once each.
  std::set<std::string> written;
  auto writeMemrefOf = [&](const ValueSignature &value) {
    if (!value.isScalar() && written.insert(getMemrefName(value)).second)
      writeMemref(os, value.getBufferRank(), getBufferDtype(value));
  };
  for (const FunctionSignature &function : functions) {
    llvm::for_each(function.arguments, writeMemrefOf);
    llvm::for_each(function.results, writeMemrefOf);
  }

  std::vector<std::string> names = chooseNames(functions);
  auto nameOf = [&](StringRef symbol) -> StringRef {
    for (auto [function, name] : llvm::zip_equal(functions, names))
      if (function.name == symbol)
        return name;
    return "";
  };
  char globalPrefix = llvm::DataLayout(target.dataLayout).getGlobalPrefix();
  for (auto [function, name] : llvm::zip_equal(functions, names)) {
    std::string pack =
        ("_mlir_ciface_" + nameOf(function.name + ".pack")).str();
    writeFunction(os, function, name, pack, globalPrefix);
  }
  os << "#ifdef __cplusplus\n"
     << "} // extern \"C\"\n"
     << "#endif\n";
}
