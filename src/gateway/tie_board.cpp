// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/tie_board.h"

#include <algorithm>
#include <utility>

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

bool can_be_kept(std::string_view id) { return !id.empty() && id.size() <= kLongestId; }

}  // namespace

TieBoard::TieBoard(Sizes most) {
  for (std::size_t kind = 0; kind < kTieKinds; ++kind) most_per_part_[kind] = std::max<std::size_t>(1, most[kind] / kParts);
}

void TieBoard::keep(TieKind kind, std::string name, const Holder& holder, Origin origin) {
  Part& part = part_of(kind, name);
  const std::lock_guard lock(part.mutex);
  const auto [at, is_new] = part.holders.try_emplace(std::move(name));
  Kept& kept = at->second;
  if (!is_new && (origin == Origin::Stored || kept.holder == holder)) return;
  kept.holder = holder;
  if (origin == Origin::Noted && !kept.is_news) {
    kept.is_news = true;
    part.news.push_back(at->first);
  }
  if (!is_new) return;
  part.by_age.push_back(&at->first);
  const std::size_t most = most_per_part_[static_cast<std::size_t>(kind)];
  if (part.by_age.size() <= most) return;
  part.holders.erase(part.holders.find(*part.by_age.front()));
  part.by_age.pop_front();
  // Where nobody takes the news, it must not grow either.
  if (part.news.size() > 2 * most) std::erase_if(part.news, [&](const std::string& one) { return !part.holders.contains(one); });
}

void TieBoard::note(TieKind kind, std::string_view provider, std::string_view id, const Holder& holder) {
  if (can_be_kept(id)) keep(kind, name_of(provider, id), holder, Origin::Noted);
}

void TieBoard::restore(const Tie& tie) {
  if (can_be_kept(tie.id)) keep(tie.kind, name_of(tie.provider, tie.id), tie.holder, Origin::Stored);
}

std::optional<Holder> TieBoard::holder_of(TieKind kind, std::string_view provider, std::string_view id) const {
  if (!can_be_kept(id)) return std::nullopt;
  const std::string name = name_of(provider, id);
  const Part& part = part_of(kind, name);
  const std::lock_guard lock(part.mutex);
  const auto at = part.holders.find(name);
  if (at == part.holders.end()) return std::nullopt;
  return at->second.holder;
}

std::vector<TieBoard::Tie> TieBoard::take_news() {
  std::vector<Tie> news;
  for (std::size_t kind = 0; kind < kTieKinds; ++kind) {
    for (Part& part : parts_[kind]) {
      const std::lock_guard lock(part.mutex);
      for (const std::string& name : std::exchange(part.news, {})) {
        const auto at = part.holders.find(name);
        if (at == part.holders.end() || !std::exchange(at->second.is_news, false)) continue;
        const std::size_t border = name.find('\n');
        news.push_back({static_cast<TieKind>(kind), name.substr(0, border), name.substr(border + 1), at->second.holder});
      }
    }
  }
  return news;
}

}  // namespace tidegate::gateway
