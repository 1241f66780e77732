// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "caching/mark_plan.h"
#include "llm/prompt_layout.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::caching {

/// Bytes to put in front of the byte at `offset` of the body.
struct Insertion {
  std::size_t offset = 0;
  std::string_view text;  ///< of static storage

  friend bool operator==(const Insertion&, const Insertion&) = default;
};

/// What sets the marks of a plan: in order of offset, never two at one offset. No byte of the body changes or goes.
class BodyEdit {
 public:
  /// `layout` was read from the body, `marks` were planned for it. A mark on an object becomes its last member, where
  /// clients put it; a plain text becomes a list of one text block around the same bytes.
  BodyEdit(const llm::PromptLayout& layout, std::span<const Mark> marks);

  [[nodiscard]] std::span<const Insertion> insertions() const { return {insertions_.data(), count_}; }
  [[nodiscard]] std::size_t added_bytes() const;
  /// The edited body.
  [[nodiscard]] std::string apply(std::string_view body) const;

 private:
  void add(std::size_t offset, std::string_view text);

  std::array<Insertion, 2 * MarkPlan::kMostMarks> insertions_{};
  std::size_t count_ = 0;
};

}  // namespace tidegate::caching
