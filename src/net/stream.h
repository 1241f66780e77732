// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "net/reactor.h"
#include "net/tls.h"

#include <sys/uio.h>

#include <array>
#include <coroutine>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::net {

/// A connected socket, plain or TLS. One thread; one operation at a time. An operation that is cancelled or runs into the
/// deadline ends with a Failure; the awaiting coroutine goes on and decides.
class Stream final : private DeadlineEntry {
 public:
  /// Takes over a connected, non-blocking socket.
  Stream(Reactor& reactor, int descriptor);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  /// Closes; TLS says good-bye first if that does not wait.
  ~Stream();

  /// Lends a buffer to a read at the moment when there is something to read.
  class Lender {
   public:
    [[nodiscard]] virtual std::span<char> lend() = 0;
    /// It was not needed after all, until `lend` is called again.
    virtual void take_back() = 0;

   protected:
    ~Lender() = default;
  };

  /// What one attempt of an operation came to.
  enum class Attempt : std::uint8_t { Done, WaitForRead, WaitForWrite };
  class Operation;
  class Read;
  class Readable;
  class Write;
  class Handshake;

  /// Suspends until bytes came: their number, 0 at the end of the stream (TLS: only after close_notify), or Failure
  /// Closed | Timeout | Cancelled | Tls. `buffer` must stay valid.
  [[nodiscard]] Read read_some(std::span<char> buffer);
  /// The same with a buffer that is held only while there are bytes: what waits for hours costs none. `lender` must stay
  /// valid.
  [[nodiscard]] Read read_some(Lender& lender);
  /// Suspends until a read would not wait, holding no buffer meanwhile.
  [[nodiscard]] Readable readable();
  /// Suspends until all pieces are with the kernel, or Failure Closed | Timeout | Cancelled | Tls.
  [[nodiscard]] Write write(std::string_view first, std::string_view second = {}, std::string_view third = {});
  /// From now on the stream speaks TLS; suspends until the handshake is over. Failure: Tls with the reason | Timeout | Closed.
  [[nodiscard]] Handshake handshake(SslHandle ssl);

  /// Operations that are not done by then fail with Timeout, until another deadline is set. One per stream, at the wheel's
  /// precision (100 ms).
  void set_deadline(SteadyTime deadline);
  void clear_deadline();
  /// Ends the present operation, and every later one, with Cancelled.
  void cancel();
  /// Told once when the peer has closed or broken the connection. `nullptr` to stop.
  void on_peer_closed(Watch::Waiter* waiter);
  /// A write that waits ends with Closed when the peer begins to speak: who answers before it has read everything may never
  /// read the rest.
  void let_answers_end_writes() { answers_end_writes_ = true; }
  /// From now on as if the peer had broken the connection off: what waits for it ends, who listens for its leaving is told, and
  /// it is closed with a reset, which nobody takes for an orderly end.
  void break_off();
  [[nodiscard]] bool peer_closed() const { return watch_->peer_closed; }
  /// Nothing has come in that a reader would get, and the peer is there: what an idle pooled connection must be to be used
  /// again. Costs a system call only if something may have come.
  [[nodiscard]] bool is_quiet();
  /// The handshake went on from an earlier connection's session.
  [[nodiscard]] bool is_resumed() const;
  /// The peer hears an orderly end now (TLS: its good-bye first) and may go on sending; what is read from now on are the bytes as
  /// they are on the wire, for who throws them away. Nothing on a stream that has failed.
  void end_writing();
  /// The close becomes a reset (RST), so that no client takes a broken answer for a whole one.
  void reset_on_close();
  [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }
  [[nodiscard]] int descriptor() const { return watch_->descriptor; }
  [[nodiscard]] Reactor& reactor() const { return reactor_; }

 private:
  struct Progress {
    Attempt attempt;
    std::size_t bytes = 0;
    std::optional<Failure> failure = std::nullopt;
  };

  void on_deadline() override;
  [[nodiscard]] bool may_have_bytes() const;
  [[nodiscard]] Progress read_now(std::span<char> buffer);
  [[nodiscard]] Progress read_plain(std::span<char> buffer);
  [[nodiscard]] Progress read_tls(std::span<char> buffer);
  [[nodiscard]] Progress peek(std::span<char> buffer);
  [[nodiscard]] Progress write_plain(std::span<const iovec> pieces);
  [[nodiscard]] Progress write_tls(std::string_view bytes);
  [[nodiscard]] Progress tls_progress(int result, std::string_view doing);
  void fail_present_operation(FailureKind kind);
  void say_good_bye();

  Reactor& reactor_;
  std::unique_ptr<Watch> watch_;
  SslHandle ssl_;
  Operation* present_ = nullptr;
  std::optional<FailureKind> failure_;  ///< Cancelled stays; Timeout until the next deadline is set
  bool answers_end_writes_ = false;
};

/// What the four operations share: attempt, wait for the direction that was asked for, attempt again.
class Stream::Operation : private Watch::Waiter {
 public:
  explicit Operation(Stream& stream) : stream_(stream) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() { detach(); }

  [[nodiscard]] bool await_ready() { return advance(); }
  void await_suspend(std::coroutine_handle<> waiter);

 protected:
  /// Does what can be done now. The result is stored by the operation itself.
  [[nodiscard]] virtual Attempt attempt() = 0;
  virtual void fail(Failure failure) = 0;
  Stream& stream_;
  Attempt waiting_for_ = Attempt::Done;
  bool hears_both_ = false;  ///< attempts as well when the other direction becomes ready

 private:
  friend class Stream;
  [[nodiscard]] bool advance();
  void on_ready() override;
  void detach();

  bool attached_ = false;  ///< the stream knows us; otherwise it may be gone before we are
  std::coroutine_handle<> waiter_;
};

class Stream::Read final : public Operation {
 public:
  Read(Stream& stream, std::span<char> buffer) : Operation(stream), buffer_(buffer) {}
  Read(Stream& stream, Lender& lender) : Operation(stream), lender_(&lender) {}
  /// Nearly every read is asked for before its bytes are there.
  [[nodiscard]] bool await_ready() {
    if (stream_.failure_ || stream_.ssl_ != nullptr || stream_.watch_->readable) return Operation::await_ready();
    waiting_for_ = Attempt::WaitForRead;
    return false;
  }
  [[nodiscard]] Result<std::size_t> await_resume() { return std::move(result_); }

 private:
  Attempt attempt() override;
  void fail(Failure failure) override { result_ = tl::unexpected<Failure>(std::move(failure)); }

  std::span<char> buffer_;
  Lender* lender_ = nullptr;  ///< of `buffer_`; null: the caller's own
  Result<std::size_t> result_ = std::size_t{0};
};

class Stream::Readable final : public Operation {
 public:
  using Operation::Operation;
  [[nodiscard]] Result<void> await_resume() { return std::move(result_); }

 private:
  Attempt attempt() override;
  void fail(Failure failure) override { result_ = tl::unexpected<Failure>(std::move(failure)); }

  Result<void> result_;
};

class Stream::Write final : public Operation {
 public:
  Write(Stream& stream, std::string_view first, std::string_view second, std::string_view third);
  [[nodiscard]] bool await_ready();
  [[nodiscard]] Result<void> await_resume() { return std::move(result_); }

 private:
  Attempt attempt() override;
  Attempt attempt_plain();
  Attempt attempt_tls();
  [[nodiscard]] bool is_answered();
  void fail(Failure failure) override { result_ = tl::unexpected<Failure>(std::move(failure)); }
  void consume(std::size_t bytes);

  std::array<iovec, 3> pieces_;  ///< from first_ to end_: what is not written yet, none of them empty
  std::size_t first_ = 0;
  std::size_t end_ = 0;
  std::string record_;          ///< TLS: the pieces gathered, so that head and body leave in one record
  std::size_t record_sent_ = 0;
  Result<void> result_;
};

class Stream::Handshake final : public Operation {
 public:
  using Operation::Operation;
  [[nodiscard]] Result<void> await_resume() { return std::move(result_); }

 private:
  Attempt attempt() override;
  void fail(Failure failure) override { result_ = tl::unexpected<Failure>(std::move(failure)); }

  Result<void> result_;
};

}  // namespace tidegate::net
