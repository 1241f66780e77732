// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/reconciliation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WallTime at(const char* text) { return parse_rfc3339(text).value(); }

ModelUse use(std::int64_t input, std::int64_t output, const char* cost) {
  return {.tokens = {.input = input, .output = output}, .cost = Money::parse(cost).value()};
}

TEST(ReconcileWindow, LiesOnTheBordersOfTheProvidersBuckets) {
  const ReconcileWindow day =
      reconcile_window(at("2026-11-24T10:15:30Z"), std::chrono::hours(24), std::chrono::minutes(5));
  EXPECT_EQ(day.since, at("2026-11-23T10:10:00Z"));
  EXPECT_EQ(day.until, at("2026-11-24T10:10:00Z"));
  EXPECT_EQ(day.bucket, std::chrono::minutes(1));
  EXPECT_EQ(day.cost_since, at("2026-11-23T00:00:00Z"));
  const ReconcileWindow week =
      reconcile_window(at("2026-11-24T10:15:30Z"), std::chrono::hours(168), std::chrono::minutes(5));
  EXPECT_EQ(week.since, at("2026-11-17T10:00:00Z"));
  EXPECT_EQ(week.until, at("2026-11-24T10:00:00Z"));
  EXPECT_EQ(week.bucket, std::chrono::hours(1));
}

TEST(ReconcileWindow, IncludesTheRunningMinuteWithoutALag) {
  const ReconcileWindow window = reconcile_window(at("2026-11-24T10:15:30Z"), std::chrono::minutes(30), Nanoseconds(0));
  EXPECT_EQ(window.since, at("2026-11-24T09:46:00Z"));
  EXPECT_EQ(window.until, at("2026-11-24T10:16:00Z"));
}

TEST(Reconciliation, KnowsAModelWithAndWithoutItsDate) {
  EXPECT_EQ(without_date("claude-haiku-4-5-20251001"), "claude-haiku-4-5");
  EXPECT_EQ(without_date("claude-haiku-4-5"), "claude-haiku-4-5");
  EXPECT_EQ(without_date("claude-x-12345678"), "claude-x-12345678");
  EXPECT_EQ(without_date("-20251001"), "-20251001");
}

TEST(Reconciliation, GivesWebSearchesALineOfTheirOwn) {
  std::vector<store::CostRow> rows(1);
  rows[0].labels = {"claude-opus-5-5", "claude-opus-5-5"};
  rows[0].cost = Money::parse("0.042").value();
  rows[0].web_search_requests = 3;
  UseByModel ledger;
  add_ledger_rows(rows, Money::parse("0.01").value(), ledger);
  EXPECT_EQ(to_text(ledger["claude-opus-5-5"].cost), "0.012");
  UseByModel provider;
  provider["claude-opus-5-5"].cost = Money::parse("0.012").value();
  provider[std::string(kWebSearch)].cost = Money::parse("0.03").value();
  const auto drifts = compare(ledger, provider);
  ASSERT_EQ(drifts.size(), 2U);
  for (const Drift& drift : drifts) EXPECT_EQ(drift.percent(), 0) << drift.model;
}

TEST(Reconciliation, TakesTheModelThatAnsweredBeforeTheRequested) {
  std::vector<store::CostRow> rows(3);
  rows[0].labels = {"claude-opus-5-5", "opus"};
  rows[0].tokens.input = 1;
  rows[1].labels = {"", "claude-opus-5-5"};
  rows[1].tokens.input = 2;
  rows[2].labels = {"claude-haiku-4-5-20251001", "claude-haiku-4-5"};
  rows[2].cost = Money::dollars(3);
  UseByModel uses;
  add_ledger_rows(rows, Money(), uses);
  EXPECT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses["claude-opus-5-5"].tokens.input, 3);
  EXPECT_EQ(uses["claude-haiku-4-5"].cost, Money::dollars(3));
}

TEST(Reconciliation, TellsHowFarEachFigureDrifts) {
  const UseByModel ledger{{"a", use(110, 50, "1.00")}, {"only-here", use(7, 0, "0")}};
  const UseByModel provider{{"a", use(100, 50, "1.25")}, {"only-there", use(9, 0, "0")}};
  const std::vector<Drift> drifts = compare(ledger, provider);
  EXPECT_THAT(drifts, ElementsAre(Drift{"a", Figure::Input, 110, 100}, Drift{"a", Figure::Output, 50, 50},
                                  Drift{"a", Figure::Cost, 1'000'000'000, 1'250'000'000},
                                  Drift{"only-here", Figure::Input, 7, 0}, Drift{"only-there", Figure::Input, 0, 9}));
  EXPECT_DOUBLE_EQ(drifts[0].percent(), 10);
  EXPECT_DOUBLE_EQ(drifts[1].percent(), 0);
  EXPECT_DOUBLE_EQ(drifts[2].percent(), -20);
  EXPECT_DOUBLE_EQ(drifts[3].percent(), 100);
  EXPECT_DOUBLE_EQ(drifts[4].percent(), -100);
}

Reconciliation sample() {
  Reconciliation made;
  made.window = reconcile_window(at("2026-11-24T10:15:30Z"), std::chrono::hours(24), std::chrono::minutes(5));
  made.drifts = {{"claude|x", Figure::Input, 98, 100}, {"claude|x", Figure::Cost, 1'500'000'000, 1'500'000'000}};
  return made;
}

TEST(Reconciliation, IsOverOnlyAboveItsLimit) {
  Reconciliation judged = sample();
  EXPECT_FALSE(judged.is_over());
  judged.fail_over = 2;
  EXPECT_FALSE(judged.is_over());
  judged.fail_over = 1.99;
  EXPECT_TRUE(judged.is_over());
  judged.drifts.clear();
  EXPECT_FALSE(judged.is_over());
}

TEST(Reconciliation, IsPrintedInEachFormat) {
  Reconciliation printed = sample();
  printed.fail_over = 1;
  EXPECT_EQ(
      write_reconciliation(printed, ReportFormat::Table),
      "model     figure        ledger  provider  difference    drift\n"
      "claude|x  input_tokens      98       100          -2  -2.00 %\n"
      "claude|x  cost_usd        1.50      1.50        0.00   0.00 %\n"
      "tokens from 2026-11-23T10:10:00Z to 2026-11-24T10:10:00Z, cost from 2026-11-23T00:00:00Z; worst drift 2.00 "
      "%, over the limit of 1 %\n");
  EXPECT_EQ(write_reconciliation(printed, ReportFormat::Csv),
            "model,figure,ledger,provider,drift_percent\nclaude|x,input_tokens,98,100,-2.0000\n"
            "claude|x,cost_usd,1.50,1.50,0.0000\n");
  EXPECT_EQ(
      write_reconciliation(printed, ReportFormat::Json),
      R"({"since":"2026-11-23T10:10:00Z","until":"2026-11-24T10:10:00Z","cost_since":"2026-11-23T00:00:00Z","rows":[)"
      R"({"model":"claude|x","figure":"input_tokens","ledger":98,"provider":100,"drift_percent":-2.0000},)"
      R"({"model":"claude|x","figure":"cost_usd","ledger":"1.50","provider":"1.50","drift_percent":0.0000}],)"
      R"("worst_percent":2.0000,"limit_percent":1,"over":true})"
      "\n");
  EXPECT_THAT(write_reconciliation(printed, ReportFormat::Markdown),
              HasSubstr(R"(| claude\|x | input\_tokens | 98 | 100 | -2 | -2.00 % |)"));
}

}  // namespace
}  // namespace tidegate::app
