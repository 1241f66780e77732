// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/storm/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace tidegate::storm {
namespace {

/// A few minutes of a scenario of the bench.
Scenario minutes_of(std::string_view name, double minutes) {
  Scenario cut = *scenario(name);
  cut.length = minutes * 60;
  cut.warm_up = 60;
  cut.drop_at = std::min(cut.drop_at, cut.length / 2);
  return cut;
}

Report run(const Scenario& what, PolicyKind policy, std::uint64_t seed = 1) { return World(what, policy, seed).run(); }

TEST(Storm, ADropOf700RequestsCostsTheGatewayNo429AndNaiveRotationMany) {
  const Scenario drop = minutes_of("s1", 20);
  const Report ours = run(drop, PolicyKind::Tidegate);
  EXPECT_GT(ours.requests, 3'000u);
  EXPECT_EQ(ours.client_429, 0);
  EXPECT_EQ(ours.failures, 0);
  EXPECT_EQ(ours.upstream_429_per_100, 0);
  EXPECT_LE(ours.interactive.p95, 0.1);
  EXPECT_EQ(ours.deadline_misses, 0u);
  EXPECT_EQ(ours.stuck, 0u);
  EXPECT_GT(run(drop, PolicyKind::RoundRobin).client_429, 5);
  EXPECT_GT(run(drop, PolicyKind::Cooldown).client_429, 5);
}

TEST(Storm, TheSameSeedGivesTheSameReport) {
  const Scenario some = minutes_of("s6_acceleration", 6);
  const std::string once = to_json(run(some, PolicyKind::Tidegate), some.name, "tidegate", 1);
  EXPECT_EQ(to_json(run(some, PolicyKind::Tidegate), some.name, "tidegate", 1), once);
  EXPECT_NE(to_json(run(some, PolicyKind::Tidegate, 2), some.name, "tidegate", 1), once);
}

TEST(Storm, NoFaultLetsA429ThroughToAClientOrLeavesAnythingBehind) {
  for (const Scenario& fault : scenarios("s6")) {
    SCOPED_TRACE(fault.name);
    const Report report = run(minutes_of(fault.name, 12), PolicyKind::Tidegate);
    EXPECT_GT(report.requests, 500u);
    EXPECT_EQ(report.client_429, 0);
    EXPECT_LE(report.upstream_429_per_100, 5);
    EXPECT_EQ(report.deadline_misses, 0u);
    EXPECT_EQ(report.stuck, 0u);
  }
}

TEST(Storm, EveryPolicyBringsEveryRequestToAnEnd) {
  Scenario crowded = minutes_of("s4_a_3_1.5", 30);
  for (const bool has_fallback : {true, false}) {
    crowded.has_fallback = has_fallback;
    for (const PolicyKind policy : {PolicyKind::Tidegate, PolicyKind::Clairvoyant, PolicyKind::None, PolicyKind::RoundRobin,
                                    PolicyKind::Cooldown, PolicyKind::LeastUsed}) {
      SCOPED_TRACE(to_string(policy));
      EXPECT_EQ(run(crowded, policy).stuck, 0u);
    }
  }
}

TEST(Storm, ThreeKeysOfOneOrganisationAreFoundOutByTheFirstHeads) {
  const Report report = run(minutes_of("s7", 20), PolicyKind::Tidegate);
  EXPECT_LE(report.upstream_429_per_100, 0.1);
  EXPECT_EQ(report.stuck, 0u);
}

TEST(Source, SendsAsMuchAsItIsToldHoweverMuchOfTheTimeTheBurstsTake) {
  for (const Shape shape : {Shape::Steady, Shape::Bursty}) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      constexpr double kLength = 6 * 3600;
      Source source(kTenants[0], shape, 2.0, kLength, 0.15, seed);
      int sent = 0;
      for (SteadyTime at = source.next(kBegin); at < kBegin + nanoseconds(kLength); at = source.next(at)) ++sent;
      EXPECT_NEAR(sent, 2.0 * kLength, 5 * std::sqrt(2.0 * kLength)) << "seed " << seed;
    }
  }
}

TEST(Source, SizesHaveTheMeansOfTheMix) {
  sim::Random random(5);
  double input = 0, output = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    const Size size = draw_size(quota::Priority::Batch, 0.15, random);
    input += size.input;
    output += size.output;
  }
  EXPECT_NEAR(input / kDraws, 3000, 40);
  EXPECT_NEAR(output / kDraws, mean_output(quota::Priority::Batch), 8);
}

TEST(Provider, TellsLevelsAsTheyWereAtAdmissionRoundedAsDocumented) {
  Provider provider({.limits = scenario("s4_c_1_0.5")->limits, .estimate_error = 0}, kBegin, kBegin + Seconds(60), 1);
  const auto first = provider.receive(kBegin, 1'700);
  ASSERT_TRUE(std::holds_alternative<Taken>(first));
  const auto second = provider.receive(kBegin + Milliseconds(100), 5'000);
  ASSERT_TRUE(std::holds_alternative<Taken>(second));
  const quota::Readings readings = provider.begin(kBegin + Seconds(2), std::get<Taken>(first).ticket, 1'700);
  EXPECT_EQ(readings[quota::Dimension::Requests].remaining, 99);
  EXPECT_EQ(readings[quota::Dimension::Input].remaining, 198'000);
  EXPECT_EQ(readings[quota::Dimension::Input].limit, 200'000);
  EXPECT_EQ(readings[quota::Dimension::Output].remaining, 40'000);
  EXPECT_FALSE(readings[quota::Dimension::Tokens].limit);
  EXPECT_EQ(provider.used(quota::Dimension::Requests), 2);
  EXPECT_EQ(provider.used(quota::Dimension::Input), 6'700);
}

TEST(Provider, TheBindingDimensionIsThatOfTheMix) {
  EXPECT_EQ(binding_dimension(scenario("s4_a_1_0.5")->limits), quota::Dimension::Requests);
  EXPECT_EQ(binding_dimension(scenario("s4_b_1_0.5")->limits), quota::Dimension::Output);
  EXPECT_EQ(binding_dimension(scenario("s4_c_1_0.5")->limits), quota::Dimension::Requests);
}

}  // namespace
}  // namespace tidegate::storm
