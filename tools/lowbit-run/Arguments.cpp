//===- Arguments.cpp - What the function is called with -------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

#include "../common/RandomChoice.h"

#include "lowbit/Runner/random.h"

#include "llvm/ADT/StringExtras.h"

#include <numeric>

using namespace mlir;
using namespace lowbit;
using namespace lowbit::run;
using llvm::Error;
using llvm::Expected;

namespace {
/// One argument on its way from its text to an array.
struct Request {
  Value argument;
  unsigned position;
  const ValueSignature &signature;

  Error fail(const llvm::Twine &message) const {
    return llvm::createStringError("argument #" + llvm::Twine(position) + " (" +
                                   printType(signature.type) + "): " + message);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

/// Whether a file of type `found` holds what is expected. i16 may come as
/// either kind of 16-bit integer: both are its bits.
static bool isDtype(lowbit_npy_dtype expected, lowbit_npy_dtype found) {
  bool isInteger16 = expected.kind == 'i' && expected.size == 2;
  return expected.size == found.size &&
         (expected.kind == found.kind || (isInteger16 && found.kind == 'u'));
}

static Expected<Array> readFile(const Request &request,
                                const std::string &path) {
  auto file = std::shared_ptr<lowbit_npy_array>(new lowbit_npy_array(),
                                                [](lowbit_npy_array *array) {
                                                  lowbit_npy_free(array);
                                                  delete array;
                                                });
  lowbit_npy_error error;
  if (lowbit_npy_read(path.c_str(), file.get(), &error))
    return request.fail(error.message);
  const ValueSignature &signature = request.signature;
  lowbit_npy_dtype expected = getDtype(signature);
  if (!isDtype(expected, file->dtype))
    return request.fail(
        "'" + path + "' holds " + lowbit_npy_dtype_name(file->dtype) +
        ", expected " + lowbit_npy_dtype_name(expected) +
        (sharesBytes(signature) ? " (bytes that several elements share)" : ""));
  ArrayRef<int64_t> packed(file->shape, file->rank);
  std::optional<SmallVector<int64_t>> shape =
      getLogicalShape(signature, packed);
  if (!shape) {
    std::string note;
    if (sharesBytes(signature)) {
      unsigned bits = signature.getElementBits();
      note = " (a row of n elements of " + std::to_string(bits) +
             " bits has ceil(n * " + std::to_string(bits) + " / 8) bytes";
      if (unsigned group = bits / std::gcd(8u, bits); group > 1)
        note += "; of a dynamic row a multiple of " + std::to_string(group);
      note += ")";
    }
    return request.fail("'" + path + "' has shape " + printShape(packed) +
                        ", expected " + printShape(signature.getPackedShape()) +
                        note);
  }
  Array array{signature, std::move(*shape), {}};
  array.data = std::shared_ptr<const void>(file, file->data);
  return array;
}

//===----------------------------------------------------------------------===//
// Random and zeros
//===----------------------------------------------------------------------===//

static std::optional<SmallVector<int64_t>> parseShape(StringRef text) {
  SmallVector<int64_t> shape;
  SmallVector<StringRef> parts;
  text.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t extent;
    if (!llvm::all_of(part, llvm::isDigit) || part.getAsInteger(10, extent))
      return std::nullopt;
    shape.push_back(extent);
  }
  return shape;
}

/// The shape in elements of a made-up array; `text` is what follows the colon.
static Expected<SmallVector<int64_t>>
chooseShape(const Request &request, StringRef kind,
            std::optional<StringRef> text) {
  const ValueSignature &signature = request.signature;
  ArrayRef<int64_t> type = signature.getLogicalShape();
  if (!text) {
    if (llvm::any_of(type, ShapedType::isDynamic))
      return request.fail(
          "needs a shape, as its type has dynamic extents: --input=" + kind +
          ":" +
          llvm::join(
              llvm::map_range(type,
                              [](int64_t extent) {
                                return std::to_string(
                                    ShapedType::isDynamic(extent) ? 8 : extent);
                              }),
              "x"));
    return SmallVector<int64_t>(type);
  }
  std::optional<SmallVector<int64_t>> shape = parseShape(*text);
  if (!shape)
    return request.fail("'" + *text +
                        "' is no shape; expected for example 4x64");
  bool fits = shape->size() == type.size();
  for (auto [expected, found] : llvm::zip(type, *shape))
    fits &= ShapedType::isDynamic(expected) || expected == found;
  if (!fits)
    return request.fail("the shape " + *text + " does not fit, expected " +
                        printShape(type) + " (in elements)");
  if (sharesBytes(signature) && !type.empty() &&
      ShapedType::isDynamic(type.back())) {
    int64_t group = 8 / std::gcd(8u, signature.getElementBits());
    if (shape->back() % group != 0)
      return request.fail("a dynamic row of elements of " +
                          llvm::Twine(signature.getElementBits()) +
                          " bits has a multiple of " + llvm::Twine(group) +
                          " of them (its length is told by its bytes), found " +
                          llvm::Twine(shape->back()));
  }
  return *shape;
}

static void fillRandom(const Request &request, uint64_t seed, void *data,
                       ArrayRef<int64_t> shape) {
  const ValueSignature &signature = request.signature;
  RandomChoice choice = getRandomChoice(request.argument);
  lowbit_npy_dtype dtype = getDtype(signature);
  lowbit_value value = {};
  value.codes = choice.codes.data();
  value.num_codes = choice.codes.size();
  value.low = choice.low;
  value.high = choice.high;
  value.bits = signature.getElementBits();
  value.kind = dtype.kind;
  value.size = dtype.size;
  value.is_bfloat = signature.getElementType().isBF16();
  // A scalar of a few bits has a container of its own; like a row of one.
  int64_t length = shape.empty() ? 1 : shape.back();
  int64_t rows = length == 0 ? 0 : ShapedType::getNumElements(shape) / length;
  lowbit_fill_random(&value, seed, request.position, data, rows, length,
                     getRowBytes(signature, length));
}

static Expected<Array> makeUp(const Request &request, StringRef kind,
                              std::optional<StringRef> shapeText,
                              uint64_t seed) {
  Expected<SmallVector<int64_t>> shape = chooseShape(request, kind, shapeText);
  if (!shape)
    return shape.takeError();
  Array array{request.signature, std::move(*shape), {}};
  SmallVector<int64_t> packed = array.getPackedShape();
  int64_t count = lowbit_npy_count(packed.size(), packed.data());
  if (count < 0 || count > PTRDIFF_MAX / 8)
    return request.fail("the shape " + printShape(array.shape) +
                        " has more elements than memory can hold");
  std::shared_ptr<void> memory = allocate(array.getNumBytes());
  if (!memory)
    return request.fail("no memory for " + llvm::Twine(array.getNumBytes()) +
                        " bytes");
  if (kind == "random")
    fillRandom(request, seed, memory.get(), array.shape);
  array.data = memory;
  return array;
}

static Expected<Array> makeArgument(const Request &request, StringRef spec,
                                    uint64_t seed) {
  if (StringRef obstacle = getObstacle(request.signature); !obstacle.empty())
    return request.fail(obstacle);
  auto [kind, shape] = spec.split(':');
  if (kind == "random" || kind == "zeros")
    return makeUp(request, kind,
                  spec.contains(':') ? std::optional(shape) : std::nullopt,
                  seed);
  if (spec.empty())
    return request.fail(
        "expected a .npy file, random[:SHAPE] or zeros[:SHAPE], found nothing");
  return readFile(request, spec.str());
}

Expected<SmallVector<Array>>
run::makeArguments(func::FuncOp function, const FunctionSignature &signature,
                   ArrayRef<std::string> specs, uint64_t seed) {
  size_t count = signature.arguments.size();
  if (!specs.empty() && specs.size() != count) {
    std::string message;
    llvm::raw_string_ostream(message)
        << "'@" << signature.name << "' takes " << count
        << (count == 1 ? " argument, " : " arguments, ") << specs.size()
        << " --input given";
    for (auto [i, value] : llvm::enumerate(signature.arguments))
      message += "\n  #" + std::to_string(i) + ": " + printType(value.type);
    return llvm::createStringError(message);
  }
  SmallVector<Array> arguments;
  for (auto [i, value] : llvm::enumerate(signature.arguments)) {
    Request request{function.getArgument(i), static_cast<unsigned>(i), value};
    Expected<Array> array =
        makeArgument(request, specs.empty() ? "random" : specs[i], seed);
    if (!array)
      return array.takeError();
    arguments.push_back(std::move(*array));
  }
  return arguments;
}
