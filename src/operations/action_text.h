// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "operations/action_book.h"

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::operations {

/// Whether what an action did ends with this process.
[[nodiscard]] bool is_in_process(std::string_view kind);
/// To whole seconds, from ten minutes on to whole minutes.
[[nodiscard]] std::string rough(Nanoseconds length);
/// ` (ada asked for it)`; empty if nobody did.
[[nodiscard]] std::string asked_by(const std::string& by);

/// What the next start needs to know of an action, but for its bounds.
[[nodiscard]] store::StoredAction to_stored(const std::string& name, ActionKind kind, const std::optional<ActionStep>& active);
/// The trigger that was stored; of its options it has name and kind.
[[nodiscard]] ActionStep restored_step(const store::StoredAction& stored);

}  // namespace tidegate::operations
