// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/alerts_state.h"
#include "admin/slack_options.h"
#include "base/result.h"
#include "base/time.h"
#include "caching/savings_book.h"
#include "metrics/text_format.h"
#include "monitor/alarm.h"
#include "monitor/balance.h"
#include "monitor/billed.h"
#include "monitor/forecast_book.h"
#include "monitor/shadow_counts.h"
#include "monitor/shadow_report.h"
#include "monitor/windows.h"
#include "quota/book/limit_board.h"
#include "quota/book/room_book.h"
#include "quota/book/tenant_book.h"
#include "store/directory.h"
#include "store/ledger.h"
#include "store/ledger_query.h"
#include "store/operations_store.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::admin {

/// What the running program is and how it does.
struct Status {
  std::string version;
  std::string commit;
  WallTime started_at{};
  WallTime now{};
  std::string listen;  ///< address that clients are served at, as a URL
  std::string auth;    ///< `open`, `virtual`, `passthrough`
  std::vector<std::string> providers;
  std::vector<monitor::ProviderBalance> balances;  ///< of those that are asked for it
  std::uint32_t workers = 0;
  std::size_t open_connections = 0;  ///< of clients
  std::uint64_t body_memory = 0;     ///< bytes of request bodies held now
  std::uint64_t body_memory_limit = 0;
  std::uint64_t unseen_requests = 0;  ///< finished, but missing in the windows because their ring was full
  store::LedgerHealth ledger;
};

/// What was left of one limit of a pool, over the last day.
struct LevelSeries {
  struct Limit {
    WallTime since;
    std::int64_t limit = 0;  ///< per minute
  };
  struct Point {
    WallTime at;
    double left = 0;
  };
  std::string pool;
  std::string model_group;
  llm::LimitDimension dimension = llm::LimitDimension::Requests;
  std::vector<Limit> limits;  ///< oldest first, the newest holds; none where only what is left is told
  std::vector<Point> points;  ///< oldest first
};

/// Curves of all limits.
struct LevelCurves {
  Seconds every{10};  ///< between the newest points
  std::vector<LevelSeries> series;
};

/// Copies to a second provider, and how the two compare.
struct ShadowState {
  monitor::ShadowOptions options;
  monitor::ShadowCounts counts;
  /// Of every two providers: all models together, then each model, most pairs first, if there are several.
  std::vector<monitor::ShadowReport> reports;
};

/// Port to the running program; `app` implements it. The calls of the first group answer at once and may come from any
/// thread; those of the second may take long (disk) and come from one thread at a time.
class Instance {
 public:
  virtual ~Instance() = default;

  [[nodiscard]] virtual Now now() const = 0;
  [[nodiscard]] virtual Status status() const = 0;
  /// Failure: InvalidInput for a length that no window holds.
  [[nodiscard]] virtual Result<monitor::WindowTotals> totals(Nanoseconds length) = 0;
  /// Failure: as `totals`.
  [[nodiscard]] virtual Result<std::vector<monitor::WindowLine>> lines(Nanoseconds length, monitor::Dimension by) = 0;
  [[nodiscard]] virtual std::vector<quota::PoolLevel> limits() const = 0;
  /// What waits where, and how full each pool is as the gateway itself counts; ordered by name.
  [[nodiscard]] virtual std::vector<quota::RoomBook::NamedRoom> rooms() const = 0;
  /// The providers' own keys, never their text.
  [[nodiscard]] virtual std::vector<quota::RoomBook::NamedKeys> provider_keys() const = 0;
  /// What tenants and valid keys have spent and may yet take, ordered by tenant and key.
  [[nodiscard]] virtual std::vector<quota::AccountLevel> accounts() const = 0;
  /// What marks of the gateway for prompt caches came to, since the start; empty where it sets none.
  [[nodiscard]] virtual std::vector<caching::SavingsBook::Line> cache_savings() const { return {}; }
  /// Whole answers given again, since the start; nothing where none is kept.
  struct KeptAnswers {
    std::int64_t hits = 0;    ///< at once
    std::int64_t joined = 0;  ///< once another request's answer was there
    std::int64_t misses = 0;
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
    Money saved;
  };
  [[nodiscard]] virtual std::optional<KeptAnswers> kept_answers() const { return std::nullopt; }
  /// How what is left of the money went within the last day, at providers that tell it.
  [[nodiscard]] virtual std::vector<monitor::BalanceCourse> balance_courses() const { return {}; }
  [[nodiscard]] virtual std::vector<monitor::Alarm> alarms() const = 0;
  [[nodiscard]] virtual AlertsState alerts() { return {}; }
  /// Failure: NotFound, also of one that is over.
  [[nodiscard]] virtual Result<void> acknowledge_alert(std::string_view id, const std::string& by) {
    (void)by;
    return fail(FailureKind::NotFound, Origin::Client, "there is no alert " + std::string(id));
  }
  /// Failure: NotFound.
  [[nodiscard]] virtual Result<void> silence_alert(std::string_view id, Nanoseconds length, const std::string& by) {
    (void)length;
    return acknowledge_alert(id, by);
  }
  /// Runs a configured action now; an empty name means the only one. Gives what people are told of it. Failure: NotFound, Exhausted
  /// (cooldown, most runs of a day).
  [[nodiscard]] virtual Result<std::string> run_action(std::string_view name, const std::string& by) {
    (void)name, (void)by;
    return fail(FailureKind::NotFound, Origin::Operator, "no action is configured");
  }
  /// Takes it back, and keeps it from running again while its alert lasts. Failure: NotFound (also if nothing of it is in place),
  /// Exhausted (it is at work).
  [[nodiscard]] virtual Result<std::string> return_action(std::string_view name, const std::string& by) {
    (void)name, (void)by;
    return fail(FailureKind::NotFound, Origin::Operator, "no action is configured");
  }
  /// In the order of the configuration.
  [[nodiscard]] virtual std::vector<ActionStatus> actions() const { return {}; }
  /// Who may use the slash command, and what proves it; without a secret there is none.
  [[nodiscard]] virtual SlackOptions slack_command() const { return {}; }
  [[nodiscard]] virtual std::string metrics(metrics::TextFormat format) const = 0;
  /// The configuration in force as JSON, secrets as the name of where they come from.
  [[nodiscard]] virtual std::string configuration() const = 0;
  /// How the limits stood within the last day.
  [[nodiscard]] virtual LevelCurves level_curves() const { return {}; }

  /// Sums of the ledger. Failure: as the database gives it.
  [[nodiscard]] virtual Result<std::vector<store::CostRow>> cost(const store::EntryFilter& filter,
                                                                 std::span<const store::Dimension> by) = 0;
  /// At most `most` entries of the ledger, the newest first. Failure: as the database gives it.
  [[nodiscard]] virtual Result<std::vector<store::LedgerEntry>> entries(const store::EntryFilter& filter, std::size_t most) = 0;
  /// Pairs of the last `length` compared.
  [[nodiscard]] virtual ShadowState shadow(Nanoseconds length) = 0;
  /// What is asked for, `horizon` (5…120) minutes ahead, against all limits and budgets; empty until the past was read from the ledger.
  [[nodiscard]] virtual std::vector<monitor::SeriesForecast> forecast(int /*horizon*/) { return {}; }
  /// Minutes ahead where nobody says otherwise.
  [[nodiscard]] virtual int forecast_horizon() const { return 30; }
  /// Reads the configuration again. Gives one line per setting that changed. Failure: nothing changed, and why.
  [[nodiscard]] virtual Result<std::vector<std::string>> reload() = 0;
  /// What was changed and by whom, the newest first. Failure: as the database gives it.
  [[nodiscard]] virtual Result<std::vector<store::AuditEntry>> audit(std::size_t /*most*/) { return std::vector<store::AuditEntry>{}; }
  // Failures as store::Directory gives them.
  [[nodiscard]] virtual Result<std::vector<store::VirtualKey>> keys() = 0;
  [[nodiscard]] virtual Result<store::CreatedKey> create_key(const store::NewKey& wanted) = 0;
  [[nodiscard]] virtual Result<void> revoke_key(const KeyId& id) = 0;
  [[nodiscard]] virtual Result<void> allow_key(const KeyId& id, const quota::Allowance& allowance) = 0;
  [[nodiscard]] virtual Result<std::vector<store::Tenant>> tenants() = 0;
  [[nodiscard]] virtual Result<void> put_tenant(const store::Tenant& tenant) = 0;
};

}  // namespace tidegate::admin
