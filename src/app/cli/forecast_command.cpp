// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/forecast_command.h"

#include "admin/forecast_view.h"
#include "app/admin_client.h"
#include "app/alert_sources.h"
#include "app/cli/directory_files.h"
#include "app/configuration.h"
#include "app/demand_limits.h"
#include "app/forecast_text.h"
#include "app/ledger_forecast.h"
#include "base/time.h"
#include "store/sqlite/demand_reader.h"
#include "store/sqlite/ledger_reader.h"
#include "store/sqlite/sqlite_directory.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace tidegate::app {

namespace {

struct ForecastArguments {
  CommandLine files;  ///< --config and --ledger
  std::string url;    ///< of a running instance, instead of the files
  InstanceArguments instance;
  std::optional<int> horizon = {};  ///< absent: as the instance is set, else 30
  std::optional<int> days = {};  ///< absent: as configured
  std::vector<std::string> by{"all", "pool"};
  std::vector<std::string> measures;
  std::string format = "table";
  std::optional<std::string> method = {};  ///< likewise
  std::optional<std::string> season = {};
  bool is_backtest = false;
};

/// What speaks of files, and says nothing to a running instance.
std::optional<std::string_view> files_argument(const ForecastArguments& arguments) {
  if (arguments.is_backtest) return "--backtest";
  if (arguments.method) return "--method";
  if (arguments.season) return "--season";
  if (arguments.days) return "--days";
  if (!arguments.files.config.empty()) return "--config";
  if (!arguments.files.ledger.empty()) return "--ledger";
  return std::nullopt;
}

/// The configuration with the directory of the files. Failure: InvalidInput; NotFound where there is no ledger, because a
/// mistyped directory is not one in which nothing was asked for.
Result<config::Options> configuration_of(const ForecastArguments& arguments) {
  auto configured = Configuration(arguments.files).read_for_stores();
  if (!configured) return fail(configured);
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::path(configured->store.directory) / "ledger.db", error)) return configured;
  return fail(FailureKind::NotFound, Origin::Operator,
              fmt::format("there is no ledger in {}; name its directory with --ledger or the configuration, or an instance with --url",
                          configured->store.directory));
}

/// What an instance with this configuration would forecast by, but for what the command line says.
monitor::ForecastSettings settings_of(const ForecastArguments& arguments, const config::Options& configured) {
  monitor::ForecastSettings settings = configured.forecast;
  if (arguments.method) settings.series.method = monitor::forecast_method_named(*arguments.method).value_or(settings.series.method);
  if (arguments.season) settings.series.season = monitor::forecast_season_named(*arguments.season).value_or(settings.series.season);
  if (arguments.horizon) settings.horizon = std::chrono::minutes(*arguments.horizon);
  if (arguments.days) settings.history = std::chrono::days(*arguments.days);
  return settings;
}

/// What tenants and keys may take, as the directory and the ledger have it, and what is left of the day's budget of all.
/// Limits per minute are taken as full: who uses them now, only an instance knows.
Result<std::vector<monitor::DemandLimit>> limits_of(const config::Options& configured, Now now) {
  const std::filesystem::path folder(configured.store.directory);
  std::vector<monitor::DemandLimit> limits;
  std::error_code error;
  if (std::filesystem::exists(directory_file(folder), error)) {
    store::SqliteDirectory directory(directory_file(folder));
    const auto accounts = read_levels(folder, directory, now);
    if (!accounts) return fail(accounts);
    limits = demand_limits({}, *accounts, now.wall);
  }
  store::LedgerReader ledger(folder);
  for (const monitor::BudgetStanding& budget : daily_standing(ledger, configured.alerts.daily_budget, now.wall)) {
    if (!budget.spent) continue;
    const auto spent = Money::nanodollars(std::llround(*budget.spent * 1e9));
    for (monitor::DemandLimit& limit : daily_budget_limit(configured.alerts.daily_budget, spent, now.wall)) limits.push_back(std::move(limit));
  }
  return limits;
}

Result<boost::json::value> forecast_of(const ForecastArguments& arguments) {
  if (!arguments.url.empty()) {
    InstanceArguments instance = arguments.instance;
    instance.url = arguments.url;
    const std::string horizon = arguments.horizon ? fmt::format("?horizon={}", *arguments.horizon) : std::string();
    return ask_instance(instance, "/api/v1/forecast" + horizon);
  }
  const auto configured = configuration_of(arguments);
  if (!configured) return fail(configured);
  const Now now = SystemClock().now();
  const monitor::ForecastSettings settings = settings_of(arguments, *configured);
  const auto limits = limits_of(*configured, now);
  if (!limits) return fail(limits);
  const auto series = forecast_from_ledger(configured->store.directory, now, settings, *limits);
  if (!series) return fail(series);
  const auto horizon = std::chrono::floor<std::chrono::minutes>(settings.horizon).count();
  return admin::view(*series, {.minutes = static_cast<int>(horizon)}, now.wall);
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
  const auto configured = configuration_of(arguments);
  if (!configured) return complain(configured.error().detail);
  store::DemandReader history(configured->store.directory);
  const auto days = std::chrono::floor<std::chrono::days>(settings_of(arguments, *configured).history);
  const auto series = backtest_ledger(history, SystemClock().now().wall, std::max(days, std::chrono::days(1)), question);
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
  command->add_option("--config", arguments->files.config, "YAML file that names ledger and `forecast` settings; as for serve");
  command->add_option("--ledger", arguments->files.ledger, "Directory of journal and ledger instead of the configured one");
  command->add_option("--url", arguments->url,
                      "Ask the running instance with this dashboard address instead of reading the files");
  add_token_argument(*command, arguments->instance);
  command->add_option("--horizon", arguments->horizon, "Minutes ahead instead of the configured ones")
      ->check(CLI::Range(5, 120));
  command
      ->add_option("--by", arguments->by,
                   "all, pool, model, tenant, key (with limits; a back-test: any), separated by commas")
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
  command->add_option("--days", arguments->days, "How much of the ledger to learn from, or to judge, instead of the configured time")
      ->check(CLI::Range(1, 400));
  command->add_option("--method", arguments->method, "How the ledger's demand is forecast, instead of the configured method")
      ->check(CLI::IsMember(method_names()));
  command->add_option("--season", arguments->season, "Which days of the ledger are alike, likewise: workweek, day (all), none")
      ->check(CLI::IsMember({"workweek", "day", "none"}));
  command->add_flag("--backtest", arguments->is_backtest, "Which method would have foretold the ledger's past best");
  command->callback(
      [arguments, &exit_code] {
        const auto of_files = files_argument(*arguments);
        if (of_files && !arguments->url.empty()) {
          exit_code = complain(fmt::format("{} is about the ledger's files; leave --url out to read them", *of_files));
          return;
        }
        exit_code = arguments->is_backtest ? backtest(*arguments) : forecast(*arguments);
      });
}

}  // namespace tidegate::app
