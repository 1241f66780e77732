// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/configuration.h"

#include "app/configuration_sources.h"
#include "base/number.h"
#include "config/load.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>

namespace tidegate::app {

namespace {

/// The shortest that a file may say: a demo shall have something to show soon.
constexpr Seconds kBalanceEvery(10);

Result<void> set_address(const char* argument, const std::string& text, net::ListenOptions& listen) {
  if (text.empty()) return {};
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt
                                               : parse_integer<std::uint16_t>(std::string_view(text).substr(colon + 1));
  if (!port) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("{}: '{}' is not ADDRESS:PORT, as in 127.0.0.1:8080", argument, text));
  }
  std::string_view host = std::string_view(text).substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  listen.host = host;
  listen.port = *port;
  return {};
}

/// The provider of that name at another origin; it is added, without a key, if nothing else gave it.
void set_origin(const std::string& url, std::string_view name, llm::Dialect dialect, const std::string& key,
                config::Options& options) {
  if (url.empty()) return;
  auto found = std::find_if(options.providers.begin(), options.providers.end(),
                            [&](const upstream::ProviderOptions& provider) { return provider.id.text() == name; });
  if (found == options.providers.end()) {
    upstream::ProviderOptions provider;
    provider.id = ProviderId(name);
    provider.dialect = dialect;
    provider.credential =
        dialect == llm::Dialect::Anthropic ? upstream::CredentialKind::ApiKeyHeader : upstream::CredentialKind::Bearer;
    options.providers.push_back(std::move(provider));
    found = options.providers.end() - 1;
  }
  found->base_url = url;
  if (url.starts_with("http://")) found->proxy.clear();
  if (!key.empty())
    found->keys = {{.name = std::string(name), .secret = Secret(key), .organisation = {}, .workspace = {}}};
}

}  // namespace

Result<void> apply(const CommandLine& arguments, config::Options& options) {
  if (Result<void> set = set_address("--listen", arguments.listen, options.listen); !set) return set;
  if (Result<void> set = set_address("--admin", arguments.admin, options.admin.admin); !set) return set;
  if (Result<void> set = set_address("--metrics", arguments.metrics, options.admin.metrics); !set) return set;
  set_origin(arguments.anthropic_url, "anthropic", llm::Dialect::Anthropic, arguments.provider_key, options);
  for (upstream::ProviderOptions& provider : options.providers) {
    if (!arguments.built_in || provider.id.text() != "anthropic") continue;  // the simulator tells what is left of the money
    provider.balance.emplace();
    provider.balance->every = kBalanceEvery;
  }
  set_origin(arguments.openai_url, "openai", llm::Dialect::OpenAi, arguments.provider_key, options);
  options.prices.rows.insert(options.prices.rows.end(), arguments.prices.begin(), arguments.prices.end());
  if (!arguments.ledger.empty()) options.store.directory = arguments.ledger;
  options.gateway.admission.time_scale = arguments.time_scale;
  return {};
}

Result<config::Options> Configuration::read() const {
  const bool given = !arguments_.anthropic_url.empty() || !arguments_.openai_url.empty();
  return read(given ? Provider::NotNeeded : Provider::Needed);
}

Result<config::Options> Configuration::read_for_stores() const { return read(Provider::NotNeeded); }

Result<config::Options> Configuration::read(Provider provider) const {
  Result<config::Sources> sources = arguments_.built_in ? *arguments_.built_in : read_sources(arguments_.config);
  if (!sources) return fail(sources);
  config::LoadResult loaded = config::load(*sources);
  if (!loaded.ok() && !(provider == Provider::NotNeeded && loaded.lacks_only_a_provider())) {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                "the configuration cannot be used:\n" + to_text(loaded.problems));
  }
  if (Result<void> applied = apply(arguments_, loaded.options); !applied) return fail(applied);
  return std::move(loaded.options);
}

void add_configuration_arguments(CLI::App& command, CommandLine& arguments) {
  command.add_option("--config", arguments.config,
                     "YAML file; without it ./tidegate.yaml if it is there, else environment and defaults");
  command.add_option("--listen", arguments.listen,
                     "ADDRESS:PORT for clients instead of the configured one; port 0 takes a free one");
  command.add_option("--admin", arguments.admin, "ADDRESS:PORT of dashboard and admin API, likewise");
  command.add_option("--metrics", arguments.metrics, "ADDRESS:PORT of /metrics, likewise");
  command.add_option("--anthropic-url", arguments.anthropic_url,
                     "Origin to use instead of https://api.anthropic.com, for a simulator or a relay");
  command.add_option("--openai-url", arguments.openai_url, "Origin to use instead of https://api.openai.com");
  command.add_option("--ledger", arguments.ledger,
                     "Directory of journal, ledger and keys instead of the configured one");
}

}  // namespace tidegate::app
