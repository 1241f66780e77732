// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::scenarios {

/// A line that makes no sense; ends the scenario.
struct Nonsense : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `unknown KIND 'word'; did you mean 'nearest'?`, with all there are if none is near.
[[noreturn]] void unknown(std::string_view kind, std::string_view word, const std::vector<std::string>& known);

[[nodiscard]] std::vector<std::string> words_of(std::string_view text);
/// `40000`, `40k`, `1.5M`
[[nodiscard]] double number_of(std::string_view word);
/// Seconds: `250ms`, `30s`, `1.25s`, `15m`, `2h`
[[nodiscard]] double seconds_of(std::string_view word);
[[nodiscard]] bool is_seconds(std::string_view word);

/// The `name=value` words of a step and the others, taken out one by one; what is left over at the end is an error.
class Words {
 public:
  Words(std::string_view text, std::string_view step);

  [[nodiscard]] bool has_plain() const { return !plain_.empty(); }
  /// The next plain word; `what` names it in the error if there is none.
  [[nodiscard]] std::string plain(std::string_view what);
  /// Takes `word` out if it is there.
  [[nodiscard]] bool flag(std::string_view word);
  /// Takes `name=…` out; `otherwise` if it is not there.
  [[nodiscard]] std::string value(std::string_view name, std::string_view otherwise = {});
  /// Complains about what nobody asked for.
  void finish() const;

 private:
  std::string step_;
  std::vector<std::string> plain_;
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> asked_;
};

}  // namespace tidegate::scenarios
