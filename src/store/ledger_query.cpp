// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/ledger_query.h"

#include "store/attempt_id.h"

#include <algorithm>
#include <array>

namespace tidegate::store {

namespace {

constexpr std::array<std::pair<Dimension, std::string_view>, 16> kNames{{
    {Dimension::Model, "model"},
    {Dimension::ResponseModel, "response_model"},
    {Dimension::Provider, "provider"},
    {Dimension::Pool, "pool"},
    {Dimension::Endpoint, "endpoint"},
    {Dimension::Dialect, "dialect"},
    {Dimension::Tenant, "tenant"},
    {Dimension::Key, "key"},
    {Dimension::User, "user"},
    {Dimension::Session, "session"},
    {Dimension::Agent, "agent"},
    {Dimension::Organisation, "organisation"},
    {Dimension::State, "state"},
    {Dimension::Day, "day"},
    {Dimension::Hour, "hour"},
    {Dimension::Minute, "minute"},
}};

}  // namespace

std::string_view to_string(Dimension dimension) {
  const auto* found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.first == dimension; });
  return found == kNames.end() ? "unknown" : found->second;
}

std::optional<Dimension> dimension_named(std::string_view name) {
  const auto* found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.second == name; });
  if (found == kNames.end()) return std::nullopt;
  return found->first;
}

void add(CostRow& row, const LedgerEntry& entry) {
  ++row.attempts;
  if (entry.attempt == 1 && entry.kind == EntryKind::Request) ++row.requests;
  if (entry.state == AttemptState::Failed || entry.state == AttemptState::Truncated ||
      entry.state == AttemptState::Interrupted) {
    ++row.errors;
  }
  if (entry.state == AttemptState::Refused) ++row.refused;
  if (entry.state == AttemptState::Interrupted) ++row.interrupted;
  row.tokens.input += entry.tokens.input;
  row.tokens.cache_read += entry.tokens.cache_read;
  row.tokens.cache_write_5m += entry.tokens.cache_write_5m;
  row.tokens.cache_write_1h += entry.tokens.cache_write_1h;
  row.tokens.output += entry.tokens.output;
  row.tokens.reasoning += entry.tokens.reasoning;
  row.web_search_requests += entry.web_search_requests;
  row.cost += entry.cost;
  if (entry.estimated) row.estimated_cost += entry.cost;
  if (!entry.price_known) ++row.price_unknown;
}

std::string value_of(const LedgerEntry& entry, Dimension dimension) {
  switch (dimension) {
    case Dimension::Model: return entry.model;
    case Dimension::ResponseModel: return entry.response_model;
    case Dimension::Provider: return entry.provider;
    case Dimension::Pool: return entry.pool;
    case Dimension::Endpoint: return entry.endpoint;
    case Dimension::Dialect: return entry.dialect;
    case Dimension::Tenant: return entry.tenant;
    case Dimension::Key: return entry.key;
    case Dimension::User: return entry.user;
    case Dimension::Session: return entry.session;
    case Dimension::Agent: return entry.agent;
    case Dimension::Organisation: return entry.organisation;
    case Dimension::State: return std::string(to_string(entry.state));
    case Dimension::Day: return to_rfc3339(std::chrono::floor<Seconds>(entry.started_at)).substr(0, 10);
    case Dimension::Hour: return to_rfc3339(std::chrono::floor<Seconds>(entry.started_at)).substr(0, 13) + ":00Z";
    case Dimension::Minute: return to_rfc3339(std::chrono::floor<Seconds>(entry.started_at)).substr(0, 16) + "Z";
  }
  return {};
}

bool matches(const EntryFilter& filter, const LedgerEntry& entry) {
  if (filter.since && entry.id < first_id_at(*filter.since)) return false;
  if (filter.until && entry.id >= first_id_at(*filter.until)) return false;
  if (filter.kind && entry.kind != *filter.kind) return false;
  if (filter.status && (entry.status < filter.status->lowest || entry.status > filter.status->highest)) return false;
  if (filter.request_id && entry.request_id != *filter.request_id) return false;
  return std::all_of(filter.equals.begin(), filter.equals.end(), [&](const EntryFilter::Equals& wanted) {
    return value_of(entry, wanted.dimension) == wanted.value;
  });
}

}  // namespace tidegate::store
