// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/alert_inputs.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
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
  /// Compares with what was stated before; a limit seen for the first time is no change, nor is what an earlier process told already.
  /// Gives what changed.
  std::vector<LimitChange> look(std::span<const StatedLimit> limits, WallTime now);
  /// What an earlier process saw, oldest first.
  void restore(std::vector<LimitChange> earlier);
  /// Oldest first.
  [[nodiscard]] const std::vector<LimitChange>& changes() const { return changes_; }
  /// Seen by this process, also those that are no longer kept.
  [[nodiscard]] std::uint64_t changes_seen() const { return changes_seen_; }

  static constexpr std::size_t kMostChanges = 1'000;

 private:
  static constexpr std::size_t kMostLimits = 10'000;  ///< model names come from clients

  /// What the newest change of this limit says; nothing: there is none.
  [[nodiscard]] std::optional<std::int64_t> told(const StatedLimit& stated) const;
  void drop_old();

  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> known_;
  std::vector<LimitChange> changes_;
  std::uint64_t changes_seen_ = 0;
};

}  // namespace tidegate::monitor
