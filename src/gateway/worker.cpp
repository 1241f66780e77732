// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/worker.h"

#include "base/glob.h"
#include "gateway/session.h"

#include <algorithm>
#include <utility>

namespace tidegate::gateway {

namespace {

constexpr Nanoseconds kLongestCut = Seconds(1);  ///< for requests that are broken off to be recorded

}  // namespace

void Setup::lay_routes() {
  std::vector<routing::RouteTable::ProviderRow> rows;
  for (const auto& provider : providers) rows.push_back({provider->id().text(), provider->options().dialect});
  const bool is_one = !rows.empty() && std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return row.dialect == rows.front().dialect; });
  only_dialect = is_one ? std::optional(rows.front().dialect) : std::nullopt;
  routes = routing::RouteTable(options.routes, std::move(rows));
}

Worker::Worker(const Clock& clock, Shared shared, OutcomeSink& sink, std::shared_ptr<const Setup> setup, std::uint32_t number)
    : reactor_(clock), shared_(shared), sink_(sink), setup_(std::move(setup)), pool_(reactor_, shared.resolver, [this](const upstream::Provider& provider) { sink_.upstream_connected(provider.id()); }),
      rooms_(shared.rooms),
      id_prefix_((static_cast<std::uint64_t>(unix_nanoseconds(clock.now().wall)) / 1'000'000) << 8 | (number & 0xff)) {
  if (shared.steering != nullptr) steering_.emplace(*shared.steering);
}

Worker::~Worker() {
  shared_.connections.forget(*this);
  reactor_.abandon_tasks();  // they hold on to the other members
}

void Worker::run() {
  reactor_.run();
  reactor_.abandon_tasks();
}

Result<std::uint16_t> Worker::listen(const net::ListenOptions& options) {
  auto listener = net::Listener::open(reactor_, options, [this](int descriptor) { accept(descriptor); }, this);
  if (!listener) return fail(listener);
  listener_ = std::move(*listener);
  return listener_->address().port();
}

void Worker::accept(int descriptor) {
  reactor_.spawn(serve(*this, std::make_unique<net::Stream>(reactor_, descriptor)));
}

void Worker::adopt(std::shared_ptr<const Setup> setup, std::function<void()> taken) {
  reactor_.post([this, setup = std::move(setup), taken = std::move(taken)]() mutable {
    setup_ = std::move(setup);
    pool_.keep_only(setup_->providers);  // what else is idle leads to former destinations
    let_in();  // by another limit, perhaps
    if (taken) taken();
  });
}

void Worker::begin_drain(Nanoseconds timeout) {
  reactor_.post([this, timeout] {
    if (draining_) return;
    draining_ = true;
    listener_.reset();
    tell_members(&Member::drain);
    reactor_.spawn(cut_after(timeout));
    stop_if_drained();
  });
}

net::Task<void> Worker::cut_after(Nanoseconds timeout) {
  net::Reactor::Sleep sleep = reactor_.sleep_for(timeout);
  co_await sleep;
  cutting_ = true;
  tell_members(&Member::cut);
  // They end by themselves, and with the last of them the worker; who waits for what cannot be broken off is not waited for.
  net::Reactor::Sleep last = reactor_.sleep_for(kLongestCut);
  co_await last;
  reactor_.stop();
}

void Worker::tell_members(void (Member::*what)()) {
  // Who is told may leave at once, and have others leave.
  const std::vector<Member*> members(members_.begin(), members_.end());
  for (Member* member : members) {
    if (members_.contains(member)) (member->*what)();
  }
}

void Worker::join(Member& member) {
  members_.insert(&member);
  open_connections_.store(members_.size(), std::memory_order_relaxed);
}

void Worker::leave(Member& member) {
  members_.erase(&member);
  open_connections_.store(members_.size(), std::memory_order_relaxed);
  stop_if_drained();
}

void Worker::stop_if_drained() {
  if (draining_ && members_.empty()) reactor_.stop();
}

std::string Worker::new_request_id() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id = "req_tg00000000000000000000";
  const auto put = [&id, kHex](std::size_t end, std::size_t digits, std::uint64_t value) {
    for (; digits > 0; --digits, value >>= 4) id[--end] = kHex[value & 0xf];
  };
  put(id.size() - 6, 14, id_prefix_);
  put(id.size(), 6, next_id_++);
  return id;
}

}  // namespace tidegate::gateway
