// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/alert_inputs.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace tidegate::monitor {

/// One limit as a provider states it at this moment.
struct StatedLimit {
  std::string pool;
  std::string model_group;
  std::string dimension;
  std::int64_t limit = 0;  ///< per minute
};

/// Notices when a provider changes a limit: they do so without a word. Keeps the newest kMostChanges. One thread.
class LimitHistory {
 public:
  /// Compares with what was stated before; a limit seen for the first time is no change. Gives what changed.
  std::vector<LimitChange> look(std::span<const StatedLimit> limits, WallTime now);
  /// What an earlier process saw, oldest first; before the first `look`.
  void restore(std::vector<LimitChange> changes);
  /// Oldest first.
  [[nodiscard]] const std::vector<LimitChange>& changes() const { return changes_; }

  static constexpr std::size_t kMostChanges = 1'000;

 private:
  static constexpr std::size_t kMostLimits = 10'000;  ///< model names come from clients

  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> known_;
  std::vector<LimitChange> changes_;
};

}  // namespace tidegate::monitor
