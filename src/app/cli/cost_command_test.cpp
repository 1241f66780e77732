// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/cost_command.h"

#include "app/cli/run_command.h"
#include "base/time.h"
#include "store/attempt_id.h"
#include "store/sample_records.h"
#include "store/sqlite/sqlite_ledger.h"
#include "store/temporary_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {
namespace {

namespace fs = std::filesystem;

class CostCommand : public testing::Test {
 protected:
  static CommandAnswer run(const std::string& arguments) { return run_command(add_cost_command, "cost " + arguments); }

  /// A ledger with one request of $0.009.
  [[nodiscard]] std::string ledger() const {
    const fs::path path = folder.path() / "ledger";
    fs::create_directory(path);
    store::LedgerEntry entry;
    entry.started_at = SystemClock().now().wall;
    entry.id = store::first_id_at(entry.started_at);
    entry.model = "opus";
    entry.cost = Money::nanodollars(9'000'000);
    store::SqliteLedger written(path / "ledger.db");
    EXPECT_TRUE(store::write_entries(written, std::vector{entry}));
    return path.string();
  }

  store::TemporaryDirectory folder;
};

TEST_F(CostCommand, FailsWithTwoAboveTheLimitAlone) {
  const std::string named = "--ledger " + ledger();
  EXPECT_EQ(run(named + " --fail-over 0.009").exit_code, 0);
  EXPECT_EQ(run(named + " --fail-over 0.008").exit_code, 2);
}

TEST_F(CostCommand, TakesNoMistypedDirectoryForAnEmptyLedger) {
  const std::string mistyped = (folder.path() / "mistyped").string();
  for (const std::string& directory : {mistyped, folder.path().string()}) {
    const CommandAnswer answer = run("--fail-over 5 --ledger " + directory);
    EXPECT_EQ(answer.exit_code, 1);
    EXPECT_EQ(answer.out, "");
    EXPECT_NE(answer.err.find("there is no ledger in " + directory), std::string::npos) << answer.err;
  }
  EXPECT_FALSE(fs::exists(mistyped)) << "who looks makes nothing";
}

TEST_F(CostCommand, ReadsTheLedgerThatTheConfigurationNames) {
  const fs::path file = folder.path() / "tidegate.yaml";
  std::ofstream(file) << "ledger: {directory: " << ledger() << "}\n";
  EXPECT_EQ(run("--fail-over 0.001 --config " + file.string()).exit_code, 2);
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const CommandAnswer here = run("--fail-over 0.001");
  fs::current_path(before);
  EXPECT_EQ(here.exit_code, 2) << here.err;
}

TEST_F(CostCommand, RefusesALimitBelowNothing) {
  const CommandAnswer answer = run("--fail-over -1 --ledger " + ledger());
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_NE(answer.err.find("--fail-over: '-1' is below nothing"), std::string::npos) << answer.err;
}

}  // namespace
}  // namespace tidegate::app
