// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/storm/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace tidegate::storm {
namespace {

double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

Delays delays_of(std::vector<float>& delays) {
  std::sort(delays.begin(), delays.end());
  const auto at = [&](double quantile) {
    if (delays.empty()) return 0.0;
    return static_cast<double>(delays[std::min(delays.size() - 1, static_cast<std::size_t>(quantile * static_cast<double>(delays.size())))]);
  };
  return {at(0.50), at(0.95), at(0.99)};
}

std::string to_json(const Delays& delays) {
  return fmt::format(R"({{"p50":{:.3f},"p95":{:.3f},"p99":{:.3f}}})", delays.p50, delays.p95, delays.p99);
}

}  // namespace

Report summarise(Measures measures) {
  Report report;
  const auto requests = static_cast<double>(measures.requests);
  report.requests = measures.requests;
  report.client_429 = percent(static_cast<double>(measures.saw_429), requests);
  report.failures = percent(static_cast<double>(measures.refused + measures.failed), requests);
  report.upstream_429_per_100 = percent(static_cast<double>(measures.upstream_429), requests);
  report.upstream_529_per_100 = percent(static_cast<double>(measures.upstream_529), requests);
  report.waste_while_waiting = percent(measures.full_while_waiting, measures.samples_while_waiting);
  report.idle_while_waiting = percent(measures.idle_while_waiting, measures.samples_while_waiting);
  report.interactive = delays_of(measures.delays[0]);
  report.batch = delays_of(measures.delays[1]);
  report.fallback_requests = percent(static_cast<double>(measures.spare), requests);
  report.fallback_tokens = percent(measures.spare_tokens, measures.tokens);
  double least = 1e300, most = 0;
  for (std::size_t tenant = 0; tenant < kTenants.size(); ++tenant) {
    if (kTenants[tenant].priority != quota::Priority::Batch) continue;
    least = std::min(least, measures.service[tenant]);
    most = std::max(most, measures.service[tenant]);
  }
  report.fairness = least > 0 ? most / least : 0;
  report.deadline_misses = measures.deadline_misses;
  report.requests_of_minute = std::move(measures.requests_of_minute);
  report.client_429_of_minute = std::move(measures.client_429_of_minute);
  return report;
}

std::string to_json(const Report& report, std::string_view scenario, std::string_view policy, std::uint64_t seed) {
  return fmt::format(
      R"({{"scenario":"{}","policy":"{}","seed":{},"requests":{},"client_429":{:.4f},"failures":{:.4f},"upstream_429_per_100":{:.4f},)"
      R"("upstream_529_per_100":{:.4f},"utilisation":{:.3f},"waste_while_waiting":{:.3f},"idle_while_waiting":{:.3f},"interactive":{},"batch":{},)"
      R"("fallback_requests":{:.4f},"fallback_tokens":{:.4f},"fairness":{:.3f},"deadline_misses":{},"stuck":{},)"
      R"("requests_of_minute":[{}],"client_429_of_minute":[{}]}})",
      scenario, policy, seed, report.requests, report.client_429, report.failures, report.upstream_429_per_100,
      report.upstream_529_per_100, report.utilisation, report.waste_while_waiting, report.idle_while_waiting, to_json(report.interactive), to_json(report.batch),
      report.fallback_requests, report.fallback_tokens, report.fairness, report.deadline_misses, report.stuck,
      fmt::join(report.requests_of_minute, ","), fmt::join(report.client_429_of_minute, ","));
}

}  // namespace tidegate::storm
