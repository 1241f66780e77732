// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace tidegate::upstream {

namespace {

constexpr std::size_t kLargestHead = 64 * 1024;

tl::unexpected<Failure> broken(FailureKind kind, std::string detail) {
  return tl::unexpected<Failure>(Failure{kind, Origin::Upstream, Retry::OtherTarget, std::nullopt, std::move(detail)});
}

tl::unexpected<Failure> cancelled() {
  return tl::unexpected<Failure>(Failure{FailureKind::Cancelled, Origin::Client, Retry::Never, std::nullopt, "cancelled"});
}

}  // namespace

Exchange::Exchange(ConnectionPool& pool, std::shared_ptr<const Provider> provider)
    : pool_(pool), provider_(std::move(provider)), parser_(pool.parsers().take()),
      ends_at_(pool.reactor().now().steady + provider_->options().deadlines.total) {}

Exchange::~Exchange() {
  drop_inbox();
  pool_.parsers().give(std::move(parser_));
}

void Exchange::drop_inbox() {
  if (inbox_capacity_ == ReadBuffers::kBytes) pool_.buffers().give(std::move(inbox_));
  inbox_.reset();
  inbox_capacity_ = inbox_size_ = 0;
}

std::span<char> Exchange::lend() {
  if (inbox_ == nullptr) {
    inbox_ = pool_.buffers().take();
    inbox_capacity_ = ReadBuffers::kBytes;
  }
  return {inbox_.get() + inbox_size_, inbox_capacity_ - inbox_size_};
}

void Exchange::take(Connection connection) {
  connection_ = std::move(connection);
  connection_.stream->let_answers_end_writes();
}

net::Task<Result<void>> Exchange::send(std::string_view head, std::span<const std::string_view> body, std::string_view method, Replay replay) {
  method_ = method;
  if (cancelled_) co_return cancelled();
  if (replay == Replay::Never || !pool_.take_idle(*provider_, connection_)) {
    const SteadyTime asked = pool_.reactor().now().steady;
    net::Task<Result<Connection>> opening = pool_.open(provider_, replay == Replay::Once ? Places::Wish::Any : Places::Wish::Fresh);
    Result<Connection> opened = co_await opening;
    if (!opened) co_return fail(opened);
    if (cancelled_) co_return cancelled();
    take(std::move(*opened));
    waited_ = pool_.reactor().now().steady - asked;
  }

  net::Task<Result<void>> trying = write_and_read_head(head, body);
  Result<void> sent = co_await trying;
  const bool stale = !sent && sent.error().kind == FailureKind::Closed && connection_.reused && inbox_size_ == 0 && !cancelled_;
  if (!stale) co_return std::move(sent);

  // The provider closed the idle connection while the request was on its way: nothing was answered, so nothing was done twice.
  replayed_ = true;
  connection_ = Connection{};
  net::Task<Result<Connection>> opening = pool_.open(provider_, Places::Wish::Fresh);
  Result<Connection> fresh = co_await opening;
  if (!fresh) co_return fail(fresh);
  if (cancelled_) co_return cancelled();
  take(std::move(*fresh));
  in_step_ = true;
  net::Task<Result<void>> again = write_and_read_head(head, body);
  Result<void> resent = co_await again;
  co_return std::move(resent);
}

net::Task<Result<void>> Exchange::send_head(std::string_view head) {
  net::Task<Result<Connection>> opening = pool_.open(provider_, Places::Wish::Fresh);
  Result<Connection> connection = co_await opening;
  if (!connection) co_return fail(connection);
  if (cancelled_) co_return cancelled();
  take(std::move(*connection));
  net::Task<Result<void>> sending = send_piece(head);
  Result<void> sent = co_await sending;
  co_return std::move(sent);
}

net::Task<Result<void>> Exchange::send_piece(std::string_view piece) {
  net::Stream& stream = *connection_.stream;
  stream.set_deadline(end_of(provider_->options().deadlines.idle));
  was_sent_ = true;
  Result<void> sent = co_await stream.write(piece);
  in_step_ = in_step_ && sent.has_value();
  co_return std::move(sent);
}

net::Task<Result<void>> Exchange::await_head(std::string_view method) {
  method_ = method;
  net::Task<Result<void>> reading = write_and_read_head({}, {});
  Result<void> read = co_await reading;
  co_return std::move(read);
}

net::Task<Result<void>> Exchange::write_and_read_head(std::string_view head, std::span<const std::string_view> body) {
  net::Stream& stream = *connection_.stream;
  stream.set_deadline(end_of(provider_->options().deadlines.first_byte));
  if (!head.empty()) {
    const auto piece = [&body](std::size_t number) { return number < body.size() ? body[number] : std::string_view{}; };
    was_sent_ = true;
    Result<void> written = co_await stream.write(head, piece(0), piece(1));
    for (std::size_t sent = 2; written && sent < body.size(); sent += 3) {
      written = co_await stream.write(piece(sent), piece(sent + 1), piece(sent + 2));
    }
    // A provider that refuses early may close before it has read everything, or read no more; its answer counts, so look for one.
    if (!written && written.error().kind != FailureKind::Closed) co_return std::move(written);
    in_step_ = written.has_value();
  }
  const SteadyTime written_at = pool_.reactor().read_clock().steady;
  parser_->reset();
  drop_inbox();
  while (true) {
    Result<std::size_t> count = co_await stream.read_some(*this);
    if (!count) {
      if (count.error().kind == FailureKind::Timeout) {
        co_return broken(FailureKind::Timeout, no_answer_within());
      }
      co_return fail(count);
    }
    if (*count == 0) {
      co_return broken(inbox_size_ == 0 ? FailureKind::Closed : FailureKind::Protocol,
                       fmt::format("{} closed the connection before it answered", provider_->authority()));
    }
    inbox_size_ += *count;
    net::http1::ParseState state = parser_->parse(std::string_view(inbox_.get(), inbox_size_));
    while (state == net::http1::ParseState::Complete && parser_->head().status < 200 && parser_->head().status != 101) {
      const std::size_t size = parser_->head().size;
      std::memmove(inbox_.get(), inbox_.get() + size, inbox_size_ - size);
      inbox_size_ -= size;
      parser_->reset();
      state = parser_->parse(std::string_view(inbox_.get(), inbox_size_));
    }
    if (state == net::http1::ParseState::Complete && parser_->head().status == 101) {
      co_return broken(FailureKind::Protocol, fmt::format("{} changed the protocol (101), which nobody asked for", provider_->authority()));
    }
    if (state == net::http1::ParseState::Complete) {
      head_size_ = parser_->head().size;
      framing_ = net::http1::body_framing(parser_->head(), method_);
      waited_ += pool_.reactor().now().steady - written_at;
      co_return Result<void>{};
    }
    if (state == net::http1::ParseState::Rejected || inbox_size_ >= kLargestHead) {
      co_return broken(FailureKind::Protocol, fmt::format("{} did not answer in HTTP/1.1: {}", provider_->authority(),
                                                          state == net::http1::ParseState::Rejected
                                                              ? parser_->rejection().reason
                                                              : std::string_view("the head is too large")));
    }
    if (inbox_size_ == inbox_capacity_) {
      std::unique_ptr<char[]> larger(new char[inbox_capacity_ * 2]);
      std::memcpy(larger.get(), inbox_.get(), inbox_size_);
      inbox_ = std::move(larger);
      inbox_capacity_ *= 2;
    }
  }
}

std::string Exchange::no_answer_within() const {
  const CallDeadlines& deadlines = provider_->options().deadlines;
  const bool is_over = pool_.reactor().now().steady >= ends_at_;
  return fmt::format("{} did not begin to answer within {} (deadlines.{})", provider_->authority(),
                     to_text(is_over ? deadlines.total : deadlines.first_byte), is_over ? "total" : "first_byte");
}

net::Stream::Read Exchange::read() {
  net::Stream& stream = *connection_.stream;
  stream.set_deadline(end_of(provider_->options().deadlines.idle));
  drop_inbox();
  head_size_ = 0;
  return stream.read_some(*this);
}

void Exchange::complete() {
  if (connection_.stream == nullptr || cancelled_) return;
  if (in_step_ && parser_->head().keep_alive && framing_.kind != net::http1::BodyFraming::Kind::UntilClose) {
    pool_.release(*provider_, std::move(connection_));
  }
  connection_ = Connection{};
}

void Exchange::cancel() {
  cancelled_ = true;
  if (connection_.stream != nullptr) connection_.stream->cancel();
}

}  // namespace tidegate::upstream
