// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "config/environment.h"
#include "config/problem.h"
#include "monitor/delivery/receiver_options.h"
#include "upstream/provider_options.h"

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::config {

/// The providers that the environment alone gives, in this order:
///   CLAUDE_KEY or ANTHROPIC_API_KEY (with ANTHROPIC_ADMIN_KEY)   anthropic, https://api.anthropic.com
///   LZ_API_KEY                                                   laozhang, https://api.laozhang.ai
///   OPENAI_API_KEY                                               openai, https://api.openai.com
/// A key that cannot be sent is a problem that names its variable.
[[nodiscard]] std::vector<upstream::ProviderOptions> usual_providers(const Environment& environment,
                                                                     std::vector<Problem>& problems);

/// Who is told of alerts by the environment alone: SLACK_WEBHOOK_URL, of warnings and worse.
[[nodiscard]] std::vector<delivery::ReceiverOptions> usual_receivers(const Environment& environment, std::vector<Problem>& problems);

struct UsualProxy {
  std::string address;  ///< `http://host:port`; empty = direct
  Secret credential;    ///< `user:password`, decoded; empty: none
};

/// The proxy that HTTPS_PROXY (or https_proxy) and NO_PROXY (or no_proxy) give for this address. Only for https, and never for loopback.
/// A HTTPS_PROXY that cannot be used is a problem.
[[nodiscard]] UsualProxy usual_proxy(std::string_view base_url, const Environment& environment, std::vector<Problem>& problems);

}  // namespace tidegate::config
