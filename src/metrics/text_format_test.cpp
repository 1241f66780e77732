// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

namespace tidegate::metrics {
namespace {

using testing::HasSubstr;

constexpr std::array kLabels{LabelDefinition{"model"}, LabelDefinition{"tenant"}};
constexpr std::array kBounds{1.0, 2.5};
constexpr MetricDefinition kCounter{"a_total", MetricType::Counter, Unit::One, kLabels,
                                    "A \\ with \"quotes\"\nand two lines"};
constexpr MetricDefinition kGauge{"g", MetricType::Gauge, Unit::One, {}, "G"};
constexpr MetricDefinition kHistogram{"h", MetricType::Histogram, Unit::Tokens, {}, "H", kBounds};

std::string text(const FamilySnapshot& family, TextFormat format = TextFormat::Prometheus) {
  return to_text(std::vector{family}, format);
}

FamilySnapshot counter(std::vector<std::string> values) { return {&kCounter, {{std::move(values), 1}}, {}}; }
FamilySnapshot gauge(double value) { return {&kGauge, {{{}, value}}, {}}; }

TEST(TextFormat, EscapesBackslashQuoteAndLineFeedInLabelsAndNoQuoteInHelp) {
  EXPECT_EQ(text(counter({"a\\b\"c\nd", "e{}=,"})),
            "# HELP a_total A \\\\ with \"quotes\"\\nand two lines\n"
            "# TYPE a_total counter\n"
            "a_total{model=\"a\\\\b\\\"c\\nd\",tenant=\"e{}=,\"} 1\n");
}

TEST(TextFormat, LeavesOutLabelsThatAreEmpty) {
  EXPECT_THAT(text(counter({"", "t"})), HasSubstr("\na_total{tenant=\"t\"} 1\n"));
  EXPECT_THAT(text(counter({"", ""})), HasSubstr("\na_total 1\n"));
}

TEST(TextFormat, WritesNumbersShortAndExact) {
  EXPECT_THAT(text(gauge(0.1)), HasSubstr("\ng 0.1\n"));
  EXPECT_THAT(text(gauge(1'234'567'890'123.0)), HasSubstr("\ng 1234567890123\n"));
  EXPECT_THAT(text(gauge(1e21)), HasSubstr("\ng 1e+21\n"));
  EXPECT_THAT(text(gauge(std::numeric_limits<double>::infinity())), HasSubstr("\ng +Inf\n"));
  EXPECT_THAT(text(gauge(-std::numeric_limits<double>::infinity())), HasSubstr("\ng -Inf\n"));
  EXPECT_THAT(text(gauge(std::numeric_limits<double>::quiet_NaN())), HasSubstr("\ng NaN\n"));
}

TEST(TextFormat, WritesOpenMetricsToScrapersThatAskForIt) {
  EXPECT_EQ(choose_format("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"),
            TextFormat::OpenMetrics);
  EXPECT_EQ(choose_format("text/plain"), TextFormat::Prometheus);
  EXPECT_EQ(choose_format(""), TextFormat::Prometheus);

  EXPECT_EQ(text(counter({"m", ""}), TextFormat::OpenMetrics),
            "# HELP a A \\\\ with \\\"quotes\\\"\\nand two lines\n"
            "# TYPE a counter\n"
            "a_total{model=\"m\"} 1\n"
            "# EOF\n");
  EXPECT_EQ(text({&kHistogram, {}, {{{}, {1, 2, 4}, 70}}}, TextFormat::OpenMetrics),
            "# HELP h H\n"
            "# TYPE h histogram\n"
            "h_bucket{le=\"1.0\"} 1\n"
            "h_bucket{le=\"2.5\"} 2\n"
            "h_bucket{le=\"+Inf\"} 4\n"
            "h_sum 70\n"
            "h_count 4\n"
            "# EOF\n");
}

TEST(LabelText, MakesValidUtf8OfAnything) {
  EXPECT_EQ(label_text("claude-opus-4"), "claude-opus-4");
  EXPECT_EQ(label_text("Zoë 日本 🌊"), "Zoë 日本 🌊");
  EXPECT_EQ(label_text("a\xFF"
                       "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(label_text("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong
  EXPECT_EQ(label_text("\xED\xA0\x80").size(), 9u);               // surrogate
  EXPECT_EQ(label_text("\xF4\x90\x80\x80").size(), 12u);          // beyond U+10FFFF
  EXPECT_EQ(label_text("\xE6\x97"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // cut off
  EXPECT_EQ(label_text(std::string(500, 'x')), std::string(120, 'x'));
  EXPECT_EQ(label_text(std::string(119, 'x') + "ë"), std::string(119, 'x'));  // never half a character
}

}  // namespace
}  // namespace tidegate::metrics
