// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/views.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <utility>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

/// Whole figures: nobody decides by a fraction of a token or of a second.
std::int64_t rounded(double figure) {
  return static_cast<std::int64_t>(std::llround(std::min(figure, 1e15)));
}

double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

template <typename T>
void put(json::object& object, std::string_view name, const std::optional<T>& figure) {
  if (!figure) return;
  if constexpr (std::is_same_v<T, Nanoseconds>) {
    object[name] = rounded(seconds(*figure));
  } else if constexpr (std::is_same_v<T, double>) {
    object[name] = rounded(*figure);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    object[name] = to_rfc3339(*figure);
  } else {
    object[name] = *figure;
  }
}

json::array texts(std::span<const std::string> values) {
  json::array out;
  for (const std::string& value : values) out.emplace_back(value);
  return out;
}

json::value view(const store::LedgerHealth& health) {
  json::object out{{"undrained", health.undrained},
                   {"open_attempts", health.open_attempts},
                   {"journal_bytes", health.journal_bytes},
                   {"not_recorded", health.not_recorded},
                   {"drained", health.drained},
                   {"failures", health.failures}};
  if (!health.last_error.empty()) out["last_error"] = health.last_error;
  put(out, "failing_since", health.failing_since);
  return out;
}

json::value view(const quota::LimitLevel& level) {
  json::object out{{"dimension", llm::to_string(level.dimension)}};
  put(out, "limit", level.limit);
  put(out, "remaining", level.remaining);
  put(out, "remaining_now", level.remaining_now);
  put(out, "full_after_seconds", level.full_after);
  put(out, "seconds_to_exhaustion", level.seconds_to_exhaustion);
  out["read_at"] = to_rfc3339(level.read_at);
  return out;
}

/// Amounts are texts, as everywhere; there is no currency's name in the figure.
json::value view(const monitor::ProviderBalance& known) {
  json::object out{{"provider", known.provider}, {"state", to_string(known.state)}, {"warn_below", fmt::format("{:.2f}", known.warn_below)}};
  if (known.read_at) {
    json::array amounts;
    for (const monitor::Balance::Amount& amount : known.balance.amounts)
      amounts.emplace_back(json::object{{"currency", amount.currency}, {"left", fmt::format("{:.2f}", amount.left)}});
    out["amounts"] = std::move(amounts);
    out["is_unlimited"] = known.balance.is_unlimited;
    out["is_usable"] = known.balance.is_usable;
  }
  put(out, "read_at", known.read_at);
  if (!known.trouble.empty()) out["trouble"] = known.trouble;
  return out;
}

json::array views(std::span<const monitor::ProviderBalance> balances) {
  json::array out;
  for (const monitor::ProviderBalance& known : balances) out.emplace_back(view(known));
  return out;
}

}  // namespace

json::value view(const Status& status) {
  return json::object{{"version", status.version},
                      {"commit", status.commit},
                      {"started_at", to_rfc3339(status.started_at)},
                      {"now", to_rfc3339(status.now)},
                      {"uptime_seconds", rounded(seconds(status.now - status.started_at))},
                      {"listen", status.listen},
                      {"auth", status.auth},
                      {"providers", texts(status.providers)},
                      {"balances", views(status.balances)},
                      {"workers", status.workers},
                      {"open_connections", status.open_connections},
                      {"body_memory_bytes", status.body_memory},
                      {"body_memory_limit_bytes", status.body_memory_limit},
                      {"unseen_requests", status.unseen_requests},
                      {"ledger", view(status.ledger)}};
}

json::value view(const monitor::WindowTotals& totals) {
  json::object kinds;
  for (const auto& [kind, count] : totals.errors_by_kind) kinds[kind] = count;
  return json::object{{"requests", totals.requests},
                      {"errors", totals.errors},
                      {"errors_by_kind", std::move(kinds)},
                      {"input_tokens", totals.input_tokens},
                      {"output_tokens", totals.output_tokens},
                      {"cache_read_tokens", totals.cache_read_tokens},
                      {"cache_write_tokens", totals.cache_write_tokens},
                      {"tokens", totals.tokens()},
                      {"cost_usd", to_text(totals.cost)}};
}

json::value view(std::span<const monitor::WindowLine> lines) {
  json::array out;
  for (const monitor::WindowLine& line : lines) {
    json::object one{{"value", line.value}, {"is_rest", line.is_rest}};
    const json::value totals = view(line.totals);
    for (const auto& [name, figure] : totals.get_object()) one[name] = figure;
    out.emplace_back(std::move(one));
  }
  return out;
}

json::value view(std::span<const quota::PoolLevel> pools) {
  json::array out;
  for (const quota::PoolLevel& pool : pools) {
    json::array limits;
    for (const quota::LimitLevel& level : pool.limits) limits.push_back(view(level));
    out.push_back(json::object{{"pool", pool.pool},
                               {"provider", pool.provider},
                               {"organisation", pool.organisation},
                               {"workspace", pool.workspace},
                               {"model_group", pool.model_group},
                               {"keys", texts(pool.keys)},
                               {"limits", std::move(limits)}});
  }
  return out;
}

namespace {

json::value view(const quota::BucketLevel& level) {
  json::object out{{"dimension", to_string(level.dimension)},
                   {"limit", rounded(level.limit)},
                   {"level", rounded(level.level)},
                   {"foreign_per_minute", rounded(level.foreign)}};
  if (level.limit > 0) out["full_after_seconds"] = rounded(std::ceil(std::max(0.0, level.depth - level.level) / level.limit * 60));
  return out;
}

json::value view(const quota::BucketView& pool) {
  json::array levels;
  for (const quota::BucketLevel& level : pool.levels) levels.push_back(view(level));
  json::array periods;
  for (const quota::PeriodLevel& period : pool.periods) {
    periods.emplace_back(json::object{{"limit_of", to_string(period.dimension)}, {"limit", rounded(period.limit)}, {"level", rounded(period.level)}});
  }
  json::object out{{"pool", pool.pool},
                   {"keys", texts(pool.keys)},
                   {"levels", std::move(levels)},
                   {"in_flight", pool.in_flight},
                   {"is_learned", pool.is_learned},
                   {"is_spent", pool.is_dead}};
  if (!periods.empty()) out["periods"] = std::move(periods);
  put(out, "concurrency", pool.concurrency);
  if (pool.blocked_seconds > 0) out["blocked_seconds"] = rounded(std::ceil(pool.blocked_seconds));
  return out;
}

}  // namespace

json::value view(std::span<const quota::RoomBook::NamedRoom> rooms) {
  json::array out;
  for (const quota::RoomBook::NamedRoom& one : rooms) {
    json::array pools;
    std::int64_t in_flight = 0;
    for (const quota::BucketView& pool : one.room.pools) {
      pools.push_back(view(pool));
      in_flight += pool.in_flight;
    }
    json::object room{{"provider", one.provider},
                      {"model_group", one.model_group},
                      {"waiting_interactive", one.room.waiting_interactive},
                      {"waiting_batch", one.room.waiting_batch},
                      {"in_flight", in_flight},
                      {"pools", std::move(pools)}};
    if (!one.class_name.empty()) room["class"] = one.class_name;
    if (!one.credential.empty()) room["credential"] = one.credential;
    if (one.room.obstacle != quota::Obstacle::None) room["obstacle"] = to_string(one.room.obstacle);
    out.emplace_back(std::move(room));
  }
  return out;
}

json::value view(std::span<const caching::SavingsBook::Line> savings) {
  json::array out;
  for (const caching::SavingsBook::Line& line : savings) {
    const caching::Savings& sum = line.savings;
    out.emplace_back(json::object{{"model", line.model},
                                  {"tenant", line.tenant},
                                  {"is_dry_run", line.is_dry_run},
                                  {"requests", sum.requests},
                                  {"marked", sum.marked},
                                  {"tokens_read", sum.tokens_read},
                                  {"tokens_written_5m", sum.tokens_written_5m},
                                  {"tokens_written_1h", sum.tokens_written_1h},
                                  {"saved_usd", to_text(sum.saved)},
                                  {"quota_tokens", sum.quota_tokens}});
  }
  return out;
}

json::value view(const std::optional<Instance::KeptAnswers>& answers) {
  if (!answers) return nullptr;
  return json::object{{"hits", answers->hits},       {"joined", answers->joined}, {"misses", answers->misses},
                      {"entries", answers->entries}, {"bytes", answers->bytes},   {"saved_usd", to_text(answers->saved)}};
}

json::value view(std::span<const quota::RoomBook::NamedKeys> providers, SteadyTime now, std::size_t most) {
  json::array out;
  for (const quota::RoomBook::NamedKeys& provider : providers) {
    std::map<std::string_view, std::int64_t> of_pool;
    for (const quota::KeyRing::Entry& key : provider.keys) {
      if (!key.draining) ++of_pool[key.pool];
    }
    json::array keys;
    for (const quota::KeyRing::Entry& key : std::span(provider.keys).first(std::min(provider.keys.size(), most))) {
      json::object one{{"name", key.name},
                       {"pool", key.pool},
                       {"is_known", key.is_known},
                       {"keys_of_pool", of_pool[key.pool]},
                       {"in_rotation", key.in_rotation},
                       {"draining", key.draining}};
      if (key.fault) one["fault"] = to_string(*key.fault);
      if (key.back_at) one["back_in_seconds"] = rounded(std::ceil(std::max(0.0, seconds(*key.back_at - now))));
      if (!key.out_for.empty()) one["out_for"] = json::array(key.out_for.begin(), key.out_for.end());
      keys.emplace_back(std::move(one));
    }
    const std::size_t more = provider.keys.size() - keys.size();
    json::object of_provider{{"provider", provider.provider}, {"keys", std::move(keys)}};
    if (more > 0) of_provider["more"] = more;
    out.emplace_back(std::move(of_provider));
  }
  return out;
}

json::value view(const LevelCurves& curves) {
  json::array series;
  for (const LevelSeries& one : curves.series) {
    json::array points;
    for (const LevelSeries::Point& point : one.points)
      points.emplace_back(json::array{std::chrono::floor<Seconds>(point.at).time_since_epoch().count(), rounded(point.left)});
    json::array limits;
    for (const LevelSeries::Limit& step : one.limits)
      limits.emplace_back(json::array{std::chrono::floor<Seconds>(step.since).time_since_epoch().count(), step.limit});
    json::object of_limit{{"pool", one.pool},
                          {"model_group", one.model_group},
                          {"dimension", llm::to_string(one.dimension)},
                          {"limits", std::move(limits)},
                          {"points", std::move(points)}};
    if (!one.limits.empty()) of_limit["limit"] = one.limits.back().limit;
    series.emplace_back(std::move(of_limit));
  }
  return json::object{{"every_seconds", curves.every.count()}, {"series", std::move(series)}};
}

json::value view(std::span<const monitor::Alarm> alarms) {
  json::array out;
  for (const monitor::Alarm& alarm : alarms) {
    out.push_back(json::object{{"kind", alarm.kind},
                               {"subject", alarm.subject},
                               {"severity", to_string(alarm.severity)},
                               {"message", alarm.message},
                               {"since", to_rfc3339(alarm.since)}});
  }
  return out;
}

json::value view(std::span<const monitor::Breach> breaches) {
  json::array out;
  for (const monitor::Breach& breach : breaches) {
    out.push_back(json::object{{"kind", to_string(breach.kind)}, {"message", breach.message}});
  }
  return out;
}

namespace {

json::value view(const quota::RateLevel& level) {
  return json::object{{"limit", level.limit},
                      {"remaining", level.remaining},
                      {"full_after_seconds", rounded(std::ceil(seconds(level.full_after)))}};
}

/// Money as exact decimal dollars, tokens as a number.
json::value amount(quota::BudgetUnit unit, std::int64_t value) {
  if (unit == quota::BudgetUnit::Money) return json::value(to_text(Money::nanodollars(value)));
  return json::value(value);
}

json::value view(const quota::BudgetLevel& level) {
  const quota::BudgetUnit unit = level.budget.unit;
  json::object out{{"budget", to_text(level.budget)},
                   {"period", to_string(level.budget.period)},
                   {"unit", to_string(unit)},
                   {"is_hard", level.budget.mode == quota::BudgetMode::Hard},
                   {"warn_percent", level.budget.warn_percent},
                   {"limit", amount(unit, level.budget.limit)},
                   {"spent", amount(unit, level.spent)},
                   {"reserved", amount(unit, level.reserved)},
                   {"left", amount(unit, std::max<std::int64_t>(level.left(), 0))},
                   {"overspent", amount(unit, level.overspent())},
                   {"under_reserved", amount(unit, level.under_reserved)}};
  put(out, "resets_at", level.resets_at);
  return out;
}

/// What somebody may take, as it was set; and how it stands, if the program that runs knows.
void put_allowance(json::object& out, const quota::Allowance& allowance, const quota::AccountLevel* level) {
  put(out, "requests_per_minute", allowance.requests_per_minute);
  put(out, "tokens_per_minute", allowance.tokens_per_minute);
  if (allowance.priority) out["priority"] = to_string(*allowance.priority);
  put(out, "weight", allowance.weight);
  if (allowance.reserve) out["reserve"] = to_string(*allowance.reserve);
  if (allowance.max_wait) out["max_wait"] = to_text(*allowance.max_wait);
  json::array budgets;
  if (level != nullptr) {
    for (const quota::BudgetLevel& one : level->budgets) budgets.push_back(view(one));
    if (level->requests) out["requests"] = view(*level->requests);
    if (level->tokens) out["tokens"] = view(*level->tokens);
    out["in_flight"] = level->in_flight;
  } else {
    for (const quota::Budget& one : allowance.budgets) budgets.push_back(json::object{{"budget", to_text(one)}});
  }
  out["budgets"] = std::move(budgets);
}

}  // namespace

const quota::AccountLevel* find_level(std::span<const quota::AccountLevel> levels, std::string_view tenant,
                                      std::string_view key) {
  const auto place_of = [](const quota::AccountLevel& one) {
    return std::pair<std::string_view, std::string_view>(one.tenant, one.key);
  };
  const std::pair wanted(tenant, key);
  const auto found = std::lower_bound(levels.begin(), levels.end(), wanted,
                                      [&](const quota::AccountLevel& one, const auto& place) { return place_of(one) < place; });
  return found == levels.end() || place_of(*found) != wanted ? nullptr : &*found;
}

json::value view(const store::Tenant& tenant, const quota::AccountLevel* level) {
  json::object out{{"id", tenant.id.text()}, {"name", tenant.name}};
  if (!tenant.providers.empty()) out["providers"] = texts(tenant.providers);
  put_allowance(out, tenant.allowance, level);
  return out;
}

json::value view(const store::VirtualKey& key, WallTime now, const quota::AccountLevel* level) {
  std::string_view state = "valid";
  if (key.revoked_at) {
    state = "revoked";
  } else if (key.expires_at && *key.expires_at <= now) {
    state = "expired";
  }
  json::object labels;
  for (const auto& [name, value] : key.labels) labels[name] = value;
  json::object out{{"id", key.id.text()},
                   {"tenant", key.tenant.text()},
                   {"name", key.name},
                   {"state", state},
                   {"created_at", to_rfc3339(key.created_at)},
                   {"allowed_models", texts(key.allowed_models)},
                   {"labels", std::move(labels)}};
  put(out, "expires_at", key.expires_at);
  put(out, "revoked_at", key.revoked_at);
  put_allowance(out, key.allowance, level);
  return out;
}

json::value view(std::span<const store::CostRow> rows, std::span<const store::Dimension> by) {
  json::array out;
  Money total;
  for (const store::CostRow& row : rows) {
    json::object one;
    for (std::size_t at = 0; at < by.size() && at < row.labels.size(); ++at) one[to_string(by[at])] = row.labels[at];
    one["requests"] = row.requests;
    one["attempts"] = row.attempts;
    one["errors"] = row.errors;
    one["refused"] = row.refused;
    one["interrupted"] = row.interrupted;
    one["input_tokens"] = row.tokens.input;
    one["cache_read_tokens"] = row.tokens.cache_read;
    one["cache_write_tokens"] = row.tokens.cache_write_5m + row.tokens.cache_write_1h;
    one["output_tokens"] = row.tokens.output;
    one["web_search_requests"] = row.web_search_requests;
    one["cost_usd"] = to_text(row.cost);
    one["estimated_usd"] = to_text(row.estimated_cost);
    one["price_unknown"] = row.price_unknown;
    total += row.cost;
    out.emplace_back(std::move(one));
  }
  return json::object{{"rows", std::move(out)}, {"total_usd", to_text(total)}};
}

std::optional<monitor::SmallestRemaining> smallest_remaining(std::span<const quota::PoolLevel> pools) {
  std::optional<monitor::SmallestRemaining> smallest;
  for (const quota::PoolLevel& pool : pools) {
    for (const quota::LimitLevel& level : pool.limits) {
      if (!level.remaining_now || !level.limit || *level.limit <= 0) continue;
      const monitor::SmallestRemaining one{.pool = pool.pool + " " + pool.model_group,
                                           .dimension = std::string(llm::to_string(level.dimension)),
                                           .remaining = *level.remaining_now,
                                           .limit = static_cast<double>(*level.limit)};
      if (!smallest || one.share() < smallest->share()) smallest = one;
    }
  }
  return smallest;
}

}  // namespace tidegate::admin
