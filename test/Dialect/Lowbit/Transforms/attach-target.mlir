// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" | FileCheck %s --check-prefix=V3
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 features=-avx2,+avxvnni,-fma triple=x86_64-linux-gnu" | FileCheck %s --check-prefix=CHANGED
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v4 features=-avx512f triple=x86_64-linux-gnu" | FileCheck %s --check-prefix=OFF
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=neoverse-v1 triple=aarch64-linux-gnu" | FileCheck %s --check-prefix=ARM
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=sifive-x280 triple=riscv64-linux-gnu" | FileCheck %s --check-prefix=RISCV
// RUN: lowbit-opt %s --lowbit-attach-target="triple=riscv64-linux-gnu" | FileCheck %s --check-prefix=RISCV-BASE
// RUN: lowbit-opt %s --lowbit-attach-target="triple=x86_64-linux-gnu" | FileCheck %s --check-prefix=BASE

// An attribute that is there is kept, unless a CPU is named; with its own names
// it gives itself.
// RUN: lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v4 features=-avx512f triple=x86_64-linux-gnu" > %t.once
// RUN: lowbit-opt %t.once --lowbit-attach-target | diff %t.once -
// RUN: lowbit-opt %t.once --lowbit-attach-target=features=-f16c | FileCheck %s --check-prefix=KEPT
// RUN: lowbit-opt %t.once --lowbit-attach-target="cpu=x86-64-v3 triple=x86_64-linux-gnu" | FileCheck %s --check-prefix=V3

// What `host` stands for can be written out, and gives the same.
// RUN: lowbit-opt %s --lowbit-attach-target=cpu=host > %t.host
// RUN: FileCheck %s --check-prefix=HOST < %t.host
// RUN: lowbit-opt %t.host --lowbit-attach-target | diff %t.host -

// V3: llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "x86-64-v3", features = <["+64bit", "+avx", "+avx2"
// V3-SAME: "+sse4.2"
// V3-NOT: "-

// Changes apply in order, each with what it needs: AVX-VNNI needs AVX2.
// CHANGED: chip = "x86-64-v3"
// CHANGED-SAME: "+avx2"
// CHANGED-SAME: "+avxvnni"
// CHANGED-SAME: "-fma"

// OFF: "+avx2"
// OFF-SAME: "-avx512bw"
// OFF-SAME: "-avx512f"
// OFF-SAME: "-avx512vl"

// ARM: triple = "aarch64-unknown-linux-gnu", chip = "neoverse-v1"
// ARM-SAME: "+sve"

// RISCV: triple = "riscv64-unknown-linux-gnu", chip = "sifive-x280"
// RISCV-SAME: "+v"

// RV64GC, as Linux distributions are.
// RISCV-BASE: chip = "generic-rv64", features = <["+64bit", "+a"
// RISCV-BASE-SAME: "+c"
// RISCV-BASE-SAME: "+d"
// RISCV-BASE-SAME: "+f"
// RISCV-BASE-SAME: "+m"

// BASE: chip = "x86-64", features
// BASE-NOT: avx

// KEPT: chip = "x86-64-v4"
// KEPT-SAME: "-avx512f"
// KEPT-SAME: "-f16c"

// HOST-NOT: "host"
// HOST: llvm.target
// HOST-NOT: "host"
module {}
