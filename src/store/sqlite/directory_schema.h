// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/sqlite/database.h"

#include <filesystem>
#include <optional>

/// directory.db: tenants, keys, what actions hold, and the audit.
namespace tidegate::store {

/// Opens and, if it is older, migrates it. Failure: as Database::open; Unsupported if a newer program wrote it.
[[nodiscard]] Result<Database> open_directory_database(const std::filesystem::path& path);

/// Gives up a connection whose file is broken or was replaced. Failure: NotFound if it has gone and nothing is there
/// now: keys that are known stay good until there is a file again, because a new one would have none.
[[nodiscard]] Result<void> give_up_replaced(std::optional<Database>& database, const std::filesystem::path& path);

}  // namespace tidegate::store
