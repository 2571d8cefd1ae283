# Part of the lowbit project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Wrappers around CMake's and MLIR's functions, so that a CMakeLists.txt is a
# list of files and libraries.

include_guard()

# lowbit_tablegen(<target> <file.td> <output> <generator flags> ...)
# Generates <output> from <file.td> beside it; further outputs follow after
# each OUT keyword: OUT <output> <flags>...
function(lowbit_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(TABLEGEN_OUTPUT)
  include_directories(${MLIR_INCLUDE_DIRS} ${PROJECT_SOURCE_DIR}/include)
  set(flags)
  set(output)
  foreach(arg IN LISTS ARGN ITEMS OUT)
    if(arg STREQUAL "OUT")
      if(output)
        mlir_tablegen(${output} ${flags})
      endif()
      set(flags)
      set(output)
    elseif(NOT output)
      set(output ${arg})
    else()
      list(APPEND flags ${arg})
    endif()
  endforeach()
  add_public_tablegen_target(${target})
  set_property(GLOBAL APPEND PROPERTY LOWBIT_TABLEGEN_TARGETS ${target})
endfunction()

# add_lowbit_library(<name> SOURCES <file>... LINK_LIBS <lib>... DEPENDS <target>...)
# A static library that Lowbit::Lowbit is made of. MLIR and LLVM come from
# their shared libraries.
function(add_lowbit_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK_LIBS;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC lowbit_options ${ARG_LINK_LIBS})
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:lowbit_build_options>)
  get_property(tablegen GLOBAL PROPERTY LOWBIT_TABLEGEN_TARGETS)
  add_dependencies(${name} ${tablegen} ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY LOWBIT_LIBRARIES ${name})
  install(TARGETS ${name} EXPORT LowbitTargets ARCHIVE DESTINATION lib)

  # Fuzz targets have libraries of their own, compiled for coverage feedback
  # and with sanitizers: neither belongs into what is installed.
  if(LOWBIT_ENABLE_FUZZERS)
    list(TRANSFORM ARG_LINK_LIBS REPLACE "^(Lowbit.*)$" "\\1Fuzz")
    add_library(${name}Fuzz STATIC EXCLUDE_FROM_ALL ${ARG_SOURCES})
    target_link_libraries(${name}Fuzz
      PUBLIC lowbit_fuzz_options ${ARG_LINK_LIBS}
      PRIVATE lowbit_build_options)
    add_dependencies(${name}Fuzz ${tablegen} ${ARG_DEPENDS})
  endif()
endfunction()

# add_lowbit_c_library(<name> SOURCES <file.c>...)
# A static library of plain C for programs that know nothing of LLVM: lib<name>.a.
# It is installed, but is no part of Lowbit::Lowbit, and never instrumented, since
# what links it is not.
function(add_lowbit_c_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_compile_options(${name} PRIVATE -Wall -Wextra
    "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/="
    $<$<BOOL:${LOWBIT_ENABLE_WERROR}>:-Werror>
    $<$<BOOL:${LOWBIT_SANITIZE}>:-fno-sanitize=all>)
  install(TARGETS ${name} ARCHIVE DESTINATION lib)
endfunction()

# add_lowbit_fuzzer(<name> SOURCES <file>... LINK_LIBS <lib>...)
# A libFuzzer program in build/bin, run by scripts/test. Of lowbit's libraries
# it links the instrumented form.
function(add_lowbit_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK_LIBS" ${ARGN})
  list(TRANSFORM ARG_LINK_LIBS REPLACE "^(Lowbit.*)$" "\\1Fuzz")
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} lowbit_fuzz_options
    lowbit_build_options)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  get_property(tablegen GLOBAL PROPERTY LOWBIT_TABLEGEN_TARGETS)
  add_dependencies(${name} ${tablegen})
endfunction()

# add_lowbit_tool(<name> SOURCES <file>... LINK_LIBS <lib>... [NO_INSTALL])
function(add_lowbit_tool name)
  cmake_parse_arguments(ARG "NO_INSTALL" "" "SOURCES;LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} lowbit_build_options)
  target_compile_definitions(${name} PRIVATE LOWBIT_VERSION="${PROJECT_VERSION}")
  get_property(tablegen GLOBAL PROPERTY LOWBIT_TABLEGEN_TARGETS)
  add_dependencies(${name} ${tablegen})
  if(NOT ARG_NO_INSTALL)
    install(TARGETS ${name} RUNTIME DESTINATION bin)
  endif()
endfunction()

# add_lowbit_unittest(<name> SOURCES <file>... LINK_LIBS <lib>...)
# A GoogleTest binary in build/bin, run by lit and by scripts/test.
function(add_lowbit_unittest name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} GTest::gtest_main
    lowbit_build_options)
  get_property(tablegen GLOBAL PROPERTY LOWBIT_TABLEGEN_TARGETS)
  add_dependencies(${name} ${tablegen})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/unittests")
  set_property(GLOBAL APPEND PROPERTY LOWBIT_UNITTESTS ${name})
endfunction()
