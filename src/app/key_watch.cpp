// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/key_watch.h"

#include <algorithm>
#include <utility>

namespace tidegate::app {

KeyWatch::KeyWatch(KeySourceState state, std::unique_ptr<upstream::KeySource> source, const Clock& clock,
                   AfterReading after_reading)
    : subject_(state.subject()),
      source_(std::move(source)),
      clock_(clock),
      after_reading_(std::move(after_reading)),
      state_(std::move(state)) {}

void KeyWatch::start() {
  thread_ = std::thread([this] { run(); });
}

bool KeyWatch::wait_for_reading(Nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return has_read_; });
}

void KeyWatch::begin_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void KeyWatch::stop() {
  begin_stop();
  if (thread_.joinable()) thread_.join();
}

void KeyWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Result<upstream::KeyReading> reading = source_->read();
    lock.lock();
    const upstream::KeySet::Change change = state_.take(reading, clock_.now().wall);
    const Nanoseconds pause = state_.pause();
    lock.unlock();
    after_reading_(*this, change);
    lock.lock();
    has_read_ = true;  // only now: who waits for a reading also expects what follows from it
    changed_.notify_all();
    changed_.wait_for(lock, pause, [this] { return stopping_; });
  }
}

upstream::KeySet KeyWatch::keys() const {
  const std::lock_guard lock(mutex_);
  return state_.keys();
}

void KeyWatch::append_keys(std::vector<upstream::ProviderKey>& keys) const {
  const std::lock_guard lock(mutex_);
  upstream::append_keys(keys, state_.keys().keys());
}

std::size_t KeyWatch::missing() const {
  const std::lock_guard lock(mutex_);
  const auto& keys = state_.keys().keys();
  return static_cast<std::size_t>(
      std::count_if(keys.begin(), keys.end(), [](const upstream::KeySet::Key& key) { return key.is_missing; }));
}

std::vector<monitor::Alarm> KeyWatch::alarms() const {
  const std::lock_guard lock(mutex_);
  return state_.alarms();
}

}  // namespace tidegate::app
