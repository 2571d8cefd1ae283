# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The lit suite: test/**/*.mlir and *.test, see docs/Testing.md."""

import os
import platform

import lit.formats
import lit.util

config.name = "lowbit"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "fuzz", "package", "python", "unit"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.lowbit_build_dir, "test")

# lowbit's own tools first, then LLVM's: FileCheck, not, split-file, count,
# mlir-opt, mlir-translate, mlir-runner, llc.
config.lowbit_bin_dir = os.path.join(config.lowbit_build_dir, "bin")
config.environment["PATH"] = os.pathsep.join(
    [config.lowbit_bin_dir, config.llvm_tools_dir, os.environ.get("PATH", "")])
# For a build with LOWBIT_SANITIZE. LLVM's headers mark free memory of its
# allocators for ASan, but MLIR's library, compiled without, does not: the marks
# would be wrong, and so would be reports of leaks. Too large a request is the
# tools' to report.
for name, default in (
        ("ASAN_OPTIONS",
         "detect_leaks=0:allow_user_poisoning=0:allocator_may_return_null=1"),
        ("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")):
    config.environment[name] = os.environ.get(name, default)
config.available_features.update(
    f"sanitizer-{name}" for name in config.sanitizers if name)
# A failing check shows the input around it.
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --dump-input-filter=error"

# The order matters: a name that is the start of another comes after it.
config.substitutions += [
    ("%lowbit_bin", config.lowbit_bin_dir),
    ("%lowbit_lib", os.path.join(config.lowbit_build_dir, "lib")),
    ("%lowbit_plugin", os.path.join(config.lowbit_build_dir, "lib", "LowbitPlugin.so")),
    ("%lowbit_src", config.lowbit_source_dir),
    ("%mlir_c_runner_utils", os.path.join(config.llvm_lib_dir, "libmlir_c_runner_utils.so")),
    ("%mlir_runner_utils", os.path.join(config.llvm_lib_dir, "libmlir_runner_utils.so")),
    ("%mlir_lib_dir", config.llvm_lib_dir),
    ("%python", config.python),
]

# What the machine has, for REQUIRES: x86_64 or aarch64; on x86 cpu-avx2,
# cpu-avx512f, cpu-amx_int8 and so on, as Linux names them.
config.available_features.add(platform.machine())
try:
    with open("/proc/cpuinfo") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("flags"):
                config.available_features.update(
                    f"cpu-{flag}" for flag in line.split(":", 1)[1].split())
                break
except OSError:
    pass
if lit.util.which("mlir-runner", config.llvm_tools_dir):
    config.available_features.add("mlir-runner")
