// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

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
///
/// A file that is moved, replaced, deleted, overwritten or cut off while it is in use is a failure of the call that
/// finds it, and no entry counts as written to it; the call after that opens what is there then. Each call looks at the
/// file's name, head and size; each opening and each `maintain` reads a bounded part of the entries, the next one each
/// time.
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
  [[nodiscard]] Result<void> inspect();
  [[nodiscard]] Result<void> write_all(Connection& connection, std::span<const AttemptRecords* const> attempts);
  /// Hands a failure on; a connection that it may have broken is given up.
  [[nodiscard]] Result<void> checked(Result<void> done);

  std::filesystem::path path_;
  std::unique_ptr<Connection> connection_;
  AttemptId inspected_ = 0;  ///< up to which entry
};

}  // namespace tidegate::store
