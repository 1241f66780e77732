// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/load.h"

#include <gtest/gtest.h>

namespace tidegate::config {
namespace {

LoadResult load_yaml(const std::string& text, Environment environment = {{"CLAUDE_KEY", "sk-ant-test"}}) {
  return load({.yaml = SourceText{.name = "tidegate.yaml", .text = text}, .environment = std::move(environment)});
}

LoadResult load_environment(Environment environment) {
  return load({.yaml = std::nullopt, .environment = std::move(environment)});
}

TEST(Load, GivesAnthropicFromTheKeyAlone) {
  const LoadResult result = load_environment({{"CLAUDE_KEY", "sk-ant-1"}, {"ANTHROPIC_ADMIN_KEY", "sk-ant-admin"}});
  ASSERT_TRUE(result.ok()) << to_text(result.problems);
  ASSERT_EQ(result.options.providers.size(), 1U);
  const upstream::ProviderOptions& provider = result.options.providers[0];
  EXPECT_EQ(provider.id, ProviderId("anthropic"));
  EXPECT_EQ(provider.base_url, "https://api.anthropic.com");
  EXPECT_EQ(provider.keys.at(0).name, "CLAUDE_KEY");
  EXPECT_EQ(provider.keys.at(0).secret.reveal(), "sk-ant-1");
  EXPECT_EQ(provider.admin_key.reveal(), "sk-ant-admin");
}

TEST(Load, GivesDefaultsForAnEmptyFile) {
  const LoadResult result = load_yaml("");
  ASSERT_TRUE(result.ok()) << to_text(result.problems);
  EXPECT_EQ(result.options.listen.port, 8080);
}

TEST(Load, SuggestsTheNearestSetting) {
  const LoadResult result = load_yaml("limits:\n  max_bodi: 1MiB\n");
  EXPECT_EQ(to_text(result.problems),
            "tidegate.yaml:2:3: limits: unknown setting 'max_bodi'; did you mean 'max_body'?\n");
}

}  // namespace
}  // namespace tidegate::config
