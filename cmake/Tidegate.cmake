# SPDX-License-Identifier: Apache-2.0
# How every target of the project is compiled, and the three functions that declare one.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

option(TIDEGATE_LIBFUZZER "Build the fuzz targets with libFuzzer (clang) instead of as corpus runners" OFF)
option(TIDEGATE_COVERAGE "Instrument for gcov" OFF)
set(TIDEGATE_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The settings make one cache serve several checkouts of the project; pch_defines lets ccache see through precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

# Warnings are errors in our own code; third-party headers are SYSTEM and stay quiet.
add_library(tidegate_flags INTERFACE)
target_compile_options(tidegate_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these two inside libstdc++ and coroutine frames where nothing is wrong (GCC bugs 105562, 105329).
  target_compile_options(tidegate_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict -fcoroutines)
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
if(TIDEGATE_SANITIZE)
  add_compile_options(-fsanitize=${TIDEGATE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TIDEGATE_SANITIZE})
  add_compile_definitions(TIDEGATE_SANITIZED=1)
  if(TIDEGATE_SANITIZE MATCHES "thread")
    # Asio synchronises with fences in places, which ThreadSanitizer does not model; GCC only warns.
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
endif()
if(TIDEGATE_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(TIDEGATE_LIBFUZZER)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

target_include_directories(tidegate_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)

# tidegate_library(name SOURCES a.cpp … [LINKS target …] [PRIVATE_LINKS target …])
function(tidegate_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC tidegate_flags ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# What runs in production is built without the packages of the tests: a machine that ran tools/install_dependencies alone has no GoogleTest.
if(TIDEGATE_SANITIZE)
  find_package(GTest REQUIRED)
else()
  find_package(GTest QUIET)
endif()
set(TIDEGATE_TESTS ${GTest_FOUND})
if(TIDEGATE_TESTS)
  include(GoogleTest)
else()
  message(STATUS "no GoogleTest: tests and benchmarks are left out; tools/install_dependencies --test brings it")
endif()

# tidegate_test(name SOURCES a_test.cpp … [LINKS target …] [THREADED] [TIMEOUT seconds])
# THREADED tests are the ones that the "thread" preset builds and runs.
function(tidegate_test name)
  if(TIDEGATE_LIBFUZZER OR NOT TIDEGATE_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "THREADED" "TIMEOUT" "SOURCES;LINKS" ${ARGN})
  if(TIDEGATE_SANITIZE MATCHES "thread" AND NOT ARG_THREADED)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE tidegate_flags ${ARG_LINKS} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TIDEGATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  # One label each: gtest_discover_tests takes a list apart.
  set(label unit)
  if(ARG_THREADED)
    set(label threaded)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX "${name}." PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS ${label})
  if(TIDEGATE_SANITIZE MATCHES "thread")
    add_dependencies(threaded_tests ${name})
  endif()
endfunction()

# Targets of the "thread" preset: only what the threaded tests need is ever built there.
if(TIDEGATE_SANITIZE MATCHES "thread")
  add_custom_target(threaded_tests)
endif()

# tidegate_fuzz(name SOURCES a_fuzz.cpp CORPUS folder [LINKS target …])
# With TIDEGATE_LIBFUZZER a real fuzzer; otherwise a program that feeds every file of the corpus once, run as a test.
function(tidegate_fuzz name)
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;LINKS" ${ARGN})
  if(TIDEGATE_SANITIZE MATCHES "thread")
    return()
  endif()
  if(TIDEGATE_LIBFUZZER)
    add_executable(${name} ${ARG_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/fuzz/corpus_runner.cpp)
    add_test(NAME ${name}.seeds COMMAND ${name} ${CMAKE_SOURCE_DIR}/${ARG_CORPUS})
    set_tests_properties(${name}.seeds PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
  target_link_libraries(${name} PRIVATE tidegate_flags ${ARG_LINKS})
endfunction()
