// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_ledger.h"

#include "store/sqlite/entry_insert.h"
#include "store/sqlite/ledger_schema.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace tidegate::store {

namespace {

constexpr const char* kInsertLabels =
    "INSERT INTO label_set (dialect, endpoint, provider, pool, model, response_model, tenant, key, service_tier, speed,"
    " inference_geo, organisation, workspace, error_kind, stop_reason) VALUES "
    "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)";
constexpr const char* kFindLabels =
    "SELECT id FROM label_set WHERE dialect=?1 AND endpoint=?2 AND provider=?3 AND pool=?4 AND model=?5 AND "
    "response_model=?6"
    " AND tenant=?7 AND key=?8 AND service_tier=?9 AND speed=?10 AND inference_geo=?11 AND organisation=?12 AND "
    "workspace=?13"
    " AND error_kind=?14 AND stop_reason=?15";

/// Entries deleted by one call of `maintain` at most: a tenth of a second's work.
constexpr std::int64_t kDeleteAtOnce = 5000;
/// Entries read by one inspection: some milliseconds' work, and a million in four minutes.
constexpr std::int64_t kInspectAtOnce = 20'000;
/// Beyond this a cache is emptied and fills again from the tables.
constexpr std::size_t kMaxCached = 50'000;

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return XXH3_64bits(text.data(), text.size()); }
};

using IdCache = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;

std::array<std::string_view, 15> labels_of(const AttemptRecords& attempt) {
  const auto& [begin, charge, end] = attempt;
  return {begin.dialect,         begin.endpoint,      begin.provider,   begin.pool,          begin.model,
          charge.response_model, begin.tenant,        begin.key,        charge.service_tier, charge.speed,
          charge.inference_geo,  charge.organisation, charge.workspace, end.error_kind,      end.stop_reason};
}

constexpr std::size_t kLongestText = 255;  // none is longer (record.h)

/// Texts one behind the other, each with its length in front.
template <std::size_t N>
class Joined {
 public:
  explicit Joined(const std::array<std::string_view, N>& parts) {
    for (const std::string_view part : parts) {
      const std::size_t length = std::min(part.size(), kLongestText);
      bytes_[size_++] = static_cast<char>(length);
      if (length > 0) std::memcpy(bytes_.data() + size_, part.data(), length);
      size_ += length;
    }
  }
  Joined(const Joined&) = delete;
  Joined& operator=(const Joined&) = delete;

  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, N*(1 + kLongestText)> bytes_;  // only the first `size_` mean anything
  std::size_t size_ = 0;
};

/// Gives the row id of texts in a table that has each combination once.
class Dictionary {
 public:
  [[nodiscard]] Result<void> prepare(Database& database, const char* find, const char* insert) {
    database_ = &database;
    auto found = database.prepare(find);
    if (!found) return fail(found);
    find_ = std::move(*found);
    auto inserted = database.prepare(insert);
    if (!inserted) return fail(inserted);
    insert_ = std::move(*inserted);
    return {};
  }

  template <std::size_t N>
  [[nodiscard]] Result<std::int64_t> id(const std::array<std::string_view, N>& texts) {
    const Joined<N> joined(texts);
    const std::string_view key = joined.text();
    if (key == last_key_) return last_id_;  // attempts come in runs that are alike
    if (const auto known = ids_.find(key); known != ids_.end()) return remember(key, known->second);
    if (ids_.size() >= kMaxCached) ids_.clear();
    auto stored = find_or_insert(texts);
    if (!stored) return stored;
    ids_.emplace(key, *stored);
    return remember(key, *stored);
  }

  /// After a rollback: rows that were added are gone.
  void forget() {
    ids_.clear();
    last_key_.clear();
  }

 private:
  std::int64_t remember(std::string_view key, std::int64_t id) {
    last_key_ = key;
    last_id_ = id;
    return id;
  }
  template <std::size_t N>
  [[nodiscard]] Result<std::int64_t> find_or_insert(const std::array<std::string_view, N>& texts) {
    for (std::size_t i = 0; i < N; ++i) find_.bind(static_cast<int>(i) + 1, texts[i]);
    const auto row = find_.step();
    const std::int64_t id = row && *row ? find_.number(0) : 0;
    find_.reset();
    if (!row) return fail(row);
    if (*row) return id;
    for (std::size_t i = 0; i < N; ++i) insert_.bind(static_cast<int>(i) + 1, texts[i]);
    if (auto done = insert_.run(); !done) return fail(done);
    return database_->last_row_id();
  }

  Database* database_ = nullptr;
  Statement find_;
  Statement insert_;
  IdCache ids_;
  std::string last_key_;  ///< of what was asked for last; empty: nothing
  std::int64_t last_id_ = 0;
};

}  // namespace

/// An open file with what was prepared on it.
struct SqliteLedger::Connection {
  explicit Connection(Database opened) : database(std::move(opened)) {}

  Database database;
  EntryInsert entries;
  Dictionary labels;
  Dictionary texts;
  std::vector<IncomingRow> incoming;

  [[nodiscard]] Result<void> prepare() {
    if (auto prepared = entries.prepare(database); !prepared) return prepared;
    if (auto done = labels.prepare(database, kFindLabels, kInsertLabels); !done) return done;
    return texts.prepare(database, "SELECT id FROM text WHERE value=?1", "INSERT INTO text (value) VALUES (?1)");
  }

  [[nodiscard]] Result<std::int64_t> text_id(std::string_view text) {
    if (text.empty()) return 0;
    return texts.id(std::array{text});
  }

  [[nodiscard]] Result<void> add(const AttemptRecords& attempt) {
    const auto label_id = labels.id(labels_of(attempt));
    if (!label_id) return fail(label_id);
    const auto user = text_id(attempt.begin.user);
    if (!user) return fail(user);
    const auto session = text_id(attempt.begin.session);
    if (!session) return fail(session);
    const auto agent = text_id(attempt.begin.agent);
    if (!agent) return fail(agent);
    const auto wanted_room = text_id(attempt.begin.wanted_room);
    if (!wanted_room) return fail(wanted_room);
    incoming.push_back(IncomingRow{&attempt, *label_id, *user, *session, *agent, *wanted_room});
    return {};
  }
};

SqliteLedger::SqliteLedger(std::filesystem::path path) : path_(std::move(path)) {}
SqliteLedger::~SqliteLedger() = default;

Result<SqliteLedger::Connection*> SqliteLedger::connect() {
  if (connection_ != nullptr) {
    if (auto looked = checked(connection_->database.look_at_file()); !looked) return fail(looked);
    return connection_.get();
  }
  auto database = open_ledger_database(path_);
  if (!database) return fail(database);
  auto connection = std::make_unique<Connection>(std::move(*database));
  if (auto prepared = connection->prepare(); !prepared) return fail(prepared);
  // While what it holds is broken nothing is added: a copy that is put in its place would not have it.
  if (auto inspected = inspect(); !inspected) return fail(inspected);
  connection_ = std::move(connection);
  return connection_.get();
}

/// Over a connection of its own: what the first one has in memory may no longer be in the file.
Result<void> SqliteLedger::inspect() {
  auto database = Database::open(path_, Database::Access::ReadOnly);
  if (!database) return fail(database);
  for (const char* newest :
       {"SELECT max(id) FROM label_set", "SELECT max(id) FROM text", "SELECT max(id) FROM entry"}) {
    if (const auto read = database->number(newest); !read) return fail(read);
  }
  const auto reached = database->number(
      fmt::format("SELECT id FROM entry WHERE id > {} ORDER BY id LIMIT 1 OFFSET {}", inspected_, kInspectAtOnce));
  if (!reached) return fail(reached);
  inspected_ = *reached;  // 0 after the last one: from the start again
  return {};
}

Result<void> SqliteLedger::write(std::span<const AttemptRecords* const> attempts) {
  const auto connection = connect();
  if (!connection) return fail(connection);
  auto done = write_all(**connection, attempts);
  // What went to a file that has gone meanwhile is not in the ledger.
  if (done) done = (*connection)->database.look_at_file();
  if (!done) {
    (*connection)->labels.forget();
    (*connection)->texts.forget();
  }
  return checked(std::move(done));
}

Result<void> SqliteLedger::write_all(Connection& connection, std::span<const AttemptRecords* const> attempts) {
  auto transaction = Transaction::start(connection.database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  connection.incoming.clear();
  for (const AttemptRecords* attempt : attempts) {
    if (auto added = connection.add(*attempt); !added) return added;
  }
  // In the order of the key: each insert finds its place next to the last one.
  std::sort(connection.incoming.begin(), connection.incoming.end(),
            [](const IncomingRow& a, const IncomingRow& b) { return a.attempt->begin.id < b.attempt->begin.id; });
  if (auto inserted = connection.entries.run(connection.incoming); !inserted) return inserted;
  return transaction->commit();
}

Result<AttemptId> SqliteLedger::last_id() {
  const auto connection = connect();
  if (!connection) return fail(connection);
  return (*connection)->database.number("SELECT max(id) FROM entry");
}

Result<void> SqliteLedger::maintain(AttemptId oldest) {
  const auto connection = connect();
  if (!connection) return fail(connection);
  Database& database = (*connection)->database;
  auto done = database.execute(
      fmt::format("DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE id < {} ORDER BY id LIMIT {})", oldest,
                  kDeleteAtOnce));
  if (done) done = inspect();
  if (done) done = database.checkpoint();
  if (done) done = database.look_at_file();  // its size has changed
  return checked(std::move(done));
}

Result<void> SqliteLedger::checked(Result<void> done) {
  if (!done && done.error().kind != FailureKind::Timeout) connection_.reset();
  return done;
}

}  // namespace tidegate::store
