// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "config/type.h"
#include "upstream/provider_options.h"

#include <vector>

namespace tidegate::config {

/// `{env: NAME}` or `{file: PATH}`. A secret itself in the file is refused, and never repeated in the message.
/// Prints as `***`: where it came from is not kept.
[[nodiscard]] Type<Secret> secret(std::string_view what);

/// The same with `organisation` and `workspace`; prints the variable or file that the key came from.
[[nodiscard]] Type<upstream::ProviderKey> provider_key();

/// Whether a key's name is a file and not a variable.
[[nodiscard]] bool is_file_name(std::string_view key_name);

/// Why a credential cannot be sent in a header; nothing if it can.
[[nodiscard]] std::optional<std::string> why_not_a_credential(std::string_view text);

}  // namespace tidegate::config
