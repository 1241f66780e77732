// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "base/board.h"
#include "pricing/price_book.h"

#include <compare>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace tidegate::app {

/// What was answered without a price row of its own: one alarm `price_unknown` for all of it, since model names come from clients and
/// relays answer under any. It names at most kMostNamed, and clears when the price book in force covers them. Any thread.
class UnpricedModels {
 public:
  static constexpr std::size_t kMostNamed = 20;

  /// Both outlive it.
  UnpricedModels(AlarmBoard& alarms, const Board<pricing::PriceBook>& prices) : alarms_(alarms), prices_(prices) {}

  /// `cost` is of an answer of `provider` and its price is not known.
  void note(const pricing::Cost& cost, std::string_view provider, WallTime now);
  /// After another price book came into force: what it covers is forgotten.
  void look(WallTime now);

 private:
  struct Unpriced {
    std::string model, provider;
    pricing::Speed speed = pricing::Speed::Standard;

    [[nodiscard]] bool is_covered(const pricing::PriceBook& book, WallTime at) const { return book.knows(model, provider, speed, at); }
    friend auto operator<=>(const Unpriced&, const Unpriced&) = default;
  };
  void tell(const pricing::PriceBook& book, WallTime now);

  AlarmBoard& alarms_;
  const Board<pricing::PriceBook>& prices_;
  std::mutex mutex_;  ///< guards the fields below, and the order in which they are told
  std::set<Unpriced> named_;
  bool has_more_ = false;
};

}  // namespace tidegate::app
