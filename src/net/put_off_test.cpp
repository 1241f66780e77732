// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Writes of one round of the event loop, which leave together when its events have been dealt with.
#include "net/stream.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::net {
namespace {

/// A stream of the reactor and the other end of its connection, which has sent a byte already: so that all pairs are
/// reported in the first round.
class Pair {
 public:
  explicit Pair(Reactor& reactor) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    stream = std::make_unique<Stream>(reactor, ends[0]);
    peer_ = ends[1];
    EXPECT_EQ(::write(peer_, "?", 1), 1);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() { ::close(peer_); }

  [[nodiscard]] std::string received() const {
    std::array<char, 64> buffer{};
    const ssize_t count = ::recv(peer_, buffer.data(), buffer.size(), 0);
    return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string{};
  }

  std::unique_ptr<Stream> stream;

 private:
  int peer_ = -1;
};

class PutOffTest : public testing::Test {
 protected:
  /// Answers its byte, and says when.
  Task<void> answer(Stream& stream, char name) {
    std::array<char, 8> buffer{};
    Result<std::size_t> count = co_await stream.read_some(buffer);
    EXPECT_TRUE(count.has_value());
    notes_ += std::string("read ") + name + ' ';
    Result<void> written = co_await stream.write("answer to ", std::string_view(&name, 1));
    notes_ += std::string(written ? "wrote " : "failed ") + name + ' ';
    if (!written) failure_ = written.error().kind;
    if (--left_ == 0) reactor_.stop();
  }

  /// Once its own byte has come, which is after the other's, does that to the other.
  Task<void> interfere(Stream& stream, void (*what)(std::unique_ptr<Stream>&), std::unique_ptr<Stream>& other) {
    std::array<char, 8> buffer{};
    Result<std::size_t> count = co_await stream.read_some(buffer);
    EXPECT_TRUE(count.has_value());
    notes_ += "interfered ";
    what(other);
    if (--left_ == 0) reactor_.stop();
  }

  SystemClock clock_;
  Reactor reactor_{clock_};
  std::string notes_;
  std::optional<FailureKind> failure_;
  int left_ = 0;
};

TEST_F(PutOffTest, WritesAfterAllEventsOfTheRoundHaveBeenDealtWith) {
  Pair a(reactor_);
  Pair b(reactor_);
  left_ = 2;
  reactor_.spawn(answer(*a.stream, 'a'));
  reactor_.spawn(answer(*b.stream, 'b'));
  reactor_.run();
  EXPECT_EQ(notes_, "read a read b wrote a wrote b ");
  EXPECT_EQ(a.received(), "answer to a");
  EXPECT_EQ(b.received(), "answer to b");
}

TEST_F(PutOffTest, WritesAtOnceWhereTheRoundHasOneEvent) {
  Pair a(reactor_);
  left_ = 1;
  reactor_.spawn(answer(*a.stream, 'a'));
  reactor_.run();
  EXPECT_EQ(notes_, "read a wrote a ");
  EXPECT_FALSE(reactor_.puts_writes_off());
}

TEST_F(PutOffTest, KeepsNoWriteForMoreThanAFewOthers) {
  std::vector<std::unique_ptr<Pair>> pairs;
  left_ = 60;
  for (int i = 0; i < left_; ++i) {
    pairs.push_back(std::make_unique<Pair>(reactor_));
    reactor_.spawn(answer(*pairs.back()->stream, i == 0 ? 'f' : i == 59 ? 'l' : '.'));
  }
  reactor_.run();
  EXPECT_LT(notes_.find("wrote f"), notes_.find("read l"));
  for (const auto& pair : pairs) EXPECT_EQ(pair->received().substr(0, 10), "answer to ");
}

TEST_F(PutOffTest, WritesNothingWhenTheStreamIsCancelledBeforeItsTurn) {
  Pair a(reactor_);
  Pair b(reactor_);
  left_ = 2;
  reactor_.spawn(answer(*a.stream, 'a'));
  reactor_.spawn(interfere(
      *b.stream, [](std::unique_ptr<Stream>& other) { other->cancel(); }, a.stream));
  reactor_.run();
  EXPECT_EQ(notes_, "read a interfered failed a ");
  EXPECT_EQ(failure_, FailureKind::Cancelled);
  EXPECT_EQ(a.received(), "");
}

Task<void> read_then_write(Reactor& reactor, std::unique_ptr<Stream> owned, std::string& notes) {
  std::array<char, 8> buffer{};
  Result<std::size_t> count = co_await owned->read_some(buffer);
  notes += count ? "read " : "nothing ";
  Result<void> written = co_await owned->write("never");
  notes += "resumed ";
  reactor.stop();
}

Task<void> destroy_when_read(Reactor& reactor, Stream& stream, std::unique_ptr<Task<void>>& other) {
  std::array<char, 8> buffer{};
  Result<std::size_t> count = co_await stream.read_some(buffer);
  EXPECT_TRUE(count.has_value());
  other.reset();
  reactor.stop();
}

Task<void> run_held(std::unique_ptr<Task<void>>& task) {
  // Not to be resumed any more once what it waits for is gone; the reactor destroys it at its end.
  co_await *task;
}

TEST_F(PutOffTest, ForgetsAWriteWhoseStreamIsDestroyedBeforeItsTurn) {
  Pair a(reactor_);
  Pair b(reactor_);
  auto writing = std::make_unique<Task<void>>(read_then_write(reactor_, std::move(a.stream), notes_));
  reactor_.spawn(run_held(writing));
  reactor_.spawn(destroy_when_read(reactor_, *b.stream, writing));
  reactor_.run();
  EXPECT_EQ(notes_, "read ");
  EXPECT_EQ(a.received(), "");
}

}  // namespace
}  // namespace tidegate::net
