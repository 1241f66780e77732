// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "routing/route_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace tidegate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<RouteTable::ProviderRow> kProviders{
    {"official", llm::Dialect::Anthropic}, {"relay", llm::Dialect::Anthropic}, {"openai", llm::Dialect::OpenAi}};

TargetRule to(std::string provider) {
  TargetRule rule;
  rule.provider = ProviderId(std::move(provider));
  return rule;
}
RouteRule route(std::string model, std::vector<TargetRule> targets) {
  RouteRule rule;
  rule.model = std::move(model);
  rule.targets = std::move(targets);
  return rule;
}
RequestFacts messages(std::string_view model) {
  RequestFacts facts;
  facts.match = {llm::Dialect::Anthropic, llm::Endpoint::Messages};
  facts.model = model;
  facts.tenant = "team";
  return facts;
}
std::vector<std::string> names(const std::vector<PlannedTarget>& planned) {
  std::vector<std::string> out;
  for (const PlannedTarget& target : planned) out.push_back(kProviders[target.provider].id);
  return out;
}
std::vector<std::string> plan(std::vector<RouteRule> rules, const RequestFacts& facts) { return names(RouteTable(rules, kProviders).plan(facts)); }

TEST(RouteTable, WithoutARouteTheProvidersOfTheDialectServeInTheirOrder) {
  EXPECT_THAT(plan({}, messages("claude-opus-5")), ElementsAre("official", "relay"));
  RequestFacts chat = messages("gpt-5");
  chat.match = {llm::Dialect::OpenAi, llm::Endpoint::ChatCompletions};
  EXPECT_THAT(plan({}, chat), ElementsAre("openai"));
}

TEST(RouteTable, TheFirstRuleThatLeavesATargetCounts) {
  TargetRule streams = to("relay");
  streams.when.stream = true;
  const std::vector<RouteRule> rules{route("claude-haiku*", {streams}), route("claude-*", {to("official")})};
  EXPECT_THAT(plan(rules, messages("claude-haiku-4-5")), ElementsAre("official"));
  RequestFacts stream = messages("claude-haiku-4-5");
  stream.stream = true;
  EXPECT_THAT(plan(rules, stream), ElementsAre("relay"));
  EXPECT_THAT(plan(rules, messages("other")), ElementsAre("official", "relay"));
}

TEST(RouteTable, TheShortFormIsAProviderAndWhoTakesOver) {
  RouteRule rule = route("*", {});
  rule.provider = ProviderId("relay");
  rule.overflow = {ProviderId("official"), ProviderId("relay"), ProviderId("unknown")};
  EXPECT_THAT(plan({rule}, messages("m")), ElementsAre("relay", "official"));
}

TEST(RouteTable, AnotherDialectServesWhereARuleSaysSoAndTheRequestCanBeTranslated) {
  const std::vector<RouteRule> rules{route("*", {to("official"), to("openai")})};
  EXPECT_THAT(plan(rules, messages("m")), ElementsAre("official", "openai"));
  RequestFacts count = messages("m");
  count.match.endpoint = llm::Endpoint::CountTokens;
  EXPECT_THAT(plan(rules, count), ElementsAre("official"));
}

TEST(RouteTable, ATenantsPromptsGoOnlyWhereItAllows) {
  const std::vector<std::string> allowed{"relay"};
  RequestFacts facts = messages("m");
  facts.allowed_providers = allowed;
  EXPECT_THAT(plan({route("*", {to("official"), to("relay")})}, facts), ElementsAre("relay"));
  EXPECT_THAT(plan({}, facts), ElementsAre("relay"));
  EXPECT_THAT(plan({route("*", {to("official")})}, facts), ElementsAre("relay")) << "the rule leaves nobody";
  const std::vector<std::string> nobody{"another"};
  facts.allowed_providers = nobody;
  EXPECT_THAT(plan({}, facts), IsEmpty());
}

TEST(RouteTable, ConditionsMustAllHold) {
  TargetRule rule = to("relay");
  rule.when.tenants = {"ci-*", "team"};
  rule.when.batch = false;
  rule.when.tools = false;
  rule.when.max_body_bytes = 1'000;
  const std::vector<RouteRule> rules{route("*", {to("official"), rule})};
  RequestFacts facts = messages("m");
  facts.body_bytes = 1'000;
  EXPECT_THAT(plan(rules, facts), ElementsAre("official", "relay"));
  for (const auto change : std::initializer_list<void (*)(RequestFacts&)>{
           [](RequestFacts& f) { f.tenant = "others"; }, [](RequestFacts& f) { f.batch = true; }, [](RequestFacts& f) { f.tools = true; },
           [](RequestFacts& f) { f.body_bytes = 1'001; }}) {
    RequestFacts other = facts;
    change(other);
    EXPECT_THAT(plan(rules, other), ElementsAre("official"));
  }
}

TEST(RouteTable, WeightsShareAndTheRestFollowsInTurn) {
  TargetRule a = to("official"), b = to("relay");
  a.weight = 3;
  b.weight = 1;
  const std::vector<RouteRule> rules{route("*", {a, b, to("openai")})};
  const RouteTable table(rules, kProviders);
  std::map<std::string, int> first;
  constexpr int kDraws = 1'000;
  for (int i = 0; i < kDraws; ++i) {
    RequestFacts facts = messages("m");
    facts.draw = (i + 0.5) / kDraws;
    const auto order = names(table.plan(facts));
    ASSERT_EQ(order.size(), 3U);
    EXPECT_EQ(order[2], "openai") << "what has no weight keeps its place";
    ++first[order[0]];
  }
  EXPECT_EQ(first["official"], 750);
  EXPECT_EQ(first["relay"], 250);
}

TEST(RouteTable, TheSameProviderMayServeUnderTwoNamesOfAModel) {
  TargetRule large = to("relay"), small = to("relay");
  large.model = "opus";
  small.model = "haiku";
  const std::vector<RouteRule> rules{route("*", {large, small, large})};
  const RouteTable table(rules, kProviders);
  const auto planned = table.plan(messages("m"));
  ASSERT_EQ(planned.size(), 2U);
  EXPECT_EQ(planned[0].rule->model, "opus");
  EXPECT_EQ(planned[1].rule->model, "haiku");
}

}  // namespace
}  // namespace tidegate::routing
