// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/room_figures.h"

#include "metrics/scrape_figures.h"

#include <map>
#include <string_view>
#include <utility>

namespace tidegate::app {

void add_room_figures(metrics::SampleSink& sink, std::span<const quota::RoomBook::NamedRoom> rooms) {
  std::map<std::pair<std::string_view, std::string_view>, metrics::RoomFigures> sums;
  for (const quota::RoomBook::NamedRoom& room : rooms) {
    std::pair<std::string_view, std::string_view> name(room.provider, room.model_group);
    if (sums.size() >= kMostModelGroups && !sums.contains(name)) name.second = "other";
    metrics::RoomFigures& sum = sums[name];
    sum.provider = name.first;
    sum.model_group = name.second;
    sum.waiting_interactive += room.room.waiting_interactive;
    sum.waiting_batch += room.room.waiting_batch;
    for (const quota::BucketView& pool : room.room.pools) sum.in_flight += pool.in_flight;
  }
  for (const auto& [name, sum] : sums) metrics::add(sink, sum);
}

}  // namespace tidegate::app
