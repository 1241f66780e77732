// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "upstream/provider_options.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::upstream {

/// `claude_keys#3f2a90c11b7d`: what people, labels and ledgers see of a key that has no name of its own. The end is the
/// beginning of the key's SHA-256, so the name stays the same from reading to reading and from run to run, and gives
/// nothing of the key away.
[[nodiscard]] std::string key_name(std::string_view label, const Secret& key, std::size_t digits = 12);

/// The keys of one source that are in use, by what its readings showed. A key missing from one reading stays: others that
/// take a key from the list and put it back are seen in between. Missing from two successive readings, it is drained:
/// no longer in this set, while requests that began with it go on. A reading without any key changes nothing: a list that
/// is gone as a whole is a Redis that lost it far more often than an order to stop.
class KeySet {
 public:
  struct Key {
    std::string name;
    Secret secret;
    bool is_missing = false;  ///< from the last reading

    friend bool operator==(const Key&, const Key&) = default;
  };
  /// What a reading changed, by name.
  struct Change {
    std::vector<std::string> added;
    std::vector<std::string> drained;

    [[nodiscard]] bool empty() const { return added.empty() && drained.empty(); }
    friend bool operator==(const Change&, const Change&) = default;
  };

  /// `label` leads the keys' names.
  explicit KeySet(std::string label) : label_(std::move(label)) {}

  /// Takes a reading over; order and repetition mean nothing.
  Change take(std::span<const Secret> found);
  /// By name, so that the turning of a list changes nothing.
  [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }

 private:
  [[nodiscard]] std::string free_name(const Secret& key) const;

  std::string label_;
  std::vector<Key> keys_;
};

/// `keys`, and those of `set` that are not among them already; the first name of a key is the one that stays.
void append_keys(std::vector<ProviderKey>& keys, std::span<const KeySet::Key> set);

}  // namespace tidegate::upstream
