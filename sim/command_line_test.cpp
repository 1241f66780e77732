// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/command_line.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace tidegate::sim {
namespace {

using testing::HasSubstr;

CommandLine read(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "tidegate-sim");
  return read_command_line(static_cast<int>(arguments.size()), arguments.data());
}

/// What goes to standard error while it is read.
std::string complaint(std::vector<const char*> arguments) {
  testing::internal::CaptureStderr();
  const CommandLine line = read(std::move(arguments));
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_FALSE(line.options);
  EXPECT_NE(line.exit_code, 0);
  return said;
}

std::string readme() {
  std::ifstream file(std::string(TIDEGATE_SOURCE_DIR) + "/sim/README.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(SimCommandLine, TakesPresetFiguresAndFaults) {
  const CommandLine line =
      read({"--preset",    "tier2",          "--concurrent", "7",           "--tier-cap", "12.50",   "--organization",
            "org-b=start", "--workspace",    "ws=50/-/1000", "--key",       "k=org-b:ws", "--fault", "529:0.25",
            "--fault",     "drip=3",         "--schedule",   "1m+30s:rate", "--tools",    "always",  "--output-tokens",
            "9",           "--subscription", "200000/1e6"});
  ASSERT_TRUE(line.options);
  const Options& options = *line.options;
  EXPECT_EQ(options.limits.table.standard.requests, 20);
  EXPECT_EQ(options.limits.table.standard.tokens, 40'000);
  EXPECT_EQ(options.limits.table.standard.concurrent, 7);
  EXPECT_EQ(options.limits.tier_spend_cap, Money::parse("12.50").value());
  EXPECT_EQ(options.organisations.at("org-b").table.standard.requests, 1000);
  const GroupLimits& workspace = options.limits.workspaces.at("ws").table.standard;
  EXPECT_EQ(workspace.requests, 50);
  EXPECT_FALSE(workspace.input_tokens);
  EXPECT_EQ(workspace.output_tokens, 1000);
  ASSERT_EQ(options.keys.size(), 1U);
  EXPECT_EQ(options.keys[0].workspace, "ws");
  ASSERT_EQ(options.faults.size(), 2U);
  EXPECT_EQ(options.faults[0].probability, 0.25);
  EXPECT_EQ(options.faults[1].fault, (Fault{"drip", "3"}));
  ASSERT_EQ(options.schedule.size(), 1U);
  EXPECT_EQ(options.schedule[0].length, std::chrono::seconds(30));
  EXPECT_EQ(options.tools, ToolUse::Always);
  EXPECT_EQ(options.output_tokens, 9);
  EXPECT_EQ(options.subscription, (SubscriptionLimits{200'000, 1'000'000}));
}

TEST(SimCommandLine, TakesFiguresOfFastModeAndPriorityTier) {
  const CommandLine line = read({"--fast", "10/-/3000", "--priority", "20000/4000", "--ramp", "--reserve-output",
                                 "--burst-seconds", "1.5", "--preset", "start", "--requests", "7"});
  ASSERT_TRUE(line.options);
  const OrganisationLimits& limits = line.options->limits;
  EXPECT_EQ(limits.fast->requests, 10);
  EXPECT_FALSE(limits.fast->input_tokens);
  EXPECT_EQ(limits.fast->output_tokens, 3000);
  EXPECT_EQ(limits.priority->input_tokens, 20'000);
  EXPECT_EQ(limits.priority->output_tokens, 4'000);
  const GroupLimits& fable = limits.table.of("fable-5");
  EXPECT_EQ(fable.requests, 7);
  EXPECT_EQ(fable.burst_window, std::chrono::milliseconds(1500));
  EXPECT_TRUE(fable.ramp);
  EXPECT_EQ(fable.accounting, OutputAccounting::ReserveMaximum);
  EXPECT_EQ(limits.table.of("count_tokens").requests, 2000);
}

TEST(SimCommandLine, SaysWhichNumbersItTakes) {
  struct Row {
    std::vector<const char*> arguments;
    const char* complaint;
  };
  const Row rows[] = {
      {{"--requests", "-5"}, "--requests: '-5' is not a number from 0.001 to"},
      {{"--requests", "nan"}, "--requests: 'nan' is not a number from 0.001 to"},
      {{"--requests", "0"}, "--requests: '0' is not a number from 0.001 to"},
      {{"--input-tokens", "inf"}, "--input-tokens: 'inf' is not"},
      {{"--output-tokens-limit", "0"}, "--output-tokens-limit: '0' is not"},
      {{"--tokens", "-1"}, "--tokens: '-1' is not"},
      {{"--concurrent", "0"}, "--concurrent: '0' is not a number from 1 to"},
      {{"--burst-seconds", "0"}, "--burst-seconds: '0' is not a number from 0.001 to 3600"},
      {{"--speed", "nan"}, "--speed: 'nan' is not"},
      {{"--pace", "nan"}, "--pace: 'nan' is not"},
      {{"--first-token-seconds", "nan"}, "--first-token-seconds: 'nan' is not a number from 0 to 3600"},
      {{"--tokens-per-second", "-1"}, "--tokens-per-second: '-1' is not"},
      {{"--output-tokens", "-1"}, "--output-tokens: '-1' is not"},
      {{"--mean-output-tokens", "nan"}, "--mean-output-tokens: 'nan' is not"},
      {{"--output-sigma", "-1"}, "--output-sigma: '-1' is not"},
      {{"--workspace", "ws=abc/x/y"}, "--workspace: 'abc/x/y' is not limits like 50/20000/-"},
      {{"--workspace", "ws=1/2"}, "--workspace: '1/2' is not"},
      {{"--workspace", "ws=1/2/3/4"}, "--workspace: '1/2/3/4' is not"},
      {{"--workspace", "ws=0/-/-"}, "--workspace: '0/-/-' is not"},
      {{"--workspace", "=1/2/3"}, "ws=50/20000/-"},
      {{"--fast", "5"}, "--fast: '5' is not limits like 50/20000/-"},
      {{"--priority", "5/6/7"}, "--priority: '5/6/7' is not limits like 20000/4000"},
      {{"--spend-limit", "-3"}, "--spend-limit: '-3' is not an amount of dollars"},
      {{"--tier-cap", "much"}, "--tier-cap: 'much' is not an amount of dollars"},
      {{"--subscription", "0/5"}, "'0/5' is not a subscription's tokens"},
      {{"--upgrade-tier", "double=1e9"}, "a factor from 1 to"},
      {{"--fault", "drip=abc"}, "fault 'drip=abc': its value is whole milliseconds"},
      {{"--fault", "rate=soon"}, "fault 'rate=soon': its value is a retry-after in whole seconds"},
      {{"--fault", "cut=-1"}, "fault 'cut=-1': its value is a whole number of events"},
      {{"--fault", "stall_mid_stream=nan"}, "fault 'stall_mid_stream=nan': its value is seconds"},
      {{"--fault", "split=3"}, "fault 'split=3': it takes no value"},
  };
  for (const Row& row : rows) EXPECT_THAT(complaint(row.arguments), HasSubstr(row.complaint));
}

TEST(SimCommandLine, TakesTiersAndThePaceOfItsClock) {
  const CommandLine line = read({"--upgrade-tier", "double=2", "--upgrade-tier", "more=3.5", "--upgrade-term", "20m",
                                 "--upgrade-secret", "s", "--pace", "10", "--pace-since", "2026-11-23T10:00:00.250Z"});
  ASSERT_TRUE(line.options);
  EXPECT_EQ(line.options->tiers,
            (TierTerms{.tiers = {{"double", 2}, {"more", 3.5}}, .shortest = std::chrono::minutes(20)}));
  EXPECT_EQ(line.options->upgrade_secret, "s");
  EXPECT_EQ(line.options->pace, 10);
  EXPECT_EQ(line.options->pace_since, *parse_rfc3339("2026-11-23T10:00:00.250Z"));
}

TEST(SimCommandLine, SaysWhatItDoesNotUnderstand) {
  EXPECT_THAT(complaint({"--upgrade-tier", "double"}), HasSubstr("double=2"));
  EXPECT_THAT(complaint({"--upgrade-tier", "half=0.5"}), HasSubstr("double=2"));
  EXPECT_THAT(complaint({"--upgrade-term", "soon"}), HasSubstr("--upgrade-term"));
  EXPECT_THAT(complaint({"--pace-since", "noon"}), HasSubstr("--pace-since"));
  EXPECT_THAT(complaint({"--preset", "tier9"}), HasSubstr("no preset 'tier9'; there are unlimited, tier1"));
  EXPECT_THAT(complaint({"--fault", "breakdown"}), HasSubstr("no fault 'breakdown'"));
  EXPECT_THAT(complaint({"--fault", "529:2"}), HasSubstr("probability from 0 to 1"));
  EXPECT_THAT(complaint({"--schedule", "529"}), HasSubstr("30s+60s:529"));
  EXPECT_THAT(complaint({"--workspace", "ws"}), HasSubstr("ws=50/20000/-"));
  EXPECT_THAT(complaint({"--organization", "org-a"}), HasSubstr("org-a=tier2"));
  EXPECT_THAT(complaint({"--key", "k"}), HasSubstr("sk-ant-x=org-a"));
  EXPECT_THAT(complaint({"--subscription", "5"}), HasSubstr("200000/1000000"));
  EXPECT_THAT(complaint({"--speed", "0"}), HasSubstr("--speed"));
  EXPECT_THAT(complaint({"--tls-key", "key.pem"}), HasSubstr("go together"));
  EXPECT_THAT(complaint({"--frobnicate"}), HasSubstr("frobnicate"));
}

TEST(SimReadme, NamesEveryOptionPresetAndFault) {
  const std::string text = readme();
  testing::internal::CaptureStdout();
  EXPECT_EQ(read({"--help"}).exit_code, 0);
  const std::string help = testing::internal::GetCapturedStdout();
  int options = 0;
  const std::regex option("\n +(?:-h,)?(--[a-z-]+)");
  for (std::sregex_iterator found(help.begin(), help.end(), option), end; found != end; ++found) {
    if ((*found)[1] == "--help") continue;
    EXPECT_THAT(text, HasSubstr((*found)[1].str()));
    ++options;
  }
  EXPECT_GT(options, 30);
  for (const std::string_view preset : preset_names()) EXPECT_THAT(text, HasSubstr(fmt::format("`{}`", preset)));
  std::string names = parse_fault("?").error().detail;
  names.erase(0, names.find("there are ") + 10);
  const std::regex name("[a-z0-9_]+");
  for (std::sregex_iterator found(names.begin(), names.end(), name), end; found != end; ++found) {
    EXPECT_TRUE(std::regex_search(text, std::regex(fmt::format("`{}[`\\[]", found->str())))) << found->str();
  }
}

}  // namespace
}  // namespace tidegate::sim
