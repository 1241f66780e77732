// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/sqlite/database.h"

#include <fmt/format.h>

#include <cstdint>
#include <span>

namespace tidegate::store {

/// Brings a database to version `steps.size()`: step n leads from version n to n + 1 (PRAGMA user_version), each in one
/// transaction with its version. Failure: Unsupported if the file is of a later version than this program knows.
[[nodiscard]] inline Result<void> migrate(Database& database, std::span<const char* const> steps,
                                          const std::filesystem::path& path) {
  const auto version = database.number("PRAGMA user_version");
  if (!version) return fail(version);
  if (*version > static_cast<std::int64_t>(steps.size())) {
    return fail(FailureKind::Unsupported, Origin::Store,
                fmt::format("store: {} has version {}, this program knows up to {}; use a newer tidegate",
                            path.string(), *version, steps.size()));
  }
  if (*version == static_cast<std::int64_t>(steps.size())) return {};
  auto transaction = Transaction::start(database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  // Read again: another process may have migrated it while this one waited for the lock.
  const auto current = database.number("PRAGMA user_version");
  if (!current) return fail(current);
  for (auto step = static_cast<std::size_t>(*current); step < steps.size(); ++step) {
    if (auto done = database.execute(steps[step]); !done) return done;
  }
  if (auto done = database.execute(fmt::format("PRAGMA user_version={}", steps.size())); !done) return done;
  return transaction->commit();
}

}  // namespace tidegate::store
