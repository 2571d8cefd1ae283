//===- runner.h - What compiled code needs from its program -----*- C -*-===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For C and C++ programs that link objects of lowbit-compile: this header and
// liblowbit_runner.a. Needs a C library and nothing of LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef LOWBIT_RUNNER_RUNNER_H
#define LOWBIT_RUNNER_RUNNER_H

#ifdef __cplusplus
extern "C" {
#endif

/// Prepares the process for compiled code: on x86-64 Linux it asks the kernel
/// for permission to use AMX tiles, without which the first AMX instruction
/// ends the process; elsewhere it does nothing. Call it before the first
/// compiled function, and before the threads that call one are started: the
/// permission belongs to the process and is inherited. Calling it again is
/// harmless. Code for a CPU without AMX does not need it.
///
/// Returns 1 if the process may use AMX tiles, 0 if not.
int lowbit_init(void);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // LOWBIT_RUNNER_RUNNER_H
