// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "bench/storm/policy.h"
#include "quota/room.h"

#include <map>
#include <vector>

namespace tidegate::storm {

/// The gateway's own engine. `Clairvoyant` gives the same scheduler the true levels and the true sizes: what is lost to it is lost to
/// not knowing.
class RoomPolicy final : public Policy {
 public:
  enum class Sight : std::uint8_t { Ordinary, Clairvoyant };
  RoomPolicy(const Surroundings& surroundings, Sight sight);

  void arrive(SteadyTime now, CallId call, const Call& what) override;
  void refused(SteadyTime now, CallId call, std::size_t key, const Turned& refusal) override;
  void head(SteadyTime now, CallId call, const Head& head) override;
  void produced(SteadyTime now, CallId call, double tokens) override;
  void ended(SteadyTime now, CallId call) override;
  void left(SteadyTime now, CallId call) override;
  void woken(SteadyTime now) override;
  [[nodiscard]] std::size_t waiting() const override { return room_.waiting(); }
  [[nodiscard]] std::size_t stuck() const override;
  [[nodiscard]] const quota::Room& room() const { return room_; }

 private:
  static quota::RoomSettings settings(Sight sight);
  void pump(SteadyTime now);
  void overflow(CallId call, double wait_seconds);
  void see_true_levels(SteadyTime now);
  [[nodiscard]] quota::RequestId request_of(CallId call) const { return requests_[call]; }
  [[nodiscard]] CallId call_of(quota::RequestId request) const { return calls_[request.slot]; }

  Surroundings surroundings_;
  Sight sight_;
  quota::Room room_;
  std::vector<quota::RequestId> requests_;  ///< by call
  std::vector<CallId> calls_;               ///< by slot
  std::map<std::size_t, std::size_t> bucket_of_organisation_;
  std::vector<std::size_t> key_of_call_;
  std::vector<quota::Decision> decisions_;
};

/// What a 429 or 529 means, by its words.
[[nodiscard]] quota::Refusal read_refusal(const Turned& refusal);

}  // namespace tidegate::storm
