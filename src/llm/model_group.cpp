// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/model_group.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tidegate::llm {

namespace {

constexpr std::string_view kCountTokens = "count_tokens";
constexpr std::string_view kBatches = "batches";
constexpr std::size_t kLongestGroup = 64;
constexpr std::size_t kShortestDate = 6;  // `20250929`, `latest`: behind the version

bool is_number(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool is_version(std::string_view part) { return is_number(part) && part.size() < kShortestDate; }
bool is_word(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// Takes the part up to the next dash off the front, with the dash.
std::string_view take_part(std::string_view& text) {
  const std::size_t end = text.find('-');
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

/// `claude-FAMILY-MAJOR[-MINOR][-DATE]` and, as models before 4 were called, `claude-MAJOR[-MINOR]-FAMILY[-DATE]`.
std::optional<std::string> claude_group(std::string_view model) {
  const std::size_t name = model.find("claude-");  // relays and Bedrock put a vendor in front: `anthropic/claude-…`
  if (name == std::string_view::npos) return std::nullopt;
  std::string_view family;
  std::string_view major;
  std::string_view minor;
  for (std::string_view rest = model.substr(name + 7); !rest.empty();) {
    const std::string_view part = take_part(rest);
    if (is_version(part)) {
      if (major.empty()) {
        major = part;
      } else if (minor.empty()) {
        minor = part;
      }
    } else if (family.empty() && is_word(part)) {
      family = part;
    } else {
      break;
    }
  }
  if (family.empty() || major.empty()) return std::nullopt;
  std::string group(family);
  group.append(1, '-').append(major);
  // All of Opus 4.x and of Sonnet 4.x share one pool, and so do the Fable 5.x; from 5 on every other minor version has its own.
  const bool shared = (major == "4" && family != "haiku") || family == "fable";
  if (!shared && !minor.empty()) group.append(1, '-').append(minor);
  return group;
}

}  // namespace

std::string model_group(Endpoint endpoint, std::string_view model, std::string_view speed) {
  if (endpoint == Endpoint::CountTokens) return std::string(kCountTokens);
  if (endpoint == Endpoint::MessageBatches) return std::string(kBatches);
  std::optional<std::string> claude = claude_group(model);
  std::string group = claude ? std::move(*claude) : std::string(model.substr(0, kLongestGroup));
  if (speed == "fast") group += ":fast";
  return group;
}

bool is_message_group(std::string_view model_group) { return model_group != kCountTokens && model_group != kBatches; }

}  // namespace tidegate::llm
