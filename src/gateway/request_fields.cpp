// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/request_fields.h"

namespace tidegate::gateway {

namespace {

/// Where the value of a field of that name belongs; null: it says nothing to the gateway.
std::optional<std::string_view>* place_of(std::string_view name, RequestFields& read) {
  if (take_name_prefix(name, "x-tidegate-")) {
    if (name_is(name, "priority")) return &read.priority;
    if (name_is(name, "max-wait")) return &read.max_wait;
    if (name_is(name, "cache")) return &read.cache;
  } else if (take_name_prefix(name, "x-claude-code-")) {
    if (name_is(name, "session-id")) return &read.session;
    if (name_is(name, "agent-id")) return &read.agent;
  }
  return nullptr;
}

}  // namespace

RequestFields read_request_fields(HeaderFields fields) {
  RequestFields read;
  for (const HeaderField& field : fields) {
    // Most fields are not ours, and the first letter says so.
    if (field.name.empty() || to_lower(field.name[0]) != 'x') continue;
    std::optional<std::string_view>* const place = place_of(field.name, read);
    if (place != nullptr && !*place) *place = field.value;
  }
  return read;
}

}  // namespace tidegate::gateway
