// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/sqlite/sqlite_directory.h"

#include "store/sqlite/directory_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace tidegate::store {

namespace {

using quota::Allowance;

enum class Owner : std::uint8_t { Tenant, Key };

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

template <typename Word>
void bind_word(Statement& statement, int parameter, const std::optional<Word>& word) {
  if (word) {
    statement.bind(parameter, to_string(*word));
  } else {
    statement.bind_null(parameter);
  }
}

/// In place of what there is.
Result<void> put_allowance(Database& database, Owner owner, std::string_view id, const Allowance& allowance) {
  const std::int64_t of_key = owner == Owner::Key ? 1 : 0;
  auto insert = database.prepare("INSERT OR REPLACE INTO allowance VALUES (?1,?2,?3,?4,?5,?6,?7,?8)");
  if (!insert) return fail(insert);
  insert->bind(1, of_key);
  insert->bind(2, id);
  bind(*insert, 3, allowance.requests_per_minute);
  bind(*insert, 4, allowance.tokens_per_minute);
  bind_word(*insert, 5, allowance.priority);
  bind(*insert, 6, allowance.weight);
  bind_word(*insert, 7, allowance.reserve);
  bind(*insert, 8, allowance.max_wait ? std::optional(allowance.max_wait->count()) : std::nullopt);
  if (auto done = insert->run(); !done) return done;
  auto remove = database.prepare("DELETE FROM budget WHERE of_key = ?1 AND owner = ?2");
  if (!remove) return fail(remove);
  remove->bind(1, of_key);
  remove->bind(2, id);
  if (auto done = remove->run(); !done) return done;
  auto add = database.prepare("INSERT INTO budget VALUES (?1,?2,?3,?4,?5,?6,?7)");
  if (!add) return fail(add);
  for (const quota::Budget& budget : allowance.budgets) {
    add->bind(1, of_key);
    add->bind(2, id);
    add->bind(3, to_string(budget.period));
    add->bind(4, to_string(budget.unit));
    add->bind(5, budget.limit);
    add->bind(6, static_cast<std::int64_t>(budget.warn_percent));
    add->bind(7, static_cast<std::int64_t>(budget.mode == quota::BudgetMode::Soft));
    if (auto done = add->run(); !done) return done;
  }
  return {};
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
  Allowance allowance;
  allowance.requests_per_minute = read_number(row, first);
  allowance.tokens_per_minute = read_number(row, first + 1);
  allowance.priority = quota::priority_named(row.text(first + 2));
  allowance.weight = read_number(row, first + 3);
  allowance.reserve = quota::reserve_mode_named(row.text(first + 4));
  if (const auto wait = read_number(row, first + 5)) allowance.max_wait = Nanoseconds(*wait);
  return allowance;
}

Result<void> insert_key(Database& database, const VirtualKey& key) {
  auto tenant = database.prepare("INSERT INTO tenant (id, name) VALUES (?1, ?1) ON CONFLICT DO NOTHING");
  if (!tenant) return fail(tenant);
  tenant->bind(1, key.tenant.text());
  if (auto done = tenant->run(); !done) return done;
  auto insert = database.prepare("INSERT INTO virtual_key VALUES (?1,?2,?3,?4,?5,?6,?7)");
  if (!insert) return fail(insert);
  const std::string digest = to_hex(key.secret_sha256);
  insert->bind(1, key.id.text());
  insert->bind(2, key.tenant.text());
  insert->bind(3, key.name);
  insert->bind(4, digest);
  insert->bind(5, unix_nanoseconds(key.created_at));
  bind(*insert, 6, key.expires_at);
  bind(*insert, 7, key.revoked_at);
  if (auto done = insert->run(); !done) return done;
  if (auto done = put_allowance(database, Owner::Key, key.id.text(), key.allowance); !done) return done;
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

tl::unexpected<Failure> no_such_key(const KeyId& id) {
  return fail(FailureKind::NotFound, Origin::Operator,
              fmt::format("keys: there is no key '{}'; 'tidegate keys list' shows them", id.text()));
}

/// What each tenant, or each key, may take; by id.
Result<std::unordered_map<std::string, Allowance>> list_allowances(Database& database, Owner owner) {
  std::unordered_map<std::string, Allowance> allowances;
  const int of_key = owner == Owner::Key ? 1 : 0;
  auto done = for_rows(database,
                       fmt::format("SELECT owner, requests_per_minute, tokens_per_minute, priority, weight, reserve, max_wait"
                                   " FROM allowance WHERE of_key = {}",
                                   of_key),
                       [&](const Statement& row) { allowances[std::string(row.text(0))] = read_allowance(row, 1); });
  if (!done) return fail(done);
  done = for_rows(
      database,
      fmt::format("SELECT owner, period, unit, most, warn_percent, is_soft FROM budget WHERE of_key = {}", of_key),
      [&](const Statement& row) {
        const auto period = quota::budget_period_named(row.text(1));
        const auto unit = quota::budget_unit_named(row.text(2));
        if (!period || !unit) return;
        put(allowances[std::string(row.text(0))],
            quota::Budget{*period, *unit, row.number(3), static_cast<int>(row.number(4)),
                          row.number(5) != 0 ? quota::BudgetMode::Soft : quota::BudgetMode::Hard});
      });
  if (!done) return fail(done);
  return allowances;
}

}  // namespace

Result<Database*> SqliteDirectory::connect() {
  if (auto kept = give_up_replaced(database_, path_); !kept) return fail(kept);
  if (!database_) {
    auto opened = open_directory_database(path_);
    if (!opened) return fail(opened);
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
  if (!*row) return no_such_key(id);
  const auto rest = update->step();
  if (!rest) return fail(rest);
  changed_here_ = true;
  return {};
}

Result<void> SqliteDirectory::allow_key(const KeyId& id, const Allowance& allowance) {
  const auto database = connect();
  if (!database) return fail(database);
  auto transaction = Transaction::start(**database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  auto find = (*database)->prepare("SELECT 1 FROM virtual_key WHERE id = ?1");
  if (!find) return fail(find);
  find->bind(1, id.text());
  const auto row = find->step();
  if (!row) return fail(row);
  if (!*row) return no_such_key(id);
  find->reset();
  if (auto put = put_allowance(**database, Owner::Key, id.text(), allowance); !put) return put;
  if (auto committed = transaction->commit(); !committed) return committed;
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
  auto allowances = list_allowances(**database, Owner::Key);
  if (!allowances) return fail(allowances);
  constexpr std::string_view kKeys =
      "SELECT id, tenant, name, secret_sha256, created_at, expires_at, revoked_at FROM virtual_key ORDER BY created_at, id";
  auto done = for_rows(**database, kKeys, [&](const Statement& row) {
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
                              std::move((*allowances)[std::string(row.text(0))])});
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
  if (tenant.id.empty()) return fail(FailureKind::InvalidInput, Origin::Operator, "tenants: a tenant needs a name");
  const auto database = connect();
  if (!database) return fail(database);
  auto transaction = Transaction::start(**database, "BEGIN IMMEDIATE");
  if (!transaction) return fail(transaction);
  auto insert = (*database)->prepare("INSERT OR REPLACE INTO tenant (id, name) VALUES (?1, ?2)");
  if (!insert) return fail(insert);
  insert->bind(1, tenant.id.text());
  insert->bind(2, tenant.name);
  if (auto done = insert->run(); !done) return done;
  if (auto put = put_allowance(**database, Owner::Tenant, tenant.id.text(), tenant.allowance); !put) return put;
  auto forget = (*database)->prepare("DELETE FROM tenant_provider WHERE tenant = ?1");
  if (!forget) return fail(forget);
  forget->bind(1, tenant.id.text());
  if (auto done = forget->run(); !done) return done;
  auto allow = (*database)->prepare("INSERT OR REPLACE INTO tenant_provider VALUES (?1, ?2)");
  if (!allow) return fail(allow);
  for (const std::string& provider : tenant.providers) {
    allow->bind(1, tenant.id.text());
    allow->bind(2, provider);
    if (auto done = allow->run(); !done) return done;
    allow->reset();
  }
  if (auto committed = transaction->commit(); !committed) return committed;
  changed_here_ = true;
  return {};
}

Result<std::vector<Tenant>> SqliteDirectory::list_tenants() {
  const auto database = connect();
  if (!database) return fail(database);
  std::vector<Tenant> tenants;
  auto transaction = Transaction::start(**database, "BEGIN");
  if (!transaction) return fail(transaction);
  auto allowances = list_allowances(**database, Owner::Tenant);
  if (!allowances) return fail(allowances);
  auto done = for_rows(**database, "SELECT id, name FROM tenant ORDER BY id", [&](const Statement& row) {
    std::string id(row.text(0));
    quota::Allowance allowance = std::move((*allowances)[id]);
    tenants.push_back(Tenant{TenantId(std::move(id)), std::string(row.text(1)), std::move(allowance)});
  });
  if (!done) return fail(done);
  done = for_rows(**database, "SELECT tenant, provider FROM tenant_provider ORDER BY tenant, provider", [&](const Statement& row) {
    const auto tenant = std::find_if(tenants.begin(), tenants.end(), [&](const Tenant& known) { return known.id.text() == row.text(0); });
    if (tenant != tenants.end()) tenant->providers.emplace_back(row.text(1));
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
