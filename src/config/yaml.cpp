// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/yaml.h"

#include "config/reading.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace tidegate::config {

namespace {

Position position_of(const YAML::Mark& mark) { return {.line = mark.line + 1, .column = mark.column + 1}; }

struct Size {
  std::size_t nodes = 1;
  std::size_t height = 1;
};

Size size_of(const Node& node) {
  Size size;
  for (const std::vector<Node>* children : {&node.keys, &node.items}) {
    for (const Node& child : *children) {
      const Size inner = size_of(child);
      size.nodes += inner.nodes;
      size.height = std::max(size.height, inner.height + 1);
    }
  }
  return size;
}

/// Whether a quoted text begins here that has no closing quote. yaml-cpp takes the end of the file for one.
bool is_left_open(std::string_view text) {
  if (!text.starts_with('"') && !text.starts_with('\'')) return false;  // a block text (`|`), which yaml-cpp calls quoted, too
  const char quote = text.front();
  for (std::size_t at = 1; at < text.size(); ++at) {
    const bool escapes = quote == '"' ? text[at] == '\\' : text.substr(at).starts_with("''");
    if (escapes) {
      ++at;
    } else if (text[at] == quote) {
      return false;
    }
  }
  return true;
}

/// Builds nodes from yaml-cpp's events rather than from its own tree, because only the events tell positions of keys,
/// duplicates and quotes, and because limits hold here before anything is built. Throws yaml-cpp's exception to stop.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, std::vector<Problem>& problems)
      : source_(source), problems_(problems), rest_(source.text) {}

  [[nodiscard]] Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.position = position_of_nothing(mark);
    add(mark, std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) stop(mark, "an alias cannot stand inside what it refers to");
    const Size size = size_of(found->second);
    if (open_.size() + size.height > kMaxYamlDepth) stop_at_depth(mark);
    count(mark, size.nodes - 1);
    Node copy = found->second;
    copy.position = position_of(mark);
    add(mark, std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // yaml-cpp says "?" for a plain scalar and "!" for a quoted one.
    if (tag != "?" && tag != "!") refuse_tag(mark, tag);
    if (tag == "!" && is_left_open(text_from(mark))) stop(mark, "the quote that begins here is never closed");
    Node node = tag == "!" ? Node::quoted_text(value) : Node::plain(value);
    node.position = position_of(mark);
    add(mark, std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::list());
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::map());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    std::set<std::string> names = {};
  };

  [[noreturn]] static void stop(const YAML::Mark& mark, const std::string& message) {
    throw YAML::ParserException(mark, message);
  }
  [[noreturn]] static void stop_at_depth(const YAML::Mark& mark) {
    stop(mark, fmt::format("nested deeper than {} levels; no setting needs so many", kMaxYamlDepth));
  }
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    stop(mark, fmt::format("the tag '{}' is not understood; write the value without it", tag));
  }

  /// Of a value that is not there, yaml-cpp tells where the next one begins: it belongs to its key, or to its list.
  [[nodiscard]] Position position_of_nothing(const YAML::Mark& mark) const {
    if (open_.empty()) return position_of(mark);
    const Node& parent = open_.back().node;
    return parent.kind == Node::Kind::Map && !parent.keys.empty() ? parent.keys.back().position : parent.position;
  }

  /// The text that begins at the mark; marks only go forward. By line and column: the mark's count of bytes is of what yaml-cpp
  /// made of those that are no UTF-8.
  [[nodiscard]] std::string_view text_from(const YAML::Mark& mark) {
    for (; line_ < mark.line; ++line_) {
      const std::size_t end = rest_.find('\n');
      rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    }
    return rest_.substr(std::min(static_cast<std::size_t>(mark.column), rest_.size()));
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMaxYamlNodes) stop(mark, fmt::format("more than {} values, aliases expanded", kMaxYamlNodes));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node node) {
    if (!tag.empty() && tag != "?" && tag != "!") refuse_tag(mark, tag);
    if (expects_key()) stop(mark, "a key must be a plain word");
    if (open_.size() >= kMaxYamlDepth) stop_at_depth(mark);
    node.position = position_of(mark);
    open_.push_back({.node = std::move(node), .anchor = anchor, .mark = mark});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(done.mark, std::move(done.node), done.anchor);
  }

  [[nodiscard]] bool expects_key() const {
    if (open_.empty()) return false;
    const Node& parent = open_.back().node;
    return parent.kind == Node::Kind::Map && parent.keys.size() == parent.items.size();
  }

  void add(const YAML::Mark& mark, Node node, YAML::anchor_t anchor) {
    count(mark, 1);
    if (anchor != 0) anchored_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (expects_key()) {
      add_key(mark, std::move(node));
    } else {
      open_.back().node.items.push_back(std::move(node));
    }
  }

  void add_key(const YAML::Mark& mark, Node key) {
    if (key.kind != Node::Kind::Scalar) stop(mark, "a key must be a plain word");
    if (!open_.back().names.insert(key.text).second) {
      problems_.push_back({.file = source_.name,
                           .line = key.position.line,
                           .column = key.position.column,
                           .message = fmt::format("{} is set twice here; remove one of the two", shown(key.text))});
    }
    open_.back().node.keys.push_back(std::move(key));
  }

  const SourceText& source_;
  std::vector<Problem>& problems_;
  std::string_view rest_;  ///< from the beginning of line_ on
  int line_ = 0;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchored_;
  std::size_t nodes_ = 0;
};

/// The usual reason for a message of yaml-cpp that says nothing of it.
bool is_indented_by_tabs(std::string_view text) {
  return text.starts_with('\t') || text.find("\n\t") != std::string_view::npos;
}

}  // namespace

std::optional<Node> parse_yaml(const SourceText& source, std::vector<Problem>& problems) {
  if (source.text.size() > kMaxYamlBytes) {
    problems.push_back(
        {.file = source.name, .message = fmt::format("{} bytes; more than 1 MiB is not read", source.text.size())});
    return std::nullopt;
  }
  // The only place that meets yaml-cpp's exceptions.
  try {
    std::istringstream in(source.text);
    YAML::Parser parser(in);
    TreeBuilder builder(source, problems);
    if (!parser.HandleNextDocument(builder)) return Node{};
    Node root = builder.take();
    TreeBuilder rest(source, problems);
    if (parser.HandleNextDocument(rest)) {
      problems.push_back(
          {.file = source.name, .message = "holds more than one YAML document; remove what follows the second '---'"});
      return std::nullopt;
    }
    return root;
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    problems.push_back(
        {.file = source.name,
         .line = placed ? error.mark.line + 1 : 0,
         .column = placed ? error.mark.column + 1 : 0,
         .message = fmt::format("cannot be read as YAML: {}{}", error.msg,
                                is_indented_by_tabs(source.text) ? "; indent with blanks, not with tabs" : "")});
    return std::nullopt;
  }
}

}  // namespace tidegate::config
