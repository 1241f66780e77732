// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace tidegate::upstream {

/// For tests: a redis-server of one's own on a Unix socket, without a port, that ends with this object. One thread.
class RealRedis {
 public:
  explicit RealRedis(std::vector<std::string> more_arguments = {}) : more_(std::move(more_arguments)) {
    std::signal(SIGPIPE, SIG_IGN);  // as every program of ours does
    std::string name = (std::filesystem::temp_directory_path() / "tidegate-redis-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    folder_ = name;
    start();
  }
  RealRedis(const RealRedis&) = delete;
  RealRedis& operator=(const RealRedis&) = delete;
  ~RealRedis() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string socket() const { return (folder_ / "redis.sock").string(); }

  /// Empty, at the same place as before. Returns when it serves.
  void start() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    std::vector<std::string> arguments{"redis-server", "--port",       "0",      "--unixsocket", socket(), "--save", "",
                                       "--dir",        folder_.string(), "--daemonize", "no"};
    arguments.insert(arguments.end(), more_.begin(), more_.end());
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execvp(pointers[0], pointers.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    std::string said;
    std::array<char, 4'096> piece{};
    while (said.find("eady to accept connections") == std::string::npos) {
      const ssize_t count = ::read(ends[0], piece.data(), piece.size());
      if (count <= 0) throw std::runtime_error("redis-server did not start: " + said);
      said.append(piece.data(), static_cast<std::size_t>(count));
    }
    // It logs on into the pipe, which holds more than a test makes it say.
    if (log_ >= 0) ::close(log_);
    log_ = ends[0];
  }
  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = 0;
  }

  /// What it answers: a text, a number as text, or the elements of a list with blanks between.
  std::string ask(const std::vector<std::string>& words) {
    const std::unique_ptr<redisContext, void (*)(redisContext*)> connection(redisConnectUnix(socket().c_str()), redisFree);
    std::vector<const char*> pointers;
    std::vector<std::size_t> lengths;
    for (const std::string& word : words) {
      pointers.push_back(word.data());
      lengths.push_back(word.size());
    }
    const std::unique_ptr<redisReply, void (*)(void*)> reply(
        static_cast<redisReply*>(
            redisCommandArgv(connection.get(), static_cast<int>(words.size()), pointers.data(), lengths.data())),
        freeReplyObject);
    if (reply == nullptr) throw std::runtime_error(connection->errstr);
    if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
    if (reply->type != REDIS_REPLY_ARRAY) return {reply->str, reply->len};
    std::string elements;
    for (std::size_t i = 0; i < reply->elements; ++i) {
      elements += (i > 0 ? " " : "") + std::string(reply->element[i]->str, reply->element[i]->len);
    }
    return elements;
  }

 private:
  std::vector<std::string> more_;
  std::filesystem::path folder_;
  pid_t pid_ = 0;
  int log_ = -1;
};

}  // namespace tidegate::upstream
