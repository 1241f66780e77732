// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/admin_api.h"

#include "app/http_client.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace tidegate::app {

namespace json = boost::json;

namespace {

constexpr Seconds kTimeout(60);
constexpr std::size_t kQuotedBytes = 200;

/// What an error answer says, without what might be long.
std::string said(const HttpReply& reply) {
  boost::system::error_code ignored;
  const json::value body = json::parse(reply.body, ignored);
  const json::value* text = ignored ? nullptr : body.find_pointer("/error/message", ignored);
  std::string message = text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
  if (message.size() > kQuotedBytes) message.resize(kQuotedBytes);
  return message.empty() ? fmt::format("{}", reply.status) : fmt::format("{}: {}", reply.status, message);
}

Failure refusal(const AdminApi& api, const HttpReply& reply) {
  const std::string base = fmt::format("the Admin API at {} ", api.base_url);
  switch (reply.status) {
    case 401:
    case 403:
      return {
          .kind = FailureKind::Denied,
          .origin = Origin::Operator,
          .detail = base + fmt::format("refused the key in {} ({}); it wants an Admin API key, sk-ant-admin…, which "
                                       "an administrator of the organisation makes in the Console",
                                       api.key_name, said(reply))};
    case 404:
      return {.kind = FailureKind::NotFound,
              .origin = Origin::Operator,
              .detail = base + fmt::format("has no such report ({}); give the address of one with --url", said(reply))};
    default:
      return {.kind = FailureKind::Protocol,
              .origin = Origin::Upstream,
              .retry = Retry::Later,
              .detail = base + fmt::format("answered {}; try again in a minute", said(reply))};
  }
}

}  // namespace

Result<std::string> get_admin_page(const AdminApi& api, std::string_view path_and_query) {
  HttpQuestion question{.url = api.base_url + std::string(path_and_query),
                        .fields = {},
                        .timeout = kTimeout,
                        .ca_file = api.ca_file,
                        .proxy = api.proxy,
                        .proxy_credential = api.proxy_credential};
  question.fields.emplace_back("x-api-key", api.key);
  question.fields.emplace_back("anthropic-version", Secret("2023-06-01"));
  auto reply = ask(question);
  if (!reply) {
    Failure failure = reply.error();
    failure.detail = "cannot reach the Admin API: " + failure.detail;
    return tl::unexpected(std::move(failure));
  }
  if (reply->status != 200) return tl::unexpected(refusal(api, *reply));
  return std::move(reply->body);
}

}  // namespace tidegate::app
