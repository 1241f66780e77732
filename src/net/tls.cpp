// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <array>
#include <ctime>
#include <utility>

namespace tidegate::net {

namespace {

constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

void set_common_options(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // An idle connection keeps no record buffers; one read takes what the kernel has; a write may be tried again from a moved buffer.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

WallTime to_wall_time(const ASN1_TIME* time) {
  std::tm civil{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &civil) != 1) return WallTime::max();
  return WallTime(Seconds(::timegm(&civil)));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

/// What an operator can do about a provider's certificate that was not accepted.
std::string_view advice_on_certificate(long verdict) {
  switch (verdict) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "if it is meant to be trusted, name the PEM file of its authority in tls.ca_file";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "write base_url with a name that stands in the certificate";
    case X509_V_ERR_CERT_HAS_EXPIRED: return "check this machine's clock; if it is right, the certificate must be renewed there";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "check this machine's clock";
    default: return {};
  }
}

/// The same for a handshake that failed for another reason.
std::string_view advice_on_protocol(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return "what answers there does not speak TLS: check the port in base_url, or write http:// for a server without TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return "the other end must speak TLS 1.2 or newer";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_UNRECOGNIZED_NAME: return "check the host's name in base_url";
    default: return {};
  }
}

int select_http11(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                  unsigned int offered_length, void*) {
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_length, kHttp11.data(), kHttp11.size(), offered, offered_length);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

void SslDeleter::operator()(SSL* ssl) const { SSL_free(ssl); }

std::string take_tls_error() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    if (const char* reason = ERR_reason_error_string(code); reason != nullptr && text.empty()) text = reason;
  }
  return text.empty() ? "no reason given" : text;
}

std::string take_tls_failure(const SSL& ssl) {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  std::string what = take_tls_error();
  std::string_view advice;
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long verdict = SSL_get_verify_result(&ssl);
    what = X509_verify_cert_error_string(verdict);
    advice = advice_on_certificate(verdict);
  } else if (SSL_is_server(&ssl) == 0) {
    advice = advice_on_protocol(reason);
  }
  return advice.empty() ? what : fmt::format("{}; {}", what, advice);
}

/// What a later handshake with the same host may go on from. A ticket is used more than once: its reuse tells a provider no
/// more about us than our key does.
class TlsClientContext::HostSession {
 public:
  HostSession() = default;
  HostSession(const HostSession&) = delete;
  HostSession& operator=(const HostSession&) = delete;
  ~HostSession() { SSL_SESSION_free(newest_); }

  /// Takes over the caller's reference.
  void keep(SSL_SESSION* session) {
    const std::lock_guard lock(mutex_);
    SSL_SESSION_free(std::exchange(newest_, session));
  }
  void offer(SSL* ssl) {
    const std::lock_guard lock(mutex_);
    if (newest_ != nullptr) SSL_set_session(ssl, newest_);
  }

 private:
  std::mutex mutex_;
  SSL_SESSION* newest_ = nullptr;  ///< guarded by mutex_
};

TlsClientContext::TlsClientContext(SSL_CTX* context, bool verify) : context_(context), verify_(verify) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
}

int TlsClientContext::keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<HostSession*>(SSL_get_app_data(ssl))->keep(session);
  return 1;
}

TlsClientContext::HostSession& TlsClientContext::session_of(const std::string& host) const {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<HostSession>& session = sessions_[host];
  if (session == nullptr) session = std::make_unique<HostSession>();
  return *session;
}

Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::make(const Options& options) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  std::shared_ptr<const TlsClientContext> result(new TlsClientContext(context, options.verify));
  set_common_options(context);
  SSL_CTX_set_alpn_protos(context, kHttp11.data(), kHttp11.size());
  const int loaded = options.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                             : SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr);
  if (loaded != 1) {
    return fail(FailureKind::Tls, Origin::Operator,
                fmt::format("tls: cannot read certificate authorities from '{}' ({}); check that the file exists and is PEM",
                            options.ca_file.empty() ? "the system's default" : options.ca_file, take_tls_error()));
  }
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return result;
}

TlsClientContext::~TlsClientContext() {
  SSL_CTX_sess_set_new_cb(context_, nullptr);  // a connection that outlives us has nobody to tell
  SSL_CTX_free(context_);
}

SslHandle TlsClientContext::open(const std::string& host) const {
  SslHandle ssl(SSL_new(context_));
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl.get(), host.c_str());
  }
  SSL_set_connect_state(ssl.get());
  HostSession& session = session_of(host);
  SSL_set_app_data(ssl.get(), &session);
  session.offer(ssl.get());
  return ssl;
}

Result<std::shared_ptr<const TlsServerContext>> TlsServerContext::make(const std::string& certificate_file,
                                                                       const std::string& private_key_file, WallTime now) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  set_common_options(context);
  SSL_CTX_set_alpn_select_cb(context, select_http11, nullptr);
  const auto refuse = [&](const std::string& what) {
    SSL_CTX_free(context);
    return fail(FailureKind::Tls, Origin::Operator, what);
  };
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
    return refuse(fmt::format("tls: cannot read certificate '{}' ({}); check that the file exists, is readable and is PEM",
                              certificate_file, take_tls_error()));
  }
  if (SSL_CTX_use_PrivateKey_file(context, private_key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return refuse(fmt::format("tls: private key '{}' cannot be used with certificate '{}' ({}); check that they belong together",
                              private_key_file, certificate_file, take_tls_error()));
  }
  const WallTime expires_at = to_wall_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context)));
  if (expires_at <= now) {
    return refuse(fmt::format("tls: certificate '{}' expired at {}; install a new one, no client would accept this one",
                              certificate_file, to_rfc3339(expires_at)));
  }
  return std::shared_ptr<const TlsServerContext>(new TlsServerContext(context, expires_at));
}

TlsServerContext::~TlsServerContext() { SSL_CTX_free(context_); }

SslHandle TlsServerContext::open() const {
  SslHandle ssl(SSL_new(context_));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace tidegate::net
