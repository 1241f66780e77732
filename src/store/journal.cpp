// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/journal.h"

namespace tidegate::store {

bool JournalWriter::accepting() const {
  const std::size_t waiting = scarce_.load(std::memory_order_relaxed) ? begun_.load(std::memory_order_relaxed) : 0;
  const std::size_t wanted = kMaxBeginBytes + (waiting + 1) * kMaxRestBytes;
  std::size_t room = current_ == nullptr ? 0 : current_->room();
  if (room >= wanted) return true;
  const Segment* offered = offered_.load(std::memory_order_acquire);
  if (offered != nullptr) room += offered->room();
  return room >= wanted;
}

Recorded JournalWriter::begin(const BeginRecord& record) {
  if (!accepting()) {
    not_recorded_.fetch_add(1, std::memory_order_relaxed);
    return Recorded::No;
  }
  const Recorded recorded = append(record);
  // One thread stores it, so that this needs no locked addition.
  if (recorded == Recorded::Yes) begun_.store(begun_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return recorded;
}

Recorded JournalWriter::charge(const ChargeRecord& record) { return append(record); }

Recorded JournalWriter::end(const EndRecord& record) {
  const std::size_t begun = begun_.load(std::memory_order_relaxed);
  if (begun > 0) begun_.store(begun - 1, std::memory_order_relaxed);
  const Recorded recorded = append(record);
  if (recorded == Recorded::Yes) ended_.store(ended_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return recorded;
}

template <typename Record>
Recorded JournalWriter::append(const Record& record) {
  const std::size_t bytes = payload_bytes(record);
  std::byte* place = make_room(record_bytes(bytes));
  if (place == nullptr) {
    not_recorded_.fetch_add(1, std::memory_order_relaxed);
    return Recorded::No;
  }
  write_record(place, sequence_++, record, bytes);
  return Recorded::Yes;
}

std::byte* JournalWriter::make_room(std::size_t bytes) {
  if (turn_.load(std::memory_order_relaxed) && take_offered()) turn_.store(false, std::memory_order_relaxed);
  if (current_ != nullptr) {
    std::byte* place = current_->make_room(bytes);
    if (place != nullptr) return place;
  }
  return take_offered() ? current_->make_room(bytes) : nullptr;
}

bool JournalWriter::take_offered() {
  if (offered_.load(std::memory_order_relaxed) == nullptr) return false;
  current_ = offered_.exchange(nullptr, std::memory_order_acquire);
  // Release: whoever sees the new segment here also sees every record of the one before.
  active_.store(current_, std::memory_order_release);
  return true;
}

}  // namespace tidegate::store
