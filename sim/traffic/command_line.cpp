// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/command_line.h"

#include "sim/traffic/past.h"
#include "sim/traffic/sender.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace tidegate::sim {

namespace {

/// Failure: what the option is called, and what is wrong.
Result<void> read(const char* option, const std::string& text, Nanoseconds& into) {
  if (text.empty()) return {};
  const auto length = parse_duration(text);
  if (!length)
    return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("{}: {}", option, length.error().detail));
  into = *length;
  return {};
}

void print_past(const TrafficOptions& traffic) {
  constexpr std::size_t kPiece = 64 * 1024;
  PastTraffic past(traffic);
  std::string text;
  while (const auto call = past.next()) {
    append_line(text, *call);
    if (text.size() < kPiece) continue;
    std::fwrite(text.data(), 1, text.size(), stdout);
    text.clear();
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

int run_traffic(int argc, const char* const* argv) {
  CLI::App app("Sends what a team would send, with a tide.", "tidegate-sim traffic");
  SenderOptions sender;
  TrafficOptions traffic;
  std::string duration, period, begin, past;
  app.add_option("url", sender.url, "of the gateway, like http://127.0.0.1:8080; left out with --past");
  app.add_option("--seed", traffic.seed, "the same seed sends the same requests")->capture_default_str();
  app.add_option("--rate", traffic.rate, "requests a second in the mean")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 1000.0));
  app.add_option("--tide", period, "from high water to high water, 10m by default");
  app.add_option("--swing", traffic.tide.swing, "how far the tide rises and falls, of the mean")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--phase", traffic.tide.phase,
                 "where in the tide it begins; 0: rising through the mean, 0.25: high water")
      ->capture_default_str()
      ->check(CLI::Range(-1.0, 1.0));
  app.add_option("--night", traffic.tide.night,
                 "share of the day's traffic at night, which begins nine hours after the beginning")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--begin", begin, "so long after the tide's beginning, such as 90s");
  app.add_option("--pace", sender.pace, "so many times faster than the clock")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1000.0));
  app.add_option("--past", past, "sends nothing, but prints a line for each call of so long before the beginning");
  app.add_option("--key", sender.key, "that the gateway asks for")->capture_default_str();
  app.add_option("--duration", duration, "such as 5m; without it until SIGTERM or SIGINT");
  try {
    app.parse(argc, argv);
    if (sender.url.empty() == past.empty()) throw CLI::RequiredError("either a URL or --past");
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  Nanoseconds length{0}, before{0};
  for (const Result<void>& done : {read("--duration", duration, length), read("--tide", period, traffic.tide.period),
                                   read("--begin", begin, traffic.begin), read("--past", past, before)}) {
    if (done) continue;
    fmt::print(stderr, "tidegate-sim traffic: {}\n", done.error().detail);
    return 2;
  }
  if (traffic.tide.period <= Nanoseconds(0)) {
    fmt::print(stderr, "tidegate-sim traffic: --tide must be above 0\n");
    return 2;
  }
  if (!past.empty()) {
    traffic.begin = -before;
    print_past(traffic);
    return 0;
  }
  if (!duration.empty()) sender.duration = length;
  sender.begin = traffic.begin;
  try {
    const SenderCounts counts = send_traffic(TrafficPlan(traffic), sender);
    fmt::print("sent {}, skipped {}\n", counts.sent, counts.skipped);
    for (const auto& [status, count] : counts.by_status) {
      fmt::print("{} {}\n", status == 0 ? std::string("no answer") : fmt::format("{}", status), count);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "tidegate-sim traffic: {}\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace tidegate::sim
