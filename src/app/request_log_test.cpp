// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/request_log.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

namespace tidegate::app {
namespace {

TEST(LogLine, LetsNoClientBeginAFieldOrALineOfItsOwn) {
  gateway::Outcome outcome;
  outcome.request_id = "req_tg1";
  outcome.view.model = "evil\nstate=completed model=x";
  const std::string line = to_log_line(outcome);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find("model=\"evil?state=completed model=x\""), std::string::npos) << line;
}

TEST(LogLine, TellsTokensAndDuration) {
  gateway::Outcome outcome;
  outcome.answer.usage.tokens.input = 12;
  outcome.answer.usage.tokens.output = 3;
  outcome.duration = Milliseconds(250);
  const std::string line = to_log_line(outcome);
  EXPECT_NE(line.find(" input_tokens=12 "), std::string::npos) << line;
  EXPECT_NE(line.find(" output_tokens=3 "), std::string::npos) << line;
  EXPECT_NE(line.find(" duration_ms=250\n"), std::string::npos) << line;
}

TEST(LogWriter, WritesEveryLineThatItTook) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  std::uint64_t dropped = 0;
  {
    LogWriter log(file.get(), 10'000);
    for (int i = 0; i < 1'000; ++i) log.write("line\n");
    dropped = log.dropped();
  }
  EXPECT_EQ(dropped, 0U);
  EXPECT_EQ(std::ftell(file.get()), 5'000);
}

TEST(LogWriter, DropsAndCountsWhatFindsNoRoom) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  LogWriter log(file.get(), 0);
  log.write("line\n");
  EXPECT_EQ(log.dropped(), 1U);
}

}  // namespace
}  // namespace tidegate::app
