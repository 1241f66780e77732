// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <memory>
#include <string>
#include <string_view>

using SSL_CTX = struct ssl_ctx_st;
using SSL = struct ssl_st;

namespace tidegate::net {

struct SslDeleter {
  void operator()(SSL* ssl) const;
};
using SslHandle = std::unique_ptr<SSL, SslDeleter>;

/// Settings for TLS towards a provider: TLS 1.2 or newer, the certificate verified against `ca_file` or the system's authorities
/// and against the host's name, ALPN `http/1.1` only (never more than is spoken, facts/clients.md 1). Immutable; any thread.
class TlsClientContext {
 public:
  struct Options {
    std::string ca_file;  ///< PEM; empty = the system's
    bool verify = true;
  };
  /// Failure: Tls with Origin::Operator if `ca_file` cannot be read.
  [[nodiscard]] static Result<std::shared_ptr<const TlsClientContext>> make(const Options& options);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  /// A connection's state, with `host` for SNI and verification.
  [[nodiscard]] SslHandle open(const std::string& host) const;

 private:
  explicit TlsClientContext(SSL_CTX* context, bool verify) : context_(context), verify_(verify) {}
  SSL_CTX* context_;
  bool verify_;
};

/// A listener's certificate and key. Immutable: a changed certificate is a new context, swapped whole; connections in progress
/// keep theirs.
class TlsServerContext {
 public:
  /// Failure: Tls with Origin::Operator that names the file and what is wrong with it (unreadable, key does not fit, expired).
  [[nodiscard]] static Result<std::shared_ptr<const TlsServerContext>> make(const std::string& certificate_file,
                                                                            const std::string& private_key_file, WallTime now);
  ~TlsServerContext();
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;

  [[nodiscard]] SslHandle open() const;
  /// When the certificate stops being valid.
  [[nodiscard]] WallTime expires_at() const { return expires_at_; }

 private:
  TlsServerContext(SSL_CTX* context, WallTime expires_at) : context_(context), expires_at_(expires_at) {}
  SSL_CTX* context_;
  WallTime expires_at_;
};

/// The reason of the last TLS error of this thread, in OpenSSL's words; clears it.
[[nodiscard]] std::string take_tls_error();

}  // namespace tidegate::net
