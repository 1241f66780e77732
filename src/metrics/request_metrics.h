// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"
#include "metrics/local_family.h"
#include "metrics/registry.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::metrics {

/// One finished request, as far as metrics are concerned. The text is borrowed for the call.
struct RequestSample {
  std::string_view provider = {};        ///< the configuration's name; empty if nothing went upstream
  std::string_view model = {};           ///< as requested; empty for a caller that was not authenticated
  std::string_view response_model = {};  ///< as answered; empty if not said
  std::string_view endpoint = {};        ///< `messages`, `chat_completions` …
  std::string_view tenant = {};          ///< empty if there is none
  int status = 0;                        ///< as the client saw it; 0 if it saw none
  std::string_view error_kind = {};      ///< of the provider's last answer; empty if it was good

  std::string_view priority = {};  ///< `interactive`, `batch`
  std::string_view obstacle = {};  ///< what stood in the way, if it was refused for want of capacity

  std::string_view genai_operation = {};  ///< `chat`, `embeddings`; empty for models, files and the like
  std::string_view genai_provider = {};   ///< `anthropic`, `openai`

  std::int64_t input_tokens = 0;  ///< the five kinds do not overlap
  std::int64_t cache_read_tokens = 0;
  std::int64_t cache_write_5m_tokens = 0;
  std::int64_t cache_write_1h_tokens = 0;
  std::int64_t output_tokens = 0;
  Money cost = {};
  bool price_known = true;

  Nanoseconds duration{0};
  std::optional<Nanoseconds> queue_wait = {};           ///< absent if it never asked for its turn
  std::optional<Nanoseconds> time_to_first_token = {};  ///< absent if no token came
  std::optional<Nanoseconds> overhead = {};             ///< absent if nothing went upstream
};

/// Counts finished requests for one worker, on that worker's thread. What a label set needs is resolved once and kept,
/// so that a request costs one lookup and some twenty stores. At most 4,096 label sets are kept, some 700 bytes each.
class RequestMetrics {
 public:
  RequestMetrics(Registry& registry, Shard& shard);

  void observe(const RequestSample& sample);
  /// An attempt that failed and was followed by another one, so that no sample's `error_kind` tells of it.
  void attempt_failed(std::string_view provider, std::string_view error_kind);

 private:
  /// The instruments of requests that agree in every label. One that was never needed is not resolved, and so never
  /// shown.
  struct Instruments {
    Counter by_status, requests;
    Counter input, cache_read, cache_write_5m, cache_write_1h, output;
    Counter cost, price_unknown, upstream_errors;
    Histogram duration, queue_wait, time_to_first_token;
    Histogram genai_input, genai_output, genai_duration, genai_time_to_first_token;
  };

  [[nodiscard]] Instruments resolve_common(const RequestSample& sample, std::string_view status);
  void count_tokens(Instruments& instruments, const RequestSample& sample);
  void count_cost(Instruments& instruments, const RequestSample& sample);
  void observe_times(Instruments& instruments, const RequestSample& sample);
  void observe_genai(Instruments& instruments, const RequestSample& sample);

  Shard& shard_;
  Family<Counter>& by_status_;
  Family<Counter>& requests_;
  Family<Counter>& tokens_;
  Family<Counter>& cost_;
  Family<Counter>& price_unknown_;
  Family<Counter>& upstream_errors_;
  Family<Histogram>& time_to_first_token_;
  Family<Histogram>& duration_;
  Family<Histogram>& queue_wait_;
  LocalFamily<Counter> capacity_refusals_;
  Family<Histogram>& genai_tokens_;
  Family<Histogram>& genai_duration_;
  Family<Histogram>& genai_time_to_first_token_;
  Histogram overhead_;
  LocalLookup<Instruments> lookup_;
};

}  // namespace tidegate::metrics
