// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/alerts_view.h"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMostMinutes = std::int64_t{7} * 24 * 60;
constexpr std::size_t kLongestName = 80;

template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

double seconds(Nanoseconds length) { return std::chrono::duration<double>(length).count(); }

json::value view(const monitor::Alert& alert, const AlertsState& state) {
  json::array actions;
  if (const auto found = state.actions.find(alert.id); found != state.actions.end()) {
    for (const AlertAction& action : found->second) {
      actions.push_back(json::object{{"name", action.name}, {"state", action.state}, {"detail", action.detail}});
    }
  }
  const json::value first = actions.empty() ? json::value(nullptr) : actions.front();
  return json::object{
      {"id", alert.id},
      {"rule", alert.rule},
      {"severity", to_string(alert.severity)},
      {"subject", alert.subject},
      {"state", to_string(alert.state)},
      {"since", to_rfc3339(alert.since)},
      {"value", alert.value},
      {"threshold", alert.threshold},
      {"summary", alert.summary},
      {"runbook", alert.runbook},
      {"recent", json::array(alert.recent.begin(), alert.recent.end())},
      {"acknowledged_by", or_null(alert.acknowledged_by)},
      {"silenced_until", alert.silenced_until ? json::value(to_rfc3339(*alert.silenced_until)) : json::value(nullptr)},
      {"action", first},
      {"actions", std::move(actions)}};
}

json::value view(const monitor::AlertRule& rule) {
  return json::object{{"name", rule.name},
                      {"description", rule.description},
                      {"every_seconds", seconds(rule.every)},
                      {"for_seconds", seconds(rule.hold)},
                      {"silence_seconds", seconds(rule.silence)},
                      {"threshold", rule.threshold},
                      {"clear", rule.clear},
                      {"severity", to_string(rule.severity)},
                      {"runbook", rule.runbook},
                      {"enabled", rule.enabled}};
}

tl::unexpected<Failure> wrong(std::string what) { return fail(FailureKind::InvalidInput, Origin::Client, std::move(what)); }

Result<json::object> read_object(std::string_view body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) return wrong("send a JSON object, as in {\"by\":\"ada\"}");
  return std::move(value.get_object());
}

/// The name goes into log lines: one line, of reasonable length.
Result<std::string> read_name(const json::object& object) {
  const json::value* by = object.if_contains("by");
  if (by == nullptr || !by->is_string()) return wrong("'by' says who you are, as in {\"by\":\"ada\"}");
  std::string name(by->get_string());
  const bool is_plain = std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  if (name.empty() || name.size() > kLongestName || !is_plain) return wrong("'by' is a name of 1 to 80 bytes on one line");
  return name;
}

}  // namespace

json::value view(const AlertsState& state) {
  json::array alerts, history, changes, rules, letters;
  for (const monitor::Alert& alert : state.alerts) alerts.push_back(view(alert, state));
  for (const monitor::AlertChange& change : state.history) {
    history.push_back(json::object{{"at", to_rfc3339(change.at)},
                                   {"id", change.alert.id},
                                   {"rule", change.alert.rule},
                                   {"subject", change.alert.subject},
                                   {"severity", to_string(change.alert.severity)},
                                   {"began_at", to_rfc3339(change.alert.began)},
                                   {"acknowledged_by", or_null(change.alert.acknowledged_by)},
                                   {"from", to_string(change.from)},
                                   {"to", to_string(change.to)},
                                   {"value", change.alert.value},
                                   {"threshold", change.alert.threshold},
                                   {"summary", change.alert.summary}});
  }
  for (const monitor::LimitChange& change : state.limit_changes) {
    changes.push_back(json::object{{"at", to_rfc3339(change.at)},
                                   {"pool", change.pool},
                                   {"model_group", change.model_group},
                                   {"dimension", change.dimension},
                                   {"before", change.before},
                                   {"after", change.after}});
  }
  for (const monitor::AlertRule& rule : state.rules) rules.push_back(view(rule));
  for (const DeadLetter& letter : state.dead_letters) {
    letters.push_back(
        json::object{{"at", to_rfc3339(letter.at)}, {"receiver", letter.receiver}, {"headline", letter.headline}, {"error", letter.error}});
  }
  return json::object{{"alerts", std::move(alerts)},
                      {"history", std::move(history)},
                      {"limit_changes", std::move(changes)},
                      {"rules", std::move(rules)},
                      {"dead_letters", std::move(letters)}};
}

json::array firing_on_figures(const AlertsState& state) {
  std::vector<const monitor::Alert*> firing;
  for (const monitor::Alert& alert : state.alerts) {
    const auto rule = std::find_if(state.rules.begin(), state.rules.end(), [&](const monitor::AlertRule& one) { return one.name == alert.rule; });
    const bool is_alarm = rule != state.rules.end() && rule->source == monitor::AlertSource::Alarms;
    if (alert.state == monitor::AlertState::Firing && !is_alarm) firing.push_back(&alert);
  }
  std::stable_sort(firing.begin(), firing.end(), [](const auto* a, const auto* b) { return a->severity > b->severity; });
  json::array out;
  for (const monitor::Alert* alert : firing) out.push_back(view(*alert, state));
  return out;
}

Result<std::string> read_acknowledgement(std::string_view body) {
  const auto object = read_object(body);
  if (!object) return fail(object);
  return read_name(*object);
}

Result<SilenceRequest> read_silence(std::string_view body) {
  const auto object = read_object(body);
  if (!object) return fail(object);
  auto by = read_name(*object);
  if (!by) return fail(by);
  const json::value* minutes = object->if_contains("minutes");
  boost::system::error_code error;
  const auto count = minutes != nullptr && minutes->is_number() ? minutes->to_number<std::int64_t>(error) : 0;
  if (error || count < 1 || count > kMostMinutes) return wrong("'minutes' is a whole number from 1 to 10080 (a week)");
  return SilenceRequest{.length = std::chrono::minutes(count), .by = std::move(*by)};
}

}  // namespace tidegate::admin
