// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/command_line.h"

#include "base/money.h"
#include "base/number.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace tidegate::sim {

namespace {

/// What stands on the command line, before it is read further.
struct Arguments {
  std::string preset = "scale";
  std::vector<std::string> organisations, workspaces, keys, faults, schedule, tiers;
  LimitFigures figures;
  std::string fast, priority;
  std::string tier_cap, contract_cap, spend_limit;
  std::string subscription;
  std::string upgrade_term;
  std::string pace_since;
  std::string tools = "asked", code_generation = "header";
};

/// An option's number; CLI11 puts the option's name before the complaint. Its own Range lets NaN through.
CLI::Validator number_from(NumberRange range) {
  return {[range](std::string& text) {
            const auto number = parse_decimal(text);
            return number && range.holds(*number)
                       ? std::string()
                       : fmt::format("'{}' is not a number from {} to {}", text, range.least, range.most);
          },
          fmt::format("from {} to {}", range.least, range.most)};
}

tl::unexpected<Failure> invalid(std::string detail) {
  return fail(FailureKind::InvalidInput, Origin::Operator, std::move(detail));
}

Result<void> read_dollars(std::string_view option, const std::string& text, std::optional<Money>& into) {
  if (text.empty()) return {};
  const auto money = Money::parse(text);
  if (!money || *money < Money())
    return invalid(fmt::format("{}: '{}' is not an amount of dollars like 12.50, from 0", option, text));
  into = *money;
  return {};
}

Result<void> apply_figures(Arguments arguments, OrganisationLimits& limits) {
  if (!arguments.fast.empty()) {
    const auto fast = parse_rates(arguments.fast);
    if (!fast) return invalid("--fast: " + fast.error().detail);
    arguments.figures.fast = *fast;
  }
  if (!arguments.priority.empty()) {
    const auto priority = parse_token_rates(arguments.priority);
    if (!priority) return invalid("--priority: " + priority.error().detail);
    arguments.figures.priority = *priority;
  }
  arguments.figures.apply_to(limits);
  if (auto done = read_dollars("--tier-cap", arguments.tier_cap, limits.tier_spend_cap); !done) return done;
  if (auto done = read_dollars("--contract-cap", arguments.contract_cap, limits.contract_spend_cap); !done) return done;
  return read_dollars("--spend-limit", arguments.spend_limit, limits.spend_limit);
}

/// `ws=requests/input/output`, `-` for what is not limited.
Result<void> apply_workspace(std::string_view text, OrganisationLimits& limits) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return invalid(fmt::format("'{}' is not a workspace's limits like ws=50/20000/-", text));
  }
  const auto rates = parse_rates(text.substr(equals + 1));
  if (!rates) return invalid("--workspace: " + rates.error().detail);
  limits.workspaces[std::string(text.substr(0, equals))].table.standard = *rates;
  return {};
}

constexpr NumberRange kWindowTokens{1, 1e15};
constexpr NumberRange kTierFactor{1, 1e6};

/// `5H/7D`, tokens in each window.
Result<SubscriptionLimits> read_subscription(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto five_hours = parse_decimal(text.substr(0, slash));
  const auto seven_days = slash == std::string_view::npos ? std::nullopt : parse_decimal(text.substr(slash + 1));
  if (!five_hours || !seven_days || !kWindowTokens.holds(*five_hours) || !kWindowTokens.holds(*seven_days)) {
    return invalid(fmt::format(
        "'{}' is not a subscription's tokens like 200000/1000000 (in five hours, in seven days, each from {} to {})",
        text, kWindowTokens.least, kWindowTokens.most));
  }
  return SubscriptionLimits{*five_hours, *seven_days};
}

/// `double=2`: a tier to be had, and what the limits are multiplied by.
Result<void> read_tiers(const Arguments& arguments, TierTerms& terms) {
  for (const std::string& text : arguments.tiers) {
    const std::size_t equals = text.find('=');
    const auto factor =
        equals == std::string::npos ? std::nullopt : parse_decimal(std::string_view(text).substr(equals + 1));
    if (!factor || equals == 0 || !kTierFactor.holds(*factor)) {
      return invalid(fmt::format("'{}' is not a tier like double=2 (a factor from {} to {})", text, kTierFactor.least,
                                 kTierFactor.most));
    }
    terms.tiers[text.substr(0, equals)] = *factor;
  }
  if (arguments.upgrade_term.empty()) return {};
  const auto term = parse_duration(arguments.upgrade_term);
  if (!term) return invalid("--upgrade-term: " + term.error().detail);
  terms.shortest = *term;
  return {};
}

Result<void> complete(const Arguments& arguments, Options& options) {
  auto limits = preset_limits(arguments.preset);
  if (!limits) return fail(limits);
  if (auto done = apply_figures(arguments, *limits); !done) return done;
  for (const std::string& text : arguments.workspaces) {
    if (auto done = apply_workspace(text, *limits); !done) return done;
  }
  options.limits = *std::move(limits);
  for (const std::string& text : arguments.organisations) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return invalid(fmt::format("'{}' is not an organisation and its preset like org-a=tier2", text));
    auto own = preset_limits(text.substr(equals + 1));
    if (!own) return fail(own);
    own->workspaces = options.limits.workspaces;
    options.organisations[text.substr(0, equals)] = *std::move(own);
  }
  if (!arguments.subscription.empty()) {
    const auto subscription = read_subscription(arguments.subscription);
    if (!subscription) return fail(subscription);
    options.subscription = *subscription;
  }
  if (auto done = read_tiers(arguments, options.tiers); !done) return done;
  for (const std::string& text : arguments.keys) {
    auto rule = parse_key_rule(text);
    if (!rule) return fail(rule);
    options.keys.push_back(*std::move(rule));
  }
  auto faults = parse_fault_rules(fmt::format("{}", fmt::join(arguments.faults, ",")));
  if (!faults) return fail(faults);
  options.faults = *std::move(faults);
  auto schedule = parse_schedule(fmt::format("{}", fmt::join(arguments.schedule, ",")));
  if (!schedule) return fail(schedule);
  options.schedule = *std::move(schedule);
  options.tools = arguments.tools == "never"    ? ToolUse::Never
                  : arguments.tools == "always" ? ToolUse::Always
                                                : ToolUse::Asked;
  options.code_generation =
      arguments.code_generation == "tools" ? CodeGenerationRule::Tools : CodeGenerationRule::Header;
  if (!arguments.pace_since.empty()) {
    const auto since = parse_rfc3339(arguments.pace_since);
    if (!since) return invalid("--pace-since: " + since.error().detail);
    options.pace_since = *since;
  }
  if (options.tls_certificate.empty() != options.tls_key.empty())
    return invalid("--tls-certificate and --tls-key go together");
  return {};
}

void declare(CLI::App& app, Arguments& arguments, Options& options) {
  app.add_option("--listen", options.listen, "address:port; port 0 takes a free one")->capture_default_str();
  app.add_option("--tls-certificate", options.tls_certificate, "PEM file; with --tls-key the simulator speaks TLS");
  app.add_option("--tls-key", options.tls_key, "PEM file");
  app.add_option("--threads", options.threads, "threads that serve connections")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--seed", options.seed, "of latencies, lengths, faults and ids")->capture_default_str();
  app.add_option("--speed", options.speed, "limits times, latencies divided by this")
      ->capture_default_str()
      ->check(number_from({0.001, 10'000}));
  app.add_option("--pace", options.pace, "the clock runs so many times faster, latencies too")
      ->capture_default_str()
      ->check(number_from({1, 1000}));
  app.add_option("--pace-since", arguments.pace_since,
                 "when it began to, RFC 3339: whoever is told the same tells the same time");
  app.add_flag("--instant", options.instant, "no latency, answers of 12 tokens");
  app.add_flag("--plain", options.plain, "compress nothing, whatever a client accepts");
  app.add_flag("--flush-each-event", options.flush_each_event, "with --instant: one write per event");

  app.add_option("--preset", arguments.preset, fmt::format("limits: {}", fmt::join(preset_names(), ", ")))
      ->capture_default_str();
  LimitFigures& figures = arguments.figures;
  app.add_option("--requests", figures.requests, "per minute, over the preset")->check(number_from(kPerMinute));
  app.add_option("--input-tokens", figures.input_tokens, "per minute, over the preset")->check(number_from(kPerMinute));
  app.add_option("--output-tokens-limit", figures.output_tokens, "per minute, over the preset")
      ->check(number_from(kPerMinute));
  app.add_option("--tokens", figures.tokens, "input and output together per minute, over the preset")
      ->check(number_from(kPerMinute));
  app.add_option("--concurrent", figures.concurrent, "requests in flight, over the preset")
      ->check(number_from(kConcurrent));
  app.add_option("--burst-seconds", figures.burst_seconds, "how much time of refill the buckets hold; 60 by default")
      ->check(number_from(kBurstSeconds));
  app.add_flag_callback(
      "--ramp", [&figures] { figures.has_ramp = true; }, "refuse sharp ramps");
  app.add_flag_callback(
      "--reserve-output", [&figures] { figures.reserves_output = true; },
      "charge max_tokens at the start, as OpenAI does");
  app.add_option(
      "--fast", arguments.fast,
      "REQUESTS/INPUT/OUTPUT a minute of each model group in fast mode, '-' for none; the group's by default");
  app.add_option("--priority", arguments.priority,
                 "INPUT/OUTPUT tokens a minute of Priority Tier for each model group, '-' for none");
  app.add_option("--tier-cap", arguments.tier_cap, "dollars a month, then 429 without retry-after");
  app.add_option("--contract-cap", arguments.contract_cap, "dollars a month, then 429 without retry-after");
  app.add_option("--spend-limit", arguments.spend_limit, "the customer's own, dollars a month, then 400");
  app.add_option("--organization", arguments.organisations, "ORG=PRESET; may be repeated");
  app.add_option("--subscription", arguments.subscription,
                 "5H/7D tokens of a subscription's windows, with its unified headers");
  app.add_option("--default-organization", options.default_organisation, "of keys that name none")
      ->capture_default_str();
  app.add_option("--workspace", arguments.workspaces,
                 "WORKSPACE=REQUESTS/INPUT/OUTPUT a minute, '-' for none; may be repeated");
  app.add_option("--upgrade-tier", arguments.tiers,
                 "TIER=FACTOR that /sim/upgrades gives: an organisation's own limits times FACTOR; may be repeated");
  app.add_option("--upgrade-term", arguments.upgrade_term, "an upgrade lasts at least so long; 30m by default");
  app.add_option("--upgrade-secret", options.upgrade_secret, "that callers of /sim/upgrades sign with");
  app.add_option("--key", arguments.keys, "KEY=ORG[:WORKSPACE]; may be repeated; without any every key is accepted");
  app.add_option("--admin-key", options.admin_key, "of /v1/organizations; by default any sk-ant-admin…");
  app.add_flag("--any-model", options.any_model, "accept ids that look like no known model");

  app.add_option("--text", options.text, "what answers begin with")->capture_default_str();
  app.add_option("--output-tokens", options.output_tokens, "length of every answer instead of a drawn one")
      ->check(number_from({0, 1e6}));
  app.add_option("--mean-output-tokens", options.latency.output.mean, "of drawn lengths")
      ->capture_default_str()
      ->check(number_from({1, 1e6}));
  app.add_option("--output-sigma", options.latency.output.sigma, "of the logarithm of drawn lengths")
      ->capture_default_str()
      ->check(number_from({0, 5}));
  app.add_option("--first-token-seconds", options.latency.first_token_median, "median")
      ->capture_default_str()
      ->check(number_from({0, 3600}));
  app.add_option("--tokens-per-second", options.latency.tokens_per_second, "of one answer; 0: all at once")
      ->capture_default_str()
      ->check(number_from({0, 1e6}));
  app.add_option("--tokens-per-event", options.tokens_per_event, "of a stream")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--tools", arguments.tools, "when tools are called")
      ->capture_default_str()
      ->check(CLI::IsMember({"never", "asked", "always"}));
  app.add_option("--code-generation", arguments.code_generation, "which requests are of the code_generation class")
      ->capture_default_str()
      ->check(CLI::IsMember({"header", "tools"}));

  app.add_option("--fault", arguments.faults, "NAME[=VALUE][:PROBABILITY]; may be repeated");
  app.add_option("--schedule", arguments.schedule, "FROM+LENGTH:FAULT, like 30s+60s:529; may be repeated");
}

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv) {
  CLI::App app("A provider of language models that is honest about its limits.", "tidegate-sim");
  Arguments arguments;
  Options options;
  declare(app, arguments, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, app.exit(error)};
  }
  if (const auto done = complete(arguments, options); !done) {
    fmt::print(stderr, "tidegate-sim: {}\n", done.error().detail);
    return {std::nullopt, 2};
  }
  return {options, 0};
}

}  // namespace tidegate::sim
