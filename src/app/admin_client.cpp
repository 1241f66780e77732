// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/admin_client.h"

#include "app/http_client.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <optional>
#include <utility>

namespace tidegate::app {

namespace json = boost::json;

namespace {

/// The message of the API's error body; empty if it is none.
std::string message_of(const json::value& body) {
  const json::object* object = body.if_object();
  const json::value* error = object == nullptr ? nullptr : object->if_contains("error");
  const json::value* message =
      error == nullptr || !error->is_object() ? nullptr : error->get_object().if_contains("message");
  return message == nullptr || !message->is_string() ? std::string() : std::string(message->get_string());
}

}  // namespace

void add_instance_arguments(CLI::App& command, InstanceArguments& arguments) {
  command.add_option("--url", arguments.url, "Dashboard address of the running instance")->capture_default_str();
  add_token_argument(command, arguments);
}

void add_token_argument(CLI::App& command, InstanceArguments& arguments) {
  // CLI11 reads the variable itself; it is no option of the command line, where others could see it.
  command.add_option("--token-from-environment", arguments.token)->envname("TIDEGATE_ADMIN_TOKEN")->group("");
}

namespace {

Result<json::value> send(const InstanceArguments& arguments, std::string_view path, std::optional<std::string> body_to_send) {
  std::string base = arguments.url;
  while (base.ends_with('/')) base.pop_back();
  HttpQuestion question{.url = base + std::string(path), .fields = {}, .body = std::move(body_to_send), .timeout = arguments.patience};
  if (!arguments.token.empty()) question.fields.emplace_back("authorization", Secret("Bearer " + arguments.token));
  auto reply = ask(question);
  if (!reply && reply.error().kind == FailureKind::Timeout) {
    return fail(FailureKind::Timeout, Origin::Operator,
                fmt::format("the instance does not answer within {}: {}; it is stopped, overloaded, or another program has its address",
                            to_text(arguments.patience), reply.error().detail));
  }
  if (!reply) {
    return fail(
        reply.error().kind, Origin::Operator,
        fmt::format(
            "no instance answers: {}; start one with `tidegate serve`, or give its dashboard's address with --url",
            reply.error().detail));
  }
  boost::system::error_code error;
  json::value body = json::parse(reply->body, error);
  if (reply->status == 401) {
    return fail(FailureKind::Denied, Origin::Operator,
                "the instance asks for its admin token; put it into TIDEGATE_ADMIN_TOKEN");
  }
  if (error || (reply->status / 100 != 2 && message_of(body).empty())) {
    return fail(
        FailureKind::Protocol, Origin::Operator,
        fmt::format("{} answered {} and nothing that Tidegate's admin API would say; is it the dashboard's address?",
                    question.url, reply->status));
  }
  if (reply->status / 100 != 2) return fail(FailureKind::InvalidInput, Origin::Operator, message_of(body));
  return body;
}

}  // namespace

Result<json::value> ask_instance(const InstanceArguments& arguments, std::string_view path) { return send(arguments, path, std::nullopt); }

Result<json::value> tell_instance(const InstanceArguments& arguments, std::string_view path, const json::value& body) {
  return send(arguments, path, json::serialize(body));
}

std::string query_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

}  // namespace tidegate::app
