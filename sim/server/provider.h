// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/latency.h"
#include "sim/model/organisation.h"
#include "sim/model/prompt_cache.h"
#include "sim/model/random.h"
#include "sim/model/subscription.h"
#include "sim/server/model_call.h"
#include "sim/server/options.h"
#include "sim/server/reply.h"
#include "sim/server/request_reader.h"

#include <boost/json/object.hpp>
#include <tl/expected.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {

/// Whose key a request carries.
struct Caller {
  std::string organisation;
  std::string workspace;  ///< empty: the default workspace
};

/// What an admitted call may do and how long it takes.
struct AdmittedCall {
  std::uint64_t ticket = 0;
  std::uint64_t generation = 0;  ///< of the books; a reset between admission and end makes the ticket void
  bool has_priority = false;
  CachePlan cache;
  std::int64_t output_length = 0;  ///< drawn; compose_answer cuts it at max_tokens
  Nanoseconds first_token{};
  double tokens_per_second = 0;  ///< 0: everything at once
  /// As they stood when it was admitted, this call counted: what its answer tells when it begins (QUOTA.md 2).
  std::string rate_limit_headers;
};

enum class Outcome : std::uint8_t { Completed, Interrupted, Cancelled };
[[nodiscard]] std::string_view to_string(Outcome outcome);

/// One line of the provider's own books.
struct Charge {
  std::string request_id;
  Caller caller;
  std::string model;
  WallTime at;
  CacheUsage input;
  std::int64_t output_tokens = 0;
  Money cost;
  Outcome outcome = Outcome::Completed;
  bool is_streamed = false;
  std::string service_tier = "standard";
  std::string speed = "standard";
  std::string inference_geo = "global";
  std::string session;  ///< x-claude-code-session-id of the request
};

/// Everything behind the wire: organisations, prompt cache, drawn latencies, faults, books. Any thread; one lock.
class Provider {
 public:
  Provider(Options options, const Clock& clock);

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] Now now() const { return clock_.now(); }
  /// 24 characters, in the seed's order.
  [[nodiscard]] std::string new_id();

  [[nodiscard]] tl::expected<Caller, ApiError> authenticate(const Request& request) const;
  [[nodiscard]] bool is_admin(const Request& request) const;

  /// Faults of the schedule and those that a draw of the rules brings.
  [[nodiscard]] std::vector<Fault> draw_faults(Now now);
  void set_faults(std::vector<FaultRule> rules, std::vector<ScheduledFault> schedule, Now now);
  [[nodiscard]] boost::json::object faults() const;

  /// Charges the call to its organisation's limits, or says with which error it is refused.
  [[nodiscard]] tl::expected<AdmittedCall, ApiError> admit(Now now, const Caller& caller, const ModelCall& call,
                                                           RequestClass kind);
  /// For endpoints that are limited by requests only: `count_tokens`, `batches`, `files`.
  [[nodiscard]] std::optional<ApiError> admit_plain(Now now, const Caller& caller, std::string_view group);
  void begin(const AdmittedCall& admitted, const Caller& caller, const ModelCall& call);
  void produce(const AdmittedCall& admitted, const Caller& caller, std::int64_t output_tokens);
  /// Ends the call; `charge` is what was used. Nothing is written to the books if `is_charged` is false.
  void finish(const AdmittedCall& admitted, Charge charge, const ModelCall& call, bool is_charged);
  /// A batch's request: billed at half price, against no limit.
  void charge_batched(Charge charge, const ModelCall& call);

  /// Rate-limit headers as they stand now.
  [[nodiscard]] std::string rate_limit_headers(Now now, const Caller& caller, std::string_view group, RequestClass kind,
                                               Dialect dialect);

  void remember_response(const Caller& caller, const std::string& id);
  [[nodiscard]] bool knows_response(const Caller& caller, const std::string& id) const;

  void count_answer(int status);
  void count_cancelled() { cancelled_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] boost::json::object stats(bool with_charges);
  [[nodiscard]] std::vector<Charge> charges(std::string_view organisation, WallTime from, WallTime to) const;
  /// What Anthropic's models cost it since the start or the last reset.
  [[nodiscard]] Money spent(std::string_view organisation) const;
  /// The limits of one organisation as they are configured.
  [[nodiscard]] OrganisationLimits limits_of(std::string_view organisation) const;
  /// The same before `Options::speed`: what `set_limits` takes.
  [[nodiscard]] OrganisationLimits own_limits(std::string_view organisation) const;
  /// Widens or cuts in place; empty name: everyone's.
  void set_limits(const OrganisationLimits& limits, std::string_view organisation);
  /// Full buckets, an empty cache, empty books; faults stay.
  void reset();

 private:
  Organisation& organisation(const std::string& id, Now now);
  [[nodiscard]] std::string headers_of(Now now, const Caller& caller, std::string_view group, RequestClass kind,
                                       Dialect dialect);
  /// Null unless subscriptions are configured.
  Subscription* subscription(const std::string& organisation);
  [[nodiscard]] OrganisationLimits configured(std::string_view id) const;
  [[nodiscard]] const OrganisationLimits& unsped(std::string_view id) const;
  [[nodiscard]] std::int64_t estimate(std::int64_t counted);
  void record(Charge charge, const ModelCall& call, bool is_batch);

  Options options_;
  const Clock& clock_;

  mutable std::mutex mutex_;  // guards everything below but the atomics
  std::map<std::string, Organisation, std::less<>> organisations_;
  std::map<std::string, Subscription, std::less<>> subscriptions_;
  PromptCache cache_;
  LatencyModel latency_;
  Random random_;
  std::vector<FaultRule> fault_rules_;
  std::vector<ScheduledFault> schedule_;
  SteadyTime schedule_start_;
  std::deque<Charge> charges_;
  std::map<std::string, Money, std::less<>> spent_;
  std::uint64_t charges_total_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> refusals_;
  std::deque<std::string> responses_;      // oldest first
  std::set<std::string> known_responses_;  // organisation and id
  std::uint64_t finished_ = 0;
  std::uint64_t generation_ = 0;

  std::map<int, std::uint64_t> answers_;  // by status
  std::atomic<std::uint64_t> cancelled_{0};
  std::atomic<std::uint64_t> next_id_{1};
};

/// What counts against an input limit.
[[nodiscard]] std::int64_t limited_input(const ModelInfo& model, const CacheUsage& usage);

}  // namespace tidegate::sim
