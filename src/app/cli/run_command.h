// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>

namespace tidegate::app {

/// What a command said, and how it ended.
struct CommandAnswer {
  int exit_code;
  std::string out;
  std::string err;
};

/// For tests: what a command answers to these words (`cost --since 1h`). `add` declares it, as main does.
inline CommandAnswer run_command(void (*add)(CLI::App& program, int& exit_code), const std::string& words) {
  CLI::App program("", "tidegate");
  int exit_code = -1;
  add(program, exit_code);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  program.parse(words);
  std::fflush(stdout);
  std::string out = testing::internal::GetCapturedStdout();
  return {.exit_code = exit_code, .out = std::move(out), .err = testing::internal::GetCapturedStderr()};
}

}  // namespace tidegate::app
