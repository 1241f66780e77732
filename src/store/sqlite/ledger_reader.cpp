// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/ledger_reader.h"

#include "store/attempt_id.h"
#include "store/directory_lock.h"
#include "store/journal_reader.h"
#include "store/sqlite/database.h"
#include "store/sqlite/ledger_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>

namespace tidegate::store {

namespace {

/// A dimension as SQL over entry e, label_set l and texts u, s, a.
std::string_view expression(Dimension dimension) {
  switch (dimension) {
    case Dimension::Model: return "l.model";
    case Dimension::ResponseModel: return "l.response_model";
    case Dimension::Provider: return "l.provider";
    case Dimension::Pool: return "l.pool";
    case Dimension::Endpoint: return "l.endpoint";
    case Dimension::Dialect: return "l.dialect";
    case Dimension::Tenant: return "l.tenant";
    case Dimension::Key: return "l.key";
    case Dimension::User: return "ifnull(u.value, '')";
    case Dimension::Session: return "ifnull(s.value, '')";
    case Dimension::Agent: return "ifnull(a.value, '')";
    case Dimension::Organisation: return "l.organisation";
    case Dimension::State:
      return "CASE e.flags & 15 WHEN 0 THEN 'completed' WHEN 1 THEN 'failed' WHEN 2 THEN 'client_gone' WHEN 3 THEN "
             "'truncated'"
             " WHEN 4 THEN 'refused' ELSE 'interrupted' END";
    case Dimension::Day: return "strftime('%Y-%m-%d', e.started_at / 1000000000, 'unixepoch')";
    case Dimension::Hour: return "strftime('%Y-%m-%dT%H:00Z', e.started_at / 1000000000, 'unixepoch')";
    case Dimension::Minute: return "strftime('%Y-%m-%dT%H:%MZ', e.started_at / 1000000000, 'unixepoch')";
  }
  return "''";
}

/// What tells groups apart where that is less work than the label itself: times are divided for each row, and written once for each group.
std::string grouping(Dimension dimension, std::size_t column) {
  switch (dimension) {
    case Dimension::Day: return "e.started_at / 86400000000000";
    case Dimension::Hour: return "e.started_at / 3600000000000";
    case Dimension::Minute: return "e.started_at / 60000000000";
    default: return std::to_string(column);
  }
}

constexpr std::string_view kFrom =
    " FROM entry e LEFT JOIN label_set l ON l.id = e.labels LEFT JOIN text u ON u.id = e.user"
    " LEFT JOIN text s ON s.id = e.session LEFT JOIN text a ON a.id = e.agent";

std::string where(const EntryFilter& filter) {
  // Values are bound, not written: parameters 1 and 2 are the ids, 3 on the values. Joins that nothing refers to are
  // dropped by SQLite's planner, since their keys are unique.
  std::string sql = " WHERE e.id >= ?1 AND e.id < ?2";
  if (filter.kind) sql += fmt::format(" AND (e.flags >> 4 & 3) = {}", static_cast<int>(*filter.kind));
  if (filter.status) sql += fmt::format(" AND e.status BETWEEN {} AND {}", filter.status->lowest, filter.status->highest);
  for (std::size_t i = 0; i < filter.equals.size(); ++i) {
    sql += fmt::format(" AND {} = ?{}", expression(filter.equals[i].dimension), i + 3);
  }
  if (filter.request_id) sql += fmt::format(" AND e.request_id = ?{}", filter.equals.size() + 3);
  return sql;
}

void bind(Statement& statement, const EntryFilter& filter) {
  statement.bind(1, filter.since ? first_id_at(*filter.since) : 0);
  statement.bind(2, filter.until ? first_id_at(*filter.until) : std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = 0; i < filter.equals.size(); ++i) {
    statement.bind(static_cast<int>(i) + 3, std::string_view(filter.equals[i].value));
  }
  if (filter.request_id) statement.bind(static_cast<int>(filter.equals.size()) + 3, std::string_view(*filter.request_id));
}

constexpr std::string_view kColumns =
    "SELECT e.id, e.started_at, e.flags, e.request_id, l.dialect, l.endpoint, l.provider, l.pool, l.model, "
    "l.response_model,"
    " l.tenant, l.key, u.value, s.value, a.value, l.service_tier, l.speed, l.inference_geo, e.upstream_request_id,"
    " l.organisation, l.workspace, l.error_kind, l.stop_reason, e.input, e.cache_read, e.cache_write_5m, "
    "e.cache_write_1h,"
    " e.output, e.reasoning, e.web_search_requests, e.estimated_input, e.cost, e.status, e.upstream_status, "
    "e.queue_wait,"
    " e.time_to_first_byte, e.duration, e.request_bytes, e.response_bytes";

void read_entry(const Statement& row, LedgerEntry& e) {
  int at = 0;
  const auto text = [&](std::string& to) { to = row.text(at++); };
  const auto number = [&] { return row.number(at++); };
  e.id = number();
  e.started_at = wall_time_from_unix_nanoseconds(number());
  unpack_flags(number(), e);
  for (std::string* to : {&e.request_id,   &e.dialect,   &e.endpoint,       &e.provider,
                          &e.pool,         &e.model,     &e.response_model, &e.tenant,
                          &e.key,          &e.user,      &e.session,        &e.agent,
                          &e.service_tier, &e.speed,     &e.inference_geo,  &e.upstream_request_id,
                          &e.organisation, &e.workspace, &e.error_kind,     &e.stop_reason}) {
    text(*to);
  }
  for (std::int64_t* to : {&e.tokens.input, &e.tokens.cache_read, &e.tokens.cache_write_5m, &e.tokens.cache_write_1h,
                           &e.tokens.output, &e.tokens.reasoning, &e.web_search_requests, &e.estimated_input}) {
    *to = number();
  }
  e.cost = Money::nanodollars(number());
  e.status = static_cast<int>(number());
  e.upstream_status = static_cast<int>(number());
  e.queue_wait = Nanoseconds(number());
  e.time_to_first_byte = Nanoseconds(number());
  e.duration = Nanoseconds(number());
  e.request_bytes = number();
  e.response_bytes = number();
}

constexpr std::string_view kSums =
    "count(*), sum((e.flags >> 16) = 1 AND (e.flags >> 4 & 3) = 0), sum((e.flags & 15) IN (1, 3, 5)), sum((e.flags & "
    "15) = 4),"
    " sum((e.flags & 15) = 5), sum(e.input), sum(e.cache_read), sum(e.cache_write_5m), sum(e.cache_write_1h), "
    "sum(e.output),"
    " sum(e.reasoning), sum(e.web_search_requests), sum(e.cost), sum(e.cost * (e.flags >> 8 & 1)), sum(1 - (e.flags >> "
    "9 & 1))";

void read_sums(const Statement& row, int at, CostRow& sums) {
  for (std::int64_t* to :
       {&sums.attempts, &sums.requests, &sums.errors, &sums.refused, &sums.interrupted, &sums.tokens.input,
        &sums.tokens.cache_read, &sums.tokens.cache_write_5m, &sums.tokens.cache_write_1h, &sums.tokens.output,
        &sums.tokens.reasoning, &sums.web_search_requests}) {
    *to = row.number(at++);
  }
  sums.cost = Money::nanodollars(row.number(at++));
  sums.estimated_cost = Money::nanodollars(row.number(at++));
  sums.price_unknown = row.number(at);
}

/// The filter's entries that the journal holds, by id, whether or not the ledger has them already.
std::map<AttemptId, LedgerEntry> journal_entries(const std::filesystem::path& directory,
                                                 LedgerReader::Writers writers, const EntryFilter& filter) {
  const bool running = writers == LedgerReader::Writers::AsFound && DirectoryLock::is_held(directory);
  ForeignJournal journal(directory / "journal", running ? SegmentCursor::Holes::Stop : SegmentCursor::Holes::Skip);
  std::map<AttemptId, LedgerEntry> entries;
  const auto keep = [&](const FoldedAttempt& attempt) {
    // Without its begin, the attempt was drained before (its first segment is gone); the ledger has it whole.
    if (!attempt.seen[0]) return;
    LedgerEntry entry = entry_of(interrupted(attempt));
    if (running && !attempt.seen[2]) entry.state = AttemptState::Completed;  // charged, and about to end
    if (matches(filter, entry)) entries.emplace(entry.id, std::move(entry));
  };
  Fold fold;
  constexpr std::size_t kGroup = 1024;
  for (bool complete = false; !complete;) {
    complete = journal.read(fold, kGroup);
    for (std::size_t i = 0; i < fold.finished_count(); ++i) keep(fold.finished_attempt(i));
    fold.release(fold.finished_count());
  }
  for (const auto& [id, attempt] : fold.open()) {
    if (!running || attempt.seen[1]) keep(attempt);
  }
  return entries;
}

/// One question's view of a directory: the journal is read before the ledger, so that an entry which moves meanwhile is
/// seen twice (and then dropped here) rather than never.
class Snapshot {
 public:
  [[nodiscard]] static Result<Snapshot> take(const std::filesystem::path& directory, LedgerReader::Writers writers,
                                             const EntryFilter& filter) {
    Snapshot snapshot;
    snapshot.undrained_ = journal_entries(directory, writers, filter);
    auto opened = Database::open(directory / "ledger.db", Database::Access::ReadOnly);
    if (!opened) {
      if (opened.error().kind == FailureKind::NotFound) return snapshot;
      return fail(opened);
    }
    snapshot.database_ = std::make_unique<Database>(std::move(*opened));
    if (auto begun = snapshot.database_->execute("BEGIN"); !begun) return fail(begun);
    const auto tables = snapshot.database_->number("SELECT count(*) FROM sqlite_master WHERE name = 'entry'");
    if (!tables) return fail(tables);
    if (*tables == 0) {
      snapshot.database_.reset();  // made, but not filled yet
      return snapshot;
    }
    if (auto dropped = snapshot.drop_drained(); !dropped) return fail(dropped);
    return snapshot;
  }

  /// Null if there is none yet.
  [[nodiscard]] Database* database() { return database_.get(); }
  [[nodiscard]] const std::map<AttemptId, LedgerEntry>& undrained() const { return undrained_; }

 private:
  [[nodiscard]] Result<void> drop_drained() {
    auto find = database_->prepare("SELECT 1 FROM entry WHERE id = ?1");
    if (!find) return fail(find);
    for (auto entry = undrained_.begin(); entry != undrained_.end();) {
      find->bind(1, entry->first);
      const auto row = find->step();
      find->reset();
      if (!row) return fail(row);
      entry = *row ? undrained_.erase(entry) : std::next(entry);
    }
    return {};
  }

  std::unique_ptr<Database> database_;
  std::map<AttemptId, LedgerEntry> undrained_;
};

}  // namespace

Result<void> LedgerReader::check() const {
  // Of one who may not look we do not say that there is none: opening it tells what is wrong.
  std::error_code database, journal;
  const auto is_absent = [&](const char* name, std::error_code& error) {
    return !std::filesystem::exists(directory_ / name, error) && !error;
  };
  if (!is_absent("ledger.db", database) || !is_absent("journal", journal)) return {};
  return fail(FailureKind::NotFound, Origin::Operator,
              fmt::format("there is no ledger in {} (neither ledger.db nor journal); name its directory with --ledger or in the configuration",
                          directory_.string()));
}

Result<void> LedgerReader::for_each(const EntryFilter& filter, const std::function<bool(const LedgerEntry&)>& take) {
  auto snapshot = Snapshot::take(directory_, writers_, filter);
  if (!snapshot) return fail(snapshot);
  if (Database* database = snapshot->database()) {
    auto query = database->prepare(fmt::format("{}{}{} ORDER BY e.id", kColumns, kFrom, where(filter)));
    if (!query) return fail(query);
    bind(*query, filter);
    LedgerEntry entry;
    for (;;) {
      const auto row = query->step();
      if (!row) return fail(row);
      if (!*row) break;
      read_entry(*query, entry);
      if (!take(entry)) return {};
    }
  }
  for (const auto& [id, entry] : snapshot->undrained()) {
    if (!take(entry)) return {};
  }
  return {};
}

Result<std::vector<LedgerEntry>> LedgerReader::newest(const EntryFilter& filter, std::size_t most) {
  auto snapshot = Snapshot::take(directory_, writers_, filter);
  if (!snapshot) return fail(snapshot);
  // Both parts may hold the newest: one that runs long is drained after others that began later.
  std::vector<LedgerEntry> entries;
  for (auto at = snapshot->undrained().rbegin(); at != snapshot->undrained().rend() && entries.size() < most; ++at) {
    entries.push_back(at->second);
  }
  if (Database* database = snapshot->database()) {
    auto query = database->prepare(fmt::format("{}{}{} ORDER BY e.id DESC LIMIT {}", kColumns, kFrom, where(filter), most));
    if (!query) return fail(query);
    bind(*query, filter);
    for (;;) {
      const auto row = query->step();
      if (!row) return fail(row);
      if (!*row) break;
      read_entry(*query, entries.emplace_back());
    }
  }
  std::sort(entries.begin(), entries.end(), [](const LedgerEntry& a, const LedgerEntry& b) { return a.id > b.id; });
  entries.resize(std::min(entries.size(), most));
  return entries;
}

Result<std::vector<CostRow>> LedgerReader::aggregate(const EntryFilter& filter, std::span<const Dimension> by) {
  auto snapshot = Snapshot::take(directory_, writers_, filter);
  if (!snapshot) return fail(snapshot);
  std::map<std::vector<std::string>, CostRow> rows;
  if (Database* database = snapshot->database()) {
    std::string labels;
    std::string group;
    for (std::size_t i = 0; i < by.size(); ++i) {
      labels += fmt::format("{}, ", expression(by[i]));
      group += fmt::format("{}{}", i == 0 ? " GROUP BY " : ", ", grouping(by[i], i + 1));
    }
    auto query = database->prepare(fmt::format("SELECT {}{}{}{}{}", labels, kSums, kFrom, where(filter), group));
    if (!query) return fail(query);
    bind(*query, filter);
    for (;;) {
      const auto row = query->step();
      if (!row) return fail(row);
      if (!*row) break;
      CostRow sums;
      for (std::size_t i = 0; i < by.size(); ++i) sums.labels.emplace_back(query->text(static_cast<int>(i)));
      read_sums(*query, static_cast<int>(by.size()), sums);
      rows.emplace(sums.labels, std::move(sums));
    }
  }
  for (const auto& [id, entry] : snapshot->undrained()) {
    std::vector<std::string> labels;
    for (const Dimension dimension : by) labels.push_back(value_of(entry, dimension));
    CostRow& row = rows[labels];
    row.labels = std::move(labels);
    add(row, entry);
  }
  std::vector<CostRow> sorted;
  for (auto& [labels, row] : rows) sorted.push_back(std::move(row));
  std::stable_sort(sorted.begin(), sorted.end(), [](const CostRow& a, const CostRow& b) { return a.cost > b.cost; });
  // Without dimensions SQL gives a row even of nothing; with a database that does not exist there is none.
  if (by.empty() && sorted.empty()) sorted.emplace_back();
  return sorted;
}

}  // namespace tidegate::store
