// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/score/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tidegate::sim {

namespace {

constexpr double kBurstFactor = 8, kBurstSeconds = 20, kCalmSeconds = 280;
constexpr double kPileSeconds = 0.7;
constexpr double kInputSigma = 0.9, kOutputSigma = 1.0;
constexpr double kMaxTokens = 4096;
struct MeanTokens {
  double input, output;
};
constexpr MeanTokens kInteractive{1000, 250}, kBatch{3000, 600};

double exponential(double mean, Random& random) { return -mean * std::log(1 - random.uniform()); }

ScoreRequest sized(double at, std::size_t tenant, Random& random) {
  const MeanTokens& mean = kScoreTenants[tenant].kind == ScoreClass::Interactive ? kInteractive : kBatch;
  const double input = random.lognormal_of_mean(mean.input, kInputSigma);
  const double output = random.lognormal_of_mean(mean.output, kOutputSigma);
  return {.at = at,
          .tenant = tenant,
          .input_tokens = std::max<std::int64_t>(1, std::llround(input)),
          .output_tokens = static_cast<std::int64_t>(std::clamp(std::round(output), 1.0, kMaxTokens))};
}

/// Where a tenant's bursts begin and end, in turns.
std::vector<double> draw_turns(double duration, Random& random) {
  std::vector<double> turns;
  for (double at = exponential(kCalmSeconds, random); at < duration; at += exponential(kCalmSeconds, random)) {
    turns.push_back(at);
    at = std::min(duration, at + exponential(kBurstSeconds, random));
    turns.push_back(at);
  }
  return turns;
}

void add_tenant(std::size_t tenant, const ScorePlanOptions& options, std::vector<ScoreRequest>& plan) {
  Random random(options.seed * 1'000 + tenant);
  Random sizes(random.next());
  const std::vector<double> turns = draw_turns(options.duration, random);
  double bursts = 0;
  for (std::size_t i = 0; i + 1 < turns.size(); i += 2) bursts += turns[i + 1] - turns[i];
  // However much of the time the bursts take, the mean is kept: a run of a quarter of an hour has few of them.
  const double rate = options.rate * kScoreTenants[tenant].share * options.duration /
                      (options.duration + (kBurstFactor - 1) * bursts);
  std::size_t turn = 0;
  for (double at = 0; true;) {
    const double next = at + exponential(1 / (turn % 2 == 1 ? kBurstFactor * rate : rate), random);
    if (turn < turns.size() && next >= turns[turn]) {
      at = turns[turn++];
      continue;
    }
    if (next >= options.duration) return;
    plan.push_back(sized(at = next, tenant, sizes));
  }
}

void add_pile(const ScorePlanOptions& options, std::vector<ScoreRequest>& plan) {
  if (options.pile_at < 0 || options.pile_at >= options.duration) return;
  Random sizes(options.seed ^ 0x9117ULL);
  for (std::size_t i = 0; i < options.pile; ++i) {
    const double at = options.pile_at + kPileSeconds * static_cast<double>(i) / static_cast<double>(options.pile);
    plan.push_back(sized(at, kScoreTenants.size() - 1, sizes));
  }
}

}  // namespace

std::string_view to_string(ScoreClass kind) { return kind == ScoreClass::Interactive ? "interactive" : "batch"; }

std::vector<ScoreRequest> make_score_plan(const ScorePlanOptions& options) {
  std::vector<ScoreRequest> plan;
  for (std::size_t tenant = 0; tenant < kScoreTenants.size(); ++tenant) add_tenant(tenant, options, plan);
  add_pile(options, plan);
  std::stable_sort(plan.begin(), plan.end(), [](const ScoreRequest& a, const ScoreRequest& b) { return a.at < b.at; });
  return plan;
}

std::string score_body(const ScoreRequest& request, std::string_view model, std::size_t number) {
  constexpr std::string_view kFiller = "one more line of what this request has to say, ";
  std::string text = fmt::format("ANSWER_TOKENS {} please. Request {}: ", request.output_tokens, number);
  const std::size_t wanted = std::max(text.size(), static_cast<std::size_t>(request.input_tokens) * 4);
  while (text.size() < wanted) text += kFiller.substr(0, wanted - text.size());
  return fmt::format(
      R"({{"model":"{}","max_tokens":{},"stream":true,"metadata":{{"user_id":"{}"}},)"
      R"("messages":[{{"role":"user","content":"{}"}}]}})",
      model, kMaxTokens, kScoreTenants[request.tenant].name, text);
}

}  // namespace tidegate::sim
