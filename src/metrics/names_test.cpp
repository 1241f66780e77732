// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/names.h"

#include "metrics/page.h"
#include "metrics/registry.h"
#include "metrics/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tidegate::metrics {
namespace {

using testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string summary(const MetricDefinition& metric) {
  std::string text = std::string(metric.name) + " " + std::string(to_string(metric.type));
  for (const LabelDefinition& label : metric.labels) text += " " + std::string(label.name);
  return text;
}

// Dashboards and alert rules of other people depend on these: a change here is a change that a changelog must announce.
TEST(MetricNames, AreTheGoldenList) {
  std::vector<std::string> names;
  for (const MetricDefinition& metric : all_definitions()) names.push_back(summary(metric));
  EXPECT_THAT(
      names,
      testing::ElementsAre(
          "claude_req_total counter status",  //
          "claude_rpm_left gauge", "tidegate_requests_total counter provider model endpoint status tenant",
          "tidegate_tokens_total counter provider model kind",
          "tidegate_cost_dollars_total counter provider model tenant",
          "tidegate_pool_limit gauge pool model_group dimension",
          "tidegate_pool_remaining gauge pool model_group dimension",
          "tidegate_pool_seconds_to_exhaustion gauge pool model_group dimension",
          "tidegate_provider_keys gauge provider state", "tidegate_provider_balance gauge provider currency",
          "tidegate_budget_limit gauge tenant period unit", "tidegate_budget_spent gauge tenant period unit",
          "tidegate_budget_reserved gauge tenant period unit", "tidegate_budget_overspent gauge tenant period unit",
          "tidegate_time_to_first_token_seconds histogram provider model",
          "tidegate_request_duration_seconds histogram provider model endpoint", "tidegate_overhead_seconds histogram",
          "tidegate_upstream_errors_total counter provider kind", "tidegate_in_flight_requests gauge",
          "tidegate_queued_requests gauge provider model_group priority",
          "tidegate_room_in_flight_requests gauge provider model_group",
          "tidegate_queue_wait_seconds histogram provider priority",
          "tidegate_capacity_refusals_total counter provider obstacle", "tidegate_body_memory_bytes gauge",
          "tidegate_ledger_appended_total counter", "tidegate_ledger_drained_total counter",
          "tidegate_ledger_undrained gauge", "tidegate_ledger_journal_bytes gauge", "tidegate_ledger_journal_limit_bytes gauge",
          "tidegate_ledger_errors_total counter", "tidegate_ledger_unrecorded_total counter",
          "tidegate_log_lines_dropped_total counter", "tidegate_connections_open gauge side",
          "tidegate_upstream_connections_opened_total counter provider", "tidegate_stale_socket_replays_total counter",
          "tidegate_price_unknown_total counter model", "tidegate_prompt_cache_requests_total counter model mode",
          "tidegate_prompt_cache_tokens_total counter model kind mode", "tidegate_prompt_cache_saved_dollars gauge model mode",
          "tidegate_prompt_cache_quota_tokens_total counter model mode", "tidegate_shadow_requests_total counter provider outcome",
          "tidegate_shadow_not_sent_total counter reason", "tidegate_shadow_cost_dollars_total counter provider",
          "tidegate_shadow_dropped_total counter",
          "tidegate_answer_cache_requests_total counter result",
          "tidegate_answer_cache_entries gauge",
          "tidegate_answer_cache_bytes gauge",
          "tidegate_answer_cache_saved_dollars_total counter",
          "tidegate_forecast_exhaustion_probability gauge scope name measure limit",
          "tidegate_forecast_seconds_to_exhaustion gauge scope name measure limit",
          "tidegate_forecast_demand gauge scope name measure percentile",
          "tidegate_alerts gauge rule severity state", "tidegate_alert_deliveries_total counter receiver result",
          "tidegate_config_reloads_total counter result",
          "tidegate_certificate_expiry_timestamp_seconds gauge", "tidegate_metrics_label_overflow_total counter metric",
          "tidegate_build_info gauge version commit", "process_start_time_seconds gauge",
          "process_resident_memory_bytes gauge", "process_cpu_seconds_total counter",
          "gen_ai_client_token_usage histogram gen_ai_operation_name gen_ai_provider_name "
          "gen_ai_token_type gen_ai_request_model gen_ai_response_model",
          "gen_ai_client_operation_duration_seconds histogram gen_ai_operation_name "
          "gen_ai_provider_name error_type gen_ai_request_model gen_ai_response_model",
          "gen_ai_server_time_to_first_token_seconds histogram gen_ai_operation_name "
          "gen_ai_provider_name gen_ai_request_model gen_ai_response_model"));
}

TEST(MetricNames, HaveHelpOfOneSentenceAndBoundsOnlyWhereTheyAreHistograms) {
  for (const MetricDefinition& metric : all_definitions()) {
    SCOPED_TRACE(metric.name);
    EXPECT_GT(metric.help.size(), 10u);
    EXPECT_FALSE(metric.help.ends_with('.'));
    EXPECT_EQ(metric.bounds.empty(), metric.type != MetricType::Histogram);
    EXPECT_EQ(metric.name.ends_with("_total"), metric.type == MetricType::Counter);
  }
}

TEST(MetricNames, AreWrittenDownInTheDocumentation) {
  EXPECT_EQ(read_file(TIDEGATE_SOURCE_DIR "/docs/metrics.md"), metrics_page())
      << "docs/metrics.md is not what the table says; run: ninja tidegate_metrics_doc";
}

/// A registry in which every metric has a sample, with label values that need care.
void fill(Registry& registry) {
  Shard& shard = registry.add_shard();
  for (const MetricDefinition& metric : all_definitions()) {
    const std::vector<std::string_view> values(metric.labels.size(), "a \"b\" \\ c\nd – ë");
    switch (metric.type) {
      case MetricType::Counter: registry.counter(metric).with(shard, values).add(1'234'567); break;
      case MetricType::Gauge: registry.gauge(metric).with(shard, values).set(42); break;
      case MetricType::Histogram: registry.histogram(metric).with(shard, values).observe(1'234); break;
    }
  }
}

TEST(MetricNames, PassPromtool) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  Registry registry;
  fill(registry);
  const std::string path = testing::TempDir() + "tidegate_metrics_" + std::to_string(getpid()) + ".prom";
  std::ofstream(path) << to_text(registry.snapshot(), TextFormat::Prometheus);

  std::FILE* pipe = popen(("timeout 60 promtool check metrics < '" + path + "' 2>&1").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_EQ(said, "");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace tidegate::metrics
