// RUN: not lowbit-opt %s --lowbit-attach-target="cpu=x86_64-v3 triple=x86_64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not lowbit-opt %s --lowbit-attach-target="cpu=neoverse-v1 triple=x86_64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 features=+avx512-vnni triple=x86_64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=FEATURE
// RUN: not lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 features=avx2 triple=x86_64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=SIGN
// RUN: not lowbit-opt %s --lowbit-attach-target="cpu=x86-64-v3 features=+16bit-mode triple=x86_64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=MODE
// RUN: not lowbit-opt %s --lowbit-attach-target="cpu=pentium3 triple=x86_64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not lowbit-opt %s --lowbit-attach-target="triple=nosuch-linux-gnu" 2>&1 | FileCheck %s --check-prefix=TRIPLE
// RUN: not lowbit-opt %s --lowbit-attach-target="triple=armv7-linux-gnueabihf" 2>&1 | FileCheck %s --check-prefix=ARCH
// RUN: not lowbit-opt %s --lowbit-attach-target="cpu=host triple=riscv64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=HOST
// RUN: not lowbit-opt %s --lowbit-attach-target="triple=aarch64_be-linux-gnu" 2>&1 | FileCheck %s --check-prefix=ENDIAN
// RUN: sed 's/^module.*/module attributes {llvm.target = "x"} {}/' %s | not lowbit-opt --lowbit-attach-target 2>&1 | FileCheck %s --check-prefix=ATTR

// LLVM itself warns and goes on; here nothing is printed twice.
// CPU-NOT: is not a recognized processor
// CPU: error: unknown CPU 'x86_64-v3' for x86_64; did you mean 'x86-64-v3'
// OTHER: error: unknown CPU 'neoverse-v1' for x86_64; it is one of aarch64: name the triple, aarch64-unknown-linux-gnu
// FEATURE: error: unknown feature 'avx512-vnni' for x86_64; did you mean 'avx512vnni'
// SIGN: error: feature 'avx2' has no sign; write '+avx2' to use it, '-avx2' not to
// MODE: error: feature '16bit-mode' belongs to the triple; it cannot be changed
// BITS: error: CPU 'pentium3' is not 64-bit, as the triple x86_64-unknown-linux-gnu needs
// TRIPLE: error: this LLVM has no target for the triple 'nosuch-unknown-linux-gnu'
// ARCH: error: 'armv7-unknown-linux-gnueabihf' is not a 64-bit architecture
// HOST: error: cpu=host is this machine, {{.*}}, but the triple is riscv64-unknown-linux-gnu; name a CPU
// ENDIAN: error: 'aarch64_be-unknown-linux-gnu' is big-endian; packed elements and the bytes of weights are little-endian
// ATTR: error: 'llvm.target' is "x", not an #llvm.target attribute
module {}
