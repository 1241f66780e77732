// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/storm/workload.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tidegate::storm {
namespace {

constexpr double kBurstFactor = 8, kBurstSeconds = 20, kCalmSeconds = 280;
constexpr double kBytesPerToken = 4;
constexpr double kInputSigma = 0.9, kOutputSigma = 1.0;
struct Means {
  double input, output;
};
constexpr Means kInteractive{1000, 250}, kBatch{3000, 600};

const Means& means_of(quota::Priority priority) { return priority == quota::Priority::Interactive ? kInteractive : kBatch; }

double below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }  // of the standard normal distribution

/// Of a lognormal variable cut off at `most`.
double mean_cut(double mean, double sigma, double most) {
  const double z = (std::log(most / mean) + sigma * sigma / 2) / sigma;
  return mean * below(z - sigma) + most * (1 - below(z));
}

}  // namespace

double share_of_peak(double hour) {
  // Quiet until six, full from ten to four, fading until midnight; a dip at lunch.
  const double day = std::clamp((hour - 6) / 4, 0.0, 1.0) * std::clamp((24 - hour) / 8, 0.0, 1.0);
  const double lunch = 0.15 * std::exp(-(hour - 12.5) * (hour - 12.5) / 0.5);
  return 0.2 + 0.8 * day * (1 - lunch);
}

Source::Source(const Tenant& tenant, Shape shape, double rate, double length, double size_sigma, std::uint64_t seed)
    : tenant_(tenant), shape_(shape), calm_rate_(rate), size_sigma_(size_sigma), times_(seed), sizes_(seed ^ 0x5A5A5A5AULL) {
  if (shape == Shape::Steady) return;
  double burst = 0;
  for (double at = exponential(kCalmSeconds); at < length; at += exponential(kCalmSeconds)) {
    const double lasts = std::min(exponential(kBurstSeconds), length - at);
    turns_.push_back(kBegin + nanoseconds(at));
    turns_.push_back(kBegin + nanoseconds(at += lasts));
    burst += lasts;
  }
  calm_rate_ = rate * length / (length + (kBurstFactor - 1) * burst);
}

SteadyTime Source::next(SteadyTime after) {
  while (true) {
    const bool in_burst = turn_ % 2 == 1;
    const SteadyTime at = after + nanoseconds(exponential(1 / (in_burst ? kBurstFactor * calm_rate_ : calm_rate_)));
    if (turn_ < turns_.size() && at >= turns_[turn_]) {
      after = turns_[turn_++];
      continue;
    }
    if (shape_ == Shape::Day) {
      const double hour = std::fmod(seconds(at - kBegin) / 3600, 24.0);
      after = at;
      if (times_.uniform() >= share_of_peak(hour)) continue;
    }
    return at;
  }
}

Size Source::size() { return draw_size(tenant_.priority, size_sigma_, sizes_); }

double mean_input() {
  double sum = 0;
  for (const Tenant& tenant : kTenants) sum += tenant.share * means_of(tenant.priority).input;
  return sum;
}

double mean_output(quota::Priority priority) { return mean_cut(means_of(priority).output, kOutputSigma, kMaxTokens); }

double mean_output() {
  double sum = 0;
  for (const Tenant& tenant : kTenants) sum += tenant.share * mean_output(tenant.priority);
  return sum;
}

double capacity(const sim::GroupLimits& limits) {
  double per_minute = 1e9;
  if (limits.requests) per_minute = std::min(per_minute, *limits.requests);
  if (limits.input_tokens) per_minute = std::min(per_minute, *limits.input_tokens / mean_input());
  if (limits.output_tokens) per_minute = std::min(per_minute, *limits.output_tokens / mean_output());
  return per_minute / 60;
}

Size draw_size(quota::Priority priority, double size_sigma, sim::Random& random) {
  const Means& means = means_of(priority);
  Size size;
  size.input = std::max(1.0, std::round(random.lognormal_of_mean(means.input, kInputSigma)));
  size.output = std::clamp(std::round(random.lognormal_of_mean(means.output, kOutputSigma)), 1.0, kMaxTokens);
  size.body_bytes = std::max(1.0, std::round(size.input * kBytesPerToken * random.lognormal_of_mean(1, size_sigma)));
  return size;
}

}  // namespace tidegate::storm
