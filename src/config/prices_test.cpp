// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/prices.h"

#include "config/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace tidegate::config {
namespace {

using pricing::PriceOptions;
using pricing::PriceRow;

PriceOptions parse(const std::string& text, std::vector<Problem>& problems) {
  return parse_prices({.name = "prices.yaml", .text = text}, problems);
}

std::string problems_of(const std::string& text) {
  std::vector<Problem> problems;
  (void)parse(text, problems);
  return to_text(problems);
}

PriceOptions load_prices(const std::string& yaml) {
  const LoadResult result =
      load({.yaml = SourceText{.name = "tidegate.yaml", .text = yaml}, .environment = {{"CLAUDE_KEY", "sk-ant-test"}}});
  EXPECT_TRUE(result.ok()) << to_text(result.problems);
  return result.options.prices;
}

std::ptrdiff_t rows_of(const PriceOptions& prices, std::string_view model) {
  return std::count_if(prices.rows.begin(), prices.rows.end(), [&](const PriceRow& row) { return row.model == model; });
}

TEST(ShippedPrices, AreThoseOfTheFileAndHaveNoProblem) {
  std::ifstream in(TIDEGATE_SOURCE_DIR "/data/prices.yaml", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(shipped_price_text() == text) << "data/prices.yaml changed; run cmake again";
  std::vector<Problem> problems;
  const PriceOptions prices = parse(text, problems);
  EXPECT_EQ(to_text(problems), "");
  EXPECT_EQ(prices, shipped_prices());
}

TEST(ShippedPrices, PriceEveryRowAndTheUnknownModel) {
  ASSERT_GT(shipped_prices().rows.size(), 20U);
  for (const PriceRow& row : shipped_prices().rows) {
    EXPECT_GT(row.input.of_a_million, Money()) << row.model;
    EXPECT_GT(row.output.of_a_million, row.input.of_a_million) << row.model;
    EXPECT_LT(row.cache_read.of_a_million, row.input.of_a_million) << row.model;
    EXPECT_FALSE(row.source.empty()) << row.model;
  }
  EXPECT_GT(shipped_prices().unknown_model.output.of_a_million, Money());
  EXPECT_EQ(shipped_prices().web_search, Money::nanodollars(10'000'000));
}

TEST(ShippedPrices, PriceAliasesLikeTheirModel) {
  EXPECT_EQ(rows_of(shipped_prices(), "claude-opus-4-5"), 1);
  EXPECT_EQ(rows_of(shipped_prices(), "claude-opus-4-5-20251101"), 1);
}

TEST(Prices, ReadEveryFieldOfARow) {
  std::vector<Problem> problems;
  const PriceOptions prices = parse(R"(
rows:
  - {model: m, from: 2026-01-01, until: "2026-02-01T12:00:00+02:00", provider: p, prompt_over: 200000, speed: fast,
     input: 1.25, cache_read: 0.000125, cache_write_5m: 2, cache_write_1h: 3, output: 4, us_geo_surcharge: false, source: s}
)",
                                    problems);
  ASSERT_EQ(to_text(problems), "");
  const PriceRow& row = prices.rows.at(0);
  EXPECT_EQ(to_rfc3339(row.from), "2026-01-01T00:00:00Z");
  EXPECT_EQ(to_rfc3339(*row.until), "2026-02-01T10:00:00Z");
  EXPECT_EQ(row.provider, "p");
  EXPECT_EQ(row.prompt_over, 200'000);
  EXPECT_EQ(row.speed, "fast");
  EXPECT_EQ(row.input.of_a_million, *Money::parse("1.25"));
  EXPECT_EQ(row.cache_read.of_a_million, *Money::parse("0.000125"));
  EXPECT_FALSE(row.us_geo_surcharge);
}

constexpr const char* kRates = "input: 1, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2, output: 5}\n";

TEST(Prices, MayFollowEachOtherInTimeAndBySize) {
  const std::string text = std::string("rows:\n") +                           //
                           "  - {model: m, until: 2026-06-01, " + kRates +    //
                           "  - {model: m, from: 2026-06-01, " + kRates +     //
                           "  - {model: m, prompt_over: 200000, " + kRates +  //
                           "  - {model: m, provider: relay, " + kRates +      //
                           "  - {model: m, speed: fast, " + kRates;
  EXPECT_EQ(problems_of(text), "");
}

TEST(Prices, MayNotOverlap) {
  EXPECT_EQ(problems_of(std::string("rows:\n  - {model: m, ") + kRates + "  - {model: n, aliases: [m], " + kRates),
            "prices.yaml:2:3: rows: two rows price 'm' at the same time; give them 'from' and 'until' that do not "
            "overlap\n");
}

TEST(Prices, ReplaceAllShippedRowsOfTheSameModelProviderAndSpeed) {
  const std::string model = shipped_prices().rows.at(0).model;
  const PriceOptions prices = load_prices("prices:\n  rows:\n    - {model: " + model + ", " + kRates);
  EXPECT_EQ(prices.rows.size(), shipped_prices().rows.size());
  EXPECT_EQ(rows_of(prices, model), 1);
  EXPECT_EQ(prices.rows.back().input.of_a_million, Money::dollars(1));
}

TEST(Prices, LeaveShippedRowsOfAnotherProviderAlone) {
  const std::string model = shipped_prices().rows.at(0).model;
  const PriceOptions prices =
      load_prices("prices:\n  rows:\n    - {model: " + model + ", provider: anthropic, " + kRates);
  EXPECT_EQ(rows_of(prices, model), 2);
}

TEST(Prices, OfNoListAreOnlyThoseOfTheConfiguration) {
  const PriceOptions prices = load_prices(std::string("prices:\n  file: none\n  rows:\n    - {model: m, ") + kRates);
  EXPECT_EQ(prices.rows.size(), 1U);
  EXPECT_EQ(prices.unknown_model, shipped_prices().unknown_model);
}

TEST(Prices, ReadNoOtherFile) {
  EXPECT_EQ(problems_of("file: other.yaml\n"),
            "prices.yaml:1:1: unknown setting 'file'; known here: rows, unknown_model or web_search_per_thousand\n");
}

}  // namespace
}  // namespace tidegate::config
