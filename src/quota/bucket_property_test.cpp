// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What holds of a bucket in every schedule. Each test runs seeded random ones and names the seed that fails; --gtest_random_seed=N runs that
// one alone.
#include "quota/bucket.h"
#include "quota/room_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace tidegate::quota {
namespace {

Need need(double input, double output = 100, double max_tokens = 1'000) {
  return {.input = input, .predicted_output = output, .mean_output = output, .max_tokens = max_tokens};
}

double strange_number(Dice& dice, double usual) {
  switch (dice.roll(12)) {
    case 0: return std::nan("");
    case 1: return kNever;
    case 2: return -kNever;
    case 3: return 0;
    case 4: return -usual;
    case 5: return 1e300;
    case 6: return 1e-300;
    case 7: return std::numeric_limits<double>::denorm_min();
    default: return dice.between(0, 2 * usual);
  }
}

Readings strange_readings(Dice& dice) {
  Readings readings;
  for (const Dimension d : kAllDimensions) {
    const double usual = d == Dimension::Requests ? 100 : 50'000;
    if (!dice.once_in(4)) readings[d].limit = dice.once_in(3) ? strange_number(dice, usual) : usual;
    if (!dice.once_in(4)) readings[d].remaining = strange_number(dice, usual);
    if (!dice.once_in(3)) readings[d].full_after_seconds = strange_number(dice, 60);
  }
  return readings;
}

Refusal strange_refusal(Dice& dice) {
  Refusal refusal;
  refusal.kind = static_cast<RefusalKind>(dice.roll(6));
  if (dice.once_in(2)) refusal.retry_after_seconds = strange_number(dice, 10);
  if (dice.once_in(2)) refusal.ramp = RampFigures{dice.between(1, 1e5), dice.between(1, 1e5)};
  refusal.readings = strange_readings(dice);
  return refusal;
}

void expect_sound(const Bucket& bucket, const std::vector<Flight>& flights) {
  std::int64_t held = 0;
  int open = 0;
  for (const Flight& flight : flights) {
    held += flight.is_open ? flight.hold : 0;
    open += flight.is_open ? 1 : 0;
    EXPECT_TRUE(flight.is_open || flight.hold == 0);
  }
  EXPECT_EQ(bucket.held(), held);
  EXPECT_EQ(bucket.in_flight(), open);
  for (const Dimension d : kAllDimensions) {
    EXPECT_TRUE(std::isfinite(bucket.level(d))) << to_string(d);
    EXPECT_GE(bucket.foreign(d), 0);
    EXPECT_LE(bucket.foreign(d), 0.9 * bucket.rate(d) + 1e-9);
    if (!bucket.has_limit(d)) continue;
    EXPECT_TRUE(std::isfinite(bucket.limit(d)));
    EXPECT_GE(bucket.limit(d), 1);
    EXPECT_LE(bucket.level(d), bucket.depth(d));
    EXPECT_GE(bucket.depth(d), 1);
    EXPECT_LE(bucket.depth(d), std::max(1.0, bucket.limit(d) * (1 + 1e-12)));
  }
  for (const Need& wanted : {need(1, 0), need(1'000), need(1e9, 1e9)}) {
    EXPECT_GE(bucket.wait(wanted).seconds, 0);  // also not NaN
    EXPECT_FALSE(std::isnan(bucket.headroom(wanted)));
    EXPECT_EQ(bucket.wait(wanted).seconds > 0, bucket.wait(wanted).obstacle != Obstacle::None);
  }
  EXPECT_GE(bucket.concurrency(), 1);
  EXPECT_GT(bucket.next_change_seconds(), 0);
}

TEST(BucketProperty, WhateverComesItsBooksBalance) {
  for (const unsigned seed : seeds(60)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    Bucket bucket(at(0), {.accounting = dice.once_in(2) ? OutputAccounting::AsProduced : OutputAccounting::ReserveMaximum});
    if (dice.once_in(2)) bucket.set_limits(at(0), limits(100, 50'000, 10'000, dice.once_in(2) ? std::optional<double>(55'000) : std::nullopt));
    std::vector<Flight> flights;
    double now = 0;
    for (int step = 0; step < 400; ++step) {
      SCOPED_TRACE(step);
      now += dice.once_in(30) ? dice.between(0, 400) : dice.between(0, 1);
      bucket.advance(at(now));
      if (flights.empty() || dice.once_in(3)) {
        flights.push_back(bucket.admit(need(dice.between(0, 5'000), dice.between(0, 3'000), dice.between(0, 8'000))));
      } else {
        Flight& flight = dice.one_of(flights);  // open or not: what comes late or twice changes nothing
        switch (dice.roll(6)) {
          case 0: bucket.answered(flight, strange_readings(dice)); break;
          case 1: bucket.settle_input(flight, strange_number(dice, 2'000)); break;
          case 2:
          case 3: bucket.produce(flight, strange_number(dice, 300)); break;
          case 4: bucket.end(flight); break;
          case 5: bucket.refuse(flight, need(100), strange_refusal(dice)); break;
        }
      }
      expect_sound(bucket, flights);
      if (HasFailure()) return;
    }
    for (Flight& flight : flights) bucket.end(flight);
    EXPECT_EQ(bucket.held(), 0);
    EXPECT_EQ(bucket.in_flight(), 0);
    // Never stuck: whatever was said, a request of an ordinary size goes within what the provider asked for and a minute or two.
    bucket.advance(at(now + 1.1e9));
    const Wait wait = bucket.wait(need(0, 0, 1));
    EXPECT_EQ(wait.seconds, 0) << to_string(wait.obstacle);
  }
}

/// The provider: exact buckets of requests and input, and answers that show them as they were at some moment.
struct Provider {
  double requests, input, depth_requests, depth_input, requests_per_second, input_per_second;
  double now = 0;

  void advance(double time) {
    requests = std::min(depth_requests, requests + requests_per_second * (time - now));
    input = std::min(depth_input, input + input_per_second * (time - now));
    now = time;
  }
};

struct Sent {
  double sent_at = 0, arrives_at = 0, answers_at = 0, input = 0;
  Flight flight;
  Readings readings;
  bool has_arrived = false;
};

/// Sends as fast as the bucket lets it, through a network that delays each request by up to `longest_delay`.
void expect_no_refusal(unsigned seed, bool with_headers, bool starts_too_low) {
  SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
  Dice dice(seed);
  const double requests_limit = dice.between(20, 3'000), input_limit = dice.between(20'000, 1e6);
  const double burst_seconds = dice.once_in(2) ? 60 : dice.between(10, 60);
  Bucket bucket(at(0), {});
  bucket.set_limits(at(0), limits(requests_limit, input_limit), burst_seconds);
  Provider provider{.requests = bucket.depth(Dimension::Requests), .input = bucket.depth(Dimension::Input),
                    .depth_requests = bucket.depth(Dimension::Requests), .depth_input = bucket.depth(Dimension::Input),
                    .requests_per_second = requests_limit / 60, .input_per_second = input_limit / 60};
  if (starts_too_low) bucket.set_level(at(0), Dimension::Input, dice.between(0, bucket.depth(Dimension::Input)));
  std::vector<Sent> on_the_way;
  double now = 0, next_input = 0;
  int sent = 0, refused = 0;
  const double part = dice.once_in(2) ? 4 : 60;
  const auto draw = [&] { return dice.between(0, bucket.depth(Dimension::Input) / part); };
  next_input = draw();
  while (now < 120) {
    // Whatever happens next: something arrives, an answer comes, or the bucket lets one through.
    bucket.advance(at(now));
    for (Sent& one : on_the_way) {
      if (one.has_arrived || one.arrives_at > now) continue;
      provider.advance(one.arrives_at);
      one.has_arrived = true;
      if (provider.requests < 1 - 1e-6 || provider.input < one.input - 1e-3) ++refused;
      provider.requests -= 1;
      provider.input -= one.input;
      one.readings[Dimension::Requests] = {requests_limit, std::max(0.0, std::floor(provider.requests)), {}};
      one.readings[Dimension::Input] = {input_limit, std::max(0.0, std::round(provider.input / 1'000) * 1'000), {}};
    }
    for (std::size_t i = 0; i < on_the_way.size();) {
      Sent& one = on_the_way[i];
      if (one.has_arrived && one.answers_at <= now) {
        bucket.answered(one.flight, with_headers ? one.readings : Readings());
        bucket.end(one.flight);
        on_the_way.erase(on_the_way.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    while (bucket.wait(need(next_input, 0)).seconds == 0) {
      Sent one;
      one.sent_at = now;
      one.arrives_at = now + dice.between(0, 0.25);
      one.answers_at = one.arrives_at + dice.between(0, 2);
      one.input = next_input;
      one.flight = bucket.admit(need(next_input, 0));
      on_the_way.push_back(one);
      ++sent;
      next_input = draw();
      ASSERT_LT(sent, 20'000);
    }
    // Arrivals must be handled in their order.
    std::sort(on_the_way.begin(), on_the_way.end(), [](const Sent& a, const Sent& b) { return a.arrives_at < b.arrives_at; });
    double next = now + bucket.wait(need(next_input, 0)).seconds;
    for (const Sent& one : on_the_way) next = std::min(next, one.has_arrived ? one.answers_at : one.arrives_at);
    now = std::max(now + 1e-4, next + 1e-6);
  }
  EXPECT_EQ(refused, 0) << "of " << sent;
  EXPECT_GT(sent, 10);
}

TEST(BucketProperty, WhatItLetsThroughTheProviderTakesInWhateverOrderItArrives) {
  for (const unsigned seed : seeds(40)) expect_no_refusal(seed, false, false);
}

TEST(BucketProperty, HeadersNeverMakeItSendMoreThanTheProviderTakes) {
  for (const unsigned seed : seeds(40)) expect_no_refusal(seed, true, false);
}

TEST(BucketProperty, HeadersRaiseALevelThatIsTooLowWithoutARefusal) {
  for (const unsigned seed : seeds(40)) expect_no_refusal(seed, true, true);
}

TEST(BucketProperty, AnObservationNeverLeadsAwayFromTheTruth) {
  for (const unsigned seed : seeds(60)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    const double input_limit = 120'000;
    Bucket bucket(at(0), {});
    bucket.set_limits(at(0), limits(600, input_limit));
    bucket.set_level(at(0), Dimension::Input, dice.between(-20'000, 120'000));
    bucket.set_level(at(0), Dimension::Requests, dice.between(0, 600));
    Provider provider{.requests = dice.between(100, 600), .input = dice.between(20'000, 120'000), .depth_requests = 600, .depth_input = input_limit,
                      .requests_per_second = 10, .input_per_second = input_limit / 60};
    std::vector<Sent> all;
    double now = 0;
    for (int step = 0; step < 300; ++step) {
      SCOPED_TRACE(step);
      double until = now + dice.between(0, 0.3);
      std::vector<Sent*> arriving;
      for (Sent& one : all) {
        if (!one.has_arrived && one.arrives_at <= until) arriving.push_back(&one);
      }
      std::sort(arriving.begin(), arriving.end(), [](const Sent* a, const Sent* b) { return a->arrives_at < b->arrives_at; });
      for (Sent* const one : arriving) {
        provider.advance(one->arrives_at);
        one->has_arrived = true;
        provider.requests -= 1;
        provider.input -= one->input;
        one->readings[Dimension::Requests] = {600, std::max(0.0, std::floor(provider.requests)), {}};
        one->readings[Dimension::Input] = {input_limit, std::max(0.0, std::round(provider.input / 1'000) * 1'000), {}};
      }
      now = until;
      provider.advance(now);
      bucket.advance(at(now));
      // What the provider would hold if everything had arrived.
      double true_requests = provider.requests, true_input = provider.input;
      for (const Sent& one : all) {
        if (one.has_arrived) continue;
        true_requests -= 1;
        true_input -= one.input;
      }
      if (dice.once_in(2)) {
        Sent one;
        one.input = dice.between(0, 1'500);
        one.arrives_at = now + dice.between(0, 0.5);
        one.flight = bucket.admit(need(one.input, 0));
        all.push_back(one);
        continue;
      }
      std::vector<Sent*> ready;
      for (Sent& one : all) {
        if (one.has_arrived && one.flight.is_open) ready.push_back(&one);
      }
      if (ready.empty()) continue;
      Sent& one = *dice.one_of(ready);  // any order, hours late, twice
      const double before_requests = std::abs(bucket.level(Dimension::Requests) - true_requests);
      const double before_input = std::abs(bucket.level(Dimension::Input) - true_input);
      bucket.observe(one.flight, one.readings);
      EXPECT_LE(std::abs(bucket.level(Dimension::Requests) - true_requests), before_requests + 1e-6);
      EXPECT_LE(std::abs(bucket.level(Dimension::Input) - true_input), before_input + 1e-6);
      const double once = bucket.level(Dimension::Input);
      bucket.observe(one.flight, one.readings);
      EXPECT_EQ(bucket.level(Dimension::Input), once);
      if (dice.once_in(2)) bucket.end(one.flight);
      if (HasFailure()) return;
    }
  }
}

TEST(BucketProperty, AReadingHasTheSameEffectInWhateverOrderAnswersArrive) {
  for (const unsigned seed : seeds(60)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    std::vector<Readings> readings;
    double level = dice.between(200, 600);
    for (int i = 0; i < 12; ++i) readings.push_back(reading(Dimension::Requests, 600, std::floor(level -= 1)));
    std::vector<double> results;
    for (int order = 0; order < 6; ++order) {
      Bucket bucket(at(0), {});
      bucket.set_limits(at(0), limits(600));
      std::vector<Flight> flights;
      for (int i = 0; i < 12; ++i) flights.push_back(bucket.admit(need(10)));
      bucket.advance(at(0.2));
      std::vector<std::size_t> which(12);
      std::iota(which.begin(), which.end(), 0U);
      for (std::size_t i = 11; i > 0; --i) std::swap(which[i], which[dice.roll(static_cast<unsigned>(i + 1))]);
      for (const std::size_t i : which) bucket.observe(flights[i], readings[i]);
      results.push_back(bucket.level(Dimension::Requests));
    }
    for (const double result : results) EXPECT_NEAR(result, results[0], 1e-9);
  }
}

TEST(BucketProperty, ABlockedPoolIsProbedWhenItsTimeIsUpAndOpenSoonAfter) {
  for (const unsigned seed : seeds(100)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    Bucket bucket(at(0), {});
    bucket.set_limits(at(0), limits(6'000));
    double now = 0;
    for (int round = 0; round < 20; ++round) {
      SCOPED_TRACE(round);
      bucket.advance(at(now));
      Flight flight = bucket.admit(need(10));
      const double retry_after = dice.between(0, 90);
      const bool names_time = dice.once_in(2);
      const auto kind = dice.once_in(2) ? RefusalKind::Rate : RefusalKind::Ramp;
      bucket.refuse(flight, need(10), refusal(kind, names_time ? std::optional(retry_after) : std::nullopt));
      EXPECT_LE(bucket.blocked_seconds(), std::max(names_time ? retry_after : 0.0, 60.0));
      EXPECT_GE(bucket.blocked_seconds(), names_time ? retry_after - 1e-6 : 0);
      now += bucket.blocked_seconds() + 1e-6;
      bucket.advance(at(now));
      EXPECT_NE(bucket.wait(need(10)).obstacle, Obstacle::RetryAfter);
      // The pace of a ramp may still hold it for a while.
      now += bucket.wait(need(10)).seconds + 1e-6;
      bucket.advance(at(now));
      EXPECT_EQ(bucket.wait(need(10)).seconds, 0);
      Flight probe = bucket.admit(need(10));
      EXPECT_EQ(bucket.wait(need(10)).obstacle, Obstacle::Probe);
      if (dice.once_in(3)) bucket.end(probe);
      else if (dice.once_in(2)) bucket.answered(probe, {});
      now += 0.3 + 1e-6;
      bucket.advance(at(now));
      EXPECT_NE(bucket.wait(need(10)).obstacle, Obstacle::Probe);
      if (probe.is_open) bucket.end(probe);
      if (HasFailure()) return;
    }
  }
}

TEST(BucketProperty, ASpentBudgetIsProbedOnceInAQuarterOfAnHour) {
  for (const unsigned seed : seeds(60)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    Bucket bucket(at(0), {});
    bucket.set_limits(at(0), limits(6'000));
    std::vector<Flight> older;
    for (int i = 0; i < 5; ++i) older.push_back(bucket.admit(need(10)));
    bucket.refuse(older[0], need(10), refusal(RefusalKind::SpendCap));
    double now = 0, last_probe = 0;
    std::vector<Flight> probes;
    while (now < 20'000) {
      now += dice.between(0, 60);
      bucket.advance(at(now));
      if (dice.once_in(20)) bucket.refuse(dice.one_of(older), need(10), refusal(RefusalKind::Rate, 1));
      if (!probes.empty() && dice.once_in(10)) {
        const RefusalKind kinds[] = {RefusalKind::SpendCap, RefusalKind::Unreachable, RefusalKind::Overloaded};
        if (dice.once_in(2)) bucket.end(probes.back());
        else bucket.refuse(probes.back(), need(10), refusal(kinds[dice.roll(3)]));
      }
      EXPECT_TRUE(bucket.is_dead());
      if (bucket.wait(need(10)).seconds > 0) continue;
      EXPECT_GE(now - last_probe, 900 - 1e-6);
      last_probe = now;
      probes.push_back(bucket.admit(need(10)));
      if (HasFailure()) return;
    }
    EXPECT_GE(probes.size(), 8U);
    Flight& probe = probes.back();
    if (!probe.is_open) {
      now = std::max(now, last_probe + 2'000);
      bucket.advance(at(now));
      probe = bucket.admit(need(10));
    }
    bucket.answered(probe, {});
    EXPECT_FALSE(bucket.is_dead());
    EXPECT_EQ(bucket.wait(need(10)).seconds, 0);
  }
}

TEST(BucketProperty, MergedBucketsHoldWhatBothHeld) {
  for (const unsigned seed : seeds(60)) {
    SCOPED_TRACE(testing::Message() << "--gtest_random_seed=" << seed);
    Dice dice(seed);
    Bucket one(at(0), {}), other(at(0), {});
    one.set_limits(at(0), limits(100, 50'000, 10'000));
    if (dice.once_in(2)) other.set_limits(at(0), limits(100, 40'000, 10'000));
    std::vector<Flight> mine, theirs;
    for (int i = 0; i < 30; ++i) {
      one.advance(at(i));
      other.advance(at(i));
      if (dice.once_in(2)) mine.push_back(one.admit(need(dice.between(0, 2'000), dice.between(0, 900))));
      else theirs.push_back(other.admit(need(dice.between(0, 2'000), dice.between(0, 900))));
      if (!theirs.empty() && dice.once_in(3)) other.end(dice.one_of(theirs));
      if (!theirs.empty() && dice.once_in(6)) other.refuse(dice.one_of(theirs), need(10), strange_refusal(dice));
    }
    const std::int64_t held = one.held() + other.held();
    const int in_flight = one.in_flight() + other.in_flight();
    const PerDimension<double> levels = [&] {
      PerDimension<double> both;
      for (const Dimension d : kAllDimensions) {
        both[d] = !one.has_limit(d) ? other.level(d) : !other.has_limit(d) ? one.level(d) : std::min(one.level(d), other.level(d));
      }
      return both;
    }();
    one.merge(other);
    for (Flight& flight : theirs) one.adopt(other, flight);
    for (Flight& flight : theirs) mine.push_back(flight);
    EXPECT_EQ(one.held(), held);
    EXPECT_EQ(one.in_flight(), in_flight);
    EXPECT_EQ(other.held(), 0);
    EXPECT_EQ(other.in_flight(), 0);
    for (const Dimension d : kAllDimensions) {
      EXPECT_TRUE(!one.has_limit(d) || one.level(d) <= std::max(levels[d], 1.0) + 1e-6) << to_string(d);
    }
    expect_sound(one, mine);
    for (Flight& flight : mine) one.end(flight);
    EXPECT_EQ(one.held(), 0);
    EXPECT_EQ(one.in_flight(), 0);
  }
}

}  // namespace
}  // namespace tidegate::quota
