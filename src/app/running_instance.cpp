// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/running_instance.h"

#include "app/version.h"
#include "config/settings.h"
#include "store/sqlite/ledger_reader.h"

#include <fmt/format.h>

#include <utility>

namespace tidegate::app {

RunningInstance::RunningInstance(Server& server, Reload reload)
    : server_(server),
      reload_(std::move(reload)),
      operations_(std::filesystem::path(server.options().store.directory) / "directory.db"),
      directory_(std::filesystem::path(server.options().store.directory) / "directory.db") {}

admin::Status RunningInstance::status() const {
  const config::Options options = server_.options();
  admin::Status status{.version = std::string(kVersion),
                       .commit = std::string(kCommit),
                       .started_at = server_.started_at(),
                       .now = server_.clock().now().wall,
                       .listen = server_.url(),
                       .auth = std::string(gateway::to_string(options.gateway.auth)),
                       .providers = {},
                       .balances = server_.balances().list(),
                       .workers = options.gateway.worker_threads,
                       .open_connections = server_.data_plane().open_connections(),
                       .body_memory = server_.data_plane().body_memory().used(),
                       .body_memory_limit = options.gateway.body_memory,
                       .unseen_requests = server_.use().dropped(),
                       .ledger = server_.ledger_health()};
  for (const upstream::ProviderOptions& provider : options.providers) {
    status.providers.push_back(fmt::format("{} {}", provider.id.text(), provider.base_url));
  }
  return status;
}

Result<monitor::WindowTotals> RunningInstance::totals(Nanoseconds length) {
  return server_.use().totals(length, now().steady);
}

Result<std::vector<monitor::WindowLine>> RunningInstance::lines(Nanoseconds length, monitor::Dimension by) {
  return server_.use().query(length, by, now().steady);
}

std::vector<quota::PoolLevel> RunningInstance::limits() const { return server_.limits().fresh_levels(server_.clock().now()); }

std::vector<quota::AccountLevel> RunningInstance::accounts() const {
  return server_.tenants().levels(quota::TenantBook::Which::All, server_.clock().now());
}

std::optional<admin::Instance::KeptAnswers> RunningInstance::kept_answers() const {
  if (server_.answers() == nullptr) return std::nullopt;
  const gateway::AnswerCache::Figures kept = server_.answers()->figures();
  return KeptAnswers{.hits = kept.hits, .joined = kept.joined, .misses = kept.misses, .entries = kept.entries, .bytes = kept.bytes, .saved = kept.saved};
}

std::vector<monitor::Alarm> RunningInstance::alarms() const { return server_.alarms().list(); }

admin::AlertsState RunningInstance::alerts() {
  AlertCenter& center = server_.alerts();
  admin::AlertsState state{.alerts = center.alerts(now()),
                           .actions = {},
                           .history = center.history(),
                           .limit_changes = center.limit_changes(),
                           .rules = center.rules(),
                           .dead_letters = {}};
  for (const operations::ActionStanding& action : server_.actions().list()) {
    if (action.alert_id.empty()) continue;
    state.actions[action.alert_id].push_back({.name = action.name, .state = std::string(to_string(action.state)), .detail = action.detail});
  }
  for (const delivery::DeadMessage& dead : server_.courier().dead()) {
    state.dead_letters.push_back({.at = dead.at, .receiver = dead.receiver, .headline = dead.headline, .error = dead.error});
  }
  return state;
}

Result<void> RunningInstance::acknowledge_alert(std::string_view id, const std::string& by) {
  if (!server_.alerts().acknowledge(id, by, now())) {
    return fail(FailureKind::NotFound, Origin::Client, fmt::format("there is no alert {}, or it is over", id));
  }
  note_change(alert_name(id), "taken on: nobody is reminded of it", by);
  return {};
}

Result<void> RunningInstance::silence_alert(std::string_view id, Nanoseconds length, const std::string& by) {
  if (!server_.alerts().silence(id, length, by, now())) {
    return fail(FailureKind::NotFound, Origin::Client, fmt::format("there is no alert {}", id));
  }
  note_change(alert_name(id), fmt::format("silenced for {}, until {}", to_text(length), to_rfc3339(now().wall + length)), by);
  return {};
}

std::string RunningInstance::metrics(metrics::TextFormat format) const {
  return metrics::to_text(server_.registry().snapshot(), format);
}

std::string RunningInstance::configuration() const { return config::to_json(config::effective(server_.options())); }

admin::LevelCurves RunningInstance::level_curves() const {
  return {.every = LevelHistory::kEvery, .series = server_.level_history().series()};
}

Result<std::vector<store::CostRow>> RunningInstance::cost(const store::EntryFilter& filter,
                                                          std::span<const store::Dimension> by) {
  // The reader opens the files anew, as the command line does: a connection that was kept would miss a ledger that was
  // set aside.
  return store::LedgerReader(server_.options().store.directory).aggregate(filter, by);
}

Result<std::vector<store::LedgerEntry>> RunningInstance::entries(const store::EntryFilter& filter, std::size_t most) {
  return store::LedgerReader(server_.options().store.directory).newest(filter, most);
}

admin::ShadowState RunningInstance::shadow(Nanoseconds length) {
  ShadowBoard& board = server_.shadow();
  return {.options = board.options(), .counts = board.counts(now()), .reports = board.reports(length, now().steady)};
}

Result<std::vector<store::VirtualKey>> RunningInstance::keys() { return directory_.list_keys(); }

Result<store::CreatedKey> RunningInstance::create_key(const store::NewKey& wanted) {
  auto created = directory_.create_key(wanted, now().wall);
  if (created) note_change("key " + created->key.id.text(), fmt::format("made, for tenant {}", wanted.tenant.text()));
  return created;
}

Result<void> RunningInstance::revoke_key(const KeyId& id) {
  auto revoked = directory_.revoke_key(id, now().wall);
  if (revoked) note_change("key " + id.text(), "revoked");
  return revoked;
}

Result<void> RunningInstance::allow_key(const KeyId& id, const quota::Allowance& allowance) {
  auto allowed = directory_.allow_key(id, allowance);
  if (allowed) note_change("key " + id.text(), "what it may take was changed");
  return allowed;
}

Result<std::vector<std::string>> RunningInstance::reload() {
  auto changes = reload_();
  if (changes) note_change("configuration", fmt::format("read again, {} settings changed", changes->size()));
  return changes;
}

std::string RunningInstance::alert_name(std::string_view id) {
  for (const monitor::Alert& alert : server_.alerts().alerts(now())) {
    if (alert.id == id) return fmt::format("alert {} {} ({})", id, alert.rule, alert.subject);
  }
  return fmt::format("alert {}", id);
}

void RunningInstance::note_change(std::string subject, std::string text, std::string actor) {
  const WallTime at = now().wall;
  const auto noted = operations_.add({.at = at, .actor = std::move(actor), .subject = std::move(subject), .text = std::move(text)});
  if (!noted) server_.say(fmt::format("time={} the audit misses a change: {}\n", to_rfc3339(at), noted.error().detail));
}

Result<std::vector<store::Tenant>> RunningInstance::tenants() { return directory_.list_tenants(); }

Result<void> RunningInstance::put_tenant(const store::Tenant& tenant) {
  auto put = directory_.put_tenant(tenant);
  if (put) note_change("tenant " + tenant.id.text(), "made, or what it may take was changed");
  return put;
}

std::vector<admin::ActionStatus> RunningInstance::actions() const {
  std::vector<admin::ActionStatus> out;
  for (operations::ActionStanding& action : server_.actions().list()) {
    out.push_back({.name = std::move(action.name),
                   .kind = std::string(to_string(action.kind)),
                   .state = std::string(to_string(action.state)),
                   .detail = std::move(action.detail),
                   .alert_id = std::move(action.alert_id),
                   .incident = std::move(action.incident),
                   .by = std::move(action.by),
                   .began_at = action.began_at,
                   .runs_today = action.runs_today,
                   .max_per_day = action.max_per_day,
                   .dry_run = action.dry_run});
  }
  return out;
}

}  // namespace tidegate::app
