// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "caching/caching_options.h"
#include "config/type.h"
#include "gateway/answer_cache_options.h"
#include "gateway/gateway_options.h"
#include "quota/admission_options.h"
#include "routing/route_options.h"

namespace tidegate::config {

/// An entry of `routes:`.
[[nodiscard]] Type<routing::RouteRule> route_settings();
[[nodiscard]] Type<routing::FailoverOptions> failover_settings();
[[nodiscard]] Type<quota::AdmissionOptions> admission_settings();
/// An entry of `classes:`.
[[nodiscard]] Type<gateway::ClassRule> class_settings();
[[nodiscard]] Type<caching::CachingOptions> prompt_cache_settings();
[[nodiscard]] Type<gateway::AnswerCacheOptions> response_cache_settings();

}  // namespace tidegate::config
