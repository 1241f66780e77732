// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/score/client.h"

#include <algorithm>
#include <cmath>

namespace tidegate::sim {

namespace {

constexpr int kMaxRetries = 2;
constexpr double kFirstPause = 0.5, kLongestPause = 8, kLongestRetryAfter = 60;

bool is_retried(int status) { return status == 0 || status == 408 || status == 409 || status == 429 || status >= 500; }

}  // namespace

double patience_seconds(ScoreClass kind) { return kind == ScoreClass::Interactive ? 60 : 540; }

std::optional<double> SdkClient::pause_after(const AttemptResult& result, double jitter) {
  ++attempts_;
  if (result.has_begun || !is_retried(result.status) || attempts_ > kMaxRetries) return std::nullopt;
  const double said = result.retry_after_seconds.value_or(0);
  if (said > 0 && said <= kLongestRetryAfter) return said;
  const double pause = std::min(kLongestPause, kFirstPause * std::exp2(attempts_ - 1));
  return pause * (1 - 0.25 * jitter) / speed_;
}

}  // namespace tidegate::sim
