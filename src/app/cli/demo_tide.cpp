// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/demo_tide.h"

#include "app/child_process.h"
#include "app/demo_past.h"
#include "pricing/price_book.h"
#include "store/sqlite/sqlite_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tidegate::app {

namespace {

// The tide of the busiest group of models, claude-sonnet-5, has 0.41 of all requests: 24.5 a minute for each one a second. Its limit is
// a fifth above that mean, and the highest ten minutes are at half above: beyond the limit and what a full bucket holds, and well
// within twice as much. The other groups stay below by day and night.
constexpr double kRequestsPerRate = 29;
constexpr double kInputPerRate = 40'000, kOutputPerRate = 40'000, kTokensPerRate = 100'000;
constexpr double kSwing = 0.6;
constexpr double kNight = 0.5;
/// A twelfth of a period before the mean, rising: high water is a third of a period away.
constexpr double kPhase = -1.0 / 12;
constexpr double kMeanByDayAndNight = 0.75;  ///< of the rate by day
constexpr double kMostPastCalls = 400'000;   ///< what a second or two writes

constexpr const char* kTier = "double";
constexpr const char* kUpgradeSecret = "demo-upgrade-secret";  // of a simulated provider on loopback
constexpr const char* kSecretName = "TIDEGATE_DEMO_UPGRADE_SECRET";

std::string figure(double value) { return fmt::format("{:.0f}", std::max(value, 1.0)); }

/// To the millisecond, which is what durations on a command line need.
std::string length(Nanoseconds time) { return to_text(std::chrono::floor<Milliseconds>(time)); }

std::vector<std::string> tide_arguments(const DemoTide& tide) {
  return {"--rate",  fmt::format("{}", tide.rate), "--tide",  length(tide.period),         "--swing", fmt::format("{}", kSwing),
          "--phase", fmt::format("{}", kPhase),    "--night", fmt::format("{}", kNight)};
}

}  // namespace

void DemoTide::choose_past() {
  const double longest = kMostPastCalls / (rate * kMeanByDayAndNight);
  past = std::min<Nanoseconds>(std::chrono::hours(72), Seconds(static_cast<Seconds::rep>(longest)));
}

std::vector<std::string> provider_arguments(const DemoTide& tide, WallTime pace_since, const std::string& preset) {
  std::vector<std::string> arguments{"--listen", "127.0.0.1:0", "--upgrade-tier", fmt::format("{}=2", kTier), "--upgrade-secret", kUpgradeSecret,
                                     // Of a tide of an hour and a half the forecast's horizon: what was warned of comes within it.
                                     "--upgrade-term", length(tide.period / 3)};
  if (tide.pace != 1) {
    arguments.insert(arguments.end(), {"--pace", fmt::format("{}", tide.pace), "--pace-since", to_rfc3339(pace_since)});
  }
  if (!preset.empty()) {
    arguments.insert(arguments.end(), {"--preset", preset});
    return arguments;
  }
  for (const auto& [name, per_rate] : {std::pair("--requests", kRequestsPerRate), std::pair("--input-tokens", kInputPerRate),
                                       std::pair("--output-tokens-limit", kOutputPerRate), std::pair("--tokens", kTokensPerRate)}) {
    arguments.insert(arguments.end(), {name, figure(per_rate * tide.rate)});
  }
  return arguments;
}

std::vector<std::string> past_arguments(const DemoTide& tide) {
  std::vector<std::string> arguments{"traffic", "--past", length(tide.past)};
  const std::vector<std::string> same = tide_arguments(tide);
  arguments.insert(arguments.end(), same.begin(), same.end());
  return arguments;
}

std::vector<std::string> team_arguments(const DemoTide& tide, const std::string& url, WallTime now) {
  std::vector<std::string> arguments{"traffic", url, "--begin", length(std::max(now - tide.start, Nanoseconds(0)))};
  const std::vector<std::string> same = tide_arguments(tide);
  arguments.insert(arguments.end(), same.begin(), same.end());
  if (tide.pace != 1) arguments.insert(arguments.end(), {"--pace", fmt::format("{}", tide.pace)});
  return arguments;
}

config::Sources demo_sources(const std::string& simulator) {
  config::Sources sources;
  sources.yaml = {.name = "the demo's configuration",
                  .text = fmt::format(R"(alerts:
  rules:
    - {{name: exhaustion_forecast, every: 10s}}
  actions:
    - name: widen_tier
      kind: webhook
      rules: [exhaustion_forecast]
      url: "{}/sim/upgrades?group=sonnet-5"
      secret: {{env: {}}}
      tier: {}
      expected: 2m
      cooldown: 5m
      keep: 0s  # the simulator has terms of its own for a tier that is given back
      max_per_day: 100
)",
                                      simulator, kSecretName, kTier)};
  sources.environment[kSecretName] = kUpgradeSecret;
  return sources;
}

Result<std::size_t> make_up_past(const DemoTide& tide, const std::filesystem::path& program, const std::filesystem::path& directory,
                                 const pricing::PriceOptions& prices) {
  const auto prepared = prepare_demo_ledger(directory);
  if (!prepared) return fail(prepared);
  if (*prepared == DemoLedger::Foreign || tide.past <= Nanoseconds(0)) return 0;
  const auto book = pricing::PriceBook::make(prices);
  if (!book) return fail(book);
  auto team = ChildProcess::start(program, past_arguments(tide));
  if (!team) return fail(team);
  store::SqliteLedger ledger(directory / "ledger.db");
  DemoPastWriter writer(ledger, *book, tide.start);
  constexpr Seconds kPatience(60);
  while (true) {
    const auto line = team->read_line(kPatience);
    if (!line && line.error().kind == FailureKind::Closed) break;
    if (!line) return fail(line);
    if (Result<void> added = writer.add(*line); !added) return fail(added);
  }
  if (Result<void> finished = writer.finish(); !finished) return fail(finished);
  if (writer.count() == 0) return fail(FailureKind::Closed, Origin::Operator, "the simulator made up no past; what it said is above");
  return writer.count();
}

WallTime pace_since(double pace, WallTime now, WallTime then) {
  // since + pace * (now - since) = then
  const auto ahead = static_cast<double>((now - then).count()) / (pace - 1);
  return std::chrono::floor<Milliseconds>(now + Nanoseconds(static_cast<Nanoseconds::rep>(ahead)));
}

}  // namespace tidegate::app
