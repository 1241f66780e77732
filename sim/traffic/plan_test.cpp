// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/plan.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <map>
#include <set>
#include <string>

namespace tidegate::sim {
namespace {

TEST(TrafficPlan, IsTheSameForTheSameSeed) {
  TrafficPlan one({.seed = 7});
  TrafficPlan same({.seed = 7});
  TrafficPlan other({.seed = 8});
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const PlannedCall call = one.next();
    const PlannedCall again = same.next();
    EXPECT_EQ(call.at, again.at);
    EXPECT_EQ(call.path, again.path);
    EXPECT_EQ(call.fields, again.fields);
    EXPECT_EQ(call.body, again.body);
    differs = differs || other.next().body != call.body;
  }
  EXPECT_TRUE(differs);
}

TEST(TrafficPlan, RisesAndFallsAroundItsMean) {
  TrafficPlan plan({.seed = 1, .rate = 5});
  std::map<int, int> by_half;  // of a tide: the first is the high one
  int calls = 0;
  for (Nanoseconds at{}; at < std::chrono::minutes(60); ++calls) {
    const Nanoseconds next = plan.next().at;
    EXPECT_GE(next, at);
    at = next;
    ++by_half[static_cast<int>(at / std::chrono::minutes(5) % 2)];
  }
  EXPECT_NEAR(calls, 5 * 3600, 900);
  EXPECT_GT(by_half[0], 2 * by_half[1]);  // 1 + 1.2/π against 1 - 1.2/π in expectation
}

TEST(TrafficPlan, SendsWhatEveryoneOfTheTeamSends) {
  TrafficPlan plan({.seed = 3});
  std::set<std::string> users, paths, models, sessions;
  for (int i = 0; i < 1'000; ++i) {
    const PlannedCall call = plan.next();
    const auto body = boost::json::parse(call.body).as_object();  // always valid JSON
    models.insert(std::string(body.at("model").as_string()));
    paths.insert(call.path);
    if (const auto* metadata = body.if_contains("metadata"))
      users.insert(std::string(metadata->at("user_id").as_string()));
    for (const auto& [name, value] : call.fields) {
      if (name == "x-claude-code-session-id") sessions.insert(value);
    }
  }
  EXPECT_EQ(users, (std::set<std::string>{"ada", "barbara", "ci", "evaluation", "grace", "linus", "support-bot"}));
  EXPECT_EQ(paths, (std::set<std::string>{"/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens",
                                          "/v1/messages?beta=true"}));
  EXPECT_EQ(models.size(), 4U);
  EXPECT_GT(sessions.size(), 8U);
  for (const std::string& session : sessions) EXPECT_EQ(session.size(), 36U) << session;
}

}  // namespace
}  // namespace tidegate::sim
