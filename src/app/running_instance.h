// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/instance.h"
#include "app/server.h"
#include "store/sqlite/sqlite_directory.h"

#include <functional>

namespace tidegate::app {

/// The server as the admin API sees it.
class RunningInstance final : public admin::Instance {
 public:
  using Reload = std::function<Result<std::vector<std::string>>()>;

  /// `reload` reads the configuration again and applies it. `server` outlives this.
  RunningInstance(Server& server, Reload reload);

  [[nodiscard]] Now now() const override { return server_.clock().now(); }
  [[nodiscard]] admin::Status status() const override;
  [[nodiscard]] Result<monitor::WindowTotals> totals(Nanoseconds length) override;
  [[nodiscard]] Result<std::vector<monitor::WindowLine>> lines(Nanoseconds length, monitor::Dimension by) override;
  [[nodiscard]] std::vector<quota::PoolLevel> limits() const override;
  [[nodiscard]] std::vector<quota::RoomBook::NamedRoom> rooms() const override { return server_.rooms().rooms(); }
  [[nodiscard]] std::vector<quota::RoomBook::NamedKeys> provider_keys() const override { return server_.rooms().all_keys(); }
  [[nodiscard]] std::vector<quota::AccountLevel> accounts() const override;
  [[nodiscard]] std::vector<caching::SavingsBook::Line> cache_savings() const override { return server_.cache_savings(); }
  [[nodiscard]] std::optional<KeptAnswers> kept_answers() const override;
  [[nodiscard]] std::vector<monitor::BalanceCourse> balance_courses() const override { return server_.balances().courses(); }
  [[nodiscard]] std::vector<monitor::Alarm> alarms() const override;
  [[nodiscard]] admin::AlertsState alerts() override;
  [[nodiscard]] Result<void> acknowledge_alert(std::string_view id, const std::string& by) override;
  [[nodiscard]] Result<void> silence_alert(std::string_view id, Nanoseconds length, const std::string& by) override;
  [[nodiscard]] admin::SlackOptions slack_command() const override { return server_.options().slack; }
  [[nodiscard]] Result<std::string> run_action(std::string_view name, const std::string& by) override { return server_.actions().run(name, by); }
  [[nodiscard]] Result<std::string> return_action(std::string_view name, const std::string& by) override { return server_.actions().take_back(name, by); }
  [[nodiscard]] std::vector<admin::ActionStatus> actions() const override;
  [[nodiscard]] Result<std::vector<store::AuditEntry>> audit(std::size_t most) override { return operations_.newest(most); }
  [[nodiscard]] std::string metrics(metrics::TextFormat format) const override;
  [[nodiscard]] std::string configuration() const override;
  [[nodiscard]] admin::LevelCurves level_curves() const override;
  [[nodiscard]] Result<std::vector<store::CostRow>> cost(const store::EntryFilter& filter,
                                                         std::span<const store::Dimension> by) override;
  [[nodiscard]] Result<std::vector<store::LedgerEntry>> entries(const store::EntryFilter& filter, std::size_t most) override;
  [[nodiscard]] admin::ShadowState shadow(Nanoseconds length) override;
  [[nodiscard]] std::vector<monitor::SeriesForecast> forecast(int horizon) override { return server_.forecasts().forecast(horizon); }
  [[nodiscard]] int forecast_horizon() const override { return server_.forecasts().horizon(); }
  [[nodiscard]] Result<std::vector<std::string>> reload() override;
  [[nodiscard]] Result<std::vector<store::VirtualKey>> keys() override;
  [[nodiscard]] Result<store::CreatedKey> create_key(const store::NewKey& wanted) override;
  [[nodiscard]] Result<void> revoke_key(const KeyId& id) override;
  [[nodiscard]] Result<void> allow_key(const KeyId& id, const quota::Allowance& allowance) override;
  [[nodiscard]] Result<std::vector<store::Tenant>> tenants() override;
  [[nodiscard]] Result<void> put_tenant(const store::Tenant& tenant) override;

 private:
  /// For the audit; the callers' own thread.
  void note_change(std::string subject, std::string text, std::string actor = "admin API");
  /// What the audit calls it: an id alone tells nobody anything later.
  [[nodiscard]] std::string alert_name(std::string_view id);

  Server& server_;
  const Reload reload_;
  store::SqliteOperations operations_;  ///< likewise
  store::SqliteDirectory directory_;  ///< a connection of its own: the server's belongs to the keeper's thread
};

}  // namespace tidegate::app
