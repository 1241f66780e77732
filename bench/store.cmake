# SPDX-License-Identifier: Apache-2.0
# `ninja -C build/release journal_bench && build/release/bench/journal_bench DIRECTORY`
add_executable(journal_bench EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/journal_bench.cpp)
target_link_libraries(journal_bench PRIVATE tidegate_flags tidegate_store_sqlite)
