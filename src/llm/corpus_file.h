// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

// For tests: the recorded requests and answers of tests/corpus.
namespace tidegate::llm {

[[nodiscard]] inline std::string corpus_file(const std::string& name) {
  std::ifstream in(std::string(TIDEGATE_SOURCE_DIR) + "/tests/corpus/" + name, std::ios::binary);
  EXPECT_TRUE(in) << "tests/corpus/" << name << " is not there";
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace tidegate::llm
