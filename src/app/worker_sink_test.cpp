// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/worker_sink.h"

#include "store/journal_keeper.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::app {
namespace {

class KeptInMemory final : public store::Ledger {
 public:
  Result<void> write(std::span<const store::LedgerEntry* const> entries) override {
    for (const store::LedgerEntry* entry : entries) kept.push_back(*entry);
    return {};
  }
  Result<store::AttemptId> last_id() override { return store::AttemptId{0}; }
  Result<void> maintain(store::AttemptId) override { return {}; }

  std::vector<store::LedgerEntry> kept;
};

class WorkerSinkTest : public ::testing::Test {
 protected:
  WorkerSinkTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "tidegate-sink-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    options_.directory = folder_;
    options_.segment_bytes = 1024 * 1024;
    keeper_ = store::JournalKeeper::open(options_, 1, ledger_, clock_).value();
    pricing::PriceOptions prices;
    prices.unknown_model.input.of_a_million = prices.unknown_model.output.of_a_million = Money::dollars(10);
    pricing::PriceRow row;
    row.model = "claude-haiku-4-5";
    row.input.of_a_million = Money::dollars(1);
    row.output.of_a_million = Money::dollars(5);
    prices.rows.push_back(row);
    book_ = std::make_shared<const pricing::PriceBook>(pricing::PriceBook::make(prices).value());
    sink_ = std::make_unique<WorkerSink>(log_, keeper_->writer(0), book_, clock_, 0U, 0, store::WhenFull::Continue);
  }
  ~WorkerSinkTest() override {
    keeper_.reset();
    std::filesystem::remove_all(folder_);
  }

  static gateway::Outcome request_of(const char* model) {
    gateway::Outcome outcome;
    outcome.request_id = "req_tg1";
    outcome.match = {llm::Dialect::Anthropic, llm::Endpoint::Messages};
    outcome.view.model = model;
    outcome.provider = "anthropic";
    outcome.caller.tenant = "default";
    outcome.started_at = ManualClock().now().wall;
    return outcome;
  }
  const std::vector<store::LedgerEntry>& drained() {
    keeper_->stop();
    return ledger_.kept;
  }

  ManualClock clock_;
  std::string folder_;
  store::StoreOptions options_;
  KeptInMemory ledger_;
  std::unique_ptr<store::JournalKeeper> keeper_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), std::fclose};
  LogWriter log_{file_.get(), 100};
  std::shared_ptr<const pricing::PriceBook> book_;
  std::unique_ptr<WorkerSink> sink_;
};

TEST_F(WorkerSinkTest, MakesOneEntryOfAServedRequestWithItsCost) {
  gateway::Outcome outcome = request_of("claude-haiku-4-5");
  outcome.id = sink_->begin(outcome);
  outcome.answer.usage.seen = outcome.answer.usage.complete = true;
  outcome.answer.usage.tokens.input = 1'000;
  outcome.answer.usage.tokens.output = 100;
  outcome.answer.model = "claude-haiku-4-5";
  outcome.state = store::AttemptState::Completed;
  outcome.status = 200;
  sink_->charge(outcome);
  sink_->finish(outcome);
  const auto& entries = drained();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(to_text(entries[0].cost), "0.0015");
  EXPECT_TRUE(entries[0].price_known);
  EXPECT_EQ(entries[0].state, store::AttemptState::Completed);
  EXPECT_EQ(entries[0].tokens.output, 100);
  EXPECT_EQ(entries[0].model, "claude-haiku-4-5");
}

TEST_F(WorkerSinkTest, NeverServesAnUnknownModelForFree) {
  gateway::Outcome outcome = request_of("claude-next-9");
  outcome.id = sink_->begin(outcome);
  outcome.answer.usage.seen = true;
  outcome.answer.usage.tokens.input = 1'000;
  sink_->charge(outcome);
  sink_->finish(outcome);
  const auto& entries = drained();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_FALSE(entries[0].price_known);
  EXPECT_EQ(to_text(entries[0].cost), "0.01");
}

TEST_F(WorkerSinkTest, RecordsARefusalThatNeverBegan) {
  gateway::Outcome outcome = request_of("claude-haiku-4-5");
  outcome.provider.clear();
  outcome.refusal = "unauthorised";
  outcome.status = 401;
  sink_->finish(outcome);
  const auto& entries = drained();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].state, store::AttemptState::Refused);
  EXPECT_EQ(entries[0].error_kind, "unauthorised");
  EXPECT_EQ(entries[0].cost, Money());
}

}  // namespace
}  // namespace tidegate::app
