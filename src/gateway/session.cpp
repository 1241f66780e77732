// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/session.h"

#include "gateway/incoming.h"
#include "gateway/journey.h"
#include "gateway/worker.h"

#include <utility>

namespace tidegate::gateway {

namespace {

/// The connection as its worker sees it while draining.
class Membership final : public Worker::Member {
 public:
  Membership(Worker& worker, net::Stream& stream, const Incoming& incoming)
      : worker_(worker), stream_(stream), incoming_(incoming) {
    worker_.join(*this);
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() {
    worker_.leave(*this);
    worker_.shared().connections.give_back();  // what the listener took for it
  }

  void drain() override {
    if (incoming_.is_idle()) stream_.cancel();
  }
  void cut() override { stream_.break_off(); }

 private:
  Worker& worker_;
  net::Stream& stream_;
  const Incoming& incoming_;
};

/// One request, from its head to its record; its memory goes with it. False: the connection is over.
net::Task<bool> travel(Worker& worker, std::shared_ptr<const Setup> setup, net::Stream& stream, Incoming& incoming,
                       Incoming::Got got) {
  Journey journey(worker, std::move(setup), stream, incoming);
  if (got == Incoming::Got::Refused) {
    net::Task<void> refusing = journey.refuse_unread(incoming.refusal());
    co_await refusing;
    co_return false;
  }
  net::Task<bool> travelling = journey.run();
  const bool goes_on = co_await travelling;
  co_return goes_on;
}

}  // namespace

net::Task<void> serve(Worker& worker, std::unique_ptr<net::Stream> owned) {
  net::Stream& stream = *owned;
  Incoming incoming(stream, worker.pool().buffers(), worker.setup()->limits);
  const Membership membership(worker, stream, incoming);

  if (const auto tls = worker.setup()->tls; tls != nullptr) {
    stream.set_deadline(worker.reactor().now().steady + worker.setup()->limits.head_timeout);
    net::Stream::Handshake handshake = stream.handshake(tls->open());
    Result<void> secured = co_await handshake;
    if (!secured) co_return;  // a client that cannot speak our TLS gets no answer it could read
  }
  while (true) {
    const net::ServerLimits limits = worker.setup()->limits;  // an idle connection holds no setup
    net::Task<Incoming::Got> receiving = incoming.next_head(limits);
    const Incoming::Got got = co_await receiving;
    if (got == Incoming::Got::Nothing) co_return;
    // Whatever was swapped while the connection was idle takes effect here: a request keeps the setup it begins with.
    net::Task<bool> travelling = travel(worker, worker.setup(), stream, incoming, got);
    const bool goes_on = co_await travelling;
    if (!goes_on && !incoming.is_complete()) {
      net::Task<void> lingering = incoming.linger();
      co_await lingering;
    }
    if (!goes_on || worker.draining()) co_return;
    incoming.done();
  }
}

}  // namespace tidegate::gateway
