// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/options.h"
#include "config/type.h"

#include <vector>

namespace tidegate::config {

/// The one table of all settings: what reads a configuration also prints, documents and describes it.
[[nodiscard]] const Type<Options>& all_settings();

/// Every setting with its type, range, default and meaning, in the order of the reference.
[[nodiscard]] std::vector<Setting> list_settings();

/// The configuration in force as a node (`to_yaml` prints it): defaults and environment included, secrets as the name
/// of the variable or file they came from, or `***`.
[[nodiscard]] Node effective(const Options& options);

/// JSON Schema (draft 2020-12) for editors.
[[nodiscard]] Node json_schema();

}  // namespace tidegate::config
