// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/storm/provider.h"

#include "sim/model/rate_limit_headers.h"

#include <algorithm>
#include <cmath>

namespace tidegate::storm {
namespace {

using quota::Dimension;

constexpr double kOverloadEvery = 20 * 60, kOverloadSeconds = 15, kOverloadShare = 0.5;

sim::OrganisationLimits as_organisation(const sim::GroupLimits& limits) {
  sim::OrganisationLimits organisation;
  organisation.table.standard = limits;
  return organisation;
}

}  // namespace

Provider::Provider(const ProviderSettings& settings, SteadyTime measured_from, SteadyTime measured_until, std::uint64_t seed)
    : settings_(settings), measured_from_(measured_from), measured_until_(measured_until),
      organisation_("org", as_organisation(settings.limits), now_at(kBegin)), latency_({}, seed), random_(seed ^ 0x77) {}

bool Provider::is_overloaded(SteadyTime now) {
  if (!settings_.is_overloaded_at_times) return false;
  const double into = std::fmod(seconds(now - kBegin), kOverloadEvery);
  return into >= kOverloadEvery - kOverloadSeconds && random_.uniform() < kOverloadShare;
}

std::variant<Taken, Turned> Provider::receive(SteadyTime now, double input) {
  if (is_overloaded(now)) return Turned{.status = 529, .retry_after_seconds = std::nullopt, .message = "Overloaded", .readings = {}};
  const double estimate = std::max(1.0, std::round(input * (1 + settings_.estimate_error * random_.normal())));
  const sim::AdmissionRequest request{.group = kGroup, .workspace = {}, .input_tokens = static_cast<std::int64_t>(estimate),
                                      .max_tokens = static_cast<std::int64_t>(kMaxTokens)};
  const sim::Admission admission = organisation_.admit(now_at(now), request);
  const sim::RateLimitReading reading = levels(now);
  if (const auto* rejected = std::get_if<sim::Rejected>(&admission)) {
    Turned turned{.status = 429, .retry_after_seconds = std::nullopt, .message = rejected->message,
                  .readings = headers(reading, now, now)};
    if (rejected->retry_after) turned.retry_after_seconds = static_cast<double>(sim::retry_after_seconds(*rejected->retry_after));
    return turned;
  }
  const std::uint64_t ticket = std::get<sim::Admitted>(admission).ticket;
  open_.emplace(ticket, Open{estimate, reading, now});
  use(now, Dimension::Requests, 1);
  use(now, Dimension::Input, input);
  return Taken{ticket, latency_.first_token(static_cast<std::int64_t>(input))};
}

quota::Readings Provider::begin(SteadyTime now, std::uint64_t ticket, double input) {
  organisation_.begin_answer(now_at(now), ticket, static_cast<std::int64_t>(input));
  const auto found = open_.find(ticket);
  const Open open = found->second;
  open_.erase(found);
  return headers(open.reading, open.admitted_at, now);
}

void Provider::produce(SteadyTime now, std::uint64_t ticket, double output) {
  organisation_.produce_output(now_at(now), ticket, static_cast<std::int64_t>(output));
  use(now, Dimension::Output, output);
}

void Provider::finish(SteadyTime now, std::uint64_t ticket) { organisation_.finish(now_at(now), ticket); }

void Provider::set_limits(SteadyTime now, const sim::GroupLimits& limits) {
  settings_.limits = limits;
  organisation_.set_limits(now_at(now), as_organisation(limits));
}

quota::Readings Provider::headers(const sim::RateLimitReading& reading, SteadyTime read_at, SteadyTime sent_at) const {
  quota::Readings readings;
  if (!settings_.sends_headers) return readings;
  // Both instants are whole seconds: that of the reset, and the Date of the head, which is stamped when it leaves.
  const WallTime date = std::chrono::floor<Seconds>(now_at(sent_at).wall);
  const auto read = [&](Dimension d, const std::optional<sim::LimitReading>& from) {
    if (!from) return;
    const WallTime reset = std::chrono::floor<Seconds>(now_at(read_at).wall + from->until_full);
    const double remaining = d == Dimension::Requests ? std::floor(std::max(0.0, from->remaining))
                                                      : static_cast<double>(sim::rounded_tokens(from->remaining));
    readings[d] = {.limit = std::round(from->limit), .remaining = remaining, .full_after_seconds = std::max(0.0, seconds(reset - date))};
  };
  read(Dimension::Requests, reading.requests);
  read(Dimension::Input, reading.input_tokens);
  read(Dimension::Output, reading.output_tokens);
  // `tokens-*` is the sum of the two here, no limit of its own.
  return readings;
}

quota::Dimension binding_dimension(const sim::GroupLimits& limits) {
  const double per_second = capacity(limits);
  if (limits.requests && *limits.requests / 60 <= per_second * 1.0001) return Dimension::Requests;
  if (limits.input_tokens && *limits.input_tokens / 60 / mean_input() <= per_second * 1.0001) return Dimension::Input;
  return Dimension::Output;
}

double limit_of(const sim::GroupLimits& limits, quota::Dimension dimension) {
  return limits_of(limits)[dimension].value_or(0);
}

quota::Limits limits_of(const sim::GroupLimits& limits) {
  quota::Limits all;
  all[Dimension::Requests] = limits.requests;
  all[Dimension::Input] = limits.input_tokens;
  all[Dimension::Output] = limits.output_tokens;
  all[Dimension::Tokens] = limits.tokens;
  return all;
}

}  // namespace tidegate::storm
