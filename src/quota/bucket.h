// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/charge_log.h"
#include "quota/dimension.h"
#include "quota/holds.h"
#include "quota/overload_window.h"
#include "quota/period_limits.h"
#include "quota/ramp_message.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace tidegate::quota {

/// Why a request cannot go now.
enum class Obstacle : std::uint8_t {
  None,
  Requests, Input, Output, Tokens,  ///< the level of that dimension
  Concurrency,
  Day, Month,   ///< a limit over such a time
  RetryAfter,   ///< the provider said when to come back
  Probe,        ///< one request is out to see whether the provider takes them again
  Pace,         ///< the provider refused too sharp an increase
  Learning,     ///< nothing is known of this pool yet, and a few requests are out to learn it
  Reservation,  ///< kept for interactive requests
  SpendCap,     ///< the organisation's money is spent
  TooLarge,     ///< larger than the bucket: it never fits
  NoKey,        ///< no key of the pool is in rotation
  RoomFull,     ///< too many wait already
  Paused,       ///< requests of its priority are held back on purpose
};
[[nodiscard]] std::string_view to_string(Obstacle obstacle);

inline constexpr double kNever = std::numeric_limits<double>::infinity();

/// How long until a request may go: 0 (now), or when to ask again.
struct Wait {
  double seconds = 0;  ///< `kNever`: it never fits
  Obstacle obstacle = Obstacle::None;
};

/// What a provider's refusal, or its failure before the first byte, means for the pool.
enum class RefusalKind : std::uint8_t {
  Rate,         ///< 429: a limit per minute
  Ramp,         ///< 429: too sharp an increase
  Concurrency,  ///< 429: too many at once
  SpendCap,     ///< the month's money is spent: pointless to come back soon
  Overloaded,   ///< 529 and other 5xx
  Unreachable,  ///< no connection, no answer
  Key,          ///< the key was refused, not the pool: what was charged comes back, nothing else follows
};

struct Refusal {
  RefusalKind kind = RefusalKind::Rate;
  std::optional<Dimension> dimension{};  ///< the limit that its message names
  std::optional<double> retry_after_seconds;
  std::optional<RampFigures> ramp;
  Readings readings;
};

/// One request on its way, as its bucket keeps it. Made by `Bucket::admit`, to be handed back to the same bucket.
struct Flight {
  SteadyTime admitted_at{};
  std::optional<SteadyTime> first_output_at;
  std::uint64_t sequence = 0;  ///< of the admission, not of the request: a second attempt has another one
  int beside = 0;              ///< others in flight when it was admitted
  std::uint64_t refusals_before = 0;  ///< of this bucket, when it was admitted
  std::uint64_t place = 0;     ///< among the requests whose failures count as a sign of overload; 0: it had failed before
  double input = 0;            ///< charged so far
  double reserved = 0;         ///< output charged in advance
  double produced = 0;
  double predicted = 0;
  std::int64_t hold = 0;
  bool is_open = false;
  bool is_answered = false;    ///< its head has come
};

enum class Attempt : std::uint8_t { First, AfterFailure };

/// `BucketSettings::opening` of who serves traffic.
inline constexpr double kUsualOpening = 16;

struct BucketSettings {
  OutputAccounting accounting = OutputAccounting::AsProduced;
  double margin_seconds = 0.25;  ///< of refill kept back: what may arrive at the provider in another order than it was sent
  bool feels_its_way = true;  ///< a few requests at once until the first answer has told of limits
  double opening = kNever;  ///< sent at once to begin with, where no bound is known; doubles each second that it is used up
};

/// What is known of one true pool: an organisation (or its workspace) and a group of models. Token buckets that are charged by what we
/// send and corrected by every header that comes back. All keys of an organisation share one. Pure: time is an argument, and never
/// goes back. Not thread-safe.
class Bucket {
 public:
  Bucket(SteadyTime now, const BucketSettings& settings);

  /// Configured, preset or restored limits: no learning phase. `burst_seconds`: depth of the buckets, in time of refill.
  void set_limits(SteadyTime now, const Limits& limits, double burst_seconds = 60);
  /// Restored, with how full each bucket was when it was last known.
  void set_level(SteadyTime now, Dimension dimension, double level);
  void set_concurrency(std::optional<double> limit) { configured_concurrency_ = limit; }
  [[nodiscard]] PeriodLevels& periods() { return periods_; }
  [[nodiscard]] const PeriodLevels& periods() const { return periods_; }

  void advance(SteadyTime now);

  /// Whether a request fits now. After `advance`.
  [[nodiscard]] Wait wait(const Need& need) const;
  [[nodiscard]] Flight admit(const Need& need, Attempt attempt = Attempt::First);

  /// The head of a good answer.
  void answered(Flight& flight, const Readings& readings);
  /// The provider's own count of the input replaces the estimate.
  void settle_input(Flight& flight, double counted_tokens);
  void produce(Flight& flight, double output_tokens);
  /// The provider's own count of the output so far replaces what was reported with `produce`.
  void settle_output(Flight& flight, double counted_tokens);
  /// It was not sent after all: everything charged for it comes back.
  void withdraw(Flight& flight);
  /// Gone for good: whole, cut off or given up, with the provider's own count of the output if there is one. Ignored for a flight that
  /// is not open.
  void end(Flight& flight, std::optional<double> counted_output = std::nullopt);
  /// Refused or failed before its first byte: nothing was used.
  void refuse(Flight& flight, const Need& need, const Refusal& refusal);
  /// An organisation's money is spent, for all its models: nothing goes but one request each quarter of an hour that looks.
  void money_spent();
  /// What a refusal teaches of the request itself: where only its input can have been too much, that is more than was left. Tokens.
  [[nodiscard]] double least_input(const Need& need, const Refusal& refusal) const;
  /// Two buckets turn out to be one organisation: the lower level and the smaller limit stand; flights of `other` stay charged here.
  void merge(Bucket& other);
  /// After `merge`: a flight that `other` had admitted ends here.
  void adopt(Bucket& other, Flight& flight);

  /// Also used by tests: what the headers of a flight say, own charge included.
  void observe(const Flight& flight, const Readings& readings);

  // What the scheduler and the operator ask.
  [[nodiscard]] bool has_limit(Dimension d) const { return levels_[d].limit.has_value(); }
  [[nodiscard]] double limit(Dimension d) const { return levels_[d].limit.value_or(0); }  ///< per minute
  [[nodiscard]] double rate(Dimension d) const { return levels_[d].rate; }                ///< per second
  [[nodiscard]] double depth(Dimension d) const { return levels_[d].depth; }
  [[nodiscard]] double level(Dimension d) const { return levels_[d].level; }
  [[nodiscard]] double foreign(Dimension d) const { return levels_[d].foreign; }  ///< used by others, per second
  /// The part of the holds that refill will not cover.
  [[nodiscard]] double debt(Dimension d) const;
  /// Seconds of refill that are free in the tightest dimension: which bucket to take.
  [[nodiscard]] double headroom(const Need& need) const;
  [[nodiscard]] int in_flight() const { return in_flight_; }
  [[nodiscard]] double concurrency() const;  ///< the smallest bound that is known, or infinity
  [[nodiscard]] double lasting_concurrency() const;  ///< the same when no overload is left
  [[nodiscard]] double overload_seconds() const { return overload_.seconds_left(now_); }  ///< until the two are the same
  [[nodiscard]] std::int64_t held() const { return holds_.sum(); }
  [[nodiscard]] double stream_speed() const { return speed_; }
  [[nodiscard]] double service_seconds() const { return service_seconds_; }
  [[nodiscard]] double blocked_seconds() const;  ///< until the provider wants to see a request again
  [[nodiscard]] bool is_dead() const { return dead_; }
  [[nodiscard]] bool is_learned() const { return learned_; }
  [[nodiscard]] bool sees_foreign_use() const;
  /// When something changes by itself, seconds from now.
  [[nodiscard]] double next_change_seconds() const;
  [[nodiscard]] SteadyTime now() const { return now_; }

 private:
  struct Level {
    std::optional<double> limit;
    double rate = 0, depth = 0, level = 0, foreign = 0;
    double burst_seconds = 60;  ///< the depth in time of refill: stays the same when the limit changes
    bool depth_seen = false;
    std::optional<SteadyTime> observed_at;
    SteadyTime full_since{};  ///< if it is full
    [[nodiscard]] bool is_full() const { return level >= depth - 1e-6 * depth; }
  };
  /// A cap on the input tokens of the running minute, while the provider holds a steep increase back.
  struct Ramp {
    double cap = 0, step = 0, used = 0;
    bool is_told = true;  ///< the next minute's cap is what the provider said
    SteadyTime minute_ends{};
  };

  void charge(SteadyTime at, const PerDimension<double>& amounts);
  void refund(Dimension d, SteadyTime at, double amount);
  void change_limit(Level& level, double limit);
  /// What became of one dimension since a flight was sent.
  struct Meanwhile {
    double charged = 0, refunded = 0;
    bool is_known = true;  ///< false: it was sent before the log begins
  };
  void observe_one(Dimension d, const Flight& flight, const Reading& reading, const Meanwhile& meanwhile);
  void observe_depth(Dimension d, const Reading& reading, double age_seconds);
  void share_depth();
  [[nodiscard]] bool is_refused_when_full(const Need& need, const Refusal& refusal) const;
  void take_back(Flight& flight);
  void let_go_of_hold(Flight& flight);
  void release(Flight& flight);
  void back_off(std::optional<double> retry_after_seconds, double longest);
  [[nodiscard]] double opening() const;
  [[nodiscard]] int taken_beside(const Flight& flight) const;
  void bound_concurrency(int running);
  [[nodiscard]] double least_at_once() const;
  [[nodiscard]] Wait wait_for_health() const;
  [[nodiscard]] double needed(Dimension d, const Need& need) const;
  /// What a provider that reserves the maximum takes; its own default, where the request names none, is not known.
  [[nodiscard]] static double reservation(const Need& need);
  [[nodiscard]] bool is_tokens(Dimension d) const { return d != Dimension::Requests; }
  [[nodiscard]] double seconds_since(SteadyTime at) const;

  BucketSettings settings_;
  SteadyTime now_;
  PerDimension<Level> levels_;
  PeriodLevels periods_;
  ChargeLog charges_, refunds_;
  Holds holds_;
  int in_flight_ = 0;
  std::uint64_t sequence_ = 0;
  double speed_ = 60, service_seconds_ = 5;
  int services_ = 0;  ///< answers that it was learned from

  std::optional<double> configured_concurrency_;
  double concurrency_ = kNever;  ///< learned from refusals
  double concurrency_step_ = 1, concurrency_pause_ = 5;
  double refused_at_ = -1;       ///< running beside the last refusal that nothing else explains
  SteadyTime refused_when_{}, concurrency_raise_at_{};
  double last_concurrency_ = -1;
  bool concurrency_was_raised_ = false;  ///< since the last refusal
  std::vector<std::uint64_t> refused_;   ///< sequences of the last refusals, a ring
  std::uint64_t refusals_ = 0;
  double opening_;  ///< sent at once by now, where no bound is known
  std::optional<SteadyTime> opening_used_up_at_;
  OverloadWindow overload_;
  int answering_ = 0;  ///< in flight, and the head has come

  double pace_ = kNever;  ///< admissions per second
  SteadyTime paced_at_{}, admitted_at_{};
  std::optional<Ramp> ramp_;

  SteadyTime blocked_until_{};
  double backoff_seconds_ = 1;
  bool half_open_ = false;
  std::uint64_t probe_ = 0;  ///< sequence; 0: none is out
  SteadyTime probe_at_{};
  int failures_ = 0;
  int oversize_refusals_ = 0;  ///< in a row: of requests larger than the depth, when it was full
  bool learned_ = false;
  bool dead_ = false;
};

}  // namespace tidegate::quota
