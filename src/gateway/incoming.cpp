// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/incoming.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace tidegate::gateway {

namespace http1 = net::http1;

namespace {

// Whoever sends more after a refusal than twice the largest body that is usual, or for longer, is reset after all.
constexpr std::size_t kMostDiscarded = 64UL * 1024 * 1024;
constexpr Nanoseconds kLongestLinger = Seconds(10);  ///< no longer than a stop may be held up
constexpr Nanoseconds kLongestQuiet = Seconds(2);    ///< who has read the answer and keeps the connection sends nothing more

}  // namespace

Incoming::Incoming(net::Stream& stream, upstream::ReadBuffers& buffers, const net::ServerLimits& limits)
    : stream_(stream), buffers_(buffers), parser_(http1::HeadLimits{.max_bytes = limits.max_head_bytes}) {}

bool Incoming::refuse(int status, std::string_view reason, std::string message) {
  refusal_ = OwnAnswer{.status = status, .reason = reason, .message = std::move(message), .close = true};
  return false;
}

Incoming::Got Incoming::refuse_head(int status, std::string_view reason, std::string message) {
  follower_ = http1::BodyFollower(http1::BodyFraming{.kind = http1::BodyFraming::Kind::UntilClose});  // where it ends nobody knows
  refuse(status, reason, std::move(message));
  return Got::Refused;
}

std::span<char> Incoming::lend() {
  inbox_ = buffers_.take();
  inbox_capacity_ = kInboxBytes;
  return {inbox_.get(), inbox_capacity_};
}

void Incoming::drop_inbox() {
  if (inbox_capacity_ == kInboxBytes) buffers_.give(std::move(inbox_));
  inbox_.reset();
  inbox_capacity_ = inbox_size_ = 0;
}

void Incoming::grow_inbox(std::size_t limit) {
  const std::size_t capacity = std::min(inbox_capacity_ * 2, limit + kInboxBytes);
  const std::size_t size = inbox_size_;
  std::unique_ptr<char[]> larger(new char[capacity]);
  std::memcpy(larger.get(), inbox_.get(), size);
  drop_inbox();
  inbox_ = std::move(larger);
  inbox_capacity_ = capacity;
  inbox_size_ = size;
}

net::Task<Incoming::Got> Incoming::next_head(const net::ServerLimits& limits) {
  parser_.reset();
  follower_ = {};
  net::Reactor& reactor = stream_.reactor();
  if (inbox_size_ == 0) {
    idle_ = true;
    drop_inbox();
    stream_.set_deadline(reactor.now().steady + limits.idle_timeout);
    Result<std::size_t> count = co_await stream_.read_some(*this);
    if (!count || *count == 0) co_return Got::Nothing;
    inbox_size_ = *count;
    idle_ = false;
  }
  began_ = reactor.now().steady;
  stream_.set_deadline(began_ + limits.head_timeout);
  while (true) {
    const http1::ParseState state = parser_.parse(inbox_view());
    if (state == http1::ParseState::Complete) break;
    if (state == http1::ParseState::Rejected) {
      co_return refuse_head(parser_.rejection().status, "bad_request", fmt::format("The request is not valid HTTP/1.1: {}.", parser_.rejection().reason));
    }
    if (inbox_size_ == inbox_capacity_) grow_inbox(limits.max_head_bytes);
    Result<std::size_t> count = co_await stream_.read_some(std::span(inbox_.get() + inbox_size_, inbox_capacity_ - inbox_size_));
    if (!count && count.error().kind == FailureKind::Timeout) {
      co_return refuse_head(408, "head_timeout", fmt::format("The request's head did not arrive within {}.", to_text(limits.head_timeout)));
    }
    if (!count || *count == 0) co_return Got::Nothing;
    inbox_size_ += *count;
  }
  head_size_ = used_ = parser_.head().size;
  follower_ = http1::BodyFollower(http1::body_framing(parser_.head()));
  stream_.clear_deadline();
  co_return Got::Request;
}

net::Task<bool> Incoming::make_room(BodyMemory& memory, std::size_t bytes, Nanoseconds body_wait) {
  net::Reactor& reactor = stream_.reactor();
  const SteadyTime give_up = reactor.now().steady + body_wait;
  while (!memory.grow(share_, bytes)) {
    // Room is made by other workers too, so it is looked for again rather than waited for; the socket is not read meanwhile.
    if (reactor.now().steady >= give_up || stream_.peer_closed()) {
      refuse(429, "body_memory", "All memory for request bodies is in use; the request was not read. Retry shortly.");
      refusal_.retry_after = Seconds(1);
      co_return false;
    }
    net::Reactor::Sleep sleep = reactor.sleep_for(Milliseconds(20));
    co_await sleep;
  }
  co_return true;
}

bool Incoming::take_whole_body(const net::ServerLimits& limits) {
  const http1::BodyFraming framing = http1::body_framing(parser_.head());
  const std::string_view waiting = inbox_view().substr(head_size_);
  const bool is_there = framing.kind == http1::BodyFraming::Kind::None ||
                        (framing.kind == http1::BodyFraming::Kind::Length && framing.length <= std::min<std::uint64_t>(waiting.size(), limits.max_body_bytes));
  if (!is_there) return false;
  body_in_inbox_ = true;
  body_size_ = static_cast<std::size_t>(framing.length);
  used_ += follower_.feed(waiting).consumed;
  return true;
}

net::Task<bool> Incoming::read_body(const net::ServerLimits& limits, BodyMemory& memory, Nanoseconds body_wait) {
  const http1::BodyFraming framing = http1::body_framing(parser_.head());
  body_in_inbox_ = false;
  body_.clear();
  body_size_ = 0;
  if (framing.kind == http1::BodyFraming::Kind::Length && framing.length > limits.max_body_bytes) {
    co_return refuse(413, "too_large", fmt::format("The request body has {} bytes; the limit is {}.", framing.length, limits.max_body_bytes));
  }
  if (take_whole_body(limits)) co_return true;
  const std::string_view waiting = inbox_view().substr(head_size_);
  if (parser_.head().expect_continue && waiting.empty()) {
    Result<void> told = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!told) co_return refuse(408, "client_gone", "The client left.");
  }
  if (framing.kind == http1::BodyFraming::Kind::Length) {
    net::Task<bool> room = make_room(memory, static_cast<std::size_t>(framing.length), body_wait);
    const bool has_room = co_await room;
    if (!has_room) co_return false;
    // Read straight to its place; the head stays where its views point.
    body_.resize(static_cast<std::size_t>(framing.length));
    std::memcpy(body_.data(), waiting.data(), waiting.size());
    used_ = inbox_size_;
    (void)follower_.feed(waiting);
    std::size_t size = waiting.size();
    while (size < body_.size()) {
      stream_.set_deadline(stream_.reactor().now().steady + limits.body_timeout);
      Result<std::size_t> count = co_await stream_.read_some(std::span(body_).subspan(size));
      if (!count && count.error().kind == FailureKind::Timeout) {
        co_return refuse(408, "body_timeout", fmt::format("The request body paused for more than {}.", to_text(limits.body_timeout)));
      }
      if (!count || *count == 0) co_return refuse(400, "client_gone", "The connection ended inside the request body.");
      (void)follower_.feed(std::string_view(body_).substr(size, *count));
      size += *count;
    }
    stream_.clear_deadline();
    co_return true;
  }
  while (true) {
    net::Task<Result<std::string_view>> reading = next_piece(limits);
    Result<std::string_view> piece = co_await reading;
    if (!piece) {
      const bool slow = piece.error().kind == FailureKind::Timeout;
      co_return refuse(slow ? 408 : 400, slow ? "body_timeout" : "bad_request", piece.error().detail);
    }
    if (piece->empty()) break;
    if (body_.size() + piece->size() > limits.max_body_bytes) {
      co_return refuse(413, "too_large", fmt::format("The request body is larger than the limit of {} bytes.", limits.max_body_bytes));
    }
    net::Task<bool> room = make_room(memory, piece->size(), body_wait);
    const bool has_room = co_await room;
    if (!has_room) co_return false;
    body_.append(*piece);
  }
  stream_.clear_deadline();
  co_return true;
}

net::Task<Result<std::string_view>> Incoming::next_piece(const net::ServerLimits& limits) {
  piece_.clear();
  while (piece_.empty() && follower_.state() == http1::BodyState::InBody) {
    if (used_ == inbox_size_) {
      // The head stays in front, because its views are still in use; bodies go behind it.
      used_ = inbox_size_ = head_size_;
      if (inbox_size_ == inbox_capacity_) {
        grow_inbox(inbox_capacity_ * 2);
        (void)parser_.parse(inbox_view());  // moves the head's views to the new buffer
      }
      stream_.set_deadline(stream_.reactor().now().steady + limits.body_timeout);
      Result<std::size_t> count = co_await stream_.read_some(std::span(inbox_.get() + used_, inbox_capacity_ - used_));
      if (!count) co_return fail(count);
      if (*count == 0) {
        co_return fail(FailureKind::Closed, Origin::Client, "The connection ended inside the request body.");
      }
      inbox_size_ += *count;
    }
    const http1::Followed followed =
        follower_.feed(inbox_view().substr(used_), [this](std::string_view span) { piece_.append(span); });
    used_ += followed.consumed;
    if (followed.state == http1::BodyState::Rejected) {
      co_return fail(FailureKind::Protocol, Origin::Client, fmt::format("The chunked request body is malformed: {}.", follower_.trouble()));
    }
  }
  co_return std::string_view(piece_);
}

net::Task<void> Incoming::linger() {
  done();
  drop_inbox();
  stream_.end_writing();
  net::Reactor& reactor = stream_.reactor();
  const SteadyTime give_up = reactor.now().steady + kLongestLinger;
  for (std::size_t discarded = 0; discarded < kMostDiscarded && reactor.now().steady < give_up;) {
    stream_.set_deadline(std::min(give_up, reactor.now().steady + kLongestQuiet));
    Result<std::size_t> count = co_await stream_.read_some(*this);
    if (!count || *count == 0) co_return;
    discarded += *count;
    drop_inbox();
    net::Reactor::Yield others = reactor.yield();  // before a client that is faster than we are
    co_await others;
  }
}

void Incoming::forget() {
  done();
  if (inbox_size_ == 0) drop_inbox();
}

void Incoming::done() {
  const std::size_t left = inbox_size_ - used_;
  if (left > 0) std::memmove(inbox_.get(), inbox_.get() + used_, left);
  inbox_size_ = left;
  used_ = head_size_ = 0;
  body_in_inbox_ = false;
  if (body_.capacity() > kInboxBytes) {
    body_ = {};
  } else {
    body_.clear();
  }
  share_.release();
}

}  // namespace tidegate::gateway
