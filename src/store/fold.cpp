// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/fold.h"

#include <algorithm>

namespace tidegate::store {

namespace {

constexpr std::size_t kMaxSpare = 4096;
constexpr std::size_t kBegin = 0;
constexpr std::size_t kCharge = 1;
constexpr std::size_t kEnd = 2;

/// Fills in what was not written; an object that is reused still has an earlier attempt's there. Done at the end,
/// because then there is mostly nothing to do.
void complete(FoldedAttempt& attempt) {
  AttemptRecords& records = attempt.records;
  if (!attempt.seen[kBegin]) records.begin = BeginRecord{};
  if (!attempt.seen[kCharge]) records.charge = ChargeRecord{};
  if (!attempt.seen[kEnd]) {
    records.end = EndRecord{};
    records.end.state = AttemptState::Interrupted;
  }
  records.begin.id = records.charge.id = records.end.id = attempt.id;
}

/// Notes record number `which` of an attempt; false if it was there.
bool note(FoldedAttempt& attempt, std::size_t which, std::size_t& pins) {
  if (attempt.seen[which]) return false;
  attempt.seen[which] = true;
  attempt.pins[which] = &pins;
  ++pins;
  return true;
}

void repin(std::size_t*& held, std::size_t& pins) {
  --*held;
  held = &pins;
  ++pins;
}

}  // namespace

FoldedAttempt& Fold::attempt(AttemptId id) {
  greatest_id_ = std::max(greatest_id_, id);
  const auto found = open_.find(id);
  if (found != open_.end()) return found->second;
  if (spare_.empty()) {
    FoldedAttempt& made = open_[id];
    made.id = id;
    return made;
  }
  Attempts::node_type node = std::move(spare_.back());
  spare_.pop_back();
  node.key() = id;
  node.mapped().id = id;
  node.mapped().seen = {};
  return open_.insert(std::move(node)).position->second;
}

void Fold::finish(AttemptId id) {
  finished_.push_back(open_.extract(id));
  complete(finished_.back().mapped());
}

const std::vector<const AttemptRecords*>& Fold::finished(std::size_t count) {
  group_.clear();
  for (std::size_t i = 0; i < count; ++i) group_.push_back(&finished_[i].mapped().records);
  return group_;
}

void Fold::release(std::size_t count) {
  const auto end = finished_.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto node = finished_.begin(); node != end; ++node) {
    FoldedAttempt& done = node->mapped();
    for (std::size_t which = 0; which < done.seen.size(); ++which) {
      if (done.seen[which]) --*done.pins[which];
    }
    if (spare_.size() < kMaxSpare) spare_.push_back(std::move(*node));
  }
  finished_.erase(finished_.begin(), end);
}

void Fold::finish_interrupted() {
  std::vector<AttemptId> ids;
  for (const auto& [id, attempt] : open_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const AttemptId id : ids) {
    finish(id);
    FoldedAttempt& attempt = finished_.back().mapped();
    attempt.records = interrupted(attempt);
  }
}

Fold::Applied Fold::apply(const RecordView& view, std::size_t& pins) {
  switch (view.kind) {
    case RecordKind::Begin: {
      const auto record = decode_begin(view);
      if (!record) return Applied::Malformed;
      FoldedAttempt& known = attempt(record->id);
      if (!note(known, kBegin, pins)) return Applied::Repeated;
      known.records.begin = *record;
      return Applied::Added;
    }
    case RecordKind::Charge: {
      const auto record = decode_charge(view);
      if (!record) return Applied::Malformed;
      FoldedAttempt& known = attempt(record->id);
      if (!note(known, kCharge, pins)) return Applied::Repeated;
      known.records.charge = *record;
      return Applied::Added;
    }
    case RecordKind::End: {
      const auto record = decode_end(view);
      if (!record) return Applied::Malformed;
      FoldedAttempt& known = attempt(record->id);
      if (!note(known, kEnd, pins)) return Applied::Repeated;
      known.records.end = *record;
      finish(record->id);
      return Applied::Added;
    }
    case RecordKind::Padding: break;
  }
  return Applied::Malformed;
}

AttemptRecords interrupted(const FoldedAttempt& attempt) {
  FoldedAttempt completed = attempt;
  complete(completed);
  AttemptRecords& records = completed.records;
  if (!attempt.seen[kCharge] && !attempt.seen[kEnd]) {
    records.charge.cost = records.begin.estimated_cost;
    records.charge.estimated = true;
    records.charge.tokens.input = records.begin.estimated_input;
  }
  return records;
}

void move_record(FoldedAttempt& attempt, const RecordView& copy, std::size_t& pins) {
  if (const auto begin = decode_begin(copy)) {
    attempt.records.begin = *begin;
    repin(attempt.pins[kBegin], pins);
  } else if (const auto charge = decode_charge(copy)) {
    attempt.records.charge = *charge;
    repin(attempt.pins[kCharge], pins);
  }
}

}  // namespace tidegate::store
