// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/environment_options.h"

#include <gtest/gtest.h>

#include <map>

namespace tidegate::app {
namespace {

Environment from(std::map<std::string, std::string> variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

TEST(OptionsFromEnvironment, TakeClaudeKeyBeforeTheOtherName) {
  const auto options = options_from_environment(from({{"CLAUDE_KEY", "a"}, {"ANTHROPIC_API_KEY", "b"}}), "");
  ASSERT_TRUE(options);
  ASSERT_EQ(options->providers.size(), 1U);
  EXPECT_EQ(options->providers[0].base_url, "https://api.anthropic.com");
  EXPECT_EQ(options->providers[0].keys.at(0).name, "CLAUDE_KEY");
  EXPECT_EQ(options->providers[0].keys.at(0).secret.reveal(), "a");
}

TEST(OptionsFromEnvironment, NameTheVariablesThatAreMissing) {
  const auto options = options_from_environment(from({}), "");
  ASSERT_FALSE(options);
  EXPECT_NE(options.error().detail.find("CLAUDE_KEY"), std::string::npos);
}

TEST(OptionsFromEnvironment, NeedNoKeyForAnAddressOfOnesOwn) {
  const auto options = options_from_environment(from({}), "http://127.0.0.1:9");
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->providers.at(0).keys.empty());
  EXPECT_EQ(options->providers.at(0).proxy, "");
}

}  // namespace
}  // namespace tidegate::app
