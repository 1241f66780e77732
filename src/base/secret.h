// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate {

/// A credential. Prints as `***` wherever it is printed; only `reveal` gives the text, and is easy to search for.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] std::string_view reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string text_;
};

}  // namespace tidegate

template <>
struct fmt::formatter<tidegate::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const tidegate::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};
