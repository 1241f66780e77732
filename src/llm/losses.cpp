// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/losses.h"

#include <algorithm>

namespace tidegate::llm {

namespace {

bool is_plain_word(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  };
  return !name.empty() && name.size() <= Losses::kLongestName && std::all_of(name.begin(), name.end(), is_plain);
}

}  // namespace

void Losses::add(std::string_view name, LossWeight weight) {
  if (!is_plain_word(name)) name = "unknown";
  auto known = std::find_if(all_.begin(), all_.end(), [&](const Loss& loss) { return loss.name == name; });
  if (known == all_.end() && all_.size() + 1 >= kMost) {
    known = std::find_if(all_.begin(), all_.end(), [](const Loss& loss) { return loss.name == "more"; });
    name = "more";
  }
  if (known == all_.end()) {
    all_.push_back({std::string(name), weight});
  } else {
    known->weight = std::max(known->weight, weight);
  }
}

void Losses::add(std::string_view prefix, std::string_view name, LossWeight weight) {
  add(std::string(prefix) + "." + std::string(is_plain_word(name) ? name : "unknown"), weight);
}

void Losses::add_all(const Losses& others) {
  for (const Loss& loss : others.all_) add(loss.name, loss.weight);
}

bool Losses::change_meaning() const {
  return std::any_of(all_.begin(), all_.end(), [](const Loss& loss) { return loss.weight == LossWeight::Meaning; });
}

std::string Losses::to_string() const {
  std::string names;
  for (const Loss& loss : all_) names.append(names.empty() ? "" : ", ").append(loss.name);
  return names;
}

}  // namespace tidegate::llm
