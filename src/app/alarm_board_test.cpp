// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/alarm_board.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

Alarm unknown_model(const std::string& model) {
  return {.kind = "price_unknown", .subject = model, .severity = Severity::Warning, .message = "no price", .since = {}};
}

TEST(AlarmBoard, TellsOnceWhenRaisedAndOnceWhenCleared) {
  std::vector<std::string> told;
  AlarmBoard board([&](const std::string& line) { told.push_back(line); });
  board.raise(unknown_model("m"));
  board.raise(unknown_model("m"));
  EXPECT_EQ(board.list().size(), 1U);
  board.clear("price_unknown", "m", {});
  board.clear("price_unknown", "m", {});
  EXPECT_TRUE(board.list().empty());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find("alarm=raised price_unknown m: no price"), std::string::npos) << told[0];
}

TEST(AlarmBoard, ListsCriticalOnesFirst) {
  AlarmBoard board;
  board.raise(unknown_model("m"));
  board.raise({.kind = "ledger", .subject = {}, .severity = Severity::Critical, .message = "disk full", .since = {}});
  EXPECT_EQ(board.list()[0].kind, "ledger");
}

TEST(AlarmBoard, IsBoundedAgainstInventedNames) {
  AlarmBoard board;
  for (int i = 0; i < 1'000; ++i) board.raise(unknown_model(std::to_string(i)));
  EXPECT_EQ(board.list().size(), AlarmBoard::kMostAlarms);
}

}  // namespace
}  // namespace tidegate::app
