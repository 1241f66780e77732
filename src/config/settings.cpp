// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/settings.h"

#include "config/alert_settings.h"
#include "config/forecast_settings.h"
#include "config/prices.h"
#include "config/provider_settings.h"
#include "config/route_settings.h"
#include "config/secrets.h"
#include "config/setting_parts.h"
#include "config/url.h"

#include <chrono>

namespace tidegate::config {

namespace {

using net::ListenOptions;
using std::chrono::hours;
using std::chrono::minutes;

/// `threads: 0` reads better as a word.
Type<std::uint32_t> threads() {
  Type<std::uint32_t> type = count<std::uint32_t>(0, 1'024);
  type.range += "; 0 is one per core";
  return type;
}

// ---- listeners

Type<ListenOptions> address() {
  Type<ListenOptions> type;
  type.name = "address";
  type.schema = schema_of_type("string");
  type.read = [](Reading& reading, const Node& node, ListenOptions& listen) {
    const std::string* written = scalar(reading, node, "an address, as in 127.0.0.1:8080");
    if (written == nullptr) return;
    const auto parsed = parse_address(*written);
    if (!parsed) {
      reading.refuse(node,
                     fmt::format("{} is not an address; write ADDRESS:PORT, as in 127.0.0.1:8080, 0.0.0.0:8080 or "
                                 "[::1]:8080 (port 0 takes a free one)",
                                 shown(*written)));
      return;
    }
    listen.host = parsed->host;
    listen.port = parsed->port;
  };
  type.print = [](const ListenOptions& listen) { return Node::quoted_text(address_text(listen.host, listen.port)); };
  return type;
}

Type<ListenOptions> listener() {
  Type<ListenOptions> type =
      record<ListenOptions>({field<ListenOptions>("address", kItself, address(),
                                                  "where clients connect; `listen: 127.0.0.1:8080` alone will do"),
                             field<ListenOptions>("certificate_file", TIDEGATE_AT(certificate_file), text("path"),
                                                  "PEM chain: clients must then use https; read again when it changes"),
                             field<ListenOptions>("private_key_file", TIDEGATE_AT(private_key_file), text("path"),
                                                  "PEM; required with certificate_file")});
  const Type<ListenOptions> alone = address();
  type.name = "address or map";
  Node choices = Node::list();
  choices.items = {alone.schema, type.schema};
  type.schema = Node::map();
  type.schema.with("anyOf", std::move(choices));
  type.read = [alone, whole = type.read](Reading& reading, const Node& node, ListenOptions& listen) {
    if (node.kind == Node::Kind::List) {
      reading.refuse(
          node,
          "expected one address, as in 127.0.0.1:8080, or a map with address, certificate_file or private_key_file");
      return;
    }
    (node.kind == Node::Kind::Scalar ? alone.read : whole)(reading, node, listen);
  };
  type.print = [alone, whole = type.print](const ListenOptions& listen) {
    return listen.certificate_file.empty() && listen.private_key_file.empty() ? alone.print(listen) : whole(listen);
  };
  return type;
}

Type<admin::AdminOptions> metrics() {
  using admin::AdminOptions;
  return record<AdminOptions>(
      {field<AdminOptions>("address", TIDEGATE_AT(metrics), address(), "where Prometheus scrapes `/metrics`")});
}

Type<admin::AdminOptions> admin_settings() {
  using admin::AdminOptions;
  return record<AdminOptions>(
      {field<AdminOptions>("address", TIDEGATE_AT(admin), address(), "where dashboard and admin API are served",
                           Takes::Restart),
       field<AdminOptions>("token", kItself, secret_in(&AdminOptions::token_name, &AdminOptions::token, "a token"),
                           "`authorization: Bearer TOKEN` of the admin API; required unless it listens on loopback")});
}

// ---- the other maps

Type<Options> limits() {
  return record<Options>(
      {field<Options>("max_head", TIDEGATE_AT(limits.max_head_bytes), byte_size(kKiB, 16 * kMiB),
                      "head of a request; larger: 431"),
       field<Options>("max_body", TIDEGATE_AT(limits.max_body_bytes), byte_size(kKiB, kGiB),
                      "body of a request; larger: 413"),
       field<Options>("max_upload", TIDEGATE_AT(limits.max_upload_bytes), byte_size(kKiB, 1024 * kGiB),
                      "file upload, which streams through; larger: 413"),
       field<Options>("max_connections", TIDEGATE_AT(limits.max_connections), count<std::size_t>(1, 10'000'000),
                      "of clients, over all worker threads; further ones wait in the kernel's backlog"),
       field<Options>("head_timeout", TIDEGATE_AT(limits.head_timeout), duration(Milliseconds(100), hours(1)),
                      "from a request's first byte to the end of its head; later: 408"),
       field<Options>("body_timeout", TIDEGATE_AT(limits.body_timeout), duration(Milliseconds(100), hours(1)),
                      "longest pause inside a request's body, and how far it may fall behind 16 KiB a second; longer: 408"),
       field<Options>("idle_timeout", TIDEGATE_AT(limits.idle_timeout), duration(Milliseconds(100), hours(24)),
                      "a connection without a request for so long is closed"),
       field<Options>("write_timeout", TIDEGATE_AT(limits.write_timeout), duration(Milliseconds(100), hours(24)),
                      "a client that takes no byte for so long is gone"),
       field<Options>("body_memory", TIDEGATE_AT(gateway.body_memory), byte_size(kMiB, 1024 * kGiB),
                      "all request bodies together; when it is spent, sockets are not read further"),
       field<Options>("body_wait", TIDEGATE_AT(gateway.body_wait), duration(Nanoseconds(0), hours(1)),
                      "for room in body_memory; longer: 429 with retry-after")});
}

Type<gateway::GatewayOptions> attribution() {
  using gateway::GatewayOptions;
  return record<GatewayOptions>(
      {field<GatewayOptions>("default_tenant", TIDEGATE_AT(default_tenant), checked_text("name", why_not_a_name),
                             "tenant of requests whose key names none"),
       field<GatewayOptions>("user_headers", TIDEGATE_AT(user_headers),
                             list_of(checked_text("header name", why_not_a_header), 32),
                             "headers that name the user; the first one present wins over the body's user")});
}

Type<store::StoreOptions> ledger() {
  using store::StoreOptions;
  using store::WhenFull;
  return record<StoreOptions>(
      {field<StoreOptions>("directory", TIDEGATE_AT(directory), text("path"),
                           "holds `ledger.db` and `journal/`; created if missing", Takes::Restart),
       field<StoreOptions>("segment_size", TIDEGATE_AT(segment_bytes), byte_size(64 * kKiB, kGiB),
                           "one file of the journal", Takes::Restart),
       field<StoreOptions>("journal_size", TIDEGATE_AT(journal_bytes), byte_size(kMiB, 1024 * kGiB),
                           "all files of the journal together", Takes::Restart),
       field<StoreOptions>("when_full", TIDEGATE_AT(when_full),
                           word<WhenFull>({{"continue", WhenFull::Continue}, {"refuse", WhenFull::Refuse}}),
                           "when the journal is full: serve on and count what is not recorded, or answer 503",
                           Takes::Restart),
       field<StoreOptions>("sync_interval", TIDEGATE_AT(sync_interval), duration(Milliseconds(10), minutes(10)),
                           "how much a power cut may cost: the journal is written to disk so often", Takes::Restart),
       field<StoreOptions>("drain_interval", TIDEGATE_AT(drain_interval), duration(Milliseconds(10), minutes(10)),
                           "how often entries are moved to the database", Takes::Restart),
       field<StoreOptions>("retention", TIDEGATE_AT(retention), duration(hours(1), hours(24 * 3'650)),
                           "older entries are deleted", Takes::Restart)});
}

Type<monitor::WindowOptions> windows() {
  using monitor::WindowOptions;
  return record<WindowOptions>(
      {field<WindowOptions>("lengths", TIDEGATE_AT(lengths), list_of(duration(Seconds(1), hours(24)), 8),
                            "sliding windows to keep", Takes::Restart),
       field<WindowOptions>("max_values", TIDEGATE_AT(max_values), count<std::size_t>(1, 10'000),
                            "rows per dimension (model, user …); the rest shares one row `other`", Takes::Restart)});
}

Type<monitor::ShadowOptions> shadow() {
  using monitor::ShadowBy;
  using monitor::ShadowOptions;
  return record<ShadowOptions>(
      {field<ShadowOptions>("provider", TIDEGATE_AT(provider), id<ProviderId>(), "who gets the copies; without it, nobody"),
       field<ShadowOptions>("enabled", TIDEGATE_AT(enabled), yes_or_no(), "false keeps the other settings, and sends nothing"),
       field<ShadowOptions>("share", TIDEGATE_AT(share), figure(0, 1), "of the traffic that is copied"),
       field<ShadowOptions>("by", TIDEGATE_AT(by), word<ShadowBy>({{"request", ShadowBy::Request}, {"session", ShadowBy::Session}}),
                            "what is drawn: single requests, or conversations as a whole"),
       field<ShadowOptions>("max_concurrent", TIDEGATE_AT(max_concurrent), count<std::size_t>(1, 1'000), "copies that run at once"),
       field<ShadowOptions>("max_per_minute", TIDEGATE_AT(max_per_minute), count<std::size_t>(1, 100'000),
                            "copies in any 60 seconds"),
       field<ShadowOptions>("budget", TIDEGATE_AT(budget), dollars(), "a day in UTC, for all copies; when it is spent, none is sent"),
       field<ShadowOptions>("min_headroom", TIDEGATE_AT(min_headroom), figure(0, 1),
                            "share of its limits that a pool must have left; with less, none is sent")});
}

Type<LogOptions> log() {
  return record<LogOptions>(
      {field<LogOptions>("level", TIDEGATE_AT(level),
                         word<LogLevel>({{"debug", LogLevel::Debug},
                                         {"info", LogLevel::Info},
                                         {"warning", LogLevel::Warning},
                                         {"error", LogLevel::Error}}),
                         "lines below this level are not written"),
       field<LogOptions>("file", TIDEGATE_AT(file), text("path"), "without it, standard error", Takes::Restart),
       field<LogOptions>("buffer_lines", TIDEGATE_AT(buffer_lines), count<std::size_t>(16, 10'000'000),
                         "waiting lines; further ones are dropped and counted", Takes::Restart)});
}

Type<Options> make_all() {
  using gateway::AuthMode;
  std::vector<Field<Options>> fields;
  fields.push_back(
      field<Options>("listen", TIDEGATE_AT(listen), listener(), "where programs send their requests", Takes::Restart));
  fields.push_back(field<Options>("metrics", TIDEGATE_AT(admin), metrics(), "the metrics listener", Takes::Restart));
  fields.push_back(field<Options>("admin", TIDEGATE_AT(admin), admin_settings(), "dashboard and admin API"));
  fields.push_back(field<Options>(
      "auth", TIDEGATE_AT(gateway.auth),
      word<AuthMode>(
          {{"open", AuthMode::Open}, {"virtual", AuthMode::Virtual}, {"passthrough", AuthMode::Passthrough}}),
      "who may use the gateway: everyone on this machine; holders of a key that `tidegate keys "
      "create` made; everyone, with the client's own credential going upstream, to one provider"));
  fields.push_back(field<Options>("providers", TIDEGATE_AT(providers), list_of(provider_settings(), 200),
                                  "where requests go; without any, those whose keys are in the environment"));
  fields.push_back(
      field<Options>("routes", TIDEGATE_AT(gateway.routes), list_of(route_settings(), 2'000),
                     "which provider serves a model; the first that matches counts. Where none does: the "
                     "providers of the request's dialect in their order, each serving what the one before cannot in time"));
  fields.push_back(field<Options>("failover", TIDEGATE_AT(gateway.failover), failover_settings(), "how far one request goes over to other targets"));
  fields.push_back(field<Options>("admission", TIDEGATE_AT(gateway.admission), admission_settings(),
                                  "how requests wait for their turn where limits are short"));
  fields.push_back(field<Options>("classes", TIDEGATE_AT(gateway.classes), list_of(class_settings(), 200),
                                  "requests that a provider counts at a part of its limits; the first that fits in all it says"));
  fields.push_back(field<Options>("prompt_cache", TIDEGATE_AT(prompt_cache), prompt_cache_settings(),
                                  "marks for the provider's prompt cache, set by the gateway (docs/prompt_cache.md)"));
  fields.push_back(field<Options>("response_cache", TIDEGATE_AT(response_cache), response_cache_settings(),
                                  "whole answers, given again to the same question (docs/answer_cache.md)"));
  fields.push_back(field<Options>("limits", kItself, limits(), "what one client may ask for"));
  fields.push_back(field<Options>("drain_timeout", TIDEGATE_AT(gateway.drain_timeout),
                                  duration(Nanoseconds(0), hours(24)), "after SIGTERM, for running answers"));
  fields.push_back(
      field<Options>("threads", TIDEGATE_AT(gateway.worker_threads), threads(), "worker threads", Takes::Restart));
  fields.push_back(
      field<Options>("public_url", TIDEGATE_AT(gateway.public_url), checked_text("URL", why_not_an_origin),
                     "origin that clients use, for the `results_url` of batches; without it, the request's Host"));
  fields.push_back(field<Options>("attribution", TIDEGATE_AT(gateway), attribution(), "whom a request is counted for"));
  fields.push_back(
      field<Options>("ledger", TIDEGATE_AT(store), ledger(), "the record of every request", Takes::Restart));
  fields.push_back(field<Options>("windows", TIDEGATE_AT(windows), windows(), "live figures", Takes::Restart));
  fields.push_back(field<Options>("shadow", TIDEGATE_AT(shadow), shadow(),
                                  "copies of some requests to a second provider, after their clients were served (docs/shadow.md)"));
  fields.push_back(field<Options>("forecast", TIDEGATE_AT(forecast), forecast_settings(),
                                  "what will be asked for, and when limits and budgets run out (docs/forecast.md)"));
  fields.push_back(field<Options>("alerts", kItself, alert_settings(), "who is told of what, and what is done about it (docs/alerts.md)"));
  fields.push_back(
      field<Options>("prices", TIDEGATE_AT(prices), price_settings(),
                     "what models cost; a row here replaces the shipped rows of the same model, provider and speed"));
  fields.push_back(field<Options>("log", TIDEGATE_AT(log), log(), "one line per request, and what goes wrong"));
  return record<Options>(std::move(fields));
}

}  // namespace

const Type<Options>& all_settings() {
  static const Type<Options> type = make_all();
  return type;
}

std::vector<Setting> list_settings() {
  std::vector<Setting> settings;
  Options fallback;
  fallback.prices = shipped_prices();
  all_settings().describe(fallback, "", settings);
  return settings;
}

Node effective(const Options& options) { return all_settings().print(options); }

Node json_schema() {
  Node schema = Node::map();
  schema.with("$schema", Node::quoted_text("https://json-schema.org/draft/2020-12/schema"));
  schema.with("title", Node::quoted_text("tidegate.yaml"));
  const Node& whole = all_settings().schema;
  for (std::size_t i = 0; i < whole.items.size(); ++i) schema.with(whole.keys[i].text, whole.items[i]);
  return schema;
}

}  // namespace tidegate::config
