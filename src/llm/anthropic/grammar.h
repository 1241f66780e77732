// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/sse/scanner.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::llm::anthropic {

/// Whether a stream of `POST /v1/messages` follows the grammar that clients rely on (facts/anthropic-api.md 2.4):
///
///   stream  = message_start *block 1*message_delta message_stop
///   block   = content_block_start *content_block_delta content_block_stop
///
/// with `ping` anywhere, `error` as the end at any place, and unknown events passed over. A block's index is the number
/// of blocks before it, its deltas are of its type, and a stop reason is said before the end. Cheap enough for live
/// streams: texts are stepped over. One thread.
class Grammar {
 public:
  void feed(std::string_view bytes);
  /// After the last byte: the stream must have come to its end.
  void end();
  /// The first violation in words, without any content; empty if there is none so far.
  [[nodiscard]] const std::string& violation() const { return violation_; }

 private:
  enum class Place : std::uint8_t { BeforeStart, BetweenBlocks, InBlock, AfterDelta, AtEnd };

  void take(std::string_view event, std::string_view data);
  void take_start(std::string_view data);
  void take_block_start(std::string_view data);
  void take_delta(std::string_view data);
  void take_block_stop(std::string_view data);
  void take_message_delta(std::string_view data);
  void require(bool holds, std::string_view otherwise);

  sse::Scanner scanner_;
  Place place_ = Place::BeforeStart;
  std::int64_t blocks_ = 0;
  std::string block_type_;
  bool has_stop_reason_ = false;
  std::string violation_;
};

}  // namespace tidegate::llm::anthropic
