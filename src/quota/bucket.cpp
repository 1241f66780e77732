// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/bucket.h"

#include <algorithm>
#include <cmath>

namespace tidegate::quota {
namespace {

constexpr double kAskAgain = 0.05;        // seconds, where only an event can tell
constexpr double kProbeGrace = 0.3;       // refusals come fast, good heads slowly
constexpr int kLearners = 4;              // at once, while nothing is known
constexpr double kOpeningSeconds = 4;     // of the request limit, if that is more
constexpr double kOpeningStep = 1;        // seconds; a refusal for too many at once comes sooner
constexpr double kWideOpen = 10'000;      // at once: there is no bound
constexpr std::size_t kMostRefused = 1'024;
constexpr double kSpendProbe = 15 * 60;   // seconds between two looks at a spent budget
constexpr double kReorder = 0.5;          // seconds by which charges may arrive in another order
constexpr double kRounding = 500;         // tokens; headers are rounded to the thousand
constexpr int kOversizeRefusals = 3;      // until a provider is believed to take nothing larger than its burst depth
constexpr double kLongestPause = 900;     // seconds between two attempts at more concurrency
constexpr double kRampGrowth = 1.25;      // at least, from minute to minute
constexpr int kFailuresToOpen = 5;        // unreachable in a row
constexpr double kSmallestLimit = 1;      // per minute; a header that says less is broken
constexpr double kMostTokens = 1e9;         // of one request; a provider that counts more is broken
constexpr double kForgetDepth = 900;      // seconds: a depth that no header confirms may be wrong, and keep out who could tell

Nanoseconds nanoseconds(double seconds) {
  if (!(seconds > 0)) return Nanoseconds(0);  // also what is no number
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(std::min(seconds, 1e9)));
}
double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

PerDimension<double> amounts(double requests, double input, double output) {
  PerDimension<double> all;
  all[Dimension::Requests] = requests;
  all[Dimension::Input] = input;
  all[Dimension::Output] = output;
  all[Dimension::Tokens] = input + output;
  return all;
}

}  // namespace

Bucket::Bucket(SteadyTime now, const BucketSettings& settings)
    : settings_(settings), now_(now), opening_(settings.opening), admitted_at_(now - std::chrono::hours(1)), blocked_until_(now) {}

double Bucket::seconds_since(SteadyTime at) const { return seconds(now_ - at); }

void Bucket::set_limits(SteadyTime now, const Limits& limits, double burst_seconds) {
  advance(now);
  for (const Dimension d : kAllDimensions) {
    if (!limits[d] || !(*limits[d] >= kSmallestLimit) || !std::isfinite(*limits[d])) continue;
    Level& level = levels_[d];
    const bool is_new = !level.limit;
    level.burst_seconds = burst_seconds;
    change_limit(level, *limits[d]);
    if (is_new) level.level = level.depth;
    learned_ = true;
  }
}

void Bucket::set_level(SteadyTime now, Dimension dimension, double level) {
  advance(now);
  if (levels_[dimension].limit) levels_[dimension].level = std::min(level, levels_[dimension].depth);
}

void Bucket::advance(SteadyTime now) {
  if (now <= now_) return;
  const double passed = seconds(now - now_);
  now_ = now;
  for (const Dimension d : kAllDimensions) {
    Level& level = levels_[d];
    if (!level.limit) continue;
    if (level.depth_seen && seconds_since(*level.observed_at) > kForgetDepth) {
      level.depth_seen = false;
      level.burst_seconds = 60;
      level.depth = std::max(1.0, *level.limit);
      oversize_refusals_ = 0;
    }
    const double refill = level.rate - level.foreign, until_full = (level.depth - level.level) / refill;
    if (!level.is_full() && until_full <= passed) level.full_since = now_ - nanoseconds(passed - until_full);
    level.level = std::min(level.depth, level.level + refill * passed);
  }
  periods_.advance(passed);
  if (concurrency_ != kNever && now_ >= concurrency_raise_at_) {
    concurrency_was_raised_ = true;
    concurrency_ += concurrency_step_;
    concurrency_step_ *= 2;
    concurrency_raise_at_ = now_ + nanoseconds(concurrency_pause_);
    if (concurrency_ > 1e6) concurrency_ = kNever;
  }
  if (opening_used_up_at_ && seconds_since(*opening_used_up_at_) >= kOpeningStep) {
    opening_ = opening() < kWideOpen ? 2 * opening() : kNever;
    opening_used_up_at_.reset();
  }
  overload_.advance(now_);
  if (pace_ != kNever) {
    pace_ *= std::pow(1.1, seconds_since(paced_at_));
    paced_at_ = now_;
    const Level& requests = levels_[Dimension::Requests];
    if (pace_ > (requests.limit ? 3 * requests.rate : 1e4)) pace_ = kNever;
  }
  while (ramp_ && now_ >= ramp_->minute_ends) {
    // The step is that of the first minute. After it, who used what was allowed is mostly allowed more and more; a refusal tells if not.
    ramp_->cap = std::max(ramp_->cap + ramp_->step, ramp_->is_told ? 0 : kRampGrowth * ramp_->cap);
    ramp_->is_told = false;
    ramp_->used = 0;
    ramp_->minute_ends += Seconds(60);
    const Level& input = levels_[Dimension::Input];
    if (input.limit ? ramp_->cap >= *input.limit : ramp_->cap > 1e12) ramp_.reset();
  }
  if (half_open_ && probe_ != 0 && seconds_since(probe_at_) >= kProbeGrace && !dead_) {
    half_open_ = false;
    probe_ = 0;
  }
}

double Bucket::needed(Dimension d, const Need& need) const {
  const double output = settings_.accounting == OutputAccounting::ReserveMaximum ? reservation(need) : 1;
  switch (d) {
    case Dimension::Requests: return 1;
    case Dimension::Input: return need.input;
    case Dimension::Output: return output;
    case Dimension::Tokens: return need.input + output;
  }
  return 0;
}

double Bucket::reservation(const Need& need) { return need.max_tokens > 0 ? need.max_tokens : need.predicted_output; }

Wait Bucket::wait_for_health() const {
  if (now_ < blocked_until_) return {seconds(blocked_until_ - now_), dead_ ? Obstacle::SpendCap : Obstacle::RetryAfter};
  if (settings_.feels_its_way && !learned_ && in_flight_ >= kLearners) return {kAskAgain, Obstacle::Learning};
  if (half_open_ && probe_ != 0) return {kAskAgain, dead_ ? Obstacle::SpendCap : Obstacle::Probe};
  if (in_flight_ + 1 > concurrency()) return {kAskAgain, Obstacle::Concurrency};
  if (in_flight_ + 1 > opening()) {
    return {opening_used_up_at_ ? std::max(0.001, kOpeningStep - seconds_since(*opening_used_up_at_)) : kAskAgain, Obstacle::Concurrency};
  }
  if (pace_ != kNever) {
    const double pause = 1 / pace_ - seconds_since(admitted_at_);
    if (pause > 0) return {pause, Obstacle::Pace};
  }
  return {};
}

Wait Bucket::wait(const Need& need) const {
  if (const Wait health = wait_for_health(); health.seconds > 0) return health;
  Wait longest;
  const auto later = [&](double wait_seconds, Obstacle obstacle) {
    if (wait_seconds > longest.seconds) longest = {wait_seconds, obstacle};
  };
  if (ramp_ && ramp_->used > 0 && ramp_->used + need.input > ramp_->cap) later(seconds(ramp_->minute_ends - now_), Obstacle::Pace);
  if (const PeriodLevels::Wait period = periods_.wait(need.input + need.mean_output); period.seconds > 0) {
    const bool is_day = period_seconds(period.dimension) <= 24 * 60 * 60;
    later(std::max(kAskAgain, period.seconds), is_day ? Obstacle::Day : Obstacle::Month);
  }
  for (const Dimension d : kAllDimensions) {
    const Level& level = levels_[d];
    if (!level.limit) continue;
    const auto obstacle = static_cast<Obstacle>(static_cast<int>(Obstacle::Requests) + static_cast<int>(d));
    const double wanted = needed(d, need);
    // A request larger than a short burst's depth, but not than the limit, is taken by a full bucket where the provider takes it at all.
    const bool takes_oversize = oversize_refusals_ < kOversizeRefusals;
    if (wanted > (takes_oversize ? std::max(level.depth, *level.limit) : level.depth)) return {kNever, Obstacle::TooLarge};
    // Others use this organisation too: what they take between two answers of ours has to be there.
    const double jitter = settings_.margin_seconds * level.rate;
    const double margin = std::max(jitter, level.foreign > 0.02 * level.rate ? 0.10 * level.depth : 0.0);
    const double enough = std::min(wanted + margin, level.depth);
    const double refill = std::max(level.rate - level.foreign, 0.05 * level.rate);
    // What of the margin does not fit into the bucket is waited for while it is full.
    const double full_seconds = std::min(jitter, std::max(0.0, wanted + jitter - level.depth)) / level.rate;
    // A hair less is enough: else a wait of one rounding error follows the other.
    if (level.level < enough - 1e-6 * level.depth) later((enough - level.level) / refill + full_seconds, obstacle);
    else if (const double left = full_seconds - seconds_since(level.full_since); left > 1e-6) later(left, obstacle);
    const bool holds = d == Dimension::Output || d == Dimension::Tokens;
    if (!holds || settings_.accounting == OutputAccounting::ReserveMaximum) continue;
    const double after = d == Dimension::Tokens ? level.level - need.input : level.level;
    const double lowest = holds_.lowest(after, level.rate - level.foreign, speed_, static_cast<std::int64_t>(need.predicted_output));
    // A lone request goes even if its answer overdraws: nothing else could make it fit.
    if (lowest < 0 && in_flight_ > 0) later(std::max(kAskAgain, -lowest / refill), obstacle);
  }
  return longest;
}

void Bucket::charge(SteadyTime at, const PerDimension<double>& amounts) {
  for (const Dimension d : kAllDimensions) levels_[d].level -= amounts[d];
  charges_.add(at, amounts);
}

void Bucket::refund(Dimension d, SteadyTime at, double amount) {
  Level& level = levels_[d];
  level.level = std::min(level.limit ? level.depth : kNever, level.level + amount);
  charges_.add(at, d, -amount);
}

Flight Bucket::admit(const Need& need, Attempt attempt) {
  Flight flight;
  flight.admitted_at = admitted_at_ = now_;
  flight.sequence = ++sequence_;
  flight.input = need.input;
  flight.predicted = std::max(1.0, need.predicted_output);
  flight.is_open = true;
  flight.beside = in_flight_;
  flight.refusals_before = refusals_;
  if (attempt == Attempt::First) flight.place = overload_.sent();
  ++in_flight_;
  overload_.reached(now_, in_flight_);
  if (in_flight_ >= opening() && !opening_used_up_at_) opening_used_up_at_ = now_;
  const bool reserves = settings_.accounting == OutputAccounting::ReserveMaximum;
  flight.reserved = reserves ? reservation(need) : 0;
  charge(now_, amounts(1, need.input, flight.reserved));
  periods_.charge(1, need.input);
  if (!reserves) holds_.add(flight.hold = static_cast<std::int64_t>(flight.predicted));
  if (ramp_) ramp_->used += need.input;
  if (half_open_ && probe_ == 0) {
    probe_ = flight.sequence;
    probe_at_ = now_;
    if (dead_) blocked_until_ = now_ + nanoseconds(kSpendProbe);
  }
  return flight;
}

void Bucket::answered(Flight& flight, const Readings& readings) {
  learned_ = true;
  backoff_seconds_ = 1;
  failures_ = 0;
  if (levels_[Dimension::Input].limit && flight.input > levels_[Dimension::Input].depth) oversize_refusals_ = 0;
  overload_.answered(now_);
  if (flight.is_open && !flight.is_answered) {
    flight.is_answered = true;
    ++answering_;
  }
  if (half_open_ && flight.sequence == probe_) {
    half_open_ = false;
    probe_ = 0;
    if (dead_) blocked_until_ = now_;
    dead_ = false;
  }
  observe(flight, readings);
}

void Bucket::settle_input(Flight& flight, double counted_tokens) {
  if (!flight.is_open || !(counted_tokens >= 0 && counted_tokens <= kMostTokens)) return;
  const double difference = counted_tokens - flight.input;
  flight.input = counted_tokens;
  if (difference < 0) {
    refund(Dimension::Input, flight.admitted_at, -difference);
    refund(Dimension::Tokens, flight.admitted_at, -difference);
  } else {
    charge(flight.admitted_at, amounts(0, difference, 0));
  }
  periods_.charge(0, difference);
  if (ramp_) ramp_->used = std::max(0.0, ramp_->used + difference);
}

void Bucket::produce(Flight& flight, double output_tokens) {
  if (!flight.is_open || !(output_tokens > 0 && output_tokens <= kMostTokens)) return;
  if (!flight.first_output_at) flight.first_output_at = now_;
  flight.produced += output_tokens;
  periods_.charge(0, output_tokens);
  const double beyond = std::min(output_tokens, flight.produced - flight.reserved);
  if (beyond > 0) charge(now_, amounts(0, 0, beyond));
  if (flight.hold == 0) return;
  holds_.remove(flight.hold);
  flight.hold = static_cast<std::int64_t>(std::max(32.0, flight.predicted - flight.produced));
  holds_.add(flight.hold);
}

void Bucket::settle_output(Flight& flight, double counted_tokens) {
  if (!flight.is_open || counted_tokens < 0) return;
  const double difference = counted_tokens - flight.produced;
  if (difference >= 0) return produce(flight, difference);
  const double beyond = std::min(-difference, flight.produced - flight.reserved);
  flight.produced = counted_tokens;
  periods_.charge(0, difference);
  if (beyond <= 0) return;
  refund(Dimension::Output, now_, beyond);
  refund(Dimension::Tokens, now_, beyond);
}

void Bucket::withdraw(Flight& flight) {
  if (!flight.is_open) return;
  if (half_open_ && probe_ == flight.sequence) probe_ = 0;
  take_back(flight);
}

/// What was charged in advance comes back, and its place in flight is free.
void Bucket::take_back(Flight& flight) {
  refund(Dimension::Requests, flight.admitted_at, 1);
  refund(Dimension::Input, flight.admitted_at, flight.input);
  refund(Dimension::Output, flight.admitted_at, flight.reserved);
  refund(Dimension::Tokens, flight.admitted_at, flight.input + flight.reserved);
  periods_.charge(-1, -flight.input - flight.produced);
  if (ramp_) ramp_->used = std::max(0.0, ramp_->used - flight.input);
  flight.input = 0;
  flight.reserved = 0;
  release(flight);
}

void Bucket::release(Flight& flight) {
  flight.is_open = false;
  if (flight.is_answered) --answering_;
  // A probe that was given up tells nothing; the next one asks again.
  if (probe_ == flight.sequence) probe_ = 0;
  --in_flight_;
  let_go_of_hold(flight);
}

void Bucket::let_go_of_hold(Flight& flight) {
  if (flight.hold > 0) holds_.remove(flight.hold);
  flight.hold = 0;
}

void Bucket::end(Flight& flight, std::optional<double> counted_output) {
  if (!flight.is_open) return;
  let_go_of_hold(flight);  // first: what it produced last need not change it
  if (counted_output) settle_output(flight, *counted_output);
  const double unused = flight.reserved - flight.produced;
  if (unused > 0) {
    for (const Dimension d : {Dimension::Output, Dimension::Tokens}) {
      Level& level = levels_[d];
      level.level = std::min(level.limit ? level.depth : kNever, level.level + unused);
      refunds_.add(now_, d, unused);
    }
  }
  // The first answers count for more: what was assumed before them is only a guess.
  const double weight = std::max(0.05, 1.0 / (2 + ++services_));
  service_seconds_ += weight * (seconds_since(flight.admitted_at) - service_seconds_);
  if (flight.first_output_at && flight.produced >= 50) {
    const double took = seconds_since(*flight.first_output_at);
    // An answer that came in one piece tells nothing of the speed.
    if (took > 0.2) speed_ = std::clamp(speed_ + 0.05 * (flight.produced / took - speed_), 5.0, 1000.0);
  }
  release(flight);
}

void Bucket::back_off(std::optional<double> retry_after_seconds, double longest) {
  if (retry_after_seconds && !(*retry_after_seconds >= 0)) retry_after_seconds.reset();
  half_open_ = true;
  probe_ = 0;
  const double pause = retry_after_seconds.value_or(std::min(longest, backoff_seconds_));
  // Requests that went out together are refused together: one sign, not many.
  if (!retry_after_seconds) {
    if (now_ < blocked_until_) return;
    backoff_seconds_ = std::min(longest, backoff_seconds_ * 2);
  }
  blocked_until_ = std::max(blocked_until_, now_ + nanoseconds(pause));
}

/// How many are sent at once where no bound is known. Who grants many requests a minute does not refuse the first few at once.
double Bucket::opening() const {
  if (configured_concurrency_) return kNever;
  return std::max(opening_, kOpeningSeconds * levels_[Dimension::Requests].rate);
}

/// How many ran beside a flight that the provider has judged by now: all that were in flight when it went, but for those among them that
/// were refused since. Unlike the number that is in flight now, it counts those that were taken and ended meanwhile, and does not count
/// those that are still to be refused in the same volley.
int Bucket::taken_beside(const Flight& flight) const {
  const std::uint64_t oldest = refusals_ > refused_.size() ? refusals_ - refused_.size() : 0;
  int taken = flight.beside;
  for (std::uint64_t i = std::max(oldest, flight.refusals_before); i < refusals_; ++i) {
    if (refused_[i % kMostRefused] < flight.sequence) --taken;
  }
  return std::max(0, taken);
}

void Bucket::bound_concurrency(int running) {
  const double seen = std::max(1, running);
  opening_ = kNever;
  opening_used_up_at_.reset();
  // Only a refusal after an attempt at more confirms a bound; those that went out together with the first one do not.
  if (concurrency_was_raised_ && std::abs(seen - last_concurrency_) <= 1) concurrency_pause_ = std::min(kLongestPause, concurrency_pause_ * 2);
  else if (concurrency_was_raised_) concurrency_pause_ = 5;
  concurrency_was_raised_ = false;
  // Of a volley, whoever met the fewest tells most: some of those that went with the others were not there yet.
  concurrency_ = std::min(concurrency_, seen);
  last_concurrency_ = concurrency_;
  concurrency_step_ = 1;
  concurrency_raise_at_ = now_ + nanoseconds(concurrency_pause_);
}

void Bucket::refuse(Flight& flight, const Need& need, const Refusal& refusal) {
  if (!flight.is_open) return;
  const bool was_probe = half_open_ && probe_ == flight.sequence;
  const int running = taken_beside(flight);
  if (refused_.size() < kMostRefused) refused_.push_back(flight.sequence);
  else refused_[refusals_ % kMostRefused] = flight.sequence;
  ++refusals_;
  take_back(flight);

  switch (refusal.kind) {
    case RefusalKind::Overloaded:
      learned_ = true;
      if (was_probe) probe_ = 0;
      // What one failure asks for is that request's own matter; an overload's is everybody's. It is no limit: an hour that is asked for
      // would be an hour without trying.
      if (overload_.failed(now_, flight.place, {.in_flight = in_flight_ + 1.0, .least = least_at_once(), .service_seconds = service_seconds_}) &&
          refusal.retry_after_seconds) {
        back_off(std::min(*refusal.retry_after_seconds, 60.0), 60);
      }
      return;
    case RefusalKind::Unreachable:
      if (was_probe || ++failures_ >= kFailuresToOpen) back_off(std::nullopt, 30);
      return;
    case RefusalKind::Key:
      if (was_probe) probe_ = 0;
      return;
    case RefusalKind::SpendCap:
      money_spent();
      return;
    case RefusalKind::Rate:
    case RefusalKind::Ramp:
    case RefusalKind::Concurrency: break;
  }
  learned_ = true;
  // A spent budget lets nothing through: a probe that is refused for another reason is a sign of life.
  if (was_probe) dead_ = false;
  observe(flight, refusal.readings);
  if (refusal.kind == RefusalKind::Concurrency) {
    bound_concurrency(running);
    // Completions open the way, not the clock.
    back_off(std::min(refusal.retry_after_seconds.value_or(0.05), 60.0), 60);
    return;
  }
  back_off(refusal.retry_after_seconds, 60);
  if (refusal.kind == RefusalKind::Rate && refusal.dimension) {
    Level& short_of = levels_[*refusal.dimension];
    const double wanted = std::min(needed(*refusal.dimension, need), short_of.depth);
    if (short_of.limit) short_of.level = std::min(short_of.level, wanted - (is_tokens(*refusal.dimension) ? 1 : 0.01));
  }
  if (refusal.kind == RefusalKind::Ramp) {
    if (refusal.ramp) {
      const double until = refusal.retry_after_seconds.value_or(60);
      ramp_ = Ramp{.cap = refusal.ramp->now, .step = std::max(refusal.ramp->at_next_minute - refusal.ramp->now, 0.05 * refusal.ramp->now),
                   .used = refusal.ramp->now, .minute_ends = now_ + nanoseconds(std::clamp(until, 0.0, 60.0))};
    } else {
      const double lately = charges_.since(now_ - Seconds(10))[Dimension::Requests] / 10;
      pace_ = std::max(0.1, 0.8 * lately);
      paced_at_ = now_;
    }
    return;
  }
  if (is_refused_when_full(need, refusal)) ++oversize_refusals_;
  bool explained = refusal.dimension || least_input(need, refusal) > need.input;
  bool has_reading = false;
  for (const Dimension d : kAllDimensions) {
    const std::optional<double>& remaining = refusal.readings[d].remaining;
    if (!remaining) continue;
    has_reading = true;
    explained = explained || *remaining < needed(d, need) + (is_tokens(d) ? kRounding : 0);
  }
  if (explained || !has_reading) return;
  // Refused although every limit that is shown had room: if it happens twice with as many in flight, it is their number.
  const bool again = refused_at_ >= 0 && std::abs(running - refused_at_) <= 1 && seconds_since(refused_when_) <= 300;
  refused_at_ = running;
  refused_when_ = now_;
  if (again) bound_concurrency(running);
}

void Bucket::money_spent() {
  dead_ = true;
  learned_ = true;
  back_off(kSpendProbe, kSpendProbe);
}

double Bucket::least_input(const Need& need, const Refusal& refusal) const {
  if (refusal.kind != RefusalKind::Rate || (refusal.dimension && *refusal.dimension != Dimension::Input)) return need.input;
  for (const Dimension d : {Dimension::Requests, Dimension::Output}) {
    const std::optional<double>& remaining = refusal.readings[d].remaining;
    if (!refusal.dimension && remaining && *remaining < needed(d, need) + (is_tokens(d) ? kRounding : 0)) return need.input;
  }
  const std::optional<double>& left = refusal.readings[Dimension::Input].remaining;
  // No estimate is off by more than half; what is, was refused for another reason.
  if (!left || need.input < 0.5 * *left) return need.input;
  return std::max(need.input, *left + kRounding);
}

bool Bucket::is_refused_when_full(const Need& need, const Refusal& refusal) const {
  const Level& input = levels_[Dimension::Input];
  if (!input.limit || need.input <= input.depth || (refusal.dimension && *refusal.dimension != Dimension::Input)) return false;
  const std::optional<double>& left = refusal.readings[Dimension::Input].remaining;
  return left && *left + kRounding >= input.depth;
}

void Bucket::change_limit(Level& level, double limit) {
  level.limit = limit;
  level.rate = limit / 60;
  level.depth = std::max(1.0, level.rate * level.burst_seconds);
  level.level = std::min(level.level, level.depth);
  level.foreign = std::min(level.foreign, 0.9 * level.rate);
}

void Bucket::observe(const Flight& flight, const Readings& readings) {
  const bool says_anything = std::any_of(kAllDimensions.begin(), kAllDimensions.end(), [&](Dimension d) { return readings[d].limit.has_value(); });
  if (!says_anything) return;
  // Who tells input and output apart has no combined limit, whatever the tier said.
  Level& combined = levels_[Dimension::Tokens];
  const bool tells_apart = readings[Dimension::Input].limit && readings[Dimension::Output].limit && !readings[Dimension::Tokens].limit;
  if (tells_apart && combined.limit && !combined.observed_at) combined = {};
  const SteadyTime from = flight.admitted_at - nanoseconds(kReorder);
  const PerDimension<double> charged = charges_.since(from), refunded = refunds_.since(flight.admitted_at);
  const bool is_known = charges_.reaches(from);
  for (const Dimension d : kAllDimensions) {
    observe_one(d, flight, readings[d], {.charged = charged[d], .refunded = refunded[d], .is_known = is_known});
  }
  share_depth();
}

void Bucket::observe_one(Dimension d, const Flight& flight, const Reading& reading, const Meanwhile& meanwhile) {
  if (!reading.limit || !std::isfinite(*reading.limit) || *reading.limit < kSmallestLimit) return;
  if (!reading.remaining || !std::isfinite(*reading.remaining) || *reading.remaining < 0) return;
  Level& level = levels_[d];
  const bool is_first = !level.limit, is_new = is_first || *level.limit != *reading.limit;
  if (is_new) change_limit(level, *reading.limit);
  const double remaining = std::min(*reading.remaining, *reading.limit);

  const bool is_input = d == Dimension::Input || d == Dimension::Tokens;
  const double error = is_tokens(d) ? kRounding + (is_input ? 0.05 * flight.input : 0) : 0;
  // The figure is of some moment since the request was sent: everything charged meanwhile may be missing from it, and all refill.
  // The flight's own charge is in it, but for the output that it produces bit by bit.
  const double own = d == Dimension::Requests ? (flight.is_open ? 1.0 : 0.0) : (is_input ? flight.input : 0.0) + (d != Dimension::Input ? flight.reserved : 0.0);
  const double charged = std::max(0.0, meanwhile.charged - own);
  const bool is_bounded = remaining > 0 && meanwhile.is_known;
  const double lowest = is_bounded ? remaining - error - charged : -kNever;
  double highest = remaining + (d == Dimension::Requests ? 1 : error) + level.rate * seconds_since(flight.admitted_at);
  if (settings_.accounting == OutputAccounting::ReserveMaximum) highest += meanwhile.refunded;

  // Of a limit that nobody knew, the worst is assumed: others of ours may be on their way.
  if (is_first) level.level = is_bounded ? lowest : std::min(0.0, remaining - charged);
  const double before = level.level;
  level.level = std::min(std::clamp(level.level, std::min(lowest, highest), highest), level.depth);
  const double moved = level.level - before;
  if (level.observed_at && !is_new && (moved != 0 || level.foreign > 0)) {
    const double passed = seconds_since(*level.observed_at);
    const double gain = passed < 1e-3 ? 1.0 / 60 : (1 - std::exp(-passed / 60)) / passed;
    level.foreign = std::clamp(level.foreign - gain * moved, 0.0, 0.9 * level.rate);
    if (moved >= 0) level.foreign *= std::exp(-passed / 120);
  }
  level.observed_at = now_;
  observe_depth(d, Reading{level.limit, remaining, reading.full_after_seconds}, seconds_since(flight.admitted_at));
}

void Bucket::observe_depth(Dimension d, const Reading& reading, double age_seconds) {
  if (!reading.full_after_seconds || !std::isfinite(*reading.full_after_seconds) || *reading.full_after_seconds < 0) return;
  Level& level = levels_[d];
  if (is_tokens(d) && *reading.remaining <= 0) {
    // It may be below zero, which the header does not show: the depth is at most what the refill brings until it is full.
    const double most = kRounding + level.rate * (*reading.full_after_seconds + age_seconds + 1);
    if (most >= level.depth) return;
    level.depth = std::max(1.0, most);
    level.burst_seconds = level.depth / level.rate;
    level.level = std::min(level.level, level.depth);
    return;
  }
  const double error = (is_tokens(d) ? kRounding : 0.6) + 0.6 * level.rate;
  const double seen = std::clamp(*reading.remaining + (is_tokens(d) ? 0 : 0.5) + level.rate * *reading.full_after_seconds, 1.0, *level.limit);
  // The answer's Date is of when it began, its levels may be of when the request came: what was refilled meanwhile is missing.
  const double off = level.depth > seen ? level.depth - seen - level.rate * age_seconds : seen - level.depth;
  if (!level.depth_seen && off > 2 * error) level.depth = seen;
  else if (off > error) level.depth += 0.1 * (seen - level.depth);
  level.depth_seen = true;
  level.burst_seconds = level.depth / level.rate;
  level.level = std::min(level.level, level.depth);
}

void Bucket::share_depth() {
  // A provider's buckets are as deep in time as each other. Where rounding hides it, the others tell.
  double shortest = kNever;
  for (const Dimension d : kAllDimensions) {
    const Level& level = levels_[d];
    if (level.limit && level.depth_seen) shortest = std::min(shortest, level.depth / level.rate);
  }
  if (shortest == kNever) return;
  for (const Dimension d : kAllDimensions) {
    Level& level = levels_[d];
    if (!level.limit || level.depth_seen || level.burst_seconds <= shortest) continue;
    level.burst_seconds = shortest;
    change_limit(level, *level.limit);
  }
}

void Bucket::merge(Bucket& other) {
  other.advance(now_);
  advance(other.now_);
  for (const Dimension d : kAllDimensions) {
    Level& mine = levels_[d];
    const Level& theirs = other.levels_[d];
    if (!theirs.limit) continue;
    if (!mine.limit) {
      mine = theirs;
      continue;
    }
    mine.burst_seconds = std::min(mine.burst_seconds, theirs.burst_seconds);
    change_limit(mine, std::min(*mine.limit, *theirs.limit));
    mine.level = std::min(mine.level, theirs.level);
  }
  periods_.merge(other.periods_);
  charges_.merge(other.charges_);
  refunds_.merge(other.refunds_);
  blocked_until_ = std::max(blocked_until_, other.blocked_until_);
  half_open_ = half_open_ || other.half_open_;
  if (other.concurrency_ < concurrency_) {
    concurrency_ = other.concurrency_;
    concurrency_step_ = other.concurrency_step_;
    concurrency_pause_ = other.concurrency_pause_;
    concurrency_raise_at_ = other.concurrency_raise_at_;
    last_concurrency_ = other.last_concurrency_;
    opening_ = kNever;
  }
  overload_.merge(other.overload_);
  if (other.pace_ < pace_) {
    pace_ = other.pace_;
    paced_at_ = other.paced_at_;
  }
  if (!ramp_) ramp_ = other.ramp_;
  learned_ = learned_ || other.learned_;
  dead_ = dead_ || other.dead_;
}

void Bucket::adopt(Bucket& other, Flight& flight) {
  if (!flight.is_open) return;
  --other.in_flight_;
  ++in_flight_;
  if (flight.is_answered) {
    --other.answering_;
    ++answering_;
  }
  flight.place = 0;  // the place was among the other's
  if (other.probe_ == flight.sequence) other.probe_ = 0;
  if (flight.hold > 0) {
    other.holds_.remove(flight.hold);
    holds_.add(flight.hold);
  }
  flight.beside = in_flight_ - 1;
  flight.refusals_before = refusals_;
  flight.sequence = ++sequence_;  // its head is not that of this bucket's probe
}

double Bucket::debt(Dimension d) const {
  if (d != Dimension::Output && d != Dimension::Tokens) return 0;
  if (in_flight_ == 0) return 0;
  const double fed = levels_[d].rate / (static_cast<double>(in_flight_) * speed_);
  return static_cast<double>(holds_.sum()) * std::max(0.0, 1 - fed);
}

double Bucket::headroom(const Need& need) const {
  // Nothing is known: as good as full, so that it is tried, and less so with every request that is out to learn it.
  if (!learned_) return 60.0 / (1 + in_flight_);
  double least = kNever;
  for (const Dimension d : kAllDimensions) {
    const Level& level = levels_[d];
    if (!level.limit) continue;
    const double held = d == Dimension::Output || d == Dimension::Tokens ? static_cast<double>(holds_.sum()) : 0;
    least = std::min(least, (level.level - held - needed(d, need)) / level.rate);
  }
  return least == kNever ? -static_cast<double>(in_flight_) : least;
}

double Bucket::lasting_concurrency() const { return std::min(concurrency_, configured_concurrency_.value_or(kNever)); }

double Bucket::concurrency() const { return std::min(lasting_concurrency(), overload_.size()); }

/// However much fails: what is being answered, and a second of what the limits let through.
double Bucket::least_at_once() const { return std::max(static_cast<double>(answering_), levels_[Dimension::Requests].rate); }

double Bucket::blocked_seconds() const { return now_ < blocked_until_ ? seconds(blocked_until_ - now_) : 0; }

bool Bucket::sees_foreign_use() const {
  return std::any_of(kAllDimensions.begin(), kAllDimensions.end(), [&](Dimension d) {
    return levels_[d].limit && levels_[d].foreign > 0.02 * levels_[d].rate;
  });
}

double Bucket::next_change_seconds() const {
  double next = kNever;
  if (now_ < blocked_until_) next = std::min(next, blocked_seconds());
  if (half_open_ && probe_ != 0) next = std::min(next, std::max(0.001, kProbeGrace - seconds_since(probe_at_)));
  if (opening_used_up_at_) next = std::min(next, std::max(0.001, kOpeningStep - seconds_since(*opening_used_up_at_)));
  return next;
}

}  // namespace tidegate::quota
