// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tidegate::store {

/// A prepared statement. Parameters count from 1, columns from 0, as in SQLite. Dies before its database.
class Statement {
 public:
  Statement() = default;

  /// The text is not copied: it lives until the next `reset`.
  void bind(int parameter, std::string_view text);
  void bind(int parameter, std::int64_t number);
  void bind_real(int parameter, double number);
  void bind_null(int parameter);
  /// True: there is a row to read. False: done.
  [[nodiscard]] Result<bool> step();
  /// Runs a statement that gives no rows, and makes it ready for the next run.
  [[nodiscard]] Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] double real(int column) const;
  /// Lives until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const std::string* path_ = nullptr;
};

/// A connection to a SQLite file. One thread at a time.
class Database {
 public:
  enum class Access : std::uint8_t { ReadWrite, ReadOnly };
  /// ReadWrite creates a missing file and uses a write-ahead log with `synchronous=FULL`, moved on only by
  /// `checkpoint`. Failure: NotFound, Denied, Corrupt, Timeout (locked), Io, Exhausted.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& path, Access access);
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;
  /// Closes it. If its file was moved, its log and index do not stay behind under the names of the file that comes
  /// next.
  ~Database();

  /// Runs statements that give no rows.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// The single number that a query gives.
  [[nodiscard]] Result<std::int64_t> number(std::string_view sql);
  [[nodiscard]] std::int64_t last_row_id() const;
  /// Moves what the write-ahead log holds into the file, as far as readers let it, without waiting.
  [[nodiscard]] Result<void> checkpoint();
  /// Whether the path still leads to the file that is open, and that begins as a database and was not cut off. SQLite
  /// itself would write on into a file that has gone, and for long into one that was overwritten. Three system calls,
  /// no lock. Failure: NotFound (moved, replaced or deleted), Corrupt. After one, give the connection up.
  [[nodiscard]] Result<void> look_at_file();

 private:
  /// What a name leads to.
  struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
  };
  /// Of SQLite's log and index.
  using SideFiles = std::array<std::optional<FileId>, 2>;

  Database() = default;
  [[nodiscard]] bool is_moved() const;
  [[nodiscard]] std::int64_t file_bytes() const;
  [[nodiscard]] static std::optional<FileId> file_at(const std::string& path);
  [[nodiscard]] SideFiles side_files() const;
  void take_side_files_along();
  [[nodiscard]] tl::unexpected<Failure> broken(std::string_view how);

  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
  std::unique_ptr<std::string> path_;  ///< at a fixed address, for the statements' messages
  SideFiles side_files_;               ///< of a connection that writes, as they were opened
  std::int64_t file_bytes_ = 0;        ///< when last looked at
};

/// For a store that opens its file with the first use: gives up a connection whose file has gone or is broken, so that
/// what is there now is opened.
void give_up_lost(std::optional<Database>& database);

/// BEGIN now, ROLLBACK at the end of the scope unless `commit` succeeded.
class Transaction {
 public:
  /// `begin` is "BEGIN" (a reader's snapshot) or "BEGIN IMMEDIATE" (a writer).
  [[nodiscard]] static Result<Transaction> start(Database& database, const std::string& begin);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace tidegate::store
