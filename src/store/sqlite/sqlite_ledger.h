// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "store/ledger.h"
#include "store/sqlite/database.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tidegate::store {

/// The ledger in a SQLite file. The constructor does no I/O: the file is opened with the first call that needs it, and
/// again after a failure that may have been the connection's. One thread.
class SqliteLedger final : public Ledger {
 public:
  explicit SqliteLedger(std::filesystem::path path);
  ~SqliteLedger() override;

  [[nodiscard]] Result<void> write(std::span<const AttemptRecords* const> attempts) override;
  [[nodiscard]] Result<AttemptId> last_id() override;
  [[nodiscard]] Result<void> maintain(AttemptId oldest) override;

 private:
  struct Connection;

  [[nodiscard]] Result<Connection*> connect();
  [[nodiscard]] Result<void> write_all(Connection& connection, std::span<const AttemptRecords* const> attempts);
  /// Hands a failure on; a connection that it may have broken is given up.
  [[nodiscard]] Result<void> checked(Result<void> done);

  std::filesystem::path path_;
  std::unique_ptr<Connection> connection_;
};

/// Renames a broken ledger and its side files to NAME.broken-TIME, so that the next start makes a new one and the
/// journal drains into it. Only for an operator's explicit command, while no process has the directory. Gives the new
/// name. Failure: NotFound, Io.
[[nodiscard]] Result<std::filesystem::path> set_ledger_aside(const std::filesystem::path& path, WallTime now);

}  // namespace tidegate::store
