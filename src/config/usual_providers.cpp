// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/usual_providers.h"

#include "base/ascii.h"
#include "config/secrets.h"
#include "config/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>

namespace tidegate::config {

namespace {

using upstream::CredentialKind;
using upstream::ProviderKey;
using upstream::ProviderOptions;

struct Usual {
  std::string_view name;
  std::string_view base_url;
  llm::Dialect dialect;
  CredentialKind credential;
  std::array<std::string_view, 2> variables;  ///< the first that is set counts
  std::string_view admin_variable;
  std::optional<upstream::BalanceKind> balance = std::nullopt;  ///< a relay's: what was paid there beforehand
};

constexpr std::array<Usual, 3> kUsual{{
    {"anthropic",
     "https://api.anthropic.com",
     llm::Dialect::Anthropic,
     CredentialKind::ApiKeyHeader,
     {"CLAUDE_KEY", "ANTHROPIC_API_KEY"},
     "ANTHROPIC_ADMIN_KEY"},
    {"laozhang", "https://api.laozhang.ai", llm::Dialect::Anthropic, CredentialKind::Bearer, {"LZ_API_KEY", ""}, "", upstream::BalanceKind::NewApi},
    {"openai", "https://api.openai.com", llm::Dialect::OpenAi, CredentialKind::Bearer, {"OPENAI_API_KEY", ""}, ""},
}};

Problem of_environment(std::string message) { return {.file = "environment", .message = std::move(message)}; }

ProviderKey key_from(std::string_view name, const Environment& environment, std::vector<Problem>& problems) {
  std::string value(trim(variable(environment, name)));
  if (const auto reason = why_not_a_credential(value)) {
    problems.push_back(of_environment(fmt::format("the secret in {} {}", name, *reason)));
  }
  return {.name = std::string(name), .secret = Secret(std::move(value)), .organisation = {}, .workspace = {}};
}

void set_admin_key(ProviderOptions& provider, ProviderKey key) {
  if (key.secret.empty()) return;
  provider.admin_key = std::move(key.secret);
  provider.admin_key_name = std::move(key.name);
}

/// The first variable of these that is set, in capitals or not.
std::string first_of(std::initializer_list<std::string_view> names, const Environment& environment) {
  for (const std::string_view name : names) {
    if (std::string value(trim(variable(environment, name))); !value.empty()) return value;
  }
  return {};
}

/// One word of NO_PROXY: `*`, `host`, `.domain`, `*.domain`, each with an optional port.
bool names_host(std::string_view word, const Url& url) {
  if (word.empty()) return false;
  if (word == "*") return true;
  const std::string port = fmt::format(":{}", url.port);
  if (word.ends_with(port)) word.remove_suffix(port.size());
  if (word.starts_with("*.")) word.remove_prefix(1);
  if (word.starts_with('[') && word.ends_with(']')) word = word.substr(1, word.size() - 2);
  if (word.starts_with('.')) word.remove_prefix(1);
  if (equals_ignoring_case(word, url.host)) return true;
  return !word.empty() && url.host.size() > word.size() && url.host[url.host.size() - word.size() - 1] == '.' &&
         equals_ignoring_case(word, std::string_view(url.host).substr(url.host.size() - word.size()));
}

/// `user:password` of a URL (RFC 7617 2), decoded; empty if it names nobody. Nothing if it is not well written, or cannot be sent.
std::optional<std::string> proxy_credential(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    decoded.push_back(static_cast<char>(byte));
    i += 2;
  }
  const bool is_sendable = std::none_of(decoded.begin(), decoded.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!is_sendable) return std::nullopt;
  if (!decoded.empty() && decoded.find(':') == std::string::npos) decoded.push_back(':');  // a name alone has an empty password
  return decoded;
}

bool is_direct(std::string_view no_proxy, const Url& url) {
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(", "), no_proxy.size());
    if (names_host(trim(no_proxy.substr(0, end)), url)) return true;
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
  }
  return false;
}

}  // namespace

std::vector<ProviderOptions> usual_providers(const Environment& environment, std::vector<Problem>& problems) {
  std::vector<ProviderOptions> providers;
  for (const Usual& usual : kUsual) {
    for (const std::string_view name : usual.variables) {
      if (name.empty() || trim(variable(environment, name)).empty()) continue;
      ProviderOptions& provider = providers.emplace_back();
      provider.id = ProviderId(usual.name);
      provider.base_url = usual.base_url;
      provider.dialect = usual.dialect;
      provider.credential = usual.credential;
      provider.keys.push_back(key_from(name, environment, problems));
      if (usual.balance) provider.balance.emplace().kind = *usual.balance;
      if (!usual.admin_variable.empty()) set_admin_key(provider, key_from(usual.admin_variable, environment, problems));
      break;
    }
  }
  return providers;
}

std::vector<delivery::ReceiverOptions> usual_receivers(const Environment& environment, std::vector<Problem>& problems) {
  constexpr std::string_view kVariable = "SLACK_WEBHOOK_URL";
  std::string address(trim(variable(environment, kVariable)));
  if (address.empty()) return {};
  const auto url = parse_url(address);
  if (!url || (url->scheme != "https" && url->scheme != "http")) {
    problems.push_back(of_environment(fmt::format("what {} holds is not a URL", kVariable)));
    return {};
  }
  delivery::ReceiverOptions receiver;
  receiver.name = "slack";
  receiver.kind = delivery::ReceiverKind::Slack;
  receiver.address_name = kVariable;
  receiver.address = Secret(std::move(address));
  receiver.min_severity = monitor::AlertSeverity::Warning;
  return {receiver};
}

UsualProxy usual_proxy(std::string_view base_url, const Environment& environment, std::vector<Problem>& problems) {
  std::string proxy = first_of({"HTTPS_PROXY", "https_proxy"}, environment);
  const auto target = parse_url(base_url);
  if (proxy.empty() || !target || target->scheme != "https" || is_loopback(target->host)) return {};
  if (is_direct(first_of({"NO_PROXY", "no_proxy"}, environment), *target)) return {};
  if (proxy.find("://") == std::string::npos) proxy = "http://" + proxy;  // `proxy:3128`, as curl takes it
  while (proxy.ends_with('/')) proxy.pop_back();
  const auto url = parse_url(proxy);
  const auto credential = url ? proxy_credential(url->user) : std::nullopt;
  if (url && url->scheme == "http" && url->path.empty() && credential) {
    return {.address = fmt::format("http://{}", address_text(url->host, url->port)), .credential = Secret(*credential)};
  }
  // The value is not repeated: it may hold a password.
  Problem problem = of_environment(
      "HTTPS_PROXY cannot be used: write http://host:port or http://user:password@host:port, with %40 for an @ in the password; or name the "
      "provider's host in NO_PROXY, or set 'proxy: none' for it");
  if (std::find(problems.begin(), problems.end(), problem) == problems.end()) problems.push_back(std::move(problem));
  return {};
}

}  // namespace tidegate::config
