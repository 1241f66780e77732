// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::gateway {

/// Whose a thing is that a provider made: the pool's, whichever of its keys asked for it. The key stands for its pool where that was not
/// known then, or goes by another name now.
struct Holder {
  std::string key;   ///< its name, which outlives a reload; never the key
  std::string pool;  ///< as quota::KeyRing::Entry::pool; empty: not known

  friend bool operator==(const Holder&, const Holder&) = default;
};

/// What a tie binds to its holder. Each kind makes place only for its own: a thousand answers a minute must not push out the batch whose
/// results are fetched tomorrow.
enum class TieKind : std::uint8_t {
  Object,        ///< a file, a batch, a container, a conversation kept by the provider
  Answer,        ///< an answer that can be continued, or a mark of what it holds (llm::AnswerFacts::state_marks)
  Conversation,  ///< a session, or a beginning that requests share: where they went last
};
inline constexpr std::size_t kTieKinds = 3;

/// Who holds what was made, so that what speaks of it goes there. Any thread. Bounded: the oldest of a kind give way, and a request that
/// names one of those goes where any other would.
class TieBoard {
 public:
  using Sizes = std::array<std::size_t, kTieKinds>;
  static constexpr Sizes kUsualSizes{65'536, 131'072, 65'536};
  explicit TieBoard(Sizes most = kUsualSizes);

  struct Tie {
    TieKind kind = TieKind::Object;
    std::string provider, id;
    Holder holder;

    friend bool operator==(const Tie&, const Tie&) = default;
  };

  /// Empty and endless ids are not kept.
  void note(TieKind kind, std::string_view provider, std::string_view id, const Holder& holder);
  [[nodiscard]] std::optional<Holder> holder_of(TieKind kind, std::string_view provider, std::string_view id) const;

  /// What was noted since the last call and has not given way, the oldest first within its part; to be stored.
  [[nodiscard]] std::vector<Tie> take_news();
  /// As `note`, of what an earlier process stored: no news, and whatever is known already counts for more.
  void restore(const Tie& tie);

 private:
  /// Parts with locks of their own, so that workers seldom meet.
  static constexpr std::size_t kParts = 16;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Kept {
    Holder holder;
    bool is_news = false;
  };
  using Holders = std::unordered_map<std::string, Kept, Hash, std::equal_to<>>;
  struct Part {
    mutable std::mutex mutex;  ///< guards the fields below
    Holders holders;
    std::deque<const std::string*> by_age;  ///< the map's own keys, oldest first
    std::vector<std::string> news;          ///< those whose `is_news` is set, and some that have given way since
  };
  [[nodiscard]] Part& part_of(TieKind kind, std::string_view name) { return parts_[static_cast<std::size_t>(kind)][Hash{}(name) % kParts]; }
  [[nodiscard]] const Part& part_of(TieKind kind, std::string_view name) const {
    return parts_[static_cast<std::size_t>(kind)][Hash{}(name) % kParts];
  }
  enum class Origin : std::uint8_t { Noted, Stored };
  void keep(TieKind kind, std::string name, const Holder& holder, Origin origin);

  Sizes most_per_part_;
  std::array<std::array<Part, kParts>, kTieKinds> parts_;
};

}  // namespace tidegate::gateway
