// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/attempt_id.h"

#include <algorithm>
#include <cassert>

namespace tidegate::store {

namespace {

constexpr int kSequenceBits = 16;
constexpr int kWorkerBits = 6;
constexpr int kTimeShift = kSequenceBits + kWorkerBits;
constexpr std::int64_t kSequences = std::int64_t{1} << kSequenceBits;
constexpr std::int64_t kLastMillisecond = (std::int64_t{1} << 41) - 1;
constexpr std::chrono::sys_days kEpoch{std::chrono::year(2026) / 1 / 1};

std::int64_t milliseconds_of(WallTime time) {
  const auto since = std::chrono::floor<Milliseconds>(time - kEpoch).count();
  return std::clamp<std::int64_t>(since, 0, kLastMillisecond);
}

}  // namespace

AttemptId first_id_at(WallTime time) { return milliseconds_of(time) << kTimeShift; }

WallTime time_of(AttemptId id) { return WallTime(kEpoch) + Milliseconds(id >> kTimeShift); }

AttemptIdSource::AttemptIdSource(unsigned worker, AttemptId last_known)
    // One millisecond past the last known id, so that its sequence number does not matter.
    : worker_(worker), milliseconds_(last_known > 0 ? (last_known >> kTimeShift) + 1 : 0), sequence_(1) {
  assert(worker < kMaxWorkers);
}

AttemptId AttemptIdSource::next(Now now) {
  const std::int64_t milliseconds = milliseconds_of(now.wall);
  if (milliseconds > milliseconds_) {
    milliseconds_ = milliseconds;
    sequence_ = 0;
  } else if (sequence_ == kSequences) {
    ++milliseconds_;  // borrowed from the future: the clock stands still or went back
    sequence_ = 0;
  }
  return milliseconds_ << kTimeShift | worker_ << kSequenceBits | sequence_++;
}

}  // namespace tidegate::store
