// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/action_levers.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tidegate::app {

using operations::ActionEvent;
using operations::ActionKind;
using operations::ActionStep;

namespace {

/// `requests per minute 100 → 50`; empty where there is no limit.
std::string change(std::string_view what, std::optional<std::int64_t> before, std::optional<std::int64_t> after) {
  return before && after ? fmt::format(", {} per minute {} → {}", what, *before, *after) : std::string();
}

}  // namespace

Result<std::string> ActionLevers::move(const ActionStep& step) {
  switch (step.options.kind) {
    case ActionKind::TenantLimit: return move_limits(step);
    case ActionKind::PauseBatch: return hold_batch(step);
    case ActionKind::ShiftShare: return shift(step);
    case ActionKind::EnableKey: return move_key(step);
    case ActionKind::Command:
    case ActionKind::Webhook: break;
  }
  return fail(FailureKind::Unsupported, Origin::Gateway, "nothing here to move");
}

Result<std::string> ActionLevers::move_limits(const ActionStep& step) {
  const operations::ActionOptions& options = step.options;
  if (step.event == ActionEvent::Trigger) {
    const auto limits = ports_.store.scale_limits(options.name, TenantId(options.tenant), options.factor);
    if (!limits) return fail(limits);
    return fmt::format("tenant {}{}{}", options.tenant, change("requests", limits->requests_before, limits->requests_after),
                       change("tokens", limits->tokens_before, limits->tokens_after));
  }
  const auto returned = ports_.store.return_limits(options.name);
  if (!returned) return fail(returned);
  switch (*returned) {
    case store::LimitsReturn::Returned: return std::string("the tenant's limits are what they were");
    case store::LimitsReturn::Changed: return std::string("somebody has set other limits for the tenant meanwhile; they stay");
    case store::LimitsReturn::Nothing: break;
  }
  return std::string("no limits had been changed");
}

std::string ActionLevers::hold_batch(const ActionStep& step) {
  const std::string& provider = step.options.provider;
  if (step.event == ActionEvent::Trigger)
    held_.insert_or_assign(step.options.name, provider.empty() ? "*" : provider);
  else
    held_.erase(step.options.name);
  std::vector<std::string> providers;
  for (const auto& [action, held] : held_) providers.push_back(held);
  ports_.rooms.hold_batch(std::move(providers));
  const std::string whose = provider.empty() ? std::string("batch requests") : fmt::format("batch requests to {}", provider);
  if (step.event == ActionEvent::Trigger) return fmt::format("{} wait, interactive ones go on", whose);
  return held_.empty() ? fmt::format("{} go on", whose) : fmt::format("another action holds batch requests yet");
}

std::string ActionLevers::shift(const ActionStep& step) {
  const operations::ActionOptions& options = step.options;
  if (step.event == ActionEvent::Trigger)
    shifts_.insert_or_assign(options.name, gateway::Steering::Shift{options.provider, options.share});
  else
    shifts_.erase(options.name);
  auto steering = std::make_shared<gateway::Steering>();
  for (const auto& [action, shift] : shifts_) steering->shifts.push_back(shift);
  const double share = steering->share_away_from(options.provider);
  ports_.steering.swap(std::move(steering));
  if (share <= 0) return fmt::format("all requests ask {} first again", options.provider);
  return fmt::format("{:.0f} % of the requests ask {} last", 100 * share, options.provider);
}

std::string ActionLevers::move_key(const ActionStep& step) {
  const operations::ActionOptions& options = step.options;
  if (step.event == ActionEvent::Trigger) {
    const ProviderId provider(options.provider);
    ports_.spare_keys.enable(options.name, provider, options.key);
    ports_.keys_changed(provider);
    return fmt::format("{} of {} is in rotation", options.key, options.provider);
  }
  const ProviderId provider = ports_.spare_keys.release(options.name);
  if (provider.empty()) return std::string("no key had been put into rotation");
  ports_.keys_changed(provider);
  return fmt::format("{} of {} takes no new request", options.key, options.provider);
}

}  // namespace tidegate::app
