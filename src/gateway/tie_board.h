// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tidegate::gateway {

/// Which key made a thing that only its owner can find again: a response to be continued, a batch, a file, a container.
/// Any thread. Bounded: the oldest give way, and a request that names one of those goes where any other would. Not kept
/// over restarts.
class TieBoard {
 public:
  static constexpr std::size_t kUsualSize = 65'536;
  explicit TieBoard(std::size_t most = kUsualSize);

  /// `key` is the key's name, which outlives a reload; never the key. Empty ids are not kept.
  void note(std::string_view provider, std::string_view id, std::string_view key);
  [[nodiscard]] std::optional<std::string> key_of(std::string_view provider, std::string_view id) const;

 private:
  /// Parts with locks of their own, so that workers seldom meet.
  static constexpr std::size_t kParts = 16;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Keys = std::unordered_map<std::string, std::string, Hash, std::equal_to<>>;
  struct Part {
    mutable std::mutex mutex;  ///< guards the fields below
    Keys keys;
    std::deque<const std::string*> by_age;  ///< the map's own keys, oldest first
  };

  std::size_t most_per_part_;
  std::array<Part, kParts> parts_;
};

}  // namespace tidegate::gateway
