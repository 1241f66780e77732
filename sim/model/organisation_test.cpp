// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/organisation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tidegate::sim {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

Now at(double after_start) {
  static const WallTime wall = *parse_rfc3339("2026-11-23T10:00:00Z");
  const auto passed = std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(after_start));
  return {SteadyTime(seconds(1000)) + passed, wall + passed};
}

OrganisationLimits limits_of(GroupLimits group) {
  OrganisationLimits limits;
  limits.table.standard = group;
  return limits;
}

AdmissionRequest request_of(std::int64_t input, std::int64_t max_tokens = 100, std::string_view workspace = {}) {
  AdmissionRequest request;
  request.group = "opus-4";
  request.workspace = workspace;
  request.input_tokens = input;
  request.max_tokens = max_tokens;
  return request;
}

RejectionKind rejection(const Admission& admission) { return std::get<Rejected>(admission).kind; }
std::uint64_t ticket(const Admission& admission) { return std::get<Admitted>(admission).ticket; }
bool is_admitted(const Admission& admission) { return std::holds_alternative<Admitted>(admission); }

TEST(SimOrganisation, RefusesRequestsUntilTheRefillBringsOne) {
  GroupLimits group;
  group.requests = 5;
  Organisation organisation("org", limits_of(group), at(0));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(1))));
  const Admission sixth = organisation.admit(at(0), request_of(1));
  EXPECT_EQ(rejection(sixth), RejectionKind::Requests);
  EXPECT_EQ(std::get<Rejected>(sixth).retry_after, seconds(12));
  EXPECT_THAT(std::get<Rejected>(sixth).message, HasSubstr("5 requests per minute"));
  EXPECT_FALSE(is_admitted(organisation.admit(at(11.9), request_of(1))));
  EXPECT_TRUE(is_admitted(organisation.admit(at(12.1), request_of(1))));
}

TEST(SimOrganisation, IsAsDeepAsBeforeWhenTimeRunsFaster) {
  GroupLimits group;
  group.requests = 100;
  group.concurrent = 50;
  const GroupLimits fast = group.sped_up(20);
  EXPECT_EQ(fast.requests, 2'000);
  EXPECT_EQ(fast.concurrent, 50);
  Organisation organisation("org", limits_of(fast), at(0));
  const auto reading = organisation.reading(at(0), "opus-4");
  EXPECT_DOUBLE_EQ(reading.requests->remaining, 100);
}

TEST(SimOrganisation, ChargesOutputAsItIsProducedAndThenRefuses) {
  GroupLimits group;
  group.requests = 100;
  group.output_tokens = 600;
  Organisation organisation("org", limits_of(group), at(0));
  const auto first = ticket(organisation.admit(at(0), request_of(10, 100'000)));  // max_tokens plays no part
  organisation.produce_output(at(0), first, 700);
  const Admission second = organisation.admit(at(0), request_of(10));
  EXPECT_EQ(rejection(second), RejectionKind::OutputTokens);
  EXPECT_EQ(std::get<Rejected>(second).retry_after, Nanoseconds(std::chrono::milliseconds(10'100)));
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").output_tokens->remaining, -100);
}

TEST(SimOrganisation, ReservesAndReturnsMaxTokensWhereThatIsTheRule) {
  GroupLimits group;
  group.output_tokens = 1000;
  group.accounting = OutputAccounting::ReserveMaximum;
  Organisation organisation("org", limits_of(group), at(0));
  const auto first = ticket(organisation.admit(at(0), request_of(10, 900)));
  EXPECT_EQ(rejection(organisation.admit(at(0), request_of(10, 200))), RejectionKind::OutputTokens);
  organisation.produce_output(at(0), first, 100);
  organisation.finish(at(0), first);
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").output_tokens->remaining, 900);
  organisation.finish(at(0), first);  // twice is once
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").output_tokens->remaining, 900);
}

TEST(SimOrganisation, PutsTheCountedInputInPlaceOfTheEstimate) {
  GroupLimits group;
  group.input_tokens = 10'000;
  Organisation organisation("org", limits_of(group), at(0));
  const auto first = ticket(organisation.admit(at(0), request_of(4'000)));
  organisation.begin_answer(at(0), first, 3'000);
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").input_tokens->remaining, 7'000);
  organisation.begin_answer(at(0), first, 1);  // only the first beginning counts
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").input_tokens->remaining, 7'000);
}

TEST(SimOrganisation, RefusesAboveItsConcurrencyAndAdmitsWhenOneEnds) {
  GroupLimits group;
  group.concurrent = 2;
  Organisation organisation("org", limits_of(group), at(0));
  const auto first = ticket(organisation.admit(at(0), request_of(1)));
  EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(1))));
  const Admission third = organisation.admit(at(0), request_of(1));
  EXPECT_EQ(rejection(third), RejectionKind::Concurrency);
  EXPECT_THAT(std::get<Rejected>(third).message, HasSubstr("concurrent connections"));
  organisation.finish(at(0), first);
  EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(1))));
}

TEST(SimOrganisation, CountsInputAndOutputTogetherUnderACombinedLimit) {
  GroupLimits group;
  group.tokens = 1'000;
  Organisation organisation("org", limits_of(group), at(0));
  const auto first = ticket(organisation.admit(at(0), request_of(600)));
  organisation.produce_output(at(0), first, 300);
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").tokens->remaining, 100);
  EXPECT_EQ(rejection(organisation.admit(at(0), request_of(200))), RejectionKind::Tokens);
  EXPECT_FALSE(organisation.reading(at(0), "opus-4").input_tokens.has_value());
}

TEST(SimOrganisation, HoldsAWorkspaceToItsOwnLimitBesideTheOrganisations) {
  GroupLimits group;
  group.requests = 100;
  OrganisationLimits limits = limits_of(group);
  limits.workspaces["small"].table.standard.requests = 1;
  Organisation organisation("org", limits, at(0));
  EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(1, 100, "small"))));
  EXPECT_EQ(rejection(organisation.admit(at(0), request_of(1, 100, "small"))), RejectionKind::Requests);
  EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(1))));
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").requests->remaining, 98);
}

TEST(SimOrganisation, ShowsAWorkspacesLimitAsTheMostRestrictiveAndNamesItWhenItRefuses) {
  GroupLimits group;
  group.input_tokens = 2'000'000;
  group.output_tokens = 400'000;
  OrganisationLimits limits = limits_of(group);
  limits.workspaces["narrow"].table.standard.input_tokens = 20'000;
  limits.workspaces["slow"].table.standard.output_tokens = 4'000;
  Organisation organisation("org", limits, at(0));
  EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(15'000, 100, "narrow"))));
  const RateLimitReading narrow = organisation.reading(at(0), "opus-4", "narrow");
  EXPECT_DOUBLE_EQ(narrow.tokens->limit, 20'000);
  EXPECT_DOUBLE_EQ(narrow.tokens->remaining, 5'000);
  EXPECT_DOUBLE_EQ(narrow.input_tokens->limit, 2'000'000);
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4", "slow").tokens->limit, 4'000);
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").tokens->limit, 2'400'000);
  const Admission refused = organisation.admit(at(0), request_of(15'000, 100, "narrow"));
  EXPECT_THAT(std::get<Rejected>(refused).message,
              HasSubstr("rate limit for your workspace (narrow) of 20,000 input tokens per minute"));
}

TEST(SimOrganisation, KeepsGroupsClassesAndFastModeApart) {
  GroupLimits group;
  group.requests = 10;
  Organisation organisation("org", limits_of(group), at(0));
  AdmissionRequest code = request_of(1);
  code.kind = RequestClass::CodeGeneration;
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(is_admitted(organisation.admit(at(0), code)));
  EXPECT_EQ(rejection(organisation.admit(at(0), code)), RejectionKind::Requests);  // 30 % less than the group's
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").requests->remaining, 10);
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "sonnet-4").requests->remaining, 10);
}

TEST(SimOrganisation, RefusesASharpRampUntilTheNextMinute) {
  GroupLimits group;
  group.input_tokens = 100'000;
  group.ramp = RampLimit{};
  Organisation organisation("org", limits_of(group), at(0));
  EXPECT_TRUE(is_admitted(organisation.admit(at(10), request_of(29'000))));
  const Admission sharp = organisation.admit(at(15), request_of(2'000));
  EXPECT_EQ(rejection(sharp), RejectionKind::Ramp);
  EXPECT_EQ(std::get<Rejected>(sharp).retry_after, seconds(45));
  EXPECT_THAT(std::get<Rejected>(sharp).message, HasSubstr("30,000 input tokens per minute, and will increase to"));
  EXPECT_TRUE(is_admitted(organisation.admit(at(60), request_of(2'000))));
}

TEST(SimOrganisation, RefusesForGoodAboveASpendCapUntilTheMonthEnds) {
  OrganisationLimits limits = limits_of({});
  limits.tier_spend_cap = Money::dollars(5);
  Organisation organisation("org", limits, at(0));
  organisation.charge(at(0), Money::dollars(5));
  const Admission capped = organisation.admit(at(1), request_of(1));
  EXPECT_EQ(rejection(capped), RejectionKind::TierSpendCap);
  EXPECT_FALSE(std::get<Rejected>(capped).retry_after.has_value());
  EXPECT_THAT(std::get<Rejected>(capped).message, HasSubstr("2026-12-01"));
  EXPECT_TRUE(is_admitted(organisation.admit(at(8 * 24 * 3600), request_of(1))));
}

TEST(SimOrganisation, TellsAnOwnSpendLimitFromAWorkspaces) {
  OrganisationLimits limits = limits_of({});
  limits.workspaces["w"].spend_limit = Money::dollars(1);
  Organisation organisation("org", limits, at(0));
  organisation.charge(at(0), Money::dollars(2), "w");
  EXPECT_EQ(rejection(organisation.admit(at(0), request_of(1, 1, "w"))), RejectionKind::WorkspaceSpendLimit);
  EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(1))));
}

TEST(SimOrganisation, AdmitsALargePromptFromAFullShortBucketButNeverOneAboveTheLimit) {
  GroupLimits group;
  group.input_tokens = 60'000;
  group.burst_window = seconds(1);
  Organisation organisation("org", limits_of(group), at(0));
  EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(30'000))));
  EXPECT_EQ(rejection(organisation.admit(at(20), request_of(30'000))), RejectionKind::InputTokens);
  EXPECT_TRUE(is_admitted(organisation.admit(at(31), request_of(30'000))));
  EXPECT_EQ(rejection(organisation.admit(at(300), request_of(60'001))), RejectionKind::InputTokens);
}

TEST(SimOrganisation, SaysNoTimeToComeBackForWhatCanNeverPass) {
  GroupLimits group;
  group.tokens = 25'000;
  group.output_tokens = 5'000;
  group.accounting = OutputAccounting::ReserveMaximum;
  Organisation organisation("org", limits_of(group), at(0));
  const Admission large = organisation.admit(at(0), request_of(37'000));
  EXPECT_EQ(rejection(large), RejectionKind::Tokens);
  EXPECT_FALSE(std::get<Rejected>(large).retry_after);
  const Admission long_answer = organisation.admit(at(0), request_of(10, 5'001));
  EXPECT_EQ(rejection(long_answer), RejectionKind::OutputTokens);
  EXPECT_FALSE(std::get<Rejected>(long_answer).retry_after);
  EXPECT_TRUE(is_admitted(organisation.admit(at(0), request_of(10, 5'000))));
  EXPECT_EQ(std::get<Rejected>(organisation.admit(at(0), request_of(10, 5'000))).retry_after, seconds(60));
}

TEST(SimOrganisation, DrawsOnPriorityTierBesideItsLimitsUnlessAskedNotTo) {
  GroupLimits group;
  group.requests = 100;
  OrganisationLimits limits = limits_of(group);
  limits.priority.emplace();
  limits.priority->input_tokens = 1'000;
  limits.priority->output_tokens = 500;
  Organisation organisation("org", limits, at(0));
  const auto has_priority = [&](AdmissionRequest request) {
    return std::get<Admitted>(organisation.admit(at(0), request)).has_priority;
  };
  AdmissionRequest standard = request_of(10);
  standard.takes_priority = false;
  AdmissionRequest fast = request_of(10);
  fast.kind = RequestClass::Fast;
  EXPECT_FALSE(has_priority(standard));
  EXPECT_FALSE(has_priority(fast));
  EXPECT_TRUE(has_priority(request_of(900)));
  EXPECT_FALSE(has_priority(request_of(900)));  // all is drawn; the ordinary limits have room
  const RateLimitReading reading = organisation.reading(at(0), "opus-4");
  EXPECT_DOUBLE_EQ(reading.priority_input_tokens->remaining, 100);
  EXPECT_DOUBLE_EQ(reading.priority_output_tokens->limit, 500);
  EXPECT_DOUBLE_EQ(reading.requests->remaining, 97);
  EXPECT_FALSE(organisation.reading(at(0), "count_tokens").priority_input_tokens);
}

TEST(SimOrganisation, CutsItsLimitsInPlace) {
  GroupLimits group;
  group.requests = 100;
  Organisation organisation("org", limits_of(group), at(0));
  const auto first = ticket(organisation.admit(at(0), request_of(1)));
  group.requests = 10;
  organisation.set_limits(at(0), limits_of(group));
  EXPECT_DOUBLE_EQ(organisation.reading(at(0), "opus-4").requests->limit, 10);
  organisation.finish(at(0), first);
  EXPECT_EQ(organisation.in_flight(), 0U);
}

TEST(SimPresets, AreTheFiguresOfTheReportAndOfTheStormBench) {
  struct Row {
    const char* name;
    double requests;
    std::optional<double> input, output, tokens;
    std::optional<int> concurrent;
  };
  const Row rows[] = {
      {"tier1", 5, {}, {}, 25e3, 1},          {"tier2", 20, {}, {}, 40e3, 2},          {"tier3", 100, {}, {}, 200e3, 5},
      {"tier2_before", 8, {}, {}, 40e3, 2},   {"tier3_before", 40, {}, {}, 200e3, 5},  {"storm_a", 5, 25e3, 5e3, {}, 5},
      {"storm_b", 40, 40e3, 8e3, {}, 20},     {"storm_c", 100, 200e3, 40e3, {}, 50},   {"start", 1000, 2e6, 400e3, {}, {}},
      {"build", 5000, 5e6, 1e6, {}, {}},      {"scale", 10'000, 10e6, 2e6, {}, {}},
  };
  for (const Row& row : rows) {
    const auto limits = preset_limits(row.name);
    ASSERT_TRUE(limits) << row.name;
    const GroupLimits& group = limits->table.of("opus-4");
    EXPECT_EQ(group.requests, row.requests) << row.name;
    EXPECT_EQ(group.input_tokens, row.input) << row.name;
    EXPECT_EQ(group.output_tokens, row.output) << row.name;
    EXPECT_EQ(group.tokens, row.tokens) << row.name;
    EXPECT_EQ(group.concurrent, row.concurrent) << row.name;
  }
  EXPECT_EQ(preset_limits("start")->table.of("fable-5").input_tokens, 500e3);
  EXPECT_EQ(preset_limits("scale")->table.of("count_tokens").requests, 8'000);
  EXPECT_EQ(preset_limits("start")->batches, (BatchLimits{200'000, 100'000}));
  EXPECT_EQ(preset_limits("build")->batches, (BatchLimits{300'000, 100'000}));
  EXPECT_EQ(preset_limits("scale")->batches, (BatchLimits{500'000, 100'000}));
  EXPECT_EQ(preset_limits("tier9").error().kind, FailureKind::NotFound);
}

}  // namespace
}  // namespace tidegate::sim
