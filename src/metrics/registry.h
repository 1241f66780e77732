// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/definition.h"
#include "metrics/family.h"
#include "metrics/metrics_options.h"
#include "metrics/shard.h"
#include "metrics/snapshot.h"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace tidegate::metrics {

/// Everything that `/metrics` shows. Any thread. Families and shards live as long as the registry.
///
///     Registry registry;
///     Shard& shard = registry.add_shard();                       // one per thread that counts
///     Family<Counter>& replays = registry.counter(definition(Metric::StaleSocketReplays));
///     Counter counter = replays.with(shard);                     // keep it; use it on that thread only
///     counter.add();
///     to_text(registry.snapshot(), TextFormat::Prometheus);       // on the scrape's thread
class Registry {
 public:
  explicit Registry(MetricsOptions options = {}) : options_(options) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// A set of cells for one thread.
  [[nodiscard]] Shard& add_shard();

  // One family per definition: asking twice for the same gives the same one. Asking for another type than the
  // definition's is a bug (std::logic_error).
  [[nodiscard]] Family<Counter>& counter(const MetricDefinition& definition);
  [[nodiscard]] Family<Gauge>& gauge(const MetricDefinition& definition);
  [[nodiscard]] Family<Histogram>& histogram(const MetricDefinition& definition);

  /// `collector` is called at each scrape, on the scrape's thread, for values that exist elsewhere or must be computed
  /// for that moment. What it refers to must outlive the last scrape.
  void collect(std::function<void(SampleSink&)> collector);

  /// All families in order of name, those without any sample left out. `tidegate_metrics_label_overflow_total`
  /// included.
  [[nodiscard]] std::vector<FamilySnapshot> snapshot() const;

 private:
  template <typename Instrument>
  using Families = std::deque<Family<Instrument>>;

  const MetricsOptions options_;
  mutable std::mutex mutex_;  // guards the lists below; a family's or a shard's lock may be taken under it
  std::deque<Shard> shards_;
  Families<Counter> counters_;
  Families<Gauge> gauges_;
  Families<Histogram> histograms_;
  std::vector<std::shared_ptr<const std::function<void(SampleSink&)>>> collectors_;  // shared: called outside the lock
};

}  // namespace tidegate::metrics
