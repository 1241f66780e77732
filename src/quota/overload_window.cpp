// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/overload_window.h"

#include <algorithm>

namespace tidegate::quota {
namespace {

constexpr std::uint64_t kSample = 32;      // requests sent up to the one that fails, of which the share of failures is taken
constexpr std::uint64_t kFewest = 3;       // failures: fewer are no sign of anything
constexpr std::uint64_t kOneIn = 4;        // requests of the sample must have failed. At 5 % of random failures: once in thousands
constexpr std::size_t kFailures = 64;      // remembered
constexpr double kRecent = 30;             // seconds for which a failure counts
constexpr double kForgetUnused = 10;       // seconds without as many in flight, after which there is no bound
constexpr double kForget = 30;             // seconds without a reduction, after which there is none however many are in flight
constexpr double kAnswers = 10;            // seconds over which answers are counted
constexpr double kSmallest = 8;            // at once, in any case

double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void OverloadWindow::answered(SteadyTime now) {
  if (const double passed = seconds(now - answers_since_); passed >= kAnswers) {
    answers_before_ = passed < 2 * kAnswers ? answers_ : 0;
    answers_ = 0;
    answers_since_ = now;
  }
  ++answers_;
  if (window_ != kUnbounded) window_ += window_ < good_ ? 1 : 1 / window_;
}

/// By the order of sending and not of failing: a failure comes at once, a good answer after seconds, so that the first to come back of any
/// burst are its failures.
OverloadWindow::Sample OverloadWindow::sample_around(SteadyTime now, std::uint64_t place) const {
  const auto counts = [&](const Failure& failure) { return failure.place > reduced_at_place_ && seconds(now - failure.at) <= kRecent; };
  std::uint64_t last = std::max(place, std::min(sent_, kSample));  // the first to fail of a first burst are not all there is
  for (const Failure& failure : failures_) {
    if (counts(failure) && failure.place < place + kSample) last = std::max(last, failure.place);
  }
  const auto failures = std::count_if(failures_.begin(), failures_.end(), [&](const Failure& failure) {
    return counts(failure) && failure.place <= last && failure.place + kSample > last;
  });
  return {.sent = std::min(last, kSample), .failures = static_cast<std::uint64_t>(failures)};
}

bool OverloadWindow::failed(SteadyTime now, std::uint64_t place, const Beside& beside) {
  if (place == 0 || place <= reduced_at_place_) return false;
  if (failures_.size() < kFailures) failures_.push_back({place, now});
  else failures_[next_failure_++ % kFailures] = {place, now};
  const Sample sample = sample_around(now, place);
  if (sample.failures < kFewest || sample.failures * kOneIn < sample.sent) return false;

  // What succeeded lately was in flight for as long as an answer takes: so many at once are known to be good (Little's law).
  const double passed = seconds(now - answers_since_);
  const double lately = passed < kAnswers ? std::max(answers_, answers_before_) : passed < 2 * kAnswers ? answers_ : 0;
  const double good = lately * std::max(1.0, beside.service_seconds / kAnswers);
  const double before = std::min(window_, beside.in_flight);
  window_ = std::max({kSmallest, beside.least, good, before / 2});
  good_ = before;
  reduced_at_place_ = sent_;
  reduced_at_ = reached_at_ = now;
  return true;
}

void OverloadWindow::advance(SteadyTime now) {
  if (window_ != kUnbounded && (seconds(now - reduced_at_) >= kForget || seconds(now - reached_at_) >= kForgetUnused)) window_ = good_ = kUnbounded;
}

double OverloadWindow::seconds_left(SteadyTime now) const {
  return window_ == kUnbounded ? 0 : std::max(0.0, kForget - seconds(now - reduced_at_));
}

void OverloadWindow::merge(const OverloadWindow& other) {
  if (other.window_ >= window_) return;
  window_ = other.window_;
  good_ = other.good_;
  reduced_at_ = other.reduced_at_;
  reached_at_ = other.reached_at_;
  reduced_at_place_ = sent_;
}

}  // namespace tidegate::quota
