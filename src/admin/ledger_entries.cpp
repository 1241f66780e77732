// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/ledger_entries.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostEntries = 1'000;
constexpr std::chrono::hours kUsual(24);
/// A request lives for an hour at most (its deadline), and people ask for those of today.
constexpr std::chrono::hours kSearched(24);

constexpr std::array kExact{store::Dimension::Model,    store::Dimension::Tenant, store::Dimension::Provider,
                            store::Dimension::Endpoint, store::Dimension::Key,    store::Dimension::User,
                            store::Dimension::Session,  store::Dimension::State};

tl::unexpected<Failure> wrong(std::string detail) {
  return fail(FailureKind::InvalidInput, Origin::Client, std::move(detail));
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Result<store::EntryFilter::StatusRange> status_range(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx") && text.front() >= '1' && text.front() <= '5') {
    const int lowest = (text.front() - '0') * 100;
    return store::EntryFilter::StatusRange{.lowest = lowest, .highest = lowest + 99};
  }
  const auto status = number(text);
  if (!status || *status > 599) return wrong(fmt::format("status: write 429 or 4xx, not '{}'", text));
  return store::EntryFilter::StatusRange{.lowest = *status, .highest = *status};
}

Result<std::optional<store::EntryKind>> kind_named(std::string_view text) {
  if (text == "all") return std::optional<store::EntryKind>();
  for (const store::EntryKind kind : {store::EntryKind::Request, store::EntryKind::Shadow, store::EntryKind::Probe}) {
    if (text == to_string(kind)) return std::optional(kind);
  }
  return wrong("kind: write request, shadow, probe or all");
}

/// Microseconds are the finest that tells anything.
double milliseconds(Nanoseconds duration) { return std::round(static_cast<double>(duration.count()) / 1e3) / 1e3; }

json::object view(const store::LedgerEntry& entry) {
  json::object out{{"id", std::to_string(entry.id)},  // a number of JavaScript has 53 bits
                   {"request_id", entry.request_id},
                   {"started_at", to_rfc3339(entry.started_at)},
                   {"kind", to_string(entry.kind)},
                   {"state", to_string(entry.state)},
                   {"attempt", entry.attempt},
                   {"stream", entry.stream},
                   {"status", entry.status},
                   {"upstream_status", entry.upstream_status},
                   {"input_tokens", entry.tokens.input},
                   {"cache_read_tokens", entry.tokens.cache_read},
                   {"cache_write_tokens", entry.tokens.cache_write_5m + entry.tokens.cache_write_1h},
                   {"output_tokens", entry.tokens.output},
                   {"cost_usd", to_text(entry.cost)},
                   {"is_estimated", entry.estimated},
                   {"price_known", entry.price_known},
                   {"queue_wait_ms", milliseconds(entry.queue_wait)},
                   {"time_to_first_byte_ms", milliseconds(entry.time_to_first_byte)},
                   {"duration_ms", milliseconds(entry.duration)},
                   {"request_bytes", entry.request_bytes},
                   {"response_bytes", entry.response_bytes}};
  const std::pair<std::string_view, const std::string&> texts[] = {{"dialect", entry.dialect},
                                                                   {"endpoint", entry.endpoint},
                                                                   {"provider", entry.provider},
                                                                   {"pool", entry.pool},
                                                                   {"model", entry.model},
                                                                   {"response_model", entry.response_model},
                                                                   {"tenant", entry.tenant},
                                                                   {"key", entry.key},
                                                                   {"user", entry.user},
                                                                   {"session", entry.session},
                                                                   {"agent", entry.agent},
                                                                   {"service_tier", entry.service_tier},
                                                                   {"speed", entry.speed},
                                                                   {"inference_geo", entry.inference_geo},
                                                                   {"upstream_request_id", entry.upstream_request_id},
                                                                   {"organisation", entry.organisation},
                                                                   {"workspace", entry.workspace},
                                                                   {"error_kind", entry.error_kind},
                                                                   {"stop_reason", entry.stop_reason}};
  for (const auto& [name, text] : texts) {
    if (!text.empty()) out[name] = text;
  }
  return out;
}

}  // namespace

Result<EntriesRequest> read_entries_request(const Parameters& parameters, WallTime now) {
  const auto allowed = parameters.allow_only({"since", "limit", "kind", "status", "model", "tenant", "provider",
                                              "endpoint", "key", "user", "session", "state"});
  if (!allowed) return fail(allowed);
  EntriesRequest request;
  Nanoseconds since = kUsual;
  if (const auto text = parameters.find("since")) {
    const auto length = parse_duration(*text);
    if (!length) return wrong("since: " + length.error().detail);
    since = *length;
  }
  request.filter.since = now - since;
  if (const auto text = parameters.find("limit")) {
    const auto limit = number(*text);
    if (!limit || *limit < 1 || static_cast<std::size_t>(*limit) > kMostEntries)
      return wrong(fmt::format("limit: write a number from 1 to {}", kMostEntries));
    request.limit = static_cast<std::size_t>(*limit);
  }
  const auto kind = kind_named(parameters.find("kind").value_or("request"));
  if (!kind) return fail(kind);
  request.filter.kind = *kind;
  if (const auto text = parameters.find("status")) {
    const auto range = status_range(*text);
    if (!range) return fail(range);
    request.filter.status = *range;
  }
  for (const store::Dimension dimension : kExact) {
    if (const auto text = parameters.find(to_string(dimension)))
      request.filter.equals.push_back({dimension, std::string(*text)});
  }
  return request;
}

store::EntryFilter attempts_of(std::string_view request_id, WallTime now) {
  store::EntryFilter filter;
  filter.since = now - kSearched;
  filter.request_id = std::string(request_id);
  return filter;
}

json::value view(std::span<const store::LedgerEntry> entries) {
  json::array out;
  for (const store::LedgerEntry& entry : entries) out.emplace_back(view(entry));
  return json::object{{"entries", std::move(out)}};
}

}  // namespace tidegate::admin
