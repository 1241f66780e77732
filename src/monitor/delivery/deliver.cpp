// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/courier.h"
#include "monitor/delivery/http_post.h"
#include "monitor/delivery/run_program.h"
#include "monitor/delivery/signature.h"
#include "monitor/delivery/slack_threads.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tidegate::delivery {

namespace {

constexpr std::chrono::minutes kValid(5);  ///< of what Alertmanager is told; it is told again each minute

Result<void> done(const Result<std::string>& posted) {
  if (posted) return {};
  return fail(posted);
}

HttpPost post_to(const ReceiverOptions& receiver, Secret url, std::string body) {
  return {.url = std::move(url), .body = std::move(body), .timeout = receiver.timeout, .ca_file = receiver.ca_file};
}

Result<void> tell_webhook(const ReceiverOptions& receiver, const Message& message, const std::atomic<bool>& stop) {
  HttpPost request = post_to(receiver, receiver.address.empty() ? Secret(receiver.url) : receiver.address, webhook_body(message));
  request.fields.emplace_back("idempotency-key", Secret(message.id));
  if (!receiver.secret.empty()) {
    const std::string at = fmt::format("{}", unix_nanoseconds(message.sent_at.value_or(message.at)) / 1'000'000'000);
    request.fields.emplace_back("x-tidegate-timestamp", Secret(at));
    request.fields.emplace_back("x-tidegate-signature", Secret("v1=" + hmac_sha256(receiver.secret, at + "." + request.body)));
  }
  return done(post(request, stop));
}

/// One event per rule. One that is refused keeps none of the others from being told; a repeated one is the same incident.
Result<void> page(const ReceiverOptions& receiver, const Message& message, const std::atomic<bool>& stop) {
  const std::string url = receiver.url.empty() ? "https://events.pagerduty.com/v2/enqueue" : receiver.url;
  Result<void> all;
  for (const std::string& body : pagerduty_bodies(message, receiver.secret.reveal())) {
    auto told = done(post(post_to(receiver, Secret(url), body), stop));
    if (told) continue;
    if (told.error().retry != Retry::Never) return told;  // the receiver has a bad moment: the whole message again, later
    if (all) all = std::move(told);
  }
  return all;
}

/// A header's text by RFC 2047 where it is not plain ASCII: words of at most 75 characters, cut between characters, one to a line.
std::string header_text(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80U; })) return std::string(text);
  constexpr std::size_t kMostBytes = 45;  // 60 as base64
  std::string out;
  while (!text.empty()) {
    std::size_t bytes = std::min(kMostBytes, text.size());
    while (bytes > 1 && bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
    std::array<unsigned char, 64> encoded{};  // EVP_EncodeBlock ends it with a zero
    const int size = ::EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(bytes));
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", std::string(encoded.begin(), encoded.begin() + size));
    text.remove_prefix(bytes);
  }
  return out;
}

Result<void> mail(const ReceiverOptions& receiver, const Message& message, const std::atomic<bool>& stop) {
  std::string body;
  for (const char c : plain_text(message)) body += c == '\n' ? std::string("\r\n") : std::string(1, c);
  std::string subject = headline(message);
  for (char& c : subject) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';  // a line break would begin another field
  }
  std::string text = fmt::format(
      "From: {}\r\nTo: {}\r\nSubject: [tidegate] {}\r\nDate: {}\r\nMessage-ID: <{}@tidegate>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
      "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n{}",
      receiver.from, fmt::join(receiver.to, ", "), header_text(subject), to_http_date(message.at), message.id, body);
  if (receiver.sendmail.empty()) {
    return send({.server = receiver.url, .user = receiver.user, .password = receiver.secret, .from = receiver.from, .to = receiver.to, .text = std::move(text),
                 .timeout = receiver.timeout, .ca_file = receiver.ca_file},
                stop);
  }
  std::erase(text, '\r');  // a program takes lines as this machine writes them
  Program program{.arguments = {receiver.sendmail, "-i", "-f", receiver.from, "--"}, .environment = {}, .input = std::move(text), .timeout = receiver.timeout};
  program.arguments.insert(program.arguments.end(), receiver.to.begin(), receiver.to.end());
  return done(run(program, stop));
}

}  // namespace

Result<void> deliver(const ReceiverOptions& receiver, const Message& message, const std::atomic<bool>& stop) {
  switch (receiver.kind) {
    case ReceiverKind::Slack:
      if (is_slack_bot(receiver)) return SlackThreads().tell(receiver, message, stop);
      return done(post(post_to(receiver, receiver.address, slack_body(message)), stop));
    case ReceiverKind::Webhook: return tell_webhook(receiver, message, stop);
    case ReceiverKind::PagerDuty:
      return page(receiver, message, stop);
    case ReceiverKind::Email: return mail(receiver, message, stop);
    case ReceiverKind::Alertmanager:
      return done(post(post_to(receiver, Secret(receiver.url + "/api/v2/alerts"), alertmanager_body(message, kValid)), stop));
  }
  return {};
}

}  // namespace tidegate::delivery
