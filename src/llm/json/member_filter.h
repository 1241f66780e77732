// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::llm::json {

/// Reads one JSON object as it passes in pieces and keeps only the top-level members that are asked for, so that an
/// answer of 60 MB of embeddings is metered with a few hundred bytes of memory. The rest is counted and forgotten.
class MemberFilter {
 public:
  struct Wanted {
    std::string_view name;
    std::size_t longest;  ///< a longer value is dropped as if it had not been asked for
  };

  /// `wanted` must outlive the filter (a constant table). `counted` names the member whose size is of interest.
  explicit MemberFilter(std::span<const Wanted> wanted, std::string_view counted = {})
      : wanted_(wanted), counted_(counted), kept_("{") {}

  void feed(std::string_view bytes);

  /// The object's end was seen.
  [[nodiscard]] bool is_complete() const { return place_ == Place::Done; }
  /// The wanted members as an object of their own, in order; JSON once `is_complete()`.
  [[nodiscard]] const std::string& kept() const { return kept_; }
  /// Bytes of the counted member's value so far, brackets and quotes included, blanks between values not: 2 for an
  /// empty list.
  [[nodiscard]] std::int64_t counted_bytes() const { return counted_bytes_; }

 private:
  enum class Place : std::uint8_t { BeforeObject, BeforeKey, InKey, AfterKey, InValue, Done, Broken };

  void step(char c);
  void begin_value();
  void end_value();
  void keep(std::string_view part) {
    if (longest_ != 0) keep_wanted(part);
  }
  void keep_wanted(std::string_view part);
  std::size_t pass_string(std::string_view bytes, std::size_t at);
  std::size_t pass_value(std::string_view bytes, std::size_t at);

  std::span<const Wanted> wanted_;
  std::string_view counted_;
  std::string kept_;
  std::string key_;
  Place place_ = Place::BeforeObject;
  bool in_string_ = false;
  bool escaped_ = false;         ///< the next character belongs to the backslash before it
  bool is_counted_ = false;      ///< the value at hand is the counted one
  std::size_t depth_ = 0;        ///< brackets open inside the value at hand
  std::size_t longest_ = 0;      ///< of the value at hand; 0: not wanted
  std::size_t value_begin_ = 0;  ///< in kept_, for taking back what turned out too long
  std::size_t value_size_ = 0;
  std::int64_t counted_bytes_ = 0;
};

}  // namespace tidegate::llm::json
