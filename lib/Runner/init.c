//===- init.c - Prepares a process for compiled code ----------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The state of AMX tiles is 8 KiB for each thread, so Linux (5.16 and later)
// saves it only for processes that have asked:
// Documentation/arch/x86/xstate.rst of the kernel. The numbers are part of its
// stable interface; older headers lack them.
//
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include "lowbit/Runner/runner.h"

#if defined(__x86_64__) && defined(__linux__)

#include <sys/syscall.h>
#include <unistd.h>

int lowbit_init(void) {
  const long request_permission = 0x1023; // ARCH_REQ_XCOMP_PERM
  const long tile_data = 18;              // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

#else

int lowbit_init(void) { return 0; }

#endif
