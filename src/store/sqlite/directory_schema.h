// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "store/sqlite/database.h"

#include <filesystem>

/// directory.db: tenants, keys, what actions hold, and the audit.
namespace tidegate::store {

/// Opens and, if it is older, migrates it. Failure: as Database::open; Unsupported if a newer program wrote it.
[[nodiscard]] Result<Database> open_directory_database(const std::filesystem::path& path);

}  // namespace tidegate::store
