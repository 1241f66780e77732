// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/room_text.h"

#include "app/json_text.h"
#include "base/time.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace tidegate::app {

namespace json = boost::json;

namespace {

std::string words(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

bool is_true(const json::value& value, std::string_view name) {
  const json::value* found = value.get_object().if_contains(name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::string room_name(const json::value& room) {
  std::string name = text(room, "provider") + " " + text(room, "model_group");
  if (text(room, "model_group").empty()) name += "(no model)";
  for (const std::string_view more : {"class", "credential"}) {
    if (const std::string value = text(room, more); !value.empty()) name += " · " + value;
  }
  return name;
}

std::string pool_line(const json::value& pool) {
  std::string in_flight = compact(number(pool, "in_flight"));
  if (const auto most = number(pool, "concurrency")) in_flight += fmt::format(" of {}", *most);
  std::string state;
  if (is_true(pool, "is_spent")) {
    state = "its money is spent";
  } else if (!is_true(pool, "is_learned")) {
    state = "limits not known yet";
  }
  if (const auto blocked = number(pool, "blocked_seconds")) {
    state += fmt::format("{}asked again in {}", state.empty() ? "" : ", ", to_text(Seconds(*blocked)));
  }
  return fmt::format("  {:<42.42}{:<16}{:>10}  {}\n", text(pool, "pool"), "in flight", in_flight, state);
}

std::string period_line(const json::value& period) {
  return fmt::format("  {:<42}{:<16}{:>10}{:>12}\n", "", words(text(period, "limit_of")), compact(number(period, "level")), compact(number(period, "limit")));
}

std::string level_line(const json::value& level) {
  const auto full = number(level, "full_after_seconds").value_or(0);
  const auto foreign = number(level, "foreign_per_minute").value_or(0);
  return fmt::format("  {:<42}{:<16}{:>10}{:>12}{:>10}  {}\n", "", words(text(level, "dimension")),
                     compact(number(level, "level")), compact(number(level, "limit")),
                     full > 0 ? to_text(Seconds(full)) : "now",
                     foreign > 0 ? fmt::format("{} a minute used by others", compact(foreign)) : "");
}

/// Nothing waits or runs there, and all that is known of it is full.
bool is_quiet(const json::value& room) {
  const auto is_zero = [&](std::string_view name) { return number(room, name).value_or(0) == 0; };
  if (!is_zero("waiting_interactive") || !is_zero("waiting_batch") || !is_zero("in_flight")) return false;
  const json::array& pools = room.at("pools").as_array();
  return std::all_of(pools.begin(), pools.end(), [](const json::value& pool) {
    const json::array& levels = pool.at("levels").as_array();
    return !is_true(pool, "is_spent") && !number(pool, "blocked_seconds") &&
           std::all_of(levels.begin(), levels.end(),
                       [](const json::value& level) { return number(level, "full_after_seconds") == 0; });
  });
}

std::string key_state(const json::value& key) {
  const std::string fault = text(key, "fault");
  const auto back = number(key, "back_in_seconds");
  if (back) return fmt::format("out ({}), tried again in {}", fault, to_text(Seconds(*back)));
  if (!fault.empty()) return fmt::format("refused ({}), used because it is the last", fault);
  if (const json::value* const out_for = key.as_object().if_contains("out_for")) {
    std::string groups;
    for (const json::value& group : out_for->as_array()) groups += (groups.empty() ? "" : ", ") + std::string(group.as_string());
    return "in rotation, but not for " + groups;
  }
  return "in rotation";
}

}  // namespace

std::string rooms_text(const json::value& rooms) {
  std::string out;
  std::size_t quiet = 0;
  for (const json::value& room : rooms.as_array()) {
    if (is_quiet(room)) {
      ++quiet;
      continue;
    }
    const std::int64_t batch = number(room, "waiting_batch").value_or(0);
    out += fmt::format("{:<44}{} waiting{}", room_name(room), number(room, "waiting_interactive").value_or(0),
                       batch > 0 ? fmt::format(" and {} of batch priority", batch) : "");
    const std::string obstacle = text(room, "obstacle");
    if (!obstacle.empty()) out += fmt::format(", the next for: {}", words(obstacle));
    out += '\n';
    for (const json::value& pool : room.at("pools").as_array()) {
      out += pool_line(pool);
      for (const json::value& level : pool.at("levels").as_array()) out += level_line(level);
      if (const json::value* const periods = pool.as_object().if_contains("periods")) {
        for (const json::value& period : periods->as_array()) out += period_line(period);
      }
    }
  }
  if (!out.empty()) {
    out = fmt::format("{:<44}{:<16}{:>10}{:>12}{:>10}\n", "room, and its pools", "limit of", "level", "per minute",
                      "full in") +
          out;
  }
  if (quiet > 0) {
    out += fmt::format("{}{} {} in which nothing waits, runs or is short\n", quiet, out.empty() ? "" : " more",
                       quiet == 1 ? "room" : "rooms");
  }
  return out.empty() ? out : out + "\n";
}

std::string keys_text(const json::value& provider_keys) {
  std::string out;
  for (const json::value& provider : provider_keys.as_array()) {
    std::size_t draining = 0;
    for (const json::value& key : provider.at("keys").as_array()) {
      if (is_true(key, "draining")) {
        ++draining;
        continue;
      }
      const std::string name = text(key, "name");
      if (name.empty()) continue;  // stands for the clients' own
      const auto sharing = number(key, "keys_of_pool").value_or(1);
      std::string pool = is_true(key, "is_known") ? text(key, "pool") : "not known yet";
      if (sharing > 1) pool += fmt::format(" (one of {})", sharing);
      out += fmt::format("{:<44.43}{:<50}  {}\n", text(provider, "provider") + " " + name, pool, key_state(key));
    }
    if (draining > 0) {
      out += fmt::format("{:<44}{} not configured any more\n", text(provider, "provider"),
                         draining == 1 ? "1 key that is" : fmt::format("{} keys that are", draining));
    }
  }
  if (out.empty()) return out;
  return fmt::format("{:<44}{:<50}  {}\n", "key", "leads to", "state") + out + "\n";
}

}  // namespace tidegate::app
