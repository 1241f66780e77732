// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/server.h"

#include "app/alert_sources.h"
#include "app/demand_limits.h"
#include "app/provider_limits.h"
#include "app/provider_names.h"
#include "app/stored_limits.h"
#include "config/difference.h"
#include "config/url.h"
#include "quota/book/readings.h"
#include "store/seen_mark.h"
#include "store/sqlite/demand_reader.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <system_error>
#include <utility>

namespace tidegate::app {

namespace {

constexpr Seconds kSaveLimitsEvery(5);
constexpr Milliseconds kReadKeysEvery(200);
constexpr Seconds kTellOfKeys(2);
constexpr Seconds kRestoreSpendingEvery(2);
/// Keys may be thousands, and the board must have room for what else is wrong.
constexpr std::size_t kMostBudgetAlarms = 50;
constexpr Milliseconds kCollectUseEvery(200);
constexpr Seconds kCollectShadowEvery(1);
constexpr Seconds kCompareShadowEvery(60);
constexpr Seconds kRestoreShadowEvery(2);
constexpr Seconds kRestoreDemandEvery(2);
constexpr Seconds kLookAtCertificateEvery(5);
constexpr Seconds kTryStatedLimitsEvery(60);
constexpr Seconds kLookAtBalancesEvery(5);
constexpr std::chrono::hours kReadStatedLimitsEvery(1);
constexpr std::chrono::days kCertificateWarning(14);

config::Options with_worker_count(config::Options options) {
  const std::uint32_t wanted = options.gateway.worker_threads;
  options.gateway.worker_threads =
      std::min(wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency()), store::kMaxWorkers);
  return options;
}

std::filesystem::path database(const config::Options& options, const char* name) {
  return std::filesystem::path(options.store.directory) / name;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(config::Options options, const Clock& clock, std::FILE* log) {
  auto windows = monitor::Windows::make(options.windows);
  if (!windows) return fail(windows);
  std::unique_ptr<Server> server(new Server(with_worker_count(std::move(options)), clock, log, std::move(*windows)));
  if (Result<void> opened = server->open(); !opened) return fail(opened);
  return server;
}

Server::Server(config::Options options, const Clock& clock, std::FILE* log, monitor::Windows windows)
    : clock_(clock),
      started_at_(clock.now().wall),
      options_(std::move(options)),
      log_level_(options_.log.level),
      log_(log, options_.log.buffer_lines, options_.gateway.worker_threads),
      alarms_([this](const std::string& line) { log_.say(line); }),
      control_metrics_(registry_),
      prices_(nullptr),
      rooms_(clock,
             [this](std::string_view provider, std::string_view group) {
               const Now now = clock_.now();
               std::vector<quota::KnownPool> pools = quota::known_pools(limits_.levels(now), provider, group);
               period_use_.add_to(pools, provider, group, now.wall);
               return pools;
             }),
      use_(std::move(windows), options_.gateway.worker_threads),
      shadow_(options_.shadow, options_.gateway.worker_threads),
      forecasts_([this] { return demand_limits_now(); }, options_.forecast),
      ledger_(database(options_, "ledger.db")),
      stored_limits_(database(options_, "ledger.db")),
      stored_ties_(database(options_, "ledger.db")),
      tie_keeper_(ties_, stored_ties_, alarms_),
      history_(database(options_, "history.db")),
      directory_(database(options_, "directory.db")),
      provider_keys_({.clock = clock,
                      .alarms = alarms_,
                      .say = [this](const std::string& line) { log_.say(line); },
                      .on_change = [this](const ProviderId& provider) { adopt_keys_of(provider); },
                      .open = open_key_source}),
      schedule_(clock),
      balance_lookups_(clock),
      lookups_(clock),
      courier_(clock),
      operations_(database(options_, "directory.db")),
      levers_({.store = operations_,
               .rooms = rooms_,
               .steering = steering_,
               .spare_keys = spare_keys_,
               .keys_changed = [this](const ProviderId& provider) { adopt_keys_of(provider); }}),
      actions_(clock, action_ports()),
      alerts_(std::make_unique<AlertCenter>(
          alert_sources(), AlertCenter::Listeners{.say = [this](const std::string& line) { log_.say(line); },
                                                  .notices = [this](std::vector<monitor::AlertNotice> notices, const std::vector<monitor::Alert>& firing,
                                                                    Now now) {
                                                    courier_.post(std::move(notices), firing, now);
                                                    actions_.look(alerts_->alerts(now), now);
                                                  },
                                                  .is_all_delivered = [this] { return courier_.is_idle(); }})),
      alert_keeper_(std::make_unique<AlertKeeper>(*alerts_, history_, alarms_, &courier_)),
      alert_schedule_(clock),
      history_schedule_(clock) {
  alerts_->adopt(options_.alerts);
  if (options_.prompt_cache.enabled != caching::Injection::Off) {
    std::random_device random;
    prompt_marks_.emplace(options_.prompt_cache, static_cast<std::uint64_t>(random()) << 32 | random());
  }
  if (options_.response_cache.ttl > Nanoseconds(0)) {
    std::random_device random;
    gateway::AnswerCache::Id key{};
    for (unsigned char& byte : key) byte = static_cast<unsigned char>(random());
    answers_ = std::make_unique<gateway::AnswerCache>(options_.response_cache, key);
  }
}

Server::~Server() {
  balances_.begin_stop();
  alert_schedule_.stop();
  history_schedule_.stop();
  actions_.stop();
  courier_.stop();
  schedule_.stop();
  lookups_.stop();
  balance_lookups_.stop();
  provider_keys_.stop();
  rooms_.stop();  // nobody is told any more while workers go
  plane_.reset();
  if (keeper_ == nullptr) return;
  keeper_->stop();
  tie_keeper_.save(clock_.now());
}

Result<void> Server::open() {
  if (Result<void> priced = swap_prices(options_); !priced) return priced;
  auto keeper = store::JournalKeeper::open(options_.store, options_.gateway.worker_threads, ledger_, clock_);
  if (!keeper) return fail(keeper);
  keeper_ = std::move(*keeper);
  for (const std::string& file : keeper_->unreadable()) {
    log_.say(fmt::format("journal: {} was not written by this version and is left alone\n", file));
  }
  if (Result<void> read = read_keys(); !read && options_.gateway.auth == gateway::AuthMode::Virtual) return read;
  restore_spending(store::LedgerReader::Writers::None);
  restore_limits();
  tie_keeper_.restore(clock_.now());
  alert_keeper_->look(clock_.now());  // its failure is an alarm
  balance_keeper_.look(clock_.now());
  plan_jobs();
  keeper_->start();
  ProviderKeys::Watches watches = provider_keys_.prepare(options_.providers);
  const std::lock_guard lock(adopt_mutex_);
  auto plane = DataPlane::start(with_keys(options_, watches), clock_, rooms_, ties_, [this](std::uint32_t number) {
    const WorkerSink::Targets targets{
        log_.lane(number), keeper_->writer(number), use_.lane(number), registry_, limits_, alarms_, unpriced_, unread_, prices_, clock_, log_level_};
    return DataPlane::WorkerPorts{sinks_.emplace_back(targets, number, keeper_->last_id(), options_.store.when_full),
                                  &key_checks_.emplace_back(keys_), &tenants_, prompt_marks_ ? &*prompt_marks_ : nullptr,
                                  &shadows_.emplace_back(shadow_, number), answers_.get(), &waiting_, &steering_};
  });
  if (!plane) return fail(plane);
  plane_ = std::move(*plane);
  (void)provider_keys_.commit(std::move(watches));  // there were none before
  rooms_.start();
  collect_metrics();
  schedule_.start();
  lookups_.start();
  balance_lookups_.start();
  courier_.adopt(options_.receivers, options_.alerts.grouping, name());
  courier_.start();
  actions_.adopt(options_.actions);
  actions_.start();
  alert_schedule_.start();
  history_schedule_.start();
  return {};
}

Result<void> Server::swap_prices(const config::Options& options) {
  auto book = pricing::PriceBook::make(options.prices);
  if (!book) return fail(book);
  prices_.swap(std::make_shared<const pricing::PriceBook>(std::move(*book)));
  return {};
}

Result<void> Server::read_keys() {
  const Now now = clock_.now();
  auto changed = directory_.changed_snapshot();
  if (!changed) {
    alarms_.raise({.kind = "directory",
                   .subject = {},
                   .severity = Severity::Critical,
                   .message = changed.error().detail + "; keys stay as they were last read",
                   .since = clock_.now().wall});
    return fail(changed);
  }
  alarms_.clear("directory", {}, clock_.now().wall);
  if (*changed != nullptr) {
    accounts_.adopt(**changed, now);  // first, so that no key is used whose limits are not known
    keys_.swap(std::move(*changed));
    told_until_ = now.steady + kTellOfKeys;
  }
  // Whoever made the change may read the clock after the look that found it: so the next looks are told as well.
  if (now.steady < told_until_) store::mark_seen(options().store.directory, now.wall);
  return {};
}

void Server::restore_spending(store::LedgerReader::Writers writers) {
  if (!accounts_.misses_past()) return;
  const WallTime now = clock_.now().wall;
  store::LedgerReader ledger(options().store.directory, writers);
  if (Result<void> restored = accounts_.restore(ledger, now); !restored) {
    alarms_.raise({.kind = "budgets",
                   .subject = {},
                   .severity = Severity::Critical,
                   .message = restored.error().detail +
                              "; what tenants and keys spent before the start does not count against their budgets until "
                              "the ledger can be read, which is tried every few seconds",
                   .since = now});
  } else {
    alarms_.clear("budgets", {}, now);
  }
}

void Server::restore_limits() {
  auto stored = stored_limits_.load();
  if (stored) {
    limits_.restore(from_stored(*stored), clock_.now());
    limits_.keep_only(provider_names(options_.providers));
  } else {
    // Levels are learned again from the first answers; the ledger's own alarm tells what is wrong with its database.
    log_.say(fmt::format("limits of the last run are not restored: {}\n", stored.error().detail));
  }
  if (!PeriodUse::is_needed(options_.providers)) return;
  store::LedgerReader ledger(options_.store.directory, store::LedgerReader::Writers::None);
  if (Result<void> restored = period_use_.restore(ledger, options_.providers, clock_.now().wall); !restored) {
    log_.say(fmt::format("what was used of limits per day and month is not restored: {}\n", restored.error().detail));
  }
}

void Server::save_limits(Now now) {
  const std::vector<store::StoredLimit> limits = to_stored(limits_.levels(now));
  if (limits.empty()) return;
  if (Result<void> saved = stored_limits_.save(limits); !saved) {
    alarms_.raise({.kind = "limits_not_saved",
                   .subject = {},
                   .severity = Severity::Warning,
                   .message = saved.error().detail,
                   .since = now.wall});
  } else {
    alarms_.clear("limits_not_saved", {}, now.wall);
  }
}

void Server::plan_jobs() {
  keeper_->every(kSaveLimitsEvery, [this](Now now) { save_limits(now); });
  keeper_->every(TieKeeper::kEvery, [this](Now now) { tie_keeper_.save(now); });
  keeper_->every(kReadKeysEvery, [this](Now) { (void)read_keys(); });  // its failure is an alarm
  schedule_.every(kCollectUseEvery, [this](Now) { use_.collect(); });
  schedule_.every(LevelHistory::kEvery, [this](Now now) { level_history_.add(limits_.fresh_levels(now), now.wall); });
  schedule_.every(kCollectShadowEvery, [this](Now) { shadow_.collect(); });
  schedule_.every(Seconds(1), [this](Now now) {
    look_at_ledger(now);
    look_at_budgets(now);
    money_.look(rooms_, alarms_, now);
    clock_watch_.look(alarms_, now);
    look_at_demand(now);
  });
  lookups_.every(kRestoreSpendingEvery, [this](Now) { restore_spending(store::LedgerReader::Writers::AsFound); });
  lookups_.every(kRestoreShadowEvery, [this](Now now) { restore_shadow_spending(now); });
  lookups_.every(kRestoreDemandEvery, [this](Now now) { restore_demand(now); });
  lookups_.every(kCompareShadowEvery, [this](Now now) { shadow_watch_.look(shadow_, alarms_, now); });
  lookups_.every(kTryStatedLimitsEvery, [this](Now now) { read_stated_limits(now); });
  balance_lookups_.every(kLookAtBalancesEvery,
                         [this](Now now) { balances_.look(with_keys(options(), provider_keys_.current()).providers, now); });
  schedule_.every(kLookAtCertificateEvery, [this](Now now) { look_at_certificate(now); });
  alert_schedule_.every(Seconds(1), [this](Now now) { alerts_->look(now); });
  history_schedule_.every(AlertKeeper::kEvery, [this](Now now) {
    alert_keeper_->look(now);
    balance_keeper_.look(now);
  });
}

void Server::look_at_demand(Now now) {
  forecasts_.look(now.wall, waiting_demand(waiting_.lines()), [this] { return use_.take_demand(); });
}

std::vector<monitor::DemandLimit> Server::demand_limits_now() {
  const Now now = clock_.now();
  std::vector<monitor::DemandLimit> limits = demand_limits(rooms_.rooms(), tenants_.levels(quota::TenantBook::Which::All, now), now.wall);
  const std::int64_t spent = spent_today_.load(std::memory_order_relaxed);
  if (spent >= 0) {
    const auto daily = daily_budget_limit(options().alerts.daily_budget, Money::nanodollars(spent), now.wall);
    limits.insert(limits.end(), daily.begin(), daily.end());
  }
  return limits;
}

void Server::restore_demand(Now now) {
  store::DemandReader history(options().store.directory);
  if (Result<void> restored = forecasts_.restore(history); !restored) {
    alarms_.raise({.kind = "forecast",
                   .subject = {},
                   .severity = Severity::Warning,
                   .message = restored.error().detail + "; until the ledger tells what was asked for in past days, nothing is forecast",
                   .since = now.wall});
  } else {
    alarms_.clear("forecast", {}, now.wall);
  }
}

operations::ActionRunner::Ports Server::action_ports() {
  return {.store = operations_,
          .levers = levers_,
          .say = [this](const std::string& line) { log_.say(line); },
          .tell = [this](const delivery::ActionNote& note, Now now) { courier_.note(note, now); },
          .store_stands = [this](const std::optional<Failure>& failure) {
            const WallTime now = clock_.now().wall;
            if (!failure) return alarms_.clear("actions", {}, now);
            alarms_.raise({.kind = "actions",
                           .subject = {},
                           .severity = Severity::Warning,
                           .message = failure->detail + "; how actions stand is not kept: what is in place is not taken back after a restart, and the audit has a gap",
                           .since = now});
          }};
}

/// The options with the keys of sources, and without the spare keys that are not in rotation.
config::Options Server::with_keys(config::Options options, const ProviderKeys::Watches& watches) const {
  for (upstream::ProviderOptions& provider : options.providers) {
    provider.keys = spare_keys_.in_rotation(provider.id, ProviderKeys::with_sources(provider, watches));
  }
  return options;
}

AlertCenter::Sources Server::alert_sources() {
  AlertCenter::Sources sources;
  sources.pools = [this] { return pool_standings(rooms_.rooms()); };
  sources.budgets = [this](Now now) {
    store::LedgerReader ledger(options().store.directory);
    std::vector<monitor::BudgetStanding> standings = daily_standing(ledger, options().alerts.daily_budget, now.wall);
    if (!standings.empty() && standings.front().spent)
      spent_today_.store(std::llround(*standings.front().spent * 1e9), std::memory_order_relaxed);
    const auto tenants = budget_standings(tenants_.levels(quota::TenantBook::Which::All, now));
    standings.insert(standings.end(), tenants.begin(), tenants.end());
    return standings;
  };
  sources.use = [this](Nanoseconds length, Now now) { return use_.totals(length, now.steady); };
  sources.forecasts = [this] { return predicted_exhaustions(forecasts_.exhaustions()); };
  sources.alarms = [this] { return alarms_.list(); };
  sources.limits = [this](Now now) { return stated_limits(limits_.levels(now)); };
  return sources;
}

void Server::restore_shadow_spending(Now now) {
  store::LedgerReader ledger(options().store.directory);
  if (Result<void> restored = app::restore_shadow_spending(shadow_, ledger, now); !restored) {
    alarms_.raise({.kind = "shadow",
                   .subject = {},
                   .severity = Severity::Warning,
                   .message = restored.error().detail + "; until the ledger tells what copies cost today, none is sent",
                   .since = now.wall});
  } else {
    alarms_.clear("shadow", {}, now.wall);
  }
}

/// Hourly, and every minute until it works: what the Admin API says of the limits.
void Server::read_stated_limits(Now now) {
  for (const upstream::ProviderOptions& provider : options().providers) {
    if (provider.admin_key.empty() || provider.dialect != llm::Dialect::Anthropic) continue;
    const std::string& name = provider.id.text();
    const auto read_at = limits_read_at_.find(name);
    if (read_at != limits_read_at_.end() && now.steady - read_at->second < kReadStatedLimitsEvery) continue;
    AdminApi api{.base_url = provider.base_url,
                 .key = provider.admin_key,
                 .key_name = provider.admin_key_name,
                 .ca_file = provider.ca_file,
                 .proxy = provider.proxy,
                 .proxy_credential = provider.proxy_credential};
    while (api.base_url.ends_with('/')) api.base_url.pop_back();
    auto limits = fetch_provider_limits(api);
    if (!limits) {
      alarms_.raise({.kind = "stated_limits",
                     .subject = name,
                     .severity = Severity::Warning,
                     .message = limits.error().detail + "; limits are learned from answers meanwhile",
                     .since = now.wall});
      continue;
    }
    alarms_.clear("stated_limits", name, now.wall);
    limits_read_at_[name] = now.steady;
    rooms_.set_stated_limits(name, std::move(*limits));
  }
}

void Server::look_at_ledger(Now now) {
  const store::LedgerHealth health = keeper_->health();
  if (health.last_error.empty()) {
    alarms_.clear("ledger", {}, now.wall);
  } else {
    const bool refuses = options_.store.when_full == store::WhenFull::Refuse;
    alarms_.raise({.kind = "ledger",
                   .subject = {},
                   .severity = Severity::Critical,
                   .message = fmt::format("{}; requests go on{}, and {} entries wait in the journal", health.last_error,
                                          refuses ? " while the journal has room" : "", health.undrained),
                   .since = health.failing_since.value_or(now.wall)});
  }
  if (health.not_recorded > 0) {
    alarms_.raise({.kind = "not_recorded",
                   .subject = {},
                   .severity = Severity::Critical,
                   .message = fmt::format("{} records found no room in the journal and are lost; give `ledger.journal_size` more room{}",
                                          health.not_recorded,
                                          options_.store.when_full == store::WhenFull::Continue ? ", or set `ledger.when_full: refuse`" : ""),
                   .since = now.wall});
  }
}

void Server::look_at_budgets(Now now) {
  std::set<std::string> beyond;
  for (const quota::AccountLevel& account : tenants_.levels(quota::TenantBook::Which::BeyondWarning, now)) {
    const std::string owner = account.key.empty() ? account.tenant : account.tenant + "/" + account.key;
    for (const quota::BudgetLevel& level : account.budgets) {
      if (beyond.size() >= kMostBudgetAlarms) break;
      const quota::Budget& budget = level.budget;
      const bool refuses = budget.mode == quota::BudgetMode::Hard && level.spent >= budget.limit;
      std::string subject = fmt::format("{} {}", owner, to_text(budget));
      alarms_.raise(
          {.kind = "budget",
           .subject = subject,
           .severity = refuses ? Severity::Critical : Severity::Warning,
           .message = fmt::format("{} of {} are spent{}{}", amount_text(budget.unit, level.spent),
                                  amount_text(budget.unit, budget.limit), refuses ? ", requests are refused" : "",
                                  level.resets_at ? fmt::format(" until {}", to_rfc3339(*level.resets_at)) : ""),
           .since = now.wall});
      beyond.insert(std::move(subject));
    }
  }
  for (const std::string& subject : budget_alarms_) {
    if (!beyond.contains(subject)) alarms_.clear("budget", subject, now.wall);
  }
  budget_alarms_ = std::move(beyond);
}

void Server::look_at_certificate(Now now) {
  const config::Options options = this->options();
  if (options.listen.certificate_file.empty()) return;
  bool changed = false;
  for (const std::string& file : {options.listen.certificate_file, options.listen.private_key_file}) {
    std::error_code error;
    const auto written = std::filesystem::last_write_time(file, error);
    if (error) continue;  // being replaced; its absence shows when it is read
    const auto [known, is_new] = certificate_files_.try_emplace(file, written);
    if (!is_new && known->second != written) {
      known->second = written;
      changed = true;
    }
  }
  if (changed) {
    Result<void> adopted = adopt_again();
    log_.say(adopted ? "certificate: read again\n"
                     : fmt::format("certificate: {}; the former one stays\n", adopted.error().detail));
    if (!adopted) {
      alarms_.raise({.kind = "certificate",
                     .subject = "new",
                     .severity = Severity::Warning,
                     .message = adopted.error().detail,
                     .since = now.wall});
    } else {
      alarms_.clear("certificate", "new", now.wall);
    }
  }
  const auto expires_at = plane_->certificate_expires_at();
  if (expires_at && *expires_at < now.wall + kCertificateWarning) {
    const bool expired = *expires_at <= now.wall;
    alarms_.raise({.kind = "certificate",
                   .subject = options.listen.certificate_file,
                   .severity = expired ? Severity::Critical : Severity::Warning,
                   .message = fmt::format("{} {}; put a new one in its place, it is read by itself",
                                          expired ? "expired on" : "expires on", to_rfc3339(*expires_at)),
                   .since = now.wall});
  } else {
    alarms_.clear("certificate", options.listen.certificate_file, now.wall);
  }
}

std::string Server::url() const {
  const net::ListenOptions listen = options().listen;
  const bool is_v6 = listen.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", listen.certificate_file.empty() ? "http" : "https", is_v6 ? "[" : "",
                     listen.host, is_v6 ? "]" : "", port());
}

std::string Server::name() const {
  const net::ListenOptions listen = options().listen;
  std::array<char, 256> machine{};
  // Two machines that listen on the same address are two instances: one must not close the other's incident.
  const bool tells_nothing = config::is_loopback(listen.host) || listen.host == "0.0.0.0" || listen.host == "::";
  if (!tells_nothing || ::gethostname(machine.data(), machine.size() - 1) != 0 || machine[0] == 0) return url();
  return fmt::format("{}://{}:{}", listen.certificate_file.empty() ? "http" : "https", machine.data(), port());
}

config::Options Server::options() const {
  const std::lock_guard lock(options_mutex_);
  return options_;
}

Result<std::vector<std::string>> Server::reload(const config::Options& next) {
  const config::Options before = options();
  const std::vector<config::Change> changes = config::difference(before, with_worker_count(next));
  const config::Options after = config::without_restart(before, with_worker_count(next));
  // The price book first: it is checked whole, and what is swapped in is never half of a configuration.
  auto book = pricing::PriceBook::make(after.prices);
  ProviderKeys::Watches watches = provider_keys_.prepare(after.providers);
  Result<void> adopted = book ? adopt(after, watches) : Result<void>(fail(book));
  provider_keys_.retire(std::move(watches));
  if (!adopted) {
    note_rejected_reload(adopted.error().detail);
    return fail(adopted);
  }
  prices_.swap(std::make_shared<const pricing::PriceBook>(std::move(*book)));
  unpriced_.look(clock_.now().wall);
  limits_.keep_only(provider_names(after.providers));
  shadow_.adopt(after.shadow);
  forecasts_.adopt(after.forecast);
  alerts_->adopt(after.alerts);
  courier_.adopt(after.receivers, after.alerts.grouping, name());
  actions_.adopt(after.actions);
  log_level_.store(after.log.level, std::memory_order_relaxed);
  control_metrics_.config_applied.add();
  alarms_.clear("configuration", {}, clock_.now().wall);
  std::vector<std::string> lines;
  for (const config::Change& change : changes) lines.push_back(config::to_text(change));
  log_.say(
      fmt::format("time={} configuration applied, {} settings changed\n", to_rfc3339(clock_.now().wall), lines.size()));
  for (const std::string& line : lines) log_.say("  " + line + "\n");
  return lines;
}

Result<void> Server::adopt(const config::Options& options, ProviderKeys::Watches& watches) {
  const std::lock_guard lock(adopt_mutex_);
  if (Result<void> adopted = plane_->adopt(with_keys(options, watches)); !adopted) return adopted;
  watches = provider_keys_.commit(std::move(watches));
  const std::lock_guard options_lock(options_mutex_);
  options_ = options;
  return {};
}

Result<void> Server::adopt_again() {
  const std::lock_guard lock(adopt_mutex_);
  return plane_->adopt(with_keys(options(), provider_keys_.current()));
}

void Server::adopt_keys_of(const ProviderId& provider) {
  const std::lock_guard lock(adopt_mutex_);
  if (plane_ == nullptr) return;  // it will start with them
  for (const upstream::ProviderOptions& row : options().providers) {
    if (row.id != provider) continue;
    plane_->adopt_keys({{provider, spare_keys_.in_rotation(provider, ProviderKeys::with_sources(row, provider_keys_.current()))}});
  }
}

void Server::note_rejected_reload(const std::string& why) {
  control_metrics_.config_rejected.add();
  alarms_.raise({.kind = "configuration",
                 .subject = {},
                 .severity = Severity::Warning,
                 .message = "the changed configuration was rejected and nothing of it is in force: " + why,
                 .since = clock_.now().wall});
}

void Server::stop() {
  balances_.begin_stop();  // the question that it is at may end while answers do
  alert_schedule_.stop();
  history_schedule_.stop();
  actions_.stop();
  courier_.stop();
  schedule_.stop();
  lookups_.stop();
  provider_keys_.begin_stop();
  plane_->drain(options().gateway.drain_timeout);
  balance_lookups_.stop();
  provider_keys_.stop();
  keeper_->stop();
  save_limits(clock_.now());
  alert_keeper_->look(clock_.now());
  balance_keeper_.look(clock_.now());
}

}  // namespace tidegate::app
