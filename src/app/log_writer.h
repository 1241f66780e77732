// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ring.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace tidegate::app {

/// One thread's way into the log: a bounded ring of lines whose memory is used again. A line that finds the ring full is dropped and
/// counted: a slow disk or terminal never slows a request. Its thread only.
class LogLane {
 public:
  explicit LogLane(std::size_t capacity) : lines_(capacity) {}

  /// `fill(line)` appends to an empty string; no lock and, once the lane is warm, no allocation.
  template <typename Fill>
  void write(Fill fill) {
    const bool taken = lines_.push_with([&](std::string& line) {
      line.clear();
      fill(line);
    });
    if (!taken) dropped_.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  friend class LogWriter;
  Ring<std::string> lines_;
  std::atomic<std::uint64_t> dropped_ = 0;
};

/// Writes the lines of all lanes on a thread of its own, a tenth of a second late at most: waking that thread for every line would cost
/// a request a system call.
class LogWriter {
 public:
  /// `capacity` lines wait in each of `lanes` lanes. `out` stays the caller's and outlives the writer.
  LogWriter(std::FILE* out, std::size_t capacity, std::size_t lanes);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  /// Writes what waits.
  ~LogWriter();

  /// For the thread that worker `number` runs on.
  [[nodiscard]] LogLane& lane(std::size_t number) { return lanes_[number]; }
  /// A line from anywhere else, with its line end: starts, reloads, alarms. Any thread; waits for the file.
  void say(const std::string& line);
  /// Any thread.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  void work();
  [[nodiscard]] bool write_waiting();

  std::FILE* out_;
  std::deque<LogLane> lanes_;
  std::mutex mutex_;  ///< guards stopping_
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidegate::app
