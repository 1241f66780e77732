// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/provider.h"

#include <fmt/format.h>

#include <utility>

namespace tidegate::upstream {

Result<std::shared_ptr<const Provider>> Provider::make(ProviderOptions options) {
  auto destination = std::make_shared<net::Destination>();
  Result<net::Url> url = net::parse_url(options.base_url);
  if (!url) return fail(url);
  destination->url = std::move(*url);
  if (!options.proxy.empty()) {
    Result<net::Url> proxy = net::parse_url(options.proxy);
    if (!proxy) return fail(proxy);
    destination->proxy = std::move(*proxy);
    destination->proxy_credential = options.proxy_credential;
  }
  if (destination->url.tls) {
    auto tls = net::TlsClientContext::make({.ca_file = options.ca_file, .verify = options.verify_certificate});
    if (!tls) return fail(tls);
    destination->tls = std::move(*tls);
  }
  return std::shared_ptr<const Provider>(new Provider(std::move(options), std::move(destination)));
}

Provider::Provider(ProviderOptions options, std::shared_ptr<const net::Destination> destination)
    : options_(std::move(options)), destination_(std::move(destination)), authority_(destination_->url.authority()) {
  for (const ProviderKey& key : options_.keys) {
    switch (options_.credential) {
      case CredentialKind::ApiKeyHeader:
        credential_lines_.push_back(fmt::format("x-api-key: {}\r\n", key.secret.reveal()));
        break;
      case CredentialKind::Bearer:
        credential_lines_.push_back(fmt::format("authorization: Bearer {}\r\n", key.secret.reveal()));
        break;
      case CredentialKind::NamedHeader:
        credential_lines_.push_back(fmt::format("{}: {}\r\n", options_.credential_header, key.secret.reveal()));
        break;
      case CredentialKind::None: break;
    }
  }
}

std::shared_ptr<const Provider> Provider::with_keys(std::vector<ProviderKey> keys) const {
  ProviderOptions options = options_;
  options.keys = std::move(keys);
  return std::shared_ptr<const Provider>(new Provider(std::move(options), destination_));
}

std::string_view Provider::credential_line(std::size_t key) const {
  return key < credential_lines_.size() ? std::string_view(credential_lines_[key]) : std::string_view{};
}

std::size_t Provider::next_key() const {
  const std::size_t count = options_.keys.size();
  return count < 2 ? 0 : turn_.fetch_add(1, std::memory_order_relaxed) % count;
}

std::optional<std::size_t> Provider::find_key(std::string_view name) const {
  for (std::size_t key = 0; key < options_.keys.size(); ++key) {
    if (options_.keys[key].name == name) return key;
  }
  return std::nullopt;
}

}  // namespace tidegate::upstream
