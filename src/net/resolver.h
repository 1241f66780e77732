// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/address.h"
#include "net/reactor.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::net {

/// Looks names up on a thread of its own, because the system's resolver blocks. Answers are kept for 30 s, and an old answer
/// serves on while the resolver fails: a DNS outage does not stop traffic to a known provider. Any thread.
class Resolver {
 public:
  using Lookup = std::function<Result<std::vector<Address>>(const std::string& host, std::uint16_t port)>;
  /// `lookup` is called on the resolver's own thread; tests give one of theirs.
  explicit Resolver(const Clock& clock, Lookup lookup = resolve_blocking);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  /// Failure: Resolve | Timeout (at `deadline`, wheel precision).
  [[nodiscard]] Task<Result<std::vector<Address>>> resolve(Reactor& reactor, std::string host, std::uint16_t port,
                                                           SteadyTime deadline);

  static constexpr Nanoseconds kFresh = Seconds(30);

 private:
  struct Waiting;
  struct Question {
    std::string host;
    std::uint16_t port;
    Reactor* reactor;
    std::shared_ptr<Waiting> waiting;
  };
  struct Known {
    std::vector<Address> addresses;
    SteadyTime read_at;
  };
  using Key = std::pair<std::string, std::uint16_t>;

  void work();
  [[nodiscard]] Result<std::vector<Address>> answer(const Question& question);

  const Clock& clock_;
  Lookup lookup_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Question> questions_;  ///< guarded by mutex_
  std::map<Key, Known> known_;      ///< guarded by mutex_; as many entries as providers have hosts
  bool stopping_ = false;           ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace tidegate::net
