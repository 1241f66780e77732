// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/slack_threads.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <string_view>
#include <utility>

// What a bot has said, as text for the next process:
//
//   {"place": API and channel, "incidents": [{"channel", "ts", "open", "told", "rules": ["…"],
//     "alerts": [{"kind", "id", "rule", "subject", "severity", "summary", "runbook", "since"}],
//     "notes": [{"alert", "rule", "severity", "action", "text", "at"}]}]}       oldest first
namespace tidegate::delivery {

namespace json = boost::json;

using monitor::AlertNotice;
using monitor::AlertSeverity;

namespace {

constexpr std::array kKinds{AlertNotice::Kind::Firing, AlertNotice::Kind::Reminder, AlertNotice::Kind::Resolved};
constexpr std::array kSeverities{AlertSeverity::Info, AlertSeverity::Warning, AlertSeverity::Critical};

/// The first of `all` for a name that a later version wrote.
template <typename Enum, std::size_t N>
Enum named(std::string_view name, const std::array<Enum, N>& all) {
  const auto found = std::find_if(all.begin(), all.end(), [&](Enum one) { return to_string(one) == name; });
  return found == all.end() ? all.front() : *found;
}

std::string text_at(const json::value& object, std::string_view name) { return std::string(object.at(name).as_string()); }

WallTime time_at(const json::value& object, std::string_view name) {
  return parse_rfc3339(text_at(object, name)).value_or(WallTime());
}

json::value written(const AlertNotice& notice) {
  const monitor::Alert& alert = notice.alert;
  return json::object{{"kind", to_string(notice.kind)},         {"id", alert.id},
                      {"rule", alert.rule},                     {"subject", alert.subject},
                      {"severity", to_string(alert.severity)},  {"summary", alert.summary},
                      {"runbook", alert.runbook},               {"since", to_rfc3339(alert.since)}};
}

AlertNotice read_notice(const json::value& value) {
  AlertNotice notice;
  notice.kind = named(text_at(value, "kind"), kKinds);
  notice.alert.id = text_at(value, "id");
  notice.alert.rule = text_at(value, "rule");
  notice.alert.subject = text_at(value, "subject");
  notice.alert.severity = named(text_at(value, "severity"), kSeverities);
  notice.alert.summary = text_at(value, "summary");
  notice.alert.runbook = text_at(value, "runbook");
  notice.alert.since = time_at(value, "since");
  return notice;
}

json::value written(const ActionNote& note) {
  return json::object{{"alert", note.alert_id}, {"rule", note.rule}, {"severity", to_string(note.severity)},
                      {"action", note.action},  {"text", note.text}, {"at", to_rfc3339(note.at)}};
}

ActionNote read_note(const json::value& value) {
  return {.alert_id = text_at(value, "alert"),
          .rule = text_at(value, "rule"),
          .severity = named(text_at(value, "severity"), kSeverities),
          .action = text_at(value, "action"),
          .text = text_at(value, "text"),
          .at = time_at(value, "at")};
}

template <typename Items>
json::array all_written(const Items& items) {
  json::array out;
  for (const auto& item : items) out.push_back(written(item));
  return out;
}

}  // namespace

std::string SlackThreads::memory() const {
  json::array incidents;
  for (const auto& [id, incident] : incidents_) {
    if (incident.first.ts.empty()) continue;  // what was not told yet is told by the next process anew
    incidents.push_back(json::object{{"channel", incident.first.channel},
                                     {"ts", incident.first.ts},
                                     {"open", incident.is_open},
                                     {"told", to_rfc3339(incident.told)},
                                     {"rules", json::array(incident.rules.begin(), incident.rules.end())},
                                     {"alerts", all_written(incident.alerts)},
                                     {"notes", all_written(incident.notes)}});
  }
  if (incidents.empty()) return {};
  return json::serialize(json::object{{"place", place_}, {"incidents", std::move(incidents)}});
}

void SlackThreads::restore(std::string_view memory) {
  boost::system::error_code broken;
  const json::value whole = json::parse(memory, broken);
  if (broken) return;
  SlackThreads read;
  try {
    read.place_ = text_at(whole, "place");
    for (const json::value& value : whole.at("incidents").as_array()) {
      Incident incident;
      incident.first = {.channel = text_at(value, "channel"), .ts = text_at(value, "ts")};
      incident.is_open = value.at("open").as_bool();
      incident.told = time_at(value, "told");
      for (const json::value& rule : value.at("rules").as_array()) incident.rules.emplace(rule.as_string());
      for (const json::value& alert : value.at("alerts").as_array()) incident.alerts.push_back(read_notice(alert));
      for (const json::value& note : value.at("notes").as_array()) incident.notes.push_back(read_note(note));
      read.incidents_.emplace(++read.last_incident_, std::move(incident));
    }
  } catch (const std::exception&) {  // Boost.JSON's way to say that another version wrote it
    return;
  }
  *this = std::move(read);
}

}  // namespace tidegate::delivery
