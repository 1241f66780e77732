// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Against a real redis-server, which each test starts and ends.
#include "upstream/redis_keys/redis_list.h"

#include "upstream/redis_keys/real_redis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

namespace tidegate::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

KeyListOptions list_at(const std::string& socket, const std::string& list = "claude_keys") {
  KeyListOptions options;
  options.url = "unix://" + socket + "#" + list;
  options.socket = socket;
  options.list = list;
  return options;
}

std::string texts(const Result<KeyReading>& reading) {
  if (!reading) return reading.error().detail;
  std::string out;
  for (const Secret& key : reading->keys) out += (out.empty() ? "" : " ") + std::string(key.reveal());
  return out;
}

TEST(RedisList, GivesTheKeysOfTheList) {
  RealRedis redis;
  redis.ask({"RPUSH", "claude_keys", "sk-ant-one", "sk-ant-two\n"});
  RedisList list(list_at(redis.socket()));
  EXPECT_EQ(texts(list.read()), "sk-ant-one sk-ant-two");
  redis.ask({"RPUSH", "claude_keys", "sk-ant-three", "no key"});
  redis.ask({"LPOP", "claude_keys"});
  const Result<KeyReading> reading = list.read();
  EXPECT_EQ(texts(reading), "sk-ant-two sk-ant-three");
  EXPECT_EQ(reading->unusable, 1U);
  EXPECT_EQ(redis.ask({"LRANGE", "claude_keys", "0", "-1"}), "sk-ant-two\n sk-ant-three no key") << "only read";
}

TEST(RedisList, IsEmptyWhereNothingIs) {
  RealRedis redis;
  RedisList list(list_at(redis.socket()));
  const Result<KeyReading> reading = list.read();
  ASSERT_TRUE(reading) << reading.error().detail;
  EXPECT_TRUE(reading->keys.empty());
}

TEST(RedisList, ReadsTheDatabaseThatIsNamed) {
  RealRedis redis;
  redis.ask({"RPUSH", "claude_keys", "sk-ant-of-0"});
  redis.ask({"RPUSH", "other", "sk-ant-of-3"});
  redis.ask({"RENAME", "other", "claude_keys_3"});
  redis.ask({"MOVE", "claude_keys_3", "3"});
  KeyListOptions options = list_at(redis.socket(), "claude_keys_3");
  options.database = 3;
  EXPECT_EQ(texts(RedisList(options).read()), "sk-ant-of-3");
  options.database = 99;
  EXPECT_THAT(texts(RedisList(options).read()), HasSubstr("DB index is out of range"));
}

TEST(RedisList, TurnsTheListByOneWithEachReadingIfItIsTo) {
  RealRedis redis;
  redis.ask({"RPUSH", "claude_keys", "a", "b", "c"});
  KeyListOptions options = list_at(redis.socket());
  options.rotate = true;
  RedisList list(options);
  EXPECT_EQ(texts(list.read()), "a b c");
  EXPECT_EQ(redis.ask({"LRANGE", "claude_keys", "0", "-1"}), "b c a");
  EXPECT_EQ(texts(list.read()), "b c a");
  EXPECT_EQ(redis.ask({"LRANGE", "claude_keys", "0", "-1"}), "c a b");
}

TEST(RedisList, SaysWhyItCannotTurnAndReadsAllTheSame) {
  RealRedis redis;
  redis.ask({"RPUSH", "claude_keys", "a", "b"});
  redis.ask({"ACL", "SETUSER", "reader", "on", ">s3cr3t", "~*", "+lrange"});
  KeyListOptions options = list_at(redis.socket());
  options.user = "reader";
  options.password = Secret("s3cr3t");
  options.password_name = "REDIS_PASSWORD";
  options.rotate = true;
  RedisList list(options);
  const Result<KeyReading> reading = list.read();
  EXPECT_EQ(texts(reading), "a b");
  ASSERT_TRUE(reading);
  EXPECT_THAT(reading->rotation_trouble, HasSubstr("NOPERM"));
  EXPECT_EQ(redis.ask({"LRANGE", "claude_keys", "0", "-1"}), "a b");
}

TEST(RedisList, NeedsLmoveToTurn) {
  RealRedis redis({"--rename-command", "LMOVE", ""});  // as a Redis before 6.2
  redis.ask({"RPUSH", "claude_keys", "a", "b"});
  KeyListOptions options = list_at(redis.socket());
  options.rotate = true;
  const Result<KeyReading> reading = RedisList(options).read();
  ASSERT_TRUE(reading);
  EXPECT_THAT(reading->rotation_trouble, HasSubstr("does not know LMOVE, which came with Redis 6.2"));
}

TEST(RedisList, NamesTheTypeOfWhatIsNoList) {
  RealRedis redis;
  redis.ask({"SADD", "claude_keys", "sk-ant-one"});
  const Result<KeyReading> reading = RedisList(list_at(redis.socket())).read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().kind, FailureKind::InvalidInput);
  EXPECT_THAT(reading.error().detail, HasSubstr("'claude_keys' holds a value of type set, not a list"));
}

TEST(RedisList, RefusesMoreThanAThousandKeys) {
  RealRedis redis;
  std::vector<std::string> push{"RPUSH", "claude_keys"};
  for (int i = 0; i < 1'000; ++i) push.push_back("sk-ant-" + std::to_string(i));
  redis.ask(push);
  RedisList list(list_at(redis.socket()));
  EXPECT_TRUE(list.read());
  redis.ask({"RPUSH", "claude_keys", "sk-ant-more"});
  const Result<KeyReading> reading = list.read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().kind, FailureKind::TooLarge);
}

TEST(RedisList, AsksForThePasswordThatIsMissingAndNeverRepeatsOneThatIsWrong) {
  RealRedis redis({"--requirepass", "s3cr3t"});
  KeyListOptions options = list_at(redis.socket());
  const Result<KeyReading> without = RedisList(options).read();
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().kind, FailureKind::Denied);
  EXPECT_THAT(without.error().detail, HasSubstr("set 'pool.password: {env: NAME}'"));
  options.password = Secret("wr0ng");
  options.password_name = "REDIS_PASSWORD";
  const Result<KeyReading> with_another = RedisList(options).read();
  ASSERT_FALSE(with_another);
  EXPECT_THAT(with_another.error().detail, HasSubstr("does not take the password in REDIS_PASSWORD (WRONGPASS)"));
  options.password = Secret("s3cr3t");
  EXPECT_EQ(texts(RedisList(options).read()), "");
}

TEST(RedisList, RepeatsNoPasswordThatAnUnknownCommandWouldTell) {
  RealRedis redis({"--rename-command", "AUTH", ""});
  KeyListOptions options = list_at(redis.socket());
  options.password = Secret("s3cr3t");
  options.password_name = "REDIS_PASSWORD";
  EXPECT_THAT(texts(RedisList(options).read()), Not(HasSubstr("s3cr3t")));
}

TEST(RedisList, ConnectsAgainWhereItsConnectionWasClosed) {
  RealRedis redis;
  redis.ask({"RPUSH", "claude_keys", "sk-ant-one"});
  RedisList list(list_at(redis.socket()));
  ASSERT_TRUE(list.read());
  redis.ask({"CLIENT", "KILL", "TYPE", "normal"});
  EXPECT_EQ(texts(list.read()), "sk-ant-one");
}

TEST(RedisList, SaysThatRedisIsAwayUntilItIsBack) {
  RealRedis redis;
  redis.ask({"RPUSH", "claude_keys", "sk-ant-one"});
  RedisList list(list_at(redis.socket()));
  ASSERT_TRUE(list.read());
  redis.kill();
  for (int i = 0; i < 2; ++i) {
    const Result<KeyReading> reading = list.read();
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().kind, FailureKind::Connect);
    EXPECT_THAT(reading.error().detail, HasSubstr("cannot connect (Connection refused)"));
  }
  redis.start();
  redis.ask({"RPUSH", "claude_keys", "sk-ant-two"});
  EXPECT_EQ(texts(list.read()), "sk-ant-two");
}

/// A Unix socket that accepts one connection and answers `words` to whatever it is asked; nothing if there are none.
class NoRedis {
 public:
  explicit NoRedis(std::string words) : words_(std::move(words)) {
    std::string name = (std::filesystem::temp_directory_path() / "tidegate-no-redis-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(address.sun_path, socket().c_str(), sizeof(address.sun_path) - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ::listen(listener_, 4);
    if (words_.empty()) return;
    thread_ = std::thread([this] {
      const int connection = ::accept(listener_, nullptr, nullptr);
      std::array<char, 256> asked{};
      if (::read(connection, asked.data(), asked.size()) > 0) (void)!::write(connection, words_.data(), words_.size());
      ::close(connection);
    });
  }
  ~NoRedis() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string socket() const { return (folder_ / "socket").string(); }

 private:
  std::string words_;
  std::filesystem::path folder_;
  int listener_ = -1;
  std::thread thread_;
};

TEST(RedisList, SaysThatSomethingElseAnswers) {
  const NoRedis server("HTTP/1.1 400 Bad Request\r\n\r\n");
  const Result<KeyReading> reading = RedisList(list_at(server.socket())).read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().kind, FailureKind::Protocol);
  EXPECT_THAT(reading.error().detail, HasSubstr("what answers there is no Redis"));
}

TEST(RedisList, WaitsASecondForAnAnswerAndNoLonger) {
  const NoRedis server("");
  const Result<KeyReading> reading = RedisList(list_at(server.socket())).read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().kind, FailureKind::Timeout);
  EXPECT_THAT(reading.error().detail, HasSubstr("no answer within 1s"));
}

}  // namespace
}  // namespace tidegate::upstream
