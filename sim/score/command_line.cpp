// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/score/command_line.h"

#include "base/time.h"
#include "sim/score/runner.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace tidegate::sim {

namespace {

/// `KEY` of everybody, or `TENANT=KEY`. False: there is no such tenant.
bool take_key(const std::string& text, ScoreRunOptions& run) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    run.key = text;
    return true;
  }
  const std::string tenant = text.substr(0, equals);
  const bool is_known = std::any_of(kScoreTenants.begin(), kScoreTenants.end(),
                                    [&](const ScoreTenant& one) { return one.name == tenant; });
  if (is_known) run.tenant_keys[tenant] = text.substr(equals + 1);
  return is_known;
}

/// Seconds of a duration such as `15m`. Failure as of parse_duration.
Result<double> seconds_of(const std::string& text) {
  const auto length = parse_duration(text);
  if (!length) return fail(length);
  return std::chrono::duration<double>(*length).count();
}

}  // namespace

int run_score_command(int argc, const char* const* argv) {
  CLI::App app("Puts a storm to a gateway: bursts of five tenants, a pile of batch requests. Prints how it did.",
               "tidegate-sim score");
  ScorePlanOptions plan;
  ScoreRunOptions run;
  std::string duration = "15m", pile_at = "5m";
  std::vector<std::string> keys;
  bool as_json = false;
  app.add_option("url", run.url, "of the gateway, like http://127.0.0.1:8080")->required();
  app.add_option("--control", run.control,
                 "of the simulator behind it, to print what it refused and how far it was used");
  app.add_option("--key", keys,
                 "that the gateway asks for: KEY, or TENANT=KEY for anna, bert, crawl, digest, embed; may be repeated");
  app.add_option("--model", plan.model, "that is asked for")->capture_default_str();
  app.add_option("--path", run.path, "of the messages API at the gateway")->capture_default_str();
  app.add_option("--rate", plan.rate, "requests a second in the mean; 3 is 0.6 of three storm_c")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 1000.0));
  app.add_option("--duration", duration, "in which requests are sent")->capture_default_str();
  app.add_option("--pile-at", pile_at, "when a batch tenant sends a pile")->capture_default_str();
  app.add_option("--pile", plan.pile, "how many within 0.7 s")->capture_default_str();
  app.add_option("--seed", plan.seed, "the same seed sends the same requests")->capture_default_str();
  app.add_option("--speed", run.speed, "arrivals times, times divided by this; as the simulator's --speed")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1000.0));
  app.add_flag("--json", as_json, "one object instead of a table");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  const auto length = seconds_of(duration);
  const auto at = seconds_of(pile_at);
  for (const auto* const read : {&length, &at}) {
    if (*read) continue;
    fmt::print(stderr, "tidegate-sim score: {}\n", read->error().detail);
    return 2;
  }
  plan.duration = *length;
  plan.pile_at = *at;
  for (const std::string& key : keys) {
    if (take_key(key, run)) continue;
    fmt::print(stderr, "tidegate-sim score: --key: there is no tenant '{}'\n", key.substr(0, key.find('=')));
    return 2;
  }
  try {
    const Score score = run_score(plan, run);
    fmt::print("{}", as_json ? to_json(score) + "\n" : to_table(score));
  } catch (const std::exception& error) {
    fmt::print(stderr, "tidegate-sim score: {}\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace tidegate::sim
