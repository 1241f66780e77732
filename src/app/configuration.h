// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "config/load.h"
#include "config/options.h"
#include "pricing/price_options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace tidegate::app {

/// What the command line says over the file and the environment; empty = not said.
struct CommandLine {
  std::string config;                     ///< file; empty: ./tidegate.yaml if it is there
  std::string listen;                     ///< ADDRESS:PORT
  std::string admin;                      ///< ADDRESS:PORT
  std::string metrics;                    ///< ADDRESS:PORT
  std::string anthropic_url;              ///< origin instead of https://api.anthropic.com
  std::string openai_url;                 ///< origin instead of https://api.openai.com
  std::string ledger;                     ///< directory of journal and databases
  double time_scale = 1;                  ///< of the quota engine; for tests alone
  std::string provider_key;               ///< for what the two URLs name, instead of configured keys
  std::vector<pricing::PriceRow> prices;  ///< beside the configured ones
  std::optional<config::Sources> built_in;  ///< instead of file and environment, which are not looked at then
  double pace = 1;                        ///< of the clock; for the demo alone (base/paced_clock.h)
  WallTime pace_since{};                  ///< when it began to run faster
};

/// Declares the options that fill a CommandLine in.
void add_configuration_arguments(CLI::App& command, CommandLine& arguments);

/// Where the configuration of this process comes from: a file, the environment with `.env`, the command line; the later
/// one wins. Read again at each reload. Any one thread at a time.
class Configuration {
 public:
  explicit Configuration(CommandLine arguments) : arguments_(std::move(arguments)) {}
  /// Failure: InvalidInput with every problem, one per line.
  [[nodiscard]] Result<config::Options> read() const;
  /// The same for commands that only look into the stores: a missing provider is no problem to them.
  [[nodiscard]] Result<config::Options> read_for_stores() const;

 private:
  enum class Provider : std::uint8_t { Needed, NotNeeded };
  [[nodiscard]] Result<config::Options> read(Provider provider) const;

  CommandLine arguments_;
};

/// Puts the command line over options that were loaded. Failure: InvalidInput, naming the argument.
[[nodiscard]] Result<void> apply(const CommandLine& arguments, config::Options& options);

}  // namespace tidegate::app
