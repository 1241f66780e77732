// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/directory_files.h"

#include "app/configuration.h"
#include "app/tenant_accounts.h"
#include "store/seen_mark.h"
#include "store/sqlite/ledger_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <system_error>

namespace tidegate::app {

namespace {

constexpr Seconds kPatience(10);

std::string amount(quota::BudgetUnit unit, std::int64_t value) {
  return unit == quota::BudgetUnit::Money ? to_text(Money::nanodollars(value)) : fmt::format("{}", value);
}

}  // namespace

void add_directory_options(CLI::App& command, DirectoryArguments& arguments) {
  command.add_option("--config", arguments.config, "YAML file that names the directory; as for serve");
  command.add_option("--ledger", arguments.ledger, "Directory of journal, ledger and keys, instead");
}

Result<std::filesystem::path> data_folder(const DirectoryArguments& arguments) {
  std::string folder = arguments.ledger;
  if (folder.empty()) {
    CommandLine command_line;
    command_line.config = arguments.config;
    auto options = Configuration(command_line).read_for_stores();
    if (!options) return fail(options);
    folder = options->store.directory;
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(FailureKind::Denied, Origin::Operator,
                fmt::format("cannot create {}: {}; give a directory that may be written with --ledger", folder, error.message()));
  }
  return std::filesystem::path(folder);
}

std::filesystem::path directory_file(const std::filesystem::path& folder) { return folder / "directory.db"; }

Result<std::vector<quota::AccountLevel>> read_levels(const std::filesystem::path& folder,
                                                     store::SqliteDirectory& directory, Now now) {
  auto snapshot = directory.changed_snapshot();
  if (!snapshot) return fail(snapshot);
  quota::TenantBook book;
  TenantAccounts accounts(book);
  if (*snapshot != nullptr) accounts.adopt(**snapshot, now);
  store::LedgerReader ledger(folder);
  if (Result<void> restored = accounts.restore(ledger, now.wall); !restored) return fail(restored);
  return book.levels(quota::TenantBook::Which::All, now);
}

std::string budgets_text(const std::vector<quota::AccountLevel>& levels, std::string_view tenant,
                         std::string_view key) {
  std::vector<std::string> parts;
  for (const quota::AccountLevel& account : levels) {
    if (account.tenant != tenant || account.key != key) continue;
    for (const quota::BudgetLevel& level : account.budgets) {
      const quota::BudgetUnit unit = level.budget.unit;
      parts.push_back(fmt::format("{} {} spent {} left", to_text(level.budget), amount(unit, level.spent),
                                  amount(unit, std::max<std::int64_t>(level.left(), 0))));
    }
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

void wait_for_instance(const std::filesystem::path& folder, WallTime changed_at) {
  if (!store::wait_until_seen(folder, changed_at, kPatience)) {
    fmt::print(stderr, "tidegate: the instance that runs there has not taken the change over yet; see its alarms\n");
  }
}

int complain(std::string_view what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

}  // namespace tidegate::app
