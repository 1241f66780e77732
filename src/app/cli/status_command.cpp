// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/status_command.h"

#include "app/admin_client.h"
#include "app/balance_text.h"
#include "app/json_text.h"
#include "app/room_text.h"
#include "base/time.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace tidegate::app {

namespace json = boost::json;

namespace {

struct StatusArguments {
  InstanceArguments instance;
  std::string by = "user";  ///< what the use of the last minute is broken down by
  bool watch = false;
  bool json = false;
};

std::string limits_table(const json::value& pools) {
  std::string out =
      fmt::format("{:<44}{:<16}{:>10}{:>12}{:>8}  {}\n", "pool", "limit of", "left", "per minute", "", "exhausted in");
  bool any = false;
  for (const json::value& pool : pools.as_array()) {
    if (pool.at("limits").as_array().empty()) {  // a subscription, whose windows are no limits per minute
      any = true;
      out += fmt::format("{:<44}tells no limits per minute\n", text(pool, "pool") + " " + text(pool, "model_group"));
    }
    for (const json::value& level : pool.at("limits").as_array()) {
      any = true;
      const auto limit = number(level, "limit");
      const auto left = number(level, level.get_object().contains("remaining_now") ? "remaining_now" : "remaining");
      const auto end = number(level, "seconds_to_exhaustion");
      const std::string share =
          limit && left && *limit > 0
              ? fmt::format("{:.0f} %", 100.0 * static_cast<double>(*left) / static_cast<double>(*limit))
              : "";
      out += fmt::format("{:<44}{:<16}{:>10}{:>12}{:>8}  {}\n", text(pool, "pool") + " " + text(pool, "model_group"),
                         text(level, "dimension"), compact(left), compact(limit), share,
                         end ? to_text(Seconds(*end)) : "not in sight");
    }
  }
  return any ? out : "No answer has told its limits yet; they appear with the first request.\n";
}

/// Dollars are strings, tokens numbers.
std::string amount(const json::value& budget, std::string_view name) {
  const auto tokens = number(budget, name);
  return tokens ? fmt::format("{}", *tokens) : text(budget, name);
}

/// Of the tenants that have any; keys may be thousands, `tidegate keys list` shows theirs.
std::string budgets_table(const json::value& tenants) {
  std::string out;
  for (const json::value& tenant : tenants.as_array()) {
    for (const json::value& budget : tenant.at("budgets").as_array()) {
      if (out.empty()) {
        out = fmt::format("{:<44}{:<16}{:>10}{:>12}{:>12}  {}\n", "tenant", "budget", "left", "spent", "set aside", "overspent");
      }
      out += fmt::format("{:<44.43}{:<16}{:>10}{:>12}{:>12}  {}\n", text(tenant, "id"), text(budget, "budget"),
                         amount(budget, "left"), amount(budget, "spent"), amount(budget, "reserved"),
                         amount(budget, "overspent"));
    }
  }
  return out.empty() ? out : out + "\n";
}

std::string use_table(const json::value& windows) {
  std::string out = fmt::format("{:<44}{:>10}{:>8}{:>10}{:>10}{:>10}  {}\n", "last minute, by " + text(windows, "by"), "requests",
                                "errors", "input", "cached", "output", "cost $");
  for (const json::value& line : windows.at("lines").as_array()) {
    const std::string value = text(line, "value");
    out += fmt::format("{:<44.43}{:>10}{:>8}{:>10}{:>10}{:>10}  {}\n", value.empty() ? "(none given)" : value,
                       compact(number(line, "requests")), compact(number(line, "errors")),
                       compact(number(line, "input_tokens")), compact(number(line, "cache_read_tokens")),
                       compact(number(line, "output_tokens")), text(line, "cost_usd"));
  }
  const json::value& totals = windows.at("totals");
  return out + fmt::format("{:<44}{:>10}{:>8}{:>10}{:>10}{:>10}  {}\n", "all", compact(number(totals, "requests")),
                           compact(number(totals, "errors")), compact(number(totals, "input_tokens")),
                           compact(number(totals, "cache_read_tokens")), compact(number(totals, "output_tokens")),
                           text(totals, "cost_usd"));
}

Result<std::string> ask_for_picture(const StatusArguments& arguments) {
  const auto status = ask_instance(arguments.instance, "/api/v1/status");
  if (!status) return fail(status);
  const auto limits = ask_instance(arguments.instance, "/api/v1/limits");
  if (!limits) return fail(limits);
  const auto rooms = ask_instance(arguments.instance, "/api/v1/rooms");
  if (!rooms) return fail(rooms);
  const auto windows = ask_instance(arguments.instance, "/api/v1/windows?window=60s&by=" + query_value(arguments.by));
  if (!windows) return fail(windows);
  const auto alarms = ask_instance(arguments.instance, "/api/v1/alarms");
  if (!alarms) return fail(alarms);
  const auto tenants = ask_instance(arguments.instance, "/api/v1/tenants");
  if (!tenants) return fail(tenants);
  if (arguments.json) {
    return json::serialize(json::object{{"status", *status},
                                        {"limits", limits->at("pools")},
                                        {"rooms", rooms->at("rooms")},
                                        {"provider_keys", rooms->at("provider_keys")},
                                        {"tenants", tenants->at("tenants")},
                                        {"windows", *windows},
                                        {"alarms", alarms->at("alarms")}}) +
           "\n";
  }
  std::string out = fmt::format(
      "Tidegate {} serves at {}, up {}, {} connections\n", text(*status, "version"), text(*status, "listen"),
      to_text(Seconds(number(*status, "uptime_seconds").value_or(0))), number(*status, "open_connections").value_or(0));
  for (const json::value& alarm : alarms->at("alarms").as_array()) {
    out += fmt::format("{}: {} {}: {}\n", text(alarm, "severity") == "critical" ? "CRITICAL" : "warning",
                       text(alarm, "kind"), text(alarm, "subject"), text(alarm, "message"));
  }
  return printable(out + "\n" + limits_table(limits->at("pools")) + "\n" + rooms_text(rooms->at("rooms")) +
                   keys_text(rooms->at("provider_keys")) + balances_text(status->at("balances")) +
                   budgets_table(tenants->at("tenants")) + use_table(*windows));
}

/// Failure: no instance, or one whose answers have another shape.
Result<std::string> picture(const StatusArguments& arguments) {
  try {
    return ask_for_picture(arguments);
  } catch (const std::exception&) {  // Boost.JSON's way to say that a member is missing or of another type
    return fail(
        FailureKind::Protocol, Origin::Operator,
        arguments.instance.url + " does not answer as this version of tidegate does; is it the dashboard's address?");
  }
}

int status(const StatusArguments& arguments) {
  while (true) {
    const auto shown = picture(arguments);
    if (!shown && !arguments.watch) {
      fmt::print(stderr, "tidegate: {}\n", shown.error().detail);
      return 1;
    }
    if (arguments.watch && ::isatty(STDOUT_FILENO) == 1) fmt::print("\x1b[H\x1b[2J");
    fmt::print("{}", shown ? *shown : "tidegate: " + shown.error().detail + "\n");
    std::fflush(stdout);
    if (!arguments.watch) return 0;
    std::this_thread::sleep_for(Seconds(1));
  }
}

}  // namespace

void add_status_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<StatusArguments>();
  CLI::App* command =
      program.add_subcommand("status", "Every limit, what is left of it, until when it lasts, who waits for it, and who uses it");
  add_instance_arguments(*command, arguments->instance);
  command->add_option("--by", arguments->by, "Whose use of the last minute: model, endpoint, user, key, tenant, session or agent")->capture_default_str();
  command->add_flag("--watch", arguments->watch, "Draw anew each second, until interrupted");
  command->add_flag("--json", arguments->json, "As JSON");
  command->callback([arguments, &exit_code] { exit_code = status(*arguments); });
}

}  // namespace tidegate::app
