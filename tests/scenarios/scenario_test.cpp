// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Plays every *.scenario of this folder, and checks that wrong ones are told apart from right ones.
#include "scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace tidegate::scenarios {
namespace {

std::vector<Scenario> all_scenarios() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(TIDEGATE_SOURCE_DIR) / "tests/scenarios")) {
    if (entry.path().extension() == ".scenario") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Scenario> all;
  for (const auto& file : files) {
    for (Scenario& scenario : read_scenarios(file)) all.push_back(std::move(scenario));
  }
  return all;
}

/// `retries.scenario`, `an overload is retried` becomes `retries_an_overload_is_retried`.
std::string test_name(const testing::TestParamInfo<Scenario>& info) {
  std::string name = std::filesystem::path(info.param.file).stem().string() + "_" + info.param.name;
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

class Scenarios : public testing::TestWithParam<Scenario> {};

TEST_P(Scenarios, HappenAsTold) {
  for (const std::string& complaint : play(GetParam())) ADD_FAILURE() << complaint;
}

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, testing::ValuesIn(all_scenarios()), test_name);

std::vector<std::string> complaints_of(std::string_view text) {
  std::vector<std::string> all;
  for (const Scenario& scenario : parse_scenarios(text, "x.scenario")) {
    for (const std::string& complaint : play(scenario)) all.push_back(complaint);
  }
  return all;
}

TEST(ScenarioLanguage, AWrongExpectationNamesItsPlaceAndWhatCame) {
  EXPECT_THAT(complaints_of("case a\npool red requests=60\nkey k\nrequest one -> waits\n"),
              testing::ElementsAre("x.scenario:4: expected 'waits', but one went with k after 0s"));
  EXPECT_THAT(complaints_of("case a\npool red requests=60\nkey k\nlevel red requests=0 -> red has 7 requests\n"),
              testing::ElementsAre("x.scenario:4: expected 'red has 7 requests', but it has 0"));
  EXPECT_THAT(complaints_of("case a\npool red requests=60\nkey k\nlevel red requests=0\nrequest r*3 wait=10s -> 2 wait, 1 go\n"),
              testing::ElementsAre("x.scenario:5: expected '2 wait', but there are 3", "x.scenario:5: expected '1 go', but there are 0"));
  EXPECT_THAT(complaints_of("case a\npool red requests=60\nkey k\nlevel red requests=0\nrequest one -> goes\n"),
              testing::ElementsAre("x.scenario:5: expected 'goes', but one was refused by requests, retry after 1.25s"));
}

TEST(ScenarioLanguage, AnUnknownWordIsAnsweredWithTheNearestKnownOne) {
  EXPECT_THAT(complaints_of("case a\nrequst one\n"), testing::ElementsAre("x.scenario:2: unknown step 'requst'; did you mean 'request'?"));
  EXPECT_THAT(complaints_of("case a\npool red reqests=60\n"),
              testing::ElementsAre("x.scenario:2: unknown word after 'pool': 'reqests'; did you mean 'requests'?"));
  EXPECT_THAT(complaints_of("case a\npool red\nkey k pool=rad\n"), testing::ElementsAre("x.scenario:3: unknown pool 'rad'; did you mean 'red'?"));
  EXPECT_THAT(complaints_of("case a\npool red\nkey k\nrequest one -> refused by concurency\n"),
              testing::ElementsAre("x.scenario:4: unknown obstacle 'concurency'; did you mean 'concurrency'?"));
  EXPECT_THAT(complaints_of("case a\npool red\nkey k\nrequest one -> goos\n"),
              testing::ElementsAre("x.scenario:4: unknown expectation 'goos'; did you mean 'goes'?"));
  EXPECT_THAT(complaints_of("case a\npool red\nkey k\nrequest one\nrefuse one because=overload\n"),
              testing::ElementsAre("x.scenario:5: unknown kind of refusal 'overload'; did you mean 'overloaded'?"));
  EXPECT_THAT(complaints_of("case a\nroom predicts=offf\n"), testing::ElementsAre("x.scenario:2: unknown switch 'offf'; did you mean 'off'?"));
}

TEST(ScenarioLanguage, NonsenseEndsAScenarioWithOneComplaint) {
  EXPECT_THAT(complaints_of("case a\nat noon request\nrequst\n"), testing::ElementsAre("x.scenario:2: 'noon' is not a number"));
  EXPECT_THAT(complaints_of("case a\nat 5 request\n"), testing::ElementsAre("x.scenario:2: '5' is not a time; write 250ms, 1.25s, 15m or 2h"));
  EXPECT_THAT(complaints_of("case a\npool red\nat 5s\nat 4s\n"), testing::ElementsAre("x.scenario:4: time does not go back: it is 5s"));
  EXPECT_THAT(complaints_of("case a\npool red\npool red\n"), testing::ElementsAre("x.scenario:3: there is a pool 'red' already"));
  EXPECT_THAT(complaints_of("case a\npool red requests=1 requests=2\n"), testing::ElementsAre("x.scenario:2: 'requests' is said twice"));
}

TEST(ScenarioLanguage, EachCaseHasARoomOfItsOwn) {
  EXPECT_THAT(complaints_of("case a # first\npool red requests=60\nkey k\nrequest one -> goes\ncase b\npool red requests=60\nkey k\nrequest one -> goes\n"),
              testing::IsEmpty());
}

}  // namespace
}  // namespace tidegate::scenarios
