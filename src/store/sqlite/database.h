// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
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

  /// Runs statements that give no rows.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// The single number that a query gives.
  [[nodiscard]] Result<std::int64_t> number(std::string_view sql);
  [[nodiscard]] std::int64_t last_row_id() const;
  /// Moves what the write-ahead log holds into the file, as far as readers let it, without waiting.
  [[nodiscard]] Result<void> checkpoint();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
  std::unique_ptr<std::string> path_;  ///< at a fixed address, for the statements' messages
};

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
