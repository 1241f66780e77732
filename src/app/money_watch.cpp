// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/money_watch.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace tidegate::app {

namespace {

std::string message_of(const quota::RoomBook::SpentPool& pool, Now now) {
  if (!pool.asked_at) return "the provider says that its money is spent, and it is asked all the same, because there is no other: add credit, or raise its limit";
  const std::string when = *pool.asked_at <= now.steady
                               ? std::string("the next request looks whether there is money again")
                               : fmt::format("it is not asked until {}", to_rfc3339(std::chrono::ceil<Seconds>(now.wall + (*pool.asked_at - now.steady))));
  return fmt::format("the provider says that its money is spent; {}, other pools serve meanwhile: add credit, or raise its limit", when);
}

}  // namespace

void MoneyWatch::look(quota::RoomBook& rooms, AlarmBoard& alarms, Now now) {
  std::set<std::string> spent;
  for (const quota::RoomBook::SpentPool& pool : rooms.spent_pools()) {
    if (spent.size() >= kMostAlarms) break;
    std::string subject = fmt::format("{}/{}", pool.provider, pool.pool);
    alarms.raise({.kind = "money_spent", .subject = subject, .severity = Severity::Critical, .message = message_of(pool, now), .since = now.wall});
    spent.insert(std::move(subject));
  }
  for (const std::string& subject : told_) {
    if (!spent.contains(subject)) alarms.clear("money_spent", subject, now.wall);
  }
  told_ = std::move(spent);
}

}  // namespace tidegate::app
