// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/provider_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <map>

namespace tidegate::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using upstream::KeyReading;
using upstream::ProviderOptions;

/// What stands in each list, by its URL; a list that is not there is away.
class Lists {
 public:
  void put(const std::string& url, std::vector<Secret> keys) {
    const std::lock_guard lock(mutex_);
    lists_[url] = std::move(keys);
    reads_.clear();
  }
  Result<KeyReading> read(const std::string& url) {
    const std::lock_guard lock(mutex_);
    ++reads_[url];
    changed_.notify_all();
    const auto found = lists_.find(url);
    if (found == lists_.end()) return fail(FailureKind::Connect, Origin::Store, url + " is away");
    return KeyReading{.keys = found->second};
  }
  /// Since the last `put`.
  void wait_for_reads(const std::string& url, int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return reads_[url] >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<Secret>> lists_;
  std::map<std::string, int> reads_;
};

class ListSource final : public upstream::KeySource {
 public:
  ListSource(Lists& lists, std::string url) : lists_(lists), url_(std::move(url)) {}
  [[nodiscard]] Result<KeyReading> read() override { return lists_.read(url_); }

 private:
  Lists& lists_;
  std::string url_;
};

class ProviderKeysTest : public ::testing::Test {
 protected:
  static ProviderOptions provider(const std::string& name, const std::string& url, Nanoseconds every = Milliseconds(1)) {
    ProviderOptions options;
    options.id = ProviderId(name);
    options.key_list.emplace();
    options.key_list->url = url;
    options.key_list->list = url.substr(url.find('#') + 1);
    options.key_list->every = every;
    return options;
  }
  static std::vector<Secret> keys(std::initializer_list<const char*> texts) {
    return std::vector<Secret>(texts.begin(), texts.end());
  }
  void follow(const std::vector<ProviderOptions>& providers) {
    keys_.retire(keys_.commit(keys_.prepare(providers)));
  }
  [[nodiscard]] std::vector<std::string> in_use(const ProviderOptions& row) const {
    std::vector<std::string> texts;
    for (const upstream::ProviderKey& key : ProviderKeys::with_sources(row, keys_.current()))
      texts.emplace_back(key.secret.reveal());
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  void wait_for_change(const std::function<bool()>& is_there) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, is_there);
  }

  SystemClock clock_;
  Lists lists_;
  AlarmBoard alarms_;
  std::mutex mutex_;  ///< guards said_
  std::condition_variable changed_;
  std::vector<std::string> said_;
  ProviderKeys keys_{{.clock = clock_,
                      .alarms = alarms_,
                      .say =
                          [this](const std::string& line) {
                            const std::lock_guard lock(mutex_);
                            said_.push_back(line);
                          },
                      .on_change = [this](const ProviderId&) { changed_.notify_all(); },
                      .open = [this](const WatchedSource& source) -> std::unique_ptr<upstream::KeySource> {
                        return std::make_unique<ListSource>(lists_, std::get<upstream::KeyListOptions>(source.where).url);
                      }}};
};

TEST_F(ProviderKeysTest, HasReadEverySourceBeforeItIsInForce) {
  lists_.put("redis://r#one", keys({"a", "b"}));
  lists_.put("redis://r#two", keys({"c"}));
  ProviderOptions first = provider("first", "redis://r#one");
  first.keys.push_back({.name = "CLAUDE_KEY", .secret = Secret("configured"), .organisation = {}, .workspace = {}});
  const ProviderOptions second = provider("second", "redis://r#two");
  follow({first, second});
  EXPECT_THAT(in_use(first), ElementsAre("a", "b", "configured"));
  EXPECT_THAT(in_use(second), ElementsAre("c"));
  EXPECT_THAT(alarms_.list(), IsEmpty());
}

TEST_F(ProviderKeysTest, TellsOfEveryChangeByNameAndNeverByKey) {
  lists_.put("redis://r#one", keys({"sk-a"}));
  const ProviderOptions row = provider("first", "redis://r#one");
  follow({row});
  lists_.put("redis://r#one", keys({"sk-b"}));
  wait_for_change([&] { return said_.size() == 3; });
  EXPECT_THAT(in_use(row), ElementsAre("sk-b"));
  EXPECT_THAT(said_[1], HasSubstr("keys provider=first source=one added=1 (" + upstream::key_name("one", Secret("sk-b")) + ")"));
  EXPECT_THAT(said_[2], HasSubstr("drained=1 (" + upstream::key_name("one", Secret("sk-a")) + ")"));
  for (const std::string& line : said_) EXPECT_THAT(line, testing::Not(HasSubstr("sk-")));
}

TEST_F(ProviderKeysTest, KeepsTheKeysOfASourceOverAReloadThatChangesOtherThings) {
  lists_.put("redis://r#one", keys({"a"}));
  follow({provider("first", "redis://r#one")});
  const auto before = keys_.current();
  follow({provider("other", "redis://r#two"), provider("first", "redis://r#one")});
  EXPECT_EQ(keys_.current()[1].watch, before[0].watch);
}

TEST_F(ProviderKeysTest, KeepsTheKeysOfAListThatIsReadInAnotherWayFromNowOn) {
  lists_.put("redis://r#one", keys({"a"}));
  follow({provider("first", "redis://r#one")});
  const ProviderOptions row = provider("first", "redis://r#one", Milliseconds(2));
  const ProviderKeys::Watches next = keys_.prepare({row});
  EXPECT_NE(next[0].watch, keys_.current()[0].watch);
  keys_.retire(keys_.commit(next));
  EXPECT_THAT(in_use(row), ElementsAre("a"));
}

TEST_F(ProviderKeysTest, TakesAnAlarmBackWithTheSourceThatItSpokeOf) {
  const ProviderOptions row = provider("first", "redis://r#away");
  follow({row});
  ASSERT_THAT(alarms_.list(), testing::SizeIs(1));
  EXPECT_EQ(alarms_.list()[0].kind, "key_source");
  EXPECT_EQ(alarms_.list()[0].subject, "first redis://r#away");
  EXPECT_THAT(in_use(row), IsEmpty());
  follow({});
  EXPECT_THAT(alarms_.list(), IsEmpty());
}

TEST_F(ProviderKeysTest, LeavesWhatIsInForceAloneIfWhatWasPreparedIsNotWanted) {
  lists_.put("redis://r#one", keys({"a"}));
  const ProviderOptions row = provider("first", "redis://r#one");
  follow({row});
  keys_.retire(keys_.prepare({provider("first", "redis://r#away")}));
  EXPECT_THAT(in_use(row), ElementsAre("a"));
  EXPECT_THAT(alarms_.list(), IsEmpty());
  lists_.put("redis://r#one", keys({"a", "b"}));
  lists_.wait_for_reads("redis://r#one", 2);  // it is still read
  EXPECT_THAT(in_use(row), ElementsAre("a", "b"));
}

TEST_F(ProviderKeysTest, CountsAKeyThatIsMissingUntilItIsDrained) {
  lists_.put("redis://r#one", keys({"a", "b"}));
  const ProviderOptions row = provider("first", "redis://r#one", std::chrono::hours(1));
  follow({row});
  EXPECT_EQ(keys_.missing(ProviderId("first")), 0U);
  EXPECT_EQ(keys_.missing(ProviderId("other")), 0U);
  lists_.put("redis://r#one", keys({"a"}));
  follow({provider("first", "redis://r#one", std::chrono::hours(2))});  // reads once
  keys_.current()[0].watch->wait_for_reading(Seconds(60));
  EXPECT_EQ(keys_.missing(ProviderId("first")), 1U);
  EXPECT_THAT(in_use(row), ElementsAre("a", "b"));
}

TEST(WatchedSourceTest, OpensAFileWhereOneIsNamed) {
  const std::unique_ptr<upstream::KeySource> source = open_key_source({ProviderId("p"), std::string("/nowhere/keys")});
  const Result<KeyReading> reading = source->read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().kind, FailureKind::NotFound);
}

}  // namespace
}  // namespace tidegate::app
