// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/stream.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tidegate::net {

namespace {

/// A TLS record carries this much; gathering more would only copy more.
constexpr std::size_t kRecordBytes = 16 * 1024;

Failure closed(std::string_view doing, int error) {
  return Failure{FailureKind::Closed, Origin::Upstream, Retry::SameTarget, std::nullopt,
                 fmt::format("{}: {}", doing, std::strerror(error))};
}

/// Of the pieces, what goes into one record; gives how much that is.
std::size_t gather(std::span<const iovec> pieces, std::string& record) {
  std::size_t all = 0;
  for (const iovec& piece : pieces) all += piece.iov_len;
  record.reserve(std::min(all, kRecordBytes));
  for (const iovec& piece : pieces) {
    record.append(static_cast<const char*>(piece.iov_base), std::min(piece.iov_len, kRecordBytes - record.size()));
  }
  return record.size();
}

/// OpenSSL reads the socket itself. What it got tells whether the kernel has more, as in `read_plain`; without this a
/// connection would look as if bytes were waiting after every answer, and never be used again.
long note_short_read(BIO* socket, int operation, const char*, std::size_t asked, int, long, int result,
                     std::size_t* count) {
  if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0 && *count < asked) {
    auto* watch = reinterpret_cast<Watch*>(BIO_get_callback_arg(socket));
    if (!watch->peer_closed) watch->readable = false;
  }
  return result;
}

}  // namespace

Stream::Stream(Reactor& reactor, int descriptor) : reactor_(reactor), watch_(reactor.add(descriptor)) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

Stream::~Stream() {
  say_good_bye();
  const int descriptor = watch_->descriptor;
  reactor_.remove(std::move(watch_));
  ::close(descriptor);
}

Stream::Read Stream::read_some(std::span<char> buffer) { return {*this, buffer}; }
Stream::Read Stream::read_some(Lender& lender) { return {*this, lender}; }
Stream::Readable Stream::readable() { return Readable(*this); }
Stream::Write Stream::write(std::string_view first, std::string_view second, std::string_view third) {
  return {*this, first, second, third};
}
Stream::Handshake Stream::handshake(SslHandle ssl) {
  ssl_ = std::move(ssl);
  SSL_set_fd(ssl_.get(), watch_->descriptor);
  BIO* socket = SSL_get_rbio(ssl_.get());
  BIO_set_callback_arg(socket, reinterpret_cast<char*>(watch_.get()));
  BIO_set_callback_ex(socket, note_short_read);
  return Handshake(*this);
}

void Stream::set_deadline(SteadyTime deadline) {
  if (failure_ == FailureKind::Timeout) failure_.reset();
  reactor_.deadlines().set(*this, deadline);
}
void Stream::clear_deadline() { DeadlineWheel::clear(*this); }
void Stream::on_deadline() { fail_present_operation(FailureKind::Timeout); }
void Stream::cancel() { fail_present_operation(FailureKind::Cancelled); }
void Stream::on_peer_closed(Watch::Waiter* waiter) { watch_->hangup = waiter; }

void Stream::break_off() {
  reset_on_close();
  Watch& watch = *watch_;  // is in memory until the round is over, even if this stream is destroyed by who hears of it
  const bool was_there = !std::exchange(watch.peer_closed, true);
  if (was_there && watch.hangup != nullptr) watch.hangup->on_ready();
  if (watch.descriptor >= 0 && watch.reader != nullptr) watch.reader->on_ready();
  if (watch.descriptor >= 0 && watch.writer != nullptr) watch.writer->on_ready();
}

bool Stream::is_quiet() {
  if (watch_->peer_closed || failure_) return false;
  if (!may_have_bytes()) return true;
  // Perhaps there is nothing: a read that filled its buffer (OpenSSL asks for the rest of a record exactly) does not tell
  // that the kernel has no more; and session tickets, which come when the server likes, are nobody's answer.
  std::array<char, 1> byte{};
  const Progress progress = peek(byte);
  return progress.attempt == Attempt::WaitForRead;
}

bool Stream::is_resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_.get()) == 1; }

void Stream::end_writing() {
  if (failure_) return;
  say_good_bye();
  ::shutdown(watch_->descriptor, SHUT_WR);
}

/// Of TLS, whose state is not needed any more then.
void Stream::say_good_bye() {
  if (ssl_ != nullptr && failure_ == std::nullopt) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // one try; the socket does not block
  }
  ssl_.reset();
}

void Stream::reset_on_close() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(watch_->descriptor, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  failure_ = FailureKind::Cancelled;  // and no good-bye of TLS, which would look like an orderly end
}

void Stream::fail_present_operation(FailureKind kind) {
  if (failure_ != FailureKind::Cancelled) failure_ = kind;
  if (present_ != nullptr) present_->on_ready();
}

// --- what can be done at once ----------------------------------------------------------------------------------------

bool Stream::may_have_bytes() const {
  return watch_->readable || (ssl_ != nullptr && SSL_has_pending(ssl_.get()) == 1);
}

Stream::Progress Stream::read_now(std::span<char> buffer) { return ssl_ != nullptr ? read_tls(buffer) : read_plain(buffer); }

Stream::Progress Stream::read_plain(std::span<char> buffer) {
  while (watch_->readable) {
    const ssize_t count = ::recv(watch_->descriptor, buffer.data(), buffer.size(), 0);
    if (count >= 0) {
      // Less than asked for: the kernel has no more, and the next byte brings a new edge (epoll(7)), unless the end is known.
      if (count > 0 && static_cast<std::size_t>(count) < buffer.size() && !watch_->peer_closed) watch_->readable = false;
      return {Attempt::Done, static_cast<std::size_t>(count)};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {Attempt::Done, 0, closed("read", errno)};
    watch_->readable = false;
  }
  return {Attempt::WaitForRead};
}

Stream::Progress Stream::read_tls(std::span<char> buffer) {
  if (!may_have_bytes()) return {Attempt::WaitForRead};
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
  if (result == 1) return {Attempt::Done, count};
  return tls_progress(result, "read");
}

Stream::Progress Stream::peek(std::span<char> buffer) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_peek_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
    return result == 1 ? Progress{Attempt::Done, count} : tls_progress(result, "read");
  }
  const ssize_t count = ::recv(watch_->descriptor, buffer.data(), buffer.size(), MSG_PEEK);
  if (count >= 0) return {Attempt::Done, static_cast<std::size_t>(count)};
  if (errno != EAGAIN && errno != EWOULDBLOCK) return {Attempt::Done, 0, closed("read", errno)};
  watch_->readable = false;
  return {Attempt::WaitForRead};
}

Stream::Progress Stream::write_plain(std::span<const iovec> pieces) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg does not write through it
  message.msg_iovlen = pieces.size();
  while (true) {
    // One piece, as each event of a stream is, has less to be fetched from user space.
    const ssize_t count = pieces.size() == 1 ? ::send(watch_->descriptor, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                                             : ::sendmsg(watch_->descriptor, &message, MSG_NOSIGNAL);
    if (count >= 0) return {Attempt::Done, static_cast<std::size_t>(count)};
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {Attempt::Done, 0, closed("write", errno)};
    watch_->writable = false;
    return {Attempt::WaitForWrite};
  }
}

Stream::Progress Stream::write_tls(std::string_view bytes) {
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
  if (result == 1) return {Attempt::Done, count};
  return tls_progress(result, "write");
}

Stream::Progress Stream::tls_progress(int result, std::string_view doing) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: watch_->readable = false; return {Attempt::WaitForRead};
    case SSL_ERROR_WANT_WRITE: watch_->writable = false; return {Attempt::WaitForWrite};
    case SSL_ERROR_ZERO_RETURN: return {Attempt::Done, 0};
    case SSL_ERROR_SYSCALL: return {Attempt::Done, 0, closed(doing, saved_errno == 0 ? ECONNRESET : saved_errno)};
    default: break;
  }
  // OpenSSL 3 reports a connection that ended without close_notify as an error of its own: to us a truncation.
  const unsigned long code = ERR_peek_error();
  if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return {Attempt::Done, 0, closed(doing, ECONNRESET)};
  }
  return {Attempt::Done, 0,
          Failure{FailureKind::Tls, Origin::Upstream, Retry::OtherTarget, std::nullopt,
                  fmt::format("tls {}: {}", doing, take_tls_failure(*ssl_))}};
}

// --- the operations --------------------------------------------------------------------------------------------------

bool Stream::Operation::advance() {
  if (stream_.failure_) {
    const bool timeout = *stream_.failure_ == FailureKind::Timeout;
    fail(Failure{*stream_.failure_, Origin::Gateway, Retry::OtherTarget, std::nullopt,
                 timeout ? "the deadline passed" : "cancelled"});
    waiting_for_ = Attempt::Done;
  } else {
    waiting_for_ = attempt();
  }
  return waiting_for_ == Attempt::Done;
}

void Stream::Operation::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  attached_ = true;
  stream_.present_ = this;
  Watch& watch = *stream_.watch_;
  if (hears_both_) watch.reader = watch.writer = this;
  else (waiting_for_ == Attempt::WaitForRead ? watch.reader : watch.writer) = this;
}

void Stream::Operation::on_ready() {
  const std::coroutine_handle<> waiter = waiter_;
  detach();
  if (advance()) {
    waiter.resume();
  } else {
    await_suspend(waiter);
  }
}

void Stream::Operation::detach() {
  if (!attached_) return;
  attached_ = false;
  stream_.present_ = nullptr;
  if (stream_.watch_->reader == this) stream_.watch_->reader = nullptr;
  if (stream_.watch_->writer == this) stream_.watch_->writer = nullptr;
}

Stream::Attempt Stream::Read::attempt() {
  if (lender_ != nullptr) {
    if (!stream_.may_have_bytes()) return Attempt::WaitForRead;
    buffer_ = lender_->lend();
  }
  Progress progress = stream_.read_now(buffer_);
  if (lender_ != nullptr && progress.attempt != Attempt::Done) lender_->take_back();
  if (progress.failure) {
    fail(std::move(*progress.failure));
  } else {
    result_ = progress.bytes;
  }
  return progress.attempt;
}

Stream::Attempt Stream::Readable::attempt() {
  return stream_.may_have_bytes() ? Attempt::Done : Attempt::WaitForRead;
}

Stream::Write::Write(Stream& stream, std::string_view first, std::string_view second, std::string_view third)
    : Operation(stream) {
  for (const std::string_view text : {first, second, third}) {
    if (!text.empty()) pieces_[end_++] = iovec{const_cast<char*>(text.data()), text.size()};  // only read from
  }
}

bool Stream::Write::await_ready() {
  if (!stream_.reactor_.puts_writes_off() || stream_.failure_ || first_ == end_) return Operation::await_ready();
  waiting_for_ = Attempt::WaitForWrite;
  stream_.reactor_.put_off(*stream_.watch_);
  return false;
}

void Stream::Write::consume(std::size_t bytes) {
  while (first_ < end_ && bytes >= pieces_[first_].iov_len) {
    bytes -= pieces_[first_].iov_len;
    ++first_;
  }
  if (first_ == end_) return;
  pieces_[first_].iov_base = static_cast<char*>(pieces_[first_].iov_base) + bytes;
  pieces_[first_].iov_len -= bytes;
}

bool Stream::Write::is_answered() {
  if (!stream_.may_have_bytes()) return false;
  // A session ticket of TLS is no answer.
  std::array<char, 1> byte{};
  return stream_.peek(byte).attempt == Attempt::Done;
}

Stream::Attempt Stream::Write::attempt() {
  const Attempt done = stream_.ssl_ != nullptr ? attempt_tls() : attempt_plain();
  hears_both_ = done != Attempt::Done && stream_.answers_end_writes_;
  if (hears_both_ && is_answered()) {
    fail(closed("write: the peer answers already", EPIPE));
    return Attempt::Done;
  }
  return done;
}

Stream::Attempt Stream::Write::attempt_plain() {
  while (first_ < end_) {
    Progress progress = stream_.write_plain(std::span(pieces_).subspan(first_, end_ - first_));
    if (progress.failure) fail(std::move(*progress.failure));
    if (progress.attempt != Attempt::Done || !result_) return progress.attempt;
    consume(progress.bytes);
  }
  return Attempt::Done;
}

Stream::Attempt Stream::Write::attempt_tls() {
  while (true) {
    if (record_sent_ == record_.size()) {
      record_.clear();
      record_sent_ = 0;
      if (first_ == end_) return Attempt::Done;
      if (end_ - first_ > 1) consume(gather(std::span(pieces_).subspan(first_, end_ - first_), record_));
    }
    // One piece alone is encrypted from where it lies.
    const bool is_gathered = !record_.empty();
    const std::string_view bytes = is_gathered ? std::string_view(record_).substr(record_sent_)
                                               : std::string_view(static_cast<const char*>(pieces_[first_].iov_base), pieces_[first_].iov_len);
    Progress progress = stream_.write_tls(bytes);
    if (progress.failure) fail(std::move(*progress.failure));
    if (progress.attempt != Attempt::Done || !result_) return progress.attempt;
    if (is_gathered) {
      record_sent_ += progress.bytes;
    } else {
      consume(progress.bytes);
    }
  }
}

Stream::Attempt Stream::Handshake::attempt() {
  ERR_clear_error();
  const int done = SSL_do_handshake(stream_.ssl_.get());
  if (done == 1) return Attempt::Done;
  Progress progress = stream_.tls_progress(done, "handshake");
  if (progress.attempt == Attempt::Done && !progress.failure) progress.failure = closed("tls handshake", ECONNRESET);
  if (progress.failure) fail(std::move(*progress.failure));
  return progress.attempt;
}

}  // namespace tidegate::net
