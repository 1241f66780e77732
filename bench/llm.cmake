# SPDX-License-Identifier: Apache-2.0
# Micro benchmark of src/llm; included by bench/CMakeLists.txt.
add_executable(llm_bench EXCLUDE_FROM_ALL llm_bench.cpp)
target_link_libraries(llm_bench PRIVATE tidegate_flags tidegate_llm_anthropic tidegate_llm_openai)
