// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/key_set.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

namespace tidegate::upstream {

std::string key_name(std::string_view label, const Secret& key, std::size_t digits) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  const std::string_view text = key.reveal();
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string name = fmt::format("{}#", label);
  for (std::size_t i = 0; i < length && 2 * i < digits; ++i) fmt::format_to(std::back_inserter(name), "{:02x}", digest[i]);
  return name;
}

/// Two keys whose hashes begin alike (one case in 10^9 among a thousand) are told apart by more of it.
std::string KeySet::free_name(const Secret& key) const {
  std::string name = key_name(label_, key);
  const auto has_it = [&](const Key& other) { return other.name == name; };
  if (std::any_of(keys_.begin(), keys_.end(), has_it)) name = key_name(label_, key, 64);
  return name;
}

KeySet::Change KeySet::take(std::span<const Secret> found) {
  Change change;
  if (found.empty()) return change;
  std::set<std::string_view> fresh;
  for (const Secret& key : found) fresh.insert(key.reveal());
  std::vector<Key> kept;
  for (Key& key : keys_) {
    const bool is_there = fresh.erase(key.secret.reveal()) > 0;
    if (!is_there && key.is_missing) {
      change.drained.push_back(std::move(key.name));
      continue;
    }
    key.is_missing = !is_there;
    kept.push_back(std::move(key));
  }
  keys_ = std::move(kept);
  for (const std::string_view text : fresh) {
    Secret secret{std::string(text)};
    std::string name = free_name(secret);
    change.added.push_back(name);
    keys_.push_back({.name = std::move(name), .secret = std::move(secret)});
  }
  std::sort(keys_.begin(), keys_.end(), [](const Key& a, const Key& b) { return a.name < b.name; });
  std::sort(change.added.begin(), change.added.end());
  return change;
}

void append_keys(std::vector<ProviderKey>& keys, std::span<const KeySet::Key> set) {
  std::set<std::string> known;
  for (const ProviderKey& key : keys) known.emplace(key.secret.reveal());
  for (const KeySet::Key& key : set) {
    if (!known.emplace(key.secret.reveal()).second) continue;
    keys.push_back({.name = key.name, .secret = key.secret, .organisation = {}, .workspace = {}});
  }
}

}  // namespace tidegate::upstream
