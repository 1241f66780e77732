// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/number.h"
#include "base/time.h"
#include "config/nearest.h"
#include "config/node.h"
#include "config/reading.h"
#include "config/setting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::config {

/// What a setting may be: how it is read, printed, described and checked by an editor. Tables of fields are put
/// together from these, so that parser, reference, schema and printed configuration cannot disagree.
template <typename V>
struct Type {
  std::string name;   ///< `duration`
  std::string range;  ///< `1s to 1h`; empty = any
  Node schema;        ///< JSON Schema of the value
  /// Reads into the value; on trouble reports it to the reading and leaves the value as it was.
  std::function<void(Reading&, const Node&, V&)> read;
  /// What `read` would read back; a null node is left out.
  std::function<Node(const V&)> print;
  /// The settings inside, of a group: `fallback` is the group's value when nothing is given, `path` leads their paths.
  std::function<void(const V& fallback, const std::string& path, std::vector<Setting>& settings)> describe = nullptr;
};

/// `{"type": …}`
[[nodiscard]] Node schema_of_type(std::string_view json_type);
/// The same for a map or list, which may be left empty: a key whose settings are all commented out is null.
[[nodiscard]] Node schema_of_group(std::string_view json_type);

/// The node's text, if it is a scalar; otherwise a problem that says what is expected.
[[nodiscard]] const std::string* scalar(Reading& reading, const Node& node, std::string_view expected);

// Scalars. Ranges are inclusive.
[[nodiscard]] Type<bool> yes_or_no();
[[nodiscard]] Type<Nanoseconds> duration(Nanoseconds least, Nanoseconds most);
[[nodiscard]] Type<std::size_t> byte_size(std::size_t least, std::size_t most);
/// A figure that may have a fraction.
[[nodiscard]] Type<double> figure(double least, double most);
/// Any text on one line; `what` names it (`path`, `text`).
[[nodiscard]] Type<std::string> text(std::string what);
/// Dollars, never negative.
[[nodiscard]] Type<Money> dollars();
/// RFC 3339, or a date alone for its first instant in UTC.
[[nodiscard]] Type<WallTime> instant();

template <typename Integer>
[[nodiscard]] Type<Integer> count(Integer least, Integer most);

/// One of a few words.
template <typename Enum>
[[nodiscard]] Type<Enum> word(std::vector<std::pair<std::string, Enum>> words);

/// A text that passes `why_not`, which gives the reason against one, or nothing.
[[nodiscard]] Type<std::string> checked_text(std::string what,
                                             std::function<std::optional<std::string>(const std::string&)> why_not);

template <typename V>
[[nodiscard]] Type<std::optional<V>> optional(Type<V> type);
template <typename V>
[[nodiscard]] Type<std::vector<V>> list_of(Type<V> type, std::size_t most);
/// Keys of one's own, each with a value. `key` names what they are in the reference.
[[nodiscard]] Type<std::map<std::string, std::string>> text_map(std::string key, std::size_t most);

/// A type read through another: `to` gives nothing after it has reported a problem.
template <typename To, typename From>
[[nodiscard]] Type<To> converted(Type<From> type, std::function<std::optional<To>(Reading&, const Node&, From)> to,
                                 std::function<From(const To&)> from);

enum class Need : std::uint8_t { Optional, Required };

/// One key of a map, bound to a place in a `T`.
template <typename T>
struct Field {
  std::string key;
  std::string about;
  Need need = Need::Optional;
  Node schema;
  std::function<void(Reading&, const Node&, T&)> read;
  std::function<Node(const T&)> print;
  std::function<void(const T& fallback, const std::string& path, std::vector<Setting>&)> describe;

  [[nodiscard]] Field required() && {
    need = Need::Required;
    return std::move(*this);
  }
};

/// `access` gives a reference into a `T`, const or not: `[](auto& options) -> auto& { return options.limits; }`.
template <typename T, typename V, typename Access>
[[nodiscard]] Field<T> field(std::string key, Access access, Type<V> type, std::string about,
                             Takes takes = Takes::Reload);

/// A map with known keys. `refuse_scalar` replaces the message for a scalar in its place.
template <typename T>
[[nodiscard]] Type<T> record(std::vector<Field<T>> fields, std::string refuse_scalar = {});

// -------------------------------------------------------------------------------------------------------------
// templates

template <typename Integer>
Type<Integer> count(Integer least, Integer most) {
  Type<Integer> type;
  type.name = "number";
  type.range = fmt::format("{} to {}", least, most);
  type.schema = schema_of_type("integer");
  type.schema.with("minimum", Node::plain(fmt::format("{}", least)))
      .with("maximum", Node::plain(fmt::format("{}", most)));
  type.read = [least, most, range = type.range](Reading& reading, const Node& node, Integer& value) {
    const std::string* written = scalar(reading, node, "a whole number");
    if (written == nullptr) return;
    const auto number = parse_integer<Integer>(*written);
    if (number && *number >= least && *number <= most) {
      value = *number;
    } else {
      reading.refuse(node, fmt::format("{} is not a whole number from {}", shown(*written), range));
    }
  };
  type.print = [](const Integer& value) { return Node::plain(fmt::format("{}", value)); };
  return type;
}

template <typename Enum>
Type<Enum> word(std::vector<std::pair<std::string, Enum>> words) {
  std::vector<std::string> names;
  Node choices = Node::list();
  for (const auto& [name, value] : words) {
    names.push_back(name);
    choices.items.push_back(Node::quoted_text(name));
  }
  Type<Enum> type;
  type.name = "word";
  type.range = one_of(names);
  type.schema = Node::map();
  type.schema.with("enum", std::move(choices));
  type.read = [words, names](Reading& reading, const Node& node, Enum& value) {
    const std::string* written = scalar(reading, node, "one of " + one_of(names));
    if (written == nullptr) return;
    for (const auto& [name, meant] : words) {
      if (name == *written) {
        value = meant;
        return;
      }
    }
    const auto near = nearest(*written, names);
    reading.refuse(node,
                   near ? fmt::format("{} is not one of {}; did you mean '{}'?", shown(*written), one_of(names), *near)
                        : fmt::format("{} is not one of {}", shown(*written), one_of(names)));
  };
  type.print = [words](const Enum& value) {
    for (const auto& [name, meant] : words) {
      if (meant == value) return Node::quoted_text(name);
    }
    return Node{};
  };
  return type;
}

template <typename V>
Type<std::optional<V>> optional(Type<V> type) {
  Type<std::optional<V>> result;
  result.name = type.name;
  result.range = type.range;
  result.schema = type.schema;
  result.read = [read = type.read](Reading& reading, const Node& node, std::optional<V>& value) {
    if (!value) value.emplace();
    read(reading, node, *value);
  };
  result.print = [print = type.print](const std::optional<V>& value) { return value ? print(*value) : Node{}; };
  if (type.describe) {
    result.describe = [describe = type.describe](const std::optional<V>& fallback, const std::string& path,
                                                 std::vector<Setting>& settings) {
      describe(fallback.value_or(V{}), path, settings);
    };
  }
  return result;
}

template <typename V>
Type<std::vector<V>> list_of(Type<V> type, std::size_t most) {
  Type<std::vector<V>> result;
  result.name = "list of " + type.name + "s";
  result.range = type.range;
  result.schema = schema_of_group("array");
  result.schema.with("items", type.schema).with("maxItems", Node::plain(fmt::format("{}", most)));
  result.read = [read = type.read, most](Reading& reading, const Node& node, std::vector<V>& values) {
    if (node.kind == Node::Kind::Null) return;  // a key whose items are all commented out
    if (node.kind != Node::Kind::List) {
      reading.refuse(node, "expected a list, one item a line after '- '");
      return;
    }
    if (node.items.size() > most) {
      reading.refuse(node, fmt::format("{} items; at most {} are read", node.items.size(), most));
      return;
    }
    values.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Reading::Step step(reading, fmt::format("[{}]", i), node.items[i]);
      // An item with a problem keeps its place, so that later checks name the right one.
      read(reading, node.items[i], values.emplace_back());
    }
  };
  result.print = [print = type.print](const std::vector<V>& values) {
    if (values.empty()) return Node{};
    Node list = Node::list();
    for (const V& value : values) list.items.push_back(print(value));
    return list;
  };
  if (type.describe) {
    result.describe = [describe = type.describe](const std::vector<V>&, const std::string& path,
                                                 std::vector<Setting>& settings) {
      describe(V{}, path + "[]", settings);
    };
  }
  return result;
}

template <typename To, typename From>
Type<To> converted(Type<From> type, std::function<std::optional<To>(Reading&, const Node&, From)> to,
                   std::function<From(const To&)> from) {
  Type<To> result;
  result.name = type.name;
  result.range = type.range;
  result.schema = type.schema;
  result.read = [read = type.read, to, from](Reading& reading, const Node& node, To& value) {
    const std::size_t problems_before = reading.problems().size();
    From between{};
    read(reading, node, between);
    if (reading.problems().size() != problems_before) return;
    if (std::optional<To> converted_value = to(reading, node, std::move(between))) value = std::move(*converted_value);
  };
  result.print = [print = type.print, from](const To& value) { return print(from(value)); };
  if (type.describe) {
    result.describe = [describe = type.describe, from](const To& fallback, const std::string& path,
                                                       std::vector<Setting>& settings) {
      describe(from(fallback), path, settings);
    };
  }
  return result;
}

/// A default as it stands in the reference: a scalar, or a list on one line; empty for what has none.
[[nodiscard]] std::string fallback_text(const Node& printed);

template <typename T, typename V, typename Access>
Field<T> field(std::string key, Access access, Type<V> type, std::string about, Takes takes) {
  Field<T> result;
  result.key = key;
  result.about = about;
  result.schema = type.schema;
  // Shared, because functions copy what they hold: three copies a level multiplied what a deep table costs.
  const auto shared = std::make_shared<const Type<V>>(std::move(type));
  result.read = [access, shared](Reading& reading, const Node& node, T& target) {
    shared->read(reading, node, access(target));
  };
  result.print = [access, shared](const T& source) { return shared->print(access(source)); };
  result.describe = [key, about, access, takes, shared](const T& fallback, const std::string& path,
                                                        std::vector<Setting>& settings) {
    const std::string own_path = path.empty() ? key : path + "." + key;
    Setting setting{
        .path = own_path, .type = shared->name, .range = shared->range, .fallback = {}, .about = about, .takes = takes};
    setting.is_group = shared->describe != nullptr;
    if (!setting.is_group) setting.fallback = fallback_text(shared->print(access(fallback)));
    settings.push_back(std::move(setting));
    if (!shared->describe) return;
    const std::size_t first_inside = settings.size();
    shared->describe(access(fallback), own_path, settings);
    if (takes == Takes::Reload) return;
    for (std::size_t i = first_inside; i < settings.size(); ++i) settings[i].takes = takes;
  };
  return result;
}

template <typename T>
Type<T> record(std::vector<Field<T>> fields, std::string refuse_scalar) {
  std::vector<std::string> keys;
  Node properties = Node::map();
  Node required = Node::list();
  for (const Field<T>& one : fields) {
    keys.push_back(one.key);
    Node schema = one.schema;
    schema.with("description", Node::quoted_text(one.about));
    properties.with(one.key, std::move(schema));
    if (one.need == Need::Required) required.items.push_back(Node::quoted_text(one.key));
  }
  Type<T> type;
  type.name = "map";
  type.schema = schema_of_group("object");
  type.schema.with("additionalProperties", Node::plain("false"));
  if (!required.items.empty()) type.schema.with("required", std::move(required));
  type.schema.with("properties", std::move(properties));
  const auto shared = std::make_shared<const std::vector<Field<T>>>(std::move(fields));  // as in `field`
  type.read = [shared, keys, refuse_scalar](Reading& reading, const Node& node, T& target) {
    const bool is_empty = node.kind == Node::Kind::Null;  // a key whose settings are all commented out
    if (!is_empty && node.kind != Node::Kind::Map) {
      reading.refuse(node, !refuse_scalar.empty() && node.kind == Node::Kind::Scalar
                               ? refuse_scalar
                               : fmt::format("expected a map with {}", one_of(keys)));
      return;
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node& key = node.keys[i];
      const auto found =
          std::find_if(shared->begin(), shared->end(), [&](const Field<T>& one) { return one.key == key.text; });
      if (found == shared->end()) {
        const auto near = nearest(key.text, keys);
        reading.refuse(key, near ? fmt::format("unknown setting {}; did you mean '{}'?", shown(key.text), *near)
                                 : fmt::format("unknown setting {}; known here: {}", shown(key.text), one_of(keys)));
        continue;
      }
      if (node.find(key.text) != &node.items[i]) continue;  // the second of two, reported when the text was read
      const Reading::Step step(reading, key.text, node.items[i].kind == Node::Kind::Null ? key : node.items[i]);
      found->read(reading, node.items[i], target);
    }
    for (const Field<T>& one : *shared) {
      if (one.need == Need::Required && node.find(one.key) == nullptr) {
        reading.refuse(node, fmt::format("'{}' is missing ({})", one.key, one.about));
      }
    }
  };
  type.print = [shared](const T& source) {
    Node map = Node::map();
    for (const Field<T>& one : *shared) map.with(one.key, one.print(source));
    return map.items.empty() ? Node{} : map;
  };
  type.describe = [shared](const T& fallback, const std::string& path, std::vector<Setting>& settings) {
    for (const Field<T>& one : *shared) {
      const std::size_t own = settings.size();
      one.describe(fallback, path, settings);
      settings[own].is_required = one.need == Need::Required;
    }
  };
  return type;
}

}  // namespace tidegate::config
