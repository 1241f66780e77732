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

// Memory is taken as the body comes, as much again as is there already, within these bounds.
constexpr std::size_t kSmallestStep = 64UL * 1024;
constexpr std::size_t kLargestStep = 1024UL * 1024;
// A body may fall behind this by `body_timeout`: far slower than any network that models are used over (128 kbit/s), and fast
// enough that nobody keeps memory from others for hours by a byte in each pause.
constexpr std::size_t kSlowestBody = 16UL * 1024;  // bytes a second

tl::unexpected<Failure> ended_early() {
  return fail(FailureKind::Closed, Origin::Client, "The connection ended inside the request body.");
}

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

std::string_view Incoming::refused_path() const {
  std::string_view line = inbox_view();
  while (!line.empty() && (line.front() == '\r' || line.front() == '\n')) line.remove_prefix(1);
  line = line.substr(0, line.find_first_of("\r\n"));
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return {};
  const std::string_view target = line.substr(blank + 1);
  return target.substr(0, target.find_first_of(" ?"));
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
  body_began_.reset();
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

/// Room for more of a body that has come as far as there was room for; `largest`: how large it will be at most.
net::Task<bool> Incoming::make_room(BodyTerms terms, std::size_t largest) {
  net::Reactor& reactor = stream_.reactor();
  const std::size_t rest = largest - share_.bytes();
  const std::size_t bytes = std::min(std::clamp(share_.bytes(), kSmallestStep, kLargestStep), rest);
  // Who has all it will ever need waits for nobody.
  const std::size_t kept_free = bytes == rest ? 0 : terms.limits.max_body_bytes;
  while (!terms.memory.grow(share_, bytes, kept_free)) {
    // Room is made by other workers too, so it is looked for again rather than waited for; the socket is not read meanwhile.
    if (waited_ >= terms.body_wait || stream_.peer_closed()) {
      refuse(429, "body_memory", "All memory for request bodies is in use; the request was not read. Retry shortly.");
      refusal_.retry_after = Seconds(1);
      share_.release();
      co_return false;
    }
    const SteadyTime before = reactor.now().steady;
    net::Reactor::Sleep sleep = reactor.sleep_for(Milliseconds(20));
    co_await sleep;
    waited_ += reactor.now().steady - before;
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
  const BodyTerms terms{limits, memory, body_wait};
  const http1::BodyFraming framing = http1::body_framing(parser_.head());
  const bool is_sized = framing.kind == http1::BodyFraming::Kind::Length;
  drop_body();
  if (is_sized && framing.length > limits.max_body_bytes) {
    co_return refuse(413, "too_large", fmt::format("The request body has {} bytes; the limit is {}.", framing.length, limits.max_body_bytes));
  }
  if (take_whole_body(limits)) co_return true;
  body_began_ = stream_.reactor().now().steady;
  waited_ = {};
  const bool fits = is_sized && framing.length <= inbox_capacity_ - head_size_;
  if (!fits) {
    net::Task<bool> making = make_room(terms, is_sized ? static_cast<std::size_t>(framing.length) : limits.max_body_bytes);
    const bool has_room = co_await making;
    if (!has_room) co_return false;
  }
  if (parser_.head().expect_continue && inbox_size_ == head_size_) {  // not before there is room: it is a promise to read
    Result<void> told = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!told) co_return refuse(408, "client_gone", "The client left.");
  }
  net::Task<bool> reading = fits ? read_into_inbox(terms) : is_sized ? read_sized(terms) : read_chunked(terms);
  const bool is_whole = co_await reading;
  stream_.clear_deadline();
  share_.settle();
  if (!is_whole) drop_body();
  co_return is_whole;
}

net::Task<bool> Incoming::read_into_inbox(BodyTerms terms) {
  do {
    set_body_deadline(terms.limits);
    Result<std::size_t> count = co_await stream_.read_some(std::span(inbox_.get() + inbox_size_, inbox_capacity_ - inbox_size_));
    if (!count) co_return refuse_body(count.error(), terms.limits);
    if (*count == 0) co_return refuse_body(ended_early().value(), terms.limits);
    inbox_size_ += *count;
  } while (!take_whole_body(terms.limits));
  co_return true;
}

net::Task<bool> Incoming::read_sized(BodyTerms terms) {
  const std::size_t length = static_cast<std::size_t>(http1::body_framing(parser_.head()).length);
  // Not zeroed, so that only its addresses are taken now: the system gives memory for what is written, which is accounted for.
  sized_body_.reset(new char[length]);
  const std::string_view waiting = inbox_view().substr(head_size_);
  std::memcpy(sized_body_.get(), waiting.data(), waiting.size());
  used_ = inbox_size_;
  (void)follower_.feed(waiting);
  std::size_t size = waiting.size();
  while (size < length) {
    if (share_.bytes() <= size) {
      net::Task<bool> making = make_room(terms, length);
      const bool has_room = co_await making;
      if (!has_room) co_return false;
      continue;
    }
    set_body_deadline(terms.limits);
    const std::span<char> place(sized_body_.get() + size, share_.bytes() - size);  // the head stays where its views point
    Result<std::size_t> count = co_await stream_.read_some(place);
    if (!count) co_return refuse_body(count.error(), terms.limits);
    if (*count == 0) co_return refuse_body(ended_early().value(), terms.limits);
    (void)follower_.feed(std::string_view(place.data(), *count));
    size += *count;
  }
  body_size_ = length;
  co_return true;
}

net::Task<bool> Incoming::read_chunked(BodyTerms terms) {
  while (true) {
    net::Task<Result<std::string_view>> reading = next_piece(terms.limits);
    Result<std::string_view> piece = co_await reading;
    if (!piece) co_return refuse_body(piece.error(), terms.limits);
    if (piece->empty()) co_return true;
    const std::size_t size = body_.size() + piece->size();
    if (size > terms.limits.max_body_bytes) {
      co_return refuse(413, "too_large", fmt::format("The request body is larger than the limit of {} bytes.", terms.limits.max_body_bytes));
    }
    while (share_.bytes() < size) {
      net::Task<bool> making = make_room(terms, terms.limits.max_body_bytes);
      const bool has_room = co_await making;
      if (!has_room) co_return false;
    }
    body_.append(*piece);
  }
}

/// Until when the next bytes of a body must come.
void Incoming::set_body_deadline(const net::ServerLimits& limits) {
  SteadyTime until = stream_.reactor().now().steady + limits.body_timeout;
  if (body_began_) until = std::min(until, *body_began_ + waited_ + limits.body_timeout + Seconds(follower_.payload_bytes() / kSlowestBody));
  stream_.set_deadline(until);
}

bool Incoming::refuse_body(const Failure& failure, const net::ServerLimits& limits) {
  if (failure.kind == FailureKind::Timeout) {
    return refuse(408, "body_timeout", fmt::format("The request body paused for more than {}, or fell so far behind {} KiB a second.", to_text(limits.body_timeout), kSlowestBody / 1024));
  }
  return refuse(400, failure.kind == FailureKind::Protocol ? "bad_request" : "client_gone", failure.detail);
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
      set_body_deadline(limits);
      Result<std::size_t> count = co_await stream_.read_some(std::span(inbox_.get() + used_, inbox_capacity_ - used_));
      if (!count) co_return fail(count);
      if (*count == 0) co_return ended_early();
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
  drop_body();
}

void Incoming::drop_body() {
  body_in_inbox_ = false;
  body_size_ = 0;
  sized_body_.reset();
  if (body_.capacity() > kInboxBytes) {
    body_ = {};
  } else {
    body_.clear();
  }
  share_.release();
}

}  // namespace tidegate::gateway
