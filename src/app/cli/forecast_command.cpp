// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/forecast_command.h"

#include "admin/forecast_view.h"
#include "app/admin_client.h"
#include "app/forecast_text.h"
#include "app/ledger_forecast.h"
#include "base/time.h"
#include "store/sqlite/demand_reader.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::app {

namespace {

struct ForecastArguments {
  std::string ledger = "./tidegate-data";
  std::string url;  ///< of a running instance, instead of the files
  InstanceArguments instance;
  std::optional<int> horizon = {};  ///< absent: as the instance is set, else 30
  int days = 7;
  std::vector<std::string> by{"all", "pool"};
  std::vector<std::string> measures;
  std::string format = "table";
  std::string method = "usual";
  std::string season = "workweek";
  bool is_backtest = false;
};

int complain(std::string_view what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

monitor::ForecastOptions options_of(const ForecastArguments& arguments) {
  return {.method = monitor::forecast_method_named(arguments.method).value_or(monitor::ForecastMethod::Usual),
          .season = monitor::forecast_season_named(arguments.season).value_or(monitor::ForecastSeason::Workweek)};
}

Result<boost::json::value> forecast_of(const ForecastArguments& arguments) {
  if (!arguments.url.empty()) {
    InstanceArguments instance = arguments.instance;
    instance.url = arguments.url;
    const std::string horizon = arguments.horizon ? fmt::format("?horizon={}", *arguments.horizon) : std::string();
    return ask_instance(instance, "/api/v1/forecast" + horizon);
  }
  const Now now = SystemClock().now();
  const int horizon = arguments.horizon.value_or(30);
  const auto series = forecast_from_ledger(arguments.ledger, now,
                                           {.series = options_of(arguments),
                                            .horizon = std::chrono::minutes(horizon),
                                            .history = std::chrono::days(arguments.days)});
  if (!series) return fail(series);
  return admin::view(*series, {.minutes = horizon}, now.wall);
}

int forecast(const ForecastArguments& arguments) {
  const auto answer = forecast_of(arguments);
  if (!answer) return complain(answer.error().detail);
  try {
    fmt::print("{}", arguments.format == "json" ? boost::json::serialize(*answer) + "\n"
                                                : forecast_text(*answer, arguments.by, arguments.measures));
  } catch (const std::exception&) {  // Boost.JSON's way to say that a member is missing or of another type
    return complain(arguments.url +
                    " does not answer as this version of tidegate does; is it the dashboard's address?");
  }
  return 0;
}

int backtest(const ForecastArguments& arguments) {
  if (!arguments.url.empty()) return complain("--backtest reads the ledger's files; give --ledger instead of --url");
  BacktestQuestion question;
  for (const std::string& name : arguments.by) {
    if (const auto scope = monitor::forecast_scope_named(name)) question.scopes.push_back(*scope);
  }
  for (const monitor::DemandMeasure measure : monitor::kDemandMeasures) {
    for (const std::string& name : arguments.measures) {
      if (name == to_string(measure)) question.measures.push_back(measure);
    }
  }
  if (question.measures.empty()) question.measures = {monitor::DemandMeasure::Requests};
  store::DemandReader history(arguments.ledger);
  const auto series = backtest_ledger(history, SystemClock().now().wall, std::chrono::days(arguments.days), question);
  if (!series) return complain(series.error().detail);
  fmt::print("{}", arguments.format == "json" ? backtest_json(*series) : backtest_text(*series));
  return 0;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const monitor::ForecastMethod method : monitor::kForecastMethods) names.emplace_back(to_string(method));
  return names;
}

}  // namespace

void add_forecast_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<ForecastArguments>();
  CLI::App* command =
      program.add_subcommand("forecast", "What will be asked for, and how likely limits and budgets run out");
  command->add_option("--ledger", arguments->ledger, "Directory of journal and ledger")->capture_default_str();
  command->add_option("--url", arguments->url,
                      "Ask the running instance with this dashboard address instead of reading the files");
  add_token_argument(*command, arguments->instance);
  command->add_option("--horizon", arguments->horizon, "Minutes ahead; as the instance is set, of the files 30")
      ->check(CLI::Range(5, 120));
  command
      ->add_option("--by", arguments->by,
                   "all, pool, model, tenant, key (of an instance: with limits; a back-test), separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember({"all", "pool", "model", "tenant", "key"}))
      ->capture_default_str();
  command
      ->add_option("--measure", arguments->measures,
                   "requests, input_tokens, output_tokens, cost_usd, tokens; all, of a back-test requests")
      ->delimiter(',')
      ->check(CLI::IsMember({"requests", "input_tokens", "output_tokens", "cost_usd", "tokens"}));
  command->add_option("--format", arguments->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->add_option("--days", arguments->days, "How much of the ledger to learn from, or to judge")
      ->check(CLI::Range(1, 400))
      ->capture_default_str();
  command->add_option("--method", arguments->method, "How the ledger's demand is forecast")
      ->check(CLI::IsMember(method_names()))
      ->capture_default_str();
  command->add_option("--season", arguments->season, "Which days of the ledger are alike: workweek, day (all), none")
      ->check(CLI::IsMember({"workweek", "day", "none"}))
      ->capture_default_str();
  command->add_flag("--backtest", arguments->is_backtest, "Which method would have foretold the ledger's past best");
  command->callback(
      [arguments, &exit_code] { exit_code = arguments->is_backtest ? backtest(*arguments) : forecast(*arguments); });
}

}  // namespace tidegate::app
