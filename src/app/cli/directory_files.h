// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "quota/book/tenant_book.h"
#include "store/sqlite/sqlite_directory.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::app {

/// Where the commands for keys and tenants find the directory and the ledger: where `serve` with the same configuration
/// keeps them.
struct DirectoryArguments {
  std::string config;
  std::string ledger;
};
void add_directory_options(CLI::App& command, DirectoryArguments& arguments);

/// The folder, made if it is not there. Failure: a configuration that cannot be read, a folder that cannot be made.
[[nodiscard]] Result<std::filesystem::path> data_folder(const DirectoryArguments& arguments);
[[nodiscard]] std::filesystem::path directory_file(const std::filesystem::path& folder);

/// What every tenant and every valid key has spent of its budgets, as ledger and journal say; also of a running
/// instance, but for what it has set aside. Failure: as the ledger gives it.
[[nodiscard]] Result<std::vector<quota::AccountLevel>> read_levels(const std::filesystem::path& folder,
                                                                   store::SqliteDirectory& directory, Now now);
/// `2.00/life 0.48 spent 1.52 left; …` of one account's budgets; empty without any.
[[nodiscard]] std::string budgets_text(const std::vector<quota::AccountLevel>& levels, std::string_view tenant,
                                       std::string_view key);

/// Waits until a running instance has taken over what was changed since `changed_at`, and says on standard error if it
/// did not within some seconds.
void wait_for_instance(const std::filesystem::path& folder, WallTime changed_at);

/// Says on standard error what is wrong; gives the exit code.
int complain(std::string_view what);

}  // namespace tidegate::app
