// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/request_metrics.h"

#include "metrics/scrape_figures.h"
#include "metrics/text_format.h"
#include "metrics/worker_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tidegate::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string scrape(const Registry& registry) { return to_text(registry.snapshot(), TextFormat::Prometheus); }

RequestSample message() {
  return RequestSample{.provider = "anthropic",
                       .model = "claude-opus-4-6",
                       .response_model = "claude-opus-4-6",
                       .endpoint = "messages",
                       .tenant = "search",
                       .status = 200,
                       .genai_operation = "chat",
                       .genai_provider = "anthropic",
                       .input_tokens = 100,
                       .cache_read_tokens = 2'000,
                       .cache_write_5m_tokens = 30,
                       .output_tokens = 400,
                       .cost = Money::nanodollars(12'500'000),
                       .duration = Milliseconds(1'500),
                       .time_to_first_token = Milliseconds(350),
                       .overhead = Microseconds(40)};
}

TEST(RequestMetrics, CountsEverythingThatOneAnswerTells) {
  Registry registry;
  RequestMetrics metrics(registry, registry.add_shard());
  metrics.observe(message());
  metrics.observe(message());
  const std::string text = scrape(registry);
  for (const char* line : {
           "\nclaude_req_total{status=\"200\"} 2\n",
           "\ntidegate_requests_total{provider=\"anthropic\",model=\"claude-opus-4-6\",endpoint=\"messages\",status="
           "\"200\","
           "tenant=\"search\"} 2\n",
           "\ntidegate_tokens_total{provider=\"anthropic\",model=\"claude-opus-4-6\",kind=\"cache_read\"} 4000\n",
           "\ntidegate_tokens_total{provider=\"anthropic\",model=\"claude-opus-4-6\",kind=\"cache_write_5m\"} 60\n",
           "\ntidegate_tokens_total{provider=\"anthropic\",model=\"claude-opus-4-6\",kind=\"input\"} 200\n",
           "\ntidegate_tokens_total{provider=\"anthropic\",model=\"claude-opus-4-6\",kind=\"output\"} 800\n",
           "\ntidegate_cost_dollars_total{provider=\"anthropic\",model=\"claude-opus-4-6\",tenant=\"search\"} 0.025\n",
           "\ntidegate_time_to_first_token_seconds_sum{provider=\"anthropic\",model=\"claude-opus-4-6\"} 0.7\n",
           "\ntidegate_request_duration_seconds_count{provider=\"anthropic\",model=\"claude-opus-4-6\",endpoint="
           "\"messages\"} 2\n",
           "\ntidegate_overhead_seconds_bucket{le=\"5e-05\"} 2\n",
           "\ngen_ai_client_token_usage_sum{gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"anthropic\",gen_ai_"
           "token_type="
           "\"input\",gen_ai_request_model=\"claude-opus-4-6\",gen_ai_response_model=\"claude-opus-4-6\"} 4260\n",
           "\ngen_ai_client_operation_duration_seconds_count{gen_ai_operation_name=\"chat\",gen_ai_provider_name="
           "\"anthropic\","
           "gen_ai_request_model=\"claude-opus-4-6\",gen_ai_response_model=\"claude-opus-4-6\"} 2\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("kind=\"cache_write_1h\"")));  // no series of what never happened
  EXPECT_THAT(text, Not(HasSubstr("tidegate_upstream_errors_total")));
  EXPECT_THAT(text, Not(HasSubstr("tidegate_price_unknown_total")));
}

TEST(RequestMetrics, CountsARefusalThatNeverWentUpstreamAsARequestAndNoMore) {
  Registry registry;
  RequestMetrics metrics(registry, registry.add_shard());
  metrics.observe({.endpoint = "messages", .status = 401, .genai_operation = "chat", .genai_provider = "anthropic"});
  const std::string text = scrape(registry);
  EXPECT_THAT(text, HasSubstr("\nclaude_req_total{status=\"401\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_requests_total{endpoint=\"messages\",status=\"401\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("gen_ai")));
  EXPECT_THAT(text, Not(HasSubstr("tokens_total")));
  EXPECT_THAT(text, Not(HasSubstr("cost_dollars")));
}

TEST(RequestMetrics, TellsErrorsUnknownPricesAndClientsThatLeft) {
  Registry registry;
  RequestMetrics metrics(registry, registry.add_shard());
  RequestSample sample = message();
  sample.status = 0;
  sample.error_kind = "overloaded";
  sample.price_known = false;
  metrics.observe(sample);
  metrics.attempt_failed("anthropic", "overloaded");
  const std::string text = scrape(registry);
  EXPECT_THAT(text, HasSubstr("\nclaude_req_total{status=\"none\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_upstream_errors_total{provider=\"anthropic\",kind=\"overloaded\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_price_unknown_total{model=\"claude-opus-4-6\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("error_type=\"overloaded\""));
  EXPECT_THAT(text, Not(HasSubstr("gen_ai_server_time_to_first_token_seconds")));
}

TEST(RequestMetrics, KeepsCountingRightWhenClientsInventMoreModelsThanItKeeps) {
  Registry registry(MetricsOptions{.max_label_sets = 50, .max_histogram_label_sets = 10});
  RequestMetrics metrics(registry, registry.add_shard());
  for (int i = 0; i < 10'000; ++i) {
    const std::string model = "model-" + std::to_string(i);
    RequestSample sample = message();
    sample.model = model;
    metrics.observe(sample);
  }
  double requests = 0;
  double cost = 0;
  for (const FamilySnapshot& family : registry.snapshot()) {
    EXPECT_LE(family.samples.size(), 101u);
    EXPECT_LE(family.histograms.size(), 21u);
    for (const Sample& sample : family.samples) {
      if (family.definition == &definition(Metric::Requests)) requests += sample.value;
      if (family.definition == &definition(Metric::Cost)) cost += sample.value;
    }
  }
  EXPECT_EQ(requests, 10'000);
  EXPECT_NEAR(cost, 125.0, 1e-6);
}

TEST(WorkerMetrics, ShowTheirLevelsSummedOverWorkers) {
  Registry registry;
  WorkerMetrics first(registry);
  WorkerMetrics second(registry);
  first.in_flight.add(2);
  second.in_flight.add();
  second.client_connections.add();
  second.stale_socket_replays.add();
  second.upstream_connection_opened("anthropic");
  second.upstream_connection_opened("anthropic");
  ControlMetrics control(registry);
  control.config_rejected.add();
  const std::string text = scrape(registry);
  EXPECT_THAT(text, HasSubstr("\ntidegate_in_flight_requests 3\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_connections_open{side=\"client\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_stale_socket_replays_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_upstream_connections_opened_total{provider=\"anthropic\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_config_reloads_total{result=\"applied\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_config_reloads_total{result=\"rejected\"} 1\n"));
}

TEST(ScrapeFigures, ShowWhatIsKnownAndLeaveOutWhatIsNot) {
  Registry registry;
  registry.collect([](SampleSink& sink) {
    add(sink, Metric::ClaudeRpmLeft, std::nullopt);
    add(sink, Metric::BodyMemory, std::int64_t{4'096});
    add(sink, Metric::CertificateExpiry, WallTime(Seconds(1'800'000'000)));
    add(sink,
        PoolFigures{.pool = "main", .model_group = "opus", .dimension = "requests", .limit = 50, .remaining = 12.5});
    add(sink, LedgerFigures{.appended = 30, .drained = 20, .undrained = 10, .journal_bytes = 1 << 20});
    add(sink, BuildFigures{.version = "0.1.0", .commit = "abc"});
    add(sink, read_process_figures());
  });
  const std::string text = scrape(registry);
  EXPECT_THAT(text, Not(HasSubstr("claude_rpm_left")));
  EXPECT_THAT(text, HasSubstr("\ntidegate_body_memory_bytes 4096\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_certificate_expiry_timestamp_seconds 1800000000\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_pool_limit{pool=\"main\",model_group=\"opus\",dimension=\"requests\"} 50\n"));
  EXPECT_THAT(text,
              HasSubstr("\ntidegate_pool_remaining{pool=\"main\",model_group=\"opus\",dimension=\"requests\"} 12.5\n"));
  EXPECT_THAT(text, Not(HasSubstr("seconds_to_exhaustion")));
  EXPECT_THAT(text, HasSubstr("\ntidegate_ledger_undrained 10\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_ledger_unrecorded_total 0\n"));
  EXPECT_THAT(text, HasSubstr("\ntidegate_build_info{version=\"0.1.0\",commit=\"abc\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_resident_memory_bytes "));
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
  const ProcessFigures figures = read_process_figures();
  ASSERT_TRUE(figures.start_time && figures.resident_bytes && figures.cpu_seconds);
  EXPECT_GT(*figures.start_time, 1'600'000'000);  // after 2020
  EXPECT_GT(*figures.resident_bytes, 500'000);
  EXPECT_GE(*figures.cpu_seconds, 0);
}

}  // namespace
}  // namespace tidegate::metrics
