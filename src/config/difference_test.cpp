// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/difference.h"

#include "config/load.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tidegate::config {
namespace {

Options load_text(const std::string& text, Environment environment = {{"CLAUDE_KEY", "sk-ant-s3cr3t-1"}}) {
  const LoadResult result = load({.yaml = SourceText{.name = "tidegate.yaml", .text = text},
                                  .environment = std::move(environment),
                                  .read_file = [](const std::string& path) -> Result<FileText> {
                                    return FileText{.text = "what is in " + path, .permissions = 0600};
                                  }});
  EXPECT_TRUE(result.ok()) << to_text(result.problems);
  return result.options;
}

std::vector<std::string> lines(const Options& before, const Options& after) {
  std::vector<std::string> texts;
  for (const Change& change : difference(before, after)) texts.push_back(to_text(change));
  return texts;
}

using Lines = std::vector<std::string>;

constexpr const char* kTwoProviders = R"(
providers:
  - {name: one, base_url: https://one.example, keys: [{env: CLAUDE_KEY}]}
  - {name: two, base_url: https://two.example, credential: none}
)";

TEST(Difference, IsEmptyForEqualOptions) {
  EXPECT_EQ(lines(load_text(kTwoProviders), load_text(kTwoProviders)), Lines());
}

TEST(Difference, NamesEachChangedSettingAndWhatTakesARestart) {
  const Options before = load_text("");
  const Options after = load_text("{limits: {max_body: 64MiB}, threads: 2, log: {level: debug, file: ./log}}");
  EXPECT_EQ(lines(before, after), (Lines{"limits.max_body: 32MiB → 64MiB", "threads: 0 → 2 (after a restart)",
                                         "log.level: info → debug", "log.file: not set → ./log (after a restart)"}));
}

TEST(Difference, NamesAListenerAlikeHoweverItIsWritten) {
  const Options before = load_text("listen: 127.0.0.1:9000");
  const Options after =
      load_text("listen: {address: 127.0.0.1:9001, certificate_file: c.pem, private_key_file: k.pem}");
  EXPECT_EQ(lines(before, after), (Lines{"listen.address: 127.0.0.1:9000 → 127.0.0.1:9001 (after a restart)",
                                         "listen.certificate_file: not set → c.pem (after a restart)",
                                         "listen.private_key_file: not set → k.pem (after a restart)"}));
}

TEST(Difference, NamesProvidersByTheirNames) {
  const Options before = load_text(kTwoProviders);
  const Options after = load_text(R"(
providers:
  - {name: one, base_url: https://one.example, keys: [{env: CLAUDE_KEY}], deadlines: {connect: 9s}, models: {a: b}}
  - {name: two, base_url: https://two.example, credential: none}
)");
  EXPECT_EQ(lines(before, after),
            (Lines{"providers[one].models.a: not set → b", "providers[one].deadlines.connect: 5s → 9s"}));
}

TEST(Difference, SeesProvidersChangePlaces) {
  const Options before = load_text(kTwoProviders);
  Options after = before;
  std::swap(after.providers[0], after.providers[1]);
  EXPECT_EQ(lines(before, after), (Lines{"providers: one, two → two, one"}));
}

TEST(Difference, SaysThatASecretChangedButNotWhich) {
  const Options before = load_text("", {{"CLAUDE_KEY", "sk-ant-s3cr3t-1"}, {"ANTHROPIC_ADMIN_KEY", "s3cr3t-2"}});
  const Options after = load_text("", {{"CLAUDE_KEY", "sk-ant-s3cr3t-3"}, {"ANTHROPIC_ADMIN_KEY", "s3cr3t-4"}});
  EXPECT_EQ(lines(before, after), (Lines{"providers[anthropic].admin_key: *** → *** (another)",
                                         "providers[anthropic].keys[0]: *** → *** (another)"}));
}

TEST(Difference, SeesTheListOfKeysMoveAndItsPasswordChange) {
  const auto with = [](const char* source, const char* password) {
    return load_text(fmt::format("providers: [{{name: p, base_url: https://p.example, "
                                 "pool: {{source: '{}', password: {{env: REDIS_PASSWORD}}}}}}]",
                                 source),
                     {{"REDIS_PASSWORD", password}});
  };
  EXPECT_EQ(lines(with("redis://127.0.0.1#one", "s3cr3t-1"), with("redis://127.0.0.1#two", "s3cr3t-2")),
            (Lines{"providers[p].pool.source: redis://127.0.0.1#one → redis://127.0.0.1#two",
                   "providers[p].pool.password: *** → *** (another)"}));
}

TEST(Difference, SeesTheBalanceWatchedOtherwiseAndItsKeyChange) {
  const auto with = [](const char* floor, const char* token) {
    return load_text(fmt::format("providers: [{{name: p, base_url: https://p.example, credential: none, "
                                 "balance: {{kind: new_api, warn_below: {}, key: {{env: TOKEN}}}}}}]",
                                 floor),
                     {{"TOKEN", token}});
  };
  EXPECT_EQ(lines(with("5", "s3cr3t-1"), with("7.5", "s3cr3t-2")),
            (Lines{"providers[p].balance.warn_below: 5 → 7.5", "providers[p].balance.key: *** → *** (another)"}));
}

TEST(Difference, NamesTheVariableOfASecretThatComesOrGoes) {
  const Options before = load_text("", {{"CLAUDE_KEY", "sk-ant-s3cr3t-1"}});
  const Options after = load_text("", {{"ANTHROPIC_API_KEY", "sk-ant-s3cr3t-1"}, {"ANTHROPIC_ADMIN_KEY", "s3cr3t"}});
  EXPECT_EQ(lines(before, after), (Lines{"providers[anthropic].keys[0].env: CLAUDE_KEY → ANTHROPIC_API_KEY",
                                         "providers[anthropic].admin_key.env: not set → ANTHROPIC_ADMIN_KEY"}));
}

TEST(Difference, CountsPriceRows) {
  const Options before = load_text("");
  const Options after = load_text(R"(
prices:
  rows:
    - {model: house-model, input: 1, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2, output: 5}
)");
  const std::size_t shipped = before.prices.rows.size();
  EXPECT_EQ(lines(before, after),
            (Lines{fmt::format("prices.rows: {} rows → {} rows, 1 of them new or changed", shipped, shipped + 1)}));
}

TEST(Difference, IsNeverEmptyForDifferentOptions) {
  const Options before = load_text(kTwoProviders);
  Options after = before;
  after.prices.bytes_per_token = 3;  // no setting shows it
  EXPECT_EQ(lines(before, after).size(), 1U);
}

TEST(WithoutRestart, TakesWhatAReloadMayTakeAndNothingElse) {
  const Options before = load_text("");
  const Options after = load_text(R"(
listen: 127.0.0.1:9080
metrics: {address: 127.0.0.1:9000}
admin: {address: 127.0.0.1:9300, token: {env: CLAUDE_KEY}}
auth: virtual
routes: [{provider: other}]
providers: [{name: other, base_url: https://other.example, credential: none}]
limits: {max_head: 32KiB, max_body: 8MiB, body_memory: 100MB}
drain_timeout: 1h
threads: 3
public_url: https://llm.example.com
attribution: {default_tenant: research, user_headers: [x-user]}
ledger: {directory: elsewhere, segment_size: 1MiB, journal_size: 64MiB, when_full: refuse, retention: 30d}
windows: {lengths: [10s], max_values: 20}
prices: {web_search_per_thousand: 1}
log: {level: debug, file: log, buffer_lines: 64}
)");
  const Options running = without_restart(before, after);
  const auto takes_restart = [](const Change& change) { return change.takes == Takes::Restart; };
  const auto taken = difference(before, running);
  const auto left = difference(running, after);
  EXPECT_TRUE(std::none_of(taken.begin(), taken.end(), takes_restart));
  EXPECT_TRUE(std::all_of(left.begin(), left.end(), takes_restart));
  EXPECT_EQ(taken.size() + left.size(), difference(before, after).size());
  EXPECT_EQ(running.admin.token.reveal(), "sk-ant-s3cr3t-1");
}

}  // namespace
}  // namespace tidegate::config
