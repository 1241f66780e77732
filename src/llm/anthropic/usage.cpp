// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/usage.h"

#include <algorithm>
#include <optional>

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;

constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kLongestModel = 256;
/// No answer has more entries than a handful; a bound on what a relay can make us hold.
constexpr std::size_t kMostIterations = 256;

/// A relay's word is not trusted so far that a sum could overflow.
std::optional<std::int64_t> read_count(Cursor& cursor) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  const auto count = cursor.integer();
  return count && *count >= 0 && *count <= kMost ? count : std::nullopt;
}

void overwrite(std::int64_t& figure, std::optional<std::int64_t> read) {
  if (read) figure = *read;
}

void overwrite(std::string& word, std::string read) {
  if (!read.empty()) word = std::move(read);
}

/// What is said of cache writes, in whatever order the members come.
struct CacheWrites {
  std::optional<std::int64_t> total;
  std::optional<std::int64_t> for_5m;
  std::optional<std::int64_t> for_1h;

  void apply(TokenCounts& tokens) const {
    const bool is_split = for_5m || for_1h;
    if (is_split) {
      tokens.cache_write_5m = for_5m.value_or(0);
      tokens.cache_write_1h = for_1h.value_or(0);
    }
    if (!total) return;
    const std::int64_t excess = *total - tokens.cache_write_5m - tokens.cache_write_1h;
    if (excess > 0) {
      tokens.cache_write_5m += excess;
    } else if (excess < 0 && !is_split) {
      // Fewer than message_start said: another attempt served. The cheap writes go first, so that none is undercharged.
      const std::int64_t from_5m = std::min(-excess, tokens.cache_write_5m);
      tokens.cache_write_5m -= from_5m;
      tokens.cache_write_1h -= -excess - from_5m;
    }
  }
};

/// The members that the top level and an iteration share.
bool read_token_member(Cursor& cursor, std::string_view key, TokenCounts& tokens, CacheWrites& writes) {
  if (key == "input_tokens") {
    overwrite(tokens.input, read_count(cursor));
  } else if (key == "output_tokens") {
    overwrite(tokens.output, read_count(cursor));
  } else if (key == "cache_read_input_tokens") {
    overwrite(tokens.cache_read, read_count(cursor));
  } else if (key == "cache_creation_input_tokens") {
    writes.total = read_count(cursor);
  } else if (key == "cache_creation") {
    cursor.object([&](std::string_view inner) {
      if (inner == "ephemeral_5m_input_tokens") writes.for_5m = read_count(cursor);
      if (inner == "ephemeral_1h_input_tokens") writes.for_1h = read_count(cursor);
    });
  } else if (key == "output_tokens_details") {
    cursor.object([&](std::string_view inner) {
      if (inner == "thinking_tokens") overwrite(tokens.reasoning, read_count(cursor));
    });
  } else {
    return false;
  }
  return true;
}

UsageIteration::Kind kind_of(std::string_view type) {
  if (type == "message") return UsageIteration::Kind::Message;
  if (type == "compaction") return UsageIteration::Kind::Compaction;
  if (type == "advisor_message") return UsageIteration::Kind::Advisor;
  if (type == "fallback_message") return UsageIteration::Kind::Fallback;
  return UsageIteration::Kind::Unknown;
}

UsageIteration read_iteration(Cursor& cursor) {
  UsageIteration iteration;
  CacheWrites writes;
  cursor.object([&](std::string_view key) {
    if (key == "type") {
      iteration.kind = kind_of(cursor.text(kLongestWord));
    } else if (key == "model") {
      iteration.model = cursor.text(kLongestModel);
    } else {
      read_token_member(cursor, key, iteration.tokens, writes);
    }
  });
  writes.apply(iteration.tokens);
  return iteration;
}

void read_iterations(Cursor& cursor, Usage& usage) {
  if (cursor.peek() != json::Kind::Array) return;
  usage.iterations.clear();
  cursor.array([&] {
    if (usage.iterations.size() < kMostIterations) usage.iterations.push_back(read_iteration(cursor));
  });
}

void read_server_tools(Cursor& cursor, Usage& usage) {
  cursor.object([&](std::string_view key) {
    if (key == "web_search_requests") overwrite(usage.web_search_requests, read_count(cursor));
    if (key == "web_fetch_requests") overwrite(usage.web_fetch_requests, read_count(cursor));
    if (key == "code_execution_requests") overwrite(usage.code_execution_requests, read_count(cursor));
  });
}

}  // namespace

void read_usage(Cursor& cursor, Usage& usage) {
  CacheWrites writes;
  const bool is_object = cursor.object([&](std::string_view key) {
    if (read_token_member(cursor, key, usage.tokens, writes)) return;
    if (key == "server_tool_use") {
      read_server_tools(cursor, usage);
    } else if (key == "service_tier") {
      overwrite(usage.service_tier, cursor.text(kLongestWord));
    } else if (key == "speed") {
      overwrite(usage.speed, cursor.text(kLongestWord));
    } else if (key == "inference_geo") {
      overwrite(usage.inference_geo, cursor.text(kLongestWord));
    } else if (key == "iterations") {
      read_iterations(cursor, usage);
    }
  });
  if (!is_object) return;
  writes.apply(usage.tokens);
  usage.seen = true;
}

void write_usage(json::Writer& writer, const Usage& usage, UsageScope scope) {
  const TokenCounts& tokens = usage.tokens;
  writer.begin_object();
  writer.number_member("input_tokens", tokens.input);
  writer.number_member("cache_creation_input_tokens", tokens.cache_write_5m + tokens.cache_write_1h);
  writer.number_member("cache_read_input_tokens", tokens.cache_read);
  if (scope == UsageScope::Final && tokens.cache_write_5m + tokens.cache_write_1h > 0) {
    writer.begin_object_member("cache_creation");
    writer.number_member("ephemeral_5m_input_tokens", tokens.cache_write_5m);
    writer.number_member("ephemeral_1h_input_tokens", tokens.cache_write_1h);
    writer.end_object();
  }
  writer.number_member("output_tokens", tokens.output);
  if (tokens.reasoning > 0) {
    writer.begin_object_member("output_tokens_details");
    writer.number_member("thinking_tokens", tokens.reasoning);
    writer.end_object();
  }
  writer.end_object();
}

}  // namespace tidegate::llm::anthropic
