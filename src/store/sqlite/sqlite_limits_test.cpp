// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_limits.h"

#include "store/temporary_directory.h"

#include <gtest/gtest.h>

namespace tidegate::store {
namespace {

StoredLimit limit(std::string pool, llm::LimitDimension dimension, std::optional<std::int64_t> remaining) {
  return StoredLimit{std::move(pool),
                     "claude-sonnet-4",
                     dimension,
                     4000,
                     remaining,
                     Seconds(12),
                     wall_time_from_unix_nanoseconds(1'800'000'000'000'000'001),
                     "org-1",
                     ""};
}

TEST(StoredLimits, ComeBackAfterARestartAsTheyWereLastSaved) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "ledger.db";
  const std::vector<StoredLimit> first{limit("a", llm::LimitDimension::Requests, 100),
                                       limit("b", llm::LimitDimension::Requests, 7)};
  std::vector<StoredLimit> second{limit("a", llm::LimitDimension::Requests, 99),
                                  limit("a", llm::LimitDimension::OutputTokens, {})};
  second[1].full_after.reset();
  {
    SqliteLimits store(path);
    ASSERT_TRUE(store.save(first));
    ASSERT_TRUE(store.save(second));
  }
  EXPECT_EQ(SqliteLimits(path).load().value(), (std::vector<StoredLimit>{second[0], second[1], first[1]}));
}

TEST(StoredLimits, GoToTheFileThatIsThereNow) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "ledger.db";
  const std::vector<StoredLimit> limits{limit("a", llm::LimitDimension::Requests, 100)};
  SqliteLimits store(path);
  ASSERT_TRUE(store.save(limits));
  std::filesystem::rename(path, directory.path() / "aside.db");
  ASSERT_TRUE(store.save(limits));
  EXPECT_EQ(SqliteLimits(path).load().value(), limits);
}

TEST(StoredLimits, AreNoneInANewDirectory) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(SqliteLimits(directory.path() / "ledger.db").load().value().empty());
}

}  // namespace
}  // namespace tidegate::store
