// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/tenants_command.h"

#include "app/cli/allowance_options.h"
#include "app/cli/directory_files.h"
#include "base/time.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::app {

namespace {

struct TenantsArguments {
  DirectoryArguments directory;
  AllowanceArguments allowance;
  std::string id;
  std::string name;
  std::vector<std::string> providers;
};

int list(const TenantsArguments& arguments) {
  auto folder = data_folder(arguments.directory);
  if (!folder) return complain(folder.error().detail);
  store::SqliteDirectory directory(directory_file(*folder));
  auto tenants = directory.list_tenants();
  if (!tenants) return complain(tenants.error().detail);
  auto levels = read_levels(*folder, directory, SystemClock().now());
  if (!levels) return complain(levels.error().detail);
  constexpr auto kRow = "{:<15} {:<23} {:<33} {}\n";
  fmt::print(kRow, "tenant", "name", "limits", "budgets");
  for (const store::Tenant& tenant : *tenants) {
    const std::string providers = tenant.providers.empty() ? "" : fmt::format(" to {}", fmt::join(tenant.providers, ","));
    fmt::print(kRow, tenant.id.text(), tenant.name, limits_text(tenant.allowance) + providers,
               budgets_text(*levels, tenant.id.text(), {}));
  }
  return 0;
}

int set(const TenantsArguments& arguments) {
  auto folder = data_folder(arguments.directory);
  if (!folder) return complain(folder.error().detail);
  store::SqliteDirectory directory(directory_file(*folder));
  auto tenants = directory.list_tenants();
  if (!tenants) return complain(tenants.error().detail);
  const auto found = std::find_if(tenants->begin(), tenants->end(),
                                  [&](const store::Tenant& tenant) { return tenant.id.text() == arguments.id; });
  store::Tenant tenant = found != tenants->end() ? *found : store::Tenant{TenantId(arguments.id), arguments.id, {}};
  if (!arguments.name.empty()) tenant.name = arguments.name;
  if (!arguments.providers.empty()) tenant.providers = arguments.providers;
  if (arguments.providers == std::vector<std::string>{"all"}) tenant.providers.clear();
  auto allowance = changed(std::move(tenant.allowance), arguments.allowance);
  if (!allowance) return complain(allowance.error().detail);
  tenant.allowance = std::move(*allowance);
  if (auto done = directory.put_tenant(tenant); !done) return complain(done.error().detail);
  wait_for_instance(*folder, SystemClock().now().wall);
  fmt::print(stderr, "tenant {} is {}\n", arguments.id,
             found != tenants->end() ? "changed" : "made");
  return 0;
}

}  // namespace

void add_tenants_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<TenantsArguments>();
  CLI::App* tenants = program.add_subcommand("tenants", "Tenants: whose keys share limits, budgets and costs");
  tenants->require_subcommand(1);

  CLI::App* listing = tenants->add_subcommand("list", "Show all tenants, their limits and what they have spent");
  add_directory_options(*listing, arguments->directory);
  listing->callback([arguments, &exit_code] { exit_code = list(*arguments); });

  CLI::App* setting = tenants->add_subcommand("set", "Make a tenant, or change what it may take; 'none' takes a limit away");
  setting->add_option("id", arguments->id, "As keys name it; 'default' is everybody's who has no other")->required();
  setting->add_option("--name", arguments->name, "For people");
  setting->add_option("--providers", arguments->providers, "Where its prompts may go, by the names of `providers:`, separated by commas; 'all'")
      ->delimiter(',');
  add_directory_options(*setting, arguments->directory);
  add_allowance_options(*setting, arguments->allowance);
  setting->callback([arguments, &exit_code] { exit_code = set(*arguments); });
}

}  // namespace tidegate::app
