// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/key_source_state.h"
#include "upstream/key_source.h"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace tidegate::app {

/// Reads one source of keys now and then, on a thread of its own: a source that hangs delays nobody. Any thread, unless
/// said otherwise.
class KeyWatch {
 public:
  /// Told after each reading, on the watch's thread, under no lock.
  using AfterReading = std::function<void(const KeyWatch&, const upstream::KeySet::Change&)>;

  KeyWatch(KeySourceState state, std::unique_ptr<upstream::KeySource> source, const Clock& clock,
           AfterReading after_reading);
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;
  ~KeyWatch() { stop(); }

  /// Once.
  void start();
  /// Waits for the first reading, good or bad, and until all were told of it. False: it took longer.
  bool wait_for_reading(Nanoseconds timeout);
  /// Makes the watch end soon, without waiting for it.
  void begin_stop();
  /// Returns when its thread has ended, after a reading that is under way. Not on the watch's own thread, and before the
  /// last but one owner is gone: the thread may hold one. Idempotent; one thread at a time.
  void stop();

  [[nodiscard]] upstream::KeySet keys() const;
  /// Adds its keys to those that are there already.
  void append_keys(std::vector<upstream::ProviderKey>& keys) const;
  /// Those in use that the last reading did not show.
  [[nodiscard]] std::size_t missing() const;
  [[nodiscard]] std::vector<monitor::Alarm> alarms() const;
  [[nodiscard]] const std::string& subject() const { return subject_; }

 private:
  void run();

  const std::string subject_;
  const std::unique_ptr<upstream::KeySource> source_;  ///< the watch's thread only
  const Clock& clock_;
  const AfterReading after_reading_;
  mutable std::mutex mutex_;  ///< guards state_, has_read_, stopping_
  std::condition_variable changed_;
  KeySourceState state_;
  bool has_read_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidegate::app
