// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cost_report.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

CostReport report() {
  CostReport made;
  made.by = {store::Dimension::Model, store::Dimension::User};
  store::CostRow row;
  row.labels = {"claude-haiku-4-5", "=evil,\"user\"|\n"};
  row.attempts = row.requests = 3;
  row.tokens.input = 1'200;
  row.tokens.output = 37;
  row.cost = Money::nanodollars(8'240'000);
  made.rows.push_back(row);
  return made;
}

TEST(CostReport, PrintsATableWithItsTotal) {
  const std::string text = write_report(report(), ReportFormat::Table);
  EXPECT_NE(text.find("claude-haiku-4-5"), std::string::npos) << text;
  EXPECT_NE(text.find("total: 0.00824 USD\n"), std::string::npos) << text;
}

TEST(CostReport, LetsNoLabelChangeTheShape) {
  EXPECT_NE(write_report(report(), ReportFormat::Csv).find("claude-haiku-4-5,\"'=evil,\"\"user\"\"|\n\",3,0,1200,"), std::string::npos);
  EXPECT_NE(write_report(report(), ReportFormat::Json).find(R"("user":"=evil,\"user\"|\u000a")"), std::string::npos);
  EXPECT_NE(write_report(report(), ReportFormat::Markdown).find("=evil,\"user\"\\| "), std::string::npos);
}

TEST(CostReport, GivesAmountsAsExactText) {
  EXPECT_NE(write_report(report(), ReportFormat::Json).find(R"("cost_usd":"0.00824")"), std::string::npos);
}

TEST(CostReport, CountsARequestThatFailedFourTimesAsOneError) {
  CostReport counted = report();
  store::CostRow& row = counted.rows[0];
  row.attempts = 7;  // of three requests: one was answered, one failed four times, one served by its second attempt
  row.errors = 5;
  EXPECT_NE(write_report(counted, ReportFormat::Csv).find("\",3,1,1200,"), std::string::npos) << write_report(counted, ReportFormat::Csv);
  row.refused = 2;
  EXPECT_NE(write_report(counted, ReportFormat::Csv).find("\",3,3,1200,"), std::string::npos) << "those that the gateway refused as well";
  counted.kind = store::EntryKind::Shadow;
  EXPECT_NE(write_report(counted, ReportFormat::Csv).find("\",3,5,1200,"), std::string::npos) << "copies are tried once";
}

TEST(CostReport, GivesJunitATestCaseForEachRow) {
  CostReport judged = report();
  judged.rows[0].labels[1] = "<a&b>";
  const std::string text = write_report(judged, ReportFormat::Junit);
  EXPECT_NE(text.find("tests=\"2\" failures=\"0\""), std::string::npos) << text;
  EXPECT_NE(text.find("name=\"model=claude-haiku-4-5, user=&lt;a&amp;b&gt;\"><system-out>requests 3, errors 0, input_tokens 1200,"), std::string::npos) << text;
  EXPECT_NE(text.find("name=\"cost\"><system-out>total: 0.00824 USD"), std::string::npos) << text;
}

TEST(CostReport, IsOverOnlyAboveItsLimit) {
  CostReport judged = report();
  judged.fail_over = Money::nanodollars(8'240'000);
  EXPECT_FALSE(judged.is_over());
  judged.fail_over = Money::nanodollars(8'239'999);
  EXPECT_TRUE(judged.is_over());
  EXPECT_NE(write_report(judged, ReportFormat::Junit).find("failures=\"1\""), std::string::npos);
}

}  // namespace
}  // namespace tidegate::app
