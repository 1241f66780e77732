// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/unpriced_models.h"

#include "llm/json/cursor.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace tidegate::app {

namespace {

constexpr const char* kAlarm = "price_unknown";
constexpr std::size_t kLongestName = 128;  // in bytes; the longest real one has about 60

}  // namespace

void UnpricedModels::note(const pricing::Cost& cost, std::string_view provider, WallTime now) {
  Unpriced unpriced{llm::json::to_valid_utf8(std::string(cost.unpriced_model.substr(0, kLongestName))), std::string(provider), cost.unpriced_speed};
  const std::lock_guard lock(mutex_);
  if (named_.contains(unpriced) || (has_more_ && named_.size() >= kMostNamed)) return;
  const auto book = prices_.current();
  if (unpriced.is_covered(*book, now)) return;  // it was priced by the book before this one
  if (named_.size() < kMostNamed) {
    named_.insert(std::move(unpriced));
  } else {
    has_more_ = true;
  }
  tell(*book, now);
}

void UnpricedModels::look(WallTime now) {
  const std::lock_guard lock(mutex_);
  if (named_.empty()) return;
  const auto book = prices_.current();
  std::erase_if(named_, [&](const Unpriced& unpriced) { return unpriced.is_covered(*book, now); });
  has_more_ = false;  // who was not named is noted with the next answer, if it has no price yet
  if (named_.empty()) {
    alarms_.clear(kAlarm, {}, now);
  } else {
    tell(*book, now);
  }
}

void UnpricedModels::tell(const pricing::PriceBook& book, WallTime now) {
  std::vector<std::string> unknown, fast;
  for (const Unpriced& unpriced : named_) {
    const bool lacks_speed = unpriced.speed == pricing::Speed::Fast && book.knows(unpriced.model, unpriced.provider, pricing::Speed::Standard, now);
    (lacks_speed ? fast : unknown).push_back(fmt::format("{} ({})", unpriced.model, unpriced.provider));
  }
  std::string message;
  if (!unknown.empty()) message = fmt::format("no price row covers {}, counted at `prices.unknown_model`; ", fmt::join(unknown, ", "));
  if (!fast.empty()) message += fmt::format("no row of speed fast covers {}, counted by the row of its standard speed; ", fmt::join(fast, ", "));
  if (has_more_) message += "others lack one as well; ";
  alarms_.raise({.kind = kAlarm, .subject = {}, .severity = Severity::Warning, .message = message + "add what is missing under `prices.rows`", .since = now});
}

}  // namespace tidegate::app
