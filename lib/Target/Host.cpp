//===- Host.cpp - Names of machines, and this machine ------------------- ===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only file that looks at the machine. LLVM itself prints a warning for a
// name that it does not know and goes on without; here it is an error, found
// before LLVM sees the name.
//
//===----------------------------------------------------------------------===//

#include "lowbit/Target/Host.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/Twine.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>
#include <memory>

using namespace lowbit;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

std::string CPUTarget::getFeatureString() const {
  return llvm::join(features, ",");
}

bool CPUTarget::hasFeature(StringRef name) const {
  return llvm::is_contained(features, ("+" + name).str());
}

std::string lowbit::getHostTriple() {
  return llvm::Triple::normalize(llvm::sys::getProcessTriple());
}

void lowbit::initializeLLVMTargets() {
  [[maybe_unused]] static const bool done = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers(); // for inline assembly
    return true;
  }();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// "; did you mean 'a', 'b'?" with the names nearest to `name`, or nothing.
static std::string suggest(StringRef name, ArrayRef<StringRef> known) {
  const unsigned limit = std::max<size_t>(2, name.size() / 3);
  SmallVector<std::pair<unsigned, StringRef>> near;
  for (StringRef candidate : known) {
    unsigned distance =
        name.edit_distance(candidate, /*AllowReplacements=*/true, limit);
    // The start of a long name is a likely question, too.
    if (name.size() >= 4 && candidate.starts_with(name))
      distance = std::min(distance, limit);
    if (distance <= limit)
      near.emplace_back(distance, candidate);
  }
  llvm::sort(near);
  near.truncate(std::min<size_t>(near.size(), 3));
  if (near.empty())
    return "";
  return "; did you mean " +
         llvm::join(llvm::map_range(near,
                                    [](const auto &entry) {
                                      return ("'" + entry.second + "'").str();
                                    }),
                    ", ") +
         "?";
}

/// What LLVM knows of an architecture, with the features of no CPU; null if it
/// does not know the architecture.
static std::unique_ptr<llvm::MCSubtargetInfo>
createSubtarget(const llvm::Triple &triple) {
  std::string ignored;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, ignored);
  if (!target)
    return nullptr;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      target->createMCSubtargetInfo(triple, /*CPU=*/"", /*Features=*/""));
  if (subtarget)
    subtarget->setFeatureBits({});
  return subtarget;
}

static const llvm::SubtargetSubTypeKV *
findCPU(const llvm::MCSubtargetInfo &subtarget, StringRef name) {
  ArrayRef<llvm::SubtargetSubTypeKV> known =
      subtarget.getAllProcessorDescriptions();
  const auto *it = llvm::find_if(
      known, [&](const auto &entry) { return name == entry.Key; });
  return it == known.end() ? nullptr : it;
}

static bool knowsFeature(const llvm::MCSubtargetInfo &subtarget,
                         StringRef name) {
  return llvm::any_of(subtarget.getAllProcessorFeatures(),
                      [&](const auto &entry) { return name == entry.Key; });
}

/// The CPU for an empty name: what every machine of the architecture has.
static StringRef getBaselineCPU(const llvm::MCSubtargetInfo &subtarget,
                                const llvm::Triple &triple) {
  if (triple.getArch() == llvm::Triple::x86_64)
    return "x86-64";
  if (triple.isRISCV64())
    return "generic-rv64";
  return findCPU(subtarget, "generic") ? "generic" : "";
}

static llvm::Error reportUnknownCPU(const llvm::MCSubtargetInfo &subtarget,
                                    const llvm::Triple &triple, StringRef cpu) {
  std::string message =
      ("unknown CPU '" + cpu + "' for " + triple.getArchName()).str();
  for (StringRef other :
       {"x86_64", "aarch64", "riscv64", "powerpc64le", "loongarch64"}) {
    llvm::Triple otherTriple(other + "-unknown-linux-gnu");
    if (otherTriple.getArch() == triple.getArch())
      continue;
    std::unique_ptr<llvm::MCSubtargetInfo> otherSubtarget =
        createSubtarget(otherTriple);
    if (otherSubtarget && findCPU(*otherSubtarget, cpu))
      return llvm::createStringError(message + "; it is one of " + other +
                                     ": name the triple, " + otherTriple.str());
  }
  SmallVector<StringRef> known = {"host"};
  for (const llvm::SubtargetSubTypeKV &entry :
       subtarget.getAllProcessorDescriptions())
    known.push_back(entry.Key);
  return llvm::createStringError(message + suggest(cpu, known));
}

//===----------------------------------------------------------------------===//
// Features
//===----------------------------------------------------------------------===//

/// Sets what LLVM detects on this machine. A feature that is off takes with it
/// what needs it, so these come last.
static void applyHostFeatures(llvm::MCSubtargetInfo &subtarget) {
  for (char sign : {'+', '-'})
    for (const auto &entry : llvm::sys::getHostCPUFeatures())
      if (entry.getValue() == (sign == '+') &&
          knowsFeature(subtarget, entry.getKey()))
        subtarget.ApplyFeatureFlag((llvm::Twine(sign) + entry.getKey()).str());
}

/// Applies `+a,-b` in order.
static llvm::Error applyFeatures(llvm::MCSubtargetInfo &subtarget,
                                 const llvm::Triple &triple,
                                 StringRef features) {
  SmallVector<StringRef> flags;
  features.split(flags, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef flag : flags) {
    flag = flag.trim();
    StringRef name = flag;
    if (!name.consume_front("+") && !name.consume_front("-"))
      return llvm::createStringError("feature '" + flag +
                                     "' has no sign; write '+" + flag +
                                     "' to use it, '-" + flag + "' not to");
    if (!knowsFeature(subtarget, name)) {
      SmallVector<StringRef> known;
      for (const llvm::SubtargetFeatureKV &entry :
           subtarget.getAllProcessorFeatures())
        known.push_back(entry.Key);
      return llvm::createStringError("unknown feature '" + name + "' for " +
                                     triple.getArchName() +
                                     suggest(name, known));
    }
    // Such features say what mode the processor runs in, and so does the
    // triple.
    if (name.ends_with("bit-mode"))
      return llvm::createStringError("feature '" + name +
                                     "' belongs to the triple; it cannot be "
                                     "changed");
    subtarget.ApplyFeatureFlag(flag);
  }
  return llvm::Error::success();
}

llvm::Expected<CPUTarget> lowbit::resolveCPUTarget(StringRef cpu,
                                                   StringRef features,
                                                   StringRef tripleName) {
  initializeLLVMTargets();
  llvm::Triple triple(tripleName.empty() ? getHostTriple()
                                         : llvm::Triple::normalize(tripleName));
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget = createSubtarget(triple);
  if (!subtarget)
    return llvm::createStringError("this LLVM has no target for the triple '" +
                                   triple.str() + "'");
  if (!triple.isArch64Bit())
    return llvm::createStringError("'" + triple.str() +
                                   "' is not a 64-bit architecture; the C "
                                   "interface of compiled functions needs one");

  if (!triple.isLittleEndian())
    return llvm::createStringError("'" + triple.str() +
                                   "' is big-endian; packed elements and the "
                                   "bytes of weights are little-endian");

  bool isHost = cpu == "host";
  if (isHost) {
    if (triple.getArch() != llvm::Triple(getHostTriple()).getArch())
      return llvm::createStringError("cpu=host is this machine, " +
                                     getHostTriple() + ", but the triple is " +
                                     triple.str() + "; name a CPU");
    cpu = llvm::sys::getHostCPUName();
    // A CPU newer than LLVM is its baseline with the features that it has.
    if (!findCPU(*subtarget, cpu))
      cpu = "";
  }
  bool isBaseline = cpu.empty();
  if (isBaseline)
    cpu = getBaselineCPU(*subtarget, triple);
  llvm::FeatureBitset implied;
  if (!cpu.empty()) {
    const llvm::SubtargetSubTypeKV *entry = findCPU(*subtarget, cpu);
    if (!entry)
      return reportUnknownCPU(*subtarget, triple, cpu);
    // What the CPU is tuned for is not a feature; its name tells it to LLVM.
    implied =
        subtarget->SetFeatureBitsTransitively(entry->Implies.getAsBitset());
  }
  if (isHost)
    applyHostFeatures(*subtarget);
  else if (isBaseline && triple.isRISCV64() && triple.isOSLinux())
    // Linux distributions are built for RV64GC. LLVM's generic CPU has less,
    // and its code does not link with theirs.
    for (StringRef feature : {"+m", "+a", "+f", "+d", "+c"})
      subtarget->ApplyFeatureFlag(feature);
  if (llvm::Error error = applyFeatures(*subtarget, triple, features))
    return error;

  CPUTarget target;
  target.triple = triple.str();
  target.cpu = cpu.str();
  target.dataLayout = triple.computeDataLayout();
  const llvm::FeatureBitset &enabled = subtarget->getFeatureBits();
  // Sorted by name, as LLVM's table is.
  for (const llvm::SubtargetFeatureKV &entry :
       subtarget->getAllProcessorFeatures()) {
    if (enabled.test(entry.Value))
      target.features.push_back(std::string("+") + entry.Key);
    else if (implied.test(entry.Value))
      target.features.push_back(std::string("-") + entry.Key);
  }
  if (triple.getArch() == llvm::Triple::x86_64 && !target.hasFeature("64bit"))
    return llvm::createStringError(
        "CPU '" + cpu + "'" + (features.empty() ? "" : " with features '") +
        features + (features.empty() ? "" : "'") +
        " is not 64-bit, as the triple " + triple.str() + " needs");
  return target;
}

std::vector<std::string>
lowbit::getMissingHostFeatures(const CPUTarget &target) {
  llvm::Triple triple(target.triple);
  llvm::Triple hostTriple(getHostTriple());
  if (triple.getArch() != hostTriple.getArch() ||
      triple.getOS() != hostTriple.getOS())
    return {target.triple};
  llvm::Expected<CPUTarget> host = resolveCPUTarget("host");
  if (!host) {
    // This LLVM cannot generate code for the machine that it runs on.
    llvm::consumeError(host.takeError());
    return {target.triple};
  }
  llvm::StringMap<bool> detected = llvm::sys::getHostCPUFeatures();
  std::vector<std::string> missing;
  for (StringRef feature : target.features) {
    if (!feature.consume_front("+") || host->hasFeature(feature))
      continue;
    // On x86 LLVM looks for every feature that is an instruction; the others
    // are ways to tune.
    if (triple.isX86() && !detected.contains(feature))
      continue;
    missing.push_back(feature.str());
  }
  return missing;
}
