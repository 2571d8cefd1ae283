//===- JitRunnerTest.cpp - The CPU pipeline, compiled and called ----------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What lowbit-to-cpu promises at a function's boundary: fresh results, several
// of them, untouched arguments, scalars, threads, checks; and what JitRunner
// says about calls that do not fit.
//
//===----------------------------------------------------------------------===//

#include "JitProgram.h"

#include "lowbit/Pipelines/Pipelines.h"
#include "lowbit/Target/Host.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

using namespace lowbit;
using namespace lowbit::test;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

namespace {

TEST(JitRunner, ResultsAreFreshMemory) {
  Program program = compile(R"mlir(
    func.func @argument(%a: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
      return %a, %a : tensor<2x3xf32>, tensor<2x3xf32>
    }
    func.func @constant() -> (tensor<3xi32>, tensor<3xi32>) {
      %0 = arith.constant dense<[1, 2, 3]> : tensor<3xi32>
      return %0, %0 : tensor<3xi32>, tensor<3xi32>
    }
    func.func @views(%a: tensor<?xf32>) -> (tensor<?xf32>, tensor<2xf32>, tensor<2x2xf32>) {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %a, %c0 : tensor<?xf32>
      %e = tensor.empty(%n) : tensor<?xf32>
      %0 = linalg.exp ins(%a : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      %1 = tensor.extract_slice %0[1] [2] [2] : tensor<?xf32> to tensor<2xf32>
      %2 = tensor.extract_slice %a[0] [4] [1] : tensor<?xf32> to tensor<4xf32>
      %3 = tensor.expand_shape %2 [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
      return %0, %1, %3 : tensor<?xf32>, tensor<2xf32>, tensor<2x2xf32>
    }
  )mlir");
  const std::vector<float> six = {1, 2, 3, 4, 5, 6};
  SmallVector<OwnedBuffer> results =
      run(program, "argument", {getBuffer(six, {2, 3})});
  ASSERT_EQ(results.size(), 2u);
  std::set<const void *> memory = {six.data()};
  for (const OwnedBuffer &result : results) {
    EXPECT_EQ(getValues<float>(result), six);
    EXPECT_TRUE(memory.insert(result.data).second);
    // Memory from malloc may be written.
    *static_cast<float *>(result.data) = 9;
  }
  EXPECT_EQ(six[0], 1);

  for (int round = 0; round < 2; ++round) {
    results = run(program, "constant", {});
    ASSERT_EQ(results.size(), 2u);
    EXPECT_NE(results[0].data, results[1].data);
    for (const OwnedBuffer &result : results) {
      EXPECT_EQ(getValues<int32_t>(result), (std::vector<int32_t>{1, 2, 3}));
      *static_cast<int32_t *>(result.data) = 7;
    }
  }

  const std::vector<float> zeros(5, 0.0f);
  results = run(program, "views", {getBuffer(zeros, {5})});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(getValues<float>(results[0]), std::vector<float>(5, 1.0f));
  EXPECT_EQ(getValues<float>(results[1]), std::vector<float>(2, 1.0f));
  EXPECT_EQ(getValues<float>(results[2]), std::vector<float>(4, 0.0f));
}

TEST(JitRunner, ScalarsAndSeveralResults) {
  Program program = compile(R"mlir(
    func.func @mixed(%b: i1, %x: f32, %h: bf16, %n: index, %q: i4)
        -> (i1, tensor<f64>, bf16, tensor<2xi8>, f32, i4, index) {
      %true = arith.constant true
      %0 = arith.xori %b, %true : i1
      %1 = arith.extf %x : f32 to f64
      %2 = tensor.from_elements %1 : tensor<f64>
      %3 = arith.index_cast %n : index to i8
      %4 = tensor.from_elements %3, %3 : tensor<2xi8>
      %5 = arith.addi %n, %n : index
      return %0, %2, %h, %4, %x, %q, %5 : i1, tensor<f64>, bf16, tensor<2xi8>, f32, i4, index
    }
    func.func @scalar(%x: f16, %q: f8E4M3FN) -> f32 {
      %0 = lowbit.convert %q : f8E4M3FN to f32
      %1 = arith.extf %x : f16 to f32
      %2 = arith.addf %0, %1 : f32
      return %2 : f32
    }
    func.func @nothing(%x: i32) { return }
  )mlir");
  const uint8_t b = 1, q = 0xD;
  const float x = 1.5f;
  const uint16_t h = 0x4040;
  const int64_t n = 21;
  SmallVector<OwnedBuffer> results = run(
      program, "mixed",
      {getScalar(b), getScalar(x), getScalar(h), getScalar(n), getScalar(q)});
  ASSERT_EQ(results.size(), 7u);
  EXPECT_EQ(*static_cast<uint8_t *>(results[0].data), 0);
  EXPECT_EQ(getValues<double>(results[1]), std::vector<double>{1.5});
  EXPECT_TRUE(results[1].shape.empty());
  EXPECT_EQ(*static_cast<uint16_t *>(results[2].data), h);
  EXPECT_EQ(getValues<int8_t>(results[3]), (std::vector<int8_t>{21, 21}));
  EXPECT_EQ(*static_cast<float *>(results[4].data), x);
  EXPECT_EQ(*static_cast<uint8_t *>(results[5].data) & 0xF, q);
  EXPECT_EQ(*static_cast<int64_t *>(results[6].data), 42);

  const uint16_t half = 0x3800; // 0.5
  const uint8_t two = 0x40;
  results = run(program, "scalar", {getScalar(half), getScalar(two)});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(*static_cast<float *>(results[0].data), 2.5f);
  const int32_t i = 0;
  EXPECT_TRUE(run(program, "nothing", {getScalar(i)}).empty());
}

TEST(JitRunner, ControlFlowAndCalls) {
  Program program = compile(R"mlir(
    func.func private @increment(%a: tensor<4xi32>) -> tensor<4xi32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : i32
      %0 = tensor.extract %a[%c0] : tensor<4xi32>
      %1 = arith.addi %0, %c1 : i32
      %2 = tensor.insert %1 into %a[%c0] : tensor<4xi32>
      return %2 : tensor<4xi32>
    }
    func.func @loop(%a: tensor<4xi32>, %n: index, %p: i1) -> (tensor<4xi32>, tensor<4xi32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %0 = scf.for %i = %c0 to %n step %c1 iter_args(%t = %a) -> tensor<4xi32> {
        %2 = func.call @increment(%t) : (tensor<4xi32>) -> tensor<4xi32>
        scf.yield %2 : tensor<4xi32>
      }
      cf.cond_br %p, ^then, ^else(%a : tensor<4xi32>)
    ^then:
      %1 = func.call @increment(%0) : (tensor<4xi32>) -> tensor<4xi32>
      cf.br ^else(%1 : tensor<4xi32>)
    ^else(%r: tensor<4xi32>):
      return %0, %r : tensor<4xi32>, tensor<4xi32>
    }
  )mlir");
  const std::vector<int32_t> a = {10, 20, 30, 40};
  for (int64_t n : {0, 1, 5})
    for (uint8_t p : {0, 1}) {
      SmallVector<OwnedBuffer> results =
          run(program, "loop", {getBuffer(a, {4}), getScalar(n), getScalar(p)});
      ASSERT_EQ(results.size(), 2u);
      EXPECT_EQ(getValues<int32_t>(results[0])[0], 10 + n);
      EXPECT_EQ(getValues<int32_t>(results[1])[0], p ? 11 + n : 10);
      EXPECT_EQ(getValues<int32_t>(results[1])[3], 40);
      EXPECT_EQ(a, (std::vector<int32_t>{10, 20, 30, 40}));
    }
}

TEST(JitRunner, ThreadsGiveTheSameResults) {
  const char *text = R"mlir(
    func.func @rows(%a: tensor<?x16xf32>) -> tensor<?x16xf32> {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %a, %c0 : tensor<?x16xf32>
      %e = tensor.empty(%n) : tensor<?x16xf32>
      %0 = scf.forall (%i) in (%n) shared_outs(%o = %e) -> tensor<?x16xf32> {
        %row = tensor.extract_slice %a[%i, 0] [1, 16] [1, 1] : tensor<?x16xf32> to tensor<1x16xf32>
        %t = tensor.empty() : tensor<1x16xf32>
        %1 = linalg.exp ins(%row : tensor<1x16xf32>) outs(%t : tensor<1x16xf32>) -> tensor<1x16xf32>
        %2 = linalg.add ins(%1, %row : tensor<1x16xf32>, tensor<1x16xf32>) outs(%t : tensor<1x16xf32>) -> tensor<1x16xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %2 into %o[%i, 0] [1, 16] [1, 1] : tensor<1x16xf32> into tensor<?x16xf32>
        }
      }
      return %0 : tensor<?x16xf32>
    }
  )mlir";
  std::vector<float> a(37 * 16);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = float(i) / a.size();
  std::vector<float> expected;
  for (unsigned threads : {1, 0, 2, 3}) {
    Program program = compile(
        text, [&](ToCPUOptions &options) { options.threads = threads; });
    SmallVector<OwnedBuffer> results =
        run(program, "rows", {getBuffer(a, {37, 16})});
    ASSERT_EQ(results.size(), 1u);
    std::vector<float> values = getValues<float>(results[0]);
    if (threads == 1)
      expected = values;
    EXPECT_EQ(values, expected) << threads;
    EXPECT_NEAR(values[100], std::exp(a[100]) + a[100], 1e-5);
    bool usesOpenMP = llvm::any_of(
        program.runner->getExternalFunctions(),
        [](StringRef name) { return name.starts_with("__kmpc_"); });
    EXPECT_EQ(usesOpenMP, threads != 1) << threads;
    // Rows of no matrix.
    EXPECT_EQ(run(program, "rows", {getBuffer(a, {0, 16})})[0].shape[0], 0);
  }
}

#if defined(__GLIBC__)
TEST(JitRunner, NothingLeaks) {
  Program program = compile(R"mlir(
    func.func private @next(%t: tensor<1024xf32>) -> tensor<1024xf32> {
      %e = tensor.empty() : tensor<1024xf32>
      %0 = linalg.exp ins(%t : tensor<1024xf32>) outs(%e : tensor<1024xf32>) -> tensor<1024xf32>
      %1 = linalg.add ins(%0, %t : tensor<1024xf32>, tensor<1024xf32>) outs(%e : tensor<1024xf32>) -> tensor<1024xf32>
      return %1 : tensor<1024xf32>
    }
    func.func @work(%a: tensor<1024xf32>, %n: index) -> (tensor<1024xf32>, tensor<8xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      cf.br ^head(%a, %c0 : tensor<1024xf32>, index)
    ^head(%t: tensor<1024xf32>, %i: index):
      %more = arith.cmpi ult, %i, %n : index
      cf.cond_br %more, ^body, ^end
    ^body:
      %0 = func.call @next(%t) : (tensor<1024xf32>) -> tensor<1024xf32>
      %p = arith.cmpi eq, %i, %c1 : index
      %1 = scf.if %p -> tensor<1024xf32> {
        %4 = func.call @next(%0) : (tensor<1024xf32>) -> tensor<1024xf32>
        scf.yield %4 : tensor<1024xf32>
      } else {
        scf.yield %a : tensor<1024xf32>
      }
      %i1 = arith.addi %i, %c1 : index
      cf.br ^head(%1, %i1 : tensor<1024xf32>, index)
    ^end:
      %2 = func.call @next(%t) : (tensor<1024xf32>) -> tensor<1024xf32>
      %3 = tensor.extract_slice %2[8] [8] [1] : tensor<1024xf32> to tensor<8xf32>
      return %t, %3 : tensor<1024xf32>, tensor<8xf32>
    }
  )mlir");
  const std::vector<float> a(1024, 0.0f);
  auto callAll = [&] {
    for (int64_t n = 0; n < 4; ++n)
      run(program, "work", {getBuffer(a, {1024}), getScalar(n)});
  };
  callAll();
  size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 50; ++i)
    callAll();
  // One buffer for each call would be more than 800 kB.
  EXPECT_LT(mallinfo2().uordblks, before + 4096);
}
#endif

TEST(JitRunner, CallsFromSeveralThreads) {
  Program program = compile(R"mlir(
    func.func @quantize(%x: tensor<8x32xf32>, %s: tensor<8x1xf32>) -> tensor<8x32xi4> {
      %q = lowbit.quantize %x scale(%s) : (tensor<8x32xf32>, tensor<8x1xf32>) -> tensor<8x32xi4>
      return %q : tensor<8x32xi4>
    }
  )mlir");
  ASSERT_TRUE(program.runner);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      std::vector<float> x(256, float(thread)), s(8, 1.0f);
      std::vector<uint8_t> expected(128, thread * 0x11);
      for (int i = 0; i < 200; ++i) {
        auto results = llvm::cantFail(program.runner->call(
            "quantize", {getBuffer(x, {8, 32}), getBuffer(s, {8, 1})}));
        wrong[thread] += getValues<uint8_t>(results[0]) != expected ||
                         results[0].shape != SmallVector<int64_t>{8, 16};
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(JitRunner, BoundCallsRunAgain) {
  Program program = compile(R"mlir(
    func.func @double(%a: tensor<?xi32>) -> tensor<?xi32> {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %a, %c0 : tensor<?xi32>
      %e = tensor.empty(%n) : tensor<?xi32>
      %0 = linalg.add ins(%a, %a : tensor<?xi32>, tensor<?xi32>) outs(%e : tensor<?xi32>) -> tensor<?xi32>
      return %0 : tensor<?xi32>
    }
  )mlir");
  ASSERT_TRUE(program.runner);
  std::vector<int32_t> a = {1, 2, 3};
  auto bound = program.runner->bind("double", {getBuffer(a, {3})});
  ASSERT_TRUE(bool(bound));
  JitRunner::Call call = std::move(*bound);
  call.run();
  a[2] = 8;
  call.run();
  SmallVector<OwnedBuffer> results = call.takeResults();
  EXPECT_EQ(getValues<int32_t>(results[0]), (std::vector<int32_t>{2, 4, 16}));
  EXPECT_TRUE(call.takeResults().empty());
}

TEST(JitRunner, LargeConstantsAreReadInPlace) {
  // Unaligned blobs are copied once, aligned ones not at all.
  std::vector<int64_t> values(1 << 16);
  std::iota(values.begin(), values.end(), 0);
  for (bool aligned : {true, false}) {
    Program program;
    program.context = std::make_unique<mlir::MLIRContext>(
        getRegistry(), mlir::MLIRContext::Threading::DISABLED);
    program.module =
        mlir::parseSourceString<mlir::ModuleOp>(R"mlir(
      func.func @get(%i: index) -> i64 {
        %0 = arith.constant dense_resource<blob> : tensor<256x256xi64>
        %c0 = arith.constant 0 : index
        %1 = tensor.collapse_shape %0 [[0, 1]] : tensor<256x256xi64> into tensor<65536xi64>
        %2 = tensor.extract %1[%i] : tensor<65536xi64>
        return %2 : i64
      }
    )mlir",
                                                program.context.get());
    ASSERT_TRUE(program.module);
    std::vector<char> storage(values.size() * 8 + 128);
    char *start = reinterpret_cast<char *>(
                      llvm::alignAddr(storage.data(), llvm::Align(64))) +
                  (aligned ? 0 : 8);
    std::memcpy(start, values.data(), values.size() * 8);
    auto &manager = mlir::DenseResourceElementsHandle::getManagerInterface(
                        program.context.get())
                        .getBlobManager();
    manager.update("blob", mlir::UnmanagedAsmResourceBlob::allocateWithAlign(
                               ArrayRef<char>(start, values.size() * 8), 8));
    SmallVector<FunctionSignature> signatures =
        getFunctionSignatures(*program.module);
    auto passes = mlir::PassManager::on<mlir::ModuleOp>(program.context.get());
    ToCPUOptions options;
    options.cpu = "host";
    buildToCPUPipeline(passes, options);
    ASSERT_TRUE(succeeded(passes.run(*program.module)));
    std::string before, after;
    llvm::raw_string_ostream(before) << *program.module;
    auto runner = JitRunner::create(*program.module, signatures);
    ASSERT_TRUE(bool(runner)) << llvm::toString(runner.takeError());
    program.runner = std::move(*runner);
    llvm::raw_string_ostream(after) << *program.module;
    EXPECT_EQ(before, after) << "the module is as it was";
    std::memset(start + 8 * 77, 1, 1); // 77 becomes 1 where it lies
    const int64_t i = 77, last = values.size() - 1;
    auto results = run(program, "get", {getScalar(i)});
    EXPECT_EQ(getValues<int64_t>(results[0])[0], aligned ? 1 : 77);
    results = run(program, "get", {getScalar(last)});
    EXPECT_EQ(getValues<int64_t>(results[0])[0], last);
  }
}

TEST(JitRunner, SignaturesHoldLogicalTypes) {
  mlir::MLIRContext context(getRegistry());
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"mlir(
    func.func @f(%a: tensor<3x5xi4>, %w: tensor<?x7x!lowbit.minifloat<e5m3fn>> {lowbit.weight},
                 %z: tensor<ui8>, %b: tensor<2xi1>, %d: tensor<4x?xi3>)
        -> (f8E4M3FN, tensor<2x2xf6E2M3FN>) {
      %0 = arith.constant 1.0 : f8E4M3FN
      %1 = arith.constant dense<1.0> : tensor<2x2xf6E2M3FN>
      return %0, %1 : f8E4M3FN, tensor<2x2xf6E2M3FN>
    }
    func.func private @g() { return }
    func.func @vector(%v: vector<4xf32>) { return }
  )mlir",
                                                        &context);
  ASSERT_TRUE(module);
  SmallVector<FunctionSignature> signatures = getFunctionSignatures(*module);
  ASSERT_EQ(signatures.size(), 2u);
  const FunctionSignature &f = signatures[0];
  using Shape = SmallVector<int64_t>;
  const int64_t dynamic = mlir::ShapedType::kDynamic;
  EXPECT_EQ(f.arguments[0].getPackedShape(), (Shape{3, 3}));
  EXPECT_EQ(f.arguments[0].getElementBits(), 4u);
  EXPECT_EQ(f.arguments[1].getPackedShape(), (Shape{dynamic, 7}));
  EXPECT_EQ(f.arguments[1].getContainerBytes(), 2u);
  EXPECT_TRUE(f.arguments[1].isWeight);
  EXPECT_EQ(f.arguments[1].getBufferRank(), 1u);
  EXPECT_EQ(f.arguments[2].getPackedShape(), Shape{1});
  EXPECT_EQ(f.arguments[3].getPackedShape(), Shape{2});
  EXPECT_EQ(f.arguments[3].getContainerBytes(), 1u);
  EXPECT_EQ(f.arguments[4].getPackedShape(), (Shape{4, dynamic}));
  EXPECT_EQ(f.arguments[4].getPackedShape({4, 9}), (Shape{4, 4}));
  EXPECT_TRUE(f.results[0].isScalar());
  EXPECT_EQ(f.results[1].getPackedShape(), (Shape{2, 2}));
  const FunctionSignature &pack = signatures[1];
  EXPECT_EQ(pack.name, "f.pack");
  ASSERT_EQ(pack.arguments.size(), 1u);
  EXPECT_EQ(pack.arguments[0].getBufferRank(), 2u);
  EXPECT_EQ(pack.results[0].getPackedShape(), Shape{dynamic});
}

TEST(JitRunner, CallsThatDoNotFit) {
  Program program = compile(R"mlir(
    func.func @f(%a: tensor<?x8xf32>, %n: index, %d: tensor<?xi3>) { return }
  )mlir");
  ASSERT_TRUE(program.runner);
  const std::vector<float> a(16);
  const std::vector<uint8_t> d(4);
  const int64_t n = 0;
  BufferRef rows = getBuffer(a, {2, 8}), size = getScalar(n),
            groups = getBuffer(d, {3});
  EXPECT_EQ(getError(program, "g", {}), "there is no function 'g'");
  EXPECT_EQ(getError(program, "f", {rows}), "'f' takes 3 arguments, found 1");
  EXPECT_EQ(getError(program, "f", {getBuffer(a, {2, 7}), size, groups}),
            "argument 0 of 'f': expected a buffer of ?x8, found 2x7");
  EXPECT_EQ(getError(program, "f", {size, size, groups}),
            "argument 0 of 'f': expected a buffer of ?x8, found rank 0");
  EXPECT_EQ(getError(program, "f", {rows, rows, groups}),
            "argument 1 of 'f': expected a scalar, found a buffer of 2x8");
  EXPECT_EQ(getError(program, "f", {getBuffer(a, {-1, 8}), size, groups}),
            "argument 0 of 'f': a size is negative");
  EXPECT_EQ(getError(program, "f", {rows, size, getBuffer(d, {4})}),
            "argument 2 of 'f': a row of 4 bytes is not a whole number of "
            "groups of 3");
  BufferRef nothing;
  nothing.shape = {2, 8};
  EXPECT_EQ(getError(program, "f", {nothing, size, groups}),
            "argument 0 of 'f': there is no data");
  EXPECT_TRUE(run(program, "f", {rows, size, groups}).empty());
}

TEST(JitRunner, OtherMachines) {
  mlir::MLIRContext context(getRegistry());
  auto create = [&](StringRef target) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        "module attributes {" + target.str() + "} {}", &context);
    auto runner = JitRunner::create(*module, {});
    EXPECT_FALSE(bool(runner));
    return runner ? std::string() : llvm::toString(runner.takeError());
  };
  EXPECT_EQ(create(""),
            "the module has no 'llvm.target'; lower it with lowbit-to-cpu");
  StringRef other = StringRef(getHostTriple()).starts_with("riscv64")
                        ? "aarch64-unknown-linux-gnu"
                        : "riscv64-unknown-linux-gnu";
  EXPECT_EQ(create(("llvm.target = #llvm.target<triple = \"" + other +
                    "\", chip = \"\">")
                       .str()),
            ("this machine cannot run code for " +
             llvm::cantFail(resolveCPUTarget("", "", other)).cpu +
             ": it lacks " + other)
                .str());
}

TEST(JitRunnerDeathTest, ChecksAtRunTimeAbort) {
  Program program =
      compile(R"mlir(
    func.func @at(%a: tensor<?xf32>, %i: index) -> f32 {
      %0 = tensor.extract %a[%i] : tensor<?xf32>
      return %0 : f32
    }
  )mlir",
              [](ToCPUOptions &options) { options.runtimeChecks = true; });
  const std::vector<float> a = {1, 2, 3};
  const int64_t inside = 2, outside = 3;
  EXPECT_EQ(getValues<float>(
                run(program, "at", {getBuffer(a, {3}), getScalar(inside)})[0]),
            std::vector<float>{3});
  EXPECT_DEATH(run(program, "at", {getBuffer(a, {3}), getScalar(outside)}),
               "Runtime op verification failed");
}

} // namespace
