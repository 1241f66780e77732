// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/mark_plan.h"

#include <algorithm>
#include <vector>

namespace tidegate::caching {

namespace {

/// Token counts are estimates: what is a little short of the minimum may be long enough, and costs nothing if it is
/// not.
constexpr double kMinimumMargin = 0.9;

class Planner {
 public:
  Planner(std::span<const Candidate> candidates, const CacheTerms& terms, LifetimeChoice choice)
      : candidates_(candidates), terms_(terms), choice_(choice) {}

  MarkPlan plan() {
    find_hit();
    find_leader();
    if (!plan_.leader) find_writes();
    choose_marks();
    return plan_;
  }

 private:
  [[nodiscard]] bool is_long_enough(const Candidate& candidate) const {
    return static_cast<double>(candidate.tokens) >= kMinimumMargin * static_cast<double>(terms_.minimum_tokens);
  }
  [[nodiscard]] std::size_t first_unread() const { return hit_ ? *hit_ + 1 : 0; }

  void find_hit() {
    for (std::size_t i = candidates_.size(); i-- > 0 && !hit_;) {
      if (candidates_[i].live) hit_ = i;
    }
    if (hit_) plan_.read = candidates_[*hit_].tokens;
  }

  void find_leader() {
    for (std::size_t i = candidates_.size(); i-- > first_unread() && !plan_.leader;) {
      if (candidates_[i].is_in_flight) plan_.leader = i;
    }
  }

  void find_writes() {
    const std::size_t first = first_unread();
    std::vector<Reuse> reuse;  // each at least that of what is deeper
    for (std::size_t i = first; i < candidates_.size(); ++i) reuse.push_back(candidates_[i].reuse);
    for (std::size_t i = reuse.size(); i-- > 1;) {
      reuse[i - 1].within_5m = std::max(reuse[i - 1].within_5m, reuse[i].within_5m);
      reuse[i - 1].within_1h = std::max(reuse[i - 1].within_1h, reuse[i].within_1h);
    }
    // An hour may not follow five minutes.
    LifetimeChoice choice = choice_;
    if (hit_ && candidates_[*hit_].live == Lifetime::FiveMinutes) choice = LifetimeChoice::FiveMinutes;
    for (std::size_t i = 0; i < reuse.size(); ++i) {
      const auto best = best_lifetime(reuse[i], terms_, choice);
      if (!best) break;
      if (*best == Lifetime::FiveMinutes) choice = LifetimeChoice::FiveMinutes;
      lifetimes_.push_back(*best);
    }
    while (!lifetimes_.empty() && !is_long_enough(candidates_[first + lifetimes_.size() - 1])) lifetimes_.pop_back();
    std::int64_t before = plan_.read;
    for (std::size_t i = 0; i < lifetimes_.size(); ++i) {
      const std::int64_t tokens = candidates_[first + i].tokens;
      (lifetimes_[i] == Lifetime::OneHour ? plan_.written_1h : plan_.written_5m) += tokens - before;
      before = tokens;
    }
  }

  /// Adds a mark if there is room, and no longer lifetime would come behind a shorter one.
  void add(std::size_t index) {
    const std::size_t first = first_unread();
    const bool is_new = index >= first;
    const Candidate& candidate = candidates_[index];
    if (plan_.count == MarkPlan::kMostMarks || !is_long_enough(candidate)) return;
    if (is_new ? index - first >= lifetimes_.size() : !candidate.live) return;
    const Mark mark{candidate.block, is_new ? lifetimes_[index - first] : *candidate.live};
    const auto clashes = [&](const Mark& other) {
      if (other.block == mark.block) return true;
      const bool is_before = other.block < mark.block;
      const Lifetime front = is_before ? other.lifetime : mark.lifetime;
      const Lifetime back = is_before ? mark.lifetime : other.lifetime;
      return front == Lifetime::FiveMinutes && back == Lifetime::OneHour;
    };
    const auto end = plan_.marks.begin() + static_cast<std::ptrdiff_t>(plan_.count);
    if (std::any_of(plan_.marks.begin(), end, clashes)) return;
    *end = mark;
    ++plan_.count;
  }

  void choose_marks() {
    const std::size_t reach = first_unread() + lifetimes_.size();  // behind the deepest that may be marked
    if (reach == 0) return;
    if (hit_) add(*hit_);
    add(reach - 1);
    // The last of one lifetime must be marked, or its stretch would be bought with the next one's.
    for (std::size_t i = 0; i + 1 < lifetimes_.size(); ++i) {
      if (lifetimes_[i] != lifetimes_[i + 1]) add(first_unread() + i);
    }
    for (std::size_t i = reach; i-- > 0;) {
      if (candidates_[i].ends_part) add(i);
    }
    for (std::size_t i = reach; i-- > 0;) add(i);
    std::sort(plan_.marks.begin(), plan_.marks.begin() + static_cast<std::ptrdiff_t>(plan_.count),
              [](const Mark& a, const Mark& b) { return a.block < b.block; });
  }

  std::span<const Candidate> candidates_;
  const CacheTerms& terms_;
  LifetimeChoice choice_;
  MarkPlan plan_;
  std::optional<std::size_t> hit_;
  std::vector<Lifetime> lifetimes_;  // of the candidates behind the hit that are written
};

}  // namespace

MarkPlan plan_marks(std::span<const Candidate> candidates, const CacheTerms& terms, LifetimeChoice choice) {
  return Planner(candidates, terms, choice).plan();
}

}  // namespace tidegate::caching
