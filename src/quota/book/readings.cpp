// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "quota/book/readings.h"

#include <chrono>

namespace tidegate::quota {
namespace {

Reading one(const llm::LimitReading* reading) {
  Reading out;
  if (reading == nullptr) return out;
  if (reading->limit) out.limit = static_cast<double>(*reading->limit);
  if (reading->remaining) out.remaining = static_cast<double>(*reading->remaining);
  if (reading->full_after) out.full_after_seconds = std::chrono::duration<double>(*reading->full_after).count();
  return out;
}

}  // namespace

Readings to_readings(const llm::RateLimitReading& reading, std::string_view model_group) {
  using llm::LimitDimension;
  const bool is_fast = model_group.ends_with(":fast");
  Readings out;
  out[Dimension::Requests] = one(reading.find(LimitDimension::Requests));
  out[Dimension::Input] = one(reading.find(is_fast ? LimitDimension::FastInputTokens : LimitDimension::InputTokens));
  out[Dimension::Output] = one(reading.find(is_fast ? LimitDimension::FastOutputTokens : LimitDimension::OutputTokens));
  const llm::LimitReading* const tokens = reading.find(LimitDimension::Tokens);
  const llm::LimitReading* const input = reading.find(LimitDimension::InputTokens);
  const llm::LimitReading* const output = reading.find(LimitDimension::OutputTokens);
  const bool is_their_sum = tokens && tokens->limit && input && input->limit && output && output->limit &&
                            *tokens->limit == *input->limit + *output->limit;
  if (!is_their_sum && !is_fast) out[Dimension::Tokens] = one(tokens);
  return out;
}

}  // namespace tidegate::quota
