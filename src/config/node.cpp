// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/node.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidegate::config {

const Node* Node::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

Node Node::of_kind(Kind kind) {
  Node node;
  node.kind = kind;
  return node;
}

Node Node::plain(std::string text) {
  Node node = of_kind(Kind::Scalar);
  node.text = std::move(text);
  return node;
}

Node Node::quoted_text(std::string text) {
  Node node = plain(std::move(text));
  node.quoted = true;
  return node;
}

Node& Node::with(std::string key, Node value) {
  if (value.kind == Kind::Null) return *this;
  keys.push_back(quoted_text(std::move(key)));
  items.push_back(std::move(value));
  return *this;
}

namespace {

/// A string in double quotes, escaped as JSON and YAML both read it.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

/// Whether other readers of YAML would take the text for a number, a date or a boolean.
bool looks_like_another_type(std::string_view text) {
  for (const std::string_view word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (equals_ignoring_case(text, word)) return true;
  }
  return text.starts_with("0x") || text.starts_with("0o") ||
         text.find_first_not_of("0123456789.eE+-_") == std::string_view::npos;
}

/// Whether text may stand in YAML without quotes and still be read as that text. Cautious: a needless pair of quotes is
/// harmless.
bool is_plain_in_yaml(std::string_view text) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+";
  if (text.empty() || text.back() == ':' || text.front() == '-' || text.front() == ':') return false;
  if (looks_like_another_type(text)) return false;
  return text.find_first_not_of(kSafe) == std::string_view::npos;
}

std::string scalar_in_yaml(const Node& node) {
  return !node.quoted || is_plain_in_yaml(node.text) ? node.text : in_quotes(node.text);
}

void write_yaml(const Node& node, std::size_t indent, std::string& out) {
  const std::string pad(indent, ' ');
  if (node.kind == Node::Kind::List) {
    for (const Node& item : node.items) {
      if (item.kind == Node::Kind::Scalar) {
        out += fmt::format("{}- {}\n", pad, scalar_in_yaml(item));
      } else if (item.items.empty()) {
        out += fmt::format("{}- {}\n", pad, item.kind == Node::Kind::List ? "[]" : "{}");
      } else {
        // The first line of the item moves up beside its dash.
        std::string inner;
        write_yaml(item, indent + 2, inner);
        out += pad + "- " + inner.substr(indent + 2);
      }
    }
    return;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& value = node.items[i];
    const std::string key = scalar_in_yaml(node.keys[i]);
    if (value.kind == Node::Kind::Scalar) {
      out += fmt::format("{}{}: {}\n", pad, key, scalar_in_yaml(value));
    } else if (value.items.empty()) {
      out += fmt::format("{}{}: {}\n", pad, key, value.kind == Node::Kind::List ? "[]" : "{}");
    } else {
      out += fmt::format("{}{}:\n", pad, key);
      write_yaml(value, indent + 2, out);
    }
  }
}

void write_json(const Node& node, std::size_t indent, std::string& out) {
  const std::string pad(indent + 2, ' ');
  if (node.kind == Node::Kind::Null) {
    out += "null";
  } else if (node.kind == Node::Kind::Scalar) {
    out += node.quoted ? in_quotes(node.text) : node.text;
  } else {
    const bool is_map = node.kind == Node::Kind::Map;
    out += is_map ? '{' : '[';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      out += (i == 0 ? "\n" : ",\n") + pad;
      if (is_map) out += in_quotes(node.keys[i].text) + ": ";
      write_json(node.items[i], indent + 2, out);
    }
    if (!node.items.empty()) out += '\n' + std::string(indent, ' ');
    out += is_map ? '}' : ']';
  }
}

}  // namespace

std::string to_yaml(const Node& node) {
  if (node.kind == Node::Kind::Scalar) return scalar_in_yaml(node) + '\n';
  if (node.items.empty()) return node.kind == Node::Kind::List ? "[]\n" : "{}\n";
  std::string out;
  write_yaml(node, 0, out);
  return out;
}

std::string to_json(const Node& node) {
  std::string out;
  write_json(node, 0, out);
  return out + '\n';
}

}  // namespace tidegate::config
