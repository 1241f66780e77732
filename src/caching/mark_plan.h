// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "caching/cache_terms.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tidegate::caching {

/// A block that may be marked, and what is believed of the prefix that it ends.
struct Candidate {
  std::size_t block = 0;    ///< in prefix order; candidates come in this order
  std::int64_t tokens = 0;  ///< of the whole prefix
  Reuse reuse;
  std::optional<Lifetime> live = std::nullopt;  ///< the provider has an entry of it
  bool is_in_flight = false;                    ///< another request is writing it
  bool ends_part = false;                       ///< the last block of tools or of system: where conversations part
};

/// `cache_control` on a block.
struct Mark {
  std::size_t block = 0;
  Lifetime lifetime = Lifetime::FiveMinutes;

  friend bool operator==(const Mark&, const Mark&) = default;
};

/// At most four marks, in prefix order, an hour before five minutes; and how they divide the prompt's tokens.
struct MarkPlan {
  static constexpr std::size_t kMostMarks = 4;

  std::array<Mark, kMostMarks> marks{};
  std::size_t count = 0;
  std::int64_t read = 0;  ///< tokens up to the deepest entry
  std::int64_t written_5m = 0;
  std::int64_t written_1h = 0;
  /// What a write would pay for and another request is paying for already: a candidate's index. Nothing is written
  /// then.
  std::optional<std::size_t> leader = std::nullopt;

  [[nodiscard]] std::span<const Mark> all() const& { return {marks.data(), count}; }
  void all() const&& = delete;  // would dangle
};

/// Where marks pay:
/// - the deepest entry that the provider has is read: marked itself, so that no lookback (20 blocks) can fall short of
/// it;
/// - behind it, each stretch up to the next candidate is written if its expected cost at each sight is below 1. A
/// deeper
///   prefix that comes again brings the shallower ones with it;
/// - what marks are left go where conversations part (system, tools), then to other candidates: an entry costs nothing
/// more
///   within what is written or read anyway, and is refreshed by being marked.
[[nodiscard]] MarkPlan plan_marks(std::span<const Candidate> candidates, const CacheTerms& terms,
                                  LifetimeChoice choice);

}  // namespace tidegate::caching
