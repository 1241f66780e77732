// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/score/statistics.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

WaitQuantiles quantiles_of(std::vector<double> waits) {
  std::sort(waits.begin(), waits.end());
  const auto at = [&](double quantile) {
    if (waits.empty()) return 0.0;
    return waits[std::min(waits.size() - 1, static_cast<std::size_t>(quantile * static_cast<double>(waits.size())))];
  };
  return {waits.size(), at(0.50), at(0.95), at(0.99)};
}

std::string reason_of(const ScoredRequest& request) {
  if (request.last_status == 200) return request.wait_seconds ? "broken off" : "no event";
  return request.last_status == 0 ? "no answer" : fmt::format("{}", request.last_status);
}

std::string line(std::string_view name, double value, std::string_view unit) {
  return fmt::format("{:<44}{:>10.3f}  {}\n", name, value, unit);
}

}  // namespace

void set_binding(ProviderCounts& counts, const std::vector<DimensionUse>& uses, double minutes) {
  for (const DimensionUse& use : uses) {
    if (use.limit <= 0 || minutes <= 0) continue;
    const double utilisation = 100 * use.used / (use.limit * minutes);
    if (!counts.dimension.empty() && utilisation <= counts.utilisation) continue;
    counts.dimension = use.name;
    counts.utilisation = utilisation;
  }
}

Score summarise(const std::vector<ScoredRequest>& requests, std::optional<ProviderCounts> provider) {
  Score score;
  score.requests = requests.size();
  std::size_t met_429 = 0, gave_up_429 = 0, failed = 0;
  std::array<std::vector<double>, kScoreClasses> waits;
  for (const ScoredRequest& request : requests) {
    score.attempts += static_cast<std::size_t>(request.attempts);
    met_429 += request.refused_429 > 0 ? 1 : 0;
    const auto kind = static_cast<std::size_t>(kScoreTenants[request.tenant].kind);
    if (request.wait_seconds) waits[kind].push_back(*request.wait_seconds);
    if (request.is_whole) continue;
    ++failed;
    gave_up_429 += request.last_status == 429 ? 1 : 0;
    ++score.failed_by[reason_of(request)];
  }
  score.any_429 = percent(met_429, requests.size());
  score.final_429 = percent(gave_up_429, requests.size());
  score.failures = percent(failed, requests.size());
  for (std::size_t kind = 0; kind < kScoreClasses; ++kind) score.waits[kind] = quantiles_of(std::move(waits[kind]));
  score.provider = std::move(provider);
  if (score.provider && !requests.empty()) {
    score.upstream_429_per_100 =
        100 * static_cast<double>(score.provider->refused_429) / static_cast<double>(requests.size());
  }
  return score;
}

std::string to_table(const Score& score) {
  std::string table = fmt::format("{} requests, {} attempts\n\n", score.requests, score.attempts);
  table += line("clients that met a 429", score.any_429, "%");
  table += line("... and still after the SDK's retries", score.final_429, "%");
  table += line("failed in all", score.failures, "%");
  for (const auto& [reason, count] : score.failed_by) {
    table += line("  " + reason, static_cast<double>(count), "requests");
  }
  for (std::size_t kind = 0; kind < kScoreClasses; ++kind) {
    const WaitQuantiles& wait = score.waits[kind];
    const std::string_view name = to_string(static_cast<ScoreClass>(kind));
    table += line(fmt::format("{}: first event after, p50", name), wait.p50, "s");
    table += line(fmt::format("{}: first event after, p95", name), wait.p95, "s");
    table += line(fmt::format("{}: first event after, p99", name), wait.p99, "s");
  }
  if (score.provider) {
    table += line("429s of the provider", score.upstream_429_per_100, "per 100 requests");
    for (const auto& [limit, count] : score.provider->refusals) {
      table += line("  for " + limit, static_cast<double>(count), "requests");
    }
    table += line(fmt::format("utilisation of its {}", score.provider->dimension), score.provider->utilisation, "%");
  }
  return table;
}

std::string to_json(const Score& score) {
  json::object failed_by;
  for (const auto& [reason, count] : score.failed_by) failed_by[reason] = count;
  json::object out{{"requests", score.requests},   {"attempts", score.attempts}, {"any_429", score.any_429},
                   {"final_429", score.final_429}, {"failures", score.failures}, {"failed_by", std::move(failed_by)}};
  for (std::size_t kind = 0; kind < kScoreClasses; ++kind) {
    const WaitQuantiles& wait = score.waits[kind];
    const std::string_view name = to_string(static_cast<ScoreClass>(kind));
    out[json::string_view(name.data(), name.size())] =
        json::object{{"begun", wait.count}, {"p50", wait.p50}, {"p95", wait.p95}, {"p99", wait.p99}};
  }
  if (score.provider) {
    json::object refusals;
    for (const auto& [limit, count] : score.provider->refusals) refusals[limit] = count;
    out["provider"] = json::object{{"429_per_100", score.upstream_429_per_100},
                                   {"refusals", std::move(refusals)},
                                   {"charged", score.provider->charged},
                                   {"dimension", score.provider->dimension},
                                   {"utilisation", score.provider->utilisation}};
  }
  return json::serialize(out);
}

}  // namespace tidegate::sim
