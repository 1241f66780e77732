// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"

#include <filesystem>

namespace tidegate::store {

/// How a command learns that a running instance has taken over what it changed in the directory: `directory.seen`, whose
/// time of modification is the instant at which the instance began its newest look at it; told for some looks after a
/// change. A file, because the database itself would change by it.

/// The instance's side. Whether it could be written does not matter: whoever waits gives up.
void mark_seen(const std::filesystem::path& directory, WallTime looked_at);
/// Whether the instance has looked since `changed_at`.
[[nodiscard]] bool was_seen_since(const std::filesystem::path& directory, WallTime changed_at);
/// Waits, if an instance holds the directory, until it has looked since `changed_at`, at most `patience`. False: it has
/// not. Blocks; for commands.
[[nodiscard]] bool wait_until_seen(const std::filesystem::path& directory, WallTime changed_at, Nanoseconds patience);

}  // namespace tidegate::store
