// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/shadow_board.h"
#include "gateway/shadow_port.h"

#include <cstddef>
#include <string_view>
#include <utility>

namespace tidegate::app {

/// A worker's way to the board that decides about shadow traffic.
class WorkerShadow final : public gateway::ShadowPort {
 public:
  WorkerShadow(ShadowBoard& board, std::size_t worker) : board_(board), worker_(worker) {}

  ProviderId drawn(std::string_view request_id, std::string_view session) override { return board_.drawn(request_id, session); }
  bool may_send(const monitor::ShadowQuestion& question, Now now) override { return board_.ask(question, now) == monitor::ShadowDecision::Send; }
  void finished(Money estimate, monitor::ShadowSample sample, Now now) override { board_.finish(worker_, estimate, std::move(sample), now); }
  void abandoned(Money estimate, Money cost, Now now) override { board_.abandon(estimate, cost, now); }

 private:
  ShadowBoard& board_;
  std::size_t worker_;
};

}  // namespace tidegate::app
