// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/body_memory.h"
#include "gateway/own_answer.h"
#include "net/http1/body.h"
#include "net/http1/head.h"
#include "net/listen_options.h"
#include "net/stream.h"
#include "upstream/read_buffers.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::gateway {

/// A client connection's receiving side: reads one request after the other from a stream. The buffer is held only while a
/// request is there. One thread.
class Incoming final : private net::Stream::Lender {
 public:
  enum class Got : std::uint8_t {
    Request,  ///< a head is there
    Nothing,  ///< the client has left, or was idle too long, between two requests
    Refused,  ///< see refusal(); the connection cannot go on
  };

  /// `buffers` are the worker's.
  Incoming(net::Stream& stream, upstream::ReadBuffers& buffers, const net::ServerLimits& limits);
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;
  ~Incoming() { drop_inbox(); }

  /// Waits for the next request's head.
  [[nodiscard]] net::Task<Got> next_head(const net::ServerLimits& limits);
  [[nodiscard]] const net::http1::RequestHead& head() const { return parser_.head(); }
  [[nodiscard]] const OwnAnswer& refusal() const { return refusal_; }
  /// Of a head that was refused: the path, if its first line came so far; it may be malformed.
  [[nodiscard]] std::string_view refused_path() const;

  /// Takes the body if all of it has come with the head, as nearly every one has, or there is none. False: it is still to be read.
  [[nodiscard]] bool take_whole_body(const net::ServerLimits& limits);
  /// Reads the whole body, under the shared memory as much of it as has come. False: see refusal() (too large, no memory, too slow,
  /// client gone).
  [[nodiscard]] net::Task<bool> read_body(const net::ServerLimits& limits, BodyMemory& memory, Nanoseconds body_wait);
  /// The body as the client sent it, framing taken off. Valid until `done`.
  [[nodiscard]] std::string_view body() const {
    if (body_in_inbox_) return inbox_view().substr(head_size_, body_size_);
    return sized_body_ != nullptr ? std::string_view(sized_body_.get(), body_size_) : std::string_view(body_);
  }

  /// For bodies that are not kept: the next piece, without framing; empty at the end.
  [[nodiscard]] net::Task<Result<std::string_view>> next_piece(const net::ServerLimits& limits);

  /// The request is answered so far that nobody looks at it again: head and body are given back, their memory with them. Only when
  /// `is_complete`; the views of `head` and `body` are gone then.
  void forget();
  /// The request is over: forgets it and keeps what the client sent beyond it.
  void done();
  /// For a connection that ends with an answer to a request that was not read to its end: says the end, then reads what still comes
  /// and throws it away, until the client has left, is quiet, or a bound is reached. A socket that is closed over unread bytes
  /// is reset, and the reset takes the answer with it before most clients have read it. Holds no memory for bodies; the views of
  /// `head` and `body` are gone.
  [[nodiscard]] net::Task<void> linger();
  /// Whether the request was read to its end, so that another may follow.
  [[nodiscard]] bool is_complete() const { return follower_.state() == net::http1::BodyState::Complete; }
  /// When the first byte of the present request came.
  [[nodiscard]] SteadyTime began() const { return began_; }
  [[nodiscard]] bool is_idle() const { return idle_; }

 private:
  static constexpr std::size_t kInboxBytes = upstream::ReadBuffers::kBytes;

  // For the first bytes of a request: an idle connection costs no buffer.
  [[nodiscard]] std::span<char> lend() override;
  void take_back() override { drop_inbox(); }
  void drop_inbox();
  [[nodiscard]] std::string_view inbox_view() const { return {inbox_.get(), inbox_size_}; }
  /// What a body is read under.
  struct BodyTerms {
    const net::ServerLimits& limits;
    BodyMemory& memory;
    Nanoseconds body_wait;
  };
  [[nodiscard]] net::Task<bool> read_into_inbox(BodyTerms terms);
  [[nodiscard]] net::Task<bool> read_sized(BodyTerms terms);
  [[nodiscard]] net::Task<bool> read_chunked(BodyTerms terms);
  [[nodiscard]] net::Task<bool> make_room(BodyTerms terms, std::size_t largest);
  void set_body_deadline(const net::ServerLimits& limits);
  void drop_body();
  /// Always false, to be returned.
  bool refuse_body(const Failure& failure, const net::ServerLimits& limits);
  /// Always false, to be returned.
  bool refuse(int status, std::string_view reason, std::string message);
  /// Always `Refused`.
  Got refuse_head(int status, std::string_view reason, std::string message);
  void grow_inbox(std::size_t limit);

  net::Stream& stream_;
  upstream::ReadBuffers& buffers_;
  net::http1::RequestHeadParser parser_;
  net::http1::BodyFollower follower_;
  std::unique_ptr<char[]> inbox_;
  std::size_t inbox_capacity_ = 0;
  std::size_t inbox_size_ = 0;
  std::size_t head_size_ = 0;  ///< of the present request
  std::size_t used_ = 0;       ///< of the inbox by the present request
  bool body_in_inbox_ = false;
  std::size_t body_size_ = 0;
  std::unique_ptr<char[]> sized_body_;  ///< too large for the inbox
  std::string body_;                    ///< of chunks
  std::string piece_;
  std::optional<SteadyTime> body_began_;  ///< to be read; absent: it streams through, as fast as the provider takes it
  Nanoseconds waited_{};                  ///< for memory
  BodyMemory::Share share_;
  OwnAnswer refusal_;
  SteadyTime began_;
  bool idle_ = true;
};

}  // namespace tidegate::gateway
