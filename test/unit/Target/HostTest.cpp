//===- HostTest.cpp - What this machine has and lacks ---------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lowbit/Target/Host.h"

#include "llvm/Support/Error.h"

#include "gtest/gtest.h"

using namespace lowbit;
using llvm::StringRef;

TEST(Host, ThisMachineLacksNothingOfItself) {
  CPUTarget host = llvm::cantFail(resolveCPUTarget("host"));
  EXPECT_EQ(host.triple, getHostTriple());
  EXPECT_TRUE(getMissingHostFeatures(host).empty());
  EXPECT_TRUE(
      getMissingHostFeatures(llvm::cantFail(resolveCPUTarget(""))).empty());
  // The names alone give the same machine.
  CPUTarget again = llvm::cantFail(
      resolveCPUTarget(host.cpu, host.getFeatureString(), host.triple));
  EXPECT_EQ(again.features, host.features);
  // One feature less is one that this machine has and the target lacks.
  for (StringRef feature : host.features) {
    if (!feature.consume_front("+") || feature == "64bit")
      continue;
    auto less = resolveCPUTarget("host", ("-" + feature).str());
    if (!less) {
      llvm::consumeError(less.takeError());
      continue;
    }
    EXPECT_FALSE(less->hasFeature(feature)) << feature.str();
    EXPECT_TRUE(getMissingHostFeatures(*less).empty()) << feature.str();
  }
}
