// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Commands and error words: redis.io/commands and Redis 7.0's `src/server.c`, read 2026-11-25. hiredis 0.14 is Debian 12's.
#include "upstream/redis_keys/redis_list.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <sys/time.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace tidegate::upstream {

namespace {

timeval patience() { return {.tv_sec = RedisList::kPatience.count(), .tv_usec = 0}; }

std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }

/// `WRONGTYPE`, `NOAUTH`, `ERR`: the first word of an error says which it is.
std::string_view word_of(std::string_view said) { return said.substr(0, said.find(' ')); }

std::string single_line(std::string_view said) {
  std::string out(said.substr(0, 200));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return out;
}

}  // namespace

void RedisList::FreeContext::operator()(redisContext* context) const { redisFree(context); }
void RedisList::FreeReply::operator()(redisReply* reply) const { freeReplyObject(reply); }

RedisList::RedisList(KeyListOptions options) : options_(std::move(options)) {}
RedisList::~RedisList() = default;

Result<KeyReading> RedisList::read() {
  const bool was_open = connection_ != nullptr;
  Result<Reply> reply = ask_for_list();
  // Redis closes connections that were idle for its `timeout`; that says nothing about whether it is there.
  if (!reply && was_open && reply.error().kind != FailureKind::Timeout) reply = ask_for_list();
  if (!reply) return fail(reply);
  if ((*reply)->type == REDIS_REPLY_ERROR) return tl::unexpected<Failure>(refusal(text_of(**reply)));
  std::vector<std::string_view> entries;
  for (std::size_t i = 0; i < (*reply)->elements; ++i) {
    const redisReply& element = *(*reply)->element[i];
    entries.push_back(element.type == REDIS_REPLY_STRING ? text_of(element) : std::string_view{});
  }
  Result<KeyReading> reading = to_keys(entries, options_.url);
  if (reading && options_.rotate && entries.size() > 1) reading->rotation_trouble = rotate();
  return reading;
}

Result<RedisList::Reply> RedisList::ask_for_list() {
  if (connection_ == nullptr) {
    if (Result<void> connected = connect(); !connected) return fail(connected);
  }
  // One more than may be there, so that too many are seen and never carried.
  static_assert(kMostKeys == 1'000);
  return ask({"LRANGE", options_.list, "0", "1000"});
}

Result<void> RedisList::connect() {
  connection_.reset(options_.socket.empty()
                        ? redisConnectWithTimeout(options_.host.c_str(), options_.port, patience())
                        : redisConnectUnixWithTimeout(options_.socket.c_str(), patience()));
  if (connection_ == nullptr) {
    return fail(FailureKind::Exhausted, Origin::Gateway, "no memory for a connection to " + options_.url);
  }
  if (connection_->err != 0 || redisSetTimeout(connection_.get(), patience()) != REDIS_OK) {
    const Failure failure = connection_failure("cannot connect");
    connection_.reset();
    return tl::unexpected<Failure>(failure);
  }
  Result<void> introduced = introduce();
  if (!introduced) connection_.reset();
  return introduced;
}

Result<void> RedisList::introduce() {
  if (!options_.password.empty()) {
    const std::string_view password = options_.password.reveal();
    Result<Reply> reply = options_.user.empty() ? ask({"AUTH", password}) : ask({"AUTH", options_.user, password});
    if (!reply) return fail(reply);
    if ((*reply)->type == REDIS_REPLY_ERROR) {
      // Only the first word: what refuses an unknown command repeats its arguments.
      return fail(FailureKind::Denied, Origin::Operator,
                  fmt::format("{} does not take the password in {} ({})", options_.url, options_.password_name,
                              word_of(single_line(text_of(**reply)))));
    }
  }
  if (options_.database != 0) {
    Result<Reply> reply = ask({"SELECT", fmt::format("{}", options_.database)});
    if (!reply) return fail(reply);
    if ((*reply)->type == REDIS_REPLY_ERROR) return tl::unexpected<Failure>(refusal(text_of(**reply)));
  }
  return {};
}

Result<RedisList::Reply> RedisList::ask(Words command) {
  std::vector<const char*> words;
  std::vector<std::size_t> lengths;
  for (const std::string_view word : command) {
    words.push_back(word.data());
    lengths.push_back(word.size());
  }
  Reply reply(static_cast<redisReply*>(
      redisCommandArgv(connection_.get(), static_cast<int>(words.size()), words.data(), lengths.data())));
  if (reply != nullptr) return reply;
  const Failure failure = connection_failure("the connection broke");
  connection_.reset();  // hiredis: a context with an error cannot be used again
  return tl::unexpected<Failure>(failure);
}

Failure RedisList::connection_failure(std::string_view what) const {
  const int error = errno;
  const auto as = [&](FailureKind kind, std::string_view why) {
    return Failure{.kind = kind,
                   .origin = Origin::Store,
                   .retry = Retry::Later,
                   .detail = fmt::format("{}: {} ({})", options_.url, what, why)};
  };
  switch (connection_->err) {
    case REDIS_ERR_IO:
      if (error == EAGAIN || error == ETIMEDOUT || error == EINPROGRESS) {
        return as(FailureKind::Timeout, fmt::format("no answer within {}", to_text(kPatience)));
      }
      return as(FailureKind::Connect, connection_->errstr);
    case REDIS_ERR_EOF: return as(FailureKind::Closed, connection_->errstr);
    case REDIS_ERR_PROTOCOL: return as(FailureKind::Protocol, "what answers there is no Redis");
    default: return as(FailureKind::Connect, connection_->errstr);
  }
}

Failure RedisList::refusal(std::string_view said) {
  const auto as = [](FailureKind kind, std::string detail) {
    return Failure{.kind = kind, .origin = Origin::Operator, .detail = std::move(detail)};
  };
  const std::string_view word = word_of(said);
  if (word == "WRONGTYPE") {
    const Result<Reply> type = ask({"TYPE", options_.list});
    const std::string found = type && (*type)->type == REDIS_REPLY_STATUS ? single_line(text_of(**type)) : "no list";
    return as(FailureKind::InvalidInput,
              fmt::format("{}: '{}' holds a value of type {}, not a list; move the keys into a list (RPUSH), or name another",
                          options_.url, options_.list, found));
  }
  if (word == "NOAUTH") {
    return as(FailureKind::Denied,
              fmt::format("{} asks for a password; set 'pool.password: {{env: NAME}}'", options_.url));
  }
  if (word == "NOPERM") {
    return as(FailureKind::Denied, fmt::format("{} forbids this user to read the list ({})", options_.url, single_line(said)));
  }
  return as(FailureKind::Unsupported, fmt::format("{} says '{}'", options_.url, single_line(said)));
}

/// Gives why the list was not turned; empty if it was.
std::string RedisList::rotate() {
  const Result<Reply> reply = ask({"LMOVE", options_.list, options_.list, "LEFT", "RIGHT"});
  if (!reply) return reply.error().detail;
  if ((*reply)->type != REDIS_REPLY_ERROR) return {};
  const std::string_view said = text_of(**reply);
  if (said.find("unknown command") != std::string_view::npos) {
    return fmt::format("{} does not know LMOVE, which came with Redis 6.2", options_.url);
  }
  return fmt::format("{} says '{}' to LMOVE", options_.url, single_line(said));
}

}  // namespace tidegate::upstream
