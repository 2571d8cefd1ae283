//===- Kernel.h - The interface of a target's kernels -----------*- C++ -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel says for which products it works and how its operands must lie
// (a plan), and emits the code of one tile. lowbit-pack, lowbit-tile and
// lowbit-lower-kernels ask through this interface and name no instruction.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_TARGET_KERNEL_H
#define LOWBIT_TARGET_KERNEL_H

#include "lowbit/Target/Machine.h"
#include "lowbit/Target/MatmulProblem.h"

#include <memory>

namespace lowbit {

/// How a product is computed: what lowbit-pack has to prepare.
struct KernelPlan {
  KernelAttr kernel;

  /// The activations become f32, or integers: value * 2^aShift, less the zero
  /// point if the type is i16 (an i8 plan takes activations without one).
  mlir::Type aElement;
  unsigned aShift = 0;
  /// Take the sums of the activations over each group: they are multiplied by
  /// this constant, or by a stored zero point (then 1). 0: not needed.
  int64_t sumFactor = 0;
  /// The scale of A holds for a group, not for a whole row. (f32 activations
  /// are read through their scale beforehand.)
  bool groupedScaleA = false;

  /// The layout of B's codes, with the integer to store for each code (empty:
  /// the code itself).
  LayoutAttr layoutB;
  llvm::SmallVector<int32_t> tableB;
  /// The layouts of scales and zero points, over (column, group).
  LayoutAttr layoutScale;
  LayoutAttr layoutZeroPoint;
  /// The integer to store for each code of a zero point (empty: its value).
  llvm::SmallVector<int32_t> tableZeroPoint;

  /// B is dequantized to f32 as a whole before it is packed as f32.
  bool dequantizeB = false;
};

/// What the tiles of a kernel look like: what lowbit-lower-kernels checks
/// before it asks for code, since anybody may write a kernel attribute.
struct TileForm {
  /// The element type of A.
  mlir::Type aElement;
  int64_t columns;
  /// K of a step; unit and group are multiples.
  int64_t step;
  /// Bits of a packed element of B.
  unsigned bits;
  /// Zero points are applied to sums of A, which then must be there; if not,
  /// to each weight, as integers.
  bool appliesSums;
};

class MatmulKernel {
public:
  virtual ~MatmulKernel() = default;

  /// The name in IR, remarks and reports, `<target>.<kernel>`.
  virtual llvm::StringRef getName() const = 0;

  /// A plan for `problem` on `machine`; an error says in a few words why there
  /// is none.
  virtual llvm::Expected<KernelPlan> plan(const MatmulProblem &problem,
                                          const Machine &machine) const = 0;

  /// The form of tiles of `kernel`, which has this kernel's name; an error if
  /// it does not take weights of such a format.
  virtual llvm::Expected<TileForm> getTileForm(KernelAttr kernel) const = 0;

  /// The code of one tile, on tensors and vectors: the result that replaces
  /// `op`, whose `a` has one of the kernel's row counts and `b` one panel, and
  /// which has the form that getTileForm gives.
  virtual mlir::Value emitTile(mlir::OpBuilder &builder,
                               PackedMatmulOp op) const = 0;

  /// The code of a lowbit.decode_panel: the result that replaces `op`. Only for
  /// kernels whose plans have a `decoding`; others return null.
  virtual mlir::Value emitDecode(mlir::OpBuilder & /*builder*/,
                                 DecodePanelOp /*op*/) const {
    return {};
  }
};

/// One machine family: its kernels, fastest first.
class Target {
public:
  virtual ~Target() = default;
  virtual llvm::StringRef getName() const = 0;
  /// Whether `machine` belongs to the family and has the least that its
  /// kernels need.
  virtual bool supports(const Machine &machine) const = 0;
  virtual llvm::ArrayRef<std::unique_ptr<MatmulKernel>> getKernels() const = 0;
};

/// All targets, the most special first; `Portable`, which supports every
/// machine and every product, last.
llvm::ArrayRef<const Target *> getTargets();

/// The kernel of this name, null if there is none.
const MatmulKernel *lookUpKernel(llvm::StringRef name);

/// What was chosen, and what was not.
struct KernelChoice {
  const MatmulKernel *kernel;
  KernelPlan plan;
  struct Rejection {
    llvm::StringRef kernel;
    std::string reason;
  };
  /// The kernels of supported targets that come before the chosen one.
  llvm::SmallVector<Rejection> rejected;
  /// A Portable kernel on a machine that another target supports.
  bool isFallback;
};

/// The first kernel with a plan. The portable kernels have one for every
/// verified lowbit.matmul.
KernelChoice chooseKernel(const MatmulProblem &problem, const Machine &machine);

} // namespace lowbit

#endif // LOWBIT_TARGET_KERNEL_H
