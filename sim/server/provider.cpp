// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/provider.h"

#include "base/ascii.h"
#include "sim/model/rate_limit_headers.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <cmath>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t kResponsesKept = 100'000;
constexpr std::int64_t kInstantOutputTokens = 12;

void speed_up(OrganisationLimits& limits, double speed) {
  limits.table.speed_up(speed);
  for (auto& [name, workspace] : limits.workspaces) workspace.table.speed_up(speed);
  if (limits.fast) limits.fast = limits.fast->sped_up(speed);
  if (limits.priority) limits.priority = limits.priority->sped_up(speed);
}

std::string_view credential_of(const Request& request) {
  if (const std::string_view key = request.header("x-api-key"); !key.empty()) return key;
  const std::string_view authorization = request.header("authorization");
  if (starts_with_ignoring_case(authorization, "bearer ")) return trim(authorization.substr(7));
  return {};
}

ApiError error_of(const Rejected& rejected) {
  ApiError error{429, "rate_limit_error", rejected.message};
  if (rejected.retry_after) error.retry_after = retry_after_seconds(*rejected.retry_after);
  switch (rejected.kind) {
    case RejectionKind::Ramp: error.error_code = "ramp_limit_exceeded"; break;
    case RejectionKind::TierSpendCap: error.error_code = "enforced_spend_limit_reached"; break;
    case RejectionKind::ContractSpendCap: error.error_code = "contract_spend_limit_reached"; break;
    case RejectionKind::OwnSpendLimit:
    case RejectionKind::WorkspaceSpendLimit:
      error.status = 400;
      error.type = "invalid_request_error";
      break;
    case RejectionKind::Requests:
    case RejectionKind::InputTokens:
    case RejectionKind::OutputTokens:
    case RejectionKind::Tokens:
    case RejectionKind::Concurrency: break;
  }
  return error;
}

void add_level(json::object& object, const char* name, const std::optional<LimitReading>& reading) {
  if (!reading) return;
  object[name] = json::object{{"limit", reading->limit},
                              {"remaining", reading->remaining},
                              {"seconds_until_full", std::chrono::duration<double>(reading->until_full).count()}};
}

json::object to_json(const Charge& charge) {
  return {{"request_id", charge.request_id},
          {"organisation", charge.caller.organisation},
          {"workspace", charge.caller.workspace},
          {"model", charge.model},
          {"at", to_rfc3339(charge.at)},
          {"input_tokens", charge.input.uncached},
          {"cache_read_input_tokens", charge.input.read},
          {"cache_creation_5m_input_tokens", charge.input.written_5m},
          {"cache_creation_1h_input_tokens", charge.input.written_1h},
          {"output_tokens", charge.output_tokens},
          {"cost_nanodollars", charge.cost.nanodollars()},
          {"outcome", json::string_view(to_string(charge.outcome).data(), to_string(charge.outcome).size())},
          {"stream", charge.is_streamed},
          {"service_tier", charge.service_tier},
          {"speed", charge.speed},
          {"inference_geo", charge.inference_geo},
          {"session", charge.session}};
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::Completed: return "completed";
    case Outcome::Interrupted: return "interrupted";
    case Outcome::Cancelled: return "cancelled";
  }
  return "unknown";
}

std::int64_t limited_input(const ModelInfo& model, const CacheUsage& usage) {
  return usage.uncached + usage.written() + (model.counts_cache_reads ? usage.read : 0);
}

Provider::Provider(Options options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      latency_(options_.latency, options_.seed),
      random_(options_.seed ^ 0x5DEECE66DULL),
      fault_rules_(options_.faults),
      schedule_(options_.schedule),
      schedule_start_(clock.now().steady) {}

std::string Provider::new_id() {
  Random random(options_.seed * 1'000'003 + next_id_.fetch_add(1, std::memory_order_relaxed));
  return fmt::format("01{:016x}{:06x}", random.next(), random.next() & 0xFFFFFFU);
}

// --- callers --------------------------------------------------------------------------------------------------------

tl::expected<Caller, ApiError> Provider::authenticate(const Request& request) const {
  const std::string_view key = credential_of(request);
  if (key.empty())
    return tl::unexpected(ApiError{401, "authentication_error", "x-api-key header is required", "invalid_api_key"});
  for (const KeyRule& rule : options_.keys) {
    if (rule.key == key) return Caller{rule.organisation, rule.workspace};
  }
  if (!options_.keys.empty())
    return tl::unexpected(ApiError{401, "authentication_error", "invalid x-api-key", "invalid_api_key"});
  const std::size_t at = key.rfind('@');
  if (at == std::string_view::npos) return Caller{options_.default_organisation, {}};
  const std::string_view owner = key.substr(at + 1);
  const std::size_t colon = owner.find(':');
  return Caller{std::string(owner.substr(0, colon)),
                colon == std::string_view::npos ? std::string() : std::string(owner.substr(colon + 1))};
}

bool Provider::is_admin(const Request& request) const {
  const std::string_view key = credential_of(request);
  return options_.admin_key.empty() ? key.starts_with("sk-ant-admin") : key == options_.admin_key;
}

// --- faults ---------------------------------------------------------------------------------------------------------

std::vector<Fault> Provider::draw_faults(Now now) {
  const std::lock_guard lock(mutex_);
  std::vector<Fault> drawn;
  const Nanoseconds since = now.steady - schedule_start_;
  for (const ScheduledFault& item : schedule_) {
    if (since >= item.from && since < item.from + item.length) drawn.push_back(item.fault);
  }
  for (const FaultRule& rule : fault_rules_) {
    if (rule.probability >= 1.0 || random_.uniform() < rule.probability) drawn.push_back(rule.fault);
  }
  return drawn;
}

void Provider::set_faults(std::vector<FaultRule> rules, std::vector<ScheduledFault> schedule, Now now) {
  const std::lock_guard lock(mutex_);
  fault_rules_ = std::move(rules);
  schedule_ = std::move(schedule);
  schedule_start_ = now.steady;
}

json::object Provider::faults() const {
  const std::lock_guard lock(mutex_);
  const auto spelled = [](const Fault& fault) {
    return fault.value.empty() ? fault.name : fault.name + "=" + fault.value;
  };
  json::array rules;
  for (const FaultRule& rule : fault_rules_)
    rules.push_back(json::object{{"fault", spelled(rule.fault)}, {"probability", rule.probability}});
  json::array schedule;
  for (const ScheduledFault& item : schedule_) {
    schedule.push_back(
        json::object{{"fault", spelled(item.fault)}, {"from", to_text(item.from)}, {"length", to_text(item.length)}});
  }
  return {{"faults", std::move(rules)}, {"schedule", std::move(schedule)}};
}

// --- limits ---------------------------------------------------------------------------------------------------------

const OrganisationLimits& Provider::unsped(std::string_view id) const {
  const auto own = options_.organisations.find(id);
  return own == options_.organisations.end() ? options_.limits : own->second;
}

OrganisationLimits Provider::configured(std::string_view id) const {
  OrganisationLimits limits = unsped(id);
  speed_up(limits, options_.speed);
  return limits;
}

Organisation& Provider::organisation(const std::string& id, Now now) {
  const auto found = organisations_.find(id);
  if (found != organisations_.end()) return found->second;
  return organisations_.emplace(id, Organisation(id, configured(id), now)).first->second;
}

Subscription* Provider::subscription(const std::string& organisation) {
  if (!options_.subscription) return nullptr;
  return &subscriptions_.try_emplace(organisation, *options_.subscription).first->second;
}

std::int64_t Provider::estimate(std::int64_t counted) {
  if (options_.instant || options_.input_estimate_error <= 0) return counted;
  const double factor = 1.0 + options_.input_estimate_error * random_.normal();
  return std::max<std::int64_t>(0, std::llround(static_cast<double>(counted) * factor));
}

tl::expected<AdmittedCall, ApiError> Provider::admit(Now now, const Caller& caller, const ModelCall& call,
                                                     RequestClass kind) {
  const std::lock_guard lock(mutex_);
  if (Subscription* own = subscription(caller.organisation)) {
    if (const auto wait = own->refuse(now.wall)) {
      ++refusals_["subscription"];
      return tl::unexpected(ApiError{429,
                                     "rate_limit_error",
                                     "This request would exceed your account's rate limit. Please try again later.",
                                     {},
                                     retry_after_seconds(*wait)});
    }
  }
  CachePrompt prompt = call.prompt;
  // Caches are never shared between workspaces, models or speeds (facts 3).
  prompt.scope = fmt::format("{}/{}/{}/{}", caller.organisation, caller.workspace, call.model, call.is_fast);
  AdmittedCall admitted;
  admitted.cache = cache_.plan(now.steady, prompt);
  AdmissionRequest request;
  request.group = call.info->group;
  request.workspace = caller.workspace;
  request.input_tokens = estimate(limited_input(*call.info, admitted.cache.usage));
  request.max_tokens = call.max_tokens;
  request.kind = kind;
  request.takes_priority = !call.is_standard_only;
  const Admission admission = organisation(caller.organisation, now).admit(now, request);
  if (const auto* rejected = std::get_if<Rejected>(&admission)) {
    ++refusals_[std::string(to_string(rejected->kind))];
    return tl::unexpected(error_of(*rejected));
  }
  const auto& granted = std::get<Admitted>(admission);
  admitted.ticket = granted.ticket;
  admitted.generation = generation_;
  admitted.has_priority = granted.has_priority;
  admitted.rate_limit_headers = headers_of(now, caller, request.group, kind, dialect_of(call.surface));
  if (options_.instant) {
    admitted.output_length = options_.output_tokens.value_or(kInstantOutputTokens);
    return admitted;
  }
  admitted.output_length = options_.output_tokens ? *options_.output_tokens : latency_.output_tokens();
  admitted.first_token = Nanoseconds(static_cast<std::int64_t>(
      static_cast<double>(latency_.first_token(admitted.cache.usage.total()).count()) / (options_.speed * options_.pace)));
  admitted.tokens_per_second = options_.latency.tokens_per_second * options_.speed * options_.pace;
  return admitted;
}

std::optional<ApiError> Provider::admit_plain(Now now, const Caller& caller, std::string_view group) {
  const std::lock_guard lock(mutex_);
  Organisation& owner = organisation(caller.organisation, now);
  AdmissionRequest request;
  request.group = group;
  const Admission admission = owner.admit(now, request);
  if (const auto* rejected = std::get_if<Rejected>(&admission)) {
    ++refusals_[std::string(to_string(rejected->kind))];
    return error_of(*rejected);
  }
  owner.finish(now, std::get<Admitted>(admission).ticket);
  return std::nullopt;
}

void Provider::begin(const AdmittedCall& admitted, const Caller& caller, const ModelCall& call) {
  const Now now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (admitted.generation != generation_) return;
  cache_.commit(admitted.cache);
  organisation(caller.organisation, now)
      .begin_answer(now, admitted.ticket, limited_input(*call.info, admitted.cache.usage));
}

void Provider::produce(const AdmittedCall& admitted, const Caller& caller, std::int64_t output_tokens) {
  const Now now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (admitted.generation != generation_) return;
  organisation(caller.organisation, now).produce_output(now, admitted.ticket, output_tokens);
}

void Provider::finish(const AdmittedCall& admitted, Charge charge, const ModelCall& call, bool is_charged) {
  const Now now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (admitted.generation != generation_) return;
  organisation(charge.caller.organisation, now).finish(now, admitted.ticket);
  if (charge.outcome == Outcome::Cancelled) count_cancelled();
  if (is_charged) record(std::move(charge), call, false);
  if ((++finished_ & 0xFFFU) == 0) cache_.sweep(now.steady);
}

void Provider::charge_batched(Charge charge, const ModelCall& call) {
  const std::lock_guard lock(mutex_);
  record(std::move(charge), call, true);
}

void Provider::record(Charge charge, const ModelCall& call, bool is_batch) {
  charge.at = clock_.now().wall;
  charge.speed = call.is_fast ? "fast" : "standard";
  charge.inference_geo = call.inference_geo;
  charge.cost = cost_of(*call.info, charge.input, charge.output_tokens);
  if (call.is_fast) charge.cost = scaled(charge.cost, 2, 1);  // facts 4: fast mode is about twice the price
  if (call.inference_geo == "us") charge.cost = scaled(charge.cost, 11, 10);
  if (is_batch) charge.cost = scaled(charge.cost, 1, 2);
  const Now now = clock_.now();
  if (Subscription* own = subscription(charge.caller.organisation)) {
    own->charge(now.wall, static_cast<double>(charge.input.uncached + charge.input.written() + charge.output_tokens));
  }
  organisation(charge.caller.organisation, now).charge(now, charge.cost, charge.caller.workspace);
  ++charges_total_;
  if (call.info->vendor == Vendor::Anthropic) spent_[charge.caller.organisation] += charge.cost;
  charges_.push_back(std::move(charge));
  while (charges_.size() > options_.charges_kept) charges_.pop_front();
}

std::string Provider::rate_limit_headers(Now now, const Caller& caller, std::string_view group, RequestClass kind,
                                         Dialect dialect) {
  const std::lock_guard lock(mutex_);
  return headers_of(now, caller, group, kind, dialect);
}

std::string Provider::headers_of(Now now, const Caller& caller, std::string_view group, RequestClass kind,
                                 Dialect dialect) {
  if (Subscription* own = subscription(caller.organisation)) return own->headers(now.wall);
  const RateLimitReading reading = organisation(caller.organisation, now).reading(now, group, caller.workspace, kind);
  return dialect == Dialect::OpenAi ? openai_rate_limit_headers(reading)
                                    : anthropic_rate_limit_headers(reading, now.wall);
}

// --- state of /v1/responses -----------------------------------------------------------------------------------------

void Provider::remember_response(const Caller& caller, const std::string& id) {
  const std::lock_guard lock(mutex_);
  responses_.push_back(caller.organisation + "/" + id);
  known_responses_.insert(responses_.back());
  if (responses_.size() <= kResponsesKept) return;
  known_responses_.erase(responses_.front());
  responses_.pop_front();
}

bool Provider::knows_response(const Caller& caller, const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return known_responses_.contains(caller.organisation + "/" + id);
}

// --- books ----------------------------------------------------------------------------------------------------------

void Provider::count_answer(int status) {
  const std::lock_guard lock(mutex_);
  ++answers_[status];
}

json::object Provider::stats(bool with_charges) {
  const Now now = clock_.now();
  const std::lock_guard lock(mutex_);
  json::object answers;
  std::uint64_t served = 0;
  for (const auto& [status, count] : answers_) {
    answers[std::to_string(status)] = count;
    served += count;
  }
  json::object refusals;
  for (const auto& [kind, count] : refusals_) refusals[kind] = count;
  std::size_t in_flight = 0;
  json::object organisations;
  for (auto& [id, owner] : organisations_) {
    in_flight += owner.in_flight();
    json::object levels;
    for (const auto& [name, reading] : owner.levels(now)) {
      json::object level;
      add_level(level, "requests", reading.requests);
      add_level(level, "input_tokens", reading.input_tokens);
      add_level(level, "output_tokens", reading.output_tokens);
      add_level(level, "tokens", reading.tokens);
      levels[name] = std::move(level);
    }
    organisations[id] = json::object{{"in_flight", owner.in_flight()},
                                     {"spent_nanodollars", owner.spent(now).nanodollars()},
                                     {"buckets", std::move(levels)}};
  }
  json::object stats{{"served", served},
                     {"answers", std::move(answers)},
                     {"refusals", std::move(refusals)},
                     {"in_flight", in_flight},
                     {"cancelled", cancelled_.load(std::memory_order_relaxed)},
                     {"charged", charges_total_},
                     {"cache_entries", cache_.size()},
                     {"organisations", std::move(organisations)}};
  if (!with_charges) return stats;
  json::array charges;
  for (const Charge& charge : charges_) charges.push_back(to_json(charge));
  stats["charges"] = std::move(charges);
  return stats;
}

std::vector<Charge> Provider::charges(std::string_view organisation, WallTime from, WallTime to) const {
  const std::lock_guard lock(mutex_);
  std::vector<Charge> found;
  for (const Charge& charge : charges_) {
    if (charge.caller.organisation == organisation && charge.at >= from && charge.at < to) found.push_back(charge);
  }
  return found;
}

Money Provider::spent(std::string_view organisation) const {
  const std::lock_guard lock(mutex_);
  const auto found = spent_.find(organisation);
  return found == spent_.end() ? Money() : found->second;
}

OrganisationLimits Provider::limits_of(std::string_view organisation) const {
  const std::lock_guard lock(mutex_);
  const auto found = organisations_.find(organisation);
  return found == organisations_.end() ? configured(organisation) : found->second.limits();
}

OrganisationLimits Provider::own_limits(std::string_view organisation) const {
  const std::lock_guard lock(mutex_);
  return unsped(organisation);
}

void Provider::set_limits(const OrganisationLimits& limits, std::string_view organisation) {
  const Now now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (organisation.empty()) {
    options_.limits = limits;
    options_.organisations.clear();
  } else {
    options_.organisations[std::string(organisation)] = limits;
  }
  for (auto& [id, owner] : organisations_) {
    if (organisation.empty() || organisation == id) owner.set_limits(now, configured(id));
  }
}

void Provider::reset() {
  const Now now = clock_.now();
  const std::lock_guard lock(mutex_);
  ++generation_;  // calls in flight hold tickets of the old organisations
  organisations_.clear();
  subscriptions_.clear();
  cache_.clear();
  charges_.clear();
  spent_.clear();
  charges_total_ = 0;
  answers_.clear();
  refusals_.clear();
  responses_.clear();
  known_responses_.clear();
  cancelled_ = 0;
  schedule_start_ = now.steady;
}

}  // namespace tidegate::sim
