//===- Evaluator.h - Inside the reference evaluator -------------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two tables hold all that the evaluator knows of ops. A *kernel* is an op on
// scalars, which the evaluator applies to scalars and element by element to
// vectors and tensors, and which the body of a linalg op is compiled to. A
// *handler* is any other op, or all ops with an interface. Each dialect's file
// fills in its part.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_LIB_REFERENCE_EVALUATOR_H
#define LOWBIT_LIB_REFERENCE_EVALUATOR_H

#include "lowbit/Numerics/Codec.h"
#include "lowbit/Reference/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

#include <functional>

namespace lowbit::reference {

/// Scalar operands in, scalar results out. Returns what is wrong with the
/// operands, or null.
using Kernel = std::function<const char *(const uint64_t *, uint64_t *)>;

/// The kernel of one op; reports at the op what cannot be evaluated.
using KernelFactory = mlir::FailureOr<Kernel> (*)(mlir::Operation *);

class Evaluator;
using Handler = mlir::LogicalResult (*)(Evaluator &, mlir::Operation *);

struct OpTable {
  llvm::StringMap<KernelFactory> kernels;
  llvm::StringMap<Handler> handlers;
  /// Which ops, and how: for ops that are in neither map.
  llvm::SmallVector<std::pair<bool (*)(mlir::Operation *), Handler>> families;
};

void registerAffineOps(OpTable &table);
void registerArithOps(OpTable &table);
void registerConstants(OpTable &table);
void registerMathOps(OpTable &table);
void registerTensorOps(OpTable &table);
void registerVectorOps(OpTable &table);
void registerLinalgOps(OpTable &table);
void registerControlFlowOps(OpTable &table);
void registerLowbitOps(OpTable &table);
void registerQuantOps(OpTable &table);

/// Runs functions: one frame of values per call.
class Evaluator {
public:
  using Values = llvm::SmallVector<Tensor>;

  explicit Evaluator(MatmulObserver observer = {});

  /// Calls `function`; `caller` is where arguments that do not fit are
  /// reported.
  mlir::FailureOr<Values> call(mlir::func::FuncOp function,
                               llvm::ArrayRef<Tensor> args,
                               mlir::Operation *caller);

  /// Runs a block with these arguments up to its return or yield, whose
  /// operands are the result.
  mlir::FailureOr<Values> runBlock(mlir::Block &block,
                                   llvm::ArrayRef<Tensor> args);

  /// The value of an operand of the op that is being evaluated.
  const Tensor &get(mlir::Value value) const;
  /// The same as an integer (of an index or integer scalar).
  int64_t getInteger(mlir::Value value) const;
  int64_t getInteger(mlir::OpFoldResult value) const;
  llvm::SmallVector<int64_t>
  getIntegers(llvm::ArrayRef<mlir::OpFoldResult> values) const;

  /// Sets a result; an error if its type does not allow the value's shape.
  mlir::LogicalResult set(mlir::OpResult result, Tensor value);
  /// Sets all results of `op`.
  mlir::LogicalResult set(mlir::Operation *op, Values values);

  /// A tensor of zeros; an error if an extent is negative or there are more
  /// elements than the evaluator takes.
  mlir::FailureOr<Tensor> makeTensor(mlir::Operation *op,
                                     mlir::Type elementType,
                                     llvm::ArrayRef<int64_t> shape) const;

  /// The kernel of `op`: null if it has none, failure after a diagnostic.
  mlir::FailureOr<const Kernel *> getKernel(mlir::Operation *op);

  /// Values of constants, kept over the calls of one evaluator.
  llvm::DenseMap<mlir::Operation *, Tensor> constants;
  /// Loop indices of the linalg ops whose bodies are being run, the innermost
  /// last.
  llvm::SmallVector<llvm::ArrayRef<int64_t>> loopIndices;
  /// Null if nobody watches.
  MatmulObserver observer;

private:
  using Frame = llvm::DenseMap<mlir::Value, Tensor>;

  mlir::LogicalResult evaluate(mlir::Operation *op);
  mlir::LogicalResult evaluateElementwise(mlir::Operation *op,
                                          const Kernel &kernel);

  OpTable table;
  llvm::DenseMap<mlir::Operation *, Kernel> kernels;
  Frame *frame = nullptr;
  unsigned depth = 0;
};

/// The value of an affine expression; nullopt where it divides by zero or by a
/// negative number, or overflows 64 bits.
std::optional<int64_t> evaluateAffine(mlir::AffineExpr expr,
                                      llvm::ArrayRef<int64_t> dims,
                                      llvm::ArrayRef<int64_t> symbols);

/// Reports `message` about scalar operands, with their values.
mlir::LogicalResult emitKernelError(mlir::Operation *op, const char *message,
                                    llvm::ArrayRef<uint64_t> operands);

/// "2x3", or "scalar" without dimensions.
std::string shapeToString(llvm::ArrayRef<int64_t> shape);

/// Row-major strides.
llvm::SmallVector<int64_t> getStrides(llvm::ArrayRef<int64_t> shape);

/// The row-major index of the element at `index`. An error at `op` if that is
/// out of bounds, which it calls an index into `what`.
mlir::FailureOr<int64_t> getElement(mlir::Operation *op, llvm::StringRef what,
                                    llvm::ArrayRef<int64_t> index,
                                    llvm::ArrayRef<int64_t> shape);

/// Calls `fn` with every multi-dimensional index of `shape` in row-major order
/// until it fails.
mlir::LogicalResult forEachIndex(
    llvm::ArrayRef<int64_t> shape,
    llvm::function_ref<mlir::LogicalResult(llvm::ArrayRef<int64_t>)> fn);

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

/// Reading and writing numbers of one format as doubles, and computing with
/// them. Values of f32 and f64 go the short way.
///
/// A sum, product, quotient or root of numbers with at most 24 significant bits
/// may be computed in double and then rounded to a format with as many bits, at
/// any exponent: the result is that of one rounding. For a double rounding to
/// go wrong, the exact result must be within 2^-53 (relative) of a number with
/// one bit more than the format, without being it; and with p bits per operand
/// it is at least 2^-(2p+2) away from it (Figueroa, "When is double rounding
/// innocuous?", 1995). f64 operations are the machine's own. `fma` is another
/// matter: see there.
class FloatAccess {
public:
  /// Of a type with a number format.
  explicit FloatAccess(mlir::Type type);

  const Format &getFormat() const { return format; }
  double read(uint64_t code) const;
  /// Rounded to nearest even, overflow as IEEE 754 has it. Every NaN gives the
  /// same code.
  uint64_t write(double value) const;
  /// The same from an integer, which is rounded once.
  uint64_t writeInteger(int64_t value) const;
  uint64_t writeInteger(uint64_t value) const;

  /// The operations of IEEE 754, each rounded once to nearest even.
  uint64_t add(uint64_t lhs, uint64_t rhs) const {
    return write(read(lhs) + read(rhs));
  }
  uint64_t multiply(uint64_t lhs, uint64_t rhs) const {
    return write(read(lhs) * read(rhs));
  }
  uint64_t fma(uint64_t a, uint64_t b, uint64_t c) const;
  uint64_t negate(uint64_t code) const;
  /// -0 is less than +0; the other operand of a NaN, if `ignoreNaN`.
  uint64_t maximum(uint64_t lhs, uint64_t rhs, bool ignoreNaN) const;
  uint64_t minimum(uint64_t lhs, uint64_t rhs, bool ignoreNaN) const;

private:
  enum class Kind { F32, F64, Other };
  Format format;
  Kind kind;
};

} // namespace lowbit::reference

#endif // LOWBIT_LIB_REFERENCE_EVALUATOR_H
