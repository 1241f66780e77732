// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/reconcile_command.h"

#include "app/configuration.h"
#include "app/configuration_sources.h"
#include "app/provider_reports.h"
#include "app/reconciliation.h"
#include "base/ascii.h"
#include "base/number.h"
#include "store/sqlite/ledger_reader.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate::app {

namespace {

constexpr const char* kKeyVariable = "ANTHROPIC_ADMIN_KEY";
constexpr std::string_view kUsualName = "anthropic";
constexpr const char* kUsualUrl = "https://api.anthropic.com";

struct ReconcileArguments {
  CommandLine files;  ///< --config and --ledger
  std::string since = "24h";
  std::string lag = "5m";
  std::string format = "table";
  std::string fail_over;
  std::string provider;  ///< empty: see provider_of
  std::string url;
};

int complain(std::string_view what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

/// The provider that was named, else the one with a key of the Admin API, else `anthropic`, else the first that speaks
/// Anthropic's dialect; what is usual of it where the configuration does not have it.
upstream::ProviderOptions provider_of(const config::Options& options, const std::string& name) {
  using upstream::ProviderOptions;
  const auto find = [&](const auto& suits) {
    return std::find_if(options.providers.begin(), options.providers.end(), suits);
  };
  const auto none = options.providers.end();
  auto found = find([&](const ProviderOptions& provider) {
    return name.empty() ? !provider.admin_key.empty() : provider.id.text() == name;
  });
  if (name.empty() && found == none)
    found = find([](const ProviderOptions& provider) { return provider.id.text() == kUsualName; });
  if (name.empty() && found == none)
    found = find([](const ProviderOptions& provider) { return provider.dialect == llm::Dialect::Anthropic; });
  if (found != none) return *found;
  ProviderOptions usual;
  usual.id = ProviderId(name.empty() ? std::string(kUsualName) : name);
  usual.base_url = kUsualUrl;
  return usual;
}

Result<AdminApi> admin_api(const ReconcileArguments& arguments, const upstream::ProviderOptions& provider) {
  auto sources = read_sources(arguments.files.config);
  if (!sources) return fail(sources);
  AdminApi api{.base_url = arguments.url.empty() ? provider.base_url : arguments.url,
               .key = provider.admin_key,
               .key_name = provider.admin_key_name,
               .ca_file = provider.ca_file,
               .proxy = arguments.url.empty() ? provider.proxy : std::string(),
               .proxy_credential = arguments.url.empty() ? provider.proxy_credential : Secret()};
  while (api.base_url.ends_with('/')) api.base_url.pop_back();
  if (api.key.empty()) {
    api.key = Secret(std::string(trim(config::variable(sources->environment, kKeyVariable))));
    api.key_name = kKeyVariable;
  }
  if (api.key.empty()) {
    return fail(FailureKind::Denied, Origin::Operator,
                fmt::format("no Admin API key: put one (sk-ant-admin…, not an ordinary key) into {}, or name it as "
                            "'admin_key' of provider {}",
                            kKeyVariable, provider.id.text()));
  }
  return api;
}

/// Tokens of the window and cost of its days, as the ledger has them.
Result<UseByModel> ledger_use(const config::Options& options, const std::string& provider, const ReconcileWindow& window) {
  constexpr std::array by{store::Dimension::ResponseModel, store::Dimension::Model};
  store::LedgerReader reader(options.store.directory);
  if (Result<void> there = reader.check(); !there) return fail(there);
  store::EntryFilter filter{
      .since = window.since, .until = window.until, .equals = {{store::Dimension::Provider, provider}}};
  auto rows = reader.aggregate(filter, by);
  if (!rows) return fail(rows);
  UseByModel use;
  for (store::CostRow& row : *rows) {
    row.cost = Money();
    row.web_search_requests = 0;
  }
  add_ledger_rows(*rows, options.prices.web_search, use);
  filter.since = window.cost_since;
  rows = reader.aggregate(filter, by);
  if (!rows) return fail(rows);
  for (store::CostRow& row : *rows) row.tokens = {};
  add_ledger_rows(*rows, options.prices.web_search, use);
  return use;
}

int reconcile(const ReconcileArguments& arguments) {
  const auto format = report_format_named(arguments.format);
  if (!format || *format == ReportFormat::Junit)
    return complain(fmt::format("--format: '{}' is none of table, json, csv, markdown", arguments.format));
  const auto since = parse_duration(arguments.since);
  if (!since || *since <= Nanoseconds(0))
    return complain(fmt::format("--since: '{}' is no duration such as 30m, 24h or 7d", arguments.since));
  const auto lag = parse_duration(arguments.lag);
  if (!lag) return complain("--lag: " + lag.error().detail);
  Reconciliation reconciliation;
  if (!arguments.fail_over.empty()) {
    reconciliation.fail_over = parse_decimal(arguments.fail_over);
    if (!reconciliation.fail_over || *reconciliation.fail_over < 0)
      return complain(fmt::format("--fail-over: '{}' is no percentage such as 0.5", arguments.fail_over));
  }
  auto options = Configuration(arguments.files).read_for_stores();
  if (!options) return complain(options.error().detail);
  const upstream::ProviderOptions provider = provider_of(*options, arguments.provider);
  auto api = admin_api(arguments, provider);
  if (!api) return complain(api.error().detail);
  reconciliation.window = reconcile_window(SystemClock().now().wall, *since, *lag);
  const auto ours = ledger_use(*options, std::string(provider.id.text()), reconciliation.window);
  if (!ours) return complain(ours.error().detail);
  const auto theirs = fetch_provider_use(*api, reconciliation.window);
  if (!theirs) return complain(theirs.error().detail);
  reconciliation.drifts = compare(*ours, *theirs);
  fmt::print("{}", write_reconciliation(reconciliation, *format));
  return reconciliation.is_over() ? 2 : 0;
}

}  // namespace

void add_reconcile_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<ReconcileArguments>();
  CLI::App* command =
      program.add_subcommand("reconcile", "Compare the ledger with Anthropic's own usage and cost reports");
  command->add_option("--config", arguments->files.config, "YAML file that names ledger and provider; as for serve");
  command->add_option("--ledger", arguments->files.ledger,
                      "Directory of journal and ledger instead of the configured one");
  command->add_option("--since", arguments->since, "How far back: 30m, 24h, 7d; cost by whole days (UTC)")
      ->capture_default_str();
  command->add_option("--lag", arguments->lag, "How far the provider's books are behind")->capture_default_str();
  command->add_option("--format", arguments->format, "table, json, csv or markdown")->capture_default_str();
  command->add_option("--fail-over", arguments->fail_over,
                      "Exit with 2 if a figure drifts by more than so many percent");
  command->add_option("--provider", arguments->provider, "The provider's name in configuration and ledger");
  command->add_option("--url", arguments->url, "Base address of the Admin API instead of the provider's");
  command->callback([arguments, &exit_code] { exit_code = reconcile(*arguments); });
}

}  // namespace tidegate::app
