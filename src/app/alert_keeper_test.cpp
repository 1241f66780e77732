// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/alert_keeper.h"

#include "store/sqlite/database.h"
#include "store/sqlite/sqlite_history.h"
#include "store/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace tidegate::app {
namespace {

using monitor::AlertState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// What a process has of alerts: figures set by hand, a history in the directory.
struct Process {
  explicit Process(const std::filesystem::path& path, std::int64_t stated)
      : limit(stated),
        history(path),
        center({.pools = {},
                .budgets = {},
                .use = {},
                .alarms = [this] { return gateway_alarms; },
                .forecasts = {},
                .limits =
                    [this](Now) {
                      return std::vector{monitor::StatedLimit{"org-1", "opus-5", "requests", limit}};
                    }},
               {.say = {},
                .notices =
                    [this](std::vector<monitor::AlertNotice> notices, const std::vector<monitor::Alert>&, Now) {
                      for (const auto& notice : notices)
                        told.push_back(std::string(to_string(notice.kind)) + " " + notice.alert.rule);
                    },
                .is_all_delivered = {}}),
        keeper(center, history, alarms) {
    center.adopt({});
  }

  std::int64_t limit;
  std::vector<monitor::Alarm> gateway_alarms;
  std::vector<std::string> told;
  store::SqliteHistory history;
  AlertCenter center;
  AlarmBoard alarms;
  AlertKeeper keeper;
};

class AlertKeeperTest : public testing::Test {
 protected:
  void start(std::int64_t limit) {
    process_.emplace(path_, limit);
    process_->keeper.look(clock_.now());
  }
  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.advance(Seconds(1));
      process_->center.look(clock_.now());
      process_->keeper.look(clock_.now());
    }
  }
  void lose_key() {
    process_->gateway_alarms.push_back({.kind = "key_lost",
                                        .subject = "anthropic/A",
                                        .severity = monitor::Severity::Critical,
                                        .message = "refused",
                                        .since = {}});
  }
  std::string id_of(std::string_view rule) {
    for (const monitor::Alert& alert : alerts()) {
      if (alert.rule == rule) return alert.id;
    }
    return {};
  }
  std::vector<monitor::Alert> alerts() { return process_->center.alerts(clock_.now()); }

  const store::TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "history.db";
  ManualClock clock_;
  std::optional<Process> process_;
};

TEST_F(AlertKeeperTest, ANewProcessKnowsWhatTheKilledOneKnewASecondAgo) {
  start(50);
  lose_key();
  run(11);
  process_->limit = 40;
  run(10);
  ASSERT_THAT(alerts(), SizeIs(2));
  const std::string lost = id_of("key_lost");
  ASSERT_TRUE(process_->center.acknowledge(lost, "ada", clock_.now()));
  ASSERT_TRUE(process_->center.silence(id_of("limit_changed"), std::chrono::hours(2), "ada", clock_.now()));
  run(1);
  const auto history = process_->center.history();
  start(40);  // nothing was told to the first one that it ends
  ASSERT_THAT(alerts(), SizeIs(2));
  EXPECT_EQ(alerts()[0].id, lost);
  EXPECT_EQ(alerts()[0].acknowledged_by, "ada");
  EXPECT_TRUE(alerts()[1].is_silenced(clock_.now().wall));
  EXPECT_EQ(process_->center.history(), history);
  ASSERT_THAT(process_->center.limit_changes(), SizeIs(1));
  EXPECT_EQ(process_->center.limit_changes()[0].before, 50);
  lose_key();
  run(20);
  EXPECT_THAT(process_->told, IsEmpty()) << "it was told before";
  process_->gateway_alarms.clear();
  run(20);
  EXPECT_THAT(process_->told, ElementsAre("resolved key_lost"));
  start(40);
  EXPECT_EQ(process_->center.history()[0].to, AlertState::Resolved);
  EXPECT_EQ(process_->center.history()[0].alert.acknowledged_by, "ada");
}

TEST_F(AlertKeeperTest, ALockedDatabaseKeepsNoAlertWaitingAndLosesNothing) {
  start(50);
  lose_key();
  auto other = store::Database::open(path_, store::Database::Access::ReadWrite);
  {
    auto lock = store::Transaction::start(*other, "BEGIN IMMEDIATE");
    ASSERT_TRUE(lock);
    run(2);
    EXPECT_THAT(process_->told, ElementsAre("firing key_lost"));
    ASSERT_THAT(process_->alarms.list(), SizeIs(1));
    EXPECT_THAT(process_->alarms.list()[0].message, HasSubstr("another program holds the database"));
  }
  run(6);
  EXPECT_THAT(process_->alarms.list(), IsEmpty());
  start(50);
  EXPECT_THAT(alerts(), SizeIs(1));
}

TEST_F(AlertKeeperTest, APastThatCouldNotBeReadAtTheStartIsReadLaterAndNothingOfItIsOverwritten) {
  start(50);
  lose_key();
  run(11);
  ASSERT_TRUE(process_->center.silence(id_of("key_lost"), std::chrono::hours(2), "ada", clock_.now()));
  run(1);
  process_.reset();
  const auto aside = directory_.path() / "aside.db";
  std::filesystem::rename(path_, aside);
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path_.string() + suffix);
  std::ofstream(path_) << std::string(8'192, 'x');
  start(50);
  ASSERT_THAT(process_->alarms.list(), SizeIs(1));
  EXPECT_EQ(process_->alarms.list()[0].kind, "history_not_saved");
  lose_key();
  run(2);
  EXPECT_THAT(process_->told, ElementsAre("firing key_lost"));
  std::filesystem::rename(aside, path_);
  run(10);
  EXPECT_THAT(process_->alarms.list(), IsEmpty());
  ASSERT_THAT(alerts(), SizeIs(1));
  EXPECT_TRUE(alerts()[0].is_silenced(clock_.now().wall));
  start(50);
  EXPECT_THAT(process_->center.history(), SizeIs(4)) << "two steps of either life";
}

}  // namespace
}  // namespace tidegate::app
