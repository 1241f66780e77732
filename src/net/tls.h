// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

using SSL_CTX = struct ssl_ctx_st;
using SSL = struct ssl_st;
using SSL_SESSION = struct ssl_session_st;

namespace tidegate::net {

struct SslDeleter {
  void operator()(SSL* ssl) const;
};
using SslHandle = std::unique_ptr<SSL, SslDeleter>;

/// Settings for TLS towards a provider: TLS 1.2 or newer, the certificate verified against `ca_file` or the system's authorities
/// and against the host's name, ALPN `http/1.1` only (never more than is spoken, facts/clients.md 1). Remembers the newest
/// session of each host, so that only the first connection costs both sides a whole handshake. Any thread.
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
  class HostSession;

  explicit TlsClientContext(SSL_CTX* context, bool verify);
  [[nodiscard]] HostSession& session_of(const std::string& host) const;
  static int keep_session(SSL* ssl, SSL_SESSION* session);

  SSL_CTX* context_;
  bool verify_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::unique_ptr<HostSession>, std::less<>> sessions_;  ///< guarded by mutex_; never shrinks
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
/// Why this connection failed, also if it was the other end's certificate, and on our side of it what an operator can do;
/// clears the error.
[[nodiscard]] std::string take_tls_failure(const SSL& ssl);

}  // namespace tidegate::net
