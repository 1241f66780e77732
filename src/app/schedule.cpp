// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/schedule.h"

#include <algorithm>
#include <utility>

namespace tidegate::app {

void Schedule::every(Nanoseconds interval, std::function<void(Now)> job) {
  jobs_.push_back(Job{interval, std::move(job), clock_.now().steady});
}

void Schedule::start() {
  thread_ = std::thread([this] { run(); });
}

void Schedule::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Nanoseconds Schedule::run_due_jobs() {
  Nanoseconds pause = Seconds(1);
  for (Job& job : jobs_) {
    const Now now = clock_.now();
    if (now.steady >= job.due) {
      job.run(now);
      job.due = now.steady + job.interval;
    }
    pause = std::min(pause, job.due - now.steady);
  }
  return std::max(pause, Nanoseconds(0));
}

void Schedule::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Nanoseconds pause = run_due_jobs();
    lock.lock();
    wake_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

}  // namespace tidegate::app
