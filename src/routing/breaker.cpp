// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "routing/breaker.h"

#include <algorithm>
#include <cmath>

namespace tidegate::routing {
namespace {

constexpr int kRow = 5;
constexpr double kFewest = 20;       // judged by their part only from so many on
constexpr double kPart = 0.5;
constexpr double kFadeSeconds = 30;  // to a third
constexpr Nanoseconds kFirstPause = Seconds(5);
constexpr Nanoseconds kLongestPause = Seconds(60);
constexpr Nanoseconds kProbeLease = Seconds(10);  // a probe that waits for its turn, or whose client left, tells nothing

}  // namespace

std::string_view to_string(Breaker::State state) {
  switch (state) {
    case Breaker::State::Closed: return "closed";
    case Breaker::State::Open: return "open";
    case Breaker::State::HalfOpen: return "half_open";
  }
  return "unknown";
}

bool Breaker::may_go(SteadyTime now) {
  if (state_ == State::Closed) return true;
  if (now < probe_at_) return false;
  state_ = State::HalfOpen;
  probe_at_ = now + kProbeLease;
  return true;
}

void Breaker::succeeded(SteadyTime now) {
  row_ = 0;
  if (state_ != State::Closed) {
    // What an older request brings back while it is open is good news as well.
    state_ = State::Closed;
    failures_ = all_ = 0;
    pause_ = Nanoseconds(0);
    faded_at_ = now;
    return;
  }
  const double passed = std::chrono::duration<double>(now - faded_at_).count();
  const double fade = std::exp(-std::max(0.0, passed) / kFadeSeconds);
  faded_at_ = now;
  failures_ *= fade;
  all_ = all_ * fade + 1;
}

void Breaker::failed(SteadyTime now) {
  if (state_ == State::HalfOpen) {
    open(now);
    return;
  }
  if (state_ == State::Open) return;  // it was sent before
  const double passed = std::chrono::duration<double>(now - faded_at_).count();
  const double fade = std::exp(-std::max(0.0, passed) / kFadeSeconds);
  faded_at_ = now;
  failures_ = failures_ * fade + 1;
  all_ = all_ * fade + 1;
  if (++row_ >= kRow || (all_ >= kFewest && failures_ >= kPart * all_)) open(now);
}

void Breaker::open(SteadyTime now) {
  state_ = State::Open;
  row_ = 0;
  pause_ = pause_ == Nanoseconds(0) ? kFirstPause : std::min(kLongestPause, 2 * pause_);
  probe_at_ = now + pause_;
}

}  // namespace tidegate::routing
