// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "config/load.h"
#include "pricing/price_options.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace tidegate::app {

/// What the demo shows: a team whose traffic swells beyond a limit and ebbs again, and days before it in which it did the same. The
/// forecast is the product's own, made from that past; nothing here says what it must find.
struct DemoTide {
  double rate = 2;                                 ///< requests a second, in the mean over a tide by day
  Nanoseconds period = std::chrono::minutes(90);  ///< from high water to high water
  Nanoseconds past{0};                             ///< how much of it is made up; 0: none
  double pace = 1;                                 ///< how many times faster than time all of it runs
  WallTime start{};                                ///< when the past ends and the tide begins to rise

  /// Three days, and less where that would be more than some 400,000 requests.
  void choose_past();
};

/// Of `tidegate-sim`: limits that the tide comes beyond, and a wider tier to be had.
[[nodiscard]] std::vector<std::string> provider_arguments(const DemoTide& tide, WallTime pace_since, const std::string& preset);
/// Of `tidegate-sim traffic`: the past, printed.
[[nodiscard]] std::vector<std::string> past_arguments(const DemoTide& tide);
/// Of `tidegate-sim traffic`: what is sent to `url` from `now` on.
[[nodiscard]] std::vector<std::string> team_arguments(const DemoTide& tide, const std::string& url, WallTime now);
/// The demo's configuration: a forecast that fires asks the simulator at `simulator` for the wider tier.
[[nodiscard]] config::Sources demo_sources(const std::string& simulator);

/// Fills the ledger of `directory` with what `program` (`tidegate-sim`) makes up. Gives how many requests; 0 if the ledger is
/// somebody's and was left alone. Failure: the program's or the ledger's.
[[nodiscard]] Result<std::size_t> make_up_past(const DemoTide& tide, const std::filesystem::path& program,
                                               const std::filesystem::path& directory, const pricing::PriceOptions& prices);

/// The instant since which a clock of that pace has run faster if it reads `then` while the machine's reads `now`. Whole
/// milliseconds, as command lines say it. `pace` above 1.
[[nodiscard]] WallTime pace_since(double pace, WallTime now, WallTime then);

}  // namespace tidegate::app
