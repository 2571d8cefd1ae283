//===- ToBytesTest.cpp - Moved and packed elements in compiled code -------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions on low-bit tensors, compiled by way of lowbit-to-bytes and called
// with packed buffers, against the reference evaluator on the module as it was
// written. Results are compared byte by byte: unused bits must be 0. Inputs
// have random unused bits, which must not matter where elements are read.
//
//===----------------------------------------------------------------------===//

#include "Compiled.h"

#include "lowbit/Dialect/Lowbit/IR/Lowbit.h"
#include "lowbit/InitAll.h"
#include "lowbit/Numerics/Tensor.h"
#include "lowbit/Reference/Interpreter.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

#include <random>

using namespace lowbit;
using namespace lowbit::test;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

namespace {

/// A function @f with one result, and the shapes of its arguments in a call
/// where their types do not say them. `$T` stands for the element type, `$B`
/// for the signless integer of its width.
struct Program {
  const char *name;
  const char *text;
  std::vector<SmallVector<int64_t>> shapes = {};
  /// Rows move as they are, and their unused bits with them.
  bool movesRows = false;
};

// clang-format off
const Program programs[] = {
  {"transpose", R"(
    func.func @f(%a: tensor<5x7x$T>, %o: tensor<7x5x$T>) -> tensor<7x5x$T> {
      %0 = linalg.transpose ins(%a : tensor<5x7x$T>) outs(%o : tensor<7x5x$T>) permutation = [1, 0]
      return %0 : tensor<7x5x$T>
    })"},
  {"copy_even", R"(
    func.func @f(%a: tensor<3x16x$T>) -> tensor<3x16x$T> {
      %e = tensor.empty() : tensor<3x16x$T>
      %0 = linalg.copy ins(%a : tensor<3x16x$T>) outs(%e : tensor<3x16x$T>) -> tensor<3x16x$T>
      return %0 : tensor<3x16x$T>
    })"},
  {"copy_ragged", R"(
    func.func @f(%a: tensor<3x13x$T>) -> tensor<3x13x$T> {
      %e = tensor.empty() : tensor<3x13x$T>
      %0 = linalg.copy ins(%a : tensor<3x13x$T>) outs(%e : tensor<3x13x$T>) -> tensor<3x13x$T>
      return %0 : tensor<3x13x$T>
    })"},
  {"copy_dynamic", R"(
    func.func @f(%a: tensor<?x?x$T>) -> tensor<?x?x$T> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %m = tensor.dim %a, %c0 : tensor<?x?x$T>
      %n = tensor.dim %a, %c1 : tensor<?x?x$T>
      %e = tensor.empty(%m, %n) : tensor<?x?x$T>
      %0 = linalg.copy ins(%a : tensor<?x?x$T>) outs(%e : tensor<?x?x$T>) -> tensor<?x?x$T>
      return %0 : tensor<?x?x$T>
    })", {{3, 16}}},
  {"copy_empty", R"(
    func.func @f(%a: tensor<?x8x$T>) -> tensor<?x8x$T> {
      %c0 = arith.constant 0 : index
      %m = tensor.dim %a, %c0 : tensor<?x8x$T>
      %e = tensor.empty(%m) : tensor<?x8x$T>
      %0 = linalg.copy ins(%a : tensor<?x8x$T>) outs(%e : tensor<?x8x$T>) -> tensor<?x8x$T>
      return %0 : tensor<?x8x$T>
    })", {{0, 8}}},
  {"copy_no_rows", R"(
    func.func @f(%a: tensor<0x8x$T>) -> tensor<0x8x$T> {
      %e = tensor.empty() : tensor<0x8x$T>
      %0 = linalg.copy ins(%a : tensor<0x8x$T>) outs(%e : tensor<0x8x$T>) -> tensor<0x8x$T>
      return %0 : tensor<0x8x$T>
    })"},
  {"copy_empty_rows", R"(
    func.func @f(%a: tensor<3x0x$T>) -> tensor<3x0x$T> {
      %e = tensor.empty() : tensor<3x0x$T>
      %0 = linalg.copy ins(%a : tensor<3x0x$T>) outs(%e : tensor<3x0x$T>) -> tensor<3x0x$T>
      return %0 : tensor<3x0x$T>
    })"},
  {"mixed_extents_written", R"(
    func.func @f(%a: tensor<?xi32>) -> tensor<5x$T> {
      %e = tensor.empty() : tensor<5x$T>
      %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
          ins(%a : tensor<?xi32>) outs(%e : tensor<5x$T>) {
      ^bb0(%x: i32, %out: $T):
        %c = arith.trunci %x : i32 to $B
        %q = lowbit.bitcast %c : $B to $T
        linalg.yield %q : $T
      } -> tensor<5x$T>
      return %0 : tensor<5x$T>
    })", {{5}}},
  {"mixed_extents_read", R"(
    func.func @f(%b: tensor<?xi32>, %a: tensor<5x$T>) -> tensor<?xi32> {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %b, %c0 : tensor<?xi32>
      %e = tensor.empty(%n) : tensor<?xi32>
      %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
          ins(%b, %a : tensor<?xi32>, tensor<5x$T>) outs(%e : tensor<?xi32>) {
      ^bb0(%y: i32, %x: $T, %out: i32):
        %c = lowbit.bitcast %x : $T to $B
        %w = arith.extui %c : $B to i32
        %s = arith.addi %w, %y : i32
        linalg.yield %s : i32
      } -> tensor<?xi32>
      return %0 : tensor<?xi32>
    })", {{5}}},
  {"extent_that_turns_out_to_be_1", R"(
    func.func @f(%a: tensor<1x8xi32>) -> tensor<1x8x$T> {
      %d = tensor.cast %a : tensor<1x8xi32> to tensor<?x8xi32>
      %c0 = arith.constant 0 : index
      %n = tensor.dim %d, %c0 : tensor<?x8xi32>
      %e = tensor.empty(%n) : tensor<?x8x$T>
      %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
          ins(%d : tensor<?x8xi32>) outs(%e : tensor<?x8x$T>) {
      ^bb0(%x: i32, %out: $T):
        %c = arith.trunci %x : i32 to $B
        %q = lowbit.bitcast %c : $B to $T
        linalg.yield %q : $T
      } -> tensor<?x8x$T>
      %r = tensor.cast %0 : tensor<?x8x$T> to tensor<1x8x$T>
      return %r : tensor<1x8x$T>
    })"},
  {"sizes_that_are_constants", R"(
    func.func @f(%a: tensor<3x16x$T>) -> tensor<?x?x$T> {
      %c2 = arith.constant 2 : index
      %c8 = arith.constant 8 : index
      %e = tensor.empty(%c2, %c8) : tensor<?x?x$T>
      %s = tensor.extract_slice %a[1, 8] [%c2, %c8] [1, 1] : tensor<3x16x$T> to tensor<?x?x$T>
      %0 = linalg.copy ins(%s : tensor<?x?x$T>) outs(%e : tensor<?x?x$T>) -> tensor<?x?x$T>
      return %0 : tensor<?x?x$T>
    })"},
  {"codes_out", R"(
    func.func @f(%a: tensor<3x16x$T>) -> tensor<3x16xi32> {
      %e = tensor.empty() : tensor<3x16xi32>
      %0 = linalg.map ins(%a : tensor<3x16x$T>) outs(%e : tensor<3x16xi32>) (%x: $T, %out: i32) {
        %c = lowbit.bitcast %x : $T to $B
        %w = arith.extui %c : $B to i32
        linalg.yield %w : i32
      }
      return %0 : tensor<3x16xi32>
    })"},
  {"codes_out_ragged", R"(
    func.func @f(%a: tensor<3x11x$T>) -> tensor<3x11xi32> {
      %e = tensor.empty() : tensor<3x11xi32>
      %0 = linalg.map ins(%a : tensor<3x11x$T>) outs(%e : tensor<3x11xi32>) (%x: $T, %out: i32) {
        %c = lowbit.bitcast %x : $T to $B
        %w = arith.extsi %c : $B to i32
        linalg.yield %w : i32
      }
      return %0 : tensor<3x11xi32>
    })"},
  {"codes_out_transposed", R"(
    func.func @f(%a: tensor<3x16x$T>) -> tensor<16x3xi32> {
      %e = tensor.empty() : tensor<16x3xi32>
      %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%a : tensor<3x16x$T>) outs(%e : tensor<16x3xi32>) {
      ^bb0(%x: $T, %out: i32):
        %c = lowbit.bitcast %x : $T to $B
        %w = arith.extui %c : $B to i32
        %i = linalg.index 0 : index
        %j = linalg.index 1 : index
        %k = arith.addi %i, %j : index
        %l = arith.index_cast %k : index to i32
        %s = arith.shli %w, %l : i32
        linalg.yield %s : i32
      } -> tensor<16x3xi32>
      return %0 : tensor<16x3xi32>
    })"},
  {"codes_in", R"(
    func.func @f(%a: tensor<3x16xi32>, %s: tensor<3xi32>) -> tensor<3x16x$T> {
      %e = tensor.empty() : tensor<3x16x$T>
      %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%a, %s : tensor<3x16xi32>, tensor<3xi32>) outs(%e : tensor<3x16x$T>) {
      ^bb0(%x: i32, %y: i32, %out: $T):
        %j = linalg.index 1 : index
        %l = arith.index_cast %j : index to i32
        %z = arith.xori %x, %y : i32
        %v = arith.xori %z, %l : i32
        %c = arith.trunci %v : i32 to $B
        %q = lowbit.bitcast %c : $B to $T
        linalg.yield %q : $T
      } -> tensor<3x16x$T>
      return %0 : tensor<3x16x$T>
    })"},
  {"codes_in_ragged", R"(
    func.func @f(%a: tensor<3x9xi32>) -> tensor<3x9x$T> {
      %e = tensor.empty() : tensor<3x9x$T>
      %0 = linalg.map ins(%a : tensor<3x9xi32>) outs(%e : tensor<3x9x$T>) (%x: i32, %out: $T) {
        %c = arith.trunci %x : i32 to $B
        %q = lowbit.bitcast %c : $B to $T
        linalg.yield %q : $T
      }
      return %0 : tensor<3x9x$T>
    })"},
  {"mixed_widths", R"(
    func.func @f(%a: tensor<3x16x$T>, %b: tensor<3x16xi2>, %d: tensor<16x3xi3>) -> tensor<3x16xi4> {
      %e = tensor.empty() : tensor<3x16xi4>
      %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%a, %b, %d : tensor<3x16x$T>, tensor<3x16xi2>, tensor<16x3xi3>) outs(%e : tensor<3x16xi4>) {
      ^bb0(%x: $T, %y: i2, %z: i3, %out: i4):
        %c = lowbit.bitcast %x : $T to $B
        %xw = arith.extui %c : $B to i32
        %yw = arith.extsi %y : i2 to i32
        %zw = arith.extui %z : i3 to i32
        %s = arith.addi %xw, %yw : i32
        %t = arith.muli %s, %zw : i32
        %r = arith.trunci %t : i32 to i4
        linalg.yield %r : i4
      } -> tensor<3x16xi4>
      return %0 : tensor<3x16xi4>
    })"},
  {"mixed_widths_read", R"(
    func.func @f(%a: tensor<3x16x$T>, %b: tensor<3x16xi2>, %d: tensor<16xi3>) -> tensor<3x16xi32> {
      %e = tensor.empty() : tensor<3x16xi32>
      %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%a, %b, %d : tensor<3x16x$T>, tensor<3x16xi2>, tensor<16xi3>) outs(%e : tensor<3x16xi32>) {
      ^bb0(%x: $T, %y: i2, %z: i3, %out: i32):
        %c = lowbit.bitcast %x : $T to $B
        %xw = arith.extui %c : $B to i32
        %yw = arith.extsi %y : i2 to i32
        %zw = arith.extui %z : i3 to i32
        %s = arith.addi %xw, %yw : i32
        %t = arith.muli %s, %zw : i32
        linalg.yield %t : i32
      } -> tensor<3x16xi32>
      return %0 : tensor<3x16xi32>
    })"},
  {"updated_in_place", R"(
    func.func @f(%a: tensor<3x16x$T>, %o: tensor<3x16x$T>) -> tensor<3x16x$T> {
      %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%a : tensor<3x16x$T>) outs(%o : tensor<3x16x$T>) {
      ^bb0(%x: $T, %y: $T):
        %i = lowbit.bitcast %x : $T to $B
        %j = lowbit.bitcast %y : $T to $B
        %s = arith.addi %i, %j : $B
        %q = lowbit.bitcast %s : $B to $T
        linalg.yield %q : $T
      } -> tensor<3x16x$T>
      return %0 : tensor<3x16x$T>
    })"},
  {"two_results", R"(
    func.func @f(%a: tensor<3x16xi32>) -> tensor<3x16x$T> {
      %e = tensor.empty() : tensor<3x16x$T>
      %w = tensor.empty() : tensor<3x16xi32>
      %0:2 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                             iterator_types = ["parallel", "parallel"]}
          ins(%a : tensor<3x16xi32>) outs(%e, %w : tensor<3x16x$T>, tensor<3x16xi32>) {
      ^bb0(%x: i32, %y: $T, %z: i32):
        %i = arith.trunci %x : i32 to $B
        %q = lowbit.bitcast %i : $B to $T
        linalg.yield %q, %x : $T, i32
      } -> (tensor<3x16x$T>, tensor<3x16xi32>)
      return %0#0 : tensor<3x16x$T>
    })"},
  {"reduction", R"(
    func.func @f(%a: tensor<3x16x$T>) -> tensor<3xi32> {
      %c = arith.constant dense<0> : tensor<3xi32>
      %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
                           iterator_types = ["parallel", "reduction"]}
          ins(%a : tensor<3x16x$T>) outs(%c : tensor<3xi32>) {
      ^bb0(%x: $T, %y: i32):
        %i = lowbit.bitcast %x : $T to $B
        %w = arith.extsi %i : $B to i32
        %s = arith.addi %w, %y : i32
        linalg.yield %s : i32
      } -> tensor<3xi32>
      return %0 : tensor<3xi32>
    })"},
  {"split_rows", R"(
    func.func @f(%a: tensor<3x15x$T>) -> tensor<3x5x3x$T> {
      %e = tensor.empty() : tensor<3x5x3x$T>
      %1 = tensor.expand_shape %a [[0], [1, 2]] output_shape [3, 5, 3] : tensor<3x15x$T> into tensor<3x5x3x$T>
      %0 = linalg.copy ins(%1 : tensor<3x5x3x$T>) outs(%e : tensor<3x5x3x$T>) -> tensor<3x5x3x$T>
      return %0 : tensor<3x5x3x$T>
    })"},
  {"join_rows", R"(
    func.func @f(%a: tensor<3x5x3x$T>) -> tensor<45x$T> {
      %e = tensor.empty() : tensor<45x$T>
      %1 = tensor.collapse_shape %a [[0, 1, 2]] : tensor<3x5x3x$T> into tensor<45x$T>
      %0 = linalg.copy ins(%1 : tensor<45x$T>) outs(%e : tensor<45x$T>) -> tensor<45x$T>
      return %0 : tensor<45x$T>
    })"},
  {"split_whole_rows", R"(
    func.func @f(%a: tensor<3x32x$T>) -> tensor<3x4x8x$T> {
      %e = tensor.empty() : tensor<3x4x8x$T>
      %1 = tensor.expand_shape %a [[0], [1, 2]] output_shape [3, 4, 8] : tensor<3x32x$T> into tensor<3x4x8x$T>
      %0 = linalg.copy ins(%1 : tensor<3x4x8x$T>) outs(%e : tensor<3x4x8x$T>) -> tensor<3x4x8x$T>
      return %0 : tensor<3x4x8x$T>
    })"},
  {"unit_dimensions", R"(
    func.func @f(%a: tensor<5x$T>) -> tensor<1x5x1x$T> {
      %e = tensor.empty() : tensor<1x5x1x$T>
      %1 = tensor.expand_shape %a [[0, 1, 2]] output_shape [1, 5, 1] : tensor<5x$T> into tensor<1x5x1x$T>
      %0 = linalg.copy ins(%1 : tensor<1x5x1x$T>) outs(%e : tensor<1x5x1x$T>) -> tensor<1x5x1x$T>
      return %0 : tensor<1x5x1x$T>
    })"},
  {"rank_0", R"(
    func.func @f(%a: tensor<$T>, %b: tensor<3x$T>) -> tensor<$T> {
      %x = tensor.extract %a[] : tensor<$T>
      %c1 = arith.constant 1 : index
      %y = tensor.extract %b[%c1] : tensor<3x$T>
      %i = lowbit.bitcast %x : $T to $B
      %j = lowbit.bitcast %y : $T to $B
      %s = arith.xori %i, %j : $B
      %q = lowbit.bitcast %s : $B to $T
      %e = tensor.empty() : tensor<$T>
      %0 = tensor.insert %q into %e[] : tensor<$T>
      %1 = tensor.expand_shape %0 [] output_shape [1, 1] : tensor<$T> into tensor<1x1x$T>
      %2 = tensor.collapse_shape %1 [] : tensor<1x1x$T> into tensor<$T>
      return %2 : tensor<$T>
    })"},
  {"rank_0_generic", R"(
    func.func @f(%a: tensor<$T>, %b: tensor<6x$T>) -> tensor<6x$T> {
      %e = tensor.empty() : tensor<6x$T>
      %0 = linalg.generic {indexing_maps = [affine_map<(i) -> ()>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                           iterator_types = ["parallel"]}
          ins(%a, %b : tensor<$T>, tensor<6x$T>) outs(%e : tensor<6x$T>) {
      ^bb0(%x: $T, %y: $T, %z: $T):
        %i = lowbit.bitcast %x : $T to $B
        %j = lowbit.bitcast %y : $T to $B
        %s = arith.subi %i, %j : $B
        %q = lowbit.bitcast %s : $B to $T
        linalg.yield %q : $T
      } -> tensor<6x$T>
      return %0 : tensor<6x$T>
    })"},
  {"extract_element", R"(
    func.func @f(%a: tensor<3x11x$T>, %k: tensor<2xindex>) -> tensor<i32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %i = tensor.extract %k[%c0] : tensor<2xindex>
      %j = tensor.extract %k[%c1] : tensor<2xindex>
      %x = tensor.extract %a[%i, %j] : tensor<3x11x$T>
      %c = lowbit.bitcast %x : $T to $B
      %w = arith.extui %c : $B to i32
      %0 = tensor.from_elements %w : tensor<i32>
      return %0 : tensor<i32>
    })"},
  {"insert_elements", R"(
    func.func @f(%a: tensor<2x9x$T>, %b: tensor<9x$T>) -> tensor<2x9x$T> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c9 = arith.constant 9 : index
      %0 = scf.for %j = %c0 to %c9 step %c2 iter_args(%t = %a) -> tensor<2x9x$T> {
        %x = tensor.extract %b[%j] : tensor<9x$T>
        %1 = tensor.insert %x into %t[%c1, %j] : tensor<2x9x$T>
        scf.yield %1 : tensor<2x9x$T>
      }
      return %0 : tensor<2x9x$T>
    })", {}, true},
  {"from_elements", R"(
    func.func @f(%b: tensor<3x$T>) -> tensor<2x3x$T> {
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %x = tensor.extract %b[%c0] : tensor<3x$T>
      %y = tensor.extract %b[%c2] : tensor<3x$T>
      %0 = tensor.from_elements %x, %y, %y, %y, %x, %x : tensor<2x3x$T>
      return %0 : tensor<2x3x$T>
    })"},
  {"splat", R"(
    func.func @f(%b: tensor<3x$T>) -> tensor<2x5x$T> {
      %c1 = arith.constant 1 : index
      %x = tensor.extract %b[%c1] : tensor<3x$T>
      %0 = tensor.splat %x : tensor<2x5x$T>
      return %0 : tensor<2x5x$T>
    })"},
  {"fill", R"(
    func.func @f(%b: tensor<3x$T>) -> tensor<2x16x$T> {
      %c1 = arith.constant 1 : index
      %x = tensor.extract %b[%c1] : tensor<3x$T>
      %e = tensor.empty() : tensor<2x16x$T>
      %0 = linalg.fill ins(%x : $T) outs(%e : tensor<2x16x$T>) -> tensor<2x16x$T>
      return %0 : tensor<2x16x$T>
    })"},
  {"generate", R"(
    func.func @f(%b: tensor<16x$T>) -> tensor<4x9x$T> {
      %0 = tensor.generate {
      ^bb0(%i: index, %j: index):
        %k = arith.addi %i, %j : index
        %x = tensor.extract %b[%k] : tensor<16x$T>
        tensor.yield %x : $T
      } : tensor<4x9x$T>
      return %0 : tensor<4x9x$T>
    })"},
  {"pad", R"(
    func.func @f(%a: tensor<2x5x$T>, %b: tensor<1x$T>) -> tensor<4x9x$T> {
      %c0 = arith.constant 0 : index
      %x = tensor.extract %b[%c0] : tensor<1x$T>
      %0 = tensor.pad %a low[1, 3] high[1, 1] {
      ^bb0(%i: index, %j: index):
        tensor.yield %x : $T
      } : tensor<2x5x$T> to tensor<4x9x$T>
      return %0 : tensor<4x9x$T>
    })"},
  {"concat", R"(
    func.func @f(%a: tensor<2x5x$T>, %b: tensor<2x3x$T>) -> tensor<2x8x$T> {
      %0 = tensor.concat dim(1) %a, %b : (tensor<2x5x$T>, tensor<2x3x$T>) -> tensor<2x8x$T>
      return %0 : tensor<2x8x$T>
    })"},
  {"slice", R"(
    func.func @f(%a: tensor<4x24x$T>) -> tensor<2x8x$T> {
      %e = tensor.empty() : tensor<2x8x$T>
      %1 = tensor.extract_slice %a[1, 8] [2, 8] [2, 1] : tensor<4x24x$T> to tensor<2x8x$T>
      %0 = linalg.copy ins(%1 : tensor<2x8x$T>) outs(%e : tensor<2x8x$T>) -> tensor<2x8x$T>
      return %0 : tensor<2x8x$T>
    })"},
  {"slice_ends_within_byte", R"(
    func.func @f(%a: tensor<4x24x$T>) -> tensor<2x3x$T> {
      %0 = tensor.extract_slice %a[1, 8] [2, 3] [1, 1] : tensor<4x24x$T> to tensor<2x3x$T>
      %1 = tensor.empty() : tensor<2x3x$T>
      %2 = linalg.copy ins(%0 : tensor<2x3x$T>) outs(%1 : tensor<2x3x$T>) -> tensor<2x3x$T>
      return %2 : tensor<2x3x$T>
    })"},
  {"slice_of_a_column", R"(
    func.func @f(%a: tensor<4x24x$T>) -> tensor<4x$T> {
      %0 = tensor.extract_slice %a[0, 16] [4, 1] [1, 1] : tensor<4x24x$T> to tensor<4x$T>
      %1 = tensor.empty() : tensor<4x$T>
      %2 = linalg.copy ins(%0 : tensor<4x$T>) outs(%1 : tensor<4x$T>) -> tensor<4x$T>
      return %2 : tensor<4x$T>
    })"},
  {"insert_slice", R"(
    func.func @f(%s: tensor<2x8x$T>, %a: tensor<4x24x$T>) -> tensor<4x24x$T> {
      %0 = tensor.insert_slice %s into %a[1, 8] [2, 8] [1, 1] : tensor<2x8x$T> into tensor<4x24x$T>
      return %0 : tensor<4x24x$T>
    })", {}, true},
  {"insert_slice_ends_within_byte", R"(
    func.func @f(%s: tensor<2x3x$T>, %a: tensor<4x24x$T>) -> tensor<4x24x$T> {
      %0 = tensor.insert_slice %s into %a[1, 8] [2, 3] [1, 1] : tensor<2x3x$T> into tensor<4x24x$T>
      return %0 : tensor<4x24x$T>
    })", {}, true},
  {"insert_slice_to_the_end", R"(
    func.func @f(%s: tensor<2x3x$T>, %a: tensor<4x11x$T>) -> tensor<4x11x$T> {
      %0 = tensor.insert_slice %s into %a[1, 8] [2, 3] [1, 1] : tensor<2x3x$T> into tensor<4x11x$T>
      return %0 : tensor<4x11x$T>
    })", {}, true},
  {"insert_column", R"(
    func.func @f(%s: tensor<4x$T>, %a: tensor<4x11x$T>) -> tensor<4x11x$T> {
      %0 = tensor.insert_slice %s into %a[0, 8] [4, 1] [1, 1] : tensor<4x$T> into tensor<4x11x$T>
      return %0 : tensor<4x11x$T>
    })", {}, true},
  {"slices_in_a_loop", R"(
    func.func @f(%a: tensor<4x32x$T>, %o: tensor<4x32x$T>) -> tensor<4x32x$T> {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c32 = arith.constant 32 : index
      %0 = scf.for %j = %c0 to %c32 step %c8 iter_args(%t = %o) -> tensor<4x32x$T> {
        %k = affine.apply affine_map<(d0) -> (24 - d0)>(%j)
        %s = tensor.extract_slice %a[0, %j] [4, 8] [1, 1] : tensor<4x32x$T> to tensor<4x8x$T>
        %u = tensor.insert_slice %s into %t[0, %k] [4, 8] [1, 1] : tensor<4x8x$T> into tensor<4x32x$T>
        scf.yield %u : tensor<4x32x$T>
      }
      return %0 : tensor<4x32x$T>
    })", {}, true},
  {"calls_and_branches", R"(
    func.func private @g(%a: tensor<2x5x$T>, %x: $T) -> (tensor<2x5x$T>, $T) {
      %c0 = arith.constant 0 : index
      %y = tensor.extract %a[%c0, %c0] : tensor<2x5x$T>
      %0 = tensor.insert %x into %a[%c0, %c0] : tensor<2x5x$T>
      return %0, %y : tensor<2x5x$T>, $T
    }
    func.func @f(%a: tensor<2x5x$T>, %c: tensor<1xi1>) -> tensor<2x5x$T> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = tensor.extract %a[%c1, %c1] : tensor<2x5x$T>
      %t:2 = func.call @g(%a, %x) : (tensor<2x5x$T>, $T) -> (tensor<2x5x$T>, $T)
      %b = tensor.extract %c[%c0] : tensor<1xi1>
      %r = scf.if %b -> tensor<2x5x$T> {
        scf.yield %t#0 : tensor<2x5x$T>
      } else {
        %u = tensor.insert %t#1 into %t#0[%c1, %c0] : tensor<2x5x$T>
        scf.yield %u : tensor<2x5x$T>
      }
      return %r : tensor<2x5x$T>
    })", {}, true},
  {"vectors", R"(
    func.func @f(%a: tensor<2x8x$T>, %o: tensor<2x8x$T>) -> tensor<2x8x$T> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %z = arith.constant 0 : $B
      %q = lowbit.bitcast %z : $B to $T
      %b = lowbit.bitcast %a : tensor<2x8x$T> to tensor<2x8x$B>
      %v = vector.transfer_read %b[%c1, %c0], %z {in_bounds = [true]} : tensor<2x8x$B>, vector<8x$B>
      %w = vector.shuffle %v, %v [7, 1, 2, 12, 4, 3, 6, 0] : vector<8x$B>, vector<8x$B>
      %s = arith.addi %v, %w : vector<8x$B>
      %p = lowbit.bitcast %o : tensor<2x8x$T> to tensor<2x8x$B>
      %r = vector.transfer_write %s, %p[%c1, %c0] {in_bounds = [true]} : vector<8x$B>, tensor<2x8x$B>
      %0 = lowbit.bitcast %r : tensor<2x8x$B> to tensor<2x8x$T>
      return %0 : tensor<2x8x$T>
    })", {}, true},
};
// clang-format on

const char *elementTypes[] = {"i2",
                              "ui3",
                              "i4",
                              "f4E2M1FN",
                              "!lowbit.log<5>",
                              "f6E2M3FN",
                              "si7",
                              "f8E4M3FN",
                              "ui8",
                              "!lowbit.minifloat<e5m3fn>",
                              "!lowbit.minifloat<e6m5>"};

mlir::MLIRContext &getContext() {
  static const auto context = [] {
    mlir::DialectRegistry registry;
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    lowbit::registerAllDialects(registry);
    return std::make_unique<mlir::MLIRContext>(
        registry, mlir::MLIRContext::Threading::DISABLED);
  }();
  return *context;
}

/// Bits of the buffer element that holds one element outside packed rows.
unsigned getContainerBits(mlir::Type element) {
  unsigned bits = reference::getCodeWidth(element);
  unsigned container = 8;
  while (container < bits)
    container *= 2;
  return container;
}

/// A value as the ABI passes it. The bits that no code uses are random, or 0.
Array toBuffer(const reference::Tensor &value, std::mt19937_64 *random) {
  mlir::Type element = value.getElementType();
  unsigned bits = reference::getCodeWidth(element);
  SmallVector<int64_t> shape(value.getShape());
  if (isLowBitType(element) && shape.empty())
    shape.push_back(1);
  if (!isLowBitType(element) || bits >= 8) {
    std::vector<uint64_t> codes = value.getCodes().vec();
    if (random && isLowBitType(element) && bits % 8 != 0)
      for (uint64_t &code : codes)
        code |= (*random)() << bits;
    return Array::fromCodes(codes, getContainerBits(element) / 8, shape);
  }
  int64_t rowLength = shape.back();
  std::vector<uint8_t> bytes = packCodes(value.getCodes(), bits, rowLength);
  shape.back() = getPackedRowBytes(bits, rowLength);
  unsigned used = rowLength * bits % 8;
  if (random && used != 0)
    for (size_t i = shape.back() - 1; i < bytes.size(); i += shape.back())
      bytes[i] |= (*random)() << used;
  return Array::get<uint8_t>(bytes, shape);
}

std::string instantiate(StringRef text, StringRef type, unsigned bits) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      result += text[i];
      continue;
    }
    ++i;
    result += text[i] == 'T' ? type.str() : "i" + std::to_string(bits);
  }
  return result;
}

class ToBytes : public testing::TestWithParam<const char *> {};

TEST_P(ToBytes, EqualsReference) {
  StringRef type = GetParam();
  mlir::MLIRContext &context = getContext();
  unsigned bits = reference::getCodeWidth(mlir::parseType(type, &context));

  // All programs in one module, each under its own name.
  std::string all;
  auto isLeftOut = [&](const Program &program) {
    // LLVM stores a vector of i9 without gaps and an array of i9 with them.
    return bits > 8 && StringRef(program.name) == "vectors";
  };
  for (const Program &program : programs) {
    if (isLeftOut(program))
      continue;
    std::string text = instantiate(program.text, type, bits);
    for (const char *name : {"@f", "@g"})
      for (size_t at = text.find(name); at != std::string::npos;
           at = text.find(name, at + 1))
        text.replace(at, 2, std::string(name) + "_" + program.name);
    all += text + "\n";
  }
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(all, &context);
  ASSERT_TRUE(module);
  std::string withInterfaces;
  llvm::raw_string_ostream stream(withInterfaces);
  module->walk([](mlir::func::FuncOp function) {
    mlir::Builder builder(function.getContext());
    function->setAttr("llvm.emit_c_interface", builder.getUnitAttr());
    // The ABI: arguments are never written.
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      function.setArgAttr(i, "bufferization.writable",
                          builder.getBoolAttr(false));
  });
  module->print(stream);
  Compiled::Options options;
  options.toBytes = true;
  std::unique_ptr<Compiled> compiled = Compiled::get(withInterfaces, options);
  ASSERT_TRUE(compiled);

  std::mt19937_64 random(bits);
  for (const Program &program : programs) {
    if (isLeftOut(program))
      continue;
    SCOPED_TRACE(program.name);
    std::string name = std::string("f_") + program.name;
    auto function = module->lookupSymbol<mlir::func::FuncOp>(name);
    ASSERT_TRUE(function);
    for (int run = 0; run < 4; ++run) {
      SmallVector<reference::Tensor> values;
      std::vector<Array> buffers;
      for (auto [i, argument] : llvm::enumerate(function.getArgumentTypes())) {
        auto tensor = mlir::cast<mlir::RankedTensorType>(argument);
        ArrayRef<int64_t> shape = tensor.getShape();
        if (i < program.shapes.size())
          shape = program.shapes[i];
        unsigned width = reference::getCodeWidth(tensor.getElementType());
        std::vector<uint64_t> codes(mlir::ShapedType::getNumElements(shape));
        for (uint64_t &code : codes)
          code = width == 64 ? random() % 3 // an index, within every extent
                             : random() & ((uint64_t(1) << width) - 1);
        values.emplace_back(tensor.getElementType(), shape, codes);
        buffers.push_back(
            toBuffer(values.back(), program.movesRows ? nullptr : &random));
      }
      mlir::FailureOr<SmallVector<reference::Tensor>> expected =
          reference::Interpreter(*module).call(name, values);
      ASSERT_TRUE(succeeded(expected));
      Array wanted = toBuffer(expected->front(), /*random=*/nullptr);
      Array found = compiled->call(name, buffers, wanted.elementSize,
                                   wanted.shape.size());
      EXPECT_EQ(found.shape, wanted.shape);
      EXPECT_EQ(found.bytes, wanted.bytes);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ToBytes, testing::ValuesIn(elementTypes),
                         [](const auto &info) {
                           std::string name;
                           for (char c : StringRef(info.param))
                             name += llvm::isAlnum(c) ? c : '_';
                           return name;
                         });

} // namespace
