// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "operations/action_book.h"
#include "operations/levers.h"
#include "store/operations_store.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tidegate::operations {

/// Carries one step out, once; blocks. Gives what to tell of it. Failure: as `delivery::run`, `delivery::post` and `Levers::move`.
[[nodiscard]] Result<std::string> carry_out(const ActionStep& step, Levers& levers, Now now, const std::atomic<bool>& stop);

/// Decides by an ActionBook and carries out on a thread of its own, one step after another. How actions stand, and each step for the
/// audit, is in the store before the step is carried out. Any thread.
class ActionRunner {
 public:
  struct Ports {
    store::OperationsStore& store;                                         ///< used by `start` and then by the runner's thread alone
    Levers& levers;                                                        ///< likewise
    std::function<void(const std::string&)> say = {};                      ///< a line for the log
    std::function<void(const delivery::ActionNote&, Now)> tell = {};       ///< people
    std::function<void(const std::optional<Failure>&)> store_stands = {};  ///< after each attempt to store something
  };
  ActionRunner(const Clock& clock, Ports ports) : clock_(clock), ports_(std::move(ports)) {}
  ActionRunner(const ActionRunner&) = delete;
  ActionRunner& operator=(const ActionRunner&) = delete;
  ~ActionRunner() { stop(); }

  void adopt(std::vector<ActionOptions> options);
  /// Takes over what the former process left, and begins. After the first `adopt`.
  void start();
  /// What is in place stays so.
  void stop();
  void look(const std::vector<monitor::Alert>& alerts, Now now);
  /// Somebody asks for it. Gives what it does now: that is not awaited. Failure: as ActionBook.
  [[nodiscard]] Result<std::string> run(std::string_view name, const std::string& by);
  [[nodiscard]] Result<std::string> take_back(std::string_view name, const std::string& by);
  [[nodiscard]] std::vector<ActionStanding> list() const;

 private:
  using Ask = Result<std::optional<ActionStep>> (ActionBook::*)(std::string_view, const std::string&, Now);
  [[nodiscard]] Result<std::string> ask(Ask question, std::string_view name, const std::string& by);
  /// Says what the book has to say, and queues it for the audit. Under mutex_; gives it back meanwhile.
  void speak(std::unique_lock<std::mutex>& lock, Now now);
  /// Likewise stores what is to be stored.
  void keep(std::unique_lock<std::mutex>& lock);
  void restore();
  void run();

  const Clock& clock_;
  const Ports ports_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  ///< guards the fields below
  std::condition_variable wake_;
  ActionBook book_;
  std::deque<ActionStep> waiting_;
  std::deque<store::AuditEntry> audit_;  ///< at most kMostAudit, older ones give way
  bool has_changed_ = false;             ///< the book may have something to store
  std::thread thread_;

  static constexpr std::size_t kMostAudit = 1'000;
};

}  // namespace tidegate::operations
