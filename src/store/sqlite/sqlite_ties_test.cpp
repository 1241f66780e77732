// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_ties.h"

#include "store/temporary_directory.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::store {
namespace {

StoredTie tie(std::int64_t kind, std::string id, std::string key = "KEY_A") { return {kind, "anthropic", std::move(id), std::move(key), "org-1"}; }

TEST(StoredTies, ComeBackAfterARestartWithTheirLastHolder) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "ledger.db";
  {
    SqliteTies store(path);
    ASSERT_TRUE(store.save(std::vector{tie(0, "file_1"), tie(0, "file_2"), tie(1, "mark:1")}));
    ASSERT_TRUE(store.save(std::vector{tie(0, "file_1", "KEY_B")}));
    ASSERT_TRUE(store.save({}));
  }
  SqliteTies store(path);
  EXPECT_EQ(store.load(0, 10).value(), (std::vector{tie(0, "file_2"), tie(0, "file_1", "KEY_B")})) << "the newest last";
  EXPECT_EQ(store.load(1, 10).value(), std::vector{tie(1, "mark:1")});
  EXPECT_TRUE(store.load(2, 10).value().empty());
}

TEST(StoredTies, KeepTheNewestOfEachKind) {
  const TemporaryDirectory directory;
  SqliteTies store(directory.path() / "ledger.db");
  ASSERT_TRUE(store.load(0, 100).value().empty());
  ASSERT_TRUE(store.load(1, 3).value().empty());
  ASSERT_TRUE(store.save(std::vector{tie(0, "batch")}));
  for (int i = 0; i < 20; ++i) {
    std::vector<StoredTie> ties;
    for (int k = 0; k < 1'000; ++k) ties.push_back(tie(1, std::to_string(i * 1'000 + k)));
    ASSERT_TRUE(store.save(ties));
  }
  EXPECT_EQ(store.load(1, 3).value(), (std::vector{tie(1, "19997"), tie(1, "19998"), tie(1, "19999")}));
  EXPECT_LT(store.load(1, 100'000).value().size(), 10'000U) << "older ones have gone";
  EXPECT_EQ(store.load(0, 100).value(), std::vector{tie(0, "batch")}) << "of another kind";
}

TEST(StoredTies, SayWhyTheyCannotBeKept) {
  SqliteTies store("/nowhere/ledger.db");
  EXPECT_FALSE(store.save(std::vector{tie(0, "file")}));
  EXPECT_FALSE(store.load(0, 1));
}

}  // namespace
}  // namespace tidegate::store
