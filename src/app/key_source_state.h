// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "monitor/alarm.h"
#include "upstream/key_set.h"
#include "upstream/key_source.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::app {

/// What is known of one source of keys: those in use, and what is wrong with it. Pure: readings go in, alarms come out.
class KeySourceState {
 public:
  /// `place` is what messages call it (`redis://127.0.0.1:6379/0#claude_keys`), `label` what leads the names of its keys.
  /// `known`: keys of an earlier life of the same place.
  KeySourceState(ProviderId provider, std::string place, std::string label, Nanoseconds every,
                 std::optional<upstream::KeySet> known = std::nullopt);

  upstream::KeySet::Change take(const Result<upstream::KeyReading>& reading, WallTime now);

  [[nodiscard]] const upstream::KeySet& keys() const { return keys_; }
  /// Those in force, at most one of each of kAlarmKinds.
  [[nodiscard]] std::vector<monitor::Alarm> alarms() const;
  /// Of every alarm of this source: `anthropic redis://127.0.0.1:6379/0#claude_keys`.
  [[nodiscard]] const std::string& subject() const { return subject_; }
  /// Until the next reading: doubled with each failure, but a source that is back is seen within kLongestPause.
  [[nodiscard]] Nanoseconds pause() const;

  static constexpr std::array<const char*, 4> kAlarmKinds{"key_source", "keys_empty", "key_entries", "key_rotation"};
  static constexpr Seconds kLongestPause{10};

 private:
  [[nodiscard]] monitor::Alarm alarm(const char* kind, std::string message, WallTime since) const;

  std::string place_;
  std::string subject_;
  Nanoseconds every_;
  upstream::KeySet keys_;
  int failures_ = 0;  ///< since the last reading
  std::string last_failure_;
  std::size_t unusable_ = 0;
  std::string rotation_trouble_;
  bool is_empty_ = false;
  // Since when what the alarms speak of is so.
  WallTime failing_since_{};
  WallTime empty_since_{};
  WallTime unusable_since_{};
  WallTime unrotated_since_{};
};

}  // namespace tidegate::app
