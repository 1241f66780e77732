// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/definition.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::metrics {

/// One line of a counter or gauge, in the metric's unit.
struct Sample {
  std::vector<std::string> label_values;  ///< in the definition's order; an empty value is an absent label
  double value = 0;
};

/// One label set of a histogram.
struct HistogramSample {
  std::vector<std::string> label_values;
  std::vector<std::int64_t> cumulative;  ///< per bound, then +Inf; the last one is the count
  double sum = 0;                        ///< in the metric's unit
};

/// A family at one moment, its samples in order of their label values, no label set twice.
struct FamilySnapshot {
  const MetricDefinition* definition = nullptr;
  std::vector<Sample> samples;
  std::vector<HistogramSample> histograms;
};

/// Where values that are computed at scrape time go: `sink.add(definition, {pool, group, dimension}, remaining)`.
class SampleSink {
 public:
  /// One label value per label of `definition`, which is no histogram. Of two samples with equal labels the first
  /// counts.
  void add(const MetricDefinition& definition, std::initializer_list<std::string_view> label_values, double value);
  /// Nothing is exposed where there is no value.
  void add(const MetricDefinition& definition, std::initializer_list<std::string_view> label_values,
           std::optional<double> value) {
    if (value) add(definition, label_values, *value);
  }

 private:
  friend class Registry;
  std::map<std::string_view, FamilySnapshot> families_;
};

constexpr std::size_t kLongestLabel = 120;  ///< bytes

/// Valid UTF-8 of at most kLongestLabel bytes: what the exposition formats demand of a label value, whatever a client
/// sent.
[[nodiscard]] std::string label_text(std::string_view text);

}  // namespace tidegate::metrics
