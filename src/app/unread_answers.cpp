// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/unread_answers.h"

namespace tidegate::app {

namespace {

constexpr const char* kAlarm = "usage_unread";

}  // namespace

void UnreadAnswers::could_not_read(std::string_view provider, Now now) {
  const std::lock_guard lock(mutex_);
  last_.insert_or_assign(std::string(provider), now.steady);
  any_.store(true, std::memory_order_release);
  alarms_.raise({.kind = kAlarm,
                 .subject = std::string(provider),
                 .severity = Severity::Warning,
                 .message = "its answers tell no usage that can be read here (compressed although asked not to, or not in its dialect), so their cost is "
                            "an estimate; look whether something between here and there changes answers, and at `base_url` and `dialect`",
                 .since = now.wall});
}

void UnreadAnswers::could_read(std::string_view provider, Now now) {
  const std::lock_guard lock(mutex_);
  const auto found = last_.find(provider);
  if (found == last_.end() || now.steady - found->second < kQuiet) return;
  last_.erase(found);
  any_.store(!last_.empty(), std::memory_order_release);
  alarms_.clear(kAlarm, std::string(provider), now.wall);
}

}  // namespace tidegate::app
