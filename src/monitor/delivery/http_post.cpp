// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/http_post.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>

namespace tidegate::delivery {

namespace {

constexpr std::size_t kMaxBytes = 64UL * 1024;

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Fields = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  text.append(bytes, std::min(size * count, kMaxBytes - text.size()));  // what is beyond is not needed
  return size * count;
}

int watch(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return static_cast<std::atomic<bool>*>(stop)->load() ? 1 : 0; }

/// The host of a URL, without what may be secret.
std::string host_of(std::string_view url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  const std::string text(url);
  char* host = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK)
    return {};
  std::string out(host);
  curl_free(host);
  return out;
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "[::1]" || host.starts_with("127."); }

FailureKind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return FailureKind::Resolve;
    case CURLE_COULDNT_CONNECT: return FailureKind::Connect;
    case CURLE_OPERATION_TIMEDOUT: return FailureKind::Timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE: return FailureKind::Tls;
    case CURLE_ABORTED_BY_CALLBACK: return FailureKind::Cancelled;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return FailureKind::InvalidInput;
    default: return FailureKind::Protocol;
  }
}

void prepare(CURL* curl, const std::string& url, const std::string& host, const std::string& ca_file, Nanoseconds timeout, const std::atomic<bool>& stop) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::duration_cast<Milliseconds>(timeout).count()));
  // A proxy of the environment leads out of this machine.
  if (is_loopback(host)) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (!ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stop);
}

/// libcurl's own words may repeat the URL; its words for the code do not.
std::string words_for(CURL* curl, CURLcode code) {
  if (code == CURLE_USE_SSL_FAILED) return "it offers no STARTTLS, and a password goes over no open line";
  if (code == CURLE_SSL_CACERT_BADFILE) return "'ca_file' cannot be read";
  if (code != CURLE_PEER_FAILED_VERIFICATION) return curl_easy_strerror(code);
  long verdict = 0;
  curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
  // libcurl looks at the name first, and leaves the verdict at what it began with.
  if (verdict == X509_V_OK || verdict == X509_V_ERR_UNSPECIFIED) return "its certificate is for another name";
  return fmt::format("its certificate is not trusted ({}); if its authority is your own, name that in 'ca_file'", ::X509_verify_cert_error_string(verdict));
}

tl::unexpected<Failure> transfer_failed(CURL* curl, CURLcode code, const std::string& host) {
  const FailureKind kind = kind_of(code);
  return fail(kind, Origin::Upstream, fmt::format("{}: {}", host.empty() ? "the address" : host, words_for(curl, code)),
              kind == FailureKind::InvalidInput ? Retry::Never : Retry::Later);
}

}  // namespace

Result<HttpReply> exchange(const HttpPost& request, const std::atomic<bool>& stop) {
  const Curl curl(curl_easy_init(), curl_easy_cleanup);
  const std::string url(request.url.reveal());
  const std::string host = host_of(url);
  curl_slist* list = curl_slist_append(nullptr, "content-type: application/json");
  list = curl_slist_append(list, "expect:");  // no round trip for the sake of a small body
  for (const auto& [name, value] : request.fields) list = curl_slist_append(list, fmt::format("{}: {}", name, value.reveal()).c_str());
  const Fields fields(list, curl_slist_free_all);
  std::string body;
  prepare(curl.get(), url, host, request.ca_file, request.timeout, stop);
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, fields.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  if (const CURLcode code = curl_easy_perform(curl.get()); code != CURLE_OK) return transfer_failed(curl.get(), code, host);
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_off_t seconds = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RETRY_AFTER, &seconds);
  std::optional<Milliseconds> retry_after;
  if (seconds > 0) retry_after = std::min<Milliseconds>(Seconds(seconds), std::chrono::hours(1));
  if (status >= 200 && status < 300) return HttpReply{.body = std::move(body), .retry_after = retry_after};
  const bool may_help = status == 408 || status == 425 || status == 429 || status >= 500;
  return tl::unexpected(Failure{.kind = FailureKind::Protocol,
                                .origin = Origin::Upstream,
                                .retry = may_help ? Retry::Later : Retry::Never,
                                .retry_after = retry_after,
                                .detail = fmt::format("{} answered {}", host, status)});
}

Result<std::string> post(const HttpPost& request, const std::atomic<bool>& stop) {
  auto reply = exchange(request, stop);
  if (!reply) return fail(reply);
  return std::move(reply->body);
}

Result<void> send(const Mail& mail, const std::atomic<bool>& stop) {
  struct Source {
    std::string_view left;
    static std::size_t give(char* to, std::size_t size, std::size_t count, void* source) {
      std::string_view& left = static_cast<Source*>(source)->left;
      const std::size_t bytes = std::min(size * count, left.size());
      std::memcpy(to, left.data(), bytes);
      left.remove_prefix(bytes);
      return bytes;
    }
  };
  const Curl curl(curl_easy_init(), curl_easy_cleanup);
  const std::string host = host_of(mail.server);
  const std::string password(mail.password.reveal());
  curl_slist* list = nullptr;
  for (const std::string& to : mail.to) list = curl_slist_append(list, fmt::format("<{}>", to).c_str());
  const Fields recipients(list, curl_slist_free_all);
  Source source{mail.text};
  prepare(curl.get(), mail.server, host, mail.ca_file, mail.timeout, stop);
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl.get(), CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
  if (!mail.user.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_USERNAME, mail.user.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PASSWORD, password.c_str());
    // A password goes over no open line, unless it stays on this machine.
    if (!is_loopback(host)) curl_easy_setopt(curl.get(), CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  }
  const std::string from = fmt::format("<{}>", mail.from);
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, &Source::give);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &source);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return {};
  long reply = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &reply);
  if (reply < 400 || kind_of(code) != FailureKind::Protocol) return transfer_failed(curl.get(), code, host);
  // RFC 5321 4.2.1: 4yz may go well later, 5yz is for good.
  const char* login = code == CURLE_LOGIN_DENIED ? ": it does not take 'user' and 'secret'" : "";
  return fail(FailureKind::Protocol, Origin::Upstream, fmt::format("{} answered {}{}", host, reply, login), reply < 500 ? Retry::Later : Retry::Never);
}

}  // namespace tidegate::delivery
