// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "pricing/price_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::pricing {
namespace {

using testing::HasSubstr;

PricePerMillion dollars(std::string_view text) { return {Money::parse(text).value()}; }
Money money(std::string_view text) { return Money::parse(text).value(); }
WallTime day(std::string_view date) { return parse_rfc3339(std::string(date) + "T00:00:00Z").value(); }

PriceRow row(std::string model, std::string_view input, std::string_view read, std::string_view write_5m,
             std::string_view write_1h, std::string_view output) {
  PriceRow row;
  row.model = std::move(model);
  row.input = dollars(input);
  row.cache_read = dollars(read);
  row.cache_write_5m = dollars(write_5m);
  row.cache_write_1h = dollars(write_1h);
  row.output = dollars(output);
  row.source = "test";
  return row;
}

PriceOptions options() {
  PriceOptions options;
  options.unknown_model = row("", "5", "0.50", "6.25", "10", "25");
  options.unknown_model.source = "unknown";
  options.rows.push_back(row("claude-opus-5", "5", "0.50", "6.25", "10", "25"));
  PriceRow fast = row("claude-opus-5", "10", "1", "12.50", "20", "50");
  fast.speed = "fast";
  options.rows.push_back(fast);
  options.rows.push_back(row("claude-opus-5-5", "4", "0.20", "5", "8", "20"));
  PriceRow before = row("claude-sonnet-5-5", "2", "0.20", "2.50", "4", "10");
  before.until = day("2026-10-07");
  options.rows.push_back(before);
  PriceRow after = row("claude-sonnet-5-5", "2", "0.10", "2.50", "4", "10");
  after.from = day("2026-10-07");
  options.rows.push_back(after);
  options.rows.push_back(row("claude-haiku-5-5", "0.10", "0.01", "0.125", "0.20", "0.50"));
  PriceRow step = row("claude-haiku-5-5", "0.50", "0.05", "0.625", "1.00", "2.50");
  step.prompt_over = 100'000;
  options.rows.push_back(step);
  PriceRow relay = row("claude-opus-5", "3", "0.30", "3.75", "6", "15");
  relay.provider = "relay";
  options.rows.push_back(relay);
  PriceRow old = row("claude-opus-4-5", "5", "0.50", "6.25", "10", "25");
  old.us_geo_surcharge = false;
  options.rows.push_back(old);
  return options;
}

PriceBook book() { return PriceBook::make(options()).value(); }

llm::Usage usage(llm::TokenCounts tokens) {
  llm::Usage usage;
  usage.tokens = tokens;
  return usage;
}

const WallTime kNow = day("2026-11-23");

TEST(PriceBook, PricesEachKindOfTokenAtItsOwnPrice) {
  const PriceBook book_ = book();
  const Cost cost =
      book_.cost("claude-opus-5", "anthropic", usage({1'000'000, 2'000'000, 400'000, 100'000, 40'000, 0}), kNow);
  EXPECT_EQ(cost.input, money("5"));
  EXPECT_EQ(cost.cache_read, money("1"));
  EXPECT_EQ(cost.cache_write_5m, money("2.50"));
  EXPECT_EQ(cost.cache_write_1h, money("1"));
  EXPECT_EQ(cost.output, money("1"));
  EXPECT_EQ(cost.total, money("10.50"));
  EXPECT_TRUE(cost.price_known);
  EXPECT_EQ(cost.price_source, "test");
}

TEST(PriceBook, AgreesWithWhatClaudeCodePrintsForARecordedAnswer) {
  // facts/clients.md 3: 1200 in, 37 out, 4500 read, 200 + 100 written = $0.00824 at the prices of claude-opus-5-5.
  EXPECT_EQ(book().cost("claude-opus-5-5", "anthropic", usage({1200, 4500, 200, 100, 37, 0}), kNow).total,
            money("0.00824"));
}

TEST(PriceBook, MatchesExactIdsAlone) {
  const PriceBook book_ = book();
  const Cost cost = book_.cost("claude-opus-5-6", "anthropic", usage({1'000'000, 0, 0, 0, 0, 0}), kNow);
  EXPECT_FALSE(cost.price_known);
  EXPECT_EQ(cost.total, money("5"));
  EXPECT_EQ(cost.price_source, "unknown");
}

TEST(PriceBook, TakesThePriceOfItsDay) {
  const llm::Usage reads = usage({0, 1'000'000, 0, 0, 0, 0});
  EXPECT_EQ(book().cost("claude-sonnet-5-5", "p", reads, day("2026-10-07") - Nanoseconds(1)).total, money("0.20"));
  EXPECT_EQ(book().cost("claude-sonnet-5-5", "p", reads, day("2026-10-07")).total, money("0.10"));
}

TEST(PriceBook, PricesAllTokensOfALongPromptAtTheHigherStep) {
  EXPECT_EQ(book().cost("claude-haiku-5-5", "p", usage({100'000, 0, 0, 0, 1000, 0}), kNow).total, money("0.0105"));
  EXPECT_EQ(book().cost("claude-haiku-5-5", "p", usage({1, 100'000, 0, 0, 1000, 0}), kNow).total, money("0.0075005"));
}

TEST(PriceBook, PrefersTheRowOfTheProvider) {
  EXPECT_EQ(book().cost("claude-opus-5", "relay", usage({1'000'000, 0, 0, 0, 0, 0}), kNow).total, money("3"));
}

TEST(PriceBook, AppliesBatchGeoAndSpeed) {
  llm::Usage u = usage({1'000'000, 0, 0, 0, 0, 0});
  u.service_tier = "batch";
  EXPECT_EQ(book().cost("claude-opus-5", "p", u, kNow).total, money("2.50"));
  u.inference_geo = "us";
  EXPECT_EQ(book().cost("claude-opus-5", "p", u, kNow).total, money("2.75"));
  u.service_tier = "standard";
  EXPECT_EQ(book().cost("claude-opus-5", "p", u, kNow).total, money("5.50"));
  EXPECT_EQ(book().cost("claude-opus-4-5", "p", u, kNow).total, money("5"));
  u.speed = "fast";
  EXPECT_EQ(book().cost("claude-opus-5", "p", u, kNow).total, money("11"));
}

TEST(PriceBook, SaysThatAFastAnswerWithoutAFastRowIsNotKnown) {
  llm::Usage u = usage({1'000'000, 0, 0, 0, 0, 0});
  u.speed = "fast";
  const PriceBook book_ = book();
  const Cost cost = book_.cost("claude-opus-5-5", "p", u, kNow);
  EXPECT_FALSE(cost.price_known);
  EXPECT_EQ(cost.total, money("4"));
}

TEST(PriceBook, PricesIterationsEachWithItsOwnModelInsteadOfTheTopLevel) {
  using Kind = llm::UsageIteration::Kind;
  llm::Usage u = usage({1'000'000, 0, 0, 0, 0, 0});
  u.iterations = {{Kind::Message, "", {1'000'000, 0, 0, 0, 0, 0}},
                  {Kind::Compaction, "", {200'000, 0, 0, 0, 0, 0}},
                  {Kind::Advisor, "claude-opus-5-5", {0, 0, 0, 0, 100'000, 0}}};
  EXPECT_EQ(book().cost("claude-opus-5", "p", u, kNow).total, money("8"));  // 5 + 1 + 2
}

TEST(PriceBook, DoesNotChargeAnAttemptThatDeclinedBeforeAFallbackServed) {
  using Kind = llm::UsageIteration::Kind;
  llm::Usage u = usage({1'000'000, 0, 0, 0, 10, 0});
  u.iterations = {{Kind::Message, "claude-opus-5", {1'000'000, 0, 0, 0, 0, 0}},
                  {Kind::Message, "claude-opus-5", {0, 0, 0, 0, 40'000, 0}},  // refused in mid-stream: charged
                  {Kind::Fallback, "claude-opus-5-5", {1'000'000, 0, 0, 0, 0, 0}}};
  EXPECT_EQ(book().cost("claude-opus-5-5", "p", u, kNow).total, money("5"));  // 1 + 4
}

TEST(PriceBook, PricesTheTopLevelWhenIterationsHaveNoFigures) {
  llm::Usage u = usage({1'000'000, 0, 0, 0, 0, 0});
  u.iterations = {{llm::UsageIteration::Kind::Message, "", {}}};
  EXPECT_EQ(book().cost("claude-opus-5", "p", u, kNow).total, money("5"));
}

TEST(PriceBook, ChargesWebSearches) {
  llm::Usage u;
  u.web_search_requests = 3;
  u.service_tier = "batch";
  const Cost cost = book().cost("claude-opus-5", "p", u, kNow);
  EXPECT_EQ(cost.tools, money("0.03"));
  EXPECT_EQ(cost.total, money("0.03"));
}

TEST(PriceBook, ChargesByTheModelThatAnsweredAndNothingForAnEmptyRefusal) {
  llm::AnswerFacts answer;
  answer.model = "claude-opus-5-5";
  answer.usage = usage({1'000'000, 0, 0, 0, 0, 0});
  EXPECT_EQ(book().cost(answer, "claude-opus-5", "p", kNow).total, money("4"));
  answer.model.clear();
  EXPECT_EQ(book().cost(answer, "claude-opus-5", "p", kNow).total, money("5"));
  answer.stop_reason = "refusal";
  EXPECT_EQ(book().cost(answer, "claude-opus-5", "p", kNow).total, money("0"));
  answer.content_started = true;
  EXPECT_EQ(book().cost(answer, "claude-opus-5", "p", kNow).total, money("5"));
}

TEST(PriceBook, EstimatesARequestFromItsSizeAndWhatWasLearned) {
  llm::RequestView request;
  request.body_bytes = 400'000;
  request.max_tokens = 64'000;
  EXPECT_EQ(book().estimate("claude-opus-5", "p", request, std::nullopt, kNow),
            (Amount{1, 100'000, 64'000, money("2.10")}));
  EXPECT_EQ(book().estimate("claude-opus-5", "p", request, 1000, kNow), (Amount{1, 100'000, 1000, money("0.525")}));
  EXPECT_EQ(book().estimate("claude-opus-5", "p", request, 100'000, kNow).output_tokens, 64'000);
  request.attachments = 2;
  request.attachment_bytes = 360'000;
  EXPECT_EQ(book().estimate("claude-opus-5", "p", request, 0, kNow).input_tokens, 10'000 + 3200);
  request.max_tokens = INT64_MAX;
  EXPECT_EQ(book().estimate("claude-opus-5", "p", request, std::nullopt, kNow).output_tokens, 1'000'000);
  request.max_tokens = 100;
  request.answers = 10;
  EXPECT_EQ(book().estimate("claude-opus-5", "p", request, std::nullopt, kNow).output_tokens, 1'000);
}

TEST(PriceBook, KnowsWhichModelsHavePrices) {
  EXPECT_TRUE(book().knows("claude-sonnet-5-5", "p", Speed::Standard, kNow));
  EXPECT_FALSE(book().knows("claude-sonnet-5", "p", Speed::Standard, kNow));
}

TEST(PriceBook, RefusesRowsThatCannotBeMeant) {
  const auto reason = [](auto change) {
    PriceOptions changed = options();
    change(changed);
    const auto made = PriceBook::make(std::move(changed));
    return made ? std::string("accepted") : made.error().detail;
  };
  EXPECT_THAT(reason([](PriceOptions& o) { o.rows.push_back(o.rows[0]); }),
              HasSubstr("'claude-opus-5' is there twice"));
  EXPECT_THAT(reason([](PriceOptions& o) { o.rows[3].until = day("2026-10-08"); }), HasSubstr("is there twice"));
  EXPECT_THAT(reason([](PriceOptions& o) { o.rows[0].output = dollars("-1"); }), HasSubstr("is negative"));
  EXPECT_THAT(reason([](PriceOptions& o) { o.rows[3].from = day("2026-10-07"); }),
              HasSubstr("not after its beginning"));
  EXPECT_THAT(reason([](PriceOptions& o) { o.rows[0].model.clear(); }), HasSubstr("has no model"));
  EXPECT_THAT(reason([](PriceOptions& o) { o.rows[0].prompt_over = -1; }), HasSubstr("negative prompt_over"));
  EXPECT_THAT(reason([](PriceOptions& o) { o.rows[0].speed = "warp"; }), HasSubstr("unknown speed"));
  EXPECT_THAT(reason([](PriceOptions& o) { o.bytes_per_token = 0; }), HasSubstr("bytes_per_token"));
  EXPECT_EQ(reason([](PriceOptions&) {}), "accepted");
}

}  // namespace
}  // namespace tidegate::pricing
