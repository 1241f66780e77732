// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/request_log.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::app {
namespace {

std::string to_log_line(const gateway::Outcome& outcome) {
  std::string line;
  append_log_line(line, outcome);
  return line;
}

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

TEST(LogLine, TellsOfWaitAndAttemptsOnlyWhereTheyMatter) {
  gateway::Outcome outcome;
  outcome.attempt = 1;
  outcome.queue_wait = Microseconds(300);
  const std::string plain = to_log_line(outcome);
  for (const char* name : {"attempts=", "wait_ms=", "class=", "obstacle="}) EXPECT_EQ(plain.find(name), std::string::npos) << plain;
  outcome.attempt = 3;
  outcome.queue_wait = Milliseconds(1'500);
  outcome.class_name = "code_generation";
  outcome.view.model = "claude-opus-5";
  EXPECT_NE(to_log_line(outcome).find(" model=claude-opus-5 class=code_generation attempts=3 wait_ms=1500 duration_ms=0\n"), std::string::npos)
      << to_log_line(outcome);
}

TEST(LogLine, SaysWhatStoodInTheWayOfARequestThatNobodyCouldServe) {
  gateway::Outcome outcome;
  outcome.status = 429;
  outcome.refusal = "no_capacity";
  outcome.obstacle = quota::Obstacle::Input;
  outcome.queue_wait = Seconds(15);
  EXPECT_NE(to_log_line(outcome).find(" refused=no_capacity obstacle=input_tokens wait_ms=15000 "), std::string::npos) << to_log_line(outcome);
}

TEST(LogLine, MattersMoreWhenTheRequestFailed) {
  gateway::Outcome outcome;
  outcome.state = store::AttemptState::Completed;
  outcome.status = 200;
  EXPECT_EQ(log_level_of(outcome), config::LogLevel::Info);
  outcome.state = store::AttemptState::Refused;  // answered by the gateway itself: a health check
  EXPECT_EQ(log_level_of(outcome), config::LogLevel::Info);
  outcome.status = 401;
  EXPECT_EQ(log_level_of(outcome), config::LogLevel::Warning);
  outcome.state = store::AttemptState::Truncated;
  outcome.status = 200;
  outcome.error = llm::UpstreamErrorKind::Truncated;
  EXPECT_EQ(log_level_of(outcome), config::LogLevel::Warning);
}

}  // namespace
}  // namespace tidegate::app
