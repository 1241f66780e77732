# SPDX-License-Identifier: Apache-2.0
# What admission costs; included by bench/CMakeLists.txt.
add_executable(quota_bench EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/quota_bench.cpp)
target_link_libraries(quota_bench PRIVATE tidegate_flags tidegate_quota_book fmt::fmt Threads::Threads)
