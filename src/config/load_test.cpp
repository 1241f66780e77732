// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/load.h"

#include "config/settings.h"

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

TEST(Load, SaysWhichVariablesGiveAProvider) {
  const LoadResult result = load_environment({{"CLAUDE_KEY", ""}});
  EXPECT_EQ(to_text(result.problems),
            "environment: no provider: set CLAUDE_KEY (or ANTHROPIC_API_KEY), LZ_API_KEY or OPENAI_API_KEY in the "
            "environment or in .env, or name one under 'providers'; 'tidegate demo' needs none\n");
  EXPECT_TRUE(result.lacks_only_a_provider());
  EXPECT_FALSE(load_environment({{"CLAUDE_KEY", "sk-ant-1"}}).lacks_only_a_provider());
}

TEST(Load, BlamesNoMissingProviderOnAFileWithOtherProblems) {
  const LoadResult result = load_yaml("threads: many\n", {});
  EXPECT_EQ(to_text(result.problems), "tidegate.yaml:1:10: threads: 'many' is not a whole number from 0 to 1024\n");
  EXPECT_FALSE(result.lacks_only_a_provider());
}

TEST(Load, TakesEachProviderFromItsVariable) {
  const LoadResult result =
      load_environment({{"ANTHROPIC_API_KEY", "a"}, {"LZ_API_KEY", "l"}, {"OPENAI_API_KEY", "o"}});
  ASSERT_EQ(result.options.providers.size(), 3U);
  EXPECT_EQ(result.options.providers[0].keys[0].name, "ANTHROPIC_API_KEY");
  EXPECT_EQ(result.options.providers[1].credential, upstream::CredentialKind::Bearer);
  ASSERT_TRUE(result.options.providers[1].balance) << "a relay is paid beforehand";
  EXPECT_EQ(result.options.providers[1].balance->kind, upstream::BalanceKind::NewApi);
  EXPECT_FALSE(result.options.providers[0].balance);
  EXPECT_EQ(result.options.providers[2].dialect, llm::Dialect::OpenAi);
}

TEST(Load, NamesTheVariableOfAKeyThatCannotBeSent) {
  const LoadResult result = load_environment({{"CLAUDE_KEY", "sk-ant s3cr3t"}});
  EXPECT_EQ(to_text(result.problems),
            "environment: the secret in CLAUDE_KEY has blanks, line breaks or characters that are not ASCII inside; "
            "is it the key alone?\n");
}

std::string proxy_of(std::string_view base_url, Environment environment) {
  const LoadResult result = load_yaml(
      "providers: [{name: p, base_url: \"" + std::string(base_url) + "\", credential: none}]", std::move(environment));
  return result.ok() ? result.options.providers.at(0).proxy : to_text(result.problems);
}

TEST(Load, TakesTheProxyOfTheEnvironmentUnlessItIsNotForThisHost) {
  const std::string proxy = "http://proxy:3128";
  EXPECT_EQ(proxy_of("https://api.example.com", {{"HTTPS_PROXY", "http://proxy:3128/"}}), proxy);
  EXPECT_EQ(proxy_of("https://api.example.com", {{"https_proxy", "proxy:3128"}}), proxy);
  EXPECT_EQ(proxy_of("http://api.example.com", {{"HTTPS_PROXY", proxy}}), "");
  EXPECT_EQ(proxy_of("https://127.0.0.1:9", {{"HTTPS_PROXY", proxy}}), "");
  for (const char* direct :
       {"*", "api.example.com", "example.com", ".example.com", "a, *.EXAMPLE.com", "api.example.com:443"}) {
    EXPECT_EQ(proxy_of("https://api.example.com", {{"HTTPS_PROXY", proxy}, {"NO_PROXY", direct}}), "") << direct;
  }
  for (const char* other : {"", "ample.com", "example.org", "api.example.com:8443", "com.example"}) {
    EXPECT_EQ(proxy_of("https://api.example.com", {{"HTTPS_PROXY", proxy}, {"no_proxy", other}}), proxy) << other;
  }
}

TEST(Load, RefusesAProxyThatCannotBeUsedWithoutRepeatingIt) {
  for (const char* bad : {"https://user:s3cr3t@proxy:3128", "http://user:s3cr3t%zz@proxy", "http://user:s3cr3t@proxy/path", "http://u:s3cr3t%0d@proxy"}) {
    EXPECT_EQ(proxy_of("https://api.example.com", {{"HTTPS_PROXY", bad}}),
              "environment: HTTPS_PROXY cannot be used: write http://host:port or http://user:password@host:port, with %40 for an @ in the password; "
              "or name the provider's host in NO_PROXY, or set 'proxy: none' for it\n")
        << bad;
  }
}

TEST(Load, KeepsTheCredentialOfAProxyApartFromItsAddress) {
  const LoadResult result = load_yaml("providers: [{name: p, base_url: \"https://api.example.com\", credential: none}]",
                                      {{"HTTPS_PROXY", "http://user:s3cr3t%40home@proxy:3128"}});
  ASSERT_TRUE(result.ok()) << to_text(result.problems);
  EXPECT_EQ(result.options.providers.at(0).proxy, "http://proxy:3128");
  EXPECT_EQ(result.options.providers.at(0).proxy_credential.reveal(), "user:s3cr3t@home");
  EXPECT_EQ(to_yaml(effective(result.options)).find("s3cr3t"), std::string::npos);
}

TEST(Load, GivesTheSameResultEachTime) {
  const std::string text = "limits: {max_body: many}\nroutes: [{provider: nobody}]\nthreads: -1\n";
  EXPECT_EQ(to_text(load_yaml(text).problems), to_text(load_yaml(text).problems));
  EXPECT_EQ(load_yaml(text).problems.size(), 3U);
}

}  // namespace
}  // namespace tidegate::config
