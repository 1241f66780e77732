// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tidegate::store {

/// What was left of the money somewhere, once.
struct StoredBalance {
  WallTime at{};
  std::string provider;
  std::string account;   ///< who was asked, so that figures of two accounts are never one course
  std::string currency;  ///< ISO 4217
  double left = 0;

  friend bool operator==(const StoredBalance&, const StoredBalance&) = default;
};

/// Port. One thread at a time. Failures: as Ledger::write.
class BalanceStore {
 public:
  virtual ~BalanceStore() = default;
  /// Adds them; all or nothing. What is older than kKeptReadings, and what is beyond the newest kMostReadings, goes.
  [[nodiscard]] virtual Result<void> add(std::span<const StoredBalance> readings, WallTime now) = 0;
  /// Those since then, oldest first.
  [[nodiscard]] virtual Result<std::vector<StoredBalance>> readings(WallTime since) = 0;

  static constexpr std::size_t kMostReadings = 50'000;
  static constexpr std::chrono::days kKeptReadings{400};
};

}  // namespace tidegate::store
