// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"
#include "monitor/shadow_options.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

namespace tidegate::monitor {

/// Whether a request belongs to the sample: the same answer for the same id in every process. By session, all requests of a
/// conversation get one answer; a request without a session is drawn by itself. Whoever is in a sample is also in every larger one.
[[nodiscard]] bool is_in_shadow_sample(const ShadowOptions& options, std::string_view request_id, std::string_view session);

/// A request that has been served, and might be copied.
struct ShadowQuestion {
  std::string_view request_id;
  std::string_view session = {};        ///< empty: none
  std::optional<double> headroom = {};  ///< smallest share left, 0…1, of the limits it would draw on; absent: not known
  Money estimate = {};                  ///< the most that the copy may cost
};

/// Send, or why not.
enum class ShadowDecision : std::uint8_t {
  Send,
  Off,
  NotSampled,
  Starting,     ///< what was spent earlier today is not known yet
  Headroom,     ///< less than `min_headroom` is left
  Budget,       ///< the day's budget would not hold it
  Minute,       ///< `max_per_minute` went out within the last 60 seconds
  Concurrency,  ///< `max_concurrent` are running
};
constexpr std::size_t kShadowDecisions = 8;
/// `send`, `off`, `not_sampled`, `starting`, `headroom`, `budget`, `minute`, `concurrency`
[[nodiscard]] std::string_view to_string(ShadowDecision decision);

/// Keeps copies within their budget, rate and number at once. What does not go now is never sent later. One thread.
class ShadowGate {
 public:
  explicit ShadowGate(ShadowOptions options) : options_(std::move(options)) {}

  [[nodiscard]] const ShadowOptions& options() const { return options_; }
  /// Other limits from now on; what runs and was spent still counts.
  void adopt(ShadowOptions options) { options_ = std::move(options); }
  /// What copies cost since the day (UTC) of `now` began, before this process. Nothing is sent before it is called.
  void restore(Money spent_today, Now now);
  /// `restore` was not called yet.
  [[nodiscard]] bool misses_past() const { return !restored_; }

  /// `Send` sets the estimate aside and counts the copy as running; each needs one `settle`.
  [[nodiscard]] ShadowDecision ask(const ShadowQuestion& question, Now now);
  /// The copy is over, and cost `cost`.
  void settle(Money estimate, Money cost, Now now);

  [[nodiscard]] std::size_t running() const { return running_; }
  /// In the day (UTC) of `now`, without what is set aside for those that run.
  [[nodiscard]] Money spent(Now now) const { return day_of(now) == day_ ? spent_ : Money(); }

 private:
  [[nodiscard]] static std::int64_t day_of(Now now);
  void move_to(Now now);

  ShadowOptions options_;
  bool restored_ = false;
  std::size_t running_ = 0;
  std::int64_t day_ = 0;  ///< since 1970, of spent_
  Money spent_;
  Money reserved_;
  std::deque<SteadyTime> sent_;  ///< within the last 60 seconds, oldest first
};

}  // namespace tidegate::monitor
