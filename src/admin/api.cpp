// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/api.h"

#include "admin/actions_view.h"
#include "admin/alerts_view.h"
#include "admin/allowance_request.h"
#include "admin/billed_view.h"
#include "admin/forecast_view.h"
#include "admin/guard_request.h"
#include "admin/key_request.h"
#include "admin/ledger_entries.h"
#include "admin/page.h"
#include "admin/shadow_view.h"
#include "admin/slack_command.h"
#include "admin/views.h"

#include "base/number.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

constexpr Seconds kLiveWindow(60);
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

Answer answer(const json::value& value, int status = 200) { return {.status = status, .body = json::serialize(value)}; }

/// Runs `make(parameters)`, which gives a Result<json::value>; what it cannot read or do becomes the error answer.
template <typename Make>
Answer with_parameters(const Request& request, std::initializer_list<std::string_view> known, Make make) {
  const auto parameters = Parameters::parse(request.query);
  if (!parameters) return error_answer(parameters.error());
  if (known.size() > 0) {
    if (const auto allowed = parameters->allow_only(known); !allowed) return error_answer(allowed.error());
  }
  const Result<json::value> made = make(*parameters);
  return made ? answer(*made) : error_answer(made.error());
}

Result<Nanoseconds> duration(const Parameters& parameters, std::string_view name, Nanoseconds usual) {
  const auto text = parameters.find(name);
  if (!text) return usual;
  auto length = parse_duration(*text);
  if (!length)
    return fail(FailureKind::InvalidInput, Origin::Client, fmt::format("{}: {}", name, length.error().detail));
  return length;
}

Result<json::value> windows(Instance& instance, const Parameters& parameters) {
  const auto length = duration(parameters, "window", kLiveWindow);
  if (!length) return fail(length);
  const auto totals = instance.totals(*length);
  if (!totals) return fail(totals);
  json::object out{{"window_seconds", std::chrono::duration_cast<Seconds>(*length).count()}, {"totals", view(*totals)}};
  if (const auto by = parameters.find("by")) {
    const auto dimension = monitor::parse_dimension(*by);
    if (!dimension) return fail(dimension);
    const auto lines = instance.lines(*length, *dimension);
    if (!lines) return fail(lines);
    out["by"] = *by;
    out["lines"] = view(*lines);
  }
  return json::value(std::move(out));
}

Result<json::value> guard(Instance& instance, const Parameters& parameters) {
  const auto limits = read_guard_request(parameters);
  if (!limits) return fail(limits);
  const auto totals = instance.totals(limits->window);
  if (!totals) return fail(totals);
  const auto breaches = monitor::evaluate_guard(*totals, *limits, smallest_remaining(instance.limits()));
  return json::value{{"ok", breaches.empty()}, {"breaches", view(breaches)}, {"totals", view(*totals)}};
}

Result<json::value> cost(Instance& instance, const Parameters& parameters) {
  const auto since = duration(parameters, "since", std::chrono::hours(24));
  if (!since) return fail(since);
  std::vector<store::Dimension> by;
  std::string_view names = parameters.find("by").value_or("model");
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const auto dimension = store::dimension_named(name);
    if (!dimension) {
      return fail(
          FailureKind::InvalidInput, Origin::Client,
          fmt::format(
              "by: '{}' is no dimension; use model, provider, endpoint, tenant, key, user, session, agent, day, hour or minute",
              name));
    }
    by.push_back(*dimension);
  }
  store::EntryFilter filter;
  filter.since = instance.now().wall - *since;
  const std::string_view kind = parameters.find("kind").value_or("request");
  if (kind != "request" && kind != "shadow") return fail(FailureKind::InvalidInput, Origin::Client, "kind: write request or shadow");
  filter.kind = kind == "shadow" ? store::EntryKind::Shadow : store::EntryKind::Request;
  if (const auto session = parameters.find("session"))
    filter.equals.push_back({store::Dimension::Session, std::string(*session)});
  const auto rows = instance.cost(filter, by);
  if (!rows) return fail(rows);
  return view(*rows, by);
}

Result<json::value> shadow(Instance& instance, const Parameters& parameters) {
  const auto since = duration(parameters, "since", std::chrono::hours(24));
  if (!since) return fail(since);
  return view(instance.shadow(*since));
}

Result<json::value> forecast(Instance& instance, const Parameters& parameters) {
  const auto wanted = read_forecast_request(parameters, instance.forecast_horizon());
  if (!wanted) return fail(wanted);
  return view(instance.forecast(wanted->minutes), *wanted, instance.now().wall);
}

Result<json::value> billed(Instance& instance, const Parameters& parameters) {
  const auto since = duration(parameters, "since", std::chrono::hours(1));
  if (!since) return fail(since);
  const WallTime begin = instance.now().wall - *since;
  const std::vector<monitor::BalanceCourse> courses = instance.balance_courses();
  if (courses.empty()) return view_billed({}, {}, begin);
  constexpr std::array kBy{store::Dimension::Provider, store::Dimension::Minute};
  const auto costs = instance.cost(costs_beside(courses, begin), kBy);
  if (!costs) return fail(costs);
  return view_billed(courses, *costs, begin);
}

json::object rooms(Instance& instance) {
  return json::object{{"rooms", view(instance.rooms())},
                      {"provider_keys", view(instance.provider_keys(), instance.now().steady, kAll)}};
}

Result<json::value> entries(Instance& instance, const Parameters& parameters) {
  const auto wanted = read_entries_request(parameters, instance.now().wall);
  if (!wanted) return fail(wanted);
  const auto found = instance.entries(wanted->filter, wanted->limit);
  if (!found) return fail(found);
  return view(*found);
}

/// All attempts of one request, the first one first.
Answer journey(Instance& instance, const Request& request) {
  constexpr std::size_t kMostAttempts = 100;
  auto found = instance.entries(attempts_of(request.last_segment, instance.now().wall), kMostAttempts);
  if (!found) return error_answer(found.error());
  if (found->empty()) return error_answer(404, "not_found", "No request with this id began within the last 24 hours.");
  std::reverse(found->begin(), found->end());
  return answer(view(*found));
}

/// Those with most to say: who waits first, then what runs. The page has no use for a thousand rooms, nor for a thousand keys.
std::vector<quota::RoomBook::NamedRoom> busiest(std::vector<quota::RoomBook::NamedRoom> rooms, std::size_t most) {
  const auto figures = [](const quota::RoomBook::NamedRoom& one) {
    std::int64_t in_flight = 0;
    for (const quota::BucketView& pool : one.room.pools) in_flight += pool.in_flight;
    return std::pair(one.room.waiting_interactive + one.room.waiting_batch, in_flight);
  };
  if (rooms.size() > most) {
    std::stable_sort(rooms.begin(), rooms.end(), [&](const auto& a, const auto& b) { return figures(a) > figures(b); });
    rooms.resize(most);
  }
  for (quota::RoomBook::NamedRoom& room : rooms) {
    for (quota::BucketView& pool : room.room.pools) pool.keys.clear();  // each key tells its pool itself
  }
  return rooms;
}

/// Those that can be used, or could but for a fault; these first.
std::vector<quota::RoomBook::NamedKeys> present(std::vector<quota::RoomBook::NamedKeys> providers) {
  for (quota::RoomBook::NamedKeys& provider : providers) {
    std::erase_if(provider.keys, [](const quota::KeyRing::Entry& key) { return key.draining; });
    std::stable_partition(provider.keys.begin(), provider.keys.end(),
                          [](const quota::KeyRing::Entry& key) { return key.fault.has_value(); });
  }
  return providers;
}

/// The page's next picture. Made once a second, however many look.
class Live {
 public:
  explicit Live(Instance& instance) : instance_(instance) {}

  Answer next() {
    const SteadyTime now = instance_.now().steady;
    if (!made_ || now - *made_ >= Milliseconds(900)) {
      body_ = make();
      made_ = now;
    }
    return {.body = body_};
  }

 private:
  std::string make() {
    json::object use{{"window_seconds", kLiveWindow.count()}};
    if (const auto totals = instance_.totals(kLiveWindow)) use["totals"] = view(*totals);
    json::object by;
    for (const monitor::Dimension dimension : monitor::kDimensions) {
      auto lines = instance_.lines(kLiveWindow, dimension);
      if (lines) by[to_string(dimension)] = view(std::span(*lines).first(std::min(lines->size(), kMostLines)));
    }
    use["by"] = std::move(by);
    return json::serialize(json::object{{"status", view(instance_.status())},
                                        {"use", std::move(use)},
                                        {"limits", view(instance_.limits())},
                                        {"rooms", view(busiest(instance_.rooms(), kMostRooms))},
                                        {"provider_keys", view(present(instance_.provider_keys()),
                                                               instance_.now().steady, kMostKeys)},
                                        {"alarms", view(instance_.alarms())},
                                        {"alerts", firing_on_figures(instance_.alerts())},
                                        {"actions", view(instance_.actions()).at("actions")}});
  }

  static constexpr std::size_t kMostLines = 12;
  static constexpr std::size_t kMostRooms = 50;
  static constexpr std::size_t kMostKeys = 100;  ///< of a provider
  Instance& instance_;
  std::optional<SteadyTime> made_;
  std::string body_;
};

Answer list_keys(Instance& instance) {
  const auto keys = instance.keys();
  if (!keys) return error_answer(keys.error());
  const std::vector<quota::AccountLevel> levels = instance.accounts();
  json::array out;
  for (const store::VirtualKey& key : *keys) {
    out.push_back(view(key, instance.now().wall, find_level(levels, key.tenant.text(), key.id.text())));
  }
  return answer(json::object{{"keys", std::move(out)}});
}

Answer create_key(Instance& instance, const Request& request) {
  const WallTime now = instance.now().wall;
  const auto wanted = read_key_request(request.body, now);
  if (!wanted) return error_answer(wanted.error());
  const auto created = instance.create_key(*wanted);
  if (!created) return error_answer(created.error());
  json::value key = view(created->key, now, nullptr);
  key.as_object()["secret"] = created->plain.reveal();  // this once; kept only as a hash
  return answer(key, 201);
}

Answer revoke_key(Instance& instance, const Request& request) {
  if (const auto revoked = instance.revoke_key(KeyId(std::string(request.last_segment))); !revoked)
    return error_answer(revoked.error());
  return answer(json::object{{"revoked", request.last_segment}});
}

Answer allow_key(Instance& instance, const Request& request) {
  const auto allowance = read_allowance_request(request.body);
  if (!allowance) return error_answer(allowance.error());
  if (const auto allowed = instance.allow_key(KeyId(std::string(request.last_segment)), *allowance); !allowed)
    return error_answer(allowed.error());
  return answer(json::object{{"changed", request.last_segment}});
}

Answer list_tenants(Instance& instance) {
  const auto tenants = instance.tenants();
  if (!tenants) return error_answer(tenants.error());
  const std::vector<quota::AccountLevel> levels = instance.accounts();
  json::array out;
  for (const store::Tenant& tenant : *tenants) out.push_back(view(tenant, find_level(levels, tenant.id.text(), {})));
  return answer(json::object{{"tenants", std::move(out)}});
}

Answer put_tenant(Instance& instance, const Request& request) {
  const auto tenant = read_tenant_request(request.last_segment, request.body);
  if (!tenant) return error_answer(tenant.error());
  if (const auto done = instance.put_tenant(*tenant); !done) return error_answer(done.error());
  return answer(view(*tenant, nullptr));
}

Answer reload(Instance& instance) {
  const auto changes = instance.reload();
  if (!changes) return error_answer(422, to_string(changes.error().kind), changes.error().detail);
  json::array lines;
  for (const std::string& change : *changes) lines.emplace_back(change);
  return answer(json::object{{"changes", std::move(lines)}});
}

Answer page(const PageFile& file, const Request& request) {
  Answer answer{.content_type = file.content_type};
  const bool compressed = request.takes_gzip && !file.gzip.empty();
  answer.body = compressed ? file.gzip : file.content;
  if (compressed) answer.fields.emplace_back("content-encoding", "gzip");
  answer.fields.emplace_back("vary", "accept-encoding");
  return answer;
}

Answer acknowledge(Instance& instance, const Request& request) {
  const auto by = read_acknowledgement(request.body);
  if (!by) return error_answer(by.error());
  if (const auto done = instance.acknowledge_alert(request.last_segment, *by); !done) return error_answer(done.error());
  return answer(json::object{{"acknowledged", request.last_segment}});
}

Answer silence(Instance& instance, const Request& request) {
  const auto wanted = read_silence(request.body);
  if (!wanted) return error_answer(wanted.error());
  if (const auto done = instance.silence_alert(request.last_segment, wanted->length, wanted->by); !done) return error_answer(done.error());
  return answer(json::object{{"silenced", request.last_segment}});
}

/// Somebody asks for an action or its return; what it does is not awaited.
Answer ask_action(Instance& instance, const Request& request, Result<std::string> (Instance::*ask)(std::string_view, const std::string&)) {
  const auto by = read_asker(request.body);
  if (!by) return error_answer(by.error());
  const auto told = (instance.*ask)(request.last_segment, *by);
  if (told) return answer(json::object{{"told", *told}});
  if (told.error().kind == FailureKind::Exhausted) return error_answer(409, to_string(told.error().kind), told.error().detail);
  return error_answer(told.error());
}

Result<json::value> audit(Instance& instance, const Parameters& parameters) {
  constexpr std::int64_t kMost = 1'000;
  constexpr std::int64_t kUsual = 100;
  const auto text = parameters.find("limit");
  const auto most = text ? parse_integer(*text) : std::optional(kUsual);
  if (!most || *most < 1 || *most > kMost) return fail(FailureKind::InvalidInput, Origin::Client, "limit: a whole number from 1 to 1000");
  const auto entries = instance.audit(static_cast<std::size_t>(*most));
  if (!entries) return fail(entries);
  return view(*entries);
}

Answer healthy(const Request&) { return {.content_type = "text/plain; charset=utf-8", .body = "ok\n"}; }

}  // namespace

std::vector<Route> admin_routes(Instance& instance) {
  using Kind = Route::Kind;
  auto live = std::make_shared<Live>(instance);
  auto slack = std::make_shared<SlackDesk>(instance);
  std::vector<Route> routes{
      {"GET", "/healthz", Access::Public, Kind::Quick, healthy},
      {"GET", "/api/v1/status", Access::Read, Kind::Quick,
       [&](const Request&) { return answer(view(instance.status())); }},
      {"GET", "/api/v1/windows", Access::Read, Kind::Quick,
       [&](const Request& request) {
         return with_parameters(request, {"window", "by"},
                                [&](const Parameters& given) { return windows(instance, given); });
       }},
      {"GET", "/api/v1/limits", Access::Read, Kind::Quick,
       [&](const Request&) {
         return answer(json::object{{"pools", view(instance.limits())}});
       }},
      {"GET", "/api/v1/rooms", Access::Read, Kind::Quick, [&](const Request&) { return answer(rooms(instance)); }},
      {"GET", "/api/v1/savings", Access::Read, Kind::Quick,
       [&](const Request&) {
         return answer(json::object{{"prompt_cache", view(instance.cache_savings())}, {"response_cache", view(instance.kept_answers())}});
       }},
      {"GET", "/api/v1/guard", Access::Read, Kind::Quick,
       [&](const Request& request) {
         return with_parameters(request, {}, [&](const Parameters& given) { return guard(instance, given); });
       }},
      {"GET", "/api/v1/alarms", Access::Read, Kind::Quick,
       [&](const Request&) {
         return answer(json::object{{"alarms", view(instance.alarms())}});
       }},
      {"GET", "/api/v1/alerts", Access::Read, Kind::Quick, [&](const Request&) { return answer(view(instance.alerts())); }},
      {"POST", "/api/v1/alerts/{id}/ack", Access::Change, Kind::Slow, [&](const Request& request) { return acknowledge(instance, request); }},
      {"POST", "/api/v1/alerts/{id}/silence", Access::Change, Kind::Slow, [&](const Request& request) { return silence(instance, request); }},
      {"GET", "/api/v1/actions", Access::Read, Kind::Quick, [&](const Request&) { return answer(view(instance.actions())); }},
      {"POST", "/api/v1/actions/{id}/run", Access::Change, Kind::Quick,
       [&](const Request& request) { return ask_action(instance, request, &Instance::run_action); }},
      {"POST", "/api/v1/actions/{id}/return", Access::Change, Kind::Quick,
       [&](const Request& request) { return ask_action(instance, request, &Instance::return_action); }},
      {"GET", "/api/v1/audit", Access::Read, Kind::Slow,
       [&](const Request& request) { return with_parameters(request, {"limit"}, [&](const Parameters& given) { return audit(instance, given); }); }},
      {"GET", "/api/v1/config", Access::Read, Kind::Quick,
       [&](const Request&) { return Answer{.body = instance.configuration()}; }},
      {"GET", "/api/v1/live", Access::Read, Kind::Events, [live](const Request&) { return live->next(); }},
      {"GET", "/api/v1/cost", Access::Read, Kind::Slow,
       [&](const Request& request) {
         return with_parameters(request, {"since", "by", "session", "kind"},
                                [&](const Parameters& given) { return cost(instance, given); });
       }},
      {"GET", "/api/v1/billed", Access::Read, Kind::Slow,
       [&](const Request& request) {
         return with_parameters(request, {"since"}, [&](const Parameters& given) { return billed(instance, given); });
       }},
      {"GET", "/api/v1/levels", Access::Read, Kind::Quick, [&](const Request&) { return answer(view(instance.level_curves())); }},
      {"GET", "/api/v1/requests", Access::Read, Kind::Slow,
       [&](const Request& request) {
         return with_parameters(request, {}, [&](const Parameters& given) { return entries(instance, given); });
       }},
      {"GET", "/api/v1/requests/{id}", Access::Read, Kind::Slow, [&](const Request& request) { return journey(instance, request); }},
      {"GET", "/api/v1/shadow", Access::Read, Kind::Slow,
       [&](const Request& request) {
         return with_parameters(request, {"since"}, [&](const Parameters& given) { return shadow(instance, given); });
       }},
      {"GET", "/api/v1/forecast", Access::Read, Kind::Slow,
       [&](const Request& request) {
         return with_parameters(request, {"horizon", "minutes", "scope"}, [&](const Parameters& given) { return forecast(instance, given); });
       }},
      {"POST", "/api/v1/reload", Access::Change, Kind::Slow, [&](const Request&) { return reload(instance); }},
      {"GET", "/api/v1/keys", Access::Read, Kind::Slow, [&](const Request&) { return list_keys(instance); }},
      {"POST", "/api/v1/keys", Access::Change, Kind::Slow,
       [&](const Request& request) { return create_key(instance, request); }},
      {"PUT", "/api/v1/keys/{id}", Access::Change, Kind::Slow,
       [&](const Request& request) { return allow_key(instance, request); }},
      {"DELETE", "/api/v1/keys/{id}", Access::Change, Kind::Slow,
       [&](const Request& request) { return revoke_key(instance, request); }},
      {"GET", "/api/v1/tenants", Access::Read, Kind::Slow, [&](const Request&) { return list_tenants(instance); }},
      {"PUT", "/api/v1/tenants/{id}", Access::Change, Kind::Slow,
       [&](const Request& request) { return put_tenant(instance, request); }},
      {.method = "POST",
       .path = "/slack/command",
       .access = Access::Signed,
       .kind = Kind::Slow,
       .answer = [slack](const Request& request) { return slack->answer(request); },
       .check = [slack](const Request& request) { return slack->check(request); },
       .patience = SlackDesk::kPatience,
       .late = SlackDesk::late,
       .follow_up = [slack](const Request& request, const Answer& answer) { slack->follow_up(request, answer); }},
  };
  for (const PageFile& file : page_files()) {
    routes.push_back({"GET", file.path, Access::Public, Kind::Quick, [&file](const Request& request) { return page(file, request); }});
  }
  return routes;
}

std::vector<Route> metrics_routes(Instance& instance) {
  return {{"GET", "/metrics", Access::Public, Route::Kind::Quick,
           [&](const Request& request) {
             const metrics::TextFormat format = metrics::choose_format(request.accept);
             return Answer{.content_type = metrics::content_type(format), .body = instance.metrics(format)};
           }},
          {"GET", "/healthz", Access::Public, Route::Kind::Quick, healthy}};
}

}  // namespace tidegate::admin
