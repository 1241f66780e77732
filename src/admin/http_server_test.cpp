// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/api.h"
#include "admin/page.h"
#include "admin/slack_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <string>

namespace tidegate::admin {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::StartsWith;

/// A program that has seen three requests.
class FakeInstance final : public Instance {
 public:
  Now now() const override { return SystemClock().now(); }
  Status status() const override {
    Status status;
    status.version = "1.2.3";
    status.providers = {"anthropic https://api.anthropic.com"};
    status.started_at = status.now = now().wall;
    status.balances = {{.provider = "relay",
                        .state = monitor::BalanceState::Low,
                        .balance = {.amounts = {{.currency = "CNY", .left = 3.456}}},
                        .warn_below = 5,
                        .read_at = status.now,
                        .trouble = {}},
                       {.provider = "new", .state = {}, .balance = {}, .warn_below = 20, .read_at = {}, .trouble = "answers 502"}};
    return status;
  }
  Result<monitor::WindowTotals> totals(Nanoseconds length) override {
    if (length > std::chrono::hours(1))
      return fail(FailureKind::InvalidInput, Origin::Client, "longer than any window");
    monitor::WindowTotals totals;
    totals.requests = 3;
    totals.errors = 1;
    totals.input_tokens = 30;
    totals.errors_by_kind = {{"overloaded", 1}};
    return totals;
  }
  Result<std::vector<monitor::WindowLine>> lines(Nanoseconds length, monitor::Dimension) override {
    return std::vector{
        monitor::WindowLine{.value = "a \"quoted\" <name>", .is_rest = false, .totals = *totals(length)}};
  }
  std::vector<quota::PoolLevel> limits() const override {
    quota::PoolLevel pool{.pool = "anthropic/org",
                          .provider = "anthropic",
                          .organisation = "org",
                          .workspace = {},
                          .model_group = "haiku",
                          .keys = {"K"},
                          .limits = {}};
    pool.limits.push_back({.dimension = llm::LimitDimension::Requests,
                           .limit = 50,
                           .remaining = 5,
                           .full_after = std::nullopt,
                           .remaining_now = 5.4,
                           .seconds_to_exhaustion = std::nullopt,
                           .read_at = {}});
    return {pool};
  }
  std::vector<quota::RoomBook::NamedRoom> rooms() const override {
    quota::RoomBook::NamedRoom room{.provider = "anthropic", .model_group = "haiku-4", .class_name = {}, .credential = {}, .room = {}};
    room.room.waiting_interactive = 3;
    room.room.waiting_batch = 12;
    room.room.obstacle = quota::Obstacle::Input;
    room.room.pools.push_back({.pool = "org-1", .keys = {"A", "B"}, .levels = {{quota::Dimension::Input, 60'000, -500, 60'000, 1'200}},
                               .periods = {{quota::PeriodDimension::TokensPerDay, 5'000'000, 1'200'000}},
                               .in_flight = 4, .concurrency = 5, .blocked_seconds = 2.5, .is_dead = false, .is_learned = true});
    room.room.pools.push_back({.pool = "key:C", .keys = {"C"}, .levels = {}, .periods = {}, .in_flight = 1, .concurrency = {}, .blocked_seconds = 0,
                               .is_dead = true, .is_learned = false});
    quota::RoomBook::NamedRoom idle{.provider = "relay", .model_group = "haiku-4", .class_name = "ci", .credential = "fp_1", .room = {}};
    return {room, idle};
  }
  std::vector<quota::RoomBook::NamedKeys> provider_keys() const override {
    const quota::KeyRing::Entry a{.name = "A", .pool = "org-1", .is_known = true, .in_rotation = true, .draining = false, .fault = {}, .back_at = {}, .out_for = {"fable-5"}};
    quota::KeyRing::Entry b = a, gone = a;
    b.name = "B";
    b.in_rotation = false;
    b.fault = quota::KeyRing::Fault::Authentication;
    b.back_at = now().steady + Seconds(40);
    gone.name = "gone";
    gone.in_rotation = false;
    gone.draining = true;
    return {{"anthropic", {a, b, gone}}};
  }
  std::vector<monitor::Alarm> alarms() const override {
    return {{.kind = "ledger", .subject = {}, .message = "disk full", .since = {}}};
  }
  AlertsState alerts() override {
    AlertsState state;
    state.rules = monitor::alert_rules({});
    for (const char* rule : {"ledger_spilling", "exhaustion_forecast"}) {
      state.alerts.emplace_back().rule = rule;
      state.alerts.back().state = monitor::AlertState::Firing;
    }
    return state;
  }
  Result<void> acknowledge_alert(std::string_view id, const std::string& by) override {
    if (id != "a1") return fail(FailureKind::NotFound, Origin::Client, "there is no such alert");
    acknowledged.push_back(by);
    return {};
  }
  Result<void> silence_alert(std::string_view id, Nanoseconds length, const std::string& by) override {
    if (id != "a1") return fail(FailureKind::NotFound, Origin::Client, "there is no such alert");
    silenced.emplace_back(by, length);
    return {};
  }
  Result<std::string> run_action(std::string_view name, const std::string& by) override {
    if (name == "busy") return fail(FailureKind::Exhausted, Origin::Operator, "busy is at work");
    if (name != "up") return fail(FailureKind::NotFound, Origin::Operator, "no action is named so");
    asked.push_back("run by " + by);
    return "up triggered";
  }
  Result<std::string> return_action(std::string_view name, const std::string& by) override {
    auto told = run_action(name, by);
    if (told) asked.back() = "return by " + by;
    return told;
  }
  std::vector<ActionStatus> actions() const override {
    return {{.name = "up", .kind = "webhook", .state = "done", .detail = "took it", .alert_id = "a1", .incident = "up-a1-1", .by = {}, .began_at = WallTime{}, .runs_today = 1, .max_per_day = 10}};
  }
  Result<std::vector<store::AuditEntry>> audit(std::size_t most) override {
    return std::vector(most, store::AuditEntry{.at = {}, .actor = "ada", .subject = "action up", .text = "triggered"});
  }
  std::string metrics(metrics::TextFormat format) const override {
    return format == metrics::TextFormat::OpenMetrics ? "open 1\n" : "plain 1\n";
  }
  std::string configuration() const override { return R"({"auth":"open"})"; }
  Result<std::vector<store::CostRow>> cost(const store::EntryFilter&, std::span<const store::Dimension> by) override {
    store::CostRow row;
    row.labels.assign(by.size(), "x");
    row.cost = *Money::parse("0.25");
    return std::vector{row};
  }
  Result<std::vector<store::LedgerEntry>> entries(const store::EntryFilter& filter, std::size_t most) override {
    std::vector<store::LedgerEntry> found;
    for (int attempt = 2; attempt > 0; --attempt) {
      store::LedgerEntry entry;
      entry.id = attempt;
      entry.attempt = attempt;
      entry.request_id = "req_a";
      if (found.size() < most && store::matches({.since = {}, .until = {}, .kind = {}, .equals = {}, .status = {}, .request_id = filter.request_id}, entry))
        found.push_back(entry);
    }
    return found;
  }
  LevelCurves level_curves() const override {
    LevelSeries series{.pool = "anthropic/org", .model_group = "haiku", .dimension = llm::LimitDimension::Requests, .limits = {{WallTime(Seconds(1'789'999'000)), 50}}, .points = {}};
    series.points.push_back({.at = WallTime(Seconds(1'790'000'000)), .left = 41.6});
    return {.every = Seconds(10), .series = {series}};
  }
  ShadowState shadow(Nanoseconds length) override {
    ShadowState state;
    if (length < std::chrono::hours(1)) return state;
    state.options.provider = ProviderId("relay");
    state.counts.answered.push_back({"relay", 40, 2, *Money::parse("0.42")});
    state.counts.decided[static_cast<std::size_t>(monitor::ShadowDecision::Budget)] = 7;
    state.counts.spent_today = *Money::parse("1.25");
    monitor::ShadowReport& report = state.reports.emplace_back();
    report.official_provider = "anthropic";
    report.shadow_provider = "relay";
    report.pairs = 42;
    report.official.errors = {{"overloaded", 2}};
    report.time_to_first_token = {.official = 900.5, .shadow = 1'080, .difference = {.value = 180.123456, .low = 140, .high = 230, .count = 40}};
    report.verdict = {monitor::ShadowVerdict::Kind::TooFew, "too few samples yet (n = 42)"};
    return state;
  }
  std::vector<monitor::SeriesForecast> forecast(int horizon) override {
    monitor::SeriesForecast pool;
    pool.of = {monitor::ForecastScope::Pool, "anthropic/opus-4"};
    pool.has_enough_history = true;
    pool.now = 12.3456789;
    pool.recent = {11, 12.5};
    pool.points = {{5, 10, 12, 15}, {horizon, 9, 13, 20.1234567}};
    monitor::LimitForecast likely;
    likely.limit = {.of = pool.of, .limit = "requests per minute", .capacity = 50, .remaining = 12.25};
    likely.exhaustion.outlook = monitor::Exhaustion::Outlook::Foreseen;
    likely.exhaustion.probability = 0.123456;
    likely.exhaustion.first_crossing = 17;
    likely.exhaustion.parts = {.level = 0.8, .usual_change = 0.123456, .pull = -0.03};
    likely.exhaustion.reason = "level 80 % of the limit";
    monitor::LimitForecast unlikely = likely;
    unlikely.limit.kind = monitor::LimitKind::Budget;
    unlikely.exhaustion.first_crossing.reset();
    pool.limits = {likely, unlikely};
    monitor::SeriesForecast cost;
    cost.measure = monitor::DemandMeasure::Cost;
    cost.now = 0.00123456789;
    return {cost, pool};
  }
  Result<std::vector<std::string>> reload() override {
    ++reloads;
    return fail(FailureKind::InvalidInput, Origin::Operator, "line 3: no such key");
  }
  Result<std::vector<store::VirtualKey>> keys() override { return std::vector<store::VirtualKey>(); }
  Result<store::CreatedKey> create_key(const store::NewKey& wanted) override {
    store::CreatedKey created{.key = {}, .plain = Secret("tg_abc_secret")};
    created.key.id = KeyId("abc");
    created.key.tenant = wanted.tenant;
    created.key.name = wanted.name;
    return created;
  }
  Result<void> revoke_key(const KeyId& id) override {
    revoked = id.text();
    return {};
  }

  std::vector<quota::AccountLevel> accounts() const override {
    quota::BudgetLevel level{.budget = quota::parse_budget("5.00/day").value(), .spent = 4'500'000'000, .reserved = 250'000'000};
    level.resets_at = WallTime(Seconds(86'400));
    quota::AccountLevel account{.tenant = "web", .key = {}, .budgets = {level}, .requests = {}, .tokens = {}, .in_flight = 2};
    account.requests = {.limit = 60, .remaining = 59, .full_after = Milliseconds(900)};
    return {account};
  }
  Result<void> allow_key(const KeyId& id, const quota::Allowance& allowance) override {
    if (id.text() != "abc") return fail(FailureKind::NotFound, Origin::Operator, "there is no such key");
    allowed = allowance;
    return {};
  }
  Result<std::vector<store::Tenant>> tenants() override {
    return std::vector<store::Tenant>{{TenantId("idle"), "Idle", {}}, {TenantId("web"), "Web", {}}};
  }
  Result<void> put_tenant(const store::Tenant& given) override {
    tenant = given;
    return {};
  }

  SlackOptions slack_command() const override { return slack; }

  SlackOptions slack;
  quota::Allowance allowed;  ///< both read after an answer that follows them
  store::Tenant tenant;
  std::atomic<int> reloads = 0;
  std::vector<std::string> acknowledged;                        ///< by whom; this and the next are read after an answer
  std::vector<std::pair<std::string, Nanoseconds>> silenced;
  std::vector<std::string> asked;  ///< of actions
  std::string revoked;  ///< read after an answer that follows it
};

class AdminServer : public testing::Test {
 protected:
  void start(const Secret& token = {}) {
    const net::ListenOptions listen{.host = "127.0.0.1", .port = 0, .certificate_file = {}, .private_key_file = {}};
    auto server = HttpServer::start(listen, token, HttpServer::Token::NeededBeyondLoopback, routes_, clock_);
    ASSERT_TRUE(server) << server.error().detail;
    server_ = std::move(*server);
  }

  tcp::socket connect() {
    const std::string url = server_->url();
    tcp::socket socket(io_);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"),
                    static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)))});
    return socket;
  }

  /// Sends a request that ends the connection and gives all that comes back.
  std::string ask(const std::string& start, const std::string& fields = {}, const std::string& body = {}) {
    tcp::socket socket = connect();
    const std::string length = body.empty() ? "" : "content-length: " + std::to_string(body.size()) + "\r\n";
    boost::asio::write(socket, boost::asio::buffer(start + " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n" +
                                                   fields + length + "\r\n" + body));
    std::string answer;
    boost::system::error_code error;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }
  boost::json::value ask_json(const std::string& target) {
    const std::string answer = ask("GET " + target);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    return boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  }

  SystemClock clock_;
  FakeInstance instance_;
  std::vector<Route> routes_ = admin_routes(instance_);
  boost::asio::io_context io_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(AdminServer, SaysWhatRunsAndWhatWasUsed) {
  start();
  EXPECT_EQ(ask_json("/api/v1/status").at("version").as_string(), "1.2.3");
  const auto balances = ask_json("/api/v1/status").at("balances").as_array();
  ASSERT_EQ(balances.size(), 2U);
  EXPECT_EQ(balances[0].at("state").as_string(), "low");
  EXPECT_EQ(balances[0].at("warn_below").as_string(), "5.00");
  EXPECT_EQ(balances[0].at("amounts").as_array()[0].at("left").as_string(), "3.46");
  EXPECT_FALSE(balances[0].as_object().contains("trouble"));
  EXPECT_EQ(balances[1].at("state").as_string(), "pending");
  EXPECT_EQ(balances[1].at("trouble").as_string(), "answers 502");
  EXPECT_FALSE(balances[1].as_object().contains("amounts"));
  const auto windows = ask_json("/api/v1/windows?window=60s&by=model");
  EXPECT_EQ(windows.at("totals").at("errors_by_kind").at("overloaded").as_int64(), 1);
  EXPECT_EQ(windows.at("lines").as_array()[0].at("value").as_string(), "a \"quoted\" <name>");
  EXPECT_EQ(
      ask_json("/api/v1/limits").at("pools").as_array()[0].at("limits").as_array()[0].at("remaining_now").as_int64(),
      5);
  EXPECT_EQ(ask_json("/api/v1/alarms").at("alarms").as_array()[0].at("message").as_string(), "disk full");
  EXPECT_EQ(ask_json("/api/v1/config").at("auth").as_string(), "open");
  const auto cost = ask_json("/api/v1/cost?by=model,user&since=1h");
  EXPECT_EQ(cost.at("rows").as_array()[0].at("user").as_string(), "x");
  EXPECT_EQ(cost.at("total_usd").as_string(), "0.25");
}

TEST_F(AdminServer, TellsTheNewestRequestsAndTheJourneyOfOne) {
  start();
  const auto newest = ask_json("/api/v1/requests?limit=1").at("entries").as_array();
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest[0].at("attempt").as_int64(), 2);
  const auto journey = ask_json("/api/v1/requests/req_a").at("entries").as_array();
  ASSERT_EQ(journey.size(), 2U);
  EXPECT_EQ(journey[0].at("attempt").as_int64(), 1);
  EXPECT_THAT(ask("GET /api/v1/requests/req_b"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("GET /api/v1/requests?limit=none"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(AdminServer, TellsHowTheLimitsStood) {
  start();
  const auto curves = ask_json("/api/v1/levels");
  EXPECT_EQ(curves.at("every_seconds").as_int64(), 10);
  const auto& series = curves.at("series").as_array()[0];
  EXPECT_EQ(series.at("limit").as_int64(), 50);
  EXPECT_EQ(boost::json::serialize(series.at("limits")), "[[1789999000,50]]");
  EXPECT_EQ(boost::json::serialize(series.at("points")), "[[1790000000,42]]");
}

TEST_F(AdminServer, JudgesUseByTheLimitsOfTheQuestion) {
  start();
  EXPECT_TRUE(ask_json("/api/v1/guard?max_requests=3&min_left=10%25").at("ok").as_bool());
  const auto verdict = ask_json("/api/v1/guard?max_requests=2&max_errors=2%25&min_left=20%25");
  EXPECT_FALSE(verdict.at("ok").as_bool());
  EXPECT_EQ(verdict.at("breaches").as_array().size(), 3U);
}

TEST_F(AdminServer, ComparesTheSpareWithTheProvider) {
  start();
  const auto shadow = ask_json("/api/v1/shadow");
  EXPECT_TRUE(shadow.at("is_on").as_bool());
  EXPECT_EQ(shadow.at("options").at("budget_usd").as_string(), "5.00");
  EXPECT_EQ(shadow.at("not_sent").at("budget").as_int64(), 7);
  EXPECT_FALSE(shadow.at("not_sent").as_object().contains("send"));
  EXPECT_EQ(shadow.at("answered").as_array()[0].at("cost_usd").as_string(), "0.42");
  EXPECT_EQ(shadow.at("spent_today_usd").as_string(), "1.25");
  const auto& report = shadow.at("reports").as_array()[0];
  EXPECT_EQ(report.at("verdict").at("kind").as_string(), "too_few");
  EXPECT_EQ(report.at("time_to_first_token_ms").at("official").as_double(), 900.5);
  EXPECT_EQ(report.at("time_to_first_token_ms").at("difference").at("value").as_double(), 180.1235);
  EXPECT_EQ(report.at("official").at("errors").at("overloaded").as_int64(), 2);
  EXPECT_FALSE(report.as_object().contains("model")) << "all models";
  EXPECT_FALSE(report.as_object().contains("cost_ratio")) << "not known";
  EXPECT_FALSE(ask_json("/api/v1/shadow?since=10m").at("is_on").as_bool());
}

TEST_F(AdminServer, TellsWhatIsForecast) {
  start();
  const auto forecast = ask_json("/api/v1/forecast?horizon=60");
  EXPECT_EQ(ask_json("/api/v1/forecast?minutes=60").at("horizon_minutes").as_int64(), 60) << "as it was called before";
  EXPECT_EQ(forecast.at("horizon_minutes").as_int64(), 60);
  EXPECT_TRUE(parse_rfc3339(forecast.at("at").as_string().c_str()));
  const auto& series = forecast.at("series").as_array();
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0].at("scope").as_string(), "all");
  EXPECT_EQ(series[0].at("measure").as_string(), "cost_usd");
  EXPECT_DOUBLE_EQ(series[0].at("now").as_double(), 0.00123457);
  EXPECT_FALSE(series[0].at("has_enough_history").as_bool());
  EXPECT_TRUE(series[0].at("points").as_array().empty());
  const auto& pool = series[1];
  EXPECT_EQ(pool.at("name").as_string(), "anthropic/opus-4");
  EXPECT_EQ(pool.at("recent").as_array().size(), 2U);
  EXPECT_EQ(pool.at("points").as_array()[1].at("minutes").as_int64(), 60);
  EXPECT_DOUBLE_EQ(pool.at("points").as_array()[1].at("p90").as_double(), 20.1235);
  const auto& likely = pool.at("exhaustion").as_array()[0];
  EXPECT_EQ(likely.at("limit").as_string(), "requests per minute");
  EXPECT_EQ(likely.at("kind").as_string(), "rate");
  EXPECT_EQ(likely.at("capacity").as_double(), 50);
  EXPECT_EQ(likely.at("remaining").as_double(), 12.25);
  EXPECT_EQ(likely.at("probability").as_double(), 0.1235);
  EXPECT_EQ(likely.at("first_crossing_minutes").as_int64(), 17);
  EXPECT_EQ(likely.at("reason").as_string(), "level 80 % of the limit");
  EXPECT_EQ(likely.at_pointer("/parts/usual_change").as_double(), 0.1235);
  EXPECT_TRUE(pool.at("exhaustion").as_array()[1].at("first_crossing_minutes").is_null());
  EXPECT_EQ(pool.at("exhaustion").as_array()[1].at("kind").as_string(), "budget");
  EXPECT_FALSE(pool.at("exhaustion").as_array()[1].as_object().contains("parts")) << "they are no shares";
  EXPECT_EQ(ask_json("/api/v1/forecast").at("horizon_minutes").as_int64(), 30);
  EXPECT_EQ(ask_json("/api/v1/forecast?scope=pool").at("series").as_array().size(), 1U);
}

TEST_F(AdminServer, RefusesWhatItCannotRead) {
  start();
  EXPECT_THAT(ask("GET /api/v1/forecast?minutes=4"), HasSubstr("'4' is no whole number from 5 to 120"));
  EXPECT_THAT(ask("GET /api/v1/forecast?horizon=121"), HasSubstr("horizon: '121' is no whole number from 5 to 120"));
  EXPECT_THAT(ask("GET /api/v1/forecast?scope=user"), HasSubstr("none of all, pool, model, tenant, key"));
  EXPECT_THAT(ask("GET /api/v1/windows?window=2h"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET /api/v1/windows?windw=60s"), HasSubstr("there are: window, by"));
  EXPECT_THAT(ask("GET /api/v1/cost?by=colour"), HasSubstr("'colour' is no dimension"));
  EXPECT_THAT(ask("GET /api/v1/shadow?since=long"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET /nothing"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(ask("PUT /api/v1/keys"), testing::AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("allow: GET, POST\r\n")));
  EXPECT_THAT(ask("GET /api/v1/keys/abc"), HasSubstr("allow: PUT, DELETE\r\n"));
  EXPECT_THAT(ask("POST /api/v1/keys", "content-type: application/json\r\n", "{"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("POST /api/v1/keys", "content-type: application/json\r\n", std::string(70'000, 'x')),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask("GET /\x01"), StartsWith("HTTP/1.1 400"));
}

TEST_F(AdminServer, MakesAndRevokesKeys) {
  start();
  const std::string created = ask("POST /api/v1/keys", "content-type: application/json\r\n", R"({"name":"ci"})");
  EXPECT_THAT(created, StartsWith("HTTP/1.1 201"));
  EXPECT_THAT(created, HasSubstr(R"("secret":"tg_abc_secret")"));
  EXPECT_THAT(ask("DELETE /api/v1/keys/abc"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(instance_.revoked, "abc");
}

TEST_F(AdminServer, ShowsAndChangesWhatTenantsAndKeysMayTake) {
  start();
  const auto tenants = ask_json("/api/v1/tenants").at("tenants").as_array();
  EXPECT_FALSE(tenants[0].as_object().contains("in_flight")) << "nothing is known of it";
  const auto& web = tenants[1];
  EXPECT_EQ(web.at("requests").at("remaining").as_int64(), 59);
  EXPECT_EQ(web.at("requests").at("full_after_seconds").as_int64(), 1);
  EXPECT_EQ(web.at("in_flight").as_int64(), 2);
  const auto& budget = web.at("budgets").as_array()[0];
  EXPECT_EQ(budget.at("budget").as_string(), "5.00/day");
  EXPECT_EQ(budget.at("spent").as_string(), "4.50");
  EXPECT_EQ(budget.at("reserved").as_string(), "0.25");
  EXPECT_EQ(budget.at("left").as_string(), "0.25");
  EXPECT_EQ(budget.at("resets_at").as_string(), "1970-01-02T00:00:00Z");

  const std::string json = "content-type: application/json\r\n";
  EXPECT_THAT(ask("PUT /api/v1/tenants/web", json, R"({"name":"Web","budgets":["9/day","1M tokens/hour"],"weight":3})"),
              StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(instance_.tenant.id, TenantId("web"));
  EXPECT_EQ(instance_.tenant.name, "Web");
  EXPECT_EQ(instance_.tenant.allowance.weight, 3);
  EXPECT_EQ(instance_.tenant.allowance.budgets.size(), 2U);
  EXPECT_THAT(ask("PUT /api/v1/keys/abc", json, R"({"requests_per_minute":5,"priority":"batch"})"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(instance_.allowed.requests_per_minute, 5);
  EXPECT_EQ(instance_.allowed.priority, quota::Priority::Batch);
  EXPECT_THAT(ask("PUT /api/v1/keys/none", json, "{}"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(ask("PUT /api/v1/keys/abc", json, R"({"budgets":["5/week"]})"),
              testing::AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("5/week")));
}

TEST_F(AdminServer, ShowsWhatWaitsWhereAndWhichKeysLeadToWhichPool) {
  start();
  const auto all = ask_json("/api/v1/rooms");
  const auto& room = all.at("rooms").as_array()[0];
  EXPECT_EQ(room.at("waiting_interactive").as_int64(), 3);
  EXPECT_EQ(room.at("waiting_batch").as_int64(), 12);
  EXPECT_EQ(room.at("in_flight").as_int64(), 5) << "of both pools";
  EXPECT_EQ(room.at("obstacle").as_string(), "input_tokens");
  EXPECT_FALSE(room.as_object().contains("class"));
  const auto& pool = room.at("pools").as_array()[0];
  EXPECT_EQ(pool.at("keys").as_array().size(), 2U);
  EXPECT_EQ(pool.at("concurrency").as_int64(), 5);
  EXPECT_EQ(pool.at("blocked_seconds").as_int64(), 3);
  const auto& level = pool.at("levels").as_array()[0];
  EXPECT_EQ(level.at("dimension").as_string(), "input_tokens");
  EXPECT_EQ(level.at("level").as_int64(), -500);
  EXPECT_EQ(level.at("full_after_seconds").as_int64(), 61) << "60,500 tokens at 1,000 a second";
  EXPECT_EQ(level.at("foreign_per_minute").as_int64(), 1'200);
  const auto& other = room.at("pools").as_array()[1];
  EXPECT_TRUE(other.at("is_spent").as_bool());
  EXPECT_FALSE(other.as_object().contains("concurrency"));
  EXPECT_FALSE(other.as_object().contains("blocked_seconds"));
  const auto& idle = all.at("rooms").as_array()[1];
  EXPECT_EQ(idle.at("class").as_string(), "ci");
  EXPECT_EQ(idle.at("credential").as_string(), "fp_1");
  EXPECT_FALSE(idle.as_object().contains("obstacle"));

  const auto& keys = all.at("provider_keys").as_array()[0].at("keys").as_array();
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys[0].at("pool"), keys[1].at("pool"));
  EXPECT_EQ(keys[0].at("keys_of_pool").as_int64(), 2) << "what is gone does not count";
  EXPECT_TRUE(keys[0].at("in_rotation").as_bool());
  EXPECT_EQ(keys[0].at("out_for").as_array()[0].as_string(), "fable-5");
  EXPECT_EQ(keys[1].at("fault").as_string(), "authentication");
  EXPECT_LE(keys[1].at("back_in_seconds").as_int64(), 41);  // whole seconds, rounded up
  EXPECT_GT(keys[1].at("back_in_seconds").as_int64(), 0);
  EXPECT_TRUE(keys[2].at("draining").as_bool());
}

TEST_F(AdminServer, TellsWhyAReloadChangedNothing) {
  start();
  EXPECT_THAT(ask("POST /api/v1/reload", "content-type: application/json\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 422"), HasSubstr("line 3: no such key")));
  EXPECT_THAT(ask("POST /api/v1/reload", "content-type: application/json\r\norigin: http://evil.example\r\n"),
              StartsWith("HTTP/1.1 403"));
  EXPECT_EQ(instance_.reloads, 1);
}

TEST_F(AdminServer, AcknowledgesAndSilencesTheAlertThatThePathNames) {
  start();
  const std::string json = "content-type: application/json\r\n";
  EXPECT_THAT(ask("POST /api/v1/alerts/a1/ack", json, R"({"by":"ada"})"), testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr(R"({"acknowledged":"a1"})")));
  EXPECT_THAT(ask("POST /api/v1/alerts/a1/silence", json, R"({"by":"bob","minutes":90})"),
              testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr(R"({"silenced":"a1"})")));
  EXPECT_THAT(ask("POST /api/v1/alerts/a1/ack", json, R"({"who":"ada"})"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("POST /api/v1/alerts/a1/ack", json, "{"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("POST /api/v1/alerts/a1/silence", json, R"({"by":"bob","minutes":0})"), testing::AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("minutes")));
  for (const std::string what : {"ack", "silence"}) {
    const std::string body = R"({"by":"eve","minutes":5})";
    EXPECT_THAT(ask("POST /api/v1/alerts/a2/" + what, json, body), StartsWith("HTTP/1.1 404")) << "of no alert";
    EXPECT_THAT(ask("POST /api/v1/alerts//" + what, json, body), StartsWith("HTTP/1.1 404")) << what;
    EXPECT_THAT(ask("GET /api/v1/alerts/a1/" + what), StartsWith("HTTP/1.1 405")) << what;
    EXPECT_THAT(ask("POST /api/v1/alerts/a1/" + what, json + "origin: http://evil.example\r\n", body), StartsWith("HTTP/1.1 403")) << what;
    EXPECT_THAT(ask("POST /api/v1/alerts/a1/" + what, json + "sec-fetch-site: cross-site\r\n", body), StartsWith("HTTP/1.1 403")) << what;
    EXPECT_THAT(ask("POST /api/v1/alerts/a1/" + what, "content-type: text/plain\r\n", body), testing::ContainsRegex("^HTTP/1.1 4(03|15)")) << what;
  }
  EXPECT_THAT(instance_.acknowledged, testing::ElementsAre("ada"));
  EXPECT_THAT(instance_.silenced, testing::ElementsAre(testing::Pair("bob", Nanoseconds(std::chrono::minutes(90)))));
}

TEST_F(AdminServer, RunsTheActionThatThePathNamesForSomebodyWithAName) {
  start();
  const std::string json = "content-type: application/json\r\n";
  EXPECT_THAT(ask("GET /api/v1/actions"), HasSubstr(R"({"actions":[{"name":"up","kind":"webhook","state":"done","detail":"took it","alert":"a1","incident":"up-a1-1","by":null,)"
                                                    R"("since":"1970-01-01T00:00:00Z","runs_today":1,"max_per_day":10,"dry_run":false}]})"));
  EXPECT_THAT(ask("POST /api/v1/actions/up/run", json, R"({"by":"ada"})"), testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr(R"({"told":"up triggered"})")));
  EXPECT_THAT(ask("POST /api/v1/actions/up/return", json, R"({"by":"bob"})"), StartsWith("HTTP/1.1 200"));
  for (const std::string what : {"run", "return"}) {
    EXPECT_THAT(ask("POST /api/v1/actions/busy/" + what, json, R"({"by":"eve"})"), testing::AllOf(StartsWith("HTTP/1.1 409"), HasSubstr("at work"))) << what;
    EXPECT_THAT(ask("POST /api/v1/actions/down/" + what, json, R"({"by":"eve"})"), StartsWith("HTTP/1.1 404")) << what;
    for (const char* body : {"", "{}", R"({"by":""})", R"({"by":"eve","now":true})"}) {
      EXPECT_THAT(ask("POST /api/v1/actions/up/" + what, json, body), StartsWith("HTTP/1.1 400")) << what << body;
    }
    EXPECT_THAT(ask("POST /api/v1/actions/up/" + what, json + "origin: http://evil.example\r\n", R"({"by":"eve"})"), StartsWith("HTTP/1.1 403")) << what;
  }
  EXPECT_THAT(instance_.asked, testing::ElementsAre("run by ada", "return by bob"));
}

TEST_F(AdminServer, GivesAsMuchOfTheAuditAsIsAskedFor) {
  start();
  EXPECT_THAT(ask("GET /api/v1/audit?limit=1"),
              HasSubstr(R"({"entries":[{"at":"1970-01-01T00:00:00Z","actor":"ada","subject":"action up","text":"triggered"}]})"));
  for (const char* limit : {"0", "1001", "many", ""}) {
    EXPECT_THAT(ask(std::string("GET /api/v1/audit?limit=") + limit), testing::AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("limit"))) << limit;
  }
}

TEST_F(AdminServer, AsksForItsTokenButShowsThePageThatAsksForIt) {
  start(Secret("s3cret"));
  EXPECT_THAT(ask("GET /"), testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("<title>Tidegate</title>")));
  EXPECT_THAT(ask("GET /api/v1/status"),
              testing::AllOf(StartsWith("HTTP/1.1 401"), HasSubstr("www-authenticate: Bearer")));
  EXPECT_THAT(ask("GET /api/v1/status", "authorization: Bearer s3cret\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServer, ServesOneRequestAfterTheOtherOnAConnection) {
  start();
  tcp::socket socket = connect();
  const std::string request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
  boost::asio::write(socket,
                     boost::asio::buffer(request + request +
                                         "HEAD /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"));
  std::string answers;
  boost::system::error_code error;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answers), error);
  std::size_t count = 0;
  for (std::size_t at = answers.find("HTTP/1.1 200"); at != std::string::npos;
       at = answers.find("HTTP/1.1 200", at + 1))
    ++count;
  EXPECT_EQ(count, 3U);
  EXPECT_THAT(answers, testing::EndsWith("connection: close\r\n\r\n"));  // HEAD has no body
}

TEST_F(AdminServer, SendsThePageCompressedToWhoReadsThat) {
  start();
  const auto has_gzip = [&](const std::string& fields) {
    const std::string answer = ask("GET /page.js", fields);
    EXPECT_THAT(answer, HasSubstr("vary: accept-encoding\r\n"));
    return answer.find("content-encoding: gzip\r\n") != std::string::npos;
  };
  EXPECT_FALSE(has_gzip(""));
  EXPECT_FALSE(has_gzip("accept-encoding: br\r\n"));
  EXPECT_FALSE(has_gzip("accept-encoding: gzip;q=0, br\r\n"));
  const bool is_compressed = has_gzip("accept-encoding: deflate, gzip;q=0.5, br\r\n");
  EXPECT_EQ(is_compressed, std::any_of(page_files().begin(), page_files().end(), [](const PageFile& file) { return !file.gzip.empty(); }));
}

TEST_F(AdminServer, CarriesAPageThatIsSmall) {
  std::size_t size = 0;
  for (const PageFile& file : page_files()) {
    EXPECT_FALSE(file.content.empty()) << file.path;
    size += file.gzip.empty() ? file.content.size() : file.gzip.size();
  }
  EXPECT_LT(size, 150U * 1024);
}

TEST_F(AdminServer, TellsThePageWhatIsNew) {
  start();
  tcp::socket socket = connect();
  boost::asio::write(socket, boost::asio::buffer(std::string("GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\n\r\n")));
  std::string events;
  const auto seen_twice = [&events](const boost::system::error_code&, std::size_t) -> std::size_t {
    return std::count(events.begin(), events.end(), '\n') > 20 ||
                   events.find("data: ", events.find("data: ") + 1) != std::string::npos
               ? 0
               : 512;
  };
  boost::asio::read(socket, boost::asio::dynamic_buffer(events), seen_twice);
  EXPECT_THAT(events, HasSubstr("content-type: text/event-stream\r\n"));
  const std::size_t data = events.find("data: ") + 6;
  const auto picture = boost::json::parse(events.substr(data, events.find("\n\n", data) - data));
  EXPECT_EQ(picture.at("use").at("totals").at("requests").as_int64(), 3);
  EXPECT_EQ(picture.at("use").at("by").at("session").as_array().size(), 1U);
  EXPECT_EQ(picture.at("rooms").as_array().size(), 2U);
  const auto& keys = picture.at("provider_keys").as_array()[0].at("keys").as_array();
  ASSERT_EQ(keys.size(), 2U) << "without those that are gone";
  EXPECT_EQ(keys[0].at("name").as_string(), "B") << "what needs a look comes first";
  ASSERT_EQ(picture.at("alerts").as_array().size(), 1U) << "one passes on an alarm, which is told by itself";
  EXPECT_EQ(picture.at_pointer("/alerts/0/rule").as_string(), "exhaustion_forecast");
  EXPECT_EQ(picture.at_pointer("/actions/0/name").as_string(), "up");
}

TEST_F(AdminServer, EndsWhileSomebodyWatches) {
  start();
  tcp::socket socket = connect();
  boost::asio::write(socket, boost::asio::buffer(std::string("GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\n\r\n")));
  std::string first(16, ' ');
  boost::asio::read(socket, boost::asio::buffer(first));
  server_.reset();
  boost::system::error_code error;
  std::string rest;
  boost::asio::read(socket, boost::asio::dynamic_buffer(rest), error);
  EXPECT_TRUE(error);
}

TEST_F(AdminServer, GivesScrapersTheFormatTheyAskFor) {
  routes_ = metrics_routes(instance_);
  start();
  EXPECT_THAT(ask("GET /metrics"),
              testing::AllOf(HasSubstr("content-type: text/plain; version=0.0.4"), testing::EndsWith("plain 1\n")));
  EXPECT_THAT(ask("GET /metrics", "accept: application/openmetrics-text; version=1.0.0\r\n"),
              testing::EndsWith("open 1\n"));
}

TEST_F(AdminServer, RefusesToBeReachedFromElsewhereWithoutAToken) {
  const net::ListenOptions everywhere{.host = "0.0.0.0", .port = 0, .certificate_file = {}, .private_key_file = {}};
  const auto refused =
      HttpServer::start(everywhere, Secret(), HttpServer::Token::NeededBeyondLoopback, routes_, clock_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("set `admin.token`"));
}

TEST_F(AdminServer, TakesTheSlashCommandByItsSignatureAlone) {
  const std::string command = "POST /slack/command";
  const std::string body = "user_id=U1&text=status";
  const std::string time = std::to_string(std::chrono::floor<Seconds>(clock_.now().wall.time_since_epoch()).count());
  const std::string signature = slack_signature(Secret("signing"), time, body);
  const auto fields = [&](const std::string& proof) {
    return "X-Slack-Signature: " + proof + "\r\nX-Slack-Request-Timestamp: " + time +
           "\r\norigin: https://slack.example\r\nsec-fetch-site: cross-site\r\ncontent-type: application/x-www-form-urlencoded\r\n";
  };
  instance_.slack = {.signing_secret_name = "S", .signing_secret = Secret("signing"), .users = {"U1"}};
  start(Secret("s3cret"));
  EXPECT_THAT(ask(command, fields("v0=" + std::string(64, 'a')), body), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(ask(command, fields(signature), body + "&text=cost"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(ask(command, "authorization: Bearer s3cret\r\n", body), StartsWith("HTTP/1.1 401 ")) << "the token proves nothing here";
  const std::string answer = ask(command, fields(signature), body);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr(R"("response_type":"ephemeral")"));
  EXPECT_THAT(answer, HasSubstr("disk full"));
  EXPECT_THAT(ask(command, fields(signature), body), StartsWith("HTTP/1.1 401 ")) << "again";
  EXPECT_THAT(ask("GET /slack/command"), StartsWith("HTTP/1.1 401 ")) << "what is no such command wants the token";
}

TEST_F(AdminServer, HasNoSlashCommandWithoutASecret) {
  start();
  EXPECT_THAT(ask("POST /slack/command", {}, "text=status"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("GET /slack/command"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(AdminServer, AnswersInTimeWhereSomebodyDoesNotWait) {
  std::promise<void> go_on;
  std::promise<std::string> followed;
  routes_ = {{.method = "GET",
              .path = "/slow",
              .access = Access::Public,
              .kind = Route::Kind::Slow,
              .answer =
                  [&](const Request& request) {
                    if (request.query == "wait") go_on.get_future().wait();
                    return Answer{.body = "done"};
                  },
              .check = [](const Request& request) { return request.query == "no" ? std::optional(Answer{.status = 401}) : std::nullopt; },
              .patience = Milliseconds(20),
              .late = [] { return Answer{.body = "later"}; },
              .follow_up =
                  [&](const Request& request, const Answer& answer) {
                    if (request.query == "wait") followed.set_value(std::string(request.path) + " " + answer.body);
                  }}};
  start();
  EXPECT_THAT(ask("GET /slow?wait"), testing::EndsWith("later"));
  EXPECT_THAT(ask("GET /slow?no"), StartsWith("HTTP/1.1 401 ")) << "does not wait behind the other one";
  go_on.set_value();
  EXPECT_EQ(followed.get_future().get(), "/slow done") << "what came of it is told afterwards";
  std::string answer;
  while (!answer.ends_with("done")) answer = ask("GET /slow");  // the first of these may yet be late
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdminServer, IsDescribedByTheOpenApiDocument) {
  std::set<std::string> served;
  for (const Route& route : routes_) {
    if (route.path.starts_with("/api/") || route.path.starts_with("/slack/") || route.path == "/healthz")
      served.insert(std::string(route.method) + " " + std::string(route.path));
  }
  std::set<std::string> described;
  for (const auto& path : YAML::LoadFile(TIDEGATE_SOURCE_DIR "/docs/openapi.yaml")["paths"]) {
    for (const auto& method : path.second) {
      std::string name = method.first.as<std::string>();
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      described.insert(name + " " + path.first.as<std::string>());
    }
  }
  EXPECT_EQ(served, described);
}

}  // namespace
}  // namespace tidegate::admin
