// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "net/connector.h"
#include "upstream/provider_options.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::upstream {

/// A provider as it is called: its destination and credentials, ready to be written. Immutable but for the turn of its
/// keys; shared by all workers.
class Provider {
 public:
  /// Failure: InvalidInput (URL) or Tls (authorities), Origin::Operator.
  [[nodiscard]] static Result<std::shared_ptr<const Provider>> make(ProviderOptions options);

  /// The same provider with other keys. It shares the destination, and so the connections that are kept to it.
  [[nodiscard]] std::shared_ptr<const Provider> with_keys(std::vector<ProviderKey> keys) const;

  [[nodiscard]] const ProviderOptions& options() const { return options_; }
  [[nodiscard]] const ProviderId& id() const { return options_.id; }
  [[nodiscard]] const std::shared_ptr<const net::Destination>& destination() const { return destination_; }
  /// What goes before the request's own target.
  [[nodiscard]] const std::string& path_prefix() const { return destination_->url.path; }
  [[nodiscard]] const std::string& authority() const { return authority_; }
  /// The complete header line with the key, CRLF included; empty with CredentialKind::None or without keys.
  [[nodiscard]] std::string_view credential_line(std::size_t key) const;
  /// The next key in turn; 0 if there is at most one.
  [[nodiscard]] std::size_t next_key() const;
  /// By its name.
  [[nodiscard]] std::optional<std::size_t> find_key(std::string_view name) const;

 private:
  Provider(ProviderOptions options, std::shared_ptr<const net::Destination> destination);

  ProviderOptions options_;
  std::shared_ptr<const net::Destination> destination_;
  std::string authority_;
  std::vector<std::string> credential_lines_;
  mutable std::atomic<std::size_t> turn_ = 0;
};

}  // namespace tidegate::upstream
