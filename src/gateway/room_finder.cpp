// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/room_finder.h"

#include "llm/model_group.h"

#include <functional>

namespace tidegate::gateway {

namespace {

/// Far below the minute for which the book keeps a room that it has given up.
constexpr Nanoseconds kTrusted = Seconds(1);

std::size_t place_of(const RoomFinder::Request& request) {
  const std::hash<std::string_view> hash;
  return hash(request.model) ^ (hash(request.provider) << 1) ^ static_cast<std::size_t>(request.endpoint);
}

}  // namespace

bool RoomFinder::Known::is_of(const Request& request) const {
  return place.room != nullptr && model == request.model && provider == request.provider && endpoint == request.endpoint && speed == request.speed &&
         class_name == request.class_name && credential == request.credential;
}

RoomFinder::Place RoomFinder::look_up(const Request& request) const {
  Place found;
  if (request.endpoint != llm::Endpoint::Other) found.model_group = llm::model_group(request.endpoint, request.model, request.speed);
  found.room = rooms_.room({.provider = request.provider,
                            .model_group = found.model_group,
                            .class_name = request.class_name,
                            .credential = request.credential,
                            .class_factor = request.class_factor,
                            .class_headers = request.class_headers});
  found.keys = rooms_.keys(request.provider);
  return found;
}

const RoomFinder::Place& RoomFinder::find(const Request& request, SteadyTime now) {
  Known& known = known_[place_of(request) % known_.size()];
  if (known.is_of(request) && now - known.asked_at < kTrusted) return known.place;
  known.asked_at = now;
  known.provider = request.provider;
  known.model = request.model;
  known.speed = request.speed;
  known.class_name = request.class_name;
  known.credential = request.credential;
  known.endpoint = request.endpoint;
  known.place = look_up(request);
  return known.place;
}

}  // namespace tidegate::gateway
