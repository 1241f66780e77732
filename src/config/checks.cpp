// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/checks.h"

#include "config/alert_settings.h"
#include "config/byte_size.h"
#include "config/nearest.h"
#include "config/prices.h"
#include "config/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace tidegate::config {

namespace {

using gateway::AuthMode;
using upstream::CredentialKind;
using upstream::ProviderOptions;

void check_readable(const std::string& path, std::string_view setting, Reading& reading) {
  if (path.empty() || !reading.has(setting)) return;
  if (const auto file = reading.try_file(path); !file) reading.refuse_at(setting, file.error().detail);
}

void check_certificate(const net::ListenOptions& listen, Reading& reading) {
  if (listen.certificate_file.empty() != listen.private_key_file.empty()) {
    const bool has_key = !listen.private_key_file.empty();
    reading.refuse_at("listen", fmt::format("'{}' is missing; TLS needs 'certificate_file' and 'private_key_file'",
                                            has_key ? "certificate_file" : "private_key_file"));
  }
  check_readable(listen.certificate_file, "listen.certificate_file", reading);
  constexpr std::string_view kKeyFile = "listen.private_key_file";
  if (listen.private_key_file.empty() || !reading.has(kKeyFile)) return;
  const auto file = reading.try_file(listen.private_key_file);
  if (!file) {
    reading.refuse_at(kKeyFile, file.error().detail);
  } else if (is_open_to_others(file->permissions)) {
    reading.warn_at(kKeyFile, fmt::format("{} can be read by others (permissions {:04o}); run: chmod 600 {}",
                                          listen.private_key_file, file->permissions, listen.private_key_file));
  }
}

void check_doors(const Options& options, Reading& reading) {
  const net::ListenOptions& listen = options.listen;
  if (!is_loopback(listen.host)) {
    const std::string address = address_text(listen.host, listen.port);
    if (options.gateway.auth == AuthMode::Open) {
      reading.refuse_at(
          reading.has("auth") ? "auth" : "listen",
          fmt::format("'auth: open' would let everyone who reaches {} spend your keys; listen on 127.0.0.1, or "
                      "set 'auth: virtual' and give out keys with 'tidegate keys create', or 'auth: passthrough'",
                      address));
    }
    if (listen.certificate_file.empty()) {
      reading.warn_at("listen",
                      fmt::format("{} serves plain HTTP beyond this machine: keys and prompts can be read on the way; "
                                  "set certificate_file and private_key_file, or stand behind a TLS proxy",
                                  address));
    }
  }
  const net::ListenOptions& admin = options.admin.admin;
  if (!is_loopback(admin.host) && options.admin.token.empty()) {
    reading.refuse_at("admin", fmt::format("without a token, everyone who reaches {} could change what runs; listen on "
                                           "127.0.0.1, or set 'token: {{env: NAME}}'",
                                           address_text(admin.host, admin.port)));
  }
}

/// Whether two listeners cannot live together: the address of all interfaces takes the port everywhere.
bool collide(const net::ListenOptions& a, const net::ListenOptions& b) {
  const auto is_everywhere = [](const std::string& host) { return host == "0.0.0.0" || host == "::"; };
  return a.port != 0 && a.port == b.port && (a.host == b.host || is_everywhere(a.host) || is_everywhere(b.host));
}

void check_addresses(const Options& options, Reading& reading) {
  struct Door {
    std::string_view setting;
    const net::ListenOptions& listen;
  };
  const std::array<Door, 3> doors{
      {{"listen", options.listen}, {"metrics.address", options.admin.metrics}, {"admin.address", options.admin.admin}}};
  for (std::size_t i = 0; i < doors.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!collide(doors[i].listen, doors[j].listen)) continue;
      // The one that the file gives is to blame, not a default.
      const auto& [blamed, other] =
          reading.has(doors[i].setting) ? std::pair(doors[i], doors[j]) : std::pair(doors[j], doors[i]);
      reading.refuse_at(blamed.setting,
                        fmt::format("port {} is taken by '{}'; give each its own", other.listen.port, other.setting));
      break;
    }
  }
}

/// The file's text is read by whoever uses it, but a name that leads nowhere is better said here.
void check_keys_file(const ProviderOptions& provider, const std::string& path, Reading& reading) {
  const std::string setting = path + ".keys_file";
  if (provider.keys_file.empty() || !reading.has(setting)) return;
  const auto file = reading.try_file(provider.keys_file);
  const bool is_missing =
      !file && (file.error().kind == FailureKind::NotFound || file.error().kind == FailureKind::Denied);
  if (is_missing) reading.refuse_at(setting, file.error().detail);  // what else cannot be read as a file is a directory
  if (file && is_open_to_others(file->permissions)) {
    reading.warn_at(setting, fmt::format("{} can be read by others (permissions {:04o}); run: chmod 600 {}",
                                         provider.keys_file, file->permissions, provider.keys_file));
  }
}

void check_pool(const ProviderOptions& provider, const std::string& path, Reading& reading) {
  if (!provider.key_list || provider.key_list->host.empty()) return;
  if (!is_loopback(provider.key_list->host)) {
    reading.warn_at(path + ".pool.source",
                    fmt::format("keys cross the network to {} as plain text; that needs a network which nobody else reads",
                                provider.key_list->host));
  }
  if (!provider.key_list->user.empty() && provider.key_list->password.empty()) {
    reading.refuse_at(path + ".pool", "names a user without a password; add 'password: {env: NAME}'");
  }
}

void check_keys(const ProviderOptions& provider, const std::string& path, AuthMode auth, Reading& reading) {
  const auto refuse_unsent = [&](std::string_view setting) {
    reading.refuse_at(path + std::string(setting),
                      "would never be sent, because 'credential' is none; remove one of the two");
  };
  if (provider.credential == CredentialKind::None) {
    if (!provider.keys.empty()) refuse_unsent(".keys");
    if (provider.key_list) refuse_unsent(".pool");
    if (!provider.keys_file.empty()) refuse_unsent(".keys_file");
  }
  if (provider.credential != CredentialKind::None && provider.keys.empty() && !provider.has_key_source() && auth != AuthMode::Passthrough) {
    reading.refuse_at(path, "has no key; add 'keys: [{env: NAME}]', or write 'credential: none' if it wants none");
  }
  const bool only_spare = std::all_of(provider.keys.begin(), provider.keys.end(), [](const upstream::ProviderKey& key) { return key.is_spare; });
  if (!provider.keys.empty() && only_spare && !provider.has_key_source()) {
    reading.refuse_at(path + ".keys", "are all kept back by 'spare: true'; leave one in rotation");
  }
  for (std::size_t i = 0; i < provider.keys.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const upstream::ProviderKey& key = provider.keys[i];
      const std::string key_path = fmt::format("{}.keys[{}]", path, i);
      if (!key.name.empty() && key.name == provider.keys[j].name) {
        reading.refuse_at(key_path, fmt::format("{} is listed twice", key.name));
      } else if (!key.secret.empty() && key.secret == provider.keys[j].secret) {
        reading.warn_at(key_path, fmt::format("{} and {} hold the same key, which adds no capacity", key.name,
                                              provider.keys[j].name));
      }
    }
  }
}

void check_balance(const ProviderOptions& provider, const std::string& path, Reading& reading) {
  if (!provider.balance) return;
  if (provider.balance->key_name.empty() && provider.keys.empty() && !provider.has_key_source()) {
    reading.refuse_at(path + ".balance", "needs a key to ask with; add 'key: {env: NAME}', or 'keys' to the provider");
  }
  if (const auto url = parse_url(provider.balance->url); url && url->scheme == "http" && !is_loopback(url->host)) {
    reading.warn_at(path + ".balance.url", "plain HTTP beyond this machine: the key can be read on the way; use https");
  }
}

void check_provider(const ProviderOptions& provider, const std::string& path, AuthMode auth, Reading& reading) {
  check_keys(provider, path, auth, reading);
  check_keys_file(provider, path, reading);
  check_pool(provider, path, reading);
  check_balance(provider, path, reading);
  check_readable(provider.ca_file, path + ".tls.ca_file", reading);
  if (!provider.verify_certificate) {
    reading.warn_at(path + ".tls.verify", "certificates are not checked: anybody between could read keys and prompts");
  }
  if (const auto url = parse_url(provider.base_url); url && url->scheme == "http" && !is_loopback(url->host)) {
    reading.warn_at(path + ".base_url",
                    "plain HTTP beyond this machine: keys and prompts can be read on the way; use https");
  }
  // Who sets `max` alone need not think of the other.
  if (provider.max_idle_connections > provider.max_connections &&
      provider.max_idle_connections != ProviderOptions{}.max_idle_connections) {
    reading.refuse_at(path + ".connections", fmt::format("max_idle ({}) is more than max ({})",
                                                         provider.max_idle_connections, provider.max_connections));
  }
  if (provider.deadlines.connect > provider.deadlines.total) {
    reading.refuse_at(path + ".deadlines", fmt::format("connect ({}) is longer than total ({})",
                                                       tidegate::to_text(provider.deadlines.connect),
                                                       tidegate::to_text(provider.deadlines.total)));
  }
}

std::vector<std::string> check_providers(const Options& options, Reading& reading) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < options.providers.size(); ++i) {
    const ProviderOptions& provider = options.providers[i];
    const std::string path = fmt::format("providers[{}]", i);
    if (provider.id.empty() && provider.base_url.empty()) continue;  // both reported; what follows from it helps nobody
    check_provider(provider, path, options.gateway.auth, reading);
    if (provider.id.empty()) continue;
    if (std::find(names.begin(), names.end(), provider.id.text()) != names.end()) {
      reading.refuse_at(path + ".name", fmt::format("{} is the name of another provider too; give each its own",
                                                    shown(provider.id.text())));
    }
    names.push_back(provider.id.text());
  }
  return names;
}

void check_name(const std::string& name, const std::vector<std::string>& names, std::string_view path,
                Reading& reading) {
  if (name.empty() || names.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  const auto near = nearest(name, names);
  reading.refuse_at(path, near
                              ? fmt::format("no provider is named {}; did you mean '{}'?", shown(name), *near)
                              : fmt::format("no provider is named {}; known: {}", shown(name), fmt::join(names, ", ")));
}

void check_target(const Options& options, const routing::TargetRule& target, const std::vector<std::string>& names, const std::string& path,
                  Reading& reading) {
  check_name(target.provider.text(), names, path + ".provider", reading);
  if (target.key.empty()) return;
  for (const upstream::ProviderOptions& provider : options.providers) {
    if (provider.id != target.provider || provider.has_key_source()) continue;
    const bool is_there = std::any_of(provider.keys.begin(), provider.keys.end(), [&](const upstream::ProviderKey& key) { return key.name == target.key; });
    if (!is_there) reading.refuse_at(path + ".key", fmt::format("provider '{}' has no key named {}", provider.id.text(), shown(target.key)));
  }
}

void check_routes(const Options& options, const std::vector<std::string>& names, Reading& reading) {
  std::set<std::string> patterns;
  bool takes_all = false;
  for (std::size_t i = 0; i < options.gateway.routes.size(); ++i) {
    const routing::RouteRule& route = options.gateway.routes[i];
    const std::string path = fmt::format("routes[{}]", i);
    check_name(route.provider.text(), names, path + ".provider", reading);
    for (std::size_t j = 0; j < route.targets.size(); ++j)
      check_target(options, route.targets[j], names, fmt::format("{}.targets[{}]", path, j), reading);
    if (route.provider.text().empty() && route.targets.empty())
      reading.refuse_at(path, "names nobody who serves it; write 'provider', or 'targets'");
    if (!route.provider.text().empty() && !route.targets.empty())
      reading.refuse_at(path + ".provider", "stands beside 'targets'; name it there");
    for (std::size_t j = 0; j < route.overflow.size(); ++j)
      check_name(route.overflow[j].text(), names, fmt::format("{}.overflow[{}]", path, j), reading);
    if (takes_all) {
      reading.warn_at(path, "is never reached: a route before it takes every model");
    } else if (!patterns.insert(route.model).second) {
      reading.refuse_at(path + ".model",
                        fmt::format("{} has a route already, and the first that matches counts", shown(route.model)));
    }
    takes_all = takes_all || route.model == "*";
  }
}

void check_sizes(const Options& options, Reading& reading) {
  if (options.gateway.body_memory < options.limits.max_body_bytes) {
    reading.refuse_at(
        reading.has("limits.body_memory") ? "limits.body_memory" : "limits.max_body",
        fmt::format("body_memory ({}) must hold at least one max_body ({})",
                    byte_size_text(options.gateway.body_memory), byte_size_text(options.limits.max_body_bytes)));
  }
  if (options.store.journal_bytes / 2 < options.store.segment_bytes) {
    reading.refuse_at(
        reading.has("ledger.journal_size") ? "ledger.journal_size" : "ledger.segment_size",
        fmt::format("journal_size ({}) must hold at least two segments (segment_size: {})",
                    byte_size_text(options.store.journal_bytes), byte_size_text(options.store.segment_bytes)));
  }
}

void check_windows(const monitor::WindowOptions& windows, Reading& reading) {
  if (windows.lengths.empty()) reading.refuse_at("windows.lengths", "must name at least one length, as in [60s, 5m]");
  std::vector<Nanoseconds> lengths = windows.lengths;
  std::erase(lengths, Nanoseconds(0));  // could not be read, and was reported
  const std::set<Nanoseconds> different(lengths.begin(), lengths.end());
  if (different.size() != lengths.size()) reading.refuse_at("windows.lengths", "names a length twice");
}

void check_shadow(const Options& options, const std::vector<std::string>& names, Reading& reading) {
  const std::string& provider = options.shadow.provider.text();
  if (provider.empty()) {
    if (reading.has("shadow") && options.shadow != monitor::ShadowOptions{}) {
      reading.warn_at("shadow", "has no effect, because nobody gets the copies; name a provider, as in 'provider: relay'");
    }
    return;
  }
  check_name(provider, names, "shadow.provider", reading);
  if (names.size() == 1 && names.front() == provider) {
    reading.refuse_at("shadow.provider", fmt::format("{} is the only provider, and cannot be compared with itself", shown(provider)));
  }
  if (!options.shadow.is_on()) return;
  if (options.shadow.share <= 0) reading.warn_at("shadow.share", "nothing is drawn; write 'enabled: false' if that is meant");
  if (options.shadow.budget <= Money()) reading.warn_at("shadow.budget", "nothing may be spent, so that nothing is sent");
}

/// What would take a request to a second provider, where it would have to bring its client's credential.
void check_passthrough(const Options& options, Reading& reading) {
  if (options.gateway.auth != AuthMode::Passthrough) return;
  constexpr std::string_view kOneProvider = "'auth: passthrough' sends the client's credential to one provider only";
  for (std::size_t i = 0; i < options.gateway.routes.size(); ++i) {
    const routing::RouteRule& route = options.gateway.routes[i];
    const std::string path = fmt::format("routes[{}]", i);
    if (!route.overflow.empty()) {
      reading.refuse_at(path + ".overflow", fmt::format("{}; remove it, or set 'auth: virtual'", kOneProvider));
    }
    if (route.targets.size() > 1) {
      reading.refuse_at(path + ".targets", fmt::format("{}; leave one, or set 'auth: virtual'", kOneProvider));
    }
  }
  if (options.shadow.is_on()) {
    reading.refuse_at("shadow.provider", fmt::format("{}, so nothing would be copied; remove 'shadow', or set 'auth: virtual'", kOneProvider));
  }
}

void check_prices(const pricing::PriceOptions& prices, const std::vector<std::string>& names, Reading& reading) {
  if (!reading.has("prices")) return;  // the shipped list has tests of its own
  check_overlaps(prices.rows, [&](const std::string& message) { reading.refuse_at("prices.rows", message); });
  std::set<std::string> asked;
  for (const pricing::PriceRow& row : prices.rows) {
    if (row.provider && asked.insert(*row.provider).second) check_name(*row.provider, names, "prices.rows", reading);
  }
}

}  // namespace

void check_together(const Options& options, Reading& reading) {
  check_certificate(options.listen, reading);
  check_doors(options, reading);
  check_addresses(options, reading);
  const std::vector<std::string> names = check_providers(options, reading);
  check_routes(options, names, reading);
  check_sizes(options, reading);
  check_windows(options.windows, reading);
  check_shadow(options, names, reading);
  check_passthrough(options, reading);
  check_prices(options.prices, names, reading);
  check_alerts(options, reading);
}

}  // namespace tidegate::config
