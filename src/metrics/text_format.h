// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "metrics/snapshot.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::metrics {

enum class TextFormat : std::uint8_t { Prometheus, OpenMetrics };

/// What a scraper that sends this `Accept` header gets: OpenMetrics 1.0 only if it names it, otherwise Prometheus text
/// 0.0.4.
[[nodiscard]] TextFormat choose_format(std::string_view accept);

/// The `Content-Type` of a scrape's answer.
[[nodiscard]] std::string_view content_type(TextFormat format);

/// The body of a scrape's answer.
[[nodiscard]] std::string to_text(std::span<const FamilySnapshot> families, TextFormat format);

}  // namespace tidegate::metrics
