// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/shadow_book.h"

#include <algorithm>
#include <utility>

namespace tidegate::monitor {

namespace {

constexpr std::size_t kLongestName = 120;
constexpr std::size_t kLongestWord = 32;

/// At most `most` bytes, cut between characters.
void shorten(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  text.resize(most);
}

void shorten(ShadowSide& side) {
  shorten(side.error_kind, kLongestWord);
  shorten(side.stop_reason, kLongestWord);
}

}  // namespace

void ShadowBook::drop_oldest(Pairs::iterator from) {
  from->second.pop_front();
  --size_;
  if (from->second.empty()) pairs_.erase(from);
}

void ShadowBook::make_room(Pairs::iterator grown) {
  if (grown->second.size() > bounds_.per_model) drop_oldest(grown);
  if (size_ > bounds_.in_all) {
    drop_oldest(
        std::max_element(pairs_.begin(), pairs_.end(), [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); }));
  }
  if (pairs_.size() > bounds_.models) {
    const auto stalest = std::min_element(pairs_.begin(), pairs_.end(),
                                          [](const auto& a, const auto& b) { return a.second.back().at < b.second.back().at; });
    size_ -= stalest->second.size();
    pairs_.erase(stalest);
  }
}

void ShadowBook::add(ShadowSample sample) {
  shorten(sample.official_provider, kLongestName);
  shorten(sample.shadow_provider, kLongestName);
  shorten(sample.model, kLongestName);
  shorten(sample.official);
  shorten(sample.shadow);
  Name name(std::move(sample.official_provider), std::move(sample.shadow_provider), std::move(sample.model));
  const auto pairs = pairs_.try_emplace(std::move(name)).first;
  pairs->second.push_back({sample.conversation, sample.at, std::move(sample.official), std::move(sample.shadow)});
  ++size_;
  make_room(pairs);
}

std::vector<ShadowBook::Providers> ShadowBook::providers() const {
  std::vector<Providers> all;
  std::vector<std::pair<std::size_t, std::string>> models;
  const auto close = [&] {
    std::stable_sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [count, model] : models) all.back().models.push_back(std::move(model));
    models.clear();
  };
  for (const auto& [name, pairs] : pairs_) {
    const auto& [official, shadow, model] = name;
    if (all.empty() || all.back().official != official || all.back().shadow != shadow) {
      if (!all.empty()) close();
      all.push_back({official, shadow, {}});
    }
    models.emplace_back(pairs.size(), model);
  }
  if (!all.empty()) close();
  return all;
}

std::vector<ShadowSample> ShadowBook::samples(const std::string& official, const std::string& shadow, const std::string& model,
                                              SteadyTime since, SteadyTime until) const {
  std::vector<ShadowSample> found;
  for (auto at = pairs_.lower_bound(Name(official, shadow, model)); at != pairs_.end(); ++at) {
    const auto& [its_official, its_shadow, its_model] = at->first;
    if (its_official != official || its_shadow != shadow || (!model.empty() && its_model != model)) break;
    for (const Pair& pair : at->second) {
      if (pair.at < since || pair.at >= until) continue;
      found.push_back({official, shadow, its_model, pair.conversation, pair.at, pair.official, pair.shadow});
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const ShadowSample& a, const ShadowSample& b) { return a.at < b.at; });
  if (found.size() > bounds_.per_model) {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(bounds_.per_model));
  }
  return found;
}

}  // namespace tidegate::monitor
