// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "gateway/outcome.h"
#include "store/attempt_id.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::app {

/// Writes log lines on a thread of its own. A line that finds `capacity` others waiting is dropped and counted: a slow disk or
/// terminal never slows a request. Any thread.
class LogWriter {
 public:
  /// `out` stays the caller's and outlives the writer.
  LogWriter(std::FILE* out, std::size_t capacity);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  /// Writes what waits.
  ~LogWriter();

  void write(std::string line);
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  void work();

  std::FILE* out_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> waiting_;  ///< guarded by mutex_
  std::uint64_t dropped_ = 0;         ///< guarded by mutex_
  bool stopping_ = false;             ///< guarded by mutex_
  std::thread thread_;
};

/// One structured line (logfmt) of a request, at its end. Names, numbers and ids only: never a prompt, an answer or a key.
[[nodiscard]] std::string to_log_line(const gateway::Outcome& outcome);

}  // namespace tidegate::app
