// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate {

/// Text that names one kind of thing: a `PoolId` cannot be handed where a `TenantId` is meant.
template <typename Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}
  explicit Id(std::string_view text) : text_(text) {}
  explicit Id(const char* text) : text_(text) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::string text_;
};

using ProviderId = Id<struct ProviderTag>;          ///< a row of `providers:` in the configuration
using PoolId = Id<struct PoolTag>;                  ///< a group of keys of one provider that share limits
using KeyId = Id<struct KeyTag>;                    ///< the id of a virtual key, or a fingerprint of a client's own key
using TenantId = Id<struct TenantTag>;              ///< whose limits and budget a request counts against
using OrganisationId = Id<struct OrganisationTag>;  ///< `anthropic-organization-id`

}  // namespace tidegate

template <typename Tag>
struct std::hash<tidegate::Id<Tag>> {
  std::size_t operator()(const tidegate::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.text()); }
};
