// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/request_metrics.h"

#include "metrics/names.h"

#include <array>
#include <charconv>
#include <cstddef>

namespace tidegate::metrics {

namespace {

constexpr std::size_t kMaxLabelSets = 4'096;

/// A status as a label: no allocation, because it is among what every request is looked up by.
class StatusText {
 public:
  explicit StatusText(int status) {
    if (status <= 0) return;
    const std::to_chars_result result = std::to_chars(buffer_.data(), buffer_.data() + buffer_.size(), status);
    text_ = std::string_view(buffer_.data(), static_cast<std::size_t>(result.ptr - buffer_.data()));
  }
  StatusText(const StatusText&) = delete;
  StatusText& operator=(const StatusText&) = delete;
  [[nodiscard]] std::string_view view() const { return text_; }

 private:
  std::array<char, 12> buffer_;
  std::string_view text_ = "none";
};

}  // namespace

RequestMetrics::RequestMetrics(Registry& registry, Shard& shard)
    : shard_(shard),
      by_status_(registry.counter(definition(Metric::ClaudeRequests))),
      requests_(registry.counter(definition(Metric::Requests))),
      tokens_(registry.counter(definition(Metric::TokensUsed))),
      cost_(registry.counter(definition(Metric::Cost))),
      price_unknown_(registry.counter(definition(Metric::PriceUnknown))),
      upstream_errors_(registry.counter(definition(Metric::UpstreamErrors))),
      time_to_first_token_(registry.histogram(definition(Metric::TimeToFirstToken))),
      duration_(registry.histogram(definition(Metric::RequestDuration))),
      queue_wait_(registry.histogram(definition(Metric::QueueWait))),
      capacity_refusals_(registry.counter(definition(Metric::CapacityRefusals)), shard),
      genai_tokens_(registry.histogram(definition(Metric::GenAiTokenUsage))),
      genai_duration_(registry.histogram(definition(Metric::GenAiOperationDuration))),
      genai_time_to_first_token_(registry.histogram(definition(Metric::GenAiTimeToFirstToken))),
      overhead_(registry.histogram(definition(Metric::Overhead)).with(shard)),
      lookup_(kMaxLabelSets) {}

void RequestMetrics::observe(const RequestSample& sample) {
  const StatusText status(sample.status);
  const std::array labels{sample.model,          sample.response_model, sample.tenant,   sample.provider,
                          sample.endpoint,       sample.error_kind,     sample.priority, sample.genai_operation,
                          sample.genai_provider, status.view()};
  Instruments& instruments = lookup_.find(labels, [&] { return resolve_common(sample, status.view()); });
  instruments.by_status.add();
  instruments.requests.add();
  instruments.upstream_errors.add();
  count_tokens(instruments, sample);
  count_cost(instruments, sample);
  if (!sample.obstacle.empty()) capacity_refusals_.with({sample.provider, sample.obstacle}).add();
  observe_times(instruments, sample);
  if (!sample.genai_operation.empty() && !sample.provider.empty()) observe_genai(instruments, sample);
}

void RequestMetrics::attempt_failed(std::string_view provider, std::string_view error_kind) {
  // Rare enough to resolve each time.
  upstream_errors_.with(shard_, {provider, error_kind}).add();
}

RequestMetrics::Instruments RequestMetrics::resolve_common(const RequestSample& sample, std::string_view status) {
  Instruments instruments;
  instruments.by_status = by_status_.with(shard_, {status});
  instruments.requests =
      requests_.with(shard_, {sample.provider, sample.model, sample.endpoint, status, sample.tenant});
  instruments.duration = duration_.with(shard_, {sample.provider, sample.model, sample.endpoint});
  if (!sample.error_kind.empty()) {
    instruments.upstream_errors = upstream_errors_.with(shard_, {sample.provider, sample.error_kind});
  }
  return instruments;
}

void RequestMetrics::count_tokens(Instruments& instruments, const RequestSample& sample) {
  const auto count = [&](Counter& counter, std::int64_t tokens, std::string_view kind) {
    if (tokens <= 0) return;
    if (!counter) counter = tokens_.with(shard_, {sample.provider, sample.model, kind});
    counter.add(tokens);
  };
  count(instruments.input, sample.input_tokens, "input");
  count(instruments.cache_read, sample.cache_read_tokens, "cache_read");
  count(instruments.cache_write_5m, sample.cache_write_5m_tokens, "cache_write_5m");
  count(instruments.cache_write_1h, sample.cache_write_1h_tokens, "cache_write_1h");
  count(instruments.output, sample.output_tokens, "output");
}

void RequestMetrics::count_cost(Instruments& instruments, const RequestSample& sample) {
  if (sample.cost > Money()) {
    if (!instruments.cost) instruments.cost = cost_.with(shard_, {sample.provider, sample.model, sample.tenant});
    instruments.cost.add(sample.cost);
  }
  if (!sample.price_known) {
    if (!instruments.price_unknown) instruments.price_unknown = price_unknown_.with(shard_, {sample.model});
    instruments.price_unknown.add();
  }
}

void RequestMetrics::observe_times(Instruments& instruments, const RequestSample& sample) {
  instruments.duration.observe(sample.duration);
  if (sample.queue_wait) {
    if (!instruments.queue_wait) instruments.queue_wait = queue_wait_.with(shard_, {sample.provider, sample.priority});
    instruments.queue_wait.observe(*sample.queue_wait);
  }
  if (sample.overhead) overhead_.observe(*sample.overhead);
  if (!sample.time_to_first_token) return;
  if (!instruments.time_to_first_token) {
    instruments.time_to_first_token = time_to_first_token_.with(shard_, {sample.provider, sample.model});
  }
  instruments.time_to_first_token.observe(*sample.time_to_first_token);
}

void RequestMetrics::observe_genai(Instruments& instruments, const RequestSample& sample) {
  const auto observe_tokens = [&](Histogram& histogram, std::int64_t tokens, std::string_view type) {
    if (tokens <= 0) return;
    if (!histogram) {
      histogram = genai_tokens_.with(
          shard_, {sample.genai_operation, sample.genai_provider, type, sample.model, sample.response_model});
    }
    histogram.observe(tokens);
  };
  observe_tokens(
      instruments.genai_input,
      sample.input_tokens + sample.cache_read_tokens + sample.cache_write_5m_tokens + sample.cache_write_1h_tokens,
      "input");
  observe_tokens(instruments.genai_output, sample.output_tokens, "output");

  if (!instruments.genai_duration) {
    instruments.genai_duration = genai_duration_.with(shard_, {sample.genai_operation, sample.genai_provider,
                                                               sample.error_kind, sample.model, sample.response_model});
  }
  instruments.genai_duration.observe(sample.duration);

  // The conventions count it for successful answers only.
  if (!sample.time_to_first_token || !sample.error_kind.empty()) return;
  if (!instruments.genai_time_to_first_token) {
    instruments.genai_time_to_first_token = genai_time_to_first_token_.with(
        shard_, {sample.genai_operation, sample.genai_provider, sample.model, sample.response_model});
  }
  instruments.genai_time_to_first_token.observe(*sample.time_to_first_token);
}

}  // namespace tidegate::metrics
