// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/resolver.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace tidegate::net {

/// One coroutine's wait for an answer. Shared, because the answer may come after the coroutine gave up: `waiter` is then empty.
/// Touched on the reactor's thread only.
struct Resolver::Waiting final : DeadlineEntry {
  std::coroutine_handle<> waiter;
  std::optional<Result<std::vector<Address>>> result;

  void finish(Result<std::vector<Address>> with) {
    if (result) return;
    result = std::move(with);
    if (waiter) std::exchange(waiter, nullptr).resume();
  }
  void on_deadline() override {
    finish(fail(FailureKind::Timeout, Origin::Upstream, "the name was not resolved in time", Retry::OtherTarget));
  }
};

Resolver::Resolver(const Clock& clock, Lookup lookup)
    : clock_(clock), lookup_(std::move(lookup)), thread_([this] { work(); }) {}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Task<Result<std::vector<Address>>> Resolver::resolve(Reactor& reactor, std::string host, std::uint16_t port,
                                                     SteadyTime deadline) {
  if (const auto literal = parse_address(host, port)) co_return std::vector<Address>{*literal};
  auto waiting = std::make_shared<Waiting>();
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(Key{host, port});
    if (known != known_.end() && reactor.now().steady - known->second.read_at < kFresh) co_return known->second.addresses;
    questions_.push_back(Question{host, port, &reactor, waiting});
  }
  changed_.notify_one();
  reactor.deadlines().set(*waiting, deadline);

  struct Wait {
    Waiting& waiting;
    [[nodiscard]] bool await_ready() const { return waiting.result.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) const { waiting.waiter = waiter; }
    void await_resume() const {}
    ~Wait() { waiting.waiter = nullptr; }
  };
  Wait wait{*waiting};
  co_await wait;
  DeadlineWheel::clear(*waiting);
  co_return std::move(*waiting->result);
}

void Resolver::work() {
  while (true) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
      if (stopping_) return;
      question = std::move(questions_.front());
      questions_.pop_front();
    }
    auto result = std::make_shared<Result<std::vector<Address>>>(answer(question));
    question.reactor->post([waiting = std::move(question.waiting), result] { waiting->finish(std::move(*result)); });
  }
}

Result<std::vector<Address>> Resolver::answer(const Question& question) {
  const Key key{question.host, question.port};
  const SteadyTime now = clock_.now().steady;
  {
    const std::lock_guard lock(mutex_);
    // Several workers may have asked for one name while it was being looked up.
    const auto known = known_.find(key);
    if (known != known_.end() && now - known->second.read_at < kFresh) return known->second.addresses;
  }
  auto found = lookup_(question.host, question.port);
  const std::lock_guard lock(mutex_);
  if (found) {
    known_[key] = Known{*found, now};
  } else if (const auto known = known_.find(key); known != known_.end()) {
    return known->second.addresses;
  }
  return found;
}

}  // namespace tidegate::net
