// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/ledger_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <string_view>
#include <vector>

namespace tidegate::admin {
namespace {

const WallTime kNow = parse_rfc3339("2026-11-26T12:00:00Z").value();

Result<EntriesRequest> read(std::string_view query) { return read_entries_request(*Parameters::parse(query), kNow); }

TEST(EntriesRequest, ReadsEveryParameter) {
  const auto request = read("since=1h&limit=20&kind=all&status=4xx&model=claude-haiku-4-5&tenant=web&state=refused");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->filter.since, kNow - std::chrono::hours(1));
  EXPECT_EQ(request->limit, 20U);
  EXPECT_EQ(request->filter.kind, std::nullopt);
  EXPECT_EQ(request->filter.status->lowest, 400);
  EXPECT_EQ(request->filter.status->highest, 499);
  ASSERT_EQ(request->filter.equals.size(), 3U);
  EXPECT_EQ(request->filter.equals[0].dimension, store::Dimension::Model);
  EXPECT_EQ(request->filter.equals[0].value, "claude-haiku-4-5");
}

TEST(EntriesRequest, AsksForTheClientsOwnRequestsOfADayUnlessToldOtherwise) {
  const auto request = read("");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->filter.kind, store::EntryKind::Request);
  EXPECT_EQ(request->filter.since, kNow - std::chrono::hours(24));
  EXPECT_EQ(request->limit, 100U);
  EXPECT_EQ(read("status=429")->filter.status->lowest, 429);
  EXPECT_EQ(read("kind=shadow")->filter.kind, store::EntryKind::Shadow);
}

TEST(EntriesRequest, RefusesWhatItCannotRead) {
  for (const char* query : {"since=soon", "limit=0", "limit=1001", "limit=ten", "limit=-1", "kind=prompt", "status=6xx",
                            "status=xx", "status=600", "status=-1", "prompt=a", "agent=x"}) {
    EXPECT_FALSE(read(query)) << query;
  }
}

TEST(EntriesView, TellsTheFiguresAndLeavesOutWhatIsEmpty) {
  store::LedgerEntry entry;
  entry.id = 119'399'867'930'902'528;
  entry.request_id = "req_a";
  entry.state = store::AttemptState::Completed;
  entry.model = "claude-haiku-4-5";
  entry.tokens.cache_write_5m = 3;
  entry.tokens.cache_write_1h = 4;
  entry.cost = *Money::parse("0.001");
  entry.queue_wait = Nanoseconds(1'234'567);
  const auto told = view(std::vector{entry}).at("entries").as_array();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].at("id").as_string(), "119399867930902528");
  EXPECT_EQ(told[0].at("state").as_string(), "completed");
  EXPECT_EQ(told[0].at("cache_write_tokens").as_int64(), 7);
  EXPECT_EQ(told[0].at("cost_usd").as_string(), "0.001");
  EXPECT_DOUBLE_EQ(told[0].at("queue_wait_ms").as_double(), 1.235);
  EXPECT_EQ(told[0].as_object().if_contains("user"), nullptr);
}

}  // namespace
}  // namespace tidegate::admin
