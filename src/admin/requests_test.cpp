// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/allowance_request.h"
#include "admin/guard_request.h"
#include "admin/key_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tidegate::admin {
namespace {

using testing::HasSubstr;

TEST(Parameters, AreDecodedAndTheLastOfANameCounts) {
  const auto parameters = Parameters::parse("by=model%2Cuser&since=1h&by=a+b&empty=&flag&");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->find("by"), "a b");
  EXPECT_EQ(parameters->find("empty"), "");
  EXPECT_EQ(parameters->find("flag"), "");
  EXPECT_EQ(parameters->find("none"), std::nullopt);
}

TEST(Parameters, RefuseBrokenEscapesAndUnknownNames) {
  EXPECT_FALSE(Parameters::parse("a=%2"));
  EXPECT_FALSE(Parameters::parse("a=%zz"));
  const auto unknown = Parameters::parse("windw=60s")->allow_only({"window", "by"});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().detail, testing::AllOf(HasSubstr("windw"), HasSubstr("window, by")));
}

Result<monitor::GuardLimits> guard(std::string_view query) { return read_guard_request(*Parameters::parse(query)); }

TEST(GuardRequest, ReadsEveryLimit) {
  const auto limits = guard("window=5m&max_requests=10&max_tokens=2000&max_errors=2%25&min_left=0.2");
  ASSERT_TRUE(limits);
  EXPECT_EQ(limits->window, std::chrono::minutes(5));
  EXPECT_EQ(limits->max_requests, 10);
  EXPECT_EQ(limits->max_tokens, 2000);
  EXPECT_DOUBLE_EQ(*limits->max_error_ratio, 0.02);
  EXPECT_DOUBLE_EQ(*limits->min_left, 0.2);
}

TEST(GuardRequest, RefusesWhatWouldGuardNothing) {
  for (const char* query : {"", "window=60s", "max_requests=many", "max_requests=-1", "max_errors=200%25", "min_left=2",
                            "min_left=nan", "window=60&max_requests=1", "max_cost=1&max_requests=1"}) {
    EXPECT_FALSE(guard(query)) << query;
  }
}

TEST(KeyRequest, ReadsAWholeKey) {
  const WallTime now{};
  const auto key = read_key_request(
      R"({"name":"ci","tenant":"web","ttl":"1h","models":["claude-haiku-*"],"labels":{"team":"a"},"budgets":["2.00"],
          "requests_per_minute":60,"tokens_per_minute":9000,"priority":"batch","weight":2,"reserve":"learned","max_wait":"30s"})",
      now);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "ci");
  EXPECT_EQ(key->tenant.text(), "web");
  EXPECT_EQ(key->expires_at, now + std::chrono::hours(1));
  EXPECT_THAT(key->allowed_models, testing::ElementsAre("claude-haiku-*"));
  EXPECT_EQ(key->labels.at("team"), "a");
  ASSERT_EQ(key->allowance.budgets.size(), 1U);
  EXPECT_EQ(to_text(key->allowance.budgets[0]), "2.00/life");
  EXPECT_EQ(key->allowance.requests_per_minute, 60);
  EXPECT_EQ(key->allowance.tokens_per_minute, 9'000);
  EXPECT_EQ(key->allowance.priority, quota::Priority::Batch);
  EXPECT_EQ(key->allowance.weight, 2);
  EXPECT_EQ(key->allowance.reserve, quota::ReserveMode::Learned);
  EXPECT_EQ(key->allowance.max_wait, Seconds(30));
}

TEST(KeyRequest, SaysWhatIsWrong) {
  const auto problem = [](std::string_view body) {
    const auto key = read_key_request(body, WallTime{});
    return key ? std::string() : key.error().detail;
  };
  EXPECT_THAT(problem(""), HasSubstr("JSON object"));
  EXPECT_THAT(problem("[]"), HasSubstr("JSON object"));
  EXPECT_THAT(problem("{}"), HasSubstr("'name' is missing"));
  EXPECT_THAT(problem(R"({"name":1})"), HasSubstr("'name' must be a string"));
  EXPECT_THAT(problem(R"({"name":"a","ttl":"soon"})"), HasSubstr("'soon' is no duration"));
  EXPECT_THAT(problem(R"({"name":"a","ttl":"0s"})"), HasSubstr("no duration"));
  EXPECT_THAT(problem(R"({"name":"a","models":"x"})"), HasSubstr("'models' must be an array"));
  EXPECT_THAT(problem(R"({"name":"a","label":{}})"), HasSubstr("'label' is no member"));
  EXPECT_THAT(problem(R"({"name":"a","budgets":"5"})"), HasSubstr("'budgets' must be an array"));
  EXPECT_THAT(problem(R"({"name":"a","budgets":["many"]})"), HasSubstr("'many' is no budget"));
  EXPECT_THAT(problem(R"({"name":"a","requests_per_minute":-1})"), HasSubstr("'requests_per_minute' must be a whole number from 0"));
  EXPECT_THAT(problem(R"({"name":"a","weight":0})"), HasSubstr("'weight' must be a whole number from 1"));
  EXPECT_THAT(problem(R"({"name":"a","priority":"urgent"})"), HasSubstr("'priority' must be \"interactive\" or \"batch\""));
  EXPECT_THAT(problem(R"({"name":"a","reserve":1})"), HasSubstr("'reserve' must be"));
  EXPECT_THAT(problem(R"({"name":"a","max_wait":"-1s"})"), HasSubstr("'max_wait' must be a duration"));
}

TEST(AllowanceRequest, TakesAllThatIsGivenAndNothingElse) {
  const auto allowance = read_allowance_request(R"({"budgets":["5/day","100/month:soft"]})");
  ASSERT_TRUE(allowance);
  EXPECT_EQ(allowance->budgets.size(), 2U);
  EXPECT_FALSE(allowance->requests_per_minute);
  EXPECT_THAT(read_allowance_request(R"({"name":"x"})").error().detail, HasSubstr("there are: budgets, requests_per_minute"));
  EXPECT_THAT(read_allowance_request("[]").error().detail, HasSubstr("JSON object"));
}

TEST(TenantRequest, IsCalledAsItsIdWithoutAName) {
  EXPECT_EQ(read_tenant_request("web", "{}")->name, "web");
  EXPECT_EQ(read_tenant_request("web", R"({"providers":["anthropic","relay"]})")->providers, (std::vector<std::string>{"anthropic", "relay"}));
  EXPECT_FALSE(read_tenant_request("web", R"({"providers":"anthropic"})"));
  EXPECT_EQ(read_tenant_request("web", R"({"name":"Web team"})")->name, "Web team");
  EXPECT_THAT(read_tenant_request("web", R"({"id":"x"})").error().detail, HasSubstr("'id' is no member of a tenant"));
}

}  // namespace
}  // namespace tidegate::admin
