// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/score/plan.h"

#include <optional>
#include <string_view>

namespace tidegate::sim {

/// What came of one attempt.
struct AttemptResult {
  int status = 0;                               ///< 0: no answer, or one that broke off before its first event
  std::optional<double> retry_after_seconds{};  ///< as the answer said
  bool has_begun = false;                       ///< its first event was seen: from here on nobody tries again
  bool is_whole = false;                        ///< `message_stop` was seen
};

/// How long a client waits in all for the first event, at speed 1.
[[nodiscard]] double patience_seconds(ScoreClass kind);

/// One request as an SDK of the provider's sends it: twice again after 408, 409, 429, 5xx and lost connections, after
/// `retry-after` if that is in (0, 60], else after 0.5 s, 1 s … 8 s less up to a quarter (anthropic-sdk-python,
/// _constants.py, _base_client.py). Pure.
class SdkClient {
 public:
  /// `speed`: the pauses that the SDK chooses are divided by it; a `retry-after` is obeyed as it is said.
  explicit SdkClient(double speed = 1) : speed_(speed) {}

  /// Seconds until the next attempt; nothing: it is over. `jitter` in [0, 1).
  [[nodiscard]] std::optional<double> pause_after(const AttemptResult& result, double jitter);
  [[nodiscard]] int attempts() const { return attempts_; }

 private:
  double speed_;
  int attempts_ = 0;
};

}  // namespace tidegate::sim
