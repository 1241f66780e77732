// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/attempt_records.h"
#include "store/sqlite/database.h"

#include <cstdint>
#include <filesystem>

/// ledger.db. People may read it with `sqlite3`: the view `entries` has every field under its name.
///
/// `entry` has one row per attempt, and nothing but its key as an index: ids are ordered by time, so a time range is a
/// range of keys. What repeats lies elsewhere: a *label set* is one combination of model, provider, key … that
/// occurred, `text` has users, sessions and agents. So a row takes about 150 bytes, and writing one takes a few
/// microseconds.
namespace tidegate::store {

/// Opens and, if it is older, migrates it. Failure: as Database::open; Unsupported if a newer program wrote it.
[[nodiscard]] Result<Database> open_ledger_database(const std::filesystem::path& path);

/// The small fields of an entry in one number: state in bits 0–3, kind 4–5, stream 6, metered 7, estimated 8, price
/// known 9, attempt from bit 16.
[[nodiscard]] std::int64_t pack_flags(const AttemptRecords& attempt);
void unpack_flags(std::int64_t flags, LedgerEntry& entry);

}  // namespace tidegate::store
