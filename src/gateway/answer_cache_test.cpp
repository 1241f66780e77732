// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/answer_cache.h"

#include "gateway/answer_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <optional>
#include <thread>

namespace tidegate::gateway {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;
const SteadyTime kStart{std::chrono::hours(1)};

class Listener final : public AnswerCache::Waiter {
 public:
  struct Heard {
    std::shared_ptr<const KeptAnswer> answer;
    bool ask_again = false;
  };
  void told(std::shared_ptr<const KeptAnswer> answer, bool ask_again) override {
    const std::lock_guard lock(mutex_);
    heard_ = Heard{std::move(answer), ask_again};
    changed_.notify_all();
  }
  std::optional<Heard> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  Heard wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return heard_.has_value(); });
    return *heard_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Heard> heard_;
};

class AnswerCacheTest : public ::testing::Test {
 protected:
  explicit AnswerCacheTest(std::size_t max_bytes = 16 * kMiB) : cache({.ttl = std::chrono::minutes(10), .max_bytes = max_bytes}, AnswerCache::Id{7}) {}

  AnswerCache::Id id(std::string_view text) const {
    const std::array<std::string_view, 1> parts{text};
    return cache.id_of(parts);
  }
  /// Nothing: it is made meanwhile, and `listener` waits.
  std::optional<AnswerCache::Found> ask(std::string_view question, SteadyTime now = kStart) {
    bool waits = false;
    AnswerCache::Found found = cache.ask(id(question), now, [&] {
      waits = true;
      return listener = std::make_shared<Listener>();
    });
    if (waits) return std::nullopt;
    return found;
  }
  void answer(std::string_view question, std::string body, SteadyTime now = kStart) {
    AnswerCollector collector(cache, id(question));
    collector.begin();
    collector.append(body);
    collector.keep({.content_type = "application/json", .body = {}, .stop_reason = {}, .model = {}, .cost = Money::nanodollars(100), .made_at = now});
  }

  AnswerCache cache;
  std::shared_ptr<Listener> listener;
};

TEST_F(AnswerCacheTest, GivesWhatWasKeptUntilItIsTooOld) {
  ASSERT_TRUE(ask("q")->is_first);
  answer("q", "body");
  const auto found = ask("q", kStart + std::chrono::minutes(9));
  ASSERT_TRUE(found && found->answer);
  EXPECT_EQ(found->answer->body, "body");
  EXPECT_TRUE(ask("other")->is_first);
  EXPECT_TRUE(ask("q", kStart + std::chrono::minutes(10))->is_first);
  const AnswerCache::Figures figures = cache.figures();
  EXPECT_EQ(figures.hits, 1);
  EXPECT_EQ(figures.misses, 3);
  EXPECT_EQ(figures.entries, 0);
  EXPECT_EQ(figures.bytes, 0);
  EXPECT_EQ(figures.saved, Money::nanodollars(100));
}

TEST_F(AnswerCacheTest, TellsQuestionsApartByEachPartAndByTheKey) {
  const std::array<std::string_view, 2> a{"ab", "c"}, b{"a", "bc"};
  EXPECT_NE(cache.id_of(a), cache.id_of(b));
  EXPECT_EQ(cache.id_of(a), cache.id_of(a));
  const AnswerCache other({.ttl = Seconds(1)}, AnswerCache::Id{8});
  EXPECT_NE(cache.id_of(a), other.id_of(a)) << "nobody outside can reckon an id";
}

TEST_F(AnswerCacheTest, WhoAsksWhileTheAnswerIsMadeGetsItToo) {
  ASSERT_TRUE(ask("q")->is_first);
  ASSERT_FALSE(ask("q"));
  const std::shared_ptr<Listener> first = listener;
  ASSERT_FALSE(ask("q"));
  EXPECT_EQ(cache.figures().waiting, 2);
  EXPECT_FALSE(first->heard());
  answer("q", "body");
  ASSERT_TRUE(first->heard() && first->heard()->answer);
  EXPECT_EQ(first->heard()->answer->body, "body");
  EXPECT_EQ(listener->heard()->answer, first->heard()->answer);
  EXPECT_EQ(cache.figures().joined, 2);
  EXPECT_EQ(cache.figures().saved, Money::nanodollars(200));
  EXPECT_EQ(cache.figures().waiting, 0);
}

TEST_F(AnswerCacheTest, AFirstOneThatEndsWithoutAnAnswerLeavesNobodyWaiting) {
  ASSERT_TRUE(ask("q")->is_first);
  ASSERT_FALSE(ask("q"));
  { const AnswerCollector destroyed(cache, id("q")); }
  ASSERT_TRUE(listener->heard());
  EXPECT_EQ(listener->heard()->answer, nullptr);
  EXPECT_FALSE(listener->heard()->ask_again);

  ASSERT_TRUE(ask("q")->is_first) << "nothing was kept";
  ASSERT_FALSE(ask("q"));
  AnswerCollector left(cache, id("q"));
  left.give_up(true);
  EXPECT_TRUE(listener->heard()->ask_again);
}

TEST_F(AnswerCacheTest, AWaiterThatHasGoneIsNotTold) {
  ASSERT_TRUE(ask("q")->is_first);
  ASSERT_FALSE(ask("q"));
  listener.reset();
  answer("q", "body");
  EXPECT_EQ(cache.figures().joined, 0);
}

TEST_F(AnswerCacheTest, AnAnswerThatGrowsTooLargeIsDroppedAndNobodyWaitsForIt) {
  ASSERT_TRUE(ask("q")->is_first);
  ASSERT_FALSE(ask("q"));
  AnswerCollector collector(cache, id("q"));
  collector.begin();
  collector.append(std::string(kMiB, 'a'));
  EXPECT_TRUE(collector.is_whole());
  EXPECT_FALSE(listener->heard());
  collector.append("b");
  EXPECT_FALSE(collector.is_whole());
  ASSERT_TRUE(listener->heard());
  EXPECT_EQ(listener->heard()->answer, nullptr);
  collector.append("c");
  EXPECT_TRUE(ask("q")->is_first);
}

TEST_F(AnswerCacheTest, AnEarlierAttemptsBytesAreForgotten) {
  ASSERT_TRUE(ask("q")->is_first);
  AnswerCollector collector(cache, id("q"));
  collector.begin();
  collector.append("bad");
  collector.begin();
  collector.append("good");
  collector.keep({.content_type = {}, .body = {}, .stop_reason = {}, .model = {}, .cost = {}, .made_at = kStart});
  EXPECT_EQ(ask("q")->answer->body, "good");
}

TEST_F(AnswerCacheTest, TheOnesNotAskedForLongestGiveWay) {
  const std::string body(kMiB - 1024, 'x');
  for (int i = 0; i < 16; ++i) {
    ASSERT_TRUE(ask(std::to_string(i))->is_first);
    answer(std::to_string(i), body);
  }
  EXPECT_EQ(cache.figures().entries, 16);
  ASSERT_TRUE(ask("0")->answer) << "asked for, so it is the youngest";
  ASSERT_TRUE(ask("16")->is_first);
  answer("16", body);
  EXPECT_EQ(cache.figures().entries, 16);
  EXPECT_LE(cache.figures().bytes, static_cast<std::int64_t>(16 * kMiB));
  EXPECT_TRUE(ask("0")->answer);
  EXPECT_TRUE(ask("1")->is_first);
}

TEST_F(AnswerCacheTest, WhatIsCollectedAtOnceIsBounded) {
  EXPECT_TRUE(cache.grow(16 * kMiB));
  AnswerCollector collector(cache, id("q"));
  collector.begin();
  collector.append("no room");
  EXPECT_FALSE(collector.is_whole());
  cache.shrink(16 * kMiB);
  EXPECT_TRUE(cache.grow(1));
}

TEST_F(AnswerCacheTest, ManyThreadsGetOneAnswer) {
  std::atomic<int> made = 0, got = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) {
          const std::string question = std::to_string(n);
          const std::shared_ptr<Listener> mine = std::make_shared<Listener>();
          const AnswerCache::Found found = cache.ask(id(question), kStart, [&] { return mine; });
          if (found.is_first) {
            ++made;
            answer(question, question);
          } else {
            const auto kept = found.answer ? found.answer : mine->wait().answer;
            if (kept != nullptr && kept->body == question) ++got;
          }
        }
      });
    }
  }
  EXPECT_EQ(made, 200);
  EXPECT_EQ(got, 7 * 200);
}

}  // namespace
}  // namespace tidegate::gateway
