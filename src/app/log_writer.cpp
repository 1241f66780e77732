// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/log_writer.h"

#include "base/time.h"

namespace tidegate::app {

namespace {

constexpr Milliseconds kPause(100);

}  // namespace

LogWriter::LogWriter(std::FILE* out, std::size_t capacity, std::size_t lanes) : out_(out) {
  for (std::size_t i = 0; i < lanes; ++i) lanes_.emplace_back(capacity);
  thread_ = std::thread([this] { work(); });
}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  (void)write_waiting();
}

void LogWriter::say(const std::string& line) {
  // stdio locks its file: two threads' lines do not mix.
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

std::uint64_t LogWriter::dropped() const {
  std::uint64_t sum = 0;
  for (const LogLane& lane : lanes_) sum += lane.dropped_.load(std::memory_order_relaxed);
  return sum;
}

bool LogWriter::write_waiting() {
  bool wrote = false;
  for (LogLane& lane : lanes_) {
    while (lane.lines_.pop_with([this](const std::string& line) { std::fwrite(line.data(), 1, line.size(), out_); })) wrote = true;
  }
  if (wrote) std::fflush(out_);
  return wrote;
}

void LogWriter::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    (void)write_waiting();
    lock.lock();
    changed_.wait_for(lock, kPause, [this] { return stopping_; });
  }
}

}  // namespace tidegate::app
