// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/route_settings.h"

#include "config/setting_parts.h"

#include <chrono>

namespace tidegate::config {

namespace {

using routing::FailoverOptions;
using routing::RouteRule;
using routing::TargetCondition;
using routing::TargetRule;
using std::chrono::hours;
using std::chrono::minutes;

Type<TargetCondition> target_condition() {
  return record<TargetCondition>(
      {field<TargetCondition>("tenants", TIDEGATE_AT(tenants), list_of(text("pattern"), 1'000), "of one of these tenants; without it, of any"),
       field<TargetCondition>("batch", TIDEGATE_AT(batch), optional(yes_or_no()), "of batch priority, or not of it"),
       field<TargetCondition>("stream", TIDEGATE_AT(stream), optional(yes_or_no()), "asks for a stream, or does not"),
       field<TargetCondition>("tools", TIDEGATE_AT(tools), optional(yes_or_no()), "offers tools, or none"),
       field<TargetCondition>("max_body", TIDEGATE_AT(max_body_bytes),
                              optional(converted<std::int64_t, std::size_t>(
                                  byte_size(1, kGiB),
                                  [](Reading&, const Node&, std::size_t bytes) { return std::optional(static_cast<std::int64_t>(bytes)); },
                                  [](const std::int64_t& bytes) { return static_cast<std::size_t>(bytes); })),
                              "its body is at most as large")});
}

Type<TargetRule> target_rule() {
  return record<TargetRule>(
      {field<TargetRule>("provider", TIDEGATE_AT(provider), id<ProviderId>(), "name of the provider").required(),
       field<TargetRule>("model", TIDEGATE_AT(model), text("model"), "the model's name there; without it, as the provider's `models` say"),
       field<TargetRule>("key", TIDEGATE_AT(key), text("name"), "the one key of the provider that may be used, by the name of its variable or file"),
       field<TargetRule>("max_wait", TIDEGATE_AT(max_wait), optional(duration(Nanoseconds(0), hours(1))),
                         "for its turn there, before the next target is asked; without it, `admission.spare_after`"),
       field<TargetRule>("max_cost", TIDEGATE_AT(max_cost), optional(dollars()),
                         "price ceiling: dearer requests pass it by. Of input as estimated and all output that is allowed, in dollars"),
       field<TargetRule>("weight", TIDEGATE_AT(weight), count<std::int64_t>(0, 1'000'000),
                         "targets next to each other with a weight share the requests by it; 0: in order"),
       field<TargetRule>("when", TIDEGATE_AT(when), target_condition(), "only requests for which all of this holds")});
}

}  // namespace

Type<gateway::ClassRule> class_settings() {
  using gateway::ClassRule;
  return record<ClassRule>(
      {field<ClassRule>("name", TIDEGATE_AT(name), checked_text("name", why_not_a_name), "what rooms and labels call it").required(),
       field<ClassRule>("factor", TIDEGATE_AT(factor), figure(0.001, 1), "part of its models' limits that the class has"),
       field<ClassRule>("headers", TIDEGATE_AT(headers),
                        word<quota::HeaderScope>({{"model", quota::HeaderScope::Model}, {"class", quota::HeaderScope::Class}}),
                        "of what the rate-limit headers of its answers tell: its models' whole limits, of which `factor` is taken, or the class alone"),
       field<ClassRule>("model", TIDEGATE_AT(model), text("pattern"), "requested model"),
       field<ClassRule>("path", TIDEGATE_AT(path), text("pattern"), "path without query"),
       field<ClassRule>("header", TIDEGATE_AT(header), checked_text("header name", why_not_a_header), "a header that must be there"),
       field<ClassRule>("value", TIDEGATE_AT(value), text("pattern"), "of that header"),
       field<ClassRule>("tool", TIDEGATE_AT(tool), text("pattern"), "name of a tool that the request offers"),
       field<ClassRule>("system_hash", TIDEGATE_AT(system_hash), text("16 hexadecimal digits"),
                        "of the system prompt, as answers tell it in `x-tidegate-system-hash` once some class has one")});
}

Type<quota::AdmissionOptions> admission_settings() {
  using quota::AdmissionOptions;
  return record<AdmissionOptions>(
      {field<AdmissionOptions>("max_wait", TIDEGATE_AT(max_wait), duration(Nanoseconds(0), hours(1)),
                               "how long a request may wait for its turn, over all targets; a header `x-tidegate-max-wait: 30s` says "
                               "otherwise. Without `stream: true` never more than 240s"),
       field<AdmissionOptions>("batch_max_wait", TIDEGATE_AT(batch_max_wait), duration(Nanoseconds(0), hours(1)),
                               "the same for requests with `x-tidegate-priority: batch`"),
       field<AdmissionOptions>("spare_after", TIDEGATE_AT(spare_after), duration(Nanoseconds(0), hours(1)),
                               "a wait that would be longer goes to the route's next target"),
       field<AdmissionOptions>("batch_spare_after", TIDEGATE_AT(batch_spare_after), duration(Nanoseconds(0), hours(1)),
                               "the same for batch requests"),
       field<AdmissionOptions>("max_waiting", TIDEGATE_AT(max_waiting), count<std::size_t>(1, 1'000'000),
                               "requests that wait for one provider's group of models; further ones go on or get their 429 at once"),
       field<AdmissionOptions>("batch_reserve", TIDEGATE_AT(batch_reserve), figure(0, 1),
                               "share of a pool that batch requests leave for interactive ones")});
}

Type<FailoverOptions> failover_settings() {
  return record<FailoverOptions>(
      {field<FailoverOptions>("time_budget", TIDEGATE_AT(time_budget), duration(Seconds(1), hours(1)),
                              "since the request came; after it no further attempt is begun"),
       field<FailoverOptions>("max_attempts", TIDEGATE_AT(max_attempts), count<std::int64_t>(1, 100),
                              "attempts of one request, over all targets")});
}

Type<caching::CachingOptions> prompt_cache_settings() {
  using caching::CachingOptions;
  using caching::Injection;
  using caching::LifetimeChoice;
  return record<CachingOptions>(
      {field<CachingOptions>("enabled", TIDEGATE_AT(enabled),
                             word<Injection>({{"off", Injection::Off}, {"dry_run", Injection::DryRun}, {"on", Injection::On}}),
                             "mark Anthropic prompts for the provider's cache where that pays, if the client marked none; `dry_run` only "
                             "reckons what it would have saved",
                             Takes::Restart),
       field<CachingOptions>("lifetime", TIDEGATE_AT(lifetime),
                             word<LifetimeChoice>({{"automatic", LifetimeChoice::Automatic}, {"5m", LifetimeChoice::FiveMinutes}}),
                             "of cache entries: an hour where gaps between requests make it pay, or never more than five minutes",
                             Takes::Restart),
       field<CachingOptions>("first_sight", TIDEGATE_AT(first_sight), yes_or_no(),
                             "mark prompts not seen before too, if others of their kind came again; of an unknown kind the first two",
                             Takes::Restart),
       field<CachingOptions>("max_prefixes", TIDEGATE_AT(max_prefixes), count<std::size_t>(64, 10'000'000),
                             "beginnings of prompts to remember, as hashes; some 100 bytes each", Takes::Restart),
       field<CachingOptions>("fan_out_wait", TIDEGATE_AT(fan_out_wait), duration(Nanoseconds(0), minutes(1)),
                             "how long a request waits for the first byte of another one that is writing the same prefix; 0s: never",
                             Takes::Restart)});
}

Type<gateway::AnswerCacheOptions> response_cache_settings() {
  using gateway::AnswerCacheOptions;
  return record<AnswerCacheOptions>(
      {field<AnswerCacheOptions>("ttl", TIDEGATE_AT(ttl), duration(Nanoseconds(0), hours(24 * 30)),
                                 "how long an answer is given again to the same bytes from the same tenant, if the request says `temperature: 0`, asks "
                                 "for embeddings, or has the header `x-tidegate-cache: yes`; 0s: never",
                                 Takes::Restart),
       field<AnswerCacheOptions>("max_bytes", TIDEGATE_AT(max_bytes), byte_size(kMiB, 64 * kGiB),
                                 "memory for kept answers; one larger than a sixteenth of it is not kept", Takes::Restart)});
}

Type<RouteRule> route_settings() {
  return record<RouteRule>(
      {field<RouteRule>("model", TIDEGATE_AT(model), text("pattern"),
                        "requested model; `*` is any run, `?` one character"),
       field<RouteRule>("provider", TIDEGATE_AT(provider), id<ProviderId>(), "name of the provider that serves it; or see `targets`"),
       field<RouteRule>("overflow", TIDEGATE_AT(overflow), list_of(id<ProviderId>(), 16),
                        "providers that serve what it cannot serve, or not in time, in this order; those of the other dialect by translation"),
       field<RouteRule>("targets", TIDEGATE_AT(targets), list_of(target_rule(), 32), "instead of `provider`: who may serve it, and on which terms"),
       field<RouteRule>("lossy", TIDEGATE_AT(refuses_losses), word<bool>({{"allow", false}, {"refuse", true}}),
                        "whether a request goes to a provider of another dialect that cannot carry all of it (docs/translation.md)")});
}

}  // namespace tidegate::config
