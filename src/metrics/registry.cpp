// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/registry.h"

#include "metrics/names.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace tidegate::metrics {

namespace {

template <typename Instrument>
Family<Instrument>& find_or_add(std::deque<Family<Instrument>>& families, const MetricDefinition& definition,
                                MetricType type, std::size_t max_label_sets) {
  if (definition.type != type) {
    throw std::logic_error("metrics: " + std::string(definition.name) + " is a " +
                           std::string(to_string(definition.type)));
  }
  for (Family<Instrument>& family : families) {
    if (family.definition().name == definition.name) return family;
  }
  return families.emplace_back(definition, max_label_sets);
}

template <typename Samples>
void sort_by_labels(Samples& samples) {
  std::stable_sort(samples.begin(), samples.end(),
                   [](const auto& a, const auto& b) { return a.label_values < b.label_values; });
  // A label set given twice would make Prometheus refuse the whole scrape.
  const auto rest = std::unique(samples.begin(), samples.end(),
                                [](const auto& a, const auto& b) { return a.label_values == b.label_values; });
  samples.erase(rest, samples.end());
}

/// A metric may be counted here and collected there; a name given twice would make Prometheus refuse the whole scrape.
void merge(std::vector<FamilySnapshot>& families, FamilySnapshot collected) {
  const auto same = std::find_if(families.begin(), families.end(), [&](const FamilySnapshot& family) {
    return family.definition->name == collected.definition->name;
  });
  if (same == families.end()) {
    families.push_back(std::move(collected));
    return;
  }
  for (Sample& sample : collected.samples) same->samples.push_back(std::move(sample));
}

}  // namespace

Shard& Registry::add_shard() {
  const std::lock_guard lock(mutex_);
  return shards_.emplace_back(shards_.size());
}

Family<Counter>& Registry::counter(const MetricDefinition& definition) {
  const std::lock_guard lock(mutex_);
  return find_or_add(counters_, definition, MetricType::Counter, options_.max_label_sets);
}

Family<Gauge>& Registry::gauge(const MetricDefinition& definition) {
  const std::lock_guard lock(mutex_);
  return find_or_add(gauges_, definition, MetricType::Gauge, options_.max_label_sets);
}

Family<Histogram>& Registry::histogram(const MetricDefinition& definition) {
  const std::lock_guard lock(mutex_);
  return find_or_add(histograms_, definition, MetricType::Histogram, options_.max_histogram_label_sets);
}

void Registry::collect(std::function<void(SampleSink&)> collector) {
  const std::lock_guard lock(mutex_);
  collectors_.push_back(std::make_shared<const std::function<void(SampleSink&)>>(std::move(collector)));
}

std::vector<FamilySnapshot> Registry::snapshot() const {
  SampleSink sink;
  std::vector<FamilySnapshot> families;
  const auto take = [&](const FamilyCells& family) {
    families.push_back(family.snapshot());
    if (const std::int64_t overflows = family.overflows(); overflows > 0) {
      sink.add(definition(Metric::LabelOverflow), {family.definition().name}, static_cast<double>(overflows));
    }
  };

  decltype(collectors_) collectors;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& family : counters_) take(family);
    for (const auto& family : gauges_) take(family);
    for (const auto& family : histograms_) take(family);
    collectors = collectors_;
  }
  for (const auto& collector : collectors) (*collector)(sink);
  for (auto& [name, family] : sink.families_) merge(families, std::move(family));

  std::erase_if(families,
                [](const FamilySnapshot& family) { return family.samples.empty() && family.histograms.empty(); });
  std::sort(families.begin(), families.end(),
            [](const FamilySnapshot& a, const FamilySnapshot& b) { return a.definition->name < b.definition->name; });
  for (FamilySnapshot& family : families) {
    sort_by_labels(family.samples);
    sort_by_labels(family.histograms);
  }
  return families;
}

}  // namespace tidegate::metrics
