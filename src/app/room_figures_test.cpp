// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/room_figures.h"

#include "metrics/registry.h"
#include "metrics/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

quota::RoomBook::NamedRoom room(std::string group, std::string class_name, int interactive, int batch, std::vector<int> in_flight) {
  quota::RoomBook::NamedRoom made;
  made.provider = "anthropic";
  made.model_group = std::move(group);
  made.class_name = std::move(class_name);
  made.room.waiting_interactive = interactive;
  made.room.waiting_batch = batch;
  for (const int count : in_flight) made.room.pools.emplace_back().in_flight = count;
  return made;
}

std::string scrape(const std::vector<quota::RoomBook::NamedRoom>& rooms) {
  metrics::Registry registry;
  registry.collect([&](metrics::SampleSink& sink) { add_room_figures(sink, rooms); });
  return metrics::to_text(registry.snapshot(), metrics::TextFormat::Prometheus);
}

TEST(RoomFigures, AreSummedOverClassesAndPools) {
  const std::string page = scrape({room("", "", 0, 0, {2}), room("opus-5", "", 3, 10, {4, 1}), room("opus-5", "code_generation", 1, 0, {7})});
  EXPECT_THAT(page, HasSubstr("tidegate_queued_requests{provider=\"anthropic\",model_group=\"opus-5\",priority=\"batch\"} 10\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_queued_requests{provider=\"anthropic\",model_group=\"opus-5\",priority=\"interactive\"} 4\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_room_in_flight_requests{provider=\"anthropic\",model_group=\"opus-5\"} 12\n"));
  EXPECT_THAT(page, HasSubstr("tidegate_room_in_flight_requests{provider=\"anthropic\"} 2\n")) << "calls that name no model";
}

TEST(RoomFigures, OfMoreGroupsThanThereMayBeAreCountedTogether) {
  std::vector<quota::RoomBook::NamedRoom> rooms;
  for (std::size_t i = 0; i < kMostModelGroups + 2; ++i) rooms.push_back(room("invented-" + std::to_string(1'000 + i), "", 0, 0, {1}));
  const std::string page = scrape(rooms);
  EXPECT_THAT(page, HasSubstr("tidegate_room_in_flight_requests{provider=\"anthropic\",model_group=\"other\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("model_group=\"invented-1299\""));
  EXPECT_THAT(page, Not(HasSubstr("model_group=\"invented-1300\"")));
}

}  // namespace
}  // namespace tidegate::app
