// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "llm/dialect.h"
#include "quota/header_scope.h"
#include "quota/book/key_ring.h"
#include "quota/book/live_room.h"
#include "quota/book/room_book.h"

#include <array>
#include <string>
#include <string_view>

namespace tidegate::gateway {

/// A worker's way to rooms and key rings. Requests of a few models and providers come again and again: what was found for one is found
/// for the next by comparing, without working out the model's group, putting a name together, or a lock. One thread.
class RoomFinder {
 public:
  /// What a request goes by. Views, borrowed for the call.
  struct Request {
    std::string_view provider;
    llm::Endpoint endpoint = llm::Endpoint::Other;  ///< that the provider is asked at; Other: a call that names no model
    std::string_view model;                         ///< as the provider calls it
    std::string_view speed;
    std::string_view class_name;  ///< of a ClassRule; empty: none
    double class_factor = 1;
    quota::HeaderScope class_headers = quota::HeaderScope::Model;
    std::string_view credential;  ///< as quota::RoomName
  };
  struct Place {
    std::string model_group;           ///< llm::model_group; empty: calls that name no model
    quota::LiveRoom* room = nullptr;   ///< as quota::RoomBook::room
    quota::KeyRing* keys = nullptr;    ///< of the provider; null: it is unknown
  };

  /// `rooms` outlives the finder.
  explicit RoomFinder(quota::RoomBook& rooms) : rooms_(rooms) {}
  /// Valid until the next call. The book is asked again after a second: it gives up rooms that nobody asks for.
  [[nodiscard]] const Place& find(const Request& request, SteadyTime now);

 private:
  struct Known {
    std::string provider, model, speed, class_name, credential;
    llm::Endpoint endpoint = llm::Endpoint::Other;
    SteadyTime asked_at{};
    Place place;

    [[nodiscard]] bool is_of(const Request& request) const;
  };
  [[nodiscard]] Place look_up(const Request& request) const;

  quota::RoomBook& rooms_;
  std::array<Known, 64> known_;  ///< by hash; a later one takes the place of an earlier
};

}  // namespace tidegate::gateway
