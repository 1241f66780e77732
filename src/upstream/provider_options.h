// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ids.h"
#include "base/secret.h"
#include "base/time.h"
#include "llm/anthropic/quirk_options.h"
#include "llm/dialect.h"
#include "llm/openai/quirk_options.h"
#include "quota/pool_options.h"
#include "upstream/balance_options.h"
#include "upstream/key_list_options.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::upstream {

/// How a provider wants its credential.
enum class CredentialKind : std::uint8_t {
  ApiKeyHeader,  ///< `x-api-key: KEY`
  Bearer,        ///< `authorization: Bearer KEY`
  NamedHeader,   ///< `HEADER: KEY`
  None,          ///< no credential at all
};

/// One key of a provider. Its text was read from the environment or a file when the configuration was loaded.
struct ProviderKey {
  std::string name;           ///< what people and labels see: the variable or file it came from; never the key
  Secret secret;
  std::string organisation;   ///< if known beforehand; otherwise learned from the first answer
  std::string workspace;
  bool is_spare = false;      ///< not in rotation until an action of kind `enable_key` puts it there

  friend bool operator==(const ProviderKey&, const ProviderKey&) = default;
};

/// How long each part of a call may take.
struct CallDeadlines {
  Nanoseconds connect = Seconds(5);        ///< name, TCP and TLS together
  Nanoseconds first_byte = Seconds(600);   ///< from the request sent to the answer's head
  Nanoseconds idle = Seconds(300);         ///< longest pause inside an answer
  Nanoseconds total = Seconds(3600);

  friend bool operator==(const CallDeadlines&, const CallDeadlines&) = default;
};

/// A provider is data: a row of `providers:`.
struct ProviderOptions {
  ProviderId id;
  std::string base_url;  ///< `https://api.anthropic.com`; a path is put before the request's
  llm::Dialect dialect = llm::Dialect::Anthropic;
  CredentialKind credential = CredentialKind::ApiKeyHeader;
  std::string credential_header;           ///< with NamedHeader
  std::vector<ProviderKey> keys;
  std::optional<KeyListOptions> key_list; ///< more keys, in Redis
  std::string keys_file;                   ///< more keys: a file with one a line, or a directory of files; empty if none
  Secret admin_key;                        ///< for `tidegate reconcile` and limits; empty if none
  std::string admin_key_name;              ///< the variable or file it came from, for people
  std::optional<BalanceOptions> balance;   ///< how what is left of the money there is read; without it, it is not
  bool strict = false;               ///< its streams are held against the grammar of its dialect, and broken off where they leave it
  bool takes_cache_control = true;   ///< else prompts get no marks of ours
  llm::anthropic::Quirks anthropic;  ///< for requests that are translated into its dialect
  llm::openai::Quirks openai;        ///< likewise
  std::map<std::string, std::string> models;  ///< requested model → the model's name there; others keep their name
  quota::PoolOptions pools;  ///< limits as the operator knows them, and how the provider counts
  CallDeadlines deadlines;
  std::size_t max_connections = 10'000;     ///< per worker thread, busy and idle; further requests wait for one
  std::size_t max_idle_connections = 1'000;  ///< kept open per worker thread
  Nanoseconds max_idle_time = Seconds(55); ///< an idle connection older than this is not reused
  std::string ca_file;                     ///< PEM; empty = the system's authorities
  bool verify_certificate = true;          ///< false only for tests; a warning is logged
  std::string proxy;                       ///< `http://host:port` (HTTPS_PROXY) for CONNECT; empty = direct
  Secret proxy_credential;                 ///< `user:password` for the proxy (HTTPS_PROXY); empty = it asks for none

  /// Whether keys come and go while the program runs.
  [[nodiscard]] bool has_key_source() const { return key_list.has_value() || !keys_file.empty(); }

  friend bool operator==(const ProviderOptions&, const ProviderOptions&) = default;
};

}  // namespace tidegate::upstream
