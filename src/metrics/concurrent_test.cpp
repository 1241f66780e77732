// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "metrics/text_format.h"
#include "metrics/worker_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>

namespace tidegate::metrics {
namespace {

TEST(MetricsThreads, LoseNothingWhileWorkersCountAndAScrapeReads) {
  constexpr int kRequests = 20'000;
  Registry registry;
  WorkerMetrics first(registry);
  WorkerMetrics second(registry);
  const auto work = [](WorkerMetrics& worker) {
    for (int i = 0; i < kRequests; ++i) {
      const std::string model = "model-" + std::to_string(i % 40);
      worker.in_flight.add();
      worker.requests.observe({.provider = "anthropic", .model = model, .endpoint = "messages", .status = 200});
      worker.in_flight.subtract();
    }
  };
  std::thread one([&] { work(first); });
  std::thread two([&] { work(second); });
  std::size_t largest = 0;
  for (int i = 0; i < 20; ++i) {
    largest = std::max(largest, to_text(registry.snapshot(), TextFormat::Prometheus).size());
  }
  one.join();
  two.join();
  EXPECT_GT(largest, 0u);
  const std::string text = to_text(registry.snapshot(), TextFormat::Prometheus);
  EXPECT_THAT(text, testing::HasSubstr("\nclaude_req_total{status=\"200\"} 40000\n"));
  EXPECT_THAT(text, testing::HasSubstr("\ntidegate_in_flight_requests 0\n"));
}

}  // namespace
}  // namespace tidegate::metrics
