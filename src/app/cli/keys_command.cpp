// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/keys_command.h"

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

struct KeysArguments {
  DirectoryArguments directory;
  AllowanceArguments allowance;
  std::string name;
  std::string tenant = "default";
  std::string ttl;
  std::vector<std::string> models;
  std::vector<std::string> labels;
  std::string id;
};

Result<store::NewKey> wanted_key(const KeysArguments& arguments, WallTime now) {
  store::NewKey wanted;
  wanted.tenant = TenantId(arguments.tenant);
  wanted.name = arguments.name;
  wanted.allowed_models = arguments.models;
  if (!arguments.ttl.empty()) {
    const auto ttl = parse_duration(arguments.ttl);
    if (!ttl || *ttl <= Nanoseconds(0)) {
      return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("--ttl: '{}' is no duration such as 1h, 30m or 90d", arguments.ttl));
    }
    wanted.expires_at = now + *ttl;
  }
  for (const std::string& label : arguments.labels) {
    const std::size_t equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("--label: '{}' is not NAME=VALUE", label));
    }
    wanted.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  auto allowance = changed({}, arguments.allowance);
  if (!allowance) return fail(allowance);
  wanted.allowance = std::move(*allowance);
  return wanted;
}

int create(const KeysArguments& arguments) {
  const WallTime now = SystemClock().now().wall;
  auto wanted = wanted_key(arguments, now);
  if (!wanted) return complain(wanted.error().detail);
  auto folder = data_folder(arguments.directory);
  if (!folder) return complain(folder.error().detail);
  auto created = store::SqliteDirectory(directory_file(*folder)).create_key(*wanted, now);
  if (!created) return complain(created.error().detail);
  wait_for_instance(*folder, SystemClock().now().wall);
  // The key alone on standard output, so that a script can take it; the rest is for people.
  fmt::print("{}\n", created->plain.reveal());
  fmt::print(stderr, "key {} of tenant {}{}; it is shown this once and kept only as a hash\n", created->key.id.text(),
             created->key.tenant.text(), created->key.expires_at ? " expires " + to_rfc3339(*created->key.expires_at) : std::string());
  return 0;
}

std::string_view state_of(const store::VirtualKey& key, WallTime now) {
  if (key.revoked_at) return "revoked";
  return key.expires_at && *key.expires_at <= now ? "expired" : "valid";
}

int list(const KeysArguments& arguments) {
  auto folder = data_folder(arguments.directory);
  if (!folder) return complain(folder.error().detail);
  store::SqliteDirectory directory(directory_file(*folder));
  auto keys = directory.list_keys();
  if (!keys) return complain(keys.error().detail);
  const Now now = SystemClock().now();
  auto levels = read_levels(*folder, directory, now);
  if (!levels) return complain(levels.error().detail);
  // Between two columns stands a blank also where a name is longer than its column.
  constexpr auto kRow = "{:<13} {:<15} {:<23} {:<8} {:<21} {:<17} {:<25} {}\n";
  fmt::print(kRow, "id", "tenant", "name", "state", "expires", "models", "limits", "budgets");
  for (const store::VirtualKey& key : *keys) {
    fmt::print(kRow, key.id.text(), key.tenant.text(), key.name, state_of(key, now.wall),
               key.expires_at ? to_rfc3339(std::chrono::floor<Seconds>(*key.expires_at)) : "never",
               key.allowed_models.empty() ? "all" : fmt::format("{}", fmt::join(key.allowed_models, ",")),
               limits_text(key.allowance), budgets_text(*levels, key.tenant.text(), key.id.text()));
  }
  return 0;
}

int set(const KeysArguments& arguments) {
  auto folder = data_folder(arguments.directory);
  if (!folder) return complain(folder.error().detail);
  store::SqliteDirectory directory(directory_file(*folder));
  auto keys = directory.list_keys();
  if (!keys) return complain(keys.error().detail);
  const auto found = std::find_if(keys->begin(), keys->end(), [&](const store::VirtualKey& key) { return key.id.text() == arguments.id; });
  auto allowance = changed(found != keys->end() ? found->allowance : quota::Allowance(), arguments.allowance);
  if (!allowance) return complain(allowance.error().detail);
  if (auto done = directory.allow_key(KeyId(arguments.id), *allowance); !done) return complain(done.error().detail);
  wait_for_instance(*folder, SystemClock().now().wall);
  fmt::print(stderr, "key {} is changed\n", arguments.id);
  return 0;
}

int revoke(const KeysArguments& arguments) {
  auto folder = data_folder(arguments.directory);
  if (!folder) return complain(folder.error().detail);
  store::SqliteDirectory directory(directory_file(*folder));
  if (auto revoked = directory.revoke_key(KeyId(arguments.id), SystemClock().now().wall); !revoked) {
    return complain(revoked.error().detail);
  }
  wait_for_instance(*folder, SystemClock().now().wall);
  fmt::print(stderr, "key {} is revoked\n", arguments.id);
  return 0;
}

CLI::App* add_verb(CLI::App& keys, const char* verb, const char* about, const std::shared_ptr<KeysArguments>& arguments) {
  CLI::App* command = keys.add_subcommand(verb, about);
  add_directory_options(*command, arguments->directory);
  return command;
}

}  // namespace

void add_keys_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<KeysArguments>();
  CLI::App* keys = program.add_subcommand("keys", "Virtual keys: what clients present under auth: virtual");
  keys->require_subcommand(1);

  CLI::App* creating = add_verb(*keys, "create", "Make a key and print it, once", arguments);
  creating->add_option("--name", arguments->name, "For people: whose it is, what for")->required();
  creating->add_option("--tenant", arguments->tenant, "Whose limits and costs it counts to")->capture_default_str();
  creating->add_option("--ttl", arguments->ttl, "How long it is valid, such as 1h or 90d; without it for ever");
  creating->add_option("--models", arguments->models, "Models it may use, with * and ?; without it all")->delimiter(',');
  creating->add_option("--label", arguments->labels, "NAME=VALUE, any number of times");
  add_allowance_options(*creating, arguments->allowance);
  creating->callback([arguments, &exit_code] { exit_code = create(*arguments); });

  CLI::App* listing = add_verb(*keys, "list", "Show all keys, never their secrets, and what they have spent", arguments);
  listing->callback([arguments, &exit_code] { exit_code = list(*arguments); });

  CLI::App* setting = add_verb(*keys, "set", "Change what a key may take; 'none' takes a limit away", arguments);
  setting->add_option("id", arguments->id, "As `keys list` shows it")->required();
  add_allowance_options(*setting, arguments->allowance);
  setting->callback([arguments, &exit_code] { exit_code = set(*arguments); });

  CLI::App* revoking = add_verb(*keys, "revoke", "End a key", arguments);
  revoking->add_option("id", arguments->id, "As `keys list` shows it")->required();
  revoking->callback([arguments, &exit_code] { exit_code = revoke(*arguments); });
}

}  // namespace tidegate::app
