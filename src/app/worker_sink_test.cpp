// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/worker_sink.h"

#include "metrics/text_format.h"
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
  Result<void> write(std::span<const store::AttemptRecords* const> attempts) override {
    for (const store::AttemptRecords* attempt : attempts) kept.push_back(store::entry_of(*attempt));
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
    prices_.swap(std::make_shared<const pricing::PriceBook>(pricing::PriceBook::make(prices).value()));
    sink_ = make_sink(store::WhenFull::Continue);
  }
  std::unique_ptr<WorkerSink> make_sink(store::WhenFull when_full) {
    return std::make_unique<WorkerSink>(
        WorkerSink::Targets{log_.lane(0), keeper_->writer(0), use_.lane(0), registry_, limits_, alarms_, unpriced_, unread_, prices_, clock_, log_level_}, 0U,
        store::AttemptId{0}, when_full);
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
  std::atomic<config::LogLevel> log_level_ = config::LogLevel::Info;
  LogWriter log_{file_.get(), 100, 1};
  UseBoard use_{monitor::Windows::make({}).value(), 1};
  metrics::Registry registry_;
  quota::LimitBoard limits_;
  AlarmBoard alarms_;
  UnreadAnswers unread_{alarms_};
  Board<pricing::PriceBook> prices_{nullptr};
  UnpricedModels unpriced_{alarms_, prices_};
  std::unique_ptr<WorkerSink> sink_;
};

TEST_F(WorkerSinkTest, BeginsNothingThatFindsNoRoomUnderWhenFullRefuseAndCountsItAsRefusedNotAsLost) {
  const auto refusing = make_sink(store::WhenFull::Refuse);
  const gateway::Outcome outcome = request_of("claude-haiku-4-5");
  std::size_t begun = 0;
  while (refusing->begin(outcome) != 0) ++begun;  // the keeper does not run: one segment is all there is
  EXPECT_GT(begun, 100U);
  EXPECT_FALSE(refusing->accepting());
  gateway::Outcome refused = outcome;
  refused.status = 503;
  refusing->finish(refused);
  EXPECT_EQ(keeper_->health().not_recorded, 0U);
  EXPECT_NE(sink_->begin(outcome), 0) << "under continue it is served";
  EXPECT_EQ(keeper_->health().not_recorded, 1U);
}

TEST_F(WorkerSinkTest, MakesOneEntryOfAServedRequestWithItsCost) {
  gateway::Outcome outcome = request_of("claude-haiku-4-5");
  outcome.id = sink_->begin(outcome);
  outcome.answer.usage.seen = outcome.answer.usage.complete = true;
  outcome.answer.usage.tokens.input = 1'000;
  outcome.answer.usage.tokens.output = 100;
  outcome.answer.model = "claude-haiku-4-5";
  outcome.state = store::AttemptState::Completed;
  outcome.status = 200;
  const gateway::Charged charged = sink_->charge(outcome);
  outcome.cost = charged.cost;
  outcome.price_known = charged.price_known;
  sink_->finish(outcome);
  const auto& entries = drained();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(to_text(entries[0].cost), "0.0015");
  EXPECT_TRUE(entries[0].price_known);
  EXPECT_EQ(entries[0].state, store::AttemptState::Completed);
  EXPECT_EQ(entries[0].tokens.output, 100);
  EXPECT_EQ(entries[0].model, "claude-haiku-4-5");
}

TEST_F(WorkerSinkTest, CountsTheTokensOfEveryIterationThatIsPaidFor) {
  gateway::Outcome outcome = request_of("claude-haiku-4-5");
  outcome.id = sink_->begin(outcome);
  outcome.answer.usage.seen = outcome.answer.usage.complete = true;
  outcome.answer.usage.tokens = {.input = 100, .output = 50};  // the last iteration's
  outcome.answer.usage.iterations = {{llm::UsageIteration::Kind::Compaction, "", {.input = 200'000, .output = 3'000}},
                                     {llm::UsageIteration::Kind::Message, "", {.input = 100, .output = 50}}};
  outcome.answer.model = "claude-haiku-4-5";
  outcome.state = store::AttemptState::Completed;
  outcome.cost = sink_->charge(outcome).cost;
  sink_->finish(outcome);
  const auto& entries = drained();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].tokens, (llm::TokenCounts{.input = 200'100, .output = 3'050}));
  EXPECT_EQ(to_text(entries[0].cost), "0.21535");
  EXPECT_EQ(use_.totals(Seconds(60), clock_.now().steady)->input_tokens, 200'100);
}

TEST_F(WorkerSinkTest, ShowsAServedRequestInWindowsAndMetrics) {
  gateway::Outcome outcome = request_of("claude-haiku-4-5");
  outcome.id = sink_->begin(outcome);
  outcome.answer.usage.seen = outcome.answer.usage.complete = true;
  outcome.answer.usage.tokens.input = 1'000;
  outcome.status = outcome.upstream_status = 200;
  outcome.cost = sink_->charge(outcome).cost;
  sink_->finish(outcome);
  const monitor::WindowTotals totals = use_.totals(Seconds(60), clock_.now().steady).value();
  EXPECT_EQ(totals.requests, 1);
  EXPECT_EQ(totals.errors, 0);
  EXPECT_EQ(totals.input_tokens, 1'000);
  EXPECT_EQ(to_text(totals.cost), "0.001");
  const std::string page = metrics::to_text(registry_.snapshot(), metrics::TextFormat::Prometheus);
  EXPECT_NE(page.find("claude_req_total{status=\"200\"} 1\n"), std::string::npos) << page;
  EXPECT_NE(page.find("tidegate_in_flight_requests 0\n"), std::string::npos) << page;
}

TEST_F(WorkerSinkTest, KeepsTheLimitsOfEveryAnswer) {
  gateway::Outcome outcome = request_of("claude-opus-4-8");
  outcome.organisation = "org-1";
  outcome.pool = "RED";
  outcome.model_group = "opus-4";
  llm::RateLimitReading reading;
  reading.limits.push_back({.dimension = llm::LimitDimension::Requests, .limit = 50, .remaining = 49, .full_after = std::nullopt});
  sink_->answered(outcome, reading);
  const auto levels = limits_.levels(clock_.now());
  ASSERT_EQ(levels.size(), 1U);
  EXPECT_EQ(levels[0].model_group, "opus-4");
  EXPECT_EQ(levels[0].limits[0].remaining, 49);
}

TEST_F(WorkerSinkTest, RecordsEveryAttemptOfARequestAndCountsTheRequestOnce) {
  gateway::Outcome outcome = request_of("claude-haiku-4-5");
  outcome.attempt = 1;
  outcome.id = sink_->begin(outcome);
  outcome.upstream_status = 429;
  outcome.error = llm::UpstreamErrorKind::RateLimit;
  outcome.state = store::AttemptState::Failed;
  sink_->attempt_over(outcome);
  outcome.attempt = 2;
  outcome.id = sink_->begin(outcome);
  outcome.status = outcome.upstream_status = 200;
  outcome.error = llm::UpstreamErrorKind::None;
  outcome.state = store::AttemptState::Completed;
  (void)sink_->charge(outcome);
  sink_->finish(outcome);
  const auto& entries = drained();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].attempt, 1);
  EXPECT_EQ(entries[0].error_kind, "rate_limit");
  EXPECT_EQ(entries[0].cost, Money());
  EXPECT_EQ(entries[1].attempt, 2);
  EXPECT_EQ(entries[1].state, store::AttemptState::Completed);
  EXPECT_EQ(use_.totals(Seconds(60), clock_.now().steady).value().requests, 1);
  const std::string page = metrics::to_text(registry_.snapshot(), metrics::TextFormat::Prometheus);
  EXPECT_NE(page.find("claude_req_total{status=\"200\"} 1\n"), std::string::npos) << page;
  EXPECT_NE(page.find("tidegate_in_flight_requests 0\n"), std::string::npos) << page;
}

TEST_F(WorkerSinkTest, CountsTheWaitOfWhoAskedForItsTurnAndWhatStoodInTheWayOfWhoGotNone) {
  gateway::Outcome outcome = request_of("claude-haiku-4-5");
  outcome.attempt = 1;
  outcome.id = sink_->begin(outcome);
  outcome.status = outcome.upstream_status = 200;
  outcome.queue_wait = Milliseconds(400);
  outcome.upstream_wait = Milliseconds(500);
  outcome.time_to_first_byte = Milliseconds(902);
  sink_->finish(outcome);
  gateway::Outcome refused = request_of("claude-haiku-4-5");
  refused.refusal = "no_capacity";
  refused.obstacle = quota::Obstacle::Input;
  refused.priority = quota::Priority::Batch;
  refused.status = 429;
  refused.queue_wait = Seconds(15);
  sink_->finish(refused);
  gateway::Outcome stranger = request_of("claude-haiku-4-5");
  stranger.refusal = "unauthorised";
  stranger.status = 401;
  sink_->finish(stranger);
  const std::string page = metrics::to_text(registry_.snapshot(), metrics::TextFormat::Prometheus);
  for (const char* line : {"tidegate_queue_wait_seconds_bucket{provider=\"anthropic\",priority=\"interactive\",le=\"0.25\"} 0\n",
                           "tidegate_queue_wait_seconds_sum{provider=\"anthropic\",priority=\"interactive\"} 0.4\n",
                           "tidegate_queue_wait_seconds_count{provider=\"anthropic\",priority=\"interactive\"} 1\n",
                           "tidegate_queue_wait_seconds_sum{provider=\"anthropic\",priority=\"batch\"} 15\n",
                           "tidegate_overhead_seconds_sum 0.002\n",
                           "tidegate_capacity_refusals_total{provider=\"anthropic\",obstacle=\"input_tokens\"} 1\n"}) {
    EXPECT_NE(page.find(line), std::string::npos) << line << page;
  }
}

TEST_F(WorkerSinkTest, ARefusedKeyIsAnAlarmUntilItIsTakenAgain) {
  sink_->key_changed("anthropic", "RED", quota::KeyRing::Fault::Authentication);
  ASSERT_EQ(alarms_.list().size(), 1U);
  EXPECT_EQ(alarms_.list()[0].kind, "key_lost");
  EXPECT_EQ(alarms_.list()[0].subject, "anthropic/RED");
  sink_->key_changed("anthropic", "RED", std::nullopt);
  EXPECT_TRUE(alarms_.list().empty());
}

TEST_F(WorkerSinkTest, NeverServesAnUnknownModelForFree) {
  gateway::Outcome outcome = request_of("claude-next-9");
  outcome.id = sink_->begin(outcome);
  outcome.answer.usage.seen = true;
  outcome.answer.usage.tokens.input = 1'000;
  const gateway::Charged charged = sink_->charge(outcome);
  outcome.cost = charged.cost;
  outcome.price_known = charged.price_known;
  sink_->finish(outcome);
  const auto& entries = drained();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_FALSE(entries[0].price_known);
  EXPECT_EQ(to_text(entries[0].cost), "0.01");
  ASSERT_EQ(alarms_.list().size(), 1U);
  EXPECT_NE(alarms_.list()[0].message.find("claude-next-9 (anthropic)"), std::string::npos) << alarms_.list()[0].message;
}

TEST_F(WorkerSinkTest, AnAnswerThatCouldNotBeReadIsChargedByItsEstimateAndAnAlarmUntilOneCan) {
  gateway::Outcome outcome = request_of("claude-haiku-4-5");
  outcome.id = sink_->begin(outcome);
  outcome.answer.usage.seen = outcome.answer.usage.estimated = outcome.unread = true;
  outcome.answer.usage.tokens.input = 1'000;
  EXPECT_EQ(to_text(sink_->charge(outcome).cost), "0.001");
  sink_->finish(outcome);
  ASSERT_EQ(alarms_.list().size(), 1U);
  EXPECT_EQ(alarms_.list()[0].kind, "usage_unread");
  EXPECT_EQ(alarms_.list()[0].subject, "anthropic");
  clock_.advance(UnreadAnswers::kQuiet);
  gateway::Outcome next = request_of("claude-haiku-4-5");
  next.id = sink_->begin(next);
  (void)sink_->charge(next);
  EXPECT_EQ(alarms_.list().size(), 1U) << "nothing was read of this one either";
  next.answer.usage.seen = true;
  (void)sink_->charge(next);
  sink_->finish(next);
  EXPECT_TRUE(alarms_.list().empty());
  EXPECT_TRUE(drained()[0].estimated);
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
