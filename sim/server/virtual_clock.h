// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <atomic>

namespace tidegate::sim {

/// Time that a test moves by hand while a `Server` runs on it. Any thread.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(WallTime start) : start_(start) {}
  [[nodiscard]] Now now() const override {
    const Nanoseconds passed(passed_.load());
    return {SteadyTime(std::chrono::hours(1)) + passed, start_ + passed};
  }
  void advance(Nanoseconds by) { passed_.fetch_add(by.count()); }

 private:
  WallTime start_;
  std::atomic<std::int64_t> passed_{0};
};

}  // namespace tidegate::sim
