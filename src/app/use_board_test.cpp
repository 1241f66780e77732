// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/use_board.h"

#include "app/past_demand.h"
#include "llm/model_group.h"
#include "store/attempt_id.h"
#include "store/sample_records.h"
#include "store/sqlite/demand_reader.h"
#include "store/sqlite/sqlite_ledger.h"
#include "store/temporary_directory.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

namespace tidegate::app {
namespace {

using monitor::DemandMeasure;
using monitor::DemandMinute;
using monitor::ForecastScope;

UseBoard board_of_one() { return UseBoard(monitor::Windows::make({}).value(), 1); }

gateway::Outcome served(const std::string& provider, const std::string& wanted_room = {}) {
  gateway::Outcome outcome;
  outcome.id = 1;
  outcome.match = {llm::Dialect::Anthropic, llm::Endpoint::Messages};
  outcome.view.model = "claude-opus-4-5";
  outcome.caller.tenant = "team";
  outcome.caller.key = "k1";
  outcome.model_group = llm::model_group(llm::Endpoint::Messages, outcome.view.model, "");
  outcome.provider = provider;
  outcome.wanted_room = wanted_room;
  outcome.status = 200;
  outcome.attempt = 1;
  outcome.state = store::AttemptState::Completed;
  outcome.answer.usage.tokens = {.input = 100, .cache_read = 50, .output = 10};
  return outcome;
}

TEST(UseBoardDemand, CountsWhatOverflowedWhereItWasWantedAndWhereItWasServed) {
  UseBoard board = board_of_one();
  const std::string group = llm::model_group(llm::Endpoint::Messages, "claude-opus-4-5", "");
  board.lane(0).record(served("anthropic"), Money::dollars(2), {});
  board.lane(0).record(served("relay", "anthropic/" + group), Money::dollars(1), {});
  gateway::Outcome refused = served("relay", "anthropic/" + group);
  refused.id = 0;
  refused.status = 429;
  refused.refusal = "no_capacity";
  refused.answer = {};
  board.lane(0).record(refused, {}, {});
  gateway::Outcome stranger = refused;
  stranger.refusal = "unauthorised";
  board.lane(0).record(stranger, {}, {});
  const DemandMinute minute = board.take_demand();
  const monitor::Demand all = minute.by_name().at({});
  EXPECT_EQ(all[DemandMeasure::Requests], 2);
  EXPECT_EQ(all.unserved, 1) << "who has no key wants nothing";
  EXPECT_EQ(all[DemandMeasure::InputTokens], 200);
  EXPECT_EQ(all[DemandMeasure::Tokens], 320);
  EXPECT_DOUBLE_EQ(all[DemandMeasure::Cost], 3);
  EXPECT_EQ(minute.by_name().at({ForecastScope::Tenant, "team"}), all);
  EXPECT_EQ(minute.by_name().at({ForecastScope::Key, "k1"}), all);
  const monitor::Demand wanted = minute.by_name().at({ForecastScope::Pool, "anthropic/" + group});
  EXPECT_EQ(wanted[DemandMeasure::Requests], 2);
  EXPECT_EQ(wanted.unserved, 1);
  EXPECT_EQ(wanted[DemandMeasure::Tokens], 220) << "limits do not count what the cache had";
  const monitor::Demand spare = minute.by_name().at({ForecastScope::Pool, "relay/" + group});
  EXPECT_EQ(spare[DemandMeasure::Requests], 1);
  EXPECT_DOUBLE_EQ(spare[DemandMeasure::Cost], 1);
  EXPECT_TRUE(board.take_demand().by_name().empty()) << "told once";
}

/// Requests by chance: served at once, after a failure, by the spare with or without having asked the first, or by
/// nobody.
class SomeRequests {
 public:
  explicit SomeRequests(unsigned seed) : random_(seed) {}

  void add(UseLane& lane, WallTime at) {
    const bool fails_first = random_() % 4 == 0;
    const bool overflows = random_() % 3 == 0;
    const bool is_refused = overflows && random_() % 4 == 0;
    gateway::Outcome outcome = served("anthropic");
    outcome.view.model = random_() % 2 == 0 ? "claude-opus-4-5" : "claude-haiku-4-5";
    outcome.caller.tenant = random_() % 2 == 0 ? "team" : "ci";
    outcome.attempt = 0;
    const std::string group = llm::model_group(llm::Endpoint::Messages, outcome.view.model, "");
    outcome.model_group = group;
    if (fails_first) {
      ++outcome.attempt;
      gateway::Outcome given_up = outcome;
      given_up.state = store::AttemptState::Failed;
      given_up.answer = {};
      keep(given_up, {}, at);
    }
    if (overflows) {
      outcome.provider = "relay";
      outcome.wanted_room = "anthropic/" + group;
    }
    ++outcome.attempt;
    const Money cost = is_refused ? Money() : Money::nanodollars(1'000 * static_cast<std::int64_t>(random_() % 900));
    outcome.answer.usage.tokens.input = static_cast<std::int64_t>(random_() % 500);
    if (is_refused) {
      outcome.state = store::AttemptState::Refused;
      outcome.answer = {};
      outcome.refusal = "no_capacity";
      outcome.status = 429;
    }
    keep(outcome, cost, at);
    if (is_refused) outcome.id = 0;
    lane.record(outcome, cost, {});
  }

  [[nodiscard]] Result<void> write(store::SqliteLedger& ledger) const {
    std::vector<const store::AttemptRecords*> group;
    for (const store::AttemptRecords& one : records_) group.push_back(&one);
    return ledger.write(group);
  }

 private:
  void keep(const gateway::Outcome& whole, Money cost, WallTime at) {
    const gateway::Outcome& outcome = kept_.emplace_back(whole);
    store::AttemptRecords& records = records_.emplace_back();
    const store::AttemptId id = store::first_id_at(at) + static_cast<store::AttemptId>(records_.size());
    records.begin = store::sample_begin(id);
    records.begin.attempt = static_cast<std::uint8_t>(outcome.attempt);
    records.begin.provider = outcome.provider;
    records.begin.model = outcome.view.model;
    records.begin.tenant = outcome.caller.tenant;
    records.begin.key = outcome.caller.key;
    records.begin.wanted_room = outcome.wanted_room;
    records.charge.id = records.end.id = id;
    records.charge.tokens = outcome.answer.usage.tokens;
    records.charge.cost = cost;
    records.end.state = outcome.state;
    records.end.error_kind = outcome.refusal;
  }

  std::mt19937 random_;
  std::deque<gateway::Outcome> kept_;  ///< whose texts the records borrow
  std::deque<store::AttemptRecords> records_;
};

/// What is learned from the ledger after a start is what was counted while it happened. What a request asked of nobody
/// but the first target before it was refused is an attempt there in the ledger and a refusal here: one of both, in
/// both.
TEST(UseBoardDemand, IsWhatTheLedgerRemembers) {
  const WallTime at = parse_rfc3339("2026-05-02T10:00:00Z").value();
  for (unsigned seed = 1; seed <= 5; ++seed) {
    store::TemporaryDirectory directory;
    UseBoard board = board_of_one();
    SomeRequests requests(seed);
    for (int i = 0; i < 200; ++i) requests.add(board.lane(0), at);
    {
      store::SqliteLedger ledger(directory.path() / "ledger.db");
      ASSERT_TRUE(requests.write(ledger));
    }
    const DemandMinute live = board.take_demand();
    DemandMinute past;
    store::DemandReader reader(directory.path());
    const monitor::MinuteNumber minute = minute_of(at);
    ASSERT_TRUE(for_each_past_minute(reader, minute, minute + 1,
                                     [&](monitor::MinuteNumber, const DemandMinute& demand) { past = demand; }));
    ASSERT_EQ(past.by_name().size(), live.by_name().size());
    for (const auto& [name, demand] : live.by_name()) {
      const monitor::Demand& remembered = past.by_name().at(name);
      for (const DemandMeasure measure :
           {DemandMeasure::InputTokens, DemandMeasure::OutputTokens, DemandMeasure::Tokens, DemandMeasure::Cost}) {
        EXPECT_NEAR(remembered[measure], demand[measure], 1e-6) << name.name << " " << to_string(measure);
      }
      const bool is_spare = name.name.starts_with("relay/");
      if (is_spare) continue;  // one that was refused there after an attempt elsewhere is not told apart
      EXPECT_EQ(remembered[DemandMeasure::Requests] + remembered.unserved,
                demand[DemandMeasure::Requests] + demand.unserved)
          << name.name;
    }
  }
}

}  // namespace
}  // namespace tidegate::app
