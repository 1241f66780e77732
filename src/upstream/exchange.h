// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/http1/body.h"
#include "net/http1/head.h"
#include "net/recycled.h"
#include "net/stream.h"
#include "upstream/connection_pool.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::upstream {

/// One request sent to a provider and its answer as it comes. The caller may `cancel` at any time: the connection is then
/// closed at once, which is how a provider learns that nobody listens any more. One thread; not reused.
class Exchange final : public net::Recycled, private net::Stream::Lender {
 public:
  Exchange(ConnectionPool& pool, std::shared_ptr<const Provider> provider);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  enum class Replay : std::uint8_t { Once, Never };

  /// Sends head and body and waits for the answer's head (informational ones are passed over). A kept-alive connection that
  /// turns out to be stale before one byte of the answer has come is replaced by a fresh one, once; so all of it must stay
  /// valid. What must `Never` be sent twice goes on a fresh one. Failure: Resolve | Connect | Tls | Closed | Timeout | Protocol |
  /// Cancelled.
  /// `body`: in pieces, one after the other.
  [[nodiscard]] net::Task<Result<void>> send(std::string_view head, std::span<const std::string_view> body, std::string_view method,
                                             Replay replay = Replay::Once);

  /// Sends the head alone, on a fresh connection: for uploads whose body follows piece by piece (no replay possible).
  [[nodiscard]] net::Task<Result<void>> send_head(std::string_view head);
  /// Failure also where the provider answers before it has everything, or leaves: `await_head` tells which.
  [[nodiscard]] net::Task<Result<void>> send_piece(std::string_view piece);
  [[nodiscard]] net::Task<Result<void>> await_head(std::string_view method);

  /// After a successful `send` or `await_head`; views stay valid until `read` is called for the first time.
  [[nodiscard]] const net::http1::ResponseHead& head() const { return parser_->head(); }
  [[nodiscard]] net::http1::BodyFraming framing() const { return framing_; }
  /// Bytes of the body that came with the head.
  [[nodiscard]] std::string_view first_bytes() const { return std::string_view(inbox_.get(), inbox_size_).substr(head_size_); }
  /// The next bytes, `received()` of that number; 0 at the end of the stream. Failure: Closed | Timeout | Tls | Cancelled.
  [[nodiscard]] net::Stream::Read read();
  /// Views the exchange's buffer until the next `read`.
  [[nodiscard]] std::string_view received(std::size_t count) const { return {inbox_.get(), count}; }

  /// Of what has been received, so much belongs to the answer. A connection that brought more is out of step and not used again.
  void took(std::size_t count, std::string_view received) { in_step_ = in_step_ && count == received.size(); }
  /// The answer was complete: the connection may be used again if the provider is willing.
  void complete();
  /// Ends whatever waits with Cancelled and closes the connection.
  void cancel();
  /// Whether any of the request was given to a connection: the provider may have had it, whatever became of it then.
  [[nodiscard]] bool was_sent() const { return was_sent_; }
  [[nodiscard]] bool replayed() const { return replayed_; }
  /// How long connecting and the provider's head took: what is not the gateway's own time.
  [[nodiscard]] Nanoseconds waited() const { return waited_; }

 private:
  [[nodiscard]] net::Task<Result<void>> write_and_read_head(std::string_view head, std::span<const std::string_view> body);
  void take(Connection connection);
  /// The end of a wait that may be so long, in a call that may be no longer than `deadlines.total`.
  [[nodiscard]] SteadyTime end_of(Nanoseconds wait) const { return std::min(pool_.reactor().now().steady + wait, ends_at_); }
  [[nodiscard]] std::string no_answer_within() const;

  // The buffer is held only while something has come.
  [[nodiscard]] std::span<char> lend() override;
  void take_back() override {
    if (inbox_size_ == 0) drop_inbox();  // the beginning of a head stays
  }
  void drop_inbox();

  ConnectionPool& pool_;
  std::shared_ptr<const Provider> provider_;
  Connection connection_;
  std::string method_;
  std::unique_ptr<net::http1::ResponseHeadParser> parser_;  ///< the pool's; never null
  net::http1::BodyFraming framing_;
  std::unique_ptr<char[]> inbox_;
  std::size_t inbox_capacity_ = 0;
  std::size_t inbox_size_ = 0;
  std::size_t head_size_ = 0;
  SteadyTime ends_at_;
  bool in_step_ = true;  ///< the request is with the provider, and of its connection only the answer has been read
  bool cancelled_ = false;
  bool was_sent_ = false;
  bool replayed_ = false;
  Nanoseconds waited_{0};
};

}  // namespace tidegate::upstream
