// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/promptcache/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace tidegate::promptcache {
namespace {

constexpr std::string_view kModel = "claude-sonnet-4-6";
constexpr Multiples kMultiples{0.1, 1.25, 2};
constexpr SteadyTime kStart{std::chrono::hours(24)};

/// A prompt of one block, sent at these minutes; its answer begins a second later.
std::vector<Served> one_block(const std::vector<double>& minutes) {
  std::vector<Served> served;
  for (const double minute : minutes) {
    const SteadyTime start =
        kStart + std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double, std::ratio<60>>(minute));
    sim::CachePrompt prompt;
    prompt.blocks = {{.hash = 1, .tokens = 1000}};
    prompt.minimum_tokens = 1000;
    served.push_back({start, start + Seconds(1), prompt});
  }
  return served;
}

/// The cheapest of all ways to mark, tried one by one on the simulator's cache.
double tried_cost(const std::vector<Served>& served) {
  const auto ways = static_cast<std::size_t>(std::lround(std::pow(3, served.size())));
  double least = 1e18;
  for (std::size_t way = 0; way < ways; ++way) {
    sim::PromptCache cache;
    double cost = 0;
    std::vector<std::pair<SteadyTime, sim::CachePlan>> unbegun;
    for (std::size_t i = 0, rest = way; i < served.size(); ++i, rest /= 3) {
      for (const auto& [begins, plan] : unbegun) {
        if (begins <= served[i].start) cache.commit(plan);
      }
      sim::CachePrompt prompt = served[i].prompt;
      if (rest % 3 == 1) prompt.blocks[0].breakpoint = sim::CacheTtl::FiveMinutes;
      if (rest % 3 == 2) prompt.blocks[0].breakpoint = sim::CacheTtl::OneHour;
      const sim::CachePlan plan = cache.plan(served[i].start, prompt);
      unbegun.emplace_back(served[i].first_byte, plan);
      cost += static_cast<double>(plan.usage.uncached) + 0.1 * static_cast<double>(plan.usage.read) +
              1.25 * static_cast<double>(plan.usage.written_5m) + 2 * static_cast<double>(plan.usage.written_1h);
    }
    least = std::min(least, cost);
  }
  return least;
}

TEST(PromptCacheBench, TheOracleOfOneBlockIsTheBestOfAllWaysToMark) {
  for (const std::vector<double>& minutes : {std::vector<double>{0},
                                             {0, 1},
                                             {0, 4, 8, 12},
                                             {0, 6, 12},
                                             {0, 6},
                                             {0, 1, 20, 21, 90, 91},
                                             {0, 1, 2, 40, 41, 42, 130, 131},
                                             {0, 0.001, 0.002, 3},
                                             {0, 20, 40, 60, 80},
                                             {0, 61, 122},
                                             {0, 4.9, 9.9, 70, 74}}) {
    EXPECT_NEAR(least_cost(one_block(minutes), kMultiples, Holding::Forbidden), tried_cost(one_block(minutes)), 1e-6)
        << minutes.size();
  }
}

TEST(PromptCacheBench, TheOracleThatMayHoldRequestsReadsInAVolley) {
  const auto volley = one_block({0, 0, 0, 0, 0});
  EXPECT_DOUBLE_EQ(least_cost(volley, kMultiples, Holding::Forbidden), 5000);
  EXPECT_DOUBLE_EQ(least_cost(volley, kMultiples, Holding::Allowed), 1250 + 4 * 100);
}

TEST(PromptCacheBench, TheOracleKnowsThatAnHourBehindKeepsWhatIsInFrontAlive) {
  auto served = one_block({0, 1, 30});
  for (Served& one : served) one.prompt.blocks.push_back({.hash = 2, .tokens = 10});
  // What marks can do: five minutes on both blocks, then an hour on a third one that only the last two have.
  for (std::size_t i = 1; i < 3; ++i) served[i].prompt.blocks.push_back({.hash = 3, .tokens = 20});
  sim::PromptCache cache;
  double cost = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    sim::CachePrompt prompt = served[i].prompt;
    prompt.blocks.back().breakpoint = i == 0 ? sim::CacheTtl::FiveMinutes : sim::CacheTtl::OneHour;
    const sim::CachePlan plan = cache.plan(served[i].start, prompt);
    cache.commit(plan);
    cost += static_cast<double>(plan.usage.uncached) + 0.1 * static_cast<double>(plan.usage.read) +
            1.25 * static_cast<double>(plan.usage.written_5m) + 2 * static_cast<double>(plan.usage.written_1h);
  }
  EXPECT_NEAR(cost, 1.25 * 1010 + 0.1 * 1010 + 2 * 20 + 0.1 * 1030, 1e-6);
  const double oracle = least_cost(served, kMultiples, Holding::Forbidden);
  EXPECT_LE(oracle, cost);
  EXPECT_GE(oracle, 0.99 * cost);
}

TEST(PromptCacheBench, TheOracleKnowsNoCacheBelowTheMinimum) {
  auto served = one_block({0, 1, 2});
  for (Served& one : served) one.prompt.minimum_tokens = 1001;
  EXPECT_DOUBLE_EQ(least_cost(served, kMultiples, Holding::Allowed), 3000);
}

TEST(PromptCacheBench, EveryBodyIsTakenAndNoPolicyIsCheaperThanTheOracle) {
  for (const Scenario scenario :
       {Scenario::AgentOnce, Scenario::Rag, Scenario::FanOut, Scenario::LongGaps, Scenario::SelfMarked}) {
    SCOPED_TRACE(to_string(scenario));
    const Report none = run(scenario, PolicyKind::None, kModel, 1);
    const double oracle = least_cost(none.served, multiples_of(*sim::find_model(kModel)), Holding::Forbidden);
    EXPECT_EQ(none.refused, 0U);
    EXPECT_GE(none.requests, 50U);
    for (const PolicyKind policy : {PolicyKind::Static, PolicyKind::Tidegate, PolicyKind::Careful}) {
      const Report report = run(scenario, policy, kModel, 1);
      EXPECT_EQ(report.refused, 0U) << to_string(policy);
      EXPECT_EQ(report.requests, none.requests) << to_string(policy);
      EXPECT_EQ(report.usage.total(), none.usage.total()) << to_string(policy);
      EXPECT_GE(report.billed, oracle - 1) << to_string(policy);
    }
  }
}

TEST(PromptCacheBench, ReachesItsLevelsInAnAgentLoopAndLosesNothingOnPromptsThatComeOnce) {
  const Report none = run(Scenario::AgentOnce, PolicyKind::None, kModel, 4);
  const double oracle = least_cost(none.served, multiples_of(*sim::find_model(kModel)), Holding::Forbidden);
  EXPECT_LE(run(Scenario::AgentOnce, PolicyKind::Tidegate, kModel, 4).billed, 1.05 * oracle);
  const Report once = run(Scenario::OneShot, PolicyKind::None, kModel, 4);
  EXPECT_LE(run(Scenario::OneShot, PolicyKind::Tidegate, kModel, 4).billed, 1.01 * once.billed);
  EXPECT_GE(run(Scenario::OneShot, PolicyKind::Static, kModel, 4).billed, 1.1 * once.billed);
}

TEST(PromptCacheBench, WaitingMakesOneWriteOfAVolleyAndEveryRequestIsServed) {
  const Report none = run(Scenario::FanOut, PolicyKind::None, kModel, 2);
  const Report waiting = run(Scenario::FanOut, PolicyKind::Waiting, kModel, 2);
  EXPECT_EQ(waiting.requests, none.requests);
  EXPECT_GT(waiting.waited, 100U);
  EXPECT_LE(waiting.waited_seconds, 5.0 * static_cast<double>(waiting.waited));
  EXPECT_LE(waiting.billed, 0.3 * none.billed);
}

TEST(PromptCacheBench, TheSameSeedGivesTheSameReportAndAnotherSeedAnother) {
  const double once = run(Scenario::Rag, PolicyKind::Tidegate, kModel, 1).billed;
  EXPECT_EQ(run(Scenario::Rag, PolicyKind::Tidegate, kModel, 1).billed, once);
  EXPECT_NE(run(Scenario::Rag, PolicyKind::Tidegate, kModel, 2).billed, once);
}

TEST(PromptCacheBench, AnAgentsPrefixHas18000Tokens) {
  const Report report = run(Scenario::AgentOnce, PolicyKind::None, kModel, 1);
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < 13; ++i) tokens += report.served[0].prompt.blocks[i].tokens;
  EXPECT_NEAR(static_cast<double>(tokens), 18'000, 200);
}

}  // namespace
}  // namespace tidegate::promptcache
