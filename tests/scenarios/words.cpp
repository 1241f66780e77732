// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "words.h"

#include "config/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace tidegate::scenarios {
namespace {

/// The number at the beginning of a word, and what follows it.
std::pair<double, std::string> split_number(std::string_view word) {
  const std::string text(word);
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) throw Nonsense(fmt::format("'{}' is not a number", word));
  return {number, std::string(end)};
}

constexpr std::pair<std::string_view, double> kUnits[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3'600}};

}  // namespace

void unknown(std::string_view kind, std::string_view word, const std::vector<std::string>& known) {
  if (const auto near = config::nearest(word, known)) throw Nonsense(fmt::format("unknown {} '{}'; did you mean '{}'?", kind, word, *near));
  throw Nonsense(fmt::format("unknown {} '{}'; write {}", kind, word, config::one_of(known)));
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

double number_of(std::string_view word) {
  const auto [number, unit] = split_number(word);
  if (unit.empty()) return number;
  if (unit == "k") return number * 1e3;
  if (unit == "M") return number * 1e6;
  throw Nonsense(fmt::format("'{}' is not a number; write 40000, 40k or 1.5M", word));
}

bool is_seconds(std::string_view word) {
  if (word.empty() || word[0] < '0' || word[0] > '9') return false;
  const std::string unit = split_number(word).second;
  return std::any_of(std::begin(kUnits), std::end(kUnits), [&](const auto& known) { return known.first == unit; });
}

double seconds_of(std::string_view word) {
  const auto [number, unit] = split_number(word);
  for (const auto& [name, factor] : kUnits) {
    if (unit == name) return number * factor;
  }
  throw Nonsense(fmt::format("'{}' is not a time; write 250ms, 1.25s, 15m or 2h", word));
}

Words::Words(std::string_view text, std::string_view step) : step_(step) {
  for (const std::string& word : words_of(text)) {
    const std::size_t sign = word.find('=');
    if (sign == std::string::npos) {
      plain_.push_back(word);
      continue;
    }
    const std::string name = word.substr(0, sign);
    if (!values_.emplace(name, word.substr(sign + 1)).second) throw Nonsense(fmt::format("'{}' is said twice", name));
  }
}

std::string Words::plain(std::string_view what) {
  if (plain_.empty()) throw Nonsense(fmt::format("'{}' needs {}", step_, what));
  std::string word = plain_.front();
  plain_.erase(plain_.begin());
  return word;
}

bool Words::flag(std::string_view word) {
  asked_.emplace_back(word);
  const auto found = std::find(plain_.begin(), plain_.end(), word);
  if (found == plain_.end()) return false;
  plain_.erase(found);
  return true;
}

std::string Words::value(std::string_view name, std::string_view otherwise) {
  asked_.emplace_back(name);
  const auto found = values_.find(name);
  if (found == values_.end()) return std::string(otherwise);
  std::string value = found->second;
  values_.erase(found);
  return value;
}

void Words::finish() const {
  const std::string kind = fmt::format("word after '{}':", step_);
  if (!values_.empty()) unknown(kind, values_.begin()->first, asked_);
  if (!plain_.empty()) unknown(kind, plain_.front(), asked_);
}

}  // namespace tidegate::scenarios
