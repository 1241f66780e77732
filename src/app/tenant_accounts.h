// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "quota/book/tenant_book.h"
#include "store/directory.h"
#include "store/ledger_query.h"

#include <mutex>
#include <span>
#include <vector>

namespace tidegate::app {

/// What an answer's usage counts for in budgets.
[[nodiscard]] quota::Spend spend_of(const llm::TokenCounts& tokens, Money cost);

/// Keeps the book of tenants in step with the directory, and looks up in the ledger what the book cannot know: what was
/// spent before it. Any thread, but for `adopt` and `restore`, which belong to one thread each.
class TenantAccounts {
 public:
  explicit TenantAccounts(quota::TenantBook& book) : book_(book) {}

  /// Takes over who there is and what they may take. Keys that are revoked or expired take nothing any more and are left
  /// out.
  void adopt(const store::DirectorySnapshot& directory, Now now);
  /// Whether something is to be restored.
  [[nodiscard]] bool misses_past() const;
  /// Reads what accounts spent before the book knew them; may take long. Failure: as the ledger gives it; what is
  /// missing stays so.
  [[nodiscard]] Result<void> restore(store::LedgerQueries& ledger, WallTime now);

 private:
  [[nodiscard]] Result<void> restore_group(std::span<const quota::MissingPast> missing, store::LedgerQueries& ledger,
                                           WallTime now);

  quota::TenantBook& book_;
  mutable std::mutex mutex_;  ///< guards missing_
  std::vector<quota::MissingPast> missing_;
};

}  // namespace tidegate::app
