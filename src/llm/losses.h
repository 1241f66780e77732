// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::llm {

/// How much it matters that something could not be carried from one dialect to the other.
enum class LossWeight : std::uint8_t {
  Hint,     ///< cost, caching, tracing, presentation: the same question is answered
  Meaning,  ///< another question is asked, or part of the answer is missing
};

struct Loss {
  std::string name;  ///< the field as its dialect calls it: `top_k`, `tools.web_search_20250305`; never its content
  LossWeight weight = LossWeight::Hint;

  friend bool operator==(const Loss&, const Loss&) = default;
};

/// What a translation could not carry, in the order it was met, each name once. Bounded, because a client chooses the
/// names of unknown fields: names that are no plain words are called `unknown`, and of more than `kMost` the rest is
/// one entry `more`.
class Losses {
 public:
  static constexpr std::size_t kMost = 32;
  static constexpr std::size_t kLongestName = 64;

  void add(std::string_view name, LossWeight weight);
  /// `prefix.name`, where a client wrote `name`.
  void add(std::string_view prefix, std::string_view name, LossWeight weight);
  void add_all(const Losses& others);

  [[nodiscard]] const std::vector<Loss>& all() const { return all_; }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  /// Whether a route that refuses lossy translation must refuse: something of weight `Meaning` is among them.
  [[nodiscard]] bool change_meaning() const;
  /// The names with `, ` between them, for a header or a log line.
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<Loss> all_;
};

}  // namespace tidegate::llm
