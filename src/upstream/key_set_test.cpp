// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/key_set.h"

#include "upstream/key_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace tidegate::upstream {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Secret> reading(std::initializer_list<const char*> keys) {
  std::vector<Secret> secrets;
  for (const char* key : keys) secrets.emplace_back(key);
  return secrets;
}

/// The keys in use, those missing from the last reading with a question mark.
std::vector<std::string> texts(const KeySet& set) {
  std::vector<std::string> out;
  for (const KeySet::Key& key : set.keys()) out.push_back(std::string(key.secret.reveal()) + (key.is_missing ? "?" : ""));
  std::sort(out.begin(), out.end());
  return out;
}

TEST(KeyName, IsTheBeginningOfTheKeysSha256AndNeverTheKey) {
  // echo -n sk-ant-one | sha256sum
  EXPECT_EQ(key_name("claude_keys", Secret("sk-ant-one")), "claude_keys#ab3f1693fe6c");
  EXPECT_EQ(key_name("claude_keys", Secret("sk-ant-one"), 64).size(), std::string("claude_keys#").size() + 64);
}

TEST(KeySet, UsesAKeyFromItsFirstReadingOnAndDrainsItAfterTwoWithoutIt) {
  KeySet set("list");
  const KeySet::Change first = set.take(reading({"a", "b"}));
  EXPECT_THAT(first.added, testing::UnorderedElementsAre(key_name("list", Secret("a")), key_name("list", Secret("b"))));
  EXPECT_THAT(first.drained, IsEmpty());
  EXPECT_TRUE(set.take(reading({"a"})).empty());
  EXPECT_THAT(texts(set), ElementsAre("a", "b?"));
  EXPECT_THAT(set.take(reading({"a"})).drained, ElementsAre(key_name("list", Secret("b"))));
  EXPECT_THAT(texts(set), ElementsAre("a"));
}

TEST(KeySet, KeepsAKeyThatComesBackInTimeAndTakesADrainedOneAgainUnderItsName) {
  KeySet set("list");
  set.take(reading({"a", "b"}));
  set.take(reading({"a"}));
  EXPECT_TRUE(set.take(reading({"b", "a"})).empty());
  EXPECT_THAT(texts(set), ElementsAre("a", "b"));
  set.take(reading({"a"}));  // the misses must follow each other
  EXPECT_THAT(texts(set), ElementsAre("a", "b?"));
  set.take(reading({"a"}));
  EXPECT_THAT(set.take(reading({"a", "b"})).added, ElementsAre(key_name("list", Secret("b"))));
}

TEST(KeySet, MindsNeitherOrderNorRepetition) {
  KeySet set("list");
  set.take(reading({"a", "b", "c"}));
  const std::vector<KeySet::Key> before = set.keys();
  EXPECT_TRUE(set.take(reading({"c", "a", "b", "a", "c"})).empty());
  EXPECT_EQ(set.keys(), before);
}

TEST(KeySet, KeepsWhatItHasWhileTheSourceIsEmpty) {
  KeySet set("list");
  EXPECT_TRUE(set.take({}).empty());
  set.take(reading({"a", "b"}));
  set.take({});
  set.take({});
  set.take({});
  EXPECT_THAT(texts(set), ElementsAre("a", "b"));
  set.take(reading({"c"}));  // the first key that is pushed starts the former ones' two readings
  EXPECT_THAT(texts(set), ElementsAre("a?", "b?", "c"));
  set.take(reading({"c"}));
  EXPECT_THAT(texts(set), ElementsAre("c"));
}

TEST(KeySet, GivesTheSameNamesInTheSameOrderInAnotherRun) {
  KeySet one("list");
  one.take(reading({"a", "b", "c"}));
  KeySet other("list");
  other.take(reading({"c"}));
  other.take(reading({"b", "c", "a"}));
  EXPECT_EQ(one.keys(), other.keys());
}

TEST(KeySet, JoinsConfiguredKeysWithoutDoublingOne) {
  KeySet set("list");
  set.take(reading({"configured", "b"}));
  std::vector<ProviderKey> keys{
      {.name = "CLAUDE_KEY", .secret = Secret("configured"), .organisation = "org", .workspace = {}}};
  append_keys(keys, set.keys());
  append_keys(keys, set.keys());
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].name, "CLAUDE_KEY");
  EXPECT_EQ(keys[0].organisation, "org");
  EXPECT_EQ(keys[1].name, key_name("list", Secret("b")));
}

TEST(Entries, AreKeysWithoutTheBlanksAroundThem) {
  const std::vector<std::string_view> entries{" sk-ant-one\r\n", "sk-ant-two"};
  const Result<KeyReading> read = to_keys(entries, "the list");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->keys, reading({"sk-ant-one", "sk-ant-two"}));
  EXPECT_EQ(read->unusable, 0U);
}

TEST(Entries, ThatCouldEndAHeaderFieldAreNoKeys) {
  const std::string long_one(9'000, 'k');
  const std::string with_nul("sk-ant\0two", 10);
  const std::vector<std::string_view> entries{"sk-ant\r\nx-evil: 1", "two words", "", "k\xc3\xa9y", long_one, with_nul, "good"};
  const Result<KeyReading> read = to_keys(entries, "the list");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->keys, reading({"good"}));
  EXPECT_EQ(read->unusable, 6U);
}

TEST(Entries, AreAtMostAThousand) {
  std::vector<std::string_view> entries(1'000, "sk-ant-one");
  EXPECT_TRUE(to_keys(entries, "the list"));
  entries.emplace_back("sk-ant-two");
  const Result<KeyReading> read = to_keys(entries, "the list");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, FailureKind::TooLarge);
  EXPECT_EQ(read.error().detail, "the list holds more than 1000 entries, and one source may hold no more");
}

}  // namespace
}  // namespace tidegate::upstream
