// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/alerts_state.h"
#include "base/result.h"
#include "store/operations_store.h"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::admin {

// As docs/openapi.yaml has it.

[[nodiscard]] boost::json::value view(const std::vector<ActionStatus>& actions);
[[nodiscard]] boost::json::value view(const std::vector<store::AuditEntry>& entries);

/// `{"by": "name"}` and nothing else. Failure: InvalidInput.
[[nodiscard]] Result<std::string> read_asker(std::string_view body);

}  // namespace tidegate::admin
