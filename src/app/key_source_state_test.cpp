// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/key_source_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace tidegate::app {
namespace {

using monitor::Alarm;
using monitor::Severity;
using testing::ElementsAre;
using testing::IsEmpty;
using upstream::KeyReading;

class KeySourceStateTest : public ::testing::Test {
 protected:
  static WallTime at(int second) { return WallTime(Seconds(1'700'000'000 + second)); }
  static Result<KeyReading> reading(std::initializer_list<const char*> keys, std::size_t unusable = 0,
                                    std::string rotation_trouble = {}) {
    KeyReading read;
    for (const char* key : keys) read.keys.emplace_back(key);
    read.unusable = unusable;
    read.rotation_trouble = std::move(rotation_trouble);
    return read;
  }
  static Result<KeyReading> away() {
    return fail(FailureKind::Connect, Origin::Store, "redis://r/0#list: cannot connect (Connection refused)");
  }
  /// `kind: message` of each alarm, `!` where it is critical.
  [[nodiscard]] std::vector<std::string> alarms() const {
    std::vector<std::string> out;
    for (const Alarm& alarm : state_.alarms()) {
      out.push_back(alarm.kind + (alarm.severity == Severity::Critical ? "!: " : ": ") + alarm.message);
    }
    return out;
  }

  KeySourceState state_{ProviderId("anthropic"), "redis://r/0#list", "list", Seconds(2)};
};

TEST_F(KeySourceStateTest, HasNothingToSayWhileAllIsWell) {
  EXPECT_FALSE(state_.take(reading({"a", "b"}), at(0)).empty());
  EXPECT_THAT(state_.alarms(), IsEmpty());
  EXPECT_EQ(state_.subject(), "anthropic redis://r/0#list");
}

TEST_F(KeySourceStateTest, SaysSinceWhenTheSourceIsAwayAndHowManyKeysGoOn) {
  state_.take(reading({"a", "b"}), at(0));
  EXPECT_TRUE(state_.take(away(), at(10)).empty());
  state_.take(away(), at(12));
  EXPECT_THAT(alarms(), ElementsAre("key_source: redis://r/0#list: cannot connect (Connection refused); the 2 keys last "
                                    "known stay in use, and no change is seen until it can be read"));
  EXPECT_EQ(state_.alarms()[0].since, at(10));
  EXPECT_EQ(state_.keys().keys().size(), 2U);
  state_.take(reading({"a", "b"}), at(14));
  EXPECT_THAT(alarms(), IsEmpty());
}

TEST_F(KeySourceStateTest, IsCriticalAboutASourceOfWhichNoKeyIsKnown) {
  state_.take(away(), at(0));
  EXPECT_THAT(alarms(), ElementsAre("key_source!: redis://r/0#list: cannot connect (Connection refused); no key of it is "
                                    "known until it can be read"));
  state_.take(reading({}), at(2));
  EXPECT_THAT(alarms(), ElementsAre("keys_empty!: redis://r/0#list holds no key; no key of it is known: put one there"));
}

TEST_F(KeySourceStateTest, DoesNotCountAReadingThatFailedAsOneWithoutTheKey) {
  state_.take(reading({"a", "b"}), at(0));
  state_.take(reading({"a"}), at(2));
  state_.take(away(), at(4));
  EXPECT_EQ(state_.keys().keys().size(), 2U);
  EXPECT_EQ(state_.take(reading({"a"}), at(6)).drained.size(), 1U);
}

TEST_F(KeySourceStateTest, KeepsTheKeysOfAListThatBecameEmpty) {
  state_.take(reading({"a"}), at(0));
  for (int second = 2; second < 10; second += 2) EXPECT_TRUE(state_.take(reading({}), at(second)).empty());
  EXPECT_THAT(alarms(), ElementsAre("keys_empty: redis://r/0#list holds no key; the 1 key last known stays in use until "
                                    "another is there; to use none of it, take it out of the configuration"));
  EXPECT_EQ(state_.alarms()[0].since, at(2));
}

TEST_F(KeySourceStateTest, TellsOfEntriesThatAreNoKeysAndOfAListThatIsNotTurned) {
  state_.take(reading({"a"}, 2, "Redis says no"), at(0));
  state_.take(reading({"a"}, 1, "Redis says no"), at(2));
  EXPECT_THAT(alarms(), ElementsAre("key_entries: redis://r/0#list: 1 entry is left out, with nothing, blanks or characters "
                                    "inside that no key has",
                                    "key_rotation: Redis says no; its keys are read, but the list is not turned"));
  EXPECT_EQ(state_.alarms()[1].since, at(0));
}

TEST_F(KeySourceStateTest, AsksLessOftenWhileTheSourceIsAwayButSeesItBackWithinSeconds) {
  EXPECT_EQ(state_.pause(), Seconds(2));
  std::vector<Nanoseconds> pauses;
  for (int i = 0; i < 5; ++i) {
    state_.take(away(), at(i));
    pauses.push_back(state_.pause());
  }
  EXPECT_THAT(pauses, ElementsAre(Seconds(2), Seconds(4), Seconds(8), Seconds(10), Seconds(10)));
  state_.take(reading({"a"}), at(9));
  EXPECT_EQ(state_.pause(), Seconds(2));
}

TEST_F(KeySourceStateTest, NeverAsksMoreOftenThanItIsTo) {
  KeySourceState rare(ProviderId("anthropic"), "place", "list", Seconds(60));
  rare.take(away(), at(0));
  rare.take(away(), at(60));
  EXPECT_EQ(rare.pause(), Seconds(60));
}

}  // namespace
}  // namespace tidegate::app
