// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "quota/book/limit_board.h"
#include "store/limits_store.h"

#include <span>
#include <vector>

namespace tidegate::app {

/// Pools as rows. A pool that only a key stands for carries that key's name.
[[nodiscard]] std::vector<store::StoredLimit> to_stored(std::span<const quota::PoolLevel> pools);
/// And back: rows of one pool and group together again.
[[nodiscard]] std::vector<quota::PoolLevel> from_stored(std::span<const store::StoredLimit> rows);

}  // namespace tidegate::app
