// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/organisation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tidegate::sim {

namespace {

constexpr std::string_view kWorkspaceMark = "workspace:";
constexpr std::string_view kFastMark = "fast:";
constexpr std::string_view kPriorityMark = "priority:";
constexpr std::string_view kCodeMark = "code_generation:";

std::int64_t minute_of(WallTime wall) { return std::chrono::floor<std::chrono::minutes>(wall).time_since_epoch().count(); }

std::int64_t month_of(WallTime wall) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(wall)};
  return static_cast<int>(date.year()) * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

/// `2026-12-01`, when a monthly limit opens again.
std::string first_of_next_month(WallTime wall) {
  const std::int64_t next = month_of(wall) + 1;
  return fmt::format("{:04}-{:02}-01", next / 12, next % 12 + 1);
}

/// 80000 → `80,000`, as the messages write it.
std::string with_commas(double amount) {
  std::string digits = std::to_string(static_cast<std::int64_t>(std::llround(amount)));
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

/// A need above the limit itself is never met.
bool is_above_limit(const TokenBucket& bucket, double need) {
  return need > std::max(bucket.per_minute(), bucket.capacity());
}

/// A need above the bucket is met by a full bucket, or a short burst window would shut out large prompts for ever.
bool is_short_of(const std::optional<TokenBucket>& bucket, double need) {
  return bucket && (is_above_limit(*bucket, need) || bucket->level() < std::min(need, bucket->capacity()));
}

/// Nothing where no wait is long enough. The refusal stays a limit's 429 (413 is of bytes, facts 2.1), and is like the
/// others that no retry helps (facts 1.4): without a retry-after.
std::optional<Nanoseconds> wait_for(const TokenBucket& bucket, double need) {
  if (is_above_limit(bucket, need)) return std::nullopt;
  return bucket.until(need);
}

Rejected refused(RejectionKind kind, std::optional<Nanoseconds> retry_after) { return Rejected{kind, retry_after, {}}; }

void set_bucket(std::optional<TokenBucket>& bucket, SteadyTime now, const std::optional<double>& per_minute, Nanoseconds depth) {
  if (!per_minute) {
    bucket.reset();
  } else if (bucket) {
    bucket->set_limit(now, *per_minute, depth);
  } else {
    bucket.emplace(now, *per_minute, depth);
  }
}

}  // namespace

std::string_view to_string(RejectionKind kind) {
  switch (kind) {
    case RejectionKind::Requests: return "requests";
    case RejectionKind::InputTokens: return "input_tokens";
    case RejectionKind::OutputTokens: return "output_tokens";
    case RejectionKind::Tokens: return "tokens";
    case RejectionKind::Concurrency: return "concurrency";
    case RejectionKind::Ramp: return "ramp";
    case RejectionKind::TierSpendCap: return "tier_spend_cap";
    case RejectionKind::ContractSpendCap: return "contract_spend_cap";
    case RejectionKind::OwnSpendLimit: return "own_spend_limit";
    case RejectionKind::WorkspaceSpendLimit: return "workspace_spend_limit";
  }
  return "unknown";
}

// --- LimitSet -------------------------------------------------------------------------------------------------------

LimitSet::LimitSet(SteadyTime now, const GroupLimits& limits) { set_limits(now, limits); }

void LimitSet::set_limits(SteadyTime now, const GroupLimits& limits) {
  limits_ = limits;
  set_bucket(requests_, now, limits.requests, limits.burst_window);
  set_bucket(input_, now, limits.input_tokens, limits.burst_window);
  set_bucket(output_, now, limits.output_tokens, limits.burst_window);
  set_bucket(tokens_, now, limits.tokens, limits.burst_window);
}

void LimitSet::advance(SteadyTime now) {
  for (Bucket* bucket : {&requests_, &input_, &output_, &tokens_}) {
    if (*bucket) (*bucket)->advance(now);
  }
}

std::optional<Rejected> LimitSet::refuse(const Now& now, std::int64_t input_tokens, std::int64_t max_tokens) const {
  if (limits_.concurrent && in_flight_ >= *limits_.concurrent) return refused(RejectionKind::Concurrency, Seconds(1));
  const double reserved = reserves_output() ? static_cast<double>(max_tokens) : 0.0;
  const auto input = static_cast<double>(input_tokens);
  // Without a reservation one token must be left: what the answer takes is charged as it is produced.
  const double output = std::max(1.0, reserved);
  if (is_short_of(requests_, 1)) return refused(RejectionKind::Requests, wait_for(*requests_, 1));
  if (is_short_of(input_, input)) return refused(RejectionKind::InputTokens, wait_for(*input_, input));
  if (is_short_of(output_, output)) return refused(RejectionKind::OutputTokens, wait_for(*output_, output));
  if (is_short_of(tokens_, std::max(1.0, input + reserved))) {
    return refused(RejectionKind::Tokens, wait_for(*tokens_, input + reserved));
  }
  return refuse_ramp(now, input_tokens);
}

double LimitSet::ramp_allowance(std::int64_t minute) const {
  double sum = 0;
  for (std::int64_t before = minute - 5; before < minute; ++before) {
    const auto found = input_of_minute_.find(before);
    if (found != input_of_minute_.end()) sum += found->second;
  }
  const double limit = *limits_.input_tokens;
  return std::clamp(limits_.ramp->growth * sum / 5, limits_.ramp->floor_share * limit, limit);
}

std::optional<Rejected> LimitSet::refuse_ramp(const Now& now, std::int64_t input_tokens) const {
  if (!limits_.ramp || !limits_.input_tokens) return std::nullopt;
  const std::int64_t minute = minute_of(now.wall);
  const auto used = input_of_minute_.find(minute);
  const double so_far = used == input_of_minute_.end() ? 0.0 : used->second;
  const double allowed = ramp_allowance(minute);
  if (so_far + static_cast<double>(input_tokens) <= allowed) return std::nullopt;
  Rejected rejected = refused(RejectionKind::Ramp, WallTime(std::chrono::minutes(minute + 1)) - now.wall);
  rejected.message = fmt::format(
      "This request would exceed your organization's maximum usage increase rate for input tokens per minute. Your "
      "current limit is {} input tokens per minute, and will increase to {} at the next minute boundary.",
      with_commas(allowed), with_commas(ramp_allowance(minute + 1)));
  return rejected;
}

void LimitSet::admit(const Now& now, std::int64_t input_tokens, std::int64_t max_tokens) {
  ++in_flight_;
  const double reserved = reserves_output() ? static_cast<double>(max_tokens) : 0.0;
  if (requests_) requests_->take(1);
  if (input_) input_->take(static_cast<double>(input_tokens));
  if (output_) output_->take(reserved);
  if (tokens_) tokens_->take(static_cast<double>(input_tokens) + reserved);
  if (limits_.ramp) {
    input_of_minute_[minute_of(now.wall)] += static_cast<double>(input_tokens);
    while (input_of_minute_.size() > 6) input_of_minute_.erase(input_of_minute_.begin());
  }
}

void LimitSet::correct_input(std::int64_t difference) {
  for (Bucket* bucket : {&input_, &tokens_}) {
    if (!*bucket) continue;
    if (difference > 0) (*bucket)->take(static_cast<double>(difference));
    if (difference < 0) (*bucket)->give_back(static_cast<double>(-difference));
  }
}

void LimitSet::produce(std::int64_t output_tokens, std::int64_t reserved) {
  const std::int64_t beyond = reserves_output() ? std::max<std::int64_t>(0, output_tokens - reserved) : output_tokens;
  if (output_) output_->take(static_cast<double>(beyond));
  if (tokens_) tokens_->take(static_cast<double>(beyond));
}

void LimitSet::finish(std::int64_t unused_reservation) {
  --in_flight_;
  if (!reserves_output()) return;
  if (output_) output_->give_back(static_cast<double>(unused_reservation));
  if (tokens_) tokens_->give_back(static_cast<double>(unused_reservation));
}

std::optional<LimitReading> LimitSet::read(const Bucket& bucket, SteadyTime now) {
  if (!bucket) return std::nullopt;
  TokenBucket advanced = *bucket;
  advanced.advance(now);
  return LimitReading{advanced.per_minute(), advanced.level(), advanced.until_full()};
}

std::optional<LimitReading> LimitSet::tokens(SteadyTime now) const {
  if (tokens_) return read(tokens_, now);
  const auto in = input(now);
  const auto out = output(now);
  if (!in || !out) return in ? in : out;
  return LimitReading{in->limit + out->limit, std::max(0.0, in->remaining) + std::max(0.0, out->remaining),
                      std::max(in->until_full, out->until_full)};
}

// --- Organisation ---------------------------------------------------------------------------------------------------

Organisation::Organisation(std::string id, OrganisationLimits limits, const Now& now) : id_(std::move(id)), limits_(std::move(limits)) {
  month_.number = month_of(now.wall);
}

LimitSet& Organisation::scope(const Now& now, std::string name, const GroupLimits& limits) {
  const auto found = sets_.find(name);
  if (found != sets_.end()) return found->second;
  return sets_.emplace(std::move(name), LimitSet(now.steady, limits)).first->second;
}

std::vector<Organisation::Scope> Organisation::scopes(const Now& now, const AdmissionRequest& request) {
  std::vector<Scope> found;
  const GroupLimits& group = limits_.table.of(request.group);
  switch (request.kind) {
    case RequestClass::Ordinary: found.push_back({&scope(now, std::string(request.group), group)}); break;
    case RequestClass::CodeGeneration:
      found.push_back(
          {&scope(now, fmt::format("{}{}", kCodeMark, request.group), group.scaled(limits_.code_generation_share))});
      break;
    case RequestClass::Fast:
      found.push_back(
          {&scope(now, fmt::format("{}{}", kFastMark, request.group), limits_.fast ? *limits_.fast : group)});
      break;
  }
  const auto workspace = limits_.workspaces.find(request.workspace);
  if (workspace != limits_.workspaces.end()) {
    found.push_back({&scope(now, fmt::format("{}{}/{}", kWorkspaceMark, request.workspace, request.group),
                            workspace->second.table.of(request.group)),
                     true});
  }
  return found;
}

LimitSet* Organisation::priority_scope(const Now& now, std::string_view group) {
  if (!limits_.priority || is_endpoint_group(group)) return nullptr;
  return &scope(now, fmt::format("{}{}", kPriorityMark, group), *limits_.priority);
}

std::optional<Rejected> Organisation::refuse_spend(const Now& now, std::string_view workspace) const {
  const Money all = spent(now);
  if (limits_.tier_spend_cap && all >= *limits_.tier_spend_cap) {
    return Rejected{RejectionKind::TierSpendCap, std::nullopt,
                    fmt::format("You have reached the monthly spend limit of your usage tier. You will regain access on "
                                "{} at 00:00 UTC.", first_of_next_month(now.wall))};
  }
  if (limits_.contract_spend_cap && all >= *limits_.contract_spend_cap) {
    return Rejected{RejectionKind::ContractSpendCap, std::nullopt, "You have reached the spend limit of your contract."};
  }
  if (limits_.spend_limit && all >= *limits_.spend_limit) {
    return Rejected{RejectionKind::OwnSpendLimit, std::nullopt,
                    fmt::format("You have reached your specified API usage limits. You will regain access on {} at 00:00 UTC.",
                                first_of_next_month(now.wall))};
  }
  const auto found = limits_.workspaces.find(workspace);
  if (found != limits_.workspaces.end() && found->second.spend_limit && spent(now, workspace) >= *found->second.spend_limit) {
    return Rejected{RejectionKind::WorkspaceSpendLimit, std::nullopt,
                    fmt::format("You have reached your specified workspace API usage limits. You will regain access on {} at 00:00 UTC.",
                                first_of_next_month(now.wall))};
  }
  return std::nullopt;
}

std::string Organisation::word_refusal(const Rejected& refused, const Scope& scope,
                                       const AdmissionRequest& request) const {
  const GroupLimits& limits = scope.set->limits();
  const std::string whose =
      scope.is_workspace ? fmt::format("workspace ({})", request.workspace) : fmt::format("organization ({})", id_);
  const auto rate = [&](double limit, std::string_view unit) {
    return fmt::format("This request would exceed the rate limit for your {} of {} {} per minute (model group: {}).",
                       whose, with_commas(limit), unit, request.group);
  };
  switch (refused.kind) {
    case RejectionKind::Requests: return rate(*limits.requests, "requests");
    case RejectionKind::InputTokens: return rate(*limits.input_tokens, "input tokens");
    case RejectionKind::OutputTokens: return rate(*limits.output_tokens, "output tokens");
    case RejectionKind::Tokens: return rate(*limits.tokens, "tokens");
    case RejectionKind::Concurrency:
      return "Number of concurrent connections has exceeded your rate limit. Please try again later or contact sales.";
    case RejectionKind::Ramp:
    case RejectionKind::TierSpendCap:
    case RejectionKind::ContractSpendCap:
    case RejectionKind::OwnSpendLimit:
    case RejectionKind::WorkspaceSpendLimit: break;
  }
  return refused.message;
}

Admission Organisation::admit(const Now& now, const AdmissionRequest& request) {
  if (auto rejected = refuse_spend(now, request.workspace)) return *std::move(rejected);
  std::vector<LimitSet*> sets;
  for (const Scope& scope : scopes(now, request)) {
    scope.set->advance(now.steady);
    if (auto rejected = scope.set->refuse(now, request.input_tokens, request.max_tokens)) {
      rejected->message = word_refusal(*rejected, scope, request);
      return *std::move(rejected);
    }
    sets.push_back(scope.set);
  }
  bool has_priority = false;
  const bool may_have_priority = request.takes_priority && request.kind != RequestClass::Fast;  // facts 1.2: never both
  if (LimitSet* priority = may_have_priority ? priority_scope(now, request.group) : nullptr) {
    priority->advance(now.steady);
    has_priority = !priority->refuse(now, request.input_tokens, request.max_tokens);
    if (has_priority) sets.push_back(priority);
  }
  for (LimitSet* set : sets) set->admit(now, request.input_tokens, request.max_tokens);
  const std::uint64_t ticket = next_ticket_++;
  open_.emplace(ticket, Ticket{std::move(sets), request.input_tokens, request.max_tokens});
  return Admitted{ticket, has_priority};
}

void Organisation::begin_answer(const Now& now, std::uint64_t ticket, std::int64_t counted_input_tokens) {
  const auto found = open_.find(ticket);
  if (found == open_.end() || found->second.is_begun) return;
  Ticket& open = found->second;
  open.is_begun = true;
  for (LimitSet* set : open.sets) {
    set->advance(now.steady);
    set->correct_input(counted_input_tokens - open.input_tokens);
  }
}

void Organisation::produce_output(const Now& now, std::uint64_t ticket, std::int64_t output_tokens) {
  const auto found = open_.find(ticket);
  if (found == open_.end() || output_tokens <= 0) return;
  Ticket& open = found->second;
  for (LimitSet* set : open.sets) {
    set->advance(now.steady);
    set->produce(output_tokens, open.reserved);
  }
  open.reserved = std::max<std::int64_t>(0, open.reserved - output_tokens);
}

void Organisation::finish(const Now& now, std::uint64_t ticket) {
  const auto found = open_.find(ticket);
  if (found == open_.end()) return;
  for (LimitSet* set : found->second.sets) {
    set->advance(now.steady);
    set->finish(found->second.reserved);
  }
  open_.erase(found);
}

RateLimitReading Organisation::reading(const Now& now, std::string_view group, std::string_view workspace, RequestClass kind) {
  RateLimitReading reading;
  const bool is_fast = kind == RequestClass::Fast;
  const std::vector<Scope> found = scopes(now, {group, workspace, 0, 0, is_fast ? RequestClass::Ordinary : kind});
  const LimitSet& own = *found.front().set;
  reading.requests = own.requests(now.steady);
  reading.input_tokens = own.input(now.steady);
  reading.output_tokens = own.output(now.steady);
  for (const Scope& scope : found) {
    const auto tokens = scope.set->tokens(now.steady);
    if (tokens && (!reading.tokens || tokens->remaining < reading.tokens->remaining)) reading.tokens = tokens;
  }
  if (const LimitSet* priority = priority_scope(now, group)) {
    reading.priority_input_tokens = priority->input(now.steady);
    reading.priority_output_tokens = priority->output(now.steady);
  }
  if (is_fast) {
    const LimitSet& fast = *scopes(now, {group, {}, 0, 0, RequestClass::Fast}).front().set;
    reading.fast_input_tokens = fast.input(now.steady);
    reading.fast_output_tokens = fast.output(now.steady);
  }
  return reading;
}

void Organisation::charge(const Now& now, Money cost, std::string_view workspace) {
  const std::int64_t month = month_of(now.wall);
  if (month != month_.number) month_ = Month{month, {}};
  month_.spent[std::string()] += cost;
  if (!workspace.empty()) month_.spent[std::string(workspace)] += cost;
}

Money Organisation::spent(const Now& now, std::string_view workspace) const {
  if (month_of(now.wall) != month_.number) return Money();
  const auto found = month_.spent.find(workspace);
  return found == month_.spent.end() ? Money() : found->second;
}

const GroupLimits* Organisation::limits_of_scope(std::string_view name, GroupLimits& storage) const {
  if (name.starts_with(kCodeMark)) {
    storage = limits_.table.of(name.substr(kCodeMark.size())).scaled(limits_.code_generation_share);
    return &storage;
  }
  if (name.starts_with(kFastMark)) return limits_.fast ? &*limits_.fast : &limits_.table.of(name.substr(kFastMark.size()));
  if (name.starts_with(kPriorityMark)) {
    storage = limits_.priority.value_or(GroupLimits{});
    return &storage;
  }
  if (name.starts_with(kWorkspaceMark)) {
    const std::string_view rest = name.substr(kWorkspaceMark.size());
    const std::size_t slash = rest.rfind('/');
    const auto workspace = limits_.workspaces.find(rest.substr(0, slash));
    if (workspace == limits_.workspaces.end()) return &storage;  // the workspace's limits were taken away
    return &workspace->second.table.of(rest.substr(slash + 1));
  }
  return &limits_.table.of(name);
}

void Organisation::set_limits(const Now& now, OrganisationLimits limits) {
  limits_ = std::move(limits);
  for (auto& [name, set] : sets_) {
    GroupLimits storage;
    set.set_limits(now.steady, *limits_of_scope(name, storage));
  }
}

std::vector<std::pair<std::string, RateLimitReading>> Organisation::levels(const Now& now) {
  std::vector<std::pair<std::string, RateLimitReading>> list;
  for (const auto& [name, set] : sets_) {
    RateLimitReading reading;
    reading.requests = set.requests(now.steady);
    reading.input_tokens = set.input(now.steady);
    reading.output_tokens = set.output(now.steady);
    reading.tokens = set.tokens(now.steady);
    list.emplace_back(name, reading);
  }
  return list;
}

}  // namespace tidegate::sim
