// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/key_ring.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidegate::quota {
namespace {

constexpr SteadyTime at(double seconds) { return SteadyTime(Nanoseconds(static_cast<std::int64_t>(seconds * 1e9))); }

KeySpec key(std::string name, std::string organisation = {}, std::string workspace = {}) {
  return {std::move(name), std::move(organisation), std::move(workspace)};
}
void set(KeyRing& ring, std::vector<KeySpec> keys) { ring.set_keys(keys); }

TEST(KeyRing, AKeyStandsForItselfUntilItsOrganisationIsKnown) {
  KeyRing ring;
  set(ring, {key("A"), key("B", "org-b"), key("C", "org-b", "ws")});
  EXPECT_EQ(ring.entries()[0].pool, "key:A");
  EXPECT_FALSE(ring.entries()[0].is_known);
  EXPECT_EQ(ring.entries()[1].pool, "org-b");
  EXPECT_EQ(ring.entries()[2].pool, "org-b/ws");
  const std::uint64_t before = ring.version();
  ring.learn("A", "org-b");
  EXPECT_EQ(ring.entries()[0].pool, "org-b");
  EXPECT_GT(ring.version(), before);
}

TEST(KeyRing, WhatIsLearnedTwiceChangesNothing) {
  KeyRing ring;
  set(ring, {key("A")});
  ring.learn("A", "org");
  const std::uint64_t before = ring.version();
  ring.learn("A", "org");
  ring.learn("A", "");
  ring.learn("nobody", "org");
  EXPECT_EQ(ring.version(), before);
}

TEST(KeyRing, ARefusedKeyLeavesForAMinuteAndThenLongerAndLonger) {
  KeyRing ring;
  set(ring, {key("A"), key("B")});
  double now = 0;
  for (const double pause : {60.0, 120.0, 240.0, 480.0, 900.0, 900.0}) {
    EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Authentication, at(now)));
    EXPECT_FALSE(ring.entries()[0].in_rotation);
    ASSERT_TRUE(ring.next_return());
    EXPECT_EQ(*ring.next_return(), at(now + pause));
    ring.put_back(at(now + pause - 0.001));
    EXPECT_FALSE(ring.entries()[0].in_rotation);
    now += pause;
    ring.put_back(at(now));
    EXPECT_TRUE(ring.entries()[0].in_rotation) << "the next request is the probe";
    EXPECT_TRUE(ring.entries()[0].fault) << "and until then it is not sound";
  }
  EXPECT_TRUE(ring.accept("A"));
  EXPECT_FALSE(ring.accept("A")) << "no news any more";
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Billing, at(now)));
  EXPECT_EQ(*ring.next_return(), at(now + 60)) << "a good answer starts it over";
}

TEST(KeyRing, TheLastKeyStaysSoThatTheProviderSaysWhatIsWrong) {
  KeyRing ring;
  set(ring, {key("A"), key("B")});
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Authentication, at(0)));
  EXPECT_FALSE(ring.refuse("B", KeyRing::Fault::Authentication, at(0)));
  EXPECT_TRUE(ring.entries()[1].in_rotation);
  EXPECT_TRUE(ring.entries()[1].fault);
  EXPECT_TRUE(ring.has_faults());
}

TEST(KeyRing, AnotherRequestOfAKeyThatIsOutAlreadyIsTriedAgainToo) {
  KeyRing ring;
  set(ring, {key("A"), key("B")});
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Permission, at(0)));
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Permission, at(1)));
  EXPECT_EQ(*ring.next_return(), at(60)) << "one outage, not two";
}

TEST(KeyRing, AKeyThatMayNotUseOneGroupOfModelsServesTheOthers) {
  KeyRing ring;
  set(ring, {key("A"), key("B")});
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Permission, at(0), "fable-5"));
  EXPECT_FALSE(ring.refuse("B", KeyRing::Fault::Permission, at(0), "fable-5")) << "the last one for this group";
  EXPECT_FALSE(ring.entries("fable-5")[0].in_rotation);
  EXPECT_TRUE(ring.entries("fable-5")[1].in_rotation);
  EXPECT_TRUE(ring.entries("opus-5")[0].in_rotation);
  EXPECT_TRUE(ring.entries()[0].in_rotation);
  EXPECT_EQ(ring.entries()[0].out_for, std::vector<std::string>{"fable-5"});
  EXPECT_EQ(*ring.next_return(), at(60));
  EXPECT_FALSE(ring.accept("A", "opus-5")) << "a good answer of another group says nothing";
  EXPECT_TRUE(ring.accept("A", "fable-5"));
  EXPECT_TRUE(ring.entries("fable-5")[0].in_rotation);
}

TEST(KeyRing, AKeyThatIsBadIsOutForEveryGroup) {
  KeyRing ring;
  set(ring, {key("A"), key("B"), key("C")});
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Permission, at(0), "fable-5"));
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Authentication, at(30)));
  EXPECT_FALSE(ring.entries("opus-5")[0].in_rotation);
  ring.put_back(at(60));
  EXPECT_FALSE(ring.entries("fable-5")[0].in_rotation) << "the whole key is out for longer";
  EXPECT_TRUE(ring.accept("A", "opus-5"));
  EXPECT_TRUE(ring.entries("opus-5")[0].in_rotation);
  EXPECT_TRUE(ring.has_faults()) << "nothing is known of the other group yet";
}

TEST(KeyRing, NamesOfModelsThatClientsMakeUpDoNotPileUp) {
  KeyRing ring;
  set(ring, {key("A"), key("B")});
  for (int i = 0; i < 1'000; ++i) (void)ring.refuse("A", KeyRing::Fault::Permission, at(0), "made-up-" + std::to_string(i));
  EXPECT_LE(ring.entries()[0].out_for.size(), 64U);
}

TEST(KeyRing, AKeyThatCameBackIsTriedByOneRequestAtATime) {
  KeyRing ring;
  set(ring, {key("A"), key("B")});
  EXPECT_EQ(ring.begin_probe("A"), 0U) << "nothing is wrong with it";
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Billing, at(0)));
  EXPECT_EQ(ring.entries()[0].probe, Probe::None) << "it is out";
  ring.put_back(at(60));
  EXPECT_EQ(ring.entries("opus-5")[0].probe, Probe::Awaited);
  const auto first = ring.begin_probe("A", "opus-5");
  ASSERT_TRUE(first);
  EXPECT_EQ(ring.entries("haiku-5")[0].probe, Probe::Out);
  EXPECT_EQ(ring.begin_probe("A", "haiku-5"), std::nullopt);
  ring.end_probe("A", *first);
  EXPECT_EQ(ring.entries()[0].probe, Probe::Awaited) << "nothing was told";
  const auto second = ring.begin_probe("A");
  ASSERT_TRUE(second);
  ring.end_probe("A", *first);
  EXPECT_EQ(ring.entries()[0].probe, Probe::Out) << "the first one is long over";
  EXPECT_TRUE(ring.accept("A"));
  EXPECT_EQ(ring.entries()[0].probe, Probe::None);
}

TEST(KeyRing, AProbeThatIsRefusedTakesTheKeyOutAgainUnlessItIsTheLast) {
  KeyRing ring;
  set(ring, {key("A"), key("B")});
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Permission, at(0), "fable-5"));
  ring.put_back(at(60));
  EXPECT_EQ(ring.entries("fable-5")[0].probe, Probe::Awaited);
  EXPECT_EQ(ring.entries("opus-5")[0].probe, Probe::None) << "another group's matter";
  ASSERT_TRUE(ring.begin_probe("A", "fable-5"));
  EXPECT_TRUE(ring.refuse("A", KeyRing::Fault::Permission, at(61), "fable-5"));
  EXPECT_FALSE(ring.entries("fable-5")[0].in_rotation);
  ring.put_back(at(181));
  EXPECT_EQ(ring.entries("fable-5")[0].probe, Probe::Awaited);
  EXPECT_TRUE(ring.refuse("B", KeyRing::Fault::Permission, at(182), "fable-5"));
  ASSERT_TRUE(ring.begin_probe("A", "fable-5"));
  EXPECT_FALSE(ring.refuse("A", KeyRing::Fault::Permission, at(183), "fable-5"));
  EXPECT_TRUE(ring.entries("fable-5")[0].in_rotation);
  EXPECT_EQ(ring.entries("fable-5")[0].probe, Probe::None) << "all its answers tell the clients what is wrong";
}

TEST(KeyRing, AKeyThatIsGoneDrainsAndIsKnownWhenItComesBack) {
  KeyRing ring;
  set(ring, {key("A"), key("B")});
  ring.learn("A", "org");
  set(ring, {key("B")});
  EXPECT_TRUE(ring.entries()[0].draining);
  EXPECT_FALSE(ring.entries()[0].in_rotation);
  set(ring, {key("B"), key("A")});
  EXPECT_FALSE(ring.entries()[0].draining);
  EXPECT_EQ(ring.entries()[0].pool, "org");
}

}  // namespace
}  // namespace tidegate::quota
