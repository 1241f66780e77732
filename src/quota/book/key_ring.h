// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "quota/probe.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::quota {

/// A key as the configuration or a key list names it. Never its text.
struct KeySpec {
  std::string name;
  std::string organisation;  ///< if the operator said so; otherwise learned
  std::string workspace;     ///< if set, its limits are its own: the pool is the workspace, not the organisation
};

/// A provider's keys: which are in rotation, and to which pool each leads. Two keys of one organisation lead to one pool and add
/// nothing to each other. Any thread; one short lock.
class KeyRing {
 public:
  /// Why a key is out of rotation; also the first bad news of one that stays, because it is the last.
  enum class Fault : std::uint8_t { Authentication, Permission, Billing };

  struct Entry {
    std::string name;
    std::string pool;  ///< `ORGANISATION[/WORKSPACE]`, or `key:NAME` as long as it is not known
    bool is_known = false;
    bool in_rotation = true;
    bool draining = false;  ///< gone from the configuration; what runs on it goes on
    std::optional<Fault> fault;
    std::optional<SteadyTime> back_at;  ///< when it is tried again
    Probe probe = Probe::None;
    std::vector<std::string> out_for;   ///< groups of models that it may not use; it serves the others
  };

  /// As Entry::pool. `organisation`: empty if not known.
  [[nodiscard]] static std::string pool_name(std::string_view key, std::string_view organisation, std::string_view workspace);

  /// The keys that there are from now on. Others drain; a key that comes back is as it was.
  void set_keys(std::span<const KeySpec> keys);
  /// An answer told whose the key is. Empty: it did not.
  void learn(std::string_view key, std::string_view organisation);
  /// The provider refused the key itself, for everything or for one group of models. Out of rotation there for a minute, then longer and
  /// longer up to a quarter of an hour, unless it is the last one: a request is then better refused by the provider than by us. Gives
  /// whether it left.
  bool refuse(std::string_view key, Fault fault, SteadyTime now, std::string_view model_group = {});
  /// It was answered well for this group of models. Gives whether that is news.
  bool accept(std::string_view key, std::string_view model_group = {});
  /// Puts back what has waited long enough: the next request is the probe.
  void put_back(SteadyTime now);
  /// Somebody would send a request with this key, which is `Probe::Awaited`. Gives the number of the probe that it then is, for
  /// `end_probe`; 0: the key is tried no more, and serves all. Nothing: another one is on its way already.
  [[nodiscard]] std::optional<std::uint64_t> begin_probe(std::string_view key, std::string_view model_group = {});
  /// The probe is over. Where neither `accept` nor `refuse` has told of the key meanwhile, the next request is one.
  void end_probe(std::string_view key, std::uint64_t probe);
  /// When `put_back` has something to do.
  [[nodiscard]] std::optional<SteadyTime> next_return() const;

  /// All keys, as a group of models may use them; without one: as they are but for single groups.
  [[nodiscard]] std::vector<Entry> entries(std::string_view model_group = {}) const;
  /// `Entry::pool` of one key; empty: it is unknown.
  [[nodiscard]] std::string pool_of(std::string_view key) const;
  /// Grows with each change; looking costs no lock.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// Some key has a fault: a good answer may be news.
  [[nodiscard]] bool has_faults() const { return faults_.load(std::memory_order_relaxed) > 0; }

 private:
  struct Outage {
    Fault fault = Fault::Authentication;
    bool is_out = false;
    bool is_tried = false;    ///< it was out, and no answer has told since
    std::uint64_t probe = 0;  ///< that is on its way; 0: none
    int refusals = 0;
    SteadyTime back_at{};
  };
  struct Key {
    KeySpec spec;
    std::string organisation;  ///< learned
    bool present = true;
    std::map<std::string, Outage, std::less<>> outages;  ///< by group of models; "": for everything

    [[nodiscard]] bool is_known() const { return !organisation.empty() || !spec.organisation.empty(); }
    [[nodiscard]] std::string pool() const;
    [[nodiscard]] const Outage* outage(std::string_view model_group) const;
    [[nodiscard]] bool is_out(std::string_view model_group) const;
    [[nodiscard]] Probe probe(std::string_view model_group) const;
  };
  [[nodiscard]] Key* find(std::string_view name);
  void changed() { version_.fetch_add(1, std::memory_order_release); }

  mutable std::mutex mutex_;  ///< guards the two fields below
  std::vector<Key> keys_;
  std::uint64_t probes_ = 0;
  std::atomic<std::uint64_t> version_ = 1;
  std::atomic<int> faults_ = 0;
};
[[nodiscard]] std::string_view to_string(KeyRing::Fault fault);

}  // namespace tidegate::quota
