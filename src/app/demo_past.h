// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "pricing/price_book.h"
#include "store/attempt_id.h"
#include "store/attempt_records.h"
#include "store/ledger.h"

#include <cstddef>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

// The demo's ledger: days that never were, so that there is something to compare today with and to forecast from.
namespace tidegate::app {

/// Every made-up entry has this as its key, and at the beginning of its request id and session.
inline constexpr std::string_view kDemoPast = "demo-past";

/// Whether a demo may fill the ledger of a data directory.
enum class DemoLedger {
  Empty,   ///< there is none, or there was one that a demo had made
  Foreign  ///< it is somebody's, and was left alone
};
/// Makes the directory and marks it as a demo's; the ledger of an earlier demo is deleted, keys and tenants stay. Failure: Denied if a
/// process has the directory, Io.
[[nodiscard]] Result<DemoLedger> prepare_demo_ledger(const std::filesystem::path& directory);

/// Whoever serves from this directory in earnest: no demo may delete the ledger from now on.
void disown_demo_ledger(const std::filesystem::path& directory);

/// Turns what `tidegate-sim traffic --past` prints into entries of a ledger. One thread.
class DemoPastWriter {
 public:
  /// `start`: when the past ends and the demo begins. What is handed in outlives the writer.
  DemoPastWriter(store::Ledger& ledger, const pricing::PriceBook& prices, WallTime start)
      : ledger_(ledger), prices_(prices), start_(start) {}

  /// One line (sim/traffic/past.h says what stands there), in the order of time. Failure: InvalidInput; the ledger's.
  [[nodiscard]] Result<void> add(std::string_view line);
  /// After the last one. Failure: the ledger's.
  [[nodiscard]] Result<void> finish();
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  struct Entry {
    std::string request_id, session, model, user;
    store::AttemptRecords records;
  };

  store::Ledger& ledger_;
  const pricing::PriceBook& prices_;
  const WallTime start_;
  store::AttemptIdSource ids_{0, 0};
  std::deque<Entry> entries_;  ///< not written yet; records look at the texts beside them, so none may move
  std::size_t count_ = 0;
};

}  // namespace tidegate::app
