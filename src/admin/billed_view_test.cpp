// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/billed_view.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace tidegate::admin {
namespace {

WallTime at(const char* time) { return parse_rfc3339(time).value(); }

store::CostRow cost(const char* provider, const char* minute, const char* dollars) {
  store::CostRow row;
  row.labels = {provider, minute};
  row.cost = Money::parse(dollars).value();
  return row;
}

TEST(BilledView, SetsWhatTheLedgerSaysBesideWhatWasBilled) {
  const std::vector<monitor::BalanceCourse> courses{
      {.provider = "relay",
       .currency = "USD",
       .readings = {{at("2026-11-26T11:58:30Z"), 20.1},
                    {at("2026-11-26T11:59:30Z"), 20},
                    {at("2026-11-26T12:01:30Z"), 19.7},
                    {at("2026-11-26T12:02:30Z"), 50}}},
      {.provider = "moon", .currency = "CNY", .readings = {{at("2026-11-26T12:01:00Z"), 7}}}};
  const WallTime begin = at("2026-11-26T12:00:00Z");
  EXPECT_EQ(costs_beside(courses, begin).since, at("2026-11-26T11:59:00Z"))
      << "the span that is under way then began earlier";
  EXPECT_FALSE(costs_beside(courses, begin).kind) << "copies are billed too";
  const std::vector<store::CostRow> costs{cost("relay", "2026-11-26T12:00Z", "0.25"),
                                          cost("anthropic", "2026-11-26T12:00Z", "9")};
  const auto told = view_billed(courses, costs, begin);
  EXPECT_EQ(told.at_pointer("/providers/0"),
            boost::json::parse(
                R"({"provider":"relay","currency":"USD","covered_seconds":120,"billed":0.3,"ours":0.25,"top_ups":1,
    "spans":[[1795694370,1795694490,0.3,0.25],[1795694490,1795694550,null,0.0]]})"));
  EXPECT_EQ(
      told.at_pointer("/providers/1"),
      boost::json::parse(
          R"({"provider":"moon","currency":"CNY","covered_seconds":0,"billed":0.0,"ours":null,"top_ups":0,"spans":[]})"));
}

TEST(BilledView, IsEmptyWhereNobodyIsAsked) {
  EXPECT_EQ(boost::json::serialize(view_billed({}, {}, WallTime())), R"({"providers":[]})");
}

}  // namespace
}  // namespace tidegate::admin
