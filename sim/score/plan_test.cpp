// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/score/plan.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <array>
#include <string>

namespace tidegate::sim {
namespace {

TEST(ScorePlan, IsTheSameForTheSameSeed) {
  const auto one = make_score_plan({.seed = 7}), same = make_score_plan({.seed = 7});
  const auto other = make_score_plan({.seed = 8});
  ASSERT_EQ(one.size(), same.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].at, same[i].at);
    EXPECT_EQ(one[i].input_tokens, same[i].input_tokens);
    EXPECT_EQ(one[i].output_tokens, same[i].output_tokens);
  }
  EXPECT_NE(one.front().at, other.front().at);
}

TEST(ScorePlan, KeepsRateSharesAndOrder) {
  const ScorePlanOptions options{.seed = 3, .rate = 3, .duration = 36'000, .pile_at = -1};
  const auto plan = make_score_plan(options);
  EXPECT_NEAR(static_cast<double>(plan.size()), 108'000, 4'000);
  std::array<double, kScoreTenants.size()> by_tenant{};
  double before = 0;
  for (const ScoreRequest& request : plan) {
    EXPECT_GE(request.at, before);
    EXPECT_LT(request.at, options.duration);
    before = request.at;
    ++by_tenant[request.tenant];
  }
  for (std::size_t tenant = 0; tenant < kScoreTenants.size(); ++tenant) {
    EXPECT_NEAR(by_tenant[tenant] / static_cast<double>(plan.size()), kScoreTenants[tenant].share, 0.02) << tenant;
  }
}

TEST(ScorePlan, HasMeansOfItsTwoClasses) {
  double input[2] = {}, output[2] = {}, count[2] = {};
  for (const ScoreRequest& request : make_score_plan({.seed = 5, .rate = 10, .duration = 20'000, .pile_at = -1})) {
    const auto kind = static_cast<std::size_t>(kScoreTenants[request.tenant].kind);
    input[kind] += static_cast<double>(request.input_tokens);
    output[kind] += static_cast<double>(request.output_tokens);
    ++count[kind];
    EXPECT_GE(request.output_tokens, 1);
    EXPECT_LE(request.output_tokens, 4096);
  }
  EXPECT_NEAR(input[0] / count[0], 1'000, 40);
  EXPECT_NEAR(input[1] / count[1], 3'000, 120);
  EXPECT_NEAR(output[0] / count[0], 249, 12) << "250, cut off at max_tokens";
  EXPECT_NEAR(output[1] / count[1], 585, 20) << "600, cut off at max_tokens";
}

TEST(ScorePlan, DropsAPileOfOneBatchTenantAtOnce) {
  const auto with = make_score_plan({.seed = 1}), without = make_score_plan({.seed = 1, .pile_at = -1});
  EXPECT_EQ(with.size(), without.size() + 700);
  std::size_t inside = 0;
  for (const ScoreRequest& request : with) {
    if (request.at >= 300 && request.at < 300.7 && kScoreTenants[request.tenant].name == "embed") ++inside;
  }
  EXPECT_GE(inside, 700U);
}

TEST(ScorePlan, WritesBodiesOfTheSizeThatIsPlanned) {
  const ScoreRequest request{.at = 0, .tenant = 4, .input_tokens = 3'000, .output_tokens = 321};
  const std::string body = score_body(request, "claude-sonnet-5", 17);
  const auto read = boost::json::parse(body).as_object();
  const std::string text(read.at("messages").at(0).at("content").as_string());
  EXPECT_EQ(text.size(), 12'000U);
  EXPECT_NE(text.find("ANSWER_TOKENS 321 "), std::string::npos);
  EXPECT_EQ(read.at("metadata").at("user_id").as_string(), "embed");
  EXPECT_TRUE(read.at("stream").as_bool());
  EXPECT_NE(score_body(request, "claude-sonnet-5", 18), body) << "no cache helps";
}

}  // namespace
}  // namespace tidegate::sim
