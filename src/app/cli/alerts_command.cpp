// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/alerts_command.h"

#include "app/configuration_sources.h"
#include "base/time.h"
#include "config/load.h"
#include "monitor/delivery/courier.h"
#include "monitor/delivery/slack_threads.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::app {

namespace {

using delivery::Message;
using delivery::ReceiverOptions;
using monitor::AlertNotice;

struct TestArguments {
  std::string file;
  std::vector<std::string> names;
};

Message message_of(AlertNotice::Kind kind, Now now) {
  monitor::Alert alert;
  alert.rule = "test";
  alert.subject = "receivers";
  alert.id = monitor::alert_id(alert.rule, alert.subject);
  alert.severity = monitor::AlertSeverity::Info;
  alert.state = kind == AlertNotice::Kind::Resolved ? monitor::AlertState::Resolved : monitor::AlertState::Firing;
  alert.since = now.wall;
  alert.summary = "This is a test by 'tidegate alerts test'; nothing is wrong";
  alert.runbook = "docs/alerts.md";
  Message message{.id = fmt::format("tg-test-{}-{}", unix_nanoseconds(now.wall), to_string(kind)),
                  .instance = "tidegate alerts test",
                  .at = now.wall,
                  .notices = {{.kind = kind, .alert = alert}},
                  .notes = {},
                  .firing = {}};
  if (alert.state == monitor::AlertState::Firing) message.firing.push_back(alert);
  return message;
}

/// The alert and then its end, so that whoever was paged is calm again.
Result<void> tell(const ReceiverOptions& receiver, const Clock& clock) {
  const std::atomic<bool> go_on = false;
  delivery::SlackThreads threads;
  for (const auto kind : {AlertNotice::Kind::Firing, AlertNotice::Kind::Resolved}) {
    const Message message = message_of(kind, clock.now());
    auto told = is_slack_bot(receiver) ? threads.tell(receiver, message, go_on) : deliver(receiver, message, go_on);
    if (!told) return told;
  }
  return {};
}

int complain(std::string_view text) {
  fmt::print(stderr, "tidegate: {}\n", text);
  return 1;
}

int test(const TestArguments& arguments) {
  const auto sources = read_sources(arguments.file);
  if (!sources) return complain(sources.error().detail);
  const config::LoadResult loaded = config::load(*sources);
  if (!loaded.ok()) {
    fmt::print(stderr, "{}", config::to_text(loaded.problems));
    return 1;
  }
  const auto& receivers = loaded.options.receivers;
  if (receivers.empty()) return complain("no receiver is configured; see `alerts.receivers` in docs/configuration.md");
  for (const std::string& name : arguments.names) {
    if (std::none_of(receivers.begin(), receivers.end(),
                     [&](const ReceiverOptions& receiver) { return receiver.name == name; }))
      return complain(fmt::format("`alerts.receivers` has no '{}'", name));
  }
  const SystemClock clock;
  int exit_code = 0;
  for (const ReceiverOptions& receiver : receivers) {
    if (!arguments.names.empty() &&
        std::find(arguments.names.begin(), arguments.names.end(), receiver.name) == arguments.names.end())
      continue;
    const auto told = tell(receiver, clock);
    fmt::print("{}: {}\n", receiver.name, told ? "told" : "not told: " + told.error().detail);
    if (!told) exit_code = 1;
  }
  return exit_code;
}

}  // namespace

void add_alerts_command(CLI::App& program, int& exit_code) {
  CLI::App* group = program.add_subcommand("alerts", "Try how alerts reach people");
  group->require_subcommand(1);
  auto arguments = std::make_shared<TestArguments>();
  CLI::App* command = group->add_subcommand(
      "test",
      "Tell the configured receivers of an alert that is none, and that it is over; exit 1 if one cannot be told");
  command->add_option("name", arguments->names, "Receivers; without any, all");
  command->add_option("--config", arguments->file,
                      "YAML file; without it ./tidegate.yaml if it is there, else environment and defaults");
  command->callback([arguments, &exit_code] { exit_code = test(*arguments); });
}

}  // namespace tidegate::app
