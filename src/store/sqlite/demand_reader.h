// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/demand_history.h"

#include <filesystem>
#include <utility>

namespace tidegate::store {

/// The past demand in a data directory's ledger.db, also while a gateway writes it. Opens the file anew for each
/// question, read only; one that does not exist is empty.
class DemandReader final : public DemandHistory {
 public:
  explicit DemandReader(std::filesystem::path directory) : directory_(std::move(directory)) {}

  [[nodiscard]] Result<void> for_each_minute(WallTime since, WallTime until,
                                             const std::function<bool(const DemandRow&)>& take) override;

 private:
  std::filesystem::path directory_;
};

}  // namespace tidegate::store
