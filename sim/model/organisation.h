// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "sim/model/limits.h"
#include "sim/model/token_bucket.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace tidegate::sim {

enum class RequestClass : std::uint8_t { Ordinary, CodeGeneration, Fast };

/// What a request asks of the limits.
struct AdmissionRequest {
  std::string_view group;      ///< of the model (`model_catalog.h`), or `count_tokens`, `batches`, `files`
  std::string_view workspace;  ///< empty: the default workspace, which has no limits of its own
  std::int64_t input_tokens = 0;  ///< the provider's estimate, as it counts against the input limit
  std::int64_t max_tokens = 0;    ///< matters only where output is reserved
  RequestClass kind = RequestClass::Ordinary;
  bool takes_priority = true;  ///< draws on Priority Tier where there is some
};

enum class RejectionKind : std::uint8_t {
  Requests, InputTokens, OutputTokens, Tokens, Concurrency, Ramp,
  TierSpendCap, ContractSpendCap, OwnSpendLimit, WorkspaceSpendLimit,
};

[[nodiscard]] std::string_view to_string(RejectionKind kind);

struct Admitted {
  std::uint64_t ticket;      ///< to be handed to `finish` exactly once
  bool has_priority = false;  ///< drew on Priority Tier capacity too
};

struct Rejected {
  RejectionKind kind;
  std::optional<Nanoseconds>
      retry_after;  ///< an earlier retry fails; absent where retrying is useless (spend caps, a need above the limit)
  std::string message;                     ///< as the provider words it
};

using Admission = std::variant<Admitted, Rejected>;

/// One limit at one instant, not rounded.
struct LimitReading {
  double limit;            ///< per minute
  double remaining;        ///< may be negative
  Nanoseconds until_full;  ///< to full replenishment

  friend bool operator==(const LimitReading&, const LimitReading&) = default;
};

/// What the rate-limit headers of one answer say.
struct RateLimitReading {
  std::optional<LimitReading> requests, input_tokens, output_tokens;
  std::optional<LimitReading> tokens;  ///< the most restrictive limit in force, else input and output together
  std::optional<LimitReading> priority_input_tokens, priority_output_tokens;
  std::optional<LimitReading> fast_input_tokens, fast_output_tokens;
};

/// Limits that stand together for one model group: of an organisation, of a workspace, of fast mode, of Priority Tier.
class LimitSet {
 public:
  LimitSet(SteadyTime now, const GroupLimits& limits);
  void set_limits(SteadyTime now, const GroupLimits& limits);
  void advance(SteadyTime now);

  /// What stands in the way, or nothing. After `advance`.
  [[nodiscard]] std::optional<Rejected> refuse(const Now& now, std::int64_t input_tokens, std::int64_t max_tokens) const;
  void admit(const Now& now, std::int64_t input_tokens, std::int64_t max_tokens);
  /// The estimate of the input gives way to what was counted.
  void correct_input(std::int64_t difference);
  void produce(std::int64_t output_tokens, std::int64_t reserved);
  void finish(std::int64_t unused_reservation);

  [[nodiscard]] const GroupLimits& limits() const { return limits_; }
  [[nodiscard]] int in_flight() const { return in_flight_; }
  [[nodiscard]] std::optional<LimitReading> requests(SteadyTime now) const { return read(requests_, now); }
  [[nodiscard]] std::optional<LimitReading> input(SteadyTime now) const { return read(input_, now); }
  [[nodiscard]] std::optional<LimitReading> output(SteadyTime now) const { return read(output_, now); }
  /// The combined limit, else the sum of input and output, else the one of the two that is limited.
  [[nodiscard]] std::optional<LimitReading> tokens(SteadyTime now) const;

 private:
  using Bucket = std::optional<TokenBucket>;
  static std::optional<LimitReading> read(const Bucket& bucket, SteadyTime now);
  [[nodiscard]] std::optional<Rejected> refuse_ramp(const Now& now, std::int64_t input_tokens) const;
  [[nodiscard]] double ramp_allowance(std::int64_t minute) const;
  [[nodiscard]] bool reserves_output() const { return limits_.accounting == OutputAccounting::ReserveMaximum; }

  GroupLimits limits_;
  Bucket requests_, input_, output_, tokens_;
  int in_flight_ = 0;
  std::map<std::int64_t, double> input_of_minute_;  ///< wall-clock minute → input tokens; the last six
};

/// One organisation of a provider: who shares limits. Not thread-safe. Time is an argument; a time before the last is
/// taken as the last.
class Organisation {
 public:
  Organisation(std::string id, OrganisationLimits limits, const Now& now);

  /// Refuses without charging anything, or charges a request and its estimated input.
  [[nodiscard]] Admission admit(const Now& now, const AdmissionRequest& request);
  /// The answer begins: the counted input takes the place of the estimate.
  void begin_answer(const Now& now, std::uint64_t ticket, std::int64_t counted_input_tokens);
  void produce_output(const Now& now, std::uint64_t ticket, std::int64_t output_tokens);
  /// Frees the place in flight and what was reserved. A ticket that is not open is ignored.
  void finish(const Now& now, std::uint64_t ticket);

  [[nodiscard]] RateLimitReading reading(const Now& now, std::string_view group, std::string_view workspace = {},
                                         RequestClass kind = RequestClass::Ordinary);

  /// Adds to the month's spend; a new calendar month (UTC) starts at zero.
  void charge(const Now& now, Money cost, std::string_view workspace = {});
  [[nodiscard]] Money spent(const Now& now, std::string_view workspace = {}) const;

  /// Widens or cuts limits in place: buckets keep the share that is filled, requests in flight go on.
  void set_limits(const Now& now, OrganisationLimits limits);
  [[nodiscard]] const OrganisationLimits& limits() const { return limits_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] std::size_t in_flight() const { return open_.size(); }
  /// Names of the limit sets that were used so far, with their readings: what an operator would like to see.
  [[nodiscard]] std::vector<std::pair<std::string, RateLimitReading>> levels(const Now& now);

 private:
  struct Ticket {
    std::vector<LimitSet*> sets;
    std::int64_t input_tokens;
    std::int64_t reserved;  ///< output tokens reserved and not produced yet
    bool is_begun = false;
  };
  struct Month {
    std::int64_t number = -1;
    std::map<std::string, Money, std::less<>> spent;  ///< by workspace; "" is everything
  };

  /// Limits that a request must fit, and whose they are.
  struct Scope {
    LimitSet* set;
    bool is_workspace = false;  ///< else the organisation's
  };

  /// The organisation's first.
  [[nodiscard]] std::vector<Scope> scopes(const Now& now, const AdmissionRequest& request);
  LimitSet& scope(const Now& now, std::string name, const GroupLimits& limits);
  [[nodiscard]] const GroupLimits* limits_of_scope(std::string_view name, GroupLimits& storage) const;
  [[nodiscard]] std::optional<Rejected> refuse_spend(const Now& now, std::string_view workspace) const;
  [[nodiscard]] LimitSet* priority_scope(const Now& now, std::string_view group);
  [[nodiscard]] std::string word_refusal(const Rejected& refused, const Scope& scope,
                                         const AdmissionRequest& request) const;

  std::string id_;
  OrganisationLimits limits_;
  std::map<std::string, LimitSet, std::less<>> sets_;  ///< stable addresses: tickets point here
  std::unordered_map<std::uint64_t, Ticket> open_;
  std::uint64_t next_ticket_ = 1;
  Month month_;
};

}  // namespace tidegate::sim
