// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/bucket.h"
#include "quota/dimension.h"

namespace tidegate::quota {

std::string_view to_string(Dimension dimension) {
  switch (dimension) {
    case Dimension::Requests: return "requests";
    case Dimension::Input: return "input_tokens";
    case Dimension::Output: return "output_tokens";
    case Dimension::Tokens: return "tokens";
  }
  return "unknown";
}

std::string_view to_string(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::None: return "none";
    case Obstacle::Requests: return "requests";
    case Obstacle::Input: return "input_tokens";
    case Obstacle::Output: return "output_tokens";
    case Obstacle::Tokens: return "tokens";
    case Obstacle::Concurrency: return "concurrency";
    case Obstacle::RetryAfter: return "retry_after";
    case Obstacle::Probe: return "probe";
    case Obstacle::Pace: return "pace";
    case Obstacle::Learning: return "learning";
    case Obstacle::Reservation: return "reserved_for_interactive";
    case Obstacle::SpendCap: return "spend_cap";
    case Obstacle::Day: return "per_day";
    case Obstacle::Month: return "per_month";
    case Obstacle::TooLarge: return "too_large";
    case Obstacle::NoKey: return "no_key";
    case Obstacle::RoomFull: return "room_full";
    case Obstacle::Paused: return "paused";
  }
  return "unknown";
}

}  // namespace tidegate::quota
