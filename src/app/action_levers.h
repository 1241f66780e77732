// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/spare_keys.h"
#include "gateway/steering.h"
#include "operations/levers.h"
#include "quota/book/room_book.h"
#include "store/operations_store.h"

#include <functional>
#include <map>
#include <string>

namespace tidegate::app {

/// What actions move in the gateway. No request waits for it: limits of tenants are read from the directory, rooms are told, the rest is on
/// boards. One thread.
class ActionLevers final : public operations::Levers {
 public:
  struct Ports {
    store::OperationsStore& store;
    quota::RoomBook& rooms;
    gateway::SteeringBoard& steering;
    SpareKeys& spare_keys;
    std::function<void(const ProviderId&)> keys_changed;  ///< the provider has other keys in rotation from now on
  };
  explicit ActionLevers(Ports ports) : ports_(std::move(ports)) {}

  [[nodiscard]] Result<std::string> move(const operations::ActionStep& step) override;

 private:
  [[nodiscard]] Result<std::string> move_limits(const operations::ActionStep& step);
  [[nodiscard]] std::string hold_batch(const operations::ActionStep& step);
  [[nodiscard]] std::string shift(const operations::ActionStep& step);
  [[nodiscard]] std::string move_key(const operations::ActionStep& step);

  const Ports ports_;
  std::map<std::string, std::string> held_;                 ///< by action: the provider whose batch requests wait
  std::map<std::string, gateway::Steering::Shift> shifts_;  ///< by action
};

}  // namespace tidegate::app
