// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "app/alarm_board.h"
#include "app/key_watch.h"
#include "upstream/provider_options.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tidegate::app {

/// Where keys of a provider come from while the program runs: a Redis list, or a file or directory.
struct WatchedSource {
  ProviderId provider;
  std::variant<upstream::KeyListOptions, std::string> where;

  friend bool operator==(const WatchedSource&, const WatchedSource&) = default;
};

/// The keys that providers get from their sources, kept up to date. Alarms tell what is wrong with a source. Any thread,
/// unless said otherwise.
class ProviderKeys {
 public:
  struct Ports {
    const Clock& clock;
    AlarmBoard& alarms;
    std::function<void(const std::string&)> say;         ///< one line of the log per change
    std::function<void(const ProviderId&)> on_change;    ///< other keys are in use; on the source's thread, under no lock
    /// Opens a source; tests bring theirs.
    std::function<std::unique_ptr<upstream::KeySource>(const WatchedSource&)> open;
  };
  /// One watch and what it watches.
  struct Watch {
    WatchedSource source;
    std::shared_ptr<KeyWatch> watch;  ///< shared by what is in force and what is prepared to follow it
  };
  using Watches = std::vector<Watch>;

  explicit ProviderKeys(Ports ports) : ports_(std::move(ports)) {}
  ProviderKeys(const ProviderKeys&) = delete;
  ProviderKeys& operator=(const ProviderKeys&) = delete;
  ~ProviderKeys() { stop(); }

  // A change of the configuration: prepare, then either commit and retire what commit gave back, or retire what was
  // prepared. One thread at a time.

  /// Watches for these providers: those in force where the source is the same, new ones elsewhere, which have been read
  /// once or were given kFirstReading for it. Nothing is in force yet.
  [[nodiscard]] Watches prepare(const std::vector<upstream::ProviderOptions>& providers);
  /// Puts them in force; gives the former ones.
  [[nodiscard]] Watches commit(Watches next);
  /// Ends those that are not in force, and their alarms. May take some seconds; under no lock that `on_change` takes.
  void retire(Watches watches);

  /// The keys of a row of the configuration, with those of its sources.
  [[nodiscard]] static std::vector<upstream::ProviderKey> with_sources(const upstream::ProviderOptions& provider,
                                                                       const Watches& watches);
  [[nodiscard]] Watches current() const;
  /// Keys in use that the last reading of their source did not show.
  [[nodiscard]] std::size_t missing(const ProviderId& provider) const;
  /// Makes all end soon.
  void begin_stop();
  /// Returns when none runs.
  void stop();

  static constexpr Seconds kFirstReading{2};

 private:
  [[nodiscard]] Watch open(WatchedSource source);
  void after_reading(const WatchedSource& source, const KeyWatch& watch, const upstream::KeySet::Change& change);

  const Ports ports_;
  mutable std::mutex mutex_;  ///< guards watches_
  Watches watches_;
};

/// The adapter for a source: Redis or file.
[[nodiscard]] std::unique_ptr<upstream::KeySource> open_key_source(const WatchedSource& source);

}  // namespace tidegate::app
