// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "config/type.h"
#include "upstream/provider_options.h"

#include <vector>

namespace tidegate::config {

/// A secret and where it came from.
struct NamedSecret {
  std::string name;  ///< the variable, or the file (`./key`, `/run/secrets/key`)
  Secret secret;
};

/// `{env: NAME}` or `{file: PATH}`. A secret itself in the file is refused, and never repeated in the message.
/// Prints where it came from.
[[nodiscard]] Type<NamedSecret> secret(std::string_view what);

/// The same for two members of a larger value.
template <typename T>
[[nodiscard]] Type<T> secret_in(std::string T::*name, Secret T::*text, std::string_view what);

/// The same with `organisation` and `workspace`.
[[nodiscard]] Type<upstream::ProviderKey> provider_key();

/// Whether a key's name is a file and not a variable.
[[nodiscard]] bool is_file_name(std::string_view key_name);

/// Why a credential cannot be sent in a header; nothing if it can.
[[nodiscard]] std::optional<std::string> why_not_a_credential(std::string_view text);

template <typename T>
Type<T> secret_in(std::string T::*name, Secret T::*text, std::string_view what) {
  const Type<NamedSecret> named = secret(what);
  Type<T> type;
  type.name = named.name;
  type.range = named.range;
  type.schema = named.schema;
  type.read = [=](Reading& reading, const Node& node, T& whole) {
    NamedSecret found;
    named.read(reading, node, found);
    whole.*name = std::move(found.name);
    whole.*text = std::move(found.secret);
  };
  type.print = [=](const T& whole) { return named.print({.name = whole.*name, .secret = {}}); };
  type.describe = [=](const T& whole, const std::string& path, std::vector<Setting>& settings) {
    named.describe({.name = whole.*name, .secret = {}}, path, settings);
  };
  return type;
}

}  // namespace tidegate::config
