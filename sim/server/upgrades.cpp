// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/upgrades.h"

#include "base/number.h"
#include "sim/model/model_catalog.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

constexpr Nanoseconds kOldestSignature = std::chrono::minutes(5);
constexpr Nanoseconds kLookEvery = std::chrono::seconds(10);
/// Over which time, and up to which share, use must fit a tier to be served by it again.
constexpr std::chrono::minutes kUseWindow(10);
constexpr double kFitting = 0.8;

Reply refuse(int status, std::string detail) {
  return {status, json::serialize(json::object{{"error", std::move(detail)}}), {}};
}

std::string signature_of(std::string_view secret, std::string_view timestamp, std::string_view body) {
  const std::string text = fmt::format("{}.{}", timestamp, body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ::HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  std::string out = "v1=";
  for (unsigned int i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Of one group of models, as the call's `group` says; without it, of all.
OrganisationLimits widened(OrganisationLimits limits, double factor, std::string_view only) {
  if (!only.empty()) {
    limits.table.groups[std::string(only)] = limits.table.of(only).scaled(factor);
    return limits;
  }
  limits.table.standard = limits.table.standard.scaled(factor);
  for (auto& [name, group] : limits.table.groups) group = group.scaled(factor);
  return limits;
}

std::string text_of(const json::object& body, const char* name) {
  const json::value* value = body.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string Upgrades::why_refused(const Request& request, Now now) const {
  if (secret_.empty()) return {};
  const std::string_view timestamp = request.header("x-tidegate-timestamp");
  const auto seconds = parse_integer<std::int64_t>(timestamp);
  if (!seconds) return "x-tidegate-timestamp is missing or no Unix time in seconds";
  const Nanoseconds age = now.wall - WallTime(Seconds(*seconds));
  if (age > kOldestSignature || age < -kOldestSignature) return "x-tidegate-timestamp is more than five minutes away";
  if (!equal(request.header("x-tidegate-signature"), signature_of(secret_, timestamp, request.body)))
    return "x-tidegate-signature does not fit";
  return {};
}

Reply Upgrades::serve(const Request& request, Now now) {
  const std::lock_guard lock(mutex_);
  if (request.method == "GET") return {200, standing(), {}};
  if (request.method != "POST") return refuse(405, "there are GET and POST");
  if (const std::string why = why_refused(request, now); !why.empty()) return refuse(401, why);
  const std::string key(request.header("idempotency-key"));
  if (key.empty()) return refuse(400, "an idempotency-key is needed: a call that comes twice must count once");
  if (const std::string* known = desk_.answer_to(key)) return {200, *known, {}};
  std::string organisation(request.parameter("organisation"));
  if (organisation.empty()) organisation = provider_.options().default_organisation;
  Reply reply = take(request, organisation, now);
  if (reply.status == 200) desk_.remember(key, reply.body);
  return reply;
}

Reply Upgrades::take(const Request& request, const std::string& organisation, Now now) {
  json::error_code error;
  const json::value parsed = json::parse({request.body.data(), request.body.size()}, error);
  if (error || !parsed.is_object()) return refuse(400, "the body is not a JSON object");
  const std::string event = text_of(parsed.get_object(), "event");
  if (event == "return") {
    if (!desk_.give_back(organisation)) return refuse(404, fmt::format("{} has no upgrade", organisation));
    look_at_ = now.steady.time_since_epoch().count();
    return {200, standing(), {}};
  }
  if (event != "trigger") return refuse(400, "event is 'trigger' or 'return'");
  const std::string tier = text_of(parsed.get_object(), "proposed_tier");
  if (!desk_.widen(organisation, tier, now)) {
    std::string names;
    for (const auto& [name, factor] : desk_.terms().tiers) names += (names.empty() ? "" : ", ") + name;
    return refuse(400,
                  fmt::format("there is no tier '{}' to be had; there are: {}", tier, names.empty() ? "none" : names));
  }
  const auto own = own_.try_emplace(organisation, provider_.own_limits(organisation)).first;
  provider_.set_limits(widened(own->second, desk_.upgrades().at(organisation).factor, request.parameter("group")),
                       organisation);
  return {200, standing(), {}};
}

void Upgrades::look(Now now) {
  if (now.steady.time_since_epoch().count() < look_at_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  const std::vector<std::string> ended =
      desk_.end_due(now, [&](const std::string& organisation) { return fits_own_tier(organisation, now); });
  for (const std::string& organisation : ended) {
    const auto own = own_.extract(organisation);
    if (own) provider_.set_limits(own.mapped(), organisation);
  }
  const bool is_any_left = std::any_of(desk_.upgrades().begin(), desk_.upgrades().end(),
                                       [](const auto& one) { return one.second.is_given_back; });
  look_at_ = is_any_left ? (now.steady + kLookEvery).time_since_epoch().count() : kNever;
}

void Upgrades::reset() {
  const std::lock_guard lock(mutex_);
  for (const auto& [organisation, own] : own_) provider_.set_limits(own, organisation);
  own_.clear();
  desk_.clear();
  look_at_ = kNever;
}

bool Upgrades::fits_own_tier(const std::string& organisation, Now now) const {
  struct Use {
    double requests = 0, input = 0, output = 0;
  };
  std::map<std::string_view, Use> used;  // by model group
  for (const Charge& charge : provider_.charges(organisation, now.wall - kUseWindow, now.wall + Seconds(1))) {
    const ModelInfo* model = find_model(charge.model);
    if (model == nullptr) model = likely_model(charge.model);
    if (model == nullptr) continue;
    Use& use = used[model->group];
    use.requests += 1;
    use.input += static_cast<double>(limited_input(*model, charge.input));
    use.output += static_cast<double>(charge.output_tokens);
  }
  const auto own = own_.find(organisation);
  if (own == own_.end()) return true;
  const double minutes = static_cast<double>(kUseWindow.count());
  return std::all_of(used.begin(), used.end(), [&](const auto& one) {
    const GroupLimits& limits = own->second.table.of(one.first);
    const auto fits = [&](double use, const std::optional<double>& limit) {
      return !limit || use <= kFitting * minutes * *limit * provider_.options().speed;
    };
    const Use& use = one.second;
    return fits(use.requests, limits.requests) && fits(use.input, limits.input_tokens) &&
           fits(use.output, limits.output_tokens) && fits(use.input + use.output, limits.tokens);
  });
}

std::string Upgrades::standing() const {
  json::array list;
  for (const auto& [organisation, upgrade] : desk_.upgrades()) {
    list.push_back(json::object{{"organisation", organisation},
                                {"tier", upgrade.tier},
                                {"factor", upgrade.factor},
                                {"since", to_rfc3339(upgrade.since.wall)},
                                {"at_least_until", to_rfc3339(upgrade.since.wall + desk_.terms().shortest)},
                                {"given_back", upgrade.is_given_back}});
  }
  return json::serialize(json::object{{"upgrades", std::move(list)}});
}

}  // namespace tidegate::sim
