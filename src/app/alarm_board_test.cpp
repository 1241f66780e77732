// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/alarm_board.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

Alarm warning(const std::string& subject) {
  return {.kind = "balance_low", .subject = subject, .severity = Severity::Warning, .message = "little is left", .since = {}};
}

TEST(AlarmBoard, TellsOnceWhenRaisedAndOnceWhenCleared) {
  std::vector<std::string> told;
  AlarmBoard board([&](const std::string& line) { told.push_back(line); });
  board.raise(warning("m"));
  board.raise(warning("m"));
  EXPECT_EQ(board.list().size(), 1U);
  board.clear("balance_low", "m", {});
  board.clear("balance_low", "m", {});
  EXPECT_TRUE(board.list().empty());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find("alarm=raised balance_low m: little is left"), std::string::npos) << told[0];
}

TEST(AlarmBoard, ListsCriticalOnesFirst) {
  AlarmBoard board;
  board.raise(warning("m"));
  board.raise({.kind = "ledger", .subject = {}, .severity = Severity::Critical, .message = "disk full", .since = {}});
  EXPECT_EQ(board.list()[0].kind, "ledger");
}

TEST(AlarmBoard, IsBoundedAgainstInventedNames) {
  AlarmBoard board;
  for (int i = 0; i < 1'000; ++i) board.raise(warning(std::to_string(i)));
  EXPECT_EQ(board.list().size(), AlarmBoard::kMostAlarms);
}

TEST(AlarmBoard, AWarningGivesWayToACriticalOneWhereThereIsNoRoom) {
  std::vector<std::string> told;
  AlarmBoard board([&](const std::string& line) { told.push_back(line); });
  for (std::size_t i = 0; i < AlarmBoard::kMostAlarms; ++i) board.raise(warning(std::to_string(i)));
  board.raise({.kind = "ledger", .subject = {}, .severity = Severity::Critical, .message = "disk full", .since = {}});
  EXPECT_EQ(board.list().size(), AlarmBoard::kMostAlarms);
  EXPECT_EQ(board.list()[0].kind, "ledger");
  EXPECT_NE(told.back().find("alarm=displaced balance_low 0: "), std::string::npos) << told.back();
  EXPECT_NE(told.back().find("alarm=raised ledger: disk full"), std::string::npos) << told.back();
}

}  // namespace
}  // namespace tidegate::app
