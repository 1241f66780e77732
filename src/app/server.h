// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/action_levers.h"
#include "app/alarm_board.h"
#include "app/balance_board.h"
#include "app/balance_keeper.h"
#include "app/alert_center.h"
#include "app/alert_keeper.h"
#include "app/clock_watch.h"
#include "app/data_plane.h"
#include "app/directory_key_check.h"
#include "app/forecast_board.h"
#include "app/log_writer.h"
#include "app/period_use.h"
#include "app/level_history.h"
#include "app/money_watch.h"
#include "app/provider_keys.h"
#include "app/schedule.h"
#include "app/shadow_board.h"
#include "app/shadow_watch.h"
#include "app/spare_keys.h"
#include "app/tenant_accounts.h"
#include "app/tie_keeper.h"
#include "app/use_board.h"
#include "app/worker_shadow.h"
#include "app/worker_sink.h"
#include "base/board.h"
#include "config/options.h"
#include "metrics/registry.h"
#include "metrics/worker_metrics.h"
#include "monitor/delivery/courier.h"
#include "operations/action_runner.h"
#include "pricing/price_book.h"
#include "quota/book/limit_board.h"
#include "quota/book/room_book.h"
#include "quota/book/tenant_book.h"
#include "store/directory.h"
#include "store/journal_keeper.h"
#include "store/sqlite/ledger_reader.h"
#include "store/sqlite/sqlite_directory.h"
#include "store/sqlite/sqlite_history.h"
#include "store/sqlite/sqlite_ledger.h"
#include "store/sqlite/sqlite_limits.h"
#include "store/sqlite/sqlite_ties.h"
#include "store/sqlite/sqlite_operations.h"

#include <atomic>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tidegate::app {

/// Everything that one `tidegate serve` is made of, in the order in which it depends on each other: log, boards,
/// stores, journal, workers, schedule. Starts and stops as a whole. `reload` by one thread at a time; the rest as said.
class Server {
 public:
  /// Opens stores and port and begins to serve; keys, limits and what tenants spent in earlier runs are there before the
  /// port opens.
  /// `options` with all defaults; `log` stays the caller's and outlives the server. Failure: whatever keeps it from
  /// serving, in words for the operator.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(config::Options options, const Clock& clock,
                                                             std::FILE* log);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Cuts what still runs and records it.
  ~Server();

  /// Takes over what can change while running; no connection is dropped. Gives one line per setting that changed.
  /// Failure: nothing changed, and why.
  [[nodiscard]] Result<std::vector<std::string>> reload(const config::Options& next);
  /// A reload that did not get so far as to `reload`: its options could not be read.
  void note_rejected_reload(const std::string& why);
  /// Accepts nothing more, lets running answers end for `gateway.drain_timeout`, settles and records what is left.
  void stop();

  // Any thread.
  [[nodiscard]] std::uint16_t port() const { return plane_->port(); }
  /// Where clients are served: `http://127.0.0.1:8080`.
  [[nodiscard]] std::string url() const;
  /// What receivers of alerts call this instance: the same, with the machine's name where the address would not tell it.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] config::Options options() const;
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] WallTime started_at() const { return started_at_; }
  [[nodiscard]] const metrics::Registry& registry() const { return registry_; }
  [[nodiscard]] const AlarmBoard& alarms() const { return alarms_; }
  [[nodiscard]] const quota::LimitBoard& limits() const { return limits_; }
  [[nodiscard]] quota::RoomBook& rooms() { return rooms_; }
  [[nodiscard]] std::vector<caching::SavingsBook::Line> cache_savings() const {
    return prompt_marks_ ? prompt_marks_->savings() : std::vector<caching::SavingsBook::Line>{};
  }
  /// Null: none is kept.
  [[nodiscard]] const gateway::AnswerCache* answers() const { return answers_.get(); }
  [[nodiscard]] const quota::TenantBook& tenants() const { return tenants_; }
  [[nodiscard]] UseBoard& use() { return use_; }
  [[nodiscard]] ShadowBoard& shadow() { return shadow_; }
  [[nodiscard]] const BalanceBoard& balances() const { return balances_; }
  [[nodiscard]] const ForecastBoard& forecasts() const { return forecasts_; }
  [[nodiscard]] AlertCenter& alerts() { return *alerts_; }
  [[nodiscard]] const delivery::Courier& courier() const { return courier_; }
  [[nodiscard]] operations::ActionRunner& actions() { return actions_; }
  [[nodiscard]] store::LedgerHealth ledger_health() const { return keeper_->health(); }
  [[nodiscard]] const DataPlane& data_plane() const { return *plane_; }
  [[nodiscard]] const LevelHistory& level_history() const { return level_history_; }
  void say(const std::string& line) { log_.say(line); }

 private:
  Server(config::Options options, const Clock& clock, std::FILE* log, monitor::Windows windows);

  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<void> swap_prices(const config::Options& options);
  [[nodiscard]] Result<void> read_keys();
  /// Gives the data plane these options with the keys of `watches`, and puts both in force; `watches` is then the former
  /// ones. Failure: nothing changed.
  [[nodiscard]] Result<void> adopt(const config::Options& options, ProviderKeys::Watches& watches);
  [[nodiscard]] Result<void> adopt_again();
  void adopt_keys_of(const ProviderId& provider);
  void restore_limits();
  void restore_spending(store::LedgerReader::Writers writers);
  void save_limits(Now now);
  void plan_jobs();
  void collect_metrics();
  void read_stated_limits(Now now);
  void look_at_ledger(Now now);
  void look_at_budgets(Now now);
  void restore_shadow_spending(Now now);
  void look_at_certificate(Now now);
  void look_at_demand(Now now);
  [[nodiscard]] std::vector<monitor::DemandLimit> demand_limits_now();
  void restore_demand(Now now);
  [[nodiscard]] AlertCenter::Sources alert_sources();
  [[nodiscard]] operations::ActionRunner::Ports action_ports();
  [[nodiscard]] config::Options with_keys(config::Options options, const ProviderKeys::Watches& watches) const;

  const Clock& clock_;
  const WallTime started_at_;
  mutable std::mutex options_mutex_;  ///< guards options_
  config::Options options_;

  std::atomic<config::LogLevel> log_level_;
  LogWriter log_;
  AlarmBoard alarms_;
  UnreadAnswers unread_{alarms_};
  metrics::Registry registry_;
  metrics::ControlMetrics control_metrics_;
  Board<pricing::PriceBook> prices_;
  UnpricedModels unpriced_{alarms_, prices_};
  quota::LimitBoard limits_;
  PeriodUse period_use_;
  std::optional<gateway::PromptMarks> prompt_marks_;
  std::unique_ptr<gateway::AnswerCache> answers_;
  quota::RoomBook rooms_;
  gateway::WaitingBook waiting_;
  quota::TenantBook tenants_;
  UseBoard use_;
  LevelHistory level_history_;
  ShadowBoard shadow_;
  ForecastBoard forecasts_;
  std::atomic<std::int64_t> spent_today_ = -1;  ///< nano-dollars, as alerts saw it last; negative: nobody looks
  std::deque<WorkerShadow> shadows_;

  store::SqliteLedger ledger_;
  store::SqliteLimits stored_limits_;
  gateway::TieBoard ties_;
  store::SqliteTies stored_ties_;
  TieKeeper tie_keeper_;
  store::SqliteHistory history_;
  store::SqliteDirectory directory_;
  store::DirectoryBoard keys_;
  TenantAccounts accounts_{tenants_};
  SteadyTime told_until_{};  ///< the keeper's thread only: until when each look at the directory is told
  std::unique_ptr<store::JournalKeeper> keeper_;

  std::deque<WorkerSink> sinks_;
  std::deque<DirectoryKeyCheck> key_checks_;
  std::mutex adopt_mutex_;  ///< one adoption at a time: reload, certificate, keys; guards plane_ while it starts
  std::unique_ptr<DataPlane> plane_;
  ProviderKeys provider_keys_;
  Schedule schedule_;
  std::map<std::string, SteadyTime> limits_read_at_;  ///< by provider, when it worked; the thread of lookups_ only
  ShadowWatch shadow_watch_;  ///< the thread of lookups_ only
  BalanceBoard balances_{alarms_};
  BalanceKeeper balance_keeper_{balances_, history_};  ///< the thread of history_schedule_
  Schedule balance_lookups_;  ///< asks providers, on a thread where nobody waits for them
  Schedule lookups_;  ///< what reads the ledger for long, on a thread where nobody waits for it
  delivery::Courier courier_;  ///< brings alerts to people, on a thread of its own
  gateway::SteeringBoard steering_;
  SpareKeys spare_keys_;
  store::SqliteOperations operations_;  ///< the thread of actions_ only
  ActionLevers levers_;                 ///< likewise
  operations::ActionRunner actions_;  ///< does something about them, on another one
  std::unique_ptr<AlertCenter> alerts_;
  std::unique_ptr<AlertKeeper> alert_keeper_;
  Schedule alert_schedule_;  ///< what rules look at may take a moment: the ledger
  Schedule history_schedule_;  ///< writes what became of alerts, on a thread where no alert waits for it
  std::set<std::string> budget_alarms_;     ///< subjects; the schedule's thread only
  MoneyWatch money_;                        ///< likewise
  ClockWatch clock_watch_;                  ///< likewise
  std::map<std::string, std::filesystem::file_time_type>
      certificate_files_;  ///< as last seen; the schedule's thread only
};

}  // namespace tidegate::app
