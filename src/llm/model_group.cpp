// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/model_group.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace tidegate::llm {

namespace {

constexpr std::size_t kLongestGroup = 64;
constexpr std::size_t kShortestDate = 6;  // `20250929`, `latest`: behind the version

bool is_number(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool is_version(std::string_view part) { return is_number(part) && part.size() < kShortestDate; }
bool is_word(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find('-');
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// `claude-FAMILY-MAJOR[-MINOR][-DATE]` and, as models before 4 were called, `claude-MAJOR[-MINOR]-FAMILY[-DATE]`.
std::optional<std::string> claude_group(std::string_view model) {
  const std::size_t name = model.find("claude-");  // relays and Bedrock put a vendor in front: `anthropic/claude-…`
  if (name == std::string_view::npos) return std::nullopt;
  std::string_view family;
  std::vector<std::string_view> version;
  for (const std::string_view part : split(model.substr(name + 7))) {
    if (is_version(part)) {
      version.push_back(part);
    } else if (family.empty() && is_word(part)) {
      family = part;
    } else {
      break;
    }
  }
  if (family.empty() || version.empty()) return std::nullopt;
  std::string group = std::string(family) + "-" + std::string(version[0]);
  // All of Opus 4.x and of Sonnet 4.x share one pool, and so do the Fable 5.x; from 5 on every other minor version has its own.
  const bool shared = (version[0] == "4" && family != "haiku") || family == "fable";
  if (!shared && version.size() > 1) group += "-" + std::string(version[1]);
  return group;
}

}  // namespace

std::string model_group(Endpoint endpoint, std::string_view model, std::string_view speed) {
  if (endpoint == Endpoint::CountTokens) return "count_tokens";
  if (endpoint == Endpoint::MessageBatches) return "batches";
  std::string group = claude_group(model).value_or(std::string(model.substr(0, kLongestGroup)));
  if (speed == "fast") group += ":fast";
  return group;
}

}  // namespace tidegate::llm
