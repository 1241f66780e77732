// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/traffic/command_line.h"

#include "sim/traffic/sender.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace tidegate::sim {

int run_traffic(int argc, const char* const* argv) {
  CLI::App app("Sends what a team would send, with a tide of ten minutes.", "tidegate-sim traffic");
  SenderOptions sender;
  TrafficOptions traffic;
  std::string duration;
  app.add_option("url", sender.url, "of the gateway, like http://127.0.0.1:8080")->required();
  app.add_option("--seed", traffic.seed, "the same seed sends the same requests")->capture_default_str();
  app.add_option("--rate", traffic.rate, "requests a second in the mean")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 1000.0));
  app.add_option("--swing", traffic.swing, "how far the tide rises and falls, of the mean")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--key", sender.key, "that the gateway asks for")->capture_default_str();
  app.add_option("--duration", duration, "such as 5m; without it until SIGTERM or SIGINT");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (!duration.empty()) {
    const auto length = parse_duration(duration);
    if (!length) {
      fmt::print(stderr, "tidegate-sim traffic: --duration: {}\n", length.error().detail);
      return 2;
    }
    sender.duration = *length;
  }
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
