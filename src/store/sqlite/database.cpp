// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/database.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <utility>

namespace tidegate::store {

namespace {

/// A locked file is tried for so long: only threads that may wait use SQLite, but they have other work too.
constexpr int kBusyMilliseconds = 250;

/// What a database file begins with (https://www.sqlite.org/fileformat.html 1.3, read 2026-11-26): the magic text, with
/// its zero; the page size as a big-endian u16 at 16, where 1 means 65536; the number of pages as a u32 at 28.
constexpr std::string_view kMagic("SQLite format 3", 16);
constexpr std::size_t kHeadBytes = 32;
constexpr std::array kSideNames{"-wal", "-shm"};

std::int64_t big_endian(std::string_view bytes) {
  std::int64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

/// The bytes that the head of a database says its file has.
std::int64_t bytes_by_head(std::string_view head) {
  const std::int64_t page = big_endian(head.substr(16, 2));
  return (page == 1 ? 65536 : page) * big_endian(head.substr(28, 4));
}

FailureKind kind_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL: return FailureKind::Exhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return FailureKind::Timeout;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return FailureKind::Corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return FailureKind::Denied;
    default: return FailureKind::Io;
  }
}

std::string_view advice_for(FailureKind kind) {
  if (kind == FailureKind::Exhausted) return "; free disk space";
  if (kind == FailureKind::Timeout) return "; another program holds the database, end it";
  if (kind == FailureKind::Corrupt) {
    return "; move the file aside together with its -wal and -shm, then a new one is made, or restore a copy";
  }
  if (kind == FailureKind::Denied) return "; check that this user may write the file and its directory";
  return "";
}

tl::unexpected<Failure> failure(sqlite3* database, int code, const std::string& path) {
  const FailureKind kind = kind_of(code);
  const char* message = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  return fail(kind, Origin::Store, fmt::format("store: {}: {} (SQLite {}){}", path, message, code, advice_for(kind)),
              Retry::Later);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

void Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL.
  sqlite3_bind_text(statement_.get(), parameter, text.data() == nullptr ? "" : text.data(),
                    static_cast<int>(text.size()), SQLITE_STATIC);
}
void Statement::bind(int parameter, std::int64_t number) { sqlite3_bind_int64(statement_.get(), parameter, number); }
void Statement::bind_real(int parameter, double number) { sqlite3_bind_double(statement_.get(), parameter, number); }
void Statement::bind_null(int parameter) { sqlite3_bind_null(statement_.get(), parameter); }

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(statement_.get()), code, *path_);
}

Result<void> Statement::run() {
  const auto stepped = step();
  reset();
  if (!stepped) return fail(stepped);
  return {};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

Result<Database> Database::open(const std::filesystem::path& path, Access access) {
  Database opened;
  opened.path_ = std::make_unique<std::string>(path.string());
  if (access == Access::ReadOnly && !std::filesystem::exists(path)) {
    return fail(FailureKind::NotFound, Origin::Store, fmt::format("store: {} does not exist", path.string()));
  }
  // SQLite's own account of its memory costs two locks for each allocation, and nobody reads it. Once, before anything
  // else.
  [[maybe_unused]] static const int unaccounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const int flags = (access == Access::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  opened.database_.reset(raw);
  if (code != SQLITE_OK) return failure(raw, code, *opened.path_);
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  const char* settings = access == Access::ReadOnly
                             ? "PRAGMA query_only=ON"
                             : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                               "PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192";
  if (auto set = opened.execute(settings); !set) {
    // Nothing is locked: other connections of this process still have what the file held before it was cut off.
    if (set.error().kind == FailureKind::Timeout && opened.file_bytes() == 0)
      return opened.broken("was emptied while it was in use");
    return fail(set);
  }
  if (access == Access::ReadOnly) return opened;
  // A first read, which opens them.
  if (const auto read = opened.number("PRAGMA user_version"); !read) return fail(read);
  opened.side_files_ = opened.side_files();
  if (auto looked = opened.look_at_file(); !looked) return fail(looked);
  return opened;
}

Database::~Database() {
  if (database_ != nullptr && side_files_ != SideFiles{} && is_moved()) take_side_files_along();
}

bool Database::is_moved() const {
  int moved = 0;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

std::int64_t Database::file_bytes() const {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  sqlite3_int64 bytes = 0;
  if (file == nullptr || file->pMethods == nullptr || file->pMethods->xFileSize(file, &bytes) != SQLITE_OK) return 0;
  return bytes;
}

Result<void> Database::look_at_file() {
  if (is_moved()) {
    return fail(
        FailureKind::NotFound, Origin::Store,
        fmt::format("store: {} was moved, replaced or deleted while it was in use; what was in it is where it went, "
                    "and what comes goes to the file that is there now, or to a new one",
                    *path_),
        Retry::Later);
  }
  const std::int64_t before = std::exchange(file_bytes_, file_bytes());
  if (file_bytes_ == 0 && before == 0) return {};  // a new one
  // Through SQLite's own descriptor: closing another one of the same file would drop the locks that this process holds.
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  std::array<char, kHeadBytes> bytes{};
  const std::string_view head(bytes.data(), bytes.size());
  if (file_bytes_ == 0) return broken("was emptied while it was in use");
  if (file->pMethods->xRead(file, bytes.data(), static_cast<int>(bytes.size()), 0) != SQLITE_OK ||
      !head.starts_with(kMagic)) {
    return broken("was overwritten: it does not begin as a database does");
  }
  // Shorter than its head says it may also be when a checkpoint was killed; shorter than before, after a VACUUM.
  if (file_bytes_ < before && file_bytes_ < bytes_by_head(head)) return broken("was cut off while it was in use");
  return {};
}

tl::unexpected<Failure> Database::broken(std::string_view how) {
  // What the log has of its first pages would make it look sound.
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return fail(FailureKind::Corrupt, Origin::Store,
              fmt::format("store: {} {}{}", *path_, how, advice_for(FailureKind::Corrupt)), Retry::Later);
}

std::optional<Database::FileId> Database::file_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

Database::SideFiles Database::side_files() const {
  SideFiles files;
  for (std::size_t i = 0; i < files.size(); ++i) files[i] = file_at(*path_ + kSideNames[i]);
  return files;
}

/// SQLite would take a log that stays behind for that of the file which has the name now, and break it.
void Database::take_side_files_along() {
  [[maybe_unused]] const auto ignored = checkpoint();  // into the file, wherever it is
  // Of the threads that had it open each looks and removes; in between no other may have made new ones.
  static std::mutex mutex;
  const std::lock_guard guard(mutex);
  const SideFiles now = side_files();
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i] && now[i] == side_files_[i]) ::unlink((*path_ + kSideNames[i]).c_str());
  }
}

void give_up_lost(std::optional<Database>& database) {
  if (database && !database->look_at_file()) database.reset();
}

Result<void> Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(database_.get(), code, *path_);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return failure(database_.get(), code, *path_);
  Statement statement;
  statement.statement_.reset(raw);
  statement.path_ = path_.get();
  return statement;
}

Result<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return fail(statement);
  const auto row = statement->step();
  if (!row) return fail(row);
  return *row ? statement->number(0) : 0;
}

std::int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(database_.get()); }

Result<void> Database::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // Busy: another connection is at it, or reads; the next one will do.
  if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY) return failure(database_.get(), code, *path_);
  return {};
}

Result<Transaction> Transaction::start(Database& database, const std::string& begin) {
  if (auto begun = database.execute(begin); !begun) return fail(begun);
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Some failures (disk full) have rolled back already, then this one fails: nothing to do about it.
  if (database_ != nullptr) [[maybe_unused]]
    const auto ignored = database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  auto done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace tidegate::store
