// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_directory.h"

#include "store/sqlite/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tidegate::store {

namespace {

constexpr std::array<const char*, 1> kSteps{R"sql(
CREATE TABLE tenant (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, weight INTEGER NOT NULL,
  per_day INTEGER, per_month INTEGER,  -- nano-dollars
  requests_per_minute INTEGER, tokens_per_minute INTEGER
) WITHOUT ROWID;
CREATE TABLE virtual_key (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL,
  secret_sha256 TEXT NOT NULL,         -- hexadecimal
  created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER,  -- nanoseconds since 1970
  per_day INTEGER, per_month INTEGER, requests_per_minute INTEGER, tokens_per_minute INTEGER
) WITHOUT ROWID;
CREATE TABLE key_model (key TEXT NOT NULL, position INTEGER NOT NULL, glob TEXT NOT NULL, PRIMARY KEY (key, position)) WITHOUT ROWID;
CREATE TABLE key_label (key TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (key, name)) WITHOUT ROWID;
)sql"};

std::string to_hex(const Sha256& digest) {
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

/// Anything that is not 64 hexadecimal digits gives a digest that no secret has.
Sha256 from_hex(std::string_view text) {
  Sha256 digest{};
  const auto value = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  for (std::size_t i = 0; i < digest.size() && 2 * i + 1 < text.size(); ++i) {
    digest[i] = static_cast<unsigned char>(value(text[2 * i]) * 16 + value(text[2 * i + 1]));
  }
  return digest;
}

void bind(Statement& statement, int parameter, std::optional<std::int64_t> number) {
  if (number) {
    statement.bind(parameter, *number);
  } else {
    statement.bind_null(parameter);
  }
}

void bind(Statement& statement, int parameter, const std::optional<WallTime>& time) {
  bind(statement, parameter, time ? std::optional(unix_nanoseconds(*time)) : std::nullopt);
}

void bind_allowance(Statement& statement, int first, const Allowance& allowance) {
  const auto nanodollars = [](const std::optional<Money>& money) {
    return money ? std::optional(money->nanodollars()) : std::nullopt;
  };
  bind(statement, first, nanodollars(allowance.per_day));
  bind(statement, first + 1, nanodollars(allowance.per_month));
  bind(statement, first + 2, allowance.requests_per_minute);
  bind(statement, first + 3, allowance.tokens_per_minute);
}

std::optional<std::int64_t> read_number(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.number(column);
}

std::optional<WallTime> read_time(const Statement& row, int column) {
  const auto number = read_number(row, column);
  if (!number) return std::nullopt;
  return wall_time_from_unix_nanoseconds(*number);
}

Allowance read_allowance(const Statement& row, int first) {
  const auto money = [&](int column) -> std::optional<Money> {
    const auto number = read_number(row, column);
    if (!number) return std::nullopt;
    return Money::nanodollars(*number);
  };
  return Allowance{money(first), money(first + 1), read_number(row, first + 2), read_number(row, first + 3)};
}

Result<void> insert_key(Database& database, const VirtualKey& key) {
  auto tenant = database.prepare("INSERT INTO tenant (id, name, weight) VALUES (?1, ?1, 1) ON CONFLICT DO NOTHING");
  if (!tenant) return fail(tenant);
  tenant->bind(1, key.tenant.text());
  if (auto done = tenant->run(); !done) return done;
  auto insert = database.prepare("INSERT INTO virtual_key VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
  if (!insert) return fail(insert);
  const std::string digest = to_hex(key.secret_sha256);
  insert->bind(1, key.id.text());
  insert->bind(2, key.tenant.text());
  insert->bind(3, key.name);
  insert->bind(4, digest);
  insert->bind(5, unix_nanoseconds(key.created_at));
  bind(*insert, 6, key.expires_at);
  bind(*insert, 7, key.revoked_at);
  bind_allowance(*insert, 8, key.allowance);
  if (auto done = insert->run(); !done) return done;
  auto model = database.prepare("INSERT INTO key_model VALUES (?1, ?2, ?3)");
  if (!model) return fail(model);
  for (std::size_t i = 0; i < key.allowed_models.size(); ++i) {
    model->bind(1, key.id.text());
    model->bind(2, static_cast<std::int64_t>(i));
    model->bind(3, key.allowed_models[i]);
    if (auto done = model->run(); !done) return done;
  }
  auto label = database.prepare("INSERT INTO key_label VALUES (?1, ?2, ?3)");
  if (!label) return fail(label);
  for (const auto& [name, value] : key.labels) {
    label->bind(1, key.id.text());
    label->bind(2, name);
    label->bind(3, value);
    if (auto done = label->run(); !done) return done;
  }
  return {};
}

/// Calls `take` with every row.
template <typename Take>
Result<void> for_rows(Database& database, std::string_view sql, Take take) {
  auto query = database.prepare(sql);
  if (!query) return fail(query);
  for (;;) {
    const auto row = query->step();
    if (!row) return fail(row);
    if (!*row) return {};
    take(*query);
  }
}

}  // namespace

Result<Database*> SqliteDirectory::connect() {
  if (!database_) {
    auto opened = Database::open(path_, Database::Access::ReadWrite);
    if (!opened) return fail(opened);
    if (auto migrated = migrate(*opened, kSteps, path_); !migrated) return fail(migrated);
    // Nothing here is written often enough to move the log on by hand.
    if (auto set = opened->execute("PRAGMA wal_autocheckpoint=100"); !set) return fail(set);
    database_ = std::move(*opened);
    changed_here_ = true;
  }
  return &*database_;
}

Result<CreatedKey> SqliteDirectory::create_key(const NewKey& wanted, WallTime now) {
  if (wanted.tenant.empty() || wanted.name.empty()) {
    return fail(FailureKind::InvalidInput, Origin::Operator, "keys: a new key needs a tenant and a name");
  }
  auto id = random_text(kKeyIdLength);
  if (!id) return fail(id);
  const auto secret = random_text(kSecretLength);
  if (!secret) return fail(secret);
  VirtualKey key{KeyId(*id),        wanted.tenant, wanted.name,           sha256(*secret), now,
                 wanted.expires_at, std::nullopt,  wanted.allowed_models, wanted.labels,   wanted.allowance};
  const auto database = connect();
  if (!database) return fail(database);
  auto transaction = Transaction::start(**database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  if (auto inserted = insert_key(**database, key); !inserted) return fail(inserted);
  if (auto committed = transaction->commit(); !committed) return fail(committed);
  changed_here_ = true;
  return CreatedKey{std::move(key), key_text(*id, *secret)};
}

Result<void> SqliteDirectory::revoke_key(const KeyId& id, WallTime now) {
  const auto database = connect();
  if (!database) return fail(database);
  auto update =
      (*database)->prepare("UPDATE virtual_key SET revoked_at = ifnull(revoked_at, ?2) WHERE id = ?1 RETURNING 1");
  if (!update) return fail(update);
  update->bind(1, id.text());
  update->bind(2, unix_nanoseconds(now));
  const auto row = update->step();
  if (!row) return fail(row);
  if (!*row) {
    return fail(FailureKind::NotFound, Origin::Operator,
                fmt::format("keys: there is no key '{}'; 'tidegate keys list' shows them", id.text()));
  }
  const auto rest = update->step();
  if (!rest) return fail(rest);
  changed_here_ = true;
  return {};
}

Result<std::vector<VirtualKey>> SqliteDirectory::list_keys() {
  const auto database = connect();
  if (!database) return fail(database);
  std::vector<VirtualKey> keys;
  std::unordered_map<std::string, std::size_t> places;
  auto transaction = Transaction::start(**database, "BEGIN");
  if (!transaction) return fail(transaction);
  auto done = for_rows(**database, "SELECT * FROM virtual_key ORDER BY created_at, id", [&](const Statement& row) {
    places.emplace(row.text(0), keys.size());
    keys.push_back(VirtualKey{KeyId(row.text(0)),
                              TenantId(row.text(1)),
                              std::string(row.text(2)),
                              from_hex(row.text(3)),
                              wall_time_from_unix_nanoseconds(row.number(4)),
                              read_time(row, 5),
                              read_time(row, 6),
                              {},
                              {},
                              read_allowance(row, 7)});
  });
  if (!done) return fail(done);
  const auto key_of = [&](const Statement& row) -> VirtualKey* {
    const auto found = places.find(std::string(row.text(0)));
    return found == places.end() ? nullptr : &keys[found->second];
  };
  done = for_rows(**database, "SELECT key, glob FROM key_model ORDER BY key, position", [&](const Statement& row) {
    if (VirtualKey* key = key_of(row)) key->allowed_models.emplace_back(row.text(1));
  });
  if (!done) return fail(done);
  done = for_rows(**database, "SELECT key, name, value FROM key_label", [&](const Statement& row) {
    if (VirtualKey* key = key_of(row)) key->labels.emplace(row.text(1), row.text(2));
  });
  if (!done) return fail(done);
  return keys;
}

Result<void> SqliteDirectory::put_tenant(const Tenant& tenant) {
  const auto database = connect();
  if (!database) return fail(database);
  auto insert = (*database)->prepare("INSERT OR REPLACE INTO tenant VALUES (?1,?2,?3,?4,?5,?6,?7)");
  if (!insert) return fail(insert);
  insert->bind(1, tenant.id.text());
  insert->bind(2, tenant.name);
  insert->bind(3, tenant.weight);
  bind_allowance(*insert, 4, tenant.allowance);
  changed_here_ = true;
  return insert->run();
}

Result<std::vector<Tenant>> SqliteDirectory::list_tenants() {
  const auto database = connect();
  if (!database) return fail(database);
  std::vector<Tenant> tenants;
  auto done = for_rows(**database, "SELECT * FROM tenant ORDER BY id", [&](const Statement& row) {
    tenants.push_back(Tenant{TenantId(row.text(0)), std::string(row.text(1)), row.number(2), read_allowance(row, 3)});
  });
  if (!done) return fail(done);
  return tenants;
}

Result<std::shared_ptr<const DirectorySnapshot>> SqliteDirectory::changed_snapshot() {
  const auto database = connect();
  if (!database) return fail(database);
  // Read before the tables: a change in between is seen again the next time.
  const auto version = (*database)->number("PRAGMA data_version");
  if (!version) return fail(version);
  if (*version == seen_version_ && !changed_here_) return std::shared_ptr<const DirectorySnapshot>();
  auto tenants = list_tenants();
  if (!tenants) return fail(tenants);
  auto keys = list_keys();
  if (!keys) return fail(keys);
  seen_version_ = *version;
  changed_here_ = false;
  return std::make_shared<const DirectorySnapshot>(std::move(*tenants), std::move(*keys));
}

}  // namespace tidegate::store
