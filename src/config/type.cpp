// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/type.h"

#include "config/byte_size.h"

namespace tidegate::config {

namespace {

Node text_schema(std::string_view pattern = {}) {
  Node schema = schema_of_type("string");
  if (!pattern.empty()) schema.with("pattern", Node::quoted_text(std::string(pattern)));
  return schema;
}

std::string with_article(const std::string& noun) {
  return (std::string_view("aeio").find(noun.front()) == std::string_view::npos ? "a " : "an ") + noun;
}

Node schema_of_either(std::string_view one, std::string_view other) {
  Node schema = Node::map();
  Node types = Node::list();
  types.items = {Node::quoted_text(std::string(one)), Node::quoted_text(std::string(other))};
  schema.with("type", std::move(types));
  return schema;
}

/// Prices and dates look like numbers to YAML; an editor must not mind either form.
Node text_or_number_schema() { return schema_of_either("string", "number"); }

}  // namespace

Node schema_of_type(std::string_view json_type) {
  Node schema = Node::map();
  schema.with("type", Node::quoted_text(std::string(json_type)));
  return schema;
}

Node schema_of_group(std::string_view json_type) { return schema_of_either(json_type, "null"); }

const std::string* scalar(Reading& reading, const Node& node, std::string_view expected) {
  if (node.kind == Node::Kind::Scalar) return &node.text;
  const std::string_view found = node.kind == Node::Kind::Null   ? "nothing stands here"
                                 : node.kind == Node::Kind::List ? "a list stands here"
                                                                 : "a map stands here";
  reading.refuse(node, fmt::format("expected {}; {}", expected, found));
  return nullptr;
}

Type<bool> yes_or_no() {
  Type<bool> type;
  type.name = "true or false";
  type.schema = schema_of_type("boolean");
  type.read = [](Reading& reading, const Node& node, bool& value) {
    const std::string* written = scalar(reading, node, "true or false");
    if (written == nullptr) return;
    if (*written == "true" || *written == "false") {
      value = *written == "true";
    } else {
      reading.refuse(node, fmt::format("{} is neither true nor false", shown(*written)));
    }
  };
  type.print = [](const bool& value) { return Node::plain(value ? "true" : "false"); };
  return type;
}

Type<Nanoseconds> duration(Nanoseconds least, Nanoseconds most) {
  Type<Nanoseconds> type;
  type.name = "duration";
  type.range = fmt::format("{} to {}", tidegate::to_text(least), tidegate::to_text(most));
  type.schema = text_schema("^([0-9]+(\\.[0-9]+)?(ms|us|s|m|h|d))+$");
  type.read = [least, most, range = type.range](Reading& reading, const Node& node, Nanoseconds& value) {
    const std::string* written = scalar(reading, node, "a duration, as in 250ms, 30s or 5m");
    if (written == nullptr) return;
    const auto read = parse_duration(*written);
    if (!read) {
      reading.refuse(
          node, fmt::format("{} is not a duration; write a number with its unit, as in 250ms, 30s, 5m, 1h30m or 2d",
                            shown(*written)));
    } else if (*read < least || *read > most) {
      reading.refuse(node, fmt::format("{} is out of range; it may be {}", shown(*written), range));
    } else {
      value = std::chrono::floor<std::chrono::microseconds>(*read);  // what it prints as
    }
  };
  type.print = [](const Nanoseconds& value) { return Node::quoted_text(tidegate::to_text(value)); };
  return type;
}

Type<std::size_t> byte_size(std::size_t least, std::size_t most) {
  Type<std::size_t> type;
  type.name = "size";
  type.range = fmt::format("{} to {}", byte_size_text(least), byte_size_text(most));
  type.schema = text_schema("^[0-9]+ *(TiB|GiB|MiB|KiB|GB|MB|KB|kB|B)$");
  type.read = [least, most, range = type.range](Reading& reading, const Node& node, std::size_t& value) {
    const std::string* written = scalar(reading, node, "a size, as in 64KiB or 32MB");
    if (written == nullptr) return;
    const auto read = parse_byte_size(*written);
    if (!read) {
      reading.refuse(node,
                     fmt::format("{} is not a size; write a whole number with its unit, as in 64KiB, 32MB or 512MiB",
                                 shown(*written)));
    } else if (*read < least || *read > most) {
      reading.refuse(node, fmt::format("{} is out of range; it may be {}", shown(*written), range));
    } else {
      value = *read;
    }
  };
  type.print = [](const std::size_t& value) { return Node::quoted_text(byte_size_text(value)); };
  return type;
}

Type<std::string> checked_text(std::string what,
                               std::function<std::optional<std::string>(const std::string&)> why_not) {
  static constexpr std::size_t kLongest = 4'096;
  Type<std::string> type;
  type.name = what;
  type.schema = text_schema();
  type.read = [what, why_not](Reading& reading, const Node& node, std::string& value) {
    const std::string* written = scalar(reading, node, with_article(what));
    if (written == nullptr) return;
    const bool is_one_line = std::none_of(written->begin(), written->end(),
                                          [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (written->empty()) {
      reading.refuse(node, fmt::format("expected {}; nothing stands here", with_article(what)));
    } else if (written->size() > kLongest) {
      reading.refuse(node, fmt::format("{} bytes; {} has at most {}", written->size(), with_article(what), kLongest));
    } else if (!is_one_line) {
      reading.refuse(node, fmt::format("{} has control characters or several lines; {} has none", shown(*written),
                                       with_article(what)));
    } else if (const auto reason = why_not(*written)) {
      reading.refuse(node, fmt::format("{} {}", shown(*written), *reason));
    } else {
      value = *written;
    }
  };
  type.print = [](const std::string& value) { return value.empty() ? Node{} : Node::quoted_text(value); };
  return type;
}

Type<double> figure(double least, double most) {
  Type<double> type;
  type.name = "number";
  type.range = fmt::format("{} to {}", least, most);
  type.schema = schema_of_type("number");
  type.schema.with("minimum", Node::plain(fmt::format("{}", least))).with("maximum", Node::plain(fmt::format("{}", most)));
  type.read = [least, most, range = type.range](Reading& reading, const Node& node, double& value) {
    const std::string* written = scalar(reading, node, "a number");
    if (written == nullptr) return;
    const auto number = parse_decimal(*written);
    if (number && *number >= least && *number <= most) {
      value = *number;
    } else {
      reading.refuse(node, fmt::format("{} is not a number from {}", shown(*written), range));
    }
  };
  type.print = [](const double& value) { return Node::plain(fmt::format("{}", value)); };
  return type;
}

Type<std::string> text(std::string what) {
  return checked_text(std::move(what), [](const std::string&) { return std::optional<std::string>(); });
}

Type<Money> dollars() {
  Type<Money> type;
  type.name = "dollars";
  type.schema = text_or_number_schema();
  type.read = [](Reading& reading, const Node& node, Money& value) {
    const std::string* written = scalar(reading, node, "an amount of dollars");
    if (written == nullptr) return;
    const auto read = Money::parse(*written);
    if (!read || *read < Money()) {
      reading.refuse(
          node, fmt::format("{} is not an amount of dollars; write it as in 5, 5.00 or 0.000125", shown(*written)));
    } else if (*read > Money::dollars(1'000'000)) {
      reading.refuse(node, fmt::format("{} is out of range; it may be 0 to 1000000 dollars", shown(*written)));
    } else {
      value = *read;
    }
  };
  type.print = [](const Money& value) { return Node::plain(tidegate::to_text(value)); };
  return type;
}

Type<WallTime> instant() {
  Type<WallTime> type;
  type.name = "time";
  type.schema = text_schema();
  type.read = [](Reading& reading, const Node& node, WallTime& value) {
    const std::string* written = scalar(reading, node, "a time, as in 2026-11-23T10:15:30Z");
    if (written == nullptr) return;
    const auto read = parse_rfc3339(written->size() == 10 ? *written + "T00:00:00Z" : *written);
    if (read && *read < WallTime{}) {
      reading.refuse(node, fmt::format("{} is before 1970", shown(*written)));  // where "always" begins
    } else if (read) {
      value = *read;
    } else {
      reading.refuse(node,
                     fmt::format("{} is not a time; write it as 2026-11-23 or 2026-11-23T10:15:30Z", shown(*written)));
    }
  };
  type.print = [](const WallTime& value) {
    return value == WallTime{} ? Node{} : Node::quoted_text(to_rfc3339(value));
  };
  return type;
}

Type<std::map<std::string, std::string>> text_map(std::string key, std::size_t most) {
  using Map = std::map<std::string, std::string>;
  Type<Map> type;
  type.name = fmt::format("map of {}s", key);
  type.schema = schema_of_group("object");
  type.schema.with("additionalProperties", text_schema());
  const Type<std::string> inner = text(key);
  type.read = [inner, most](Reading& reading, const Node& node, Map& values) {
    if (node.kind == Node::Kind::Null) return;
    if (node.kind != Node::Kind::Map) {
      reading.refuse(node, "expected a map, one 'name: other' a line");
      return;
    }
    if (node.items.size() > most) {
      reading.refuse(node, fmt::format("{} entries; at most {} are read", node.items.size(), most));
      return;
    }
    values.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      std::string name;
      inner.read(reading, node.keys[i], name);
      if (name.empty()) continue;
      const Reading::Step step(reading, name, node.items[i]);
      inner.read(reading, node.items[i], values[name]);
    }
  };
  type.print = [](const Map& values) {
    Node map = Node::map();
    for (const auto& [name, value] : values) map.with(name, Node::quoted_text(value));
    return map.items.empty() ? Node{} : map;
  };
  return type;
}

std::string fallback_text(const Node& printed) {
  if (printed.kind == Node::Kind::Scalar) return printed.text;
  std::string text;
  for (const Node& item : printed.items) {
    if (item.kind == Node::Kind::Scalar) text += (text.empty() ? "" : ", ") + item.text;
  }
  return printed.kind == Node::Kind::List ? "[" + text + "]" : text;
}

}  // namespace tidegate::config
