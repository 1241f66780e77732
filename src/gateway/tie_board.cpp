// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/tie_board.h"

#include <algorithm>

namespace tidegate::gateway {

namespace {

constexpr std::size_t kLongestId = 256;

/// A provider's ids are its own: the same text elsewhere is another thing.
std::string name_of(std::string_view provider, std::string_view id) {
  std::string name;
  name.reserve(provider.size() + 1 + id.size());
  name.append(provider).append(1, '\n').append(id);
  return name;
}

}  // namespace

TieBoard::TieBoard(std::size_t most) : most_per_part_(std::max<std::size_t>(1, most / kParts)) {}

void TieBoard::note(std::string_view provider, std::string_view id, std::string_view key) {
  if (id.empty() || id.size() > kLongestId) return;
  std::string name = name_of(provider, id);
  Part& part = parts_[Hash{}(name) % kParts];
  const std::lock_guard lock(part.mutex);
  const auto [at, is_new] = part.keys.insert_or_assign(std::move(name), std::string(key));
  if (!is_new) return;
  part.by_age.push_back(&at->first);
  if (part.by_age.size() <= most_per_part_) return;
  part.keys.erase(part.keys.find(*part.by_age.front()));
  part.by_age.pop_front();
}

std::optional<std::string> TieBoard::key_of(std::string_view provider, std::string_view id) const {
  if (id.empty() || id.size() > kLongestId) return std::nullopt;
  const std::string name = name_of(provider, id);
  const Part& part = parts_[Hash{}(name) % kParts];
  const std::lock_guard lock(part.mutex);
  const auto at = part.keys.find(name);
  if (at == part.keys.end()) return std::nullopt;
  return at->second;
}

}  // namespace tidegate::gateway
