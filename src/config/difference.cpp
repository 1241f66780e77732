// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/difference.h"

#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace tidegate::config {

namespace {

/// One setting on a line of its own, in the order in which it is printed.
struct Line {
  std::string path;
  std::string value;
};

std::string item_step(const Node& item, std::size_t index) {
  const Node* name = item.kind == Node::Kind::Map ? item.find("name") : nullptr;
  return name == nullptr ? fmt::format("[{}]", index) : fmt::format("[{}]", name->text);
}

void flatten(const Node& node, const std::string& path, std::vector<Line>& lines) {
  if (path == "prices.rows") return;  // compared as a whole: one inserted row would shift all that follow
  if (node.kind == Node::Kind::Scalar) {
    // A listener prints as its address alone where it has no certificate.
    lines.push_back({.path = path == "listen" ? "listen.address" : path, .value = node.text});
    return;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const bool is_map = node.kind == Node::Kind::Map;
    const std::string step = is_map ? (path.empty() ? "" : ".") + node.keys[i].text : item_step(node.items[i], i);
    flatten(node.items[i], path + step, lines);
  }
}

std::vector<Line> lines_of(const Options& options) {
  std::vector<Line> lines;
  flatten(effective(options), "", lines);
  return lines;
}

/// `providers[anthropic].keys[0].env` as the reference has it: `providers[].keys[].env`.
std::string reference_path(std::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (c == ']') inside = false;
    if (!inside) out += c;
    if (c == '[') inside = true;
  }
  return out;
}

Takes takes_of(std::string_view path) {
  static const std::map<std::string, Takes, std::less<>> all = [] {
    std::map<std::string, Takes, std::less<>> by_path;
    for (const Setting& setting : list_settings()) by_path.emplace(setting.path, setting.takes);
    return by_path;
  }();
  // Keys of one's own (`models.x`) and list items are not in the reference; what is around them is.
  std::string wanted = reference_path(path);
  for (;;) {
    if (const auto found = all.find(wanted); found != all.end()) return found->second;
    const std::size_t end = wanted.find_last_of(".[");
    if (end == std::string::npos) return Takes::Restart;
    wanted.resize(end);
  }
}

const std::string* value_at(const std::vector<Line>& lines, const std::string& path) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const Line& line) { return line.path == path; });
  return found == lines.end() ? nullptr : &found->value;
}

void compare_lines(const Options& before, const Options& after, std::vector<Change>& changes) {
  const std::vector<Line> old_lines = lines_of(before);
  const std::vector<Line> new_lines = lines_of(after);
  for (const Line& line : new_lines) {
    const std::string* old_value = value_at(old_lines, line.path);
    if (old_value != nullptr && *old_value == line.value) continue;
    changes.push_back({.path = line.path,
                       .before = old_value == nullptr ? "" : *old_value,
                       .after = line.value,
                       .takes = takes_of(line.path)});
  }
  for (const Line& line : old_lines) {
    if (value_at(new_lines, line.path) != nullptr) continue;
    changes.push_back({.path = line.path, .before = line.value, .after = "", .takes = takes_of(line.path)});
  }
}

constexpr std::string_view kOldSecret = "***";
constexpr std::string_view kNewSecret = "*** (another)";

void compare_secret(const Secret& before, const Secret& after, const std::string& path, std::vector<Change>& changes) {
  if (before == after) return;
  changes.push_back(
      {.path = path, .before = std::string(kOldSecret), .after = std::string(kNewSecret), .takes = takes_of(path)});
}

/// Of receivers and actions, which have a name each.
template <typename Item>
void compare_secrets_of(const std::vector<Item>& before, const std::vector<Item>& after, const std::string& list, std::vector<Change>& changes) {
  for (const Item& now : after) {
    const auto old = std::find_if(before.begin(), before.end(), [&](const Item& item) { return item.name == now.name; });
    if (old == before.end()) continue;
    const std::string path = fmt::format("{}[{}]", list, now.name);
    if (old->secret_name == now.secret_name) compare_secret(old->secret, now.secret, path + ".secret", changes);
    if constexpr (requires { now.address; }) {
      if (old->address_name == now.address_name) compare_secret(old->address, now.address, path + ".webhook", changes);
    }
  }
}

std::string names_of(const std::vector<upstream::ProviderOptions>& providers) {
  std::string names;
  for (const upstream::ProviderOptions& provider : providers) names += (names.empty() ? "" : ", ") + provider.id.text();
  return names;
}

void compare_secrets(const Options& before, const Options& after, std::vector<Change>& changes) {
  // A secret of another name is a line of its own already.
  if (before.admin.token_name == after.admin.token_name) {
    compare_secret(before.admin.token, after.admin.token, "admin.token", changes);
  }
  if (before.slack.signing_secret_name == after.slack.signing_secret_name) {
    compare_secret(before.slack.signing_secret, after.slack.signing_secret, "alerts.slack_command.signing_secret", changes);
  }
  compare_secrets_of(before.receivers, after.receivers, "alerts.receivers", changes);
  compare_secrets_of(before.actions, after.actions, "alerts.actions", changes);
  for (const upstream::ProviderOptions& now : after.providers) {
    const auto old = std::find_if(before.providers.begin(), before.providers.end(),
                                  [&](const upstream::ProviderOptions& provider) { return provider.id == now.id; });
    if (old == before.providers.end()) continue;
    const std::string path = fmt::format("providers[{}]", now.id.text());
    if (old->admin_key_name == now.admin_key_name) {
      compare_secret(old->admin_key, now.admin_key, path + ".admin_key", changes);
    }
    if (old->balance && now.balance && old->balance->key_name == now.balance->key_name) {
      compare_secret(old->balance->key, now.balance->key, path + ".balance.key", changes);
    }
    if (old->key_list && now.key_list && old->key_list->password_name == now.key_list->password_name) {
      compare_secret(old->key_list->password, now.key_list->password, path + ".pool.password", changes);
    }
    for (std::size_t i = 0; i < std::min(old->keys.size(), now.keys.size()); ++i) {
      if (old->keys[i].name != now.keys[i].name) continue;
      compare_secret(old->keys[i].secret, now.keys[i].secret, fmt::format("{}.keys[{}]", path, i), changes);
    }
  }
}

void compare_wholes(const Options& before, const Options& after, std::vector<Change>& changes) {
  const std::string old_names = names_of(before.providers);
  const std::string new_names = names_of(after.providers);
  if (old_names != new_names && before.providers.size() == after.providers.size()) {
    changes.push_back({.path = "providers", .before = old_names, .after = new_names, .takes = takes_of("providers")});
  }
  if (before.prices.rows == after.prices.rows) return;
  const auto is_new = [&](const pricing::PriceRow& row) {
    return std::find(before.prices.rows.begin(), before.prices.rows.end(), row) == before.prices.rows.end();
  };
  const auto fresh = std::count_if(after.prices.rows.begin(), after.prices.rows.end(), is_new);
  changes.push_back({.path = "prices.rows",
                     .before = fmt::format("{} rows", before.prices.rows.size()),
                     .after = fmt::format("{} rows, {} of them new or changed", after.prices.rows.size(), fresh),
                     .takes = takes_of("prices.rows")});
}

}  // namespace

std::vector<Change> difference(const Options& before, const Options& after) {
  std::vector<Change> changes;
  if (before == after) return changes;
  compare_lines(before, after, changes);
  compare_secrets(before, after, changes);
  compare_wholes(before, after, changes);
  // A member without a setting must not change unseen; nothing knows whether it could change while running.
  if (changes.empty()) changes.push_back({.path = "(no setting)", .before = "", .after = "", .takes = Takes::Restart});
  return changes;
}

Options without_restart(const Options& before, Options after) {
  after.listen = before.listen;
  after.admin.admin = before.admin.admin;
  after.admin.metrics = before.admin.metrics;
  after.gateway.worker_threads = before.gateway.worker_threads;
  after.store = before.store;
  after.windows = before.windows;
  after.log.file = before.log.file;
  after.log.buffer_lines = before.log.buffer_lines;
  return after;
}

std::string to_text(const Change& change) {
  const auto side = [](const std::string& text) { return text.empty() ? std::string("not set") : text; };
  return fmt::format("{}: {} → {}{}", change.path, side(change.before), side(change.after),
                     change.takes == Takes::Restart ? " (after a restart)" : "");
}

}  // namespace tidegate::config
