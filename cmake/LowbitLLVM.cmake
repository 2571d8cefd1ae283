# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Finds LLVM and MLIR. The version is pinned here and nowhere else.

set(LOWBIT_LLVM_VERSION_MAJOR 22)

# MLIRConfig.cmake refuses a bare major version, so it is checked afterwards.
find_package(MLIR CONFIG QUIET
  HINTS "/usr/lib/llvm-${LOWBIT_LLVM_VERSION_MAJOR}/lib/cmake/mlir")
if(NOT MLIR_FOUND)
  message(FATAL_ERROR "MLIR ${LOWBIT_LLVM_VERSION_MAJOR} was not found. "
    "Install libmlir-${LOWBIT_LLVM_VERSION_MAJOR}-dev and mlir-${LOWBIT_LLVM_VERSION_MAJOR}-tools "
    "(scripts/quickstart does it), or set MLIR_DIR to the folder of MLIRConfig.cmake.")
endif()
if(NOT LLVM_VERSION_MAJOR EQUAL LOWBIT_LLVM_VERSION_MAJOR)
  message(FATAL_ERROR "MLIR ${LLVM_PACKAGE_VERSION} was found in ${MLIR_DIR}; lowbit needs "
    "${LOWBIT_LLVM_VERSION_MAJOR}.x. Set MLIR_DIR to the folder of its MLIRConfig.cmake.")
endif()
message(STATUS "MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND "${LLVM_DEFINITIONS}")
