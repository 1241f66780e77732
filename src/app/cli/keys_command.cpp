// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/keys_command.h"

#include "app/configuration.h"
#include "base/time.h"
#include "store/sqlite/sqlite_directory.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace tidegate::app {

namespace {

struct KeysArguments {
  std::string config;
  std::string ledger;
  std::string name;
  std::string tenant = "default";
  std::string ttl;
  std::vector<std::string> models;
  std::vector<std::string> labels;
  std::string id;
};

int complain(std::string_view what) {
  fmt::print(stderr, "tidegate: {}\n", what);
  return 1;
}

/// The directory's database, where `serve` with the same configuration looks for it.
Result<std::filesystem::path> database(const KeysArguments& arguments) {
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
  return std::filesystem::path(folder) / "directory.db";
}

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
  return wanted;
}

int create(const KeysArguments& arguments) {
  const WallTime now = SystemClock().now().wall;
  auto wanted = wanted_key(arguments, now);
  if (!wanted) return complain(wanted.error().detail);
  auto path = database(arguments);
  if (!path) return complain(path.error().detail);
  auto created = store::SqliteDirectory(*path).create_key(*wanted, now);
  if (!created) return complain(created.error().detail);
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
  auto path = database(arguments);
  if (!path) return complain(path.error().detail);
  auto keys = store::SqliteDirectory(*path).list_keys();
  if (!keys) return complain(keys.error().detail);
  const WallTime now = SystemClock().now().wall;
  fmt::print("{:<14}{:<16}{:<24}{:<9}{:<22}{}\n", "id", "tenant", "name", "state", "expires", "models");
  for (const store::VirtualKey& key : *keys) {
    fmt::print("{:<14}{:<16}{:<24}{:<9}{:<22}{}\n", key.id.text(), key.tenant.text(), key.name, state_of(key, now),
               key.expires_at ? to_rfc3339(*key.expires_at) : "never", key.allowed_models.empty() ? "all" : fmt::format("{}", fmt::join(key.allowed_models, ",")));
  }
  return 0;
}

int revoke(const KeysArguments& arguments) {
  auto path = database(arguments);
  if (!path) return complain(path.error().detail);
  if (auto revoked = store::SqliteDirectory(*path).revoke_key(KeyId(arguments.id), SystemClock().now().wall); !revoked) {
    return complain(revoked.error().detail);
  }
  fmt::print(stderr, "key {} is revoked; a running instance refuses it within a second\n", arguments.id);
  return 0;
}

CLI::App* add_verb(CLI::App& keys, const char* verb, const char* about, const std::shared_ptr<KeysArguments>& arguments) {
  CLI::App* command = keys.add_subcommand(verb, about);
  command->add_option("--config", arguments->config, "YAML file that names the directory; as for serve");
  command->add_option("--ledger", arguments->ledger, "Directory of journal, ledger and keys, instead");
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
  creating->callback([arguments, &exit_code] { exit_code = create(*arguments); });

  CLI::App* listing = add_verb(*keys, "list", "Show all keys, never their secrets", arguments);
  listing->callback([arguments, &exit_code] { exit_code = list(*arguments); });

  CLI::App* revoking = add_verb(*keys, "revoke", "End a key", arguments);
  revoking->add_option("id", arguments->id, "As `keys list` shows it")->required();
  revoking->callback([arguments, &exit_code] { exit_code = revoke(*arguments); });
}

}  // namespace tidegate::app
