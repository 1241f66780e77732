// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/openai/usage.h"

#include <algorithm>
#include <optional>

namespace tidegate::llm::openai {

namespace {

using json::Cursor;

/// A provider's word is not trusted so far that a sum could overflow.
std::int64_t read_count(Cursor& cursor) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  return std::clamp(cursor.integer().value_or(0), std::int64_t{0}, kMost);
}

}  // namespace

void read_usage(Cursor& cursor, Usage& usage) {
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t written = 0;
  TokenCounts tokens;
  const bool is_object = cursor.object([&](std::string_view key) {
    if (key == "prompt_tokens" || key == "input_tokens") {
      input = read_count(cursor);
    } else if (key == "completion_tokens" || key == "output_tokens") {
      tokens.output = read_count(cursor);
    } else if (key == "prompt_cache_hit_tokens") {
      cached = std::max(cached, read_count(cursor));
    } else if (key == "prompt_tokens_details" || key == "input_tokens_details") {
      cursor.object([&](std::string_view inner) {
        if (inner == "cached_tokens") cached = std::max(cached, read_count(cursor));
        if (inner == "cache_write_tokens") written = read_count(cursor);
      });
    } else if (key == "completion_tokens_details" || key == "output_tokens_details") {
      cursor.object([&](std::string_view inner) {
        if (inner == "reasoning_tokens") tokens.reasoning = read_count(cursor);
      });
    }
  });
  if (!is_object) return;
  tokens.cache_read = std::min(cached, input);
  tokens.cache_write_5m = std::min(written, input - tokens.cache_read);
  tokens.input = input - tokens.cache_read - tokens.cache_write_5m;
  usage.tokens = tokens;
  usage.seen = true;
}

void write_usage(json::Writer& writer, const Usage& usage) {
  const TokenCounts& tokens = usage.tokens;
  writer.begin_object();
  writer.number_member("prompt_tokens", tokens.total_input());
  writer.number_member("completion_tokens", tokens.output);
  writer.number_member("total_tokens", tokens.total_input() + tokens.output);
  writer.begin_object_member("prompt_tokens_details");
  writer.number_member("cached_tokens", tokens.cache_read);
  const std::int64_t written = tokens.cache_write_5m + tokens.cache_write_1h;
  if (written > 0) writer.number_member("cache_write_tokens", written);
  writer.end_object();
  writer.begin_object_member("completion_tokens_details");
  writer.number_member("reasoning_tokens", tokens.reasoning);
  writer.end_object();
  writer.end_object();
}

}  // namespace tidegate::llm::openai
