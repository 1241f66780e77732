// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "operations/action_book.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::operations {

/// Carries one step out, once; blocks. Gives what to tell of it. Failure: as `delivery::run` and `delivery::post`; TenantLimit is
/// Unsupported here.
[[nodiscard]] Result<std::string> carry_out(const ActionStep& step, Now now, const std::atomic<bool>& stop);

/// Decides by an ActionBook and carries out on a thread of its own, one step after another. What waits is lost with the process.
/// Any thread.
class ActionRunner {
 public:
  using Say = std::function<void(const std::string&)>;  ///< a line for the log, per step
  ActionRunner(const Clock& clock, Say say) : clock_(clock), say_(std::move(say)) {}
  ActionRunner(const ActionRunner&) = delete;
  ActionRunner& operator=(const ActionRunner&) = delete;
  ~ActionRunner() { stop(); }

  void adopt(std::vector<ActionOptions> options);
  void start();
  void stop();
  void look(const std::vector<monitor::Alert>& alerts, Now now);
  [[nodiscard]] std::vector<ActionStanding> list() const;

 private:
  void run();

  const Clock& clock_;
  const Say say_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  ///< guards the fields below
  std::condition_variable wake_;
  ActionBook book_;
  std::deque<ActionStep> waiting_;
  std::thread thread_;
};

}  // namespace tidegate::operations
