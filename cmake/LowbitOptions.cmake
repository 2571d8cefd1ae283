# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Compile and link options of lowbit's own code, as one interface target.

add_library(lowbit_options INTERFACE)
set_property(TARGET lowbit_options PROPERTY EXPORT_NAME Options)
target_include_directories(lowbit_options SYSTEM INTERFACE
  ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(lowbit_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:include>)
# Generated code is not ours to warn about.
target_include_directories(lowbit_options SYSTEM INTERFACE
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
# LLVM's own assertion macros change the layout of its classes (see
# LLVM_ENABLE_ABI_BREAKING_CHECKS in abi-breaking.h, fixed when LLVM was
# built), so leaving NDEBUG undefined here is safe with a release LLVM.
if(LOWBIT_ENABLE_ASSERTIONS)
  foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
    string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_${type} "${CMAKE_CXX_FLAGS_${type}}")
  endforeach()
endif()

add_library(lowbit_build_options INTERFACE)
target_link_libraries(lowbit_build_options INTERFACE lowbit_options)
target_compile_definitions(lowbit_build_options INTERFACE ${LLVM_DEFINITIONS_LIST})
target_compile_options(lowbit_build_options INTERFACE
  -Wall -Wextra
  # Assertions name files as the checkout does, wherever it was built.
  "$<BUILD_INTERFACE:-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=>"
  $<$<BOOL:${LOWBIT_ENABLE_WERROR}>:-Werror>)

if(LOWBIT_SANITIZE)
  list(JOIN LOWBIT_SANITIZE "," _sanitize)
  add_compile_options(-fsanitize=${_sanitize} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${_sanitize})
endif()

# What fuzz targets and their copies of lowbit's libraries are compiled with.
# MLIR's own library is not instrumented: the fuzzer's feedback is lowbit's
# code alone. The first error ends the program.
if(LOWBIT_ENABLE_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "LOWBIT_ENABLE_FUZZERS needs clang, which has libFuzzer; "
      "the compiler is ${CMAKE_CXX_COMPILER}.")
  endif()
  set(_sanitize address,undefined)
  add_library(lowbit_fuzz_options INTERFACE)
  target_link_libraries(lowbit_fuzz_options INTERFACE lowbit_options)
  target_compile_options(lowbit_fuzz_options INTERFACE
    -fsanitize=fuzzer-no-link,${_sanitize} -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer -g1 -O1)
  target_link_options(lowbit_fuzz_options INTERFACE -fsanitize=${_sanitize})
endif()

# lld links several times faster than bfd; used where it is installed.
find_program(LOWBIT_LLD NAMES ld.lld-${LOWBIT_LLVM_VERSION_MAJOR} ld.lld
  HINTS "${LLVM_TOOLS_BINARY_DIR}")
if(LOWBIT_LLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options("--ld-path=${LOWBIT_LLD}")
endif()

# What is installed finds LLVM where the build did, and nothing in the build.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
