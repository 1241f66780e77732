// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/cost_command.h"

#include "app/admin_client.h"
#include "app/configuration.h"
#include "app/cost_answer.h"
#include "app/cost_report.h"
#include "base/time.h"
#include "store/sqlite/ledger_reader.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {

namespace {

struct CostArguments {
  CommandLine files;  ///< --config and --ledger
  std::string since = "24h";
  std::vector<std::string> by{"model"};
  std::string format = "table";
  std::string fail_over;
  std::string session;
  std::string kind = "request";
  std::string url;  ///< of a running instance, instead of the files
  InstanceArguments instance;
};

int complain(std::string_view what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

/// The rows as a running instance tells them. Failure: no instance there, or an answer of another version.
Result<std::vector<store::CostRow>> ask_for_rows(const CostArguments& arguments,
                                                 const std::vector<store::Dimension>& by) {
  std::string path = "/api/v1/cost?since=" + query_value(arguments.since) +
                     "&by=" + query_value(fmt::format("{}", fmt::join(arguments.by, ",")));
  if (arguments.kind != "request") path += "&kind=" + query_value(arguments.kind);
  if (!arguments.session.empty()) path += "&session=" + query_value(arguments.session);
  InstanceArguments instance = arguments.instance;
  instance.url = arguments.url;
  const auto answer = ask_instance(instance, path);
  if (!answer) return fail(answer);
  return read_cost_rows(*answer, by);
}

/// The rows of the files; of a directory that is named the configuration is not asked, which may not be readable there.
Result<std::vector<store::CostRow>> read_rows(const CommandLine& files, const store::EntryFilter& filter, const std::vector<store::Dimension>& by) {
  std::string directory = files.ledger;
  if (directory.empty() || !files.config.empty()) {
    const auto options = Configuration(files).read_for_stores();
    if (!options) return fail(options);
    directory = options->store.directory;
  }
  store::LedgerReader ledger(directory);
  if (Result<void> there = ledger.check(); !there) return fail(there);
  return ledger.aggregate(filter, by);
}

/// One line about what the instance's own marks for prompt caches saved; empty if it set none, or cannot be asked.
std::string savings_line(const CostArguments& arguments) {
  InstanceArguments instance = arguments.instance;
  instance.url = arguments.url;
  const auto answer = ask_instance(instance, "/api/v1/savings");
  return answer ? savings_text(*answer) : std::string{};
}

int cost(const CostArguments& arguments) {
  CostReport report;
  for (const std::string& name : arguments.by) {
    const auto dimension = store::dimension_named(name);
    if (!dimension)
      return complain(fmt::format(
          "--by: '{}' is no dimension; use model, provider, endpoint, tenant, key, user, session, agent, day, hour or minute", name));
    report.by.push_back(*dimension);
  }
  const auto format = report_format_named(arguments.format);
  if (!format)
    return complain(fmt::format("--format: '{}' is none of table, json, csv, markdown, junit", arguments.format));
  const auto since = parse_duration(arguments.since);
  if (!since) return complain("--since: " + since.error().detail);
  if (!arguments.fail_over.empty()) {
    const auto limit = Money::parse(arguments.fail_over);
    if (!limit) return complain("--fail-over: " + limit.error().detail);
    if (*limit < Money()) return complain(fmt::format("--fail-over: '{}' is below nothing; give dollars such as 5.00", arguments.fail_over));
    report.fail_over = *limit;
  }
  report.kind = arguments.kind == "shadow" ? store::EntryKind::Shadow : store::EntryKind::Request;
  store::EntryFilter filter;
  filter.kind = report.kind;
  filter.since = SystemClock().now().wall - *since;
  if (!arguments.session.empty()) filter.equals.push_back({store::Dimension::Session, arguments.session});
  auto rows = arguments.url.empty() ? read_rows(arguments.files, filter, report.by) : ask_for_rows(arguments, report.by);
  if (!rows) return complain(rows.error().detail);
  report.rows = std::move(*rows);
  fmt::print("{}", write_report(report, *format));
  if (!arguments.url.empty() && *format == ReportFormat::Table) fmt::print("{}", savings_line(arguments));
  return report.is_over() ? 2 : 0;
}

}  // namespace

void add_cost_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<CostArguments>();
  CLI::App* command = program.add_subcommand("cost", "Usage and cost, for terminals and for CI");
  command->add_option("--config", arguments->files.config, "YAML file that names the ledger; as for serve");
  command->add_option("--ledger", arguments->files.ledger, "Directory of journal and ledger instead of the configured one");
  command->add_option("--since", arguments->since, "How far back: 30m, 24h, 7d")->capture_default_str();
  command->add_option("--by", arguments->by, "Dimensions, separated by commas")->delimiter(',')->capture_default_str();
  command->add_option("--format", arguments->format, "table, json, csv, markdown or junit")->capture_default_str();
  command->add_option("--fail-over", arguments->fail_over, "Exit with 2 if the total is above so many dollars");
  command->add_option("--session", arguments->session, "Only this session (Claude Code's session id)");
  command->add_option("--kind", arguments->kind, "request, or shadow for copies that went to a second provider")
      ->check(CLI::IsMember({"request", "shadow"}))
      ->capture_default_str();
  command->add_option("--url", arguments->url,
                      "Ask the running instance with this dashboard address instead of reading the files");
  add_token_argument(*command, arguments->instance);
  command->callback([arguments, &exit_code] { exit_code = cost(*arguments); });
}

}  // namespace tidegate::app
