// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/body_edit.h"

#include <algorithm>

namespace tidegate::caching {

namespace {

constexpr std::string_view kBeforeText = R"([{"type":"text","text":)";

std::string_view member_of(Lifetime lifetime) {
  return lifetime == Lifetime::OneHour ? R"(,"cache_control":{"type":"ephemeral","ttl":"1h"})"
                                       : R"(,"cache_control":{"type":"ephemeral"})";
}

std::string_view after_text(Lifetime lifetime) {
  return lifetime == Lifetime::OneHour ? R"(,"cache_control":{"type":"ephemeral","ttl":"1h"}}])"
                                       : R"(,"cache_control":{"type":"ephemeral"}}])";
}

const llm::PromptBlock& block_of(const llm::PromptLayout& layout, std::size_t index) {
  if (index < layout.tools.size()) return layout.tools[index];
  index -= layout.tools.size();
  if (index < layout.system.size()) return layout.system[index];
  return layout.messages[index - layout.system.size()];
}

}  // namespace

BodyEdit::BodyEdit(const llm::PromptLayout& layout, std::span<const Mark> marks) {
  for (const Mark& mark : marks) {
    const llm::PromptBlock& block = block_of(layout, mark.block);
    if (block.is_text) {
      add(block.range.offset, kBeforeText);
      add(block.range.offset + block.range.length, after_text(mark.lifetime));
    } else {
      add(block.range.offset + block.range.length - 1, member_of(mark.lifetime));
    }
  }
  // Prefix order is not the order in the body.
  std::sort(insertions_.begin(), insertions_.begin() + static_cast<std::ptrdiff_t>(count_),
            [](const Insertion& a, const Insertion& b) { return a.offset < b.offset; });
}

void BodyEdit::add(std::size_t offset, std::string_view text) {
  if (count_ < insertions_.size()) insertions_[count_++] = {offset, text};
}

std::size_t BodyEdit::added_bytes() const {
  std::size_t bytes = 0;
  for (const Insertion& insertion : insertions()) bytes += insertion.text.size();
  return bytes;
}

std::string BodyEdit::apply(std::string_view body) const {
  std::string edited;
  edited.reserve(body.size() + added_bytes());
  std::size_t at = 0;
  for (const Insertion& insertion : insertions()) {
    edited.append(body, at, insertion.offset - at);
    edited.append(insertion.text);
    at = insertion.offset;
  }
  return edited.append(body, at);
}

}  // namespace tidegate::caching
