// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ids.h"
#include "base/money.h"

#include <cstddef>
#include <cstdint>

namespace tidegate::monitor {

/// What is drawn to be copied: single requests, or conversations as a whole.
enum class ShadowBy : std::uint8_t { Request, Session };

/// A sample of the traffic goes to a second provider as well, after its client has been served. Off without a provider.
struct ShadowOptions {
  bool enabled = true;  ///< false keeps the other settings, and sends nothing
  ProviderId provider;  ///< who gets the copies; empty: nobody
  double share = 0.05;  ///< of the requests (or conversations), 0…1
  ShadowBy by = ShadowBy::Request;
  std::size_t max_concurrent = 4;    ///< copies that run at once
  std::size_t max_per_minute = 60;   ///< in any 60 seconds
  Money budget = Money::dollars(5);  ///< a day in UTC, for all copies together
  double min_headroom = 0.2;         ///< share of its limits that a pool must have left, 0…1

  [[nodiscard]] bool is_on() const { return enabled && !provider.empty(); }
  friend bool operator==(const ShadowOptions&, const ShadowOptions&) = default;
};

}  // namespace tidegate::monitor
