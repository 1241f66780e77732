// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/gateway_options.h"
#include "llm/request_view.h"
#include "net/http1/head.h"

#include <span>
#include <string>
#include <string_view>

namespace tidegate::gateway {

/// The first rule that a request fits in all it says; null if none does.
[[nodiscard]] const ClassRule* find_class(std::span<const ClassRule> rules, const net::http1::RequestHead& head,
                                          const llm::RequestView& view, std::string_view body);

/// What a rule's `system_hash` is compared with: the first 16 hexadecimal digits of SHA-256 over the `system` value as the body writes
/// it, from its first byte to its last. Empty if the request has none.
[[nodiscard]] std::string system_hash(const llm::RequestView& view, std::string_view body);

/// Whether some rule asks for it.
[[nodiscard]] bool needs_system_hash(std::span<const ClassRule> rules);

}  // namespace tidegate::gateway
