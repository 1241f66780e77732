// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/past.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <map>
#include <string>

namespace tidegate::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TrafficOptions options(std::uint64_t seed) { return {.seed = seed, .rate = 1, .tide = {}, .begin = -hours(2)}; }

std::string text_of(std::uint64_t seed) {
  std::string text;
  PastTraffic past(options(seed));
  while (const auto call = past.next()) append_line(text, *call);
  return text;
}

TEST(PastTraffic, IsTheSameForTheSameSeed) {
  EXPECT_EQ(text_of(3), text_of(3));
  EXPECT_NE(text_of(3), text_of(4));
}

TEST(PastTraffic, EndsAtTheBeginningInOrder) {
  PastTraffic past(options(1));
  Nanoseconds before = -hours(2);
  int calls = 0;
  for (auto call = past.next(); call; call = past.next(), ++calls) {
    EXPECT_GE(call->at, before);
    EXPECT_LT(call->at, Nanoseconds(0));
    EXPECT_GE(call->duration, call->first_token);
    before = call->at;
  }
  EXPECT_NEAR(calls, 7200, 400);
  EXPECT_EQ(past.next(), std::nullopt);
}

TEST(PastTraffic, IsOfTheSameMixAsWhatIsSent) {
  constexpr int kCalls = 6'000;
  std::map<std::string, int> sent, past_calls;
  TrafficPlan plan({.seed = 9, .rate = 1, .tide = {}});
  for (int i = 0; i < kCalls; ++i) {
    ++sent[std::string(boost::json::parse(plan.next().body).as_object().at("model").as_string())];
  }
  PastTraffic past({.seed = 9, .rate = 1, .tide = {}, .begin = -hours(10)});
  for (int i = 0; i < kCalls; ++i) ++past_calls[std::string(past.next()->model)];
  ASSERT_EQ(past_calls.size(), sent.size());
  for (const auto& [model, count] : sent) EXPECT_NEAR(past_calls[model], count, 0.1 * count + 60) << model;
}

TEST(PastTraffic, ReadsPromptsFromTheCacheWhileItLives) {
  // Of a call in twenty minutes each finds its prompt forgotten, of one in a second hardly any.
  const auto share_read = [](double rate) {
    PastTraffic past({.seed = 2, .rate = rate, .tide = {}, .begin = -hours(200)});
    int with_prompt = 0, read = 0;
    for (int i = 0; i < 400; ++i) {
      const auto call = past.next();
      with_prompt += call->cache_read + call->cache_write > 0 ? 1 : 0;
      read += call->cache_read > 0 ? 1 : 0;
    }
    return static_cast<double>(read) / with_prompt;
  };
  EXPECT_LT(share_read(1.0 / 1200), 0.2);
  EXPECT_GT(share_read(1), 0.9);
}

TEST(PastTraffic, CountsTokensAsTheSimulatorWould) {
  // A body's bytes over four, which is how the simulator reads one.
  TrafficPlan plan({.seed = 4, .rate = 1, .tide = {}});
  double sent = 0, counted = 0;
  int bodies = 0, calls = 0;
  while (bodies < 200) {
    const PlannedCall call = plan.next();
    if (call.body.find("\"ci\"") == std::string::npos) continue;
    sent += static_cast<double>(call.body.size()) / 4;
    ++bodies;
  }
  PastTraffic past({.seed = 4, .rate = 1, .tide = {}, .begin = -hours(10)});
  while (calls < 200) {
    const auto call = past.next();
    if (call->user != "ci") continue;
    counted += static_cast<double>(call->input);
    ++calls;
  }
  EXPECT_NEAR(counted / calls, sent / bodies, 0.1 * sent / bodies);
}

TEST(PastTraffic, IsOneLineACall) {
  std::string line;
  append_line(line, {.at = -Milliseconds(1500),
                     .endpoint = "messages",
                     .model = "claude-sonnet-5",
                     .user = "grace",
                     .session = 12,
                     .is_streamed = true,
                     .input = 830,
                     .cache_read = 4100,
                     .cache_write = 0,
                     .output = 250,
                     .first_token = Milliseconds(600),
                     .duration = Milliseconds(4800)});
  append_line(line, {.at = -Milliseconds(1), .endpoint = "count_tokens", .model = "claude-haiku-4-5"});
  EXPECT_EQ(line,
            "-1500 messages claude-sonnet-5 grace 12 1 830 4100 0 250 600 4800\n"
            "-1 count_tokens claude-haiku-4-5 - 0 0 0 0 0 0 0 0\n");
}

}  // namespace
}  // namespace tidegate::sim
