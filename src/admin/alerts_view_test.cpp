// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/alerts_view.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tidegate::admin {
namespace {

using testing::HasSubstr;

TEST(AlertsView, SaysWhatThePageIsBuiltAgainst) {
  AlertsState state;
  monitor::Alert alert;
  alert.id = "00ff";
  alert.rule = "key_lost";
  alert.subject = "key_lost anthropic/A";
  alert.severity = monitor::AlertSeverity::Critical;
  alert.state = monitor::AlertState::Firing;
  alert.value = 0.125;
  alert.silenced_until = *parse_rfc3339("2026-11-26T10:00:00Z");
  state.alerts.push_back(alert);
  state.actions["00ff"] = {{.name = "scale_up", .state = "done", .detail = "expected back in 5 min"}, {.name = "brake", .state = "failed", .detail = "no"}};
  state.history.push_back({.at = *parse_rfc3339("2026-11-26T09:00:00Z"), .from = monitor::AlertState::Pending, .to = monitor::AlertState::Firing, .alert = alert});
  state.rules = monitor::alert_rules({});
  const boost::json::value seen = view(state);
  const auto at = [&](const char* path) { return seen.at_pointer(path); };
  EXPECT_EQ(at("/alerts/0/severity"), "critical");
  EXPECT_EQ(at("/alerts/0/state"), "firing");
  EXPECT_TRUE(at("/alerts/0/acknowledged_by").is_null());
  EXPECT_EQ(at("/alerts/0/silenced_until"), "2026-11-26T10:00:00Z");
  EXPECT_EQ(at("/alerts/0/action/state"), "done");
  EXPECT_EQ(at("/alerts/0/actions/0/name"), "scale_up");
  EXPECT_EQ(at("/alerts/0/actions/1/state"), "failed");
  EXPECT_EQ(at("/history/0/from"), "pending");
  EXPECT_EQ(at("/history/0/at"), "2026-11-26T09:00:00Z");
  EXPECT_EQ(at("/history/0/value"), 0.125);
  EXPECT_EQ(at("/rules/0/name"), "requests_remaining_low");
  EXPECT_EQ(at("/rules/0/every_seconds"), 10.0);
  EXPECT_TRUE(at("/rules/0/enabled").get_bool());
  EXPECT_TRUE(at("/dead_letters").get_array().empty());
}

TEST(AlertsView, TellsOfFiguresThatFireBesideTheAlarms) {
  const auto alert = [](std::string id, std::string rule, monitor::AlertSeverity severity, monitor::AlertState state) {
    monitor::Alert one;
    one.id = std::move(id);
    one.rule = std::move(rule);
    one.severity = severity;
    one.state = state;
    return one;
  };
  using monitor::AlertSeverity;
  using monitor::AlertState;
  AlertsState state;
  state.rules = monitor::alert_rules({});
  state.alerts = {alert("changed", "limit_changed", AlertSeverity::Info, AlertState::Firing),
                  alert("key", "key_lost", AlertSeverity::Critical, AlertState::Firing),
                  alert("soon", "exhaustion_forecast", AlertSeverity::Warning, AlertState::Pending),
                  alert("over", "requests_remaining_low", AlertSeverity::Warning, AlertState::Resolved),
                  alert("low", "success_rate_low", AlertSeverity::Critical, AlertState::Firing),
                  alert("of a rule that a reload took away", "former", AlertSeverity::Warning, AlertState::Firing)};
  state.actions["low"] = {{.name = "brake", .state = "running", .detail = "back in 5 min"}};
  std::vector<std::string> told;
  const boost::json::array seen = firing_on_figures(state);
  for (const boost::json::value& one : seen) told.emplace_back(one.at("id").as_string());
  EXPECT_THAT(told, testing::ElementsAre("low", "of a rule that a reload took away", "changed"));
  EXPECT_EQ(seen[0].at_pointer("/actions/0/name"), "brake");
}

TEST(AlertRequest, ReadsWhoAndForHowLong) {
  EXPECT_EQ(*read_acknowledgement(R"({"by":"ada"})"), "ada");
  const auto silence = read_silence(R"({"minutes":60,"by":"ada"})");
  ASSERT_TRUE(silence);
  EXPECT_EQ(silence->length, std::chrono::hours(1));
  EXPECT_EQ(silence->by, "ada");
}

TEST(AlertRequest, SaysWhatIsWrong) {
  for (const char* body : {"", "[]", "{}", R"({"by":""})", R"({"by":7})", R"({"by":"a\nb"})"}) {
    EXPECT_FALSE(read_acknowledgement(body)) << body;
    EXPECT_FALSE(read_silence(body)) << body;
  }
  for (const char* minutes : {"0", "-1", "1.5", "10081", "\"60\"", "1e99"}) {
    const auto read = read_silence(std::string(R"({"by":"ada","minutes":)") + minutes + "}");
    ASSERT_FALSE(read) << minutes;
    EXPECT_THAT(read.error().detail, HasSubstr("'minutes'"));
  }
}

}  // namespace
}  // namespace tidegate::admin
