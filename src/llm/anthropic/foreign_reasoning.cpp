// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/conversation.h"
#include "llm/json/cursor.h"

#include <optional>
#include <vector>

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

bool is_foreign(std::string_view block) {
  std::string signature;
  Cursor cursor(block);
  cursor.object([&](std::string_view key) {
    if (key == "signature") signature = cursor.text(kForeignSignature.size() + 1);
  });
  return signature == kForeignSignature;
}

/// The blocks of one `content`, and which of them are foreign.
struct Blocks {
  std::vector<Range> all;
  std::vector<bool> foreign;
};

Blocks read_blocks_of(Cursor& cursor, std::string_view body) {
  Blocks blocks;
  cursor.array([&] {
    const std::size_t begin = cursor.begin_of_value();
    cursor.skip();
    const Range range{begin, cursor.end_of_value()};
    blocks.all.push_back(range);
    blocks.foreign.push_back(is_foreign(body.substr(begin, range.end - begin)));
  });
  return blocks;
}

/// What to cut, each block with a comma beside it: from the end of the block that stays before it, or, where none does,
/// to the beginning of the one that stays behind it.
void add_cuts(const Blocks& blocks, std::vector<Range>& cuts) {
  std::optional<std::size_t> kept;
  std::size_t i = 0;
  const std::size_t count = blocks.all.size();
  while (i < count) {
    if (!blocks.foreign[i]) {
      kept = i++;
      continue;
    }
    std::size_t next = i;
    while (next < count && blocks.foreign[next]) ++next;
    if (kept) {
      cuts.push_back({blocks.all[*kept].end, blocks.all[next - 1].end});
    } else if (next < count) {
      cuts.push_back({blocks.all[i].begin, blocks.all[next].begin});
    } else {
      cuts.push_back({blocks.all[i].begin, blocks.all[next - 1].end});
    }
    i = next;
  }
}

}  // namespace

std::string without_foreign_reasoning(std::string_view body) {
  if (body.find(kForeignSignature) == std::string_view::npos) return std::string(body);
  std::vector<Range> cuts;
  Cursor cursor(body);
  cursor.object([&](std::string_view key) {
    if (key != "messages") return;
    cursor.array([&] {
      cursor.object([&](std::string_view inner) {
        if (inner == "content" && cursor.peek() == json::Kind::Array) add_cuts(read_blocks_of(cursor, body), cuts);
      });
    });
  });
  if (cursor.broken()) return std::string(body);
  std::string result;
  std::size_t at = 0;
  for (const Range& cut : cuts) {
    result.append(body.substr(at, cut.begin - at));
    at = cut.end;
  }
  return result.append(body.substr(at));
}

}  // namespace tidegate::llm::anthropic
