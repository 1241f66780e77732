// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/deadline_wheel.h"
#include "net/reactor.h"
#include "net/stream.h"

namespace tidegate::gateway {

// What wakes a request that waits for something else: each sets the event, from its making to its end. The reactor's thread only.

/// The client has left.
class LeaveSignal final : public net::Watch::Waiter {
 public:
  LeaveSignal(net::Stream& client, net::Event& event) : client_(client), event_(event) { client_.on_peer_closed(this); }
  LeaveSignal(const LeaveSignal&) = delete;
  LeaveSignal& operator=(const LeaveSignal&) = delete;
  ~LeaveSignal() { client_.on_peer_closed(nullptr); }

 private:
  void on_ready() override { event_.set(); }

  net::Stream& client_;
  net::Event& event_;
};

/// A moment has passed; SteadyTime::max(): never.
class TimeSignal final : public net::DeadlineEntry {
 public:
  TimeSignal(net::DeadlineWheel& wheel, net::Event& event, SteadyTime at) : event_(event) {
    if (at != SteadyTime::max()) wheel.set(*this, at);
  }

 private:
  void on_deadline() override { event_.set(); }

  net::Event& event_;
};

}  // namespace tidegate::gateway
