// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/admin_options.h"
#include "admin/slack_options.h"
#include "caching/caching_options.h"
#include "gateway/answer_cache_options.h"
#include "gateway/gateway_options.h"
#include "monitor/alert_options.h"
#include "monitor/delivery/receiver_options.h"
#include "monitor/forecast_options.h"
#include "monitor/shadow_options.h"
#include "monitor/window_options.h"
#include "net/listen_options.h"
#include "operations/action_options.h"
#include "pricing/price_options.h"
#include "store/store_options.h"
#include "upstream/provider_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::config {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

struct LogOptions {
  LogLevel level = LogLevel::Info;
  std::string file;                  ///< empty = standard error
  std::size_t buffer_lines = 8'192;  ///< waiting lines; further ones are dropped and counted

  friend bool operator==(const LogOptions&, const LogOptions&) = default;
};

/// The whole configuration as typed values: what YAML, environment and defaults come to.
struct Options {
  net::ListenOptions listen{.host = "127.0.0.1", .port = 8080, .certificate_file = {}, .private_key_file = {}};
  net::ServerLimits limits;
  gateway::GatewayOptions gateway;
  std::vector<upstream::ProviderOptions> providers;
  admin::AdminOptions admin;
  store::StoreOptions store;
  pricing::PriceOptions prices;
  monitor::WindowOptions windows;
  caching::CachingOptions prompt_cache;
  gateway::AnswerCacheOptions response_cache;
  monitor::ShadowOptions shadow;
  monitor::ForecastSettings forecast;
  monitor::AlertOptions alerts;
  std::vector<delivery::ReceiverOptions> receivers;
  std::vector<operations::ActionOptions> actions;
  admin::SlackOptions slack;
  LogOptions log;

  friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace tidegate::config
