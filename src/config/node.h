// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/problem.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::config {

/// A piece of YAML (or, when printing, of JSON) without the library's types.
struct Node {
  enum class Kind : std::uint8_t { Null, Scalar, List, Map };

  Kind kind = Kind::Null;
  Position position;
  std::string text;         ///< of a scalar
  bool quoted = false;      ///< a scalar that is text whatever it looks like
  std::vector<Node> keys;   ///< of a map: scalars, as many as `items`
  std::vector<Node> items;  ///< of a list; of a map: its values

  /// The map's value under `key`, or null.
  [[nodiscard]] const Node* find(std::string_view key) const;

  [[nodiscard]] static Node plain(std::string text);
  [[nodiscard]] static Node quoted_text(std::string text);
  [[nodiscard]] static Node list() { return of_kind(Kind::List); }
  [[nodiscard]] static Node map() { return of_kind(Kind::Map); }
  /// Appends to a map; a null value is left out. Gives the node itself, for chains.
  Node& with(std::string key, Node value);

 private:
  [[nodiscard]] static Node of_kind(Kind kind);
};

/// Block-style YAML that reads back to the same nodes; ends in a line feed.
[[nodiscard]] std::string to_yaml(const Node& node);
/// JSON, indented by two. Scalars that are not quoted stand as they are (numbers, true, false).
[[nodiscard]] std::string to_json(const Node& node);

}  // namespace tidegate::config
