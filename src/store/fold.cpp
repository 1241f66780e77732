// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/fold.h"

#include <algorithm>

namespace tidegate::store {

namespace {

constexpr std::size_t kMaxSpare = 4096;

void take(LedgerEntry& entry, const BeginRecord& record) {
  entry.started_at = record.started_at;
  entry.kind = record.kind;
  entry.attempt = record.attempt;
  entry.stream = record.stream;
  entry.metered = record.metered;
  entry.request_id = record.request_id;
  entry.dialect = record.dialect;
  entry.endpoint = record.endpoint;
  entry.provider = record.provider;
  entry.pool = record.pool;
  entry.model = record.model;
  entry.tenant = record.tenant;
  entry.key = record.key;
  entry.user = record.user;
  entry.session = record.session;
  entry.agent = record.agent;
  entry.estimated_input = record.estimated_input;
}

void take(LedgerEntry& entry, const ChargeRecord& record) {
  entry.tokens = record.tokens;
  entry.web_search_requests = record.web_search_requests;
  entry.estimated = record.estimated;
  entry.price_known = record.price_known;
  entry.cost = record.cost;
  entry.response_model = record.response_model;
  entry.service_tier = record.service_tier;
  entry.speed = record.speed;
  entry.inference_geo = record.inference_geo;
  entry.upstream_request_id = record.upstream_request_id;
  entry.organisation = record.organisation;
  entry.workspace = record.workspace;
}

void take(LedgerEntry& entry, const EndRecord& record) {
  entry.state = record.state;
  entry.status = record.status;
  entry.upstream_status = record.upstream_status;
  entry.error_kind = record.error_kind;
  entry.stop_reason = record.stop_reason;
  entry.queue_wait = record.queue_wait;
  entry.time_to_first_byte = record.time_to_first_byte;
  entry.duration = record.duration;
  entry.request_bytes = record.request_bytes;
  entry.response_bytes = record.response_bytes;
}

/// Takes out what an earlier attempt left in a reused object, where no record of this one overwrote it. The texts keep
/// their memory. Done at the end, because then there is mostly nothing to do.
void clear_unseen(FoldedAttempt& attempt) {
  if (!attempt.seen[0]) take(attempt.entry, BeginRecord{});
  if (!attempt.seen[1]) take(attempt.entry, ChargeRecord{});
  if (!attempt.seen[2]) {
    take(attempt.entry, EndRecord{});
    attempt.entry.state = AttemptState::Interrupted;
  }
}

/// Notes record number `which` of an attempt; false if it was there.
bool note(FoldedAttempt& attempt, std::size_t which, std::size_t& pins) {
  if (attempt.seen[which]) return false;
  attempt.seen[which] = true;
  attempt.pins[which] = &pins;
  ++pins;
  return true;
}

}  // namespace

FoldedAttempt& Fold::attempt(AttemptId id) {
  greatest_id_ = std::max(greatest_id_, id);
  const auto found = open_.find(id);
  if (found != open_.end()) return found->second;
  if (spare_.empty()) {
    FoldedAttempt& made = open_[id];
    made.entry.id = id;
    return made;
  }
  Attempts::node_type node = std::move(spare_.back());
  spare_.pop_back();
  node.key() = id;
  node.mapped().seen = {};
  node.mapped().estimated_cost = {};
  node.mapped().entry.id = id;
  return open_.insert(std::move(node)).position->second;
}

void Fold::finish(AttemptId id) {
  finished_.push_back(open_.extract(id));
  clear_unseen(finished_.back().mapped());
}

const std::vector<const LedgerEntry*>& Fold::finished(std::size_t count) {
  group_.clear();
  for (std::size_t i = 0; i < count; ++i) group_.push_back(&finished_[i].mapped().entry);
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
    LedgerEntry entry = interrupted(open_[id]);
    finish(id);
    finished_.back().mapped().entry = std::move(entry);
  }
}

Fold::Applied Fold::apply(const RecordView& view, std::size_t& pins) {
  switch (view.kind) {
    case RecordKind::Begin: {
      const auto record = decode_begin(view);
      if (!record) return Applied::Malformed;
      FoldedAttempt& known = attempt(record->id);
      if (!note(known, 0, pins)) return Applied::Repeated;
      known.estimated_cost = record->estimated_cost;
      take(known.entry, *record);
      return Applied::Added;
    }
    case RecordKind::Charge: {
      const auto record = decode_charge(view);
      if (!record) return Applied::Malformed;
      FoldedAttempt& known = attempt(record->id);
      if (!note(known, 1, pins)) return Applied::Repeated;
      take(known.entry, *record);
      return Applied::Added;
    }
    case RecordKind::End: {
      const auto record = decode_end(view);
      if (!record) return Applied::Malformed;
      FoldedAttempt& known = attempt(record->id);
      if (!note(known, 2, pins)) return Applied::Repeated;
      take(known.entry, *record);
      finish(record->id);
      return Applied::Added;
    }
    case RecordKind::Padding: break;
  }
  return Applied::Malformed;
}

LedgerEntry interrupted(const FoldedAttempt& attempt) {
  FoldedAttempt clean = attempt;
  clear_unseen(clean);
  LedgerEntry entry = std::move(clean.entry);
  if (!attempt.seen[1] && !attempt.seen[2]) {
    entry.cost = attempt.estimated_cost;
    entry.estimated = true;
    entry.tokens.input = entry.estimated_input;
  }
  return entry;
}

BeginRecord begin_record(const FoldedAttempt& attempt) {
  const LedgerEntry& entry = attempt.entry;
  BeginRecord record;
  record.id = entry.id;
  record.started_at = entry.started_at;
  record.kind = entry.kind;
  record.attempt = static_cast<std::uint8_t>(entry.attempt);
  record.stream = entry.stream;
  record.metered = entry.metered;
  record.request_id = entry.request_id;
  record.dialect = entry.dialect;
  record.endpoint = entry.endpoint;
  record.provider = entry.provider;
  record.pool = entry.pool;
  record.model = entry.model;
  record.tenant = entry.tenant;
  record.key = entry.key;
  record.user = entry.user;
  record.session = entry.session;
  record.agent = entry.agent;
  record.estimated_input = entry.estimated_input;
  record.estimated_cost = attempt.estimated_cost;
  return record;
}

ChargeRecord charge_record(const FoldedAttempt& attempt) {
  const LedgerEntry& entry = attempt.entry;
  ChargeRecord record;
  record.id = entry.id;
  record.tokens = entry.tokens;
  record.web_search_requests = entry.web_search_requests;
  record.estimated = entry.estimated;
  record.price_known = entry.price_known;
  record.cost = entry.cost;
  record.response_model = entry.response_model;
  record.service_tier = entry.service_tier;
  record.speed = entry.speed;
  record.inference_geo = entry.inference_geo;
  record.upstream_request_id = entry.upstream_request_id;
  record.organisation = entry.organisation;
  record.workspace = entry.workspace;
  return record;
}

}  // namespace tidegate::store
