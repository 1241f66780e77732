// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace tidegate::monitor {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// Traffic whose two answers share what makes a request slow, with skewed delays of their own.
class Traffic {
 public:
  explicit Traffic(std::uint64_t seed) : engine_(seed) {}

  double official_extra_ms = 0;
  double shadow_extra_ms = 0;
  double official_failing = 0.002;
  double shadow_failing = 0.01;

  ShadowReport report(int pairs) {
    std::vector<ShadowSample> samples;
    for (int i = 0; i < pairs; ++i) {
      ShadowSample& sample = samples.emplace_back();
      sample.official_provider = "anthropic";
      sample.shadow_provider = "relay";
      const double shared = 300 + 400 * exponential();
      sample.official = side(shared + 150 * exponential() + official_extra_ms, official_failing);
      sample.shadow = side(shared + 180 + 250 * exponential() + shadow_extra_ms, shadow_failing);
    }
    return compare(samples, 1);
  }

 private:
  double uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) / 9007199254740992.0; }
  double exponential() { return -std::log(uniform()); }
  ShadowSide side(double first_token_ms, double failing) {
    if (uniform() < failing) return {.error_kind = "timeout", .total_time = Seconds(30)};
    const Nanoseconds first_token(std::llround(first_token_ms * 1e6));
    return {.ok = true, .time_to_first_token = first_token, .total_time = first_token + Seconds(5), .output_tokens = 300};
  }

  std::mt19937_64 engine_;
};

TEST(Degraded, SeesThatOfficialGotSlower) {
  Traffic traffic(1);
  const ShadowReport day = traffic.report(1'500);
  traffic.official_extra_ms = 800;
  const auto found = degraded(traffic.report(50), day);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, Degradation::Kind::Slower);
  EXPECT_THAT(found[0].message, testing::AllOf(StartsWith("anthropic takes "), HasSubstr("(n = 50), over the day "),
                                               HasSubstr(" ahead of relay and is now "), HasSubstr(" behind relay")));
}

TEST(Degraded, SeesThatOfficialFailsMore) {
  Traffic traffic(2);
  const ShadowReport day = traffic.report(1'500);
  traffic.official_failing = 0.3;
  const auto found = degraded(traffic.report(50), day);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, Degradation::Kind::Failing);
  EXPECT_THAT(found[0].message,
              testing::AllOf(HasSubstr("mostly timeout"), HasSubstr("over the day 99."), HasSubstr("while relay answers ")));
}

TEST(Degraded, IsNotMovedByWhatBothShareNorByShadowAlone) {
  Traffic traffic(3);
  const ShadowReport day = traffic.report(1'500);
  traffic.official_extra_ms = traffic.shadow_extra_ms = 2'000;  // longer prompts, or a slow evening everywhere
  EXPECT_TRUE(degraded(traffic.report(60), day).empty());
  traffic.official_extra_ms = 0;
  EXPECT_TRUE(degraded(traffic.report(60), day).empty()) << "shadow got slower";
  traffic.shadow_extra_ms = -400;
  EXPECT_TRUE(degraded(traffic.report(60), day).empty()) << "shadow got faster";
  traffic.shadow_extra_ms = 0;
  traffic.shadow_failing = 0.6;
  EXPECT_TRUE(degraded(traffic.report(60), day).empty()) << "shadow fails";
}

TEST(Degraded, NeedsEnoughToTell) {
  Traffic traffic(4);
  const ShadowReport day = traffic.report(1'500);
  const ShadowReport first_hour = traffic.report(90);
  traffic.official_extra_ms = 3'000;
  EXPECT_TRUE(degraded(traffic.report(15), day).empty());
  EXPECT_TRUE(degraded(traffic.report(60), first_hour).empty());
  EXPECT_TRUE(degraded(compare({}, 1), day).empty());
}

TEST(Degraded, AlmostNeverRaisesAFalseAlarm) {
  Traffic traffic(5);
  const ShadowReport day = traffic.report(1'500);
  int alarms = 0;
  for (int window = 0; window < 400; ++window) alarms += degraded(traffic.report(40), day).empty() ? 0 : 1;
  EXPECT_LE(alarms, 1) << "of 400 windows of ten minutes: almost three days";
}

}  // namespace
}  // namespace tidegate::monitor
