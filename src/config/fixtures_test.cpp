// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Whole files of tests/config: good ones load and survive being printed, doubtful ones warn, bad ones say what is
// wrong. The expected messages stand beside each file, under the same name with `.expected`.
#include "config/load.h"
#include "config/settings.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <regex>
#include <sstream>

namespace tidegate::config {
namespace {

namespace fs = std::filesystem;

/// Stands in every secret of these tests, and nowhere else.
constexpr std::string_view kSecretMark = "s3cr3t";

const Environment kEnvironment{
    {"CLAUDE_KEY", "sk-ant-s3cr3t-1"},    {"SECOND_KEY", "sk-ant-s3cr3t-2"},       {"SAME_KEY", "sk-ant-s3cr3t-1"},
    {"OPENAI_API_KEY", "sk-s3cr3t-3"},    {"ADMIN_TOKEN", "s3cr3t-token"},         {"EMPTY_KEY", ""},
    {"BLANK_KEY", "sk-ant s3cr3t blank"}, {"ANTHROPIC_ADMIN_KEY", "s3cr3t-admin"}, {"REDIS_PASSWORD", "s3cr3t-redis"},
    {"RELAY_ACCESS_TOKEN", "s3cr3t-relay"},
    {"SLACK_WEBHOOK_URL", "https://hooks.slack.example/s3cr3t"},
};

constexpr std::string_view kOwnPrices = R"(
rows:
  - {model: own-model, input: 1, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2, output: 5}
)";
constexpr std::string_view kBadPrices = R"(
rows:
  - {model: own-model, imput: 1, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2, output: 5}
  - {model: twice, input: 1, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2, output: 5}
  - {model: twice, input: 2, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2, output: 5}
)";

/// The files that settings name, without touching a disk: permissions would depend on how the tree was checked out.
Result<FileText> read_test_file(const std::string& path) {
  static const std::map<std::string, FileText> files{
      {"secrets/anthropic_key", {.text = "sk-ant-s3cr3t-in-a-file\n", .permissions = 0600}},
      {"secrets/more_keys", {.text = "sk-ant-s3cr3t-6\nsk-ant-s3cr3t-7\n", .permissions = 0600}},
      {"secrets/claude_keys", {.text = "sk-ant-s3cr3t-8\n", .permissions = 0600}},
      {"secrets/admin_key", {.text = "s3cr3t-admin-in-a-file\n", .permissions = 0400}},
      {"secrets/readable_key", {.text = "sk-ant-s3cr3t-readable", .permissions = 0644}},
      {"secrets/empty", {.text = "\n", .permissions = 0600}},
      {"secrets/two_lines", {.text = "sk-ant-s3cr3t-4\nsk-ant-s3cr3t-5\n", .permissions = 0600}},
      {"tls/chain.pem", {.text = "a certificate", .permissions = 0644}},
      {"tls/key.pem", {.text = "a private key", .permissions = 0600}},
      {"tls/readable_key.pem", {.text = "a private key", .permissions = 0640}},
      {"tls/ca.pem", {.text = "a certificate", .permissions = 0644}},
      {"prices/own.yaml", {.text = std::string(kOwnPrices), .permissions = 0644}},
      {"prices/bad.yaml", {.text = std::string(kBadPrices), .permissions = 0644}},
  };
  if (const auto found = files.find(path); found != files.end()) return found->second;
  if (path == "secrets/locked")
    return fail(FailureKind::Denied, Origin::Operator, "cannot read secrets/locked (Permission denied)");
  return fail(FailureKind::NotFound, Origin::Operator, fmt::format("cannot read {} (No such file or directory)", path));
}

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

LoadResult load_text(const std::string& name, std::string text) {
  return load({.yaml = SourceText{.name = name, .text = std::move(text)},
               .environment = kEnvironment,
               .read_file = read_test_file});
}

std::string messages(const LoadResult& result) {
  std::string text = to_text(result.problems);
  std::istringstream warnings(to_text(result.warnings));
  for (std::string line; std::getline(warnings, line);) text += "warning: " + line + '\n';
  return text;
}

struct Fixture {
  fs::path path;

  [[nodiscard]] std::string name() const { return path.filename().string(); }
  [[nodiscard]] LoadResult load() const { return load_text(name(), read_text(path)); }
  [[nodiscard]] std::string expected() const { return read_text(fs::path(path).replace_extension(".expected")); }

  friend std::ostream& operator<<(std::ostream& out, const Fixture& fixture) { return out << fixture.name(); }
};

std::vector<Fixture> fixtures(std::string_view folder) {
  std::vector<Fixture> found;
  for (const auto& entry : fs::directory_iterator(fs::path(TIDEGATE_SOURCE_DIR) / "tests/config" / folder)) {
    if (entry.path().extension() == ".yaml") found.push_back({entry.path()});
  }
  std::sort(found.begin(), found.end(), [](const Fixture& a, const Fixture& b) { return a.path < b.path; });
  return found;
}

std::string test_name(const testing::TestParamInfo<Fixture>& info) { return info.param.path.stem().string(); }

class GoodConfiguration : public testing::TestWithParam<Fixture> {};
class DoubtfulConfiguration : public testing::TestWithParam<Fixture> {};
class BadConfiguration : public testing::TestWithParam<Fixture> {};

TEST_P(GoodConfiguration, LoadsWithoutAWord) {
  const LoadResult result = GetParam().load();
  EXPECT_EQ(messages(result), "");
}

TEST_P(GoodConfiguration, LoadsAgainFromWhatItPrints) {
  const LoadResult first = GetParam().load();
  ASSERT_TRUE(first.ok()) << messages(first);
  const std::string printed = to_yaml(effective(first.options));
  const LoadResult second = load_text("printed.yaml", printed);
  EXPECT_EQ(messages(second), "");
  EXPECT_TRUE(second.options == first.options) << printed;
  EXPECT_EQ(to_yaml(effective(second.options)), printed);
}

TEST_P(GoodConfiguration, PrintsNoSecret) {
  const LoadResult result = GetParam().load();
  EXPECT_EQ(to_yaml(effective(result.options)).find(kSecretMark), std::string::npos);
}

TEST_P(DoubtfulConfiguration, LoadsWithItsWarnings) {
  const LoadResult result = GetParam().load();
  EXPECT_TRUE(result.ok());
  EXPECT_FALSE(result.warnings.empty());
  EXPECT_EQ(messages(result), GetParam().expected());
  EXPECT_EQ(messages(result).find(kSecretMark), std::string::npos);
}

TEST_P(BadConfiguration, SaysWhatIsWrong) {
  const LoadResult result = GetParam().load();
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(messages(result), GetParam().expected());
}

TEST_P(BadConfiguration, RepeatsNoSecret) {
  const LoadResult result = GetParam().load();
  EXPECT_EQ(messages(result).find(kSecretMark), std::string::npos) << messages(result);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, GoodConfiguration, testing::ValuesIn(fixtures("good")), test_name);
INSTANTIATE_TEST_SUITE_P(Fixtures, DoubtfulConfiguration, testing::ValuesIn(fixtures("doubtful")), test_name);
INSTANTIATE_TEST_SUITE_P(Fixtures, BadConfiguration, testing::ValuesIn(fixtures("bad")), test_name);

/// Whether a file gives the setting, in any item of the lists on its way.
bool gives(const Node& node, std::string_view path) {
  if (path.empty()) return true;
  if (path.starts_with("[]")) {
    path.remove_prefix(2);
    return std::any_of(node.items.begin(), node.items.end(), [&](const Node& item) { return gives(item, path); });
  }
  if (path.starts_with('.')) path.remove_prefix(1);
  const std::size_t end = std::min(path.find_first_of(".["), path.size());
  const Node* value = node.find(path.substr(0, end));
  return value != nullptr && gives(*value, path.substr(end));
}

/// Where a secret is, is said in one of two ways.
std::string other_place(std::string path) {
  if (path.ends_with(".env")) return path.substr(0, path.size() - 3) + "file";
  if (path.ends_with(".file")) return path.substr(0, path.size() - 4) + "env";
  return path;
}

std::vector<std::string> settings_missing_in(const std::string& text) {
  std::vector<Problem> problems;
  const auto root = parse_yaml({.name = "text", .text = text}, problems);
  std::vector<std::string> missing;
  for (const Setting& setting : list_settings()) {
    if (!root || (!gives(*root, setting.path) && !gives(*root, other_place(setting.path))))
      missing.push_back(setting.path);
  }
  return missing;
}

TEST(FullConfiguration, SetsEverySetting) {
  const std::string text = read_text(fs::path(TIDEGATE_SOURCE_DIR) / "tests/config/good/full.yaml");
  EXPECT_EQ(settings_missing_in(text), std::vector<std::string>());
}

TEST(FullConfiguration, IsReadValueByValue) {
  const LoadResult result = Fixture{fs::path(TIDEGATE_SOURCE_DIR) / "tests/config/good/full.yaml"}.load();
  const Options& options = result.options;
  EXPECT_EQ(
      options.listen,
      (net::ListenOptions{
          .host = "127.0.0.1", .port = 9080, .certificate_file = "tls/chain.pem", .private_key_file = "tls/key.pem"}));
  EXPECT_EQ(options.admin.token.reveal(), "s3cr3t-token");
  EXPECT_EQ(options.gateway.auth, gateway::AuthMode::Virtual);
  ASSERT_EQ(options.providers.size(), 3U);
  const upstream::ProviderOptions& anthropic = options.providers[0];
  EXPECT_EQ(anthropic.credential, upstream::CredentialKind::NamedHeader);
  EXPECT_EQ(anthropic.credential_header, "x-relay-key");
  ASSERT_EQ(anthropic.keys.size(), 2U);
  EXPECT_EQ(anthropic.keys[0].name, "CLAUDE_KEY");
  EXPECT_EQ(anthropic.keys[0].workspace, "wrkspc_01");
  EXPECT_EQ(anthropic.keys[1].name, "secrets/anthropic_key");
  EXPECT_TRUE(anthropic.keys[1].is_spare);
  EXPECT_FALSE(anthropic.keys[0].is_spare);
  EXPECT_EQ(anthropic.keys[1].secret.reveal(), "sk-ant-s3cr3t-in-a-file");
  ASSERT_TRUE(anthropic.key_list);
  EXPECT_EQ(anthropic.key_list->socket, "/run/redis/redis.sock");
  EXPECT_EQ(anthropic.key_list->database, 2U);
  EXPECT_EQ(anthropic.key_list->list, "claude_keys");
  EXPECT_EQ(anthropic.key_list->password.reveal(), "s3cr3t-redis");
  EXPECT_EQ(anthropic.key_list->password_name, "REDIS_PASSWORD");
  EXPECT_TRUE(anthropic.key_list->rotate);
  EXPECT_EQ(anthropic.key_list->every, Milliseconds(500));
  EXPECT_EQ(anthropic.keys_file, "secrets/more_keys");
  EXPECT_EQ(anthropic.admin_key.reveal(), "s3cr3t-admin-in-a-file");
  ASSERT_TRUE(anthropic.balance);
  EXPECT_EQ(anthropic.balance->kind, upstream::BalanceKind::NewApi);
  EXPECT_EQ(anthropic.balance->every, Seconds(60));
  EXPECT_EQ(anthropic.balance->warn_below, 12.5);
  EXPECT_EQ(anthropic.balance->url, "https://console.example/relay");
  EXPECT_EQ(anthropic.balance->key.reveal(), "sk-ant-s3cr3t-2");
  EXPECT_EQ(anthropic.balance->key_name, "SECOND_KEY");
  EXPECT_EQ(anthropic.models.at("odd: name"), "true");
  EXPECT_EQ(anthropic.deadlines.first_byte, Seconds(90));
  EXPECT_EQ(anthropic.proxy, "http://proxy.example:3128");
  EXPECT_EQ(options.providers[1].proxy, "");
  EXPECT_EQ(options.gateway.routes[3].model, "*");
  EXPECT_EQ(options.limits.max_upload_bytes, 1'000'000'000U);
  EXPECT_EQ(options.limits.idle_timeout, Seconds(90));
  EXPECT_EQ(options.gateway.worker_threads, 3U);
  EXPECT_EQ(options.prompt_cache, (caching::CachingOptions{.enabled = caching::Injection::DryRun,
                                                           .lifetime = caching::LifetimeChoice::FiveMinutes,
                                                           .first_sight = false,
                                                           .max_prefixes = 1000,
                                                           .fan_out_wait = Seconds(5)}));
  EXPECT_EQ(options.response_cache, (gateway::AnswerCacheOptions{.ttl = std::chrono::minutes(10), .max_bytes = 32U * 1024 * 1024}));
  EXPECT_EQ(options.store.when_full, store::WhenFull::Refuse);
  EXPECT_EQ(options.windows.lengths, (std::vector<Nanoseconds>{Seconds(10), Seconds(60)}));
  EXPECT_EQ(options.shadow.provider, ProviderId("local"));
  EXPECT_FALSE(options.shadow.is_on());
  EXPECT_EQ(options.shadow.share, 0.1);
  EXPECT_EQ(options.shadow.by, monitor::ShadowBy::Session);
  EXPECT_EQ(options.shadow.budget, Money::nanodollars(2'500'000'000));
  EXPECT_EQ(options.forecast, (monitor::ForecastSettings{.series = {.method = monitor::ForecastMethod::Linear60,
                                                                    .season = monitor::ForecastSeason::Day,
                                                                    .utc_offset = 345},
                                                         .horizon = std::chrono::minutes(45),
                                                         .history = std::chrono::hours(48),
                                                         .most_series = 40}));
  ASSERT_EQ(options.prices.rows.size(), 3U);  // one of the list, two by an alias
  EXPECT_EQ(options.prices.rows[2].model, "house-model-latest");
  EXPECT_EQ(options.prices.web_search, Money::nanodollars(12'500'000));
  EXPECT_EQ(options.log.level, LogLevel::Debug);
  EXPECT_EQ(options.alerts.daily_budget, Money::nanodollars(250'500'000'000));
  EXPECT_EQ(options.alerts.grouping, Seconds(30));
  ASSERT_EQ(options.alerts.rules.size(), 2U);
  EXPECT_EQ(options.alerts.rules[0].hold, std::chrono::minutes(1));
  EXPECT_EQ(options.alerts.rules[0].threshold, std::nullopt);
  EXPECT_EQ(options.alerts.rules[1].clear, 0.97);
  ASSERT_EQ(options.receivers.size(), 4U);
  EXPECT_EQ(options.receivers[0].address.reveal(), "https://hooks.slack.example/s3cr3t");
  EXPECT_EQ(options.receivers[0].min_severity, monitor::AlertSeverity::Warning);
  EXPECT_EQ(options.receivers[1].to, std::vector<std::string>({"ops@example.org"}));
  ASSERT_EQ(options.actions.size(), 1U);
  EXPECT_EQ(options.actions[0].kind, operations::ActionKind::Webhook);
  EXPECT_EQ(options.actions[0].max_per_day, 3U);
  EXPECT_EQ(options.actions[0].keep, Nanoseconds(std::chrono::minutes(15)));
  EXPECT_EQ(options.actions[0].attempts, 2U);
  EXPECT_EQ(options.actions[0].share, 0.3);
  EXPECT_EQ(options.slack.signing_secret.reveal(), "s3cr3t-admin-in-a-file");
  EXPECT_EQ(options.slack.users, std::vector<std::string>({"U012AB3CD"}));
}

TEST(Receivers, AreTheSlackWebhookOfTheEnvironmentUnlessTheFileNamesSome) {
  const auto receivers = [](const std::string& yaml, const std::string& address) {
    return load({.yaml = SourceText{.name = "tidegate.yaml", .text = yaml},
                 .environment = {{"CLAUDE_KEY", "sk-ant-s3cr3t-1"}, {"SLACK_WEBHOOK_URL", address}},
                 .read_file = read_test_file});
  };
  const LoadResult usual = receivers("auth: open", "https://hooks.slack.example/s3cr3t");
  ASSERT_EQ(usual.options.receivers.size(), 1U);
  EXPECT_EQ(usual.options.receivers[0].kind, delivery::ReceiverKind::Slack);
  EXPECT_EQ(usual.options.receivers[0].address_name, "SLACK_WEBHOOK_URL");
  EXPECT_EQ(receivers("alerts: {receivers: []}", "https://hooks.slack.example/s3cr3t").options.receivers.size(), 0U);
  EXPECT_EQ(receivers("auth: open", "").options.receivers.size(), 0U);
  EXPECT_EQ(messages(receivers("auth: open", "s3cr3t")), "environment: what SLACK_WEBHOOK_URL holds is not a URL\n");
}

/// `#key: value` is a setting that is commented out; `# Words` is a comment.
std::string with_everything_switched_on(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t mark = line.find_first_not_of(' ');
    if (mark != std::string::npos && line[mark] == '#' && mark + 1 < line.size() && line[mark + 1] != ' ')
      line.erase(mark, 1);
    out += line + '\n';
  }
  return out;
}

const fs::path kExample = fs::path(TIDEGATE_SOURCE_DIR) / "examples/tidegate.yaml";

TEST(ExampleConfiguration, NeedsNothingButAKeyInTheEnvironment) {
  const LoadResult result = load({.yaml = SourceText{.name = "tidegate.yaml", .text = read_text(kExample)},
                                  .environment = {{"CLAUDE_KEY", "sk-ant-s3cr3t-1"}},
                                  .read_file = read_test_file});
  EXPECT_EQ(messages(result), "");
}

TEST(ExampleConfiguration, ShowsEverySettingAndIsValidWithAllOfThem) {
  const std::string text = with_everything_switched_on(read_text(kExample));
  EXPECT_EQ(settings_missing_in(text), std::vector<std::string>());
  EXPECT_EQ(messages(load_text("tidegate.yaml", text)), "");
}

/// Every row of examples/providers is a whole configuration once its key is there.
TEST(ExampleProviders, LoadWithoutAWord) {
  const std::filesystem::path folder = std::filesystem::path(TIDEGATE_SOURCE_DIR) / "examples/providers";
  int rows = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string text = read_text(file.path());
    Environment environment;
    const std::regex variable(R"(\{env: ([A-Z_]+)\})");
    for (std::sregex_iterator at(text.begin(), text.end(), variable), end; at != end; ++at) environment[(*at)[1].str()] = "sk-s3cr3t";
    const LoadResult result = load({.yaml = SourceText{.name = file.path().filename().string(), .text = text}, .environment = environment, .read_file = read_test_file});
    EXPECT_EQ(messages(result), "");
    ASSERT_TRUE(result.ok()) << file.path();
    ASSERT_EQ(result.options.providers.size(), 1U);
    EXPECT_EQ(result.options.providers[0].id.text(), file.path().stem().string());
    ++rows;
  }
  EXPECT_EQ(rows, 12);
}

}  // namespace
}  // namespace tidegate::config
