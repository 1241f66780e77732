// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/message.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace tidegate::delivery {

namespace json = boost::json;

using monitor::Alert;
using monitor::AlertNotice;
using monitor::AlertSeverity;

namespace {

constexpr std::size_t kMostSections = 10;       // of alerts in Slack; 50 blocks are allowed in all
constexpr std::size_t kMostSlackBytes = 2'900;  // of 3,000 characters
constexpr std::size_t kMostHeaderBytes = 140;   // of 150 characters
constexpr std::size_t kMostLines = 20;          // of a thread's message
constexpr std::size_t kMostLineBytes = 400;     // so that all stay below the 40,000 characters of a text
constexpr std::size_t kMostInBody = 200;        // alerts, so that a body stays within what receivers take (PagerDuty: 512 KB)

/// Cut at the end of a character.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "…";
}

/// Slack's three characters that mean something.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else out += c;
  }
  return out;
}

std::string_view mark(const AlertNotice& notice) {
  if (notice.kind == AlertNotice::Kind::Resolved) return ":white_check_mark:";
  switch (notice.alert.severity) {
    case AlertSeverity::Info: return ":information_source:";
    case AlertSeverity::Warning: return ":warning:";
    case AlertSeverity::Critical: return ":rotating_light:";
  }
  return {};
}

json::object block(std::string_view type, std::string_view text_type, std::string text) {
  return {{"type", type}, {"text", json::object{{"type", text_type}, {"text", std::move(text)}}}};
}

std::string slack_section(const AlertNotice& notice) {
  const Alert& alert = notice.alert;
  std::string text = fmt::format("{} *{}* {}\n{}", mark(notice), alert.rule, escaped(alert.subject), escaped(alert.summary));
  if (const std::string picture = chart(alert.recent); !picture.empty() && notice.kind != AlertNotice::Kind::Resolved)
    text += fmt::format("\n`{}`", picture);
  const bool is_link = alert.runbook.starts_with("http");
  text += fmt::format("\nsince {} · {} · {}", to_rfc3339(alert.since), is_link ? fmt::format("<{}|runbook>", alert.runbook) : escaped(alert.runbook), alert.id);
  return cut(std::move(text), kMostSlackBytes);
}

std::string note_line(const ActionNote& note) { return fmt::format(":wrench: *{}* {}", escaped(note.action), escaped(note.text)); }

json::object slack_object(const Message& message) {
  json::array blocks;
  blocks.push_back(block("header", "plain_text", cut(headline(message), kMostHeaderBytes)));
  for (std::size_t i = 0; i < std::min(message.notices.size(), kMostSections); ++i)
    blocks.push_back(block("section", "mrkdwn", slack_section(message.notices[i])));
  if (message.notices.size() > kMostSections)
    blocks.push_back(block("section", "mrkdwn", fmt::format("… and {} more", message.notices.size() - kMostSections)));
  for (std::size_t i = 0; i < std::min(message.notes.size(), kMostSections); ++i)
    blocks.push_back(block("section", "mrkdwn", cut(note_line(message.notes[i]), kMostSlackBytes)));
  if (message.notes.size() > kMostSections)
    blocks.push_back(block("section", "mrkdwn", fmt::format("… and {} more about actions", message.notes.size() - kMostSections)));
  const std::string foot = fmt::format("{} · {} firing now", escaped(message.instance), message.firing.size());
  blocks.push_back(json::object{{"type", "context"}, {"elements", json::array{json::object{{"type", "mrkdwn"}, {"text", foot}}}}});
  return {{"text", escaped(headline(message))}, {"blocks", std::move(blocks)}};
}

void put_at(json::object& body, const SlackPlace& place) {
  body["channel"] = place.channel;
  if (!place.thread.empty()) body["thread_ts"] = place.thread;
  if (!place.update.empty()) body["ts"] = place.update;
  if (place.is_broadcast) body["reply_broadcast"] = true;
}

json::object alert_object(const Alert& alert) {
  return {{"id", alert.id},
          {"rule", alert.rule},
          {"subject", alert.subject},
          {"severity", to_string(alert.severity)},
          {"state", to_string(alert.state)},
          {"since", to_rfc3339(alert.since)},
          {"value", alert.value},
          {"threshold", alert.threshold},
          {"summary", alert.summary},
          {"runbook", alert.runbook}};
}

std::string_view pagerduty_severity(AlertSeverity severity) { return to_string(severity); }  // the same three words

json::object alertmanager_alert(const Alert& alert, const Message& message, WallTime ends_at) {
  json::object out{{"labels", json::object{{"alertname", alert.rule},
                                           {"severity", to_string(alert.severity)},
                                           {"subject", alert.subject},
                                           {"job", "tidegate"},
                                           {"instance", message.instance}}},
                   {"annotations", json::object{{"summary", alert.summary}, {"runbook_url", alert.runbook}}},
                   {"endsAt", to_rfc3339(ends_at)}};
  if (alert.state != monitor::AlertState::Resolved) out["startsAt"] = to_rfc3339(alert.since);
  if (message.instance.starts_with("http")) out["generatorURL"] = message.instance;
  return out;
}

}  // namespace

std::string slack_body(const Message& message) { return json::serialize(slack_object(message)); }

std::string slack_body(const Message& message, const SlackPlace& place) {
  json::object body = slack_object(message);
  put_at(body, place);
  return json::serialize(body);
}

std::string slack_lines(const Message& message, const SlackPlace& place) {
  std::string text;
  std::size_t told = 0;
  for (const AlertNotice& notice : message.notices) {
    if (++told > kMostLines) break;
    const std::string_view again = notice.kind == AlertNotice::Kind::Reminder ? "still: " : "";
    text += cut(fmt::format("{} *{}* {}: {}{}", mark(notice), notice.alert.rule, escaped(notice.alert.subject), again, escaped(notice.alert.summary)), kMostLineBytes) + "\n";
  }
  if (message.notices.size() > kMostLines) text += fmt::format("… and {} more\n", message.notices.size() - kMostLines);
  for (std::size_t i = 0; i < std::min(message.notes.size(), kMostSections); ++i) text += cut(note_line(message.notes[i]), kMostLineBytes) + "\n";
  if (message.notes.size() > kMostSections) text += fmt::format("… and {} more about actions\n", message.notes.size() - kMostSections);
  if (!text.empty()) text.pop_back();
  json::object body{{"text", std::move(text)}};
  put_at(body, place);
  return json::serialize(body);
}

std::string webhook_body(const Message& message) {
  json::array alerts;
  for (std::size_t i = 0; i < std::min(message.notices.size(), kMostInBody); ++i) {
    json::object alert = alert_object(message.notices[i].alert);
    alert["notice"] = to_string(message.notices[i].kind);
    alerts.push_back(std::move(alert));
  }
  json::array notes;
  for (const ActionNote& note : message.notes)
    notes.push_back(json::object{{"alert", note.alert_id}, {"rule", note.rule}, {"action", note.action}, {"text", note.text}, {"at", to_rfc3339(note.at)}});
  return json::serialize(json::object{{"version", 1},
                                      {"id", message.id},
                                      {"instance", message.instance},
                                      {"at", to_rfc3339(message.at)},
                                      {"headline", headline(message)},
                                      {"firing", message.firing.size()},
                                      {"alerts", std::move(alerts)},
                                      {"omitted", message.notices.size() > kMostInBody ? message.notices.size() - kMostInBody : 0},
                                      {"actions", std::move(notes)}});
}

std::vector<std::string> pagerduty_bodies(const Message& message, std::string_view routing_key) {
  std::map<std::string, std::vector<const Alert*>> firing;
  for (const Alert& alert : message.firing) firing[alert.rule].push_back(&alert);
  std::set<std::string> told;
  std::vector<std::string> rules;
  std::map<std::string, json::array> notes;
  for (const AlertNotice& notice : message.notices) {
    if (told.insert(notice.alert.rule).second) rules.push_back(notice.alert.rule);
  }
  for (const ActionNote& note : message.notes) {
    notes[note.rule].emplace_back(to_text(note));
    // Of an incident that is over nothing more is said: it would be opened or closed again.
    if (firing.contains(note.rule) && told.insert(note.rule).second) rules.push_back(note.rule);
  }
  std::vector<std::string> bodies;
  for (const std::string& rule : rules) {
    json::object event{{"routing_key", routing_key}, {"dedup_key", cut(fmt::format("tidegate/{}/{}", message.instance, rule), 250)}};
    const auto still = firing.find(rule);
    if (still == firing.end()) {
      event["event_action"] = "resolve";
    } else {
      const Alert& worst = **std::max_element(still->second.begin(), still->second.end(), [](const Alert* a, const Alert* b) { return a->severity < b->severity; });
      json::array subjects;
      for (std::size_t i = 0; i < std::min(still->second.size(), kMostInBody); ++i) subjects.push_back(alert_object(*still->second[i]));
      const std::string more = still->second.size() > 1 ? fmt::format(" (and {} more)", still->second.size() - 1) : "";
      event["event_action"] = "trigger";
      event["payload"] = json::object{{"summary", cut(fmt::format("{}{}: {}", rule, more, worst.summary), 1'000)},
                                      {"source", message.instance},
                                      {"severity", pagerduty_severity(worst.severity)},
                                      {"timestamp", to_rfc3339(worst.since)},
                                      {"component", worst.subject},
                                      {"class", rule},
                                      {"custom_details", json::object{{"alerts", std::move(subjects)}, {"actions", notes[rule]}}}};
      if (worst.runbook.starts_with("http")) event["links"] = json::array{json::object{{"href", worst.runbook}, {"text", "runbook"}}};
    }
    bodies.push_back(json::serialize(event));
  }
  return bodies;
}

std::string alertmanager_body(const Message& message, Nanoseconds valid) {
  json::array alerts;
  for (const Alert& alert : message.firing) alerts.push_back(alertmanager_alert(alert, message, message.at + valid));
  for (const AlertNotice& notice : message.notices) {
    if (notice.kind == AlertNotice::Kind::Resolved) alerts.push_back(alertmanager_alert(notice.alert, message, notice.alert.since));
  }
  return json::serialize(alerts);
}

}  // namespace tidegate::delivery
