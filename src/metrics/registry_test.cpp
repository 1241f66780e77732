// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/registry.h"

#include "metrics/local_family.h"
#include "metrics/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>

namespace tidegate::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::array kLabels{LabelDefinition{"model", LabelValues::Open},
                             LabelDefinition{"status", LabelValues::Closed}};
constexpr std::array kBounds{0.1, 0.3, 1.0};
constexpr MetricDefinition kReplies{"replies_total", MetricType::Counter, Unit::One, kLabels, "Replies"};
constexpr MetricDefinition kSpent{"spent_dollars_total", MetricType::Counter, Unit::Dollars, {}, "Spent"};
constexpr MetricDefinition kOpen{"open", MetricType::Gauge, Unit::One, {}, "Open"};
constexpr MetricDefinition kWait{"wait_seconds", MetricType::Histogram, Unit::Seconds, {}, "Wait", kBounds};

std::string scrape(const Registry& registry) { return to_text(registry.snapshot(), TextFormat::Prometheus); }

TEST(Registry, SumsTheCellsOfAllShards) {
  Registry registry;
  Shard& first = registry.add_shard();
  Shard& second = registry.add_shard();
  Family<Counter>& replies = registry.counter(kReplies);
  replies.with(first, {"opus", "200"}).add();
  replies.with(second, {"opus", "200"}).add(4);
  replies.with(second, {"haiku", "429"}).add();
  EXPECT_EQ(scrape(registry),
            "# HELP replies_total Replies\n"
            "# TYPE replies_total counter\n"
            "replies_total{model=\"haiku\",status=\"429\"} 1\n"
            "replies_total{model=\"opus\",status=\"200\"} 5\n");
}

TEST(Registry, ShowsUnlabelledMetricsAsZeroFromTheFirstScrapeOn) {
  Registry registry;
  (void)registry.counter(kSpent);
  (void)registry.counter(kReplies);
  EXPECT_EQ(scrape(registry),
            "# HELP spent_dollars_total Spent\n# TYPE spent_dollars_total counter\nspent_dollars_total 0\n");
}

TEST(Registry, LetsOneThreadTakeFromAGaugeWhatAnotherAdded) {
  Registry registry;
  Family<Gauge>& open = registry.gauge(kOpen);
  open.with(registry.add_shard()).add(3);
  open.with(registry.add_shard()).subtract(2);
  EXPECT_THAT(scrape(registry), HasSubstr("\nopen 1\n"));
}

TEST(Registry, CountsMoneyInNanoDollarsAndShowsDollars) {
  Registry registry;
  Counter spent = registry.counter(kSpent).with(registry.add_shard());
  for (int i = 0; i < 3; ++i) spent.add(Money::nanodollars(100'000'000));
  EXPECT_THAT(scrape(registry), HasSubstr("\nspent_dollars_total 0.3\n"));
}

TEST(Registry, PutsAnObservationIntoTheFirstBucketThatHoldsIt) {
  Registry registry;
  Histogram wait = registry.histogram(kWait).with(registry.add_shard());
  wait.observe(Milliseconds(100));  // a bound is inclusive
  wait.observe(Nanoseconds(100'000'001));
  wait.observe(Milliseconds(300));
  wait.observe(Seconds(7));
  EXPECT_EQ(scrape(registry),
            "# HELP wait_seconds Wait\n"
            "# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{le=\"0.1\"} 1\n"
            "wait_seconds_bucket{le=\"0.3\"} 3\n"
            "wait_seconds_bucket{le=\"1\"} 3\n"
            "wait_seconds_bucket{le=\"+Inf\"} 4\n"
            "wait_seconds_sum 7.500001\n"
            "wait_seconds_count 4\n");
}

TEST(Registry, CountsNewLabelSetsAsOtherWhenAFamilyIsFullAndSaysSo) {
  Registry registry(MetricsOptions{.max_label_sets = 2, .max_histogram_label_sets = 2});
  Shard& shard = registry.add_shard();
  LocalFamily<Counter> replies(registry.counter(kReplies), shard);
  for (const char* model : {"a", "b", "c", "d"}) replies.with({model, "200"}).add();
  replies.with({"a", "200"}).add();
  replies.with({"c", "200"}).add();  // kept by the local view: not a new label set
  EXPECT_EQ(
      scrape(registry),
      "# HELP replies_total Replies\n"
      "# TYPE replies_total counter\n"
      "replies_total{model=\"a\",status=\"200\"} 2\n"
      "replies_total{model=\"b\",status=\"200\"} 1\n"
      "replies_total{model=\"other\",status=\"200\"} 3\n"
      "# HELP tidegate_metrics_label_overflow_total New label sets that were counted under the value other, because "
      "the metric had as many as it may have\n"
      "# TYPE tidegate_metrics_label_overflow_total counter\n"
      "tidegate_metrics_label_overflow_total{metric=\"replies_total\"} 2\n");
}

TEST(Registry, NeverHoldsMoreThanTwiceTheCapAndOneWhateverTheClosedLabelsAre) {
  Registry registry(MetricsOptions{.max_label_sets = 3, .max_histogram_label_sets = 2});
  Shard& shard = registry.add_shard();
  Family<Counter>& replies = registry.counter(kReplies);
  for (int i = 0; i < 100; ++i) replies.with(shard, {"m", std::to_string(i)}).add();
  const FamilySnapshot family = replies.snapshot();
  EXPECT_LE(family.samples.size(), 7u);
  double sum = 0;
  for (const Sample& sample : family.samples) sum += sample.value;
  EXPECT_EQ(sum, 100);
}

TEST(Registry, AsksCollectorsAtEachScrapeAndShowsNothingWhereTheyKnowNothing) {
  Registry registry;
  std::optional<double> left;
  registry.collect([&](SampleSink& sink) { sink.add(kOpen, {}, left); });
  EXPECT_EQ(scrape(registry), "");
  left = 4.5;
  EXPECT_EQ(scrape(registry), "# HELP open Open\n# TYPE open gauge\nopen 4.5\n");
  left.reset();
  EXPECT_EQ(scrape(registry), "");
}

TEST(Registry, ShowsALabelSetOnceAlsoIfItIsCountedAndCollectedTwice) {
  Registry registry;
  registry.counter(kReplies).with(registry.add_shard(), {"a", "200"}).add();
  registry.collect([](SampleSink& sink) {
    sink.add(kReplies, {"a", "200"}, 7.0);
    sink.add(kReplies, {"b", "200"}, 8.0);
    sink.add(kReplies, {"b", "200"}, 9.0);
  });
  EXPECT_EQ(scrape(registry),
            "# HELP replies_total Replies\n"
            "# TYPE replies_total counter\n"
            "replies_total{model=\"a\",status=\"200\"} 1\n"
            "replies_total{model=\"b\",status=\"200\"} 8\n");
}

TEST(Registry, GivesTheSameFamilyTwiceAndRefusesTheWrongType) {
  Registry registry;
  EXPECT_EQ(&registry.counter(kReplies), &registry.counter(kReplies));
  EXPECT_THROW((void)registry.gauge(kReplies), std::logic_error);
  EXPECT_THROW((void)registry.counter(kReplies).with(registry.add_shard(), {"one"}), std::logic_error);
}

TEST(Registry, CountsNowhereWithAnInstrumentThatWasNotResolved) {
  Counter counter;
  Gauge gauge;
  Histogram histogram;
  counter.add();
  gauge.set(3);
  histogram.observe(Seconds(1));
  EXPECT_FALSE(counter || gauge || histogram);
}

}  // namespace
}  // namespace tidegate::metrics
