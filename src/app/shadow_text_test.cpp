// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/shadow_text.h"

#include "admin/shadow_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <string>

namespace tidegate::app {
namespace {

using monitor::Estimate;
using monitor::ShadowDecision;
using testing::HasSubstr;
using testing::Not;

admin::ShadowState a_day() {
  admin::ShadowState state;
  state.options.provider = ProviderId("relay");
  state.counts.decided[static_cast<std::size_t>(ShadowDecision::Send)] = 1'243;
  state.counts.decided[static_cast<std::size_t>(ShadowDecision::Minute)] = 31;
  state.counts.decided[static_cast<std::size_t>(ShadowDecision::Budget)] = 4;
  state.counts.running = 3;
  state.counts.spent_today = *Money::parse("4.97");
  monitor::ShadowReport& report = state.reports.emplace_back();
  report.official_provider = "anthropic";
  report.shadow_provider = "relay";
  report.pairs = 1'240;
  report.official = {.success = Estimate{0.998, 0.994, 1, 1'240},
                     .errors = {{"overloaded", 2}},
                     .valid_tool_calls = Estimate{1, 0.99, 1, 400},
                     .cost = *Money::parse("6.20")};
  report.shadow = {.success = Estimate{0.991, 0.984, 0.995, 1'240},
                   .errors = {{"overloaded", 7}, {"timeout", 4}},
                   .valid_tool_calls = Estimate{0.9975, 0.99, 1, 400},
                   .cost = *Money::parse("4.9662")};
  report.success_difference = Estimate{-0.0073, -0.0134, -0.0011, 1'240};
  report.time_to_first_token = {.official = 943.2, .shadow = 1'127.9, .difference = {183, 153, 221, 1'227}};
  report.total_time = {.official = 12'040, .shadow = 11'910, .difference = {-90, -310, 140, 1'227}};
  report.tokens_per_second = {.official = 61.23, .shadow = 64, .difference = {2.8, 1.9, 3.7, 1'227}};
  report.length_ratio = Estimate{0.98, 0.95, 1.01, 1'227};
  report.cost_ratio = Estimate{0.801, 0.77, 0.83, 1'227};
  report.same_stop_reason = Estimate{0.961, 0.949, 0.97, 1'227};
  report.same_tool_use = Estimate{0.93, 0.9, 0.95, 400};
  report.verdict = {monitor::ShadowVerdict::Kind::Usable,
                    "relay is 183 ms [153, 221] slower to first token, success 99.1 % against 99.8 %, n = 1,240: usable as spare"};
  return state;
}

std::string text_of(const admin::ShadowState& state) { return shadow_text(admin::view(state)); }

TEST(ShadowText, SaysWhatTheDayCameTo) {
  EXPECT_EQ(text_of(a_day()), R"(5.0 % of requests go to relay as well; 1243 sent, 3 running, $4.97 of $5.00 spent today (UTC)
drawn but not sent, by what stood in the way: budget 4, minute 31

relay beside anthropic, all models
  relay is 183 ms [153, 221] slower to first token, success 99.1 % against 99.8 %, n = 1,240: usable as spare

                           anthropic         relay  difference [95 %]
  success                     99.8 %        99.1 %  -0.7 [-1.3, -0.1] points
  ms to first token              943          1128  +183 [+153, +221]
  ms in all                    12040         11910  -90 [-310, +140]
  tokens per second             61.2          64.0  +2.8 [+1.9, +3.7]
  tool calls whole             100 %        99.8 %
  cost $                        6.20        4.9662  0.80 [0.77, 0.83] times
  times as long                                     0.98 [0.95, 1.01]
  same stop reason                                  96.1 % [94.9 %, 97.0 %]
  same use of tools                                 93.0 % [90.0 %, 95.0 %]
  errors of anthropic: overloaded 2
  errors of relay: overloaded 7, timeout 4
)");
}

TEST(ShadowText, LeavesOutWhatIsNotKnown) {
  admin::ShadowState state;
  state.options.provider = ProviderId("relay");
  state.options.by = monitor::ShadowBy::Session;
  state.counts.dropped = 2;
  monitor::ShadowReport& report = state.reports.emplace_back();
  report.official_provider = "anthropic";
  report.shadow_provider = "relay";
  report.model = "claude-haiku-4-5";
  report.verdict.text = "too few samples yet (n = 12)";
  EXPECT_EQ(text_of(state), R"(5.0 % of conversations go to relay as well; 0 sent, 0 running, $0.00 of $5.00 spent today (UTC)
2 pairs came too fast and are missing below

relay beside anthropic, claude-haiku-4-5
  too few samples yet (n = 12)

                           anthropic         relay  difference [95 %]
  cost $                        0.00          0.00
)");
}

TEST(ShadowText, SaysHowToSwitchItOnAndWhenThereIsNothingYet) {
  admin::ShadowState state;
  EXPECT_THAT(text_of(state), HasSubstr("Shadow traffic is off; `shadow: {provider: NAME}`"));
  state.options.provider = ProviderId("relay");
  state.options.enabled = false;
  EXPECT_THAT(text_of(state), HasSubstr("Shadow traffic to relay is switched off by `shadow.enabled`.\n"));
  state.options.enabled = true;
  EXPECT_THAT(text_of(state), HasSubstr("No pair has been compared in this time.\n"));
}

TEST(ShadowText, LetsNoModelSteerTheTerminal) {
  admin::ShadowState state = a_day();
  state.reports[0].model = "m\x1b[2J";
  EXPECT_THAT(text_of(state), testing::AllOf(HasSubstr("m?[2J"), Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace tidegate::app
