// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/alert_keeper.h"

#include <utility>

namespace tidegate::app {

namespace {

constexpr const char* kAlarm = "history_not_saved";

}  // namespace

void AlertKeeper::look(Now now) {
  if (failed_at_ && now.steady - *failed_at_ < kPause) return;
  Result<void> done = is_read_ ? Result<void>() : read(now);
  if (done) done = save(now);
  if (done) {
    failed_at_.reset();
    alarms_.clear(kAlarm, {}, now.wall);
    return;
  }
  failed_at_ = now.steady;
  alarms_.raise({.kind = kAlarm,
                 .subject = {},
                 .severity = Severity::Warning,
                 .message = done.error().detail + "; alerts go on, and a restart forgets what became of them",
                 .since = now.wall});
}

Result<void> AlertKeeper::read(Now now) {
  auto memory = store_.load(monitor::LimitHistory::kMostChanges);
  if (!memory) return fail(memory);
  standings_ = memory->standings;
  threads_ = memory->threads;
  if (courier_ != nullptr) courier_->restore_threads(std::move(memory->threads));
  center_.restore(std::move(*memory), now);
  is_read_ = true;
  return {};
}

Result<void> AlertKeeper::save(Now now) {
  AlertCenter::Taken taken = saved_;
  store::AlertMemory memory = center_.memory_since(taken, now);
  if (courier_ != nullptr) memory.threads = courier_->threads();
  const bool is_same = memory.standings == standings_ && memory.threads == threads_;
  if (memory.steps.empty() && memory.limit_changes.empty() && is_same) return {};
  if (Result<void> saved = store_.save(memory, now.wall); !saved) return saved;
  saved_ = taken;
  standings_ = std::move(memory.standings);
  threads_ = std::move(memory.threads);
  return {};
}

}  // namespace tidegate::app
