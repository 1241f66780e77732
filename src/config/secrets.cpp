// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/secrets.h"

#include "base/ascii.h"

namespace tidegate::config {

namespace {

using upstream::ProviderKey;

/// Where a secret is, as written.
struct Place {
  std::string env;
  std::string file;
  std::string organisation;
  std::string workspace;
  bool is_spare = false;
};

std::vector<Field<Place>> place_fields() {
  std::vector<Field<Place>> fields;
  fields.push_back(field<Place>(
      "env", [](auto& place) -> auto& { return place.env; }, text("variable"), "environment variable that holds it"));
  fields.push_back(field<Place>(
      "file", [](auto& place) -> auto& { return place.file; }, text("path"),
      "file that holds it and nothing else; its permissions should be 0600"));
  return fields;
}

std::string refuse_literal(std::string_view what) {
  return fmt::format(
      "{} may not stand in this file; put it into an environment variable and write '{{env: NAME}}', or into a "
      "file of its own and write '{{file: PATH}}'",
      what);
}

std::optional<NamedSecret> accept(Reading& reading, const Node& node, std::string name, std::string value) {
  if (const auto reason = why_not_a_credential(value)) {
    reading.refuse(node, fmt::format("the secret in {} {}", name, *reason));
    return std::nullopt;
  }
  return NamedSecret{.name = std::move(name), .secret = Secret(std::move(value))};
}

std::optional<NamedSecret> from_variable(Reading& reading, const Node& node, const std::string& name) {
  if (!is_variable_name(name)) {
    reading.refuse(node, fmt::format("{} is no name of an environment variable; 'env' takes the name, not the value",
                                     name.size() > 32 ? std::string("this") : shown(name)));
    return std::nullopt;
  }
  std::string value(trim(variable(reading.environment(), name)));
  if (value.empty()) {
    reading.refuse(
        node, fmt::format("the environment variable {} is not set; set it (a line {}=… in .env will do), or remove "
                          "this entry",
                          name, name));
    return std::nullopt;
  }
  return accept(reading, node, name, std::move(value));
}

std::optional<NamedSecret> from_file(Reading& reading, const Node& node, const std::string& path) {
  const std::optional<FileText> file = reading.read_file(node, path);
  if (!file) return std::nullopt;
  std::string value(trim(file->text));
  if (value.empty()) {
    reading.refuse(node, fmt::format("{} is empty; it should hold the secret and nothing else", path));
    return std::nullopt;
  }
  if (is_open_to_others(file->permissions)) {
    reading.warn(node, fmt::format("{} can be read by others (permissions {:04o}); run: chmod 600 {}", path,
                                   file->permissions, path));
  }
  // A bare word could not be told from a variable's name.
  return accept(reading, node, is_file_name(path) ? path : "./" + path, std::move(value));
}

std::optional<NamedSecret> find(Reading& reading, const Node& node, const Place& place) {
  if (place.env.empty() == place.file.empty()) {
    reading.refuse(node, place.env.empty() ? "say where it is: '{env: NAME}' or '{file: PATH}'"
                                           : "takes 'env' or 'file', not both");
    return std::nullopt;
  }
  const bool is_variable = !place.env.empty();
  const Node* written = node.find(is_variable ? "env" : "file");
  const Node& there = written == nullptr ? node : *written;
  return is_variable ? from_variable(reading, there, place.env) : from_file(reading, there, place.file);
}

/// Where a secret of this name is read again.
Place place_of(const std::string& name) {
  const bool is_file = !name.empty() && is_file_name(name);
  return {.env = is_file ? "" : name, .file = is_file ? name : "", .organisation = {}, .workspace = {}};
}

}  // namespace

bool is_file_name(std::string_view key_name) { return !is_variable_name(key_name); }

std::optional<std::string> why_not_a_credential(std::string_view text) {
  constexpr std::size_t kLongest = 8'192;
  if (text.size() > kLongest) return "is longer than 8192 bytes, which no provider takes";
  for (const char c : text) {
    if (c <= ' ' || c == 0x7f) {
      return "has blanks, line breaks or characters that are not ASCII inside; is it the key alone?";
    }
  }
  return std::nullopt;
}

Type<NamedSecret> secret(std::string_view what) {
  return converted<NamedSecret, Place>(record<Place>(place_fields(), refuse_literal(what)), find,
                                       [](const NamedSecret& value) { return place_of(value.name); });
}

Type<ProviderKey> provider_key() {
  std::vector<Field<Place>> fields = place_fields();
  fields.push_back(field<Place>(
      "organisation", [](auto& place) -> auto& { return place.organisation; }, text("id"),
      "organisation id, if known; otherwise learned from the first answer"));
  fields.push_back(field<Place>(
      "workspace", [](auto& place) -> auto& { return place.workspace; }, text("id"),
      "workspace whose limits the key shares"));
  fields.push_back(field<Place>(
      "spare", [](auto& place) -> auto& { return place.is_spare; }, yes_or_no(),
      "true: not used until an action of kind enable_key puts it into rotation"));
  return converted<ProviderKey, Place>(
      record<Place>(std::move(fields), refuse_literal("a key")),
      [](Reading& reading, const Node& node, const Place& place) -> std::optional<ProviderKey> {
        auto found = find(reading, node, place);
        if (!found) return std::nullopt;
        return ProviderKey{.name = std::move(found->name),
                           .secret = std::move(found->secret),
                           .organisation = place.organisation,
                           .workspace = place.workspace,
                           .is_spare = place.is_spare};
      },
      [](const ProviderKey& key) {
        Place place = place_of(key.name);
        place.organisation = key.organisation;
        place.workspace = key.workspace;
        place.is_spare = key.is_spare;
        return place;
      });
}

}  // namespace tidegate::config
