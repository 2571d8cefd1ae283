//===- LowbitTypes.cpp - Minifloat, log and codebook types -------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace lowbit;

#define GET_TYPEDEF_CLASSES
#include "lowbit/Dialect/Lowbit/IR/LowbitTypes.cpp.inc"

void LowbitDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "lowbit/Dialect/Lowbit/IR/LowbitTypes.cpp.inc"
      >();
}

/// The format of a type that has been verified.
static Format cantFailFormat(llvm::Expected<Format> format) {
  return llvm::cantFail(std::move(format));
}

/// Parses a number that may not be negative (AsmParser would let it wrap).
static ParseResult parseUnsigned(AsmParser &parser, unsigned &value) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t number = 0;
  if (parser.parseInteger(number))
    return failure();
  if (number < 0 || number > std::numeric_limits<unsigned>::max())
    return parser.emitError(loc, "expected a number of 0 or more that fits "
                                 "into 32 bits, found ")
           << number;
  value = static_cast<unsigned>(number);
  return success();
}

/// Reports a broken rule of docs/Formats.md.
static LogicalResult emitRule(function_ref<InFlightDiagnostic()> emitError,
                              llvm::Error error) {
  return emitError() << llvm::toString(std::move(error));
}

//===----------------------------------------------------------------------===//
// MinifloatType
//===----------------------------------------------------------------------===//

MinifloatType MinifloatType::get(MLIRContext *context, const Format &format) {
  assert(format.getKind() == FormatKind::Float && "not a float format");
  return get(context, format.getExponentBits(), format.getMantissaBits(),
             format.isSigned(), format.getNonFinite(), format.getBias());
}

LogicalResult
MinifloatType::verify(function_ref<InFlightDiagnostic()> emitError,
                      unsigned exponentBits, unsigned mantissaBits,
                      bool hasSign, NonFinite nonFinite, int64_t bias) {
  llvm::Expected<Format> format =
      Format::getFloat(exponentBits, mantissaBits, hasSign, nonFinite, bias);
  if (!format)
    return emitRule(emitError, format.takeError());
  if (std::optional<StringRef> twin = format->getBuiltinTwin())
    return emitError() << "F6: '!lowbit.minifloat<"
                       << format->getMinifloatText()
                       << ">' is the builtin type " << *twin << "; write that";
  return success();
}

Format MinifloatType::getFormat() const {
  return cantFailFormat(Format::getFloat(getExponentBits(), getMantissaBits(),
                                         getHasSign(), getNonFinite(),
                                         getBias()));
}

Type MinifloatType::parse(AsmParser &parser) {
  StringRef text;
  std::optional<int64_t> bias;
  SMLoc loc;
  if (parser.parseLess() || parser.getCurrentLocation(&loc) ||
      parser.parseKeyword(&text))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    int64_t value;
    if (parser.parseKeyword("bias") || parser.parseEqual() ||
        parser.parseInteger(value))
      return {};
    bias = value;
  }
  if (parser.parseGreater())
    return {};
  llvm::Expected<Format> format = Format::parseFloat(text, bias);
  if (!format) {
    parser.emitError(loc, llvm::toString(format.takeError()));
    return {};
  }
  return parser.getChecked<MinifloatType>(
      loc, parser.getContext(), format->getExponentBits(),
      format->getMantissaBits(), format->isSigned(), format->getNonFinite(),
      format->getBias());
}

void MinifloatType::print(AsmPrinter &printer) const {
  // The format knows its own spelling: "minifloat<e5m3fn>".
  std::string name = getFormat().getName();
  printer << StringRef(name).drop_front(getMnemonic().size());
}

//===----------------------------------------------------------------------===//
// LogType
//===----------------------------------------------------------------------===//

LogicalResult LogType::verify(function_ref<InFlightDiagnostic()> emitError,
                              unsigned width, unsigned fractionBits) {
  llvm::Expected<Format> format = Format::getLog(width, fractionBits);
  if (!format)
    return emitRule(emitError, format.takeError());
  return success();
}

Format LogType::getFormat() const {
  return cantFailFormat(Format::getLog(getWidth(), getFractionBits()));
}

Type LogType::parse(AsmParser &parser) {
  unsigned width = 0, fractionBits = 0;
  SMLoc loc;
  if (parser.parseLess() || parser.getCurrentLocation(&loc) ||
      parseUnsigned(parser, width))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      (parser.parseKeyword("frac") || parser.parseEqual() ||
       parseUnsigned(parser, fractionBits)))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<LogType>(loc, parser.getContext(), width,
                                    fractionBits);
}

void LogType::print(AsmPrinter &printer) const {
  printer << '<' << getWidth();
  if (getFractionBits())
    printer << ", frac = " << getFractionBits();
  printer << '>';
}

//===----------------------------------------------------------------------===//
// CodebookType
//===----------------------------------------------------------------------===//

CodebookType CodebookType::get(StringAttr name) {
  std::optional<Format> format = Format::getNamedCodebook(name);
  assert(format && "no codebook of that name");
  return get(name.getContext(), format->getBits(), name, DenseF32ArrayAttr());
}

CodebookType CodebookType::get(DenseF32ArrayAttr values) {
  return get(values.getContext(), llvm::Log2_64(values.size()), StringAttr(),
             values);
}

LogicalResult CodebookType::verify(function_ref<InFlightDiagnostic()> emitError,
                                   unsigned width, StringAttr name,
                                   DenseF32ArrayAttr values) {
  if (!name == !values)
    return emitError() << "F12: a codebook has either a name or values";
  if (name) {
    std::optional<Format> format = Format::getNamedCodebook(name);
    if (!format)
      return emitError() << "F12: no codebook is named '" << name.getValue()
                         << "'; the named ones are "
                         << llvm::join(Format::getCodebookNames(), ", ");
    if (format->getBits() != width)
      return emitError() << "F12: codebook '" << name.getValue() << "' has "
                         << format->getBits() << " bits, not " << width;
    return success();
  }
  llvm::Expected<Format> format =
      Format::getCodebook(width, values.asArrayRef());
  if (!format)
    return emitRule(emitError, format.takeError());
  for (StringRef known : Format::getCodebookNames())
    if (*format == *Format::getNamedCodebook(known))
      return emitError() << "F13: this list of values is the codebook '"
                         << known << "'; write !lowbit.codebook<" << width
                         << ", " << known << ">";
  return success();
}

Format CodebookType::getFormat() const {
  if (getName())
    return *Format::getNamedCodebook(getName());
  return cantFailFormat(
      Format::getCodebook(getWidth(), getValues().asArrayRef()));
}

/// Parses one value of a list, a float or an integer literal, and rounds it to
/// the nearest f32.
static ParseResult parseCodebookValue(AsmParser &parser, float &value) {
  SMLoc loc = parser.getCurrentLocation();
  auto fail = [&] {
    return parser.emitError(loc, "expected a number without a type in the "
                                 "values of the codebook");
  };
  // A look at the next character keeps parseAttribute from recursing into
  // whatever else may stand there.
  char next = *loc.getPointer();
  if (next != '-' && !llvm::isDigit(next))
    return fail();
  Attribute attr;
  if (parser.parseAttribute(attr))
    return failure();
  llvm::APFloat number(0.0);
  if (auto literal = dyn_cast<FloatAttr>(attr);
      literal && literal.getType().isF64()) {
    number = literal.getValue();
  } else if (auto literal = dyn_cast<IntegerAttr>(attr);
             literal && literal.getType().isSignlessInteger(64)) {
    // MLIR takes what fits into 64 bits without a sign for a negative number.
    if (next != '-' && literal.getValue().isNegative())
      return parser.emitError(loc, "integer out of range");
    number.convertFromAPInt(literal.getValue(), /*IsSigned=*/true,
                            llvm::APFloat::rmNearestTiesToEven);
  } else {
    return fail();
  }
  bool losesInfo;
  number.convert(llvm::APFloat::IEEEsingle(),
                 llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  value = number.convertToFloat();
  return success();
}

Type CodebookType::parse(AsmParser &parser) {
  MLIRContext *context = parser.getContext();
  unsigned width = 0;
  SMLoc loc;
  if (parser.parseLess() || parser.getCurrentLocation(&loc) ||
      parseUnsigned(parser, width) || parser.parseComma())
    return {};
  StringRef name;
  StringAttr nameAttr;
  DenseF32ArrayAttr values;
  if (succeeded(parser.parseOptionalKeyword(&name))) {
    nameAttr = StringAttr::get(context, name);
  } else {
    SmallVector<float> list;
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
          return parseCodebookValue(parser, list.emplace_back());
        }))
      return {};
    values = DenseF32ArrayAttr::get(context, list);
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<CodebookType>(loc, context, width, nameAttr, values);
}

void CodebookType::print(AsmPrinter &printer) const {
  if (getName()) {
    printer << '<' << getWidth() << ", " << getName().getValue() << '>';
    return;
  }
  std::string name = getFormat().getName();
  printer << StringRef(name).drop_front(getMnemonic().size());
}

//===----------------------------------------------------------------------===//
// Data layout. The compiled form is lowbit-to-bytes' business; what is given
// here is one container per element, as a memref of such a type would hold
// before that pass.
//===----------------------------------------------------------------------===//

static uint64_t getContainerBytes(unsigned bits) { return bits <= 8 ? 1 : 2; }

#define LOWBIT_DATA_LAYOUT(TYPE)                                               \
  llvm::TypeSize TYPE::getTypeSizeInBits(const DataLayout &,                   \
                                         DataLayoutEntryListRef) const {       \
    return llvm::TypeSize::getFixed(getBitWidth(*this));                       \
  }                                                                            \
  uint64_t TYPE::getABIAlignment(const DataLayout &, DataLayoutEntryListRef)   \
      const {                                                                  \
    return getContainerBytes(getBitWidth(*this));                              \
  }                                                                            \
  uint64_t TYPE::getPreferredAlignment(const DataLayout &,                     \
                                       DataLayoutEntryListRef) const {         \
    return getContainerBytes(getBitWidth(*this));                              \
  }
LOWBIT_DATA_LAYOUT(MinifloatType)
LOWBIT_DATA_LAYOUT(LogType)
LOWBIT_DATA_LAYOUT(CodebookType)
#undef LOWBIT_DATA_LAYOUT

//===----------------------------------------------------------------------===//
// Questions about any type
//===----------------------------------------------------------------------===//

/// MLIR's keyword for a builtin float type; empty for wider ones.
static StringRef getBuiltinFloatName(Type type) {
  return TypeSwitch<Type, StringRef>(type)
#define CASE(TYPE, NAME) .Case<TYPE>([](Type) { return NAME; })
      CASE(Float4E2M1FNType, "f4E2M1FN") CASE(Float6E2M3FNType, "f6E2M3FN")
          CASE(Float6E3M2FNType, "f6E3M2FN") CASE(Float8E3M4Type, "f8E3M4")
              CASE(Float8E4M3B11FNUZType, "f8E4M3B11FNUZ")
                  CASE(Float8E4M3FNType, "f8E4M3FN")
                      CASE(Float8E4M3FNUZType, "f8E4M3FNUZ")
                          CASE(Float8E4M3Type, "f8E4M3")
                              CASE(Float8E5M2FNUZType, "f8E5M2FNUZ")
                                  CASE(Float8E5M2Type, "f8E5M2")
                                      CASE(Float8E8M0FNUType, "f8E8M0FNU")
                                          CASE(Float16Type, "f16")
                                              CASE(BFloat16Type, "bf16")
                                                  CASE(Float32Type, "f32")
                                                      CASE(Float64Type, "f64")
#undef CASE
                                                          .Default([](Type) {
                                                            return StringRef();
                                                          });
}

std::optional<Format> lowbit::getFormat(Type type) {
  if (auto formatType = dyn_cast<FormatTypeInterface>(type))
    return formatType.getFormat();
  if (auto integer = dyn_cast<IntegerType>(type)) {
    if (integer.getWidth() < 2 || integer.getWidth() > 8)
      return std::nullopt;
    return getIntegerFormat(integer);
  }
  StringRef name = getBuiltinFloatName(type);
  if (name.empty())
    return std::nullopt;
  return Format::getBuiltin(name);
}

Format lowbit::getIntegerFormat(IntegerType type) {
  return Format::getInteger(type.getWidth(), !type.isUnsigned());
}

std::optional<Format> lowbit::getElementFormat(Type type) {
  return getFormat(getElementTypeOrSelf(type));
}

unsigned lowbit::getBitWidth(Type type) {
  return TypeSwitch<Type, unsigned>(type)
      .Case<LogType, CodebookType>([](auto t) { return t.getWidth(); })
      .Case([](MinifloatType t) {
        return t.getExponentBits() + t.getMantissaBits() + t.getHasSign();
      })
      .Default([](Type t) { return t.getIntOrFloatBitWidth(); });
}

bool lowbit::isLowBitType(Type type) {
  if (isa<FormatTypeInterface>(type))
    return true;
  if (auto integer = dyn_cast<IntegerType>(type))
    return !integer.isSignless() ||
           (integer.getWidth() >= 2 && integer.getWidth() <= 7);
  auto floatType = dyn_cast<FloatType>(type);
  return floatType && floatType.getWidth() < 16;
}
