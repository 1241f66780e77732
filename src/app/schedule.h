// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tidegate::app {

/// Small periodic jobs on one thread of their own. A job that takes long delays the others, never a request.
class Schedule {
 public:
  explicit Schedule(const Clock& clock) : clock_(clock) {}
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  ~Schedule() { stop(); }

  /// Runs `job` every `interval`, the first time at once. Before `start` only.
  void every(Nanoseconds interval, std::function<void(Now)> job);
  void start();
  /// Returns when no job runs any more. Idempotent.
  void stop();

 private:
  struct Job {
    Nanoseconds interval;
    std::function<void(Now)> run;
    SteadyTime due;
  };
  void run();
  [[nodiscard]] Nanoseconds run_due_jobs();

  const Clock& clock_;
  std::vector<Job> jobs_;
  std::mutex mutex_;  ///< guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidegate::app
