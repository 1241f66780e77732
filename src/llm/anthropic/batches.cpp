// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/anthropic/batches.h"

#include "base/ascii.h"
#include "llm/json/cursor.h"
#include "llm/request_view.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace tidegate::llm::anthropic {

namespace {

using json::Cursor;

bool is_slash(std::string_view text, std::size_t at) { return at < text.size() && text[at] == '/'; }

/// Steps over one slash, which JSON may write as `\/`. Nothing if there is none.
std::optional<std::size_t> behind_slash(std::string_view text, std::size_t at) {
  if (is_slash(text, at)) return at + 1;
  if (at < text.size() && text[at] == '\\' && is_slash(text, at + 1)) return at + 2;
  return std::nullopt;
}

/// The length of `scheme://authority` at the front of a URL as written in JSON; nothing if it has none.
std::optional<std::size_t> origin_length(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = lower(url.substr(0, colon));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  const auto first = behind_slash(url, colon + 1);
  if (!first) return std::nullopt;
  const auto second = behind_slash(url, *first);
  if (!second) return std::nullopt;
  return std::min(url.find_first_of("/\\?#", *second), url.size());
}

/// The length of `prefix` at `at`, where the path goes on behind it; 0 if it does not stand there.
std::size_t prefix_length(std::string_view url, std::size_t at, std::string_view prefix) {
  std::size_t end = at;
  for (const char expected : prefix) {
    if (expected == '/') {
      const auto behind = behind_slash(url, end);
      if (!behind) return 0;
      end = *behind;
    } else if (end < url.size() && url[end] == expected) {
      ++end;
    } else {
      return 0;
    }
  }
  return behind_slash(url, end) ? end - at : 0;
}

/// What is to be replaced in one object, in order of offset; in its `data` list, if `look_into_data`, too.
void find_origins(Cursor& cursor, std::string_view path_prefix, bool look_into_data, std::vector<ByteRange>& origins) {
  cursor.object([&](std::string_view key) {
    if (key == "results_url") {
      const std::size_t quote = cursor.begin_of_value();
      const auto url = cursor.raw_string();
      if (!url) return;
      const auto length = origin_length(*url);
      if (length) origins.push_back({quote + 1, *length + prefix_length(*url, *length, path_prefix)});
    } else if (key == "data" && look_into_data) {
      cursor.array([&] { find_origins(cursor, path_prefix, false, origins); });
    }
  });
}

}  // namespace

std::string rewrite_results_urls(std::string_view json, std::string_view new_origin, std::string_view path_prefix) {
  std::vector<ByteRange> origins;
  Cursor cursor(json);
  find_origins(cursor, path_prefix, true, origins);
  std::string out;
  out.reserve(json.size() + origins.size() * new_origin.size());
  std::size_t copied = 0;
  for (const ByteRange& origin : origins) {
    out.append(json.substr(copied, origin.offset - copied));
    out.append(new_origin);
    copied = origin.offset + origin.length;
  }
  out.append(json.substr(copied));
  return out;
}

}  // namespace tidegate::llm::anthropic
