// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/http_client.h"

#include "config/url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <memory>

namespace tidegate::app {

namespace {

constexpr std::size_t kMaxBytes = 64UL * 1024 * 1024;

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size * count > kMaxBytes) return 0;  // curl then ends the transfer
  text.append(bytes, size * count);
  return size * count;
}

FailureKind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return FailureKind::Resolve;
    case CURLE_COULDNT_CONNECT: return FailureKind::Connect;
    case CURLE_OPERATION_TIMEDOUT: return FailureKind::Timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE: return FailureKind::Tls;
    case CURLE_WRITE_ERROR: return FailureKind::TooLarge;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return FailureKind::InvalidInput;
    default: return FailureKind::Protocol;
  }
}

}  // namespace

Result<HttpReply> ask(const HttpQuestion& question) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  curl_slist* list = nullptr;
  for (const auto& [name, value] : question.fields)
    list = curl_slist_append(list, fmt::format("{}: {}", name, value.reveal()).c_str());
  if (!question.bearer.empty())
    list = curl_slist_append(list, fmt::format("authorization: Bearer {}", question.bearer.reveal()).c_str());
  if (question.body) list = curl_slist_append(list, "content-type: application/json");
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> fields(list, curl_slist_free_all);
  HttpReply reply;
  std::array<char, CURL_ERROR_SIZE> error{};
  curl_easy_setopt(curl.get(), CURLOPT_URL, question.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, fields.get());
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::chrono::duration_cast<Milliseconds>(question.timeout).count()));
  if (!question.ca_file.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, question.ca_file.c_str());
  if (!question.proxy.empty()) curl_easy_setopt(curl.get(), CURLOPT_PROXY, question.proxy.c_str());
  if (!question.proxy_credential.empty()) {
    const std::string credential(question.proxy_credential.reveal());
    const std::size_t colon = credential.find(':');
    curl_easy_setopt(curl.get(), CURLOPT_PROXYUSERNAME, credential.substr(0, colon).c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROXYPASSWORD, credential.substr(colon + 1).c_str());
  }
  // A proxy of the environment leads out of this machine.
  if (const auto url = config::parse_url(question.url); url && config::is_loopback(url->host))
    curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  if (question.body) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, question.body->c_str());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(question.body->size()));
  }
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
  if (const CURLcode code = curl_easy_perform(curl.get()); code != CURLE_OK) {
    return fail(kind_of(code), Origin::Upstream,
                fmt::format("{}: {}", question.url, error[0] != '\0' ? error.data() : curl_easy_strerror(code)));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

}  // namespace tidegate::app
