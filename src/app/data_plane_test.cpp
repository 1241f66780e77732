// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/data_plane.h"


#include <gtest/gtest.h>

#include <deque>
#include <memory>

namespace tidegate::app {
namespace {

class QuietSink final : public gateway::OutcomeSink {
 public:
  [[nodiscard]] store::AttemptId begin(const gateway::Outcome&) override { return 1; }
  void answered(const gateway::Outcome&, const llm::RateLimitReading&) override {}
  void attempt_over(const gateway::Outcome&) override {}
  void provider_changed(std::string_view, bool) override {}
  void key_changed(std::string_view, std::string_view, std::optional<quota::KeyRing::Fault>) override {}
  gateway::Charged charge(const gateway::Outcome&) override { return {}; }
  void finish(const gateway::Outcome&) override {}
};

class DataPlaneTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<DataPlane>> start(const config::Options& options) {
    return DataPlane::start(options, clock_, rooms_, ties_, [this](std::uint32_t) { return DataPlane::WorkerPorts{sinks_.emplace_back()}; });
  }
  static config::Options on_a_free_port() {
    config::Options options;
    options.listen.port = 0;
    options.gateway.worker_threads = 2;
    return options;
  }

  SystemClock clock_;
  quota::RoomBook rooms_{clock_};
  gateway::TieBoard ties_;
  std::deque<QuietSink> sinks_;
};

TEST_F(DataPlaneTest, ServesOnOneSharedPortAndStops) {
  auto plane = start(on_a_free_port());
  ASSERT_TRUE(plane) << plane.error().detail;
  EXPECT_NE((*plane)->port(), 0);
  (*plane)->drain(Nanoseconds(0));
}

TEST_F(DataPlaneTest, RefusesAPortThatAnotherInstanceServes) {
  auto first = start(on_a_free_port());
  ASSERT_TRUE(first);
  config::Options same = on_a_free_port();
  same.listen.port = (*first)->port();
  const auto second = start(same);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().detail.find("another program listens there"), std::string::npos) << second.error().detail;
}

TEST_F(DataPlaneTest, RefusesToBeOpenToTheNetwork) {
  config::Options options = on_a_free_port();
  options.listen.host = "0.0.0.0";
  const auto plane = start(options);
  ASSERT_FALSE(plane);
  EXPECT_NE(plane.error().detail.find("auth: virtual"), std::string::npos) << plane.error().detail;
}

TEST_F(DataPlaneTest, SaysWhichCertificateCannotBeRead) {
  config::Options options = on_a_free_port();
  options.listen.certificate_file = "/nowhere/certificate.pem";
  options.listen.private_key_file = "/nowhere/key.pem";
  const auto plane = start(options);
  ASSERT_FALSE(plane);
  EXPECT_NE(plane.error().detail.find("/nowhere/certificate.pem"), std::string::npos) << plane.error().detail;
}

TEST_F(DataPlaneTest, AdoptsOtherOptionsOrLeavesEverythingAsItWas) {
  auto plane = start(on_a_free_port());
  ASSERT_TRUE(plane);
  config::Options broken = on_a_free_port();
  broken.providers.emplace_back().base_url = "ftp://example";
  EXPECT_FALSE((*plane)->adopt(broken));
  EXPECT_TRUE((*plane)->adopt(on_a_free_port()));
}

TEST_F(DataPlaneTest, GivesAProviderOtherKeysAndCountsThemUntilNothingHoldsTheFormer) {
  const auto key = [](const char* name) {
    return upstream::ProviderKey{.name = name, .secret = Secret(name), .organisation = {}, .workspace = {}};
  };
  config::Options options = on_a_free_port();
  for (const char* name : {"first", "second"}) {
    upstream::ProviderOptions& provider = options.providers.emplace_back();
    provider.id = ProviderId(name);
    provider.base_url = "http://127.0.0.1:9";
    provider.keys = {key("one"), key("two")};
  }
  auto plane = start(options);
  ASSERT_TRUE(plane) << plane.error().detail;
  (*plane)->adopt_keys({{ProviderId("second"), {key("three")}}});
  // Nothing holds the former setup: no request runs, and both workers have taken the new one.
  const auto draining = [&] { return (*plane)->key_counts()[1].draining; };
  EXPECT_EQ(draining(), 0U);
  EXPECT_EQ((*plane)->key_counts()[0].in_use, 2U);
  EXPECT_EQ((*plane)->key_counts()[0].draining, 0U);
  EXPECT_EQ((*plane)->key_counts()[1].in_use, 1U);
}

}  // namespace
}  // namespace tidegate::app
