// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What can be expected of a step. The grammar is in README.md.
#include "player.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace tidegate::scenarios {
namespace {

using quota::Dimension;
using quota::kAllDimensions;
using quota::Obstacle;

using Instead = std::optional<std::string>;

/// Figures in scenarios are rounded as people round: half a percent, or a twentieth.
bool is_about(double found, double expected) { return std::abs(found - expected) <= std::max(0.05, 0.005 * std::abs(expected)); }

Instead compare(double found, double expected, std::string_view what) {
  if (is_about(found, expected)) return std::nullopt;
  return fmt::format("{} {:.6g}", what, found);
}

Dimension dimension(const std::string& word) {
  std::vector<std::string> known;
  for (const Dimension d : kAllDimensions) {
    if (word == to_string(d)) return d;
    known.emplace_back(to_string(d));
  }
  unknown("dimension", word, known);
}

Obstacle obstacle(const std::string& word) {
  std::vector<std::string> known;
  for (int i = 0; i <= static_cast<int>(Obstacle::NoKey); ++i) {
    if (word == to_string(static_cast<Obstacle>(i))) return static_cast<Obstacle>(i);
    known.emplace_back(to_string(static_cast<Obstacle>(i)));
  }
  known.emplace_back("full_room");
  unknown("obstacle", word, known);
}

std::string shown(double seconds) { return seconds == quota::kNever ? "never" : fmt::format("{:.4g}s", seconds); }

bool says(const std::vector<std::string>& words, std::initializer_list<std::string_view> pattern) {
  return words.size() == pattern.size() &&
         std::equal(words.begin(), words.end(), pattern.begin(), [](const std::string& word, std::string_view wanted) { return wanted == "_" || word == wanted; });
}

std::vector<std::string> tail(const std::vector<std::string>& words) { return {words.begin() + 1, words.end()}; }

}  // namespace

const Player::Decided* Player::decided(std::string_view request) const {
  const auto found = std::find_if(decided_.rbegin(), decided_.rend(), [&](const Decided& one) { return one.request == request; });
  return found == decided_.rend() ? nullptr : &*found;
}

std::string Player::state_of(const std::string& request) const {
  if (const Decided* const found = decided(request)) {
    if (found->full) return "was refused by full_room";
    if (found->decision.verdict == quota::Verdict::Go) {
      return fmt::format("went with {} after {}", name_of_key(found->decision.key), shown(found->decision.wait_seconds));
    }
    return fmt::format("was refused by {}, retry after {}", to_string(found->decision.obstacle), shown(found->decision.wait_seconds));
  }
  const auto id = requests_.find(request);
  const quota::WaitingRequest* const found = id == requests_.end() ? nullptr : room_->find(id->second);
  if (!found) return "is gone";
  switch (found->state) {
    case quota::RequestState::Queued: return fmt::format("waits for {}", to_string(room_->obstacle()));
    case quota::RequestState::Delayed: return "waits for another attempt";
    case quota::RequestState::Flying: return fmt::format("flies with {}", name_of_key(found->key));
    case quota::RequestState::Free: break;
  }
  return "is gone";
}

Instead Player::check(const std::string& expectation) {
  const std::vector<std::string> words = words_of(expectation);
  if (words.empty()) throw Nonsense("an expectation is missing");
  if (says(words, {"nothing", "happens"})) {
    if (decided_.empty()) return std::nullopt;
    return fmt::format("{} {}", decided_[0].request, state_of(decided_[0].request));
  }
  if (says(words, {"next", "waits", "for", "_"})) {
    const Obstacle expected = obstacle(words[3]);
    if (room().obstacle() == expected) return std::nullopt;
    return fmt::format("the next one waits for {}", to_string(room().obstacle()));
  }
  if (says(words, {"wakes", "after", "_"})) {
    if (!room().wake_at()) return "nothing will wake the room";
    const double found = std::chrono::duration<double>(*room().wake_at() - SteadyTime(Seconds(1'000))).count() - now_;
    if (std::abs(found - seconds_of(words[2])) <= 0.005) return std::nullopt;
    return fmt::format("it wakes after {}", shown(found));
  }
  if (words[0] == "others" && words.size() == 6 && words[1] == "take") {  // others take 12 requests of red
    return compare(room().bucket(pool(words[5])).foreign(dimension(words[3])) * 60, number_of(words[2]), "they take");
  }
  if (pools_.contains(words[0])) return check_pool(pools_.at(words[0]), tail(words));
  if (requests_.contains(words[0])) {
    subjects_ = {words[0]};
    return check_request(words[0], tail(words));
  }
  if (words[0][0] >= '0' && words[0][0] <= '9') return check_count(number_of(words[0]), tail(words));
  static const std::vector<std::string> about_the_subject{"goes", "waits", "refused", "retry", "flies", "gone"};
  if (std::find(about_the_subject.begin(), about_the_subject.end(), words[0]) == about_the_subject.end()) {
    std::vector<std::string> known = about_the_subject;
    for (const auto* const more : {"nothing", "next", "wakes", "others"}) known.emplace_back(more);
    for (const auto& [name, value] : pools_) known.push_back(name);
    for (const auto& [name, value] : requests_) known.push_back(name);
    unknown("expectation", words[0], known);
  }
  if (subjects_.size() != 1) throw Nonsense(fmt::format("which request '{}'? this step is about {}", expectation, subjects_.size()));
  return check_request(subjects_[0], words);
}

Instead Player::check_request(const std::string& name, const std::vector<std::string>& words) {
  const Decided* const found = decided(name);
  const bool went = found && !found->full && found->decision.verdict == quota::Verdict::Go;
  const bool overflowed = found && !went;
  const auto id = requests_.find(name);
  const quota::WaitingRequest* const live = id == requests_.end() ? nullptr : room().find(id->second);
  const Instead instead = fmt::format("{} {}", name, state_of(name));
  const auto met = [&](bool is_met) { return is_met ? std::nullopt : instead; };
  if (says(words, {"goes"})) return met(went);
  if (says(words, {"goes", "with", "_"})) {
    const std::size_t expected = key(words[2]);
    return met(went && found->decision.key == expected);
  }
  if (says(words, {"goes", "after", "_"})) return met(went && is_about(found->decision.wait_seconds, seconds_of(words[2])));
  if (says(words, {"waits"})) return met(live && (live->state == quota::RequestState::Queued || live->state == quota::RequestState::Delayed));
  if (says(words, {"waits", "for", "another", "attempt"})) return met(live && live->state == quota::RequestState::Delayed);
  if (says(words, {"waits", "for", "_"})) {
    const Obstacle expected = obstacle(words[2]);
    return met(live && live->state == quota::RequestState::Queued && room().obstacle() == expected);
  }
  if (says(words, {"flies"})) return met(live && live->state == quota::RequestState::Flying);
  if (says(words, {"gone"})) return met(!live);
  if (says(words, {"refused"})) return met(overflowed);
  if (says(words, {"refused", "by", "full_room"})) return met(overflowed && found->full);
  if (says(words, {"refused", "by", "_"})) {
    const Obstacle expected = obstacle(words[2]);
    return met(overflowed && !found->full && found->decision.obstacle == expected);
  }
  if (says(words, {"retry", "never"})) return met(overflowed && found->decision.wait_seconds == quota::kNever);
  if (says(words, {"retry", "after", "_"})) return met(overflowed && is_about(found->decision.wait_seconds, seconds_of(words[2])));
  throw Nonsense(fmt::format("of a request can be expected: goes [with KEY], goes after TIME, waits [for OBSTACLE], waits for another attempt, refused "
                             "[by OBSTACLE], retry after TIME, retry never, flies, gone; not '{}'",
                             fmt::join(words, " ")));
}

Instead Player::check_pool(std::size_t pool, const std::vector<std::string>& words) {
  const quota::Bucket& bucket = room().bucket(pool);
  if (says(words, {"has", "_", "_"})) return compare(bucket.level(dimension(words[2])), number_of(words[1]), "it has");
  if (says(words, {"allows", "any", "_"})) {
    if (!bucket.has_limit(dimension(words[2]))) return std::nullopt;
    return fmt::format("it allows {:.6g}", bucket.limit(dimension(words[2])));
  }
  if (says(words, {"allows", "_", "_"})) return compare(bucket.limit(dimension(words[2])), number_of(words[1]), "it allows");
  if (says(words, {"is", "_", "_", "deep"})) return compare(bucket.depth(dimension(words[2])), number_of(words[1]), "it is so deep:");
  if (says(words, {"holds", "_"})) return compare(static_cast<double>(bucket.held()), number_of(words[1]), "it holds");
  if (says(words, {"runs", "_"})) return compare(bucket.in_flight(), number_of(words[1]), "it runs");
  if (says(words, {"takes", "any", "number"})) {
    if (bucket.concurrency() == quota::kNever) return std::nullopt;
    return fmt::format("it takes {}", bucket.concurrency());
  }
  if (says(words, {"takes", "_", "at", "once"})) return compare(bucket.concurrency(), number_of(words[1]), "it takes");
  if (says(words, {"is", "blocked", "for", "_"})) return compare(bucket.blocked_seconds(), seconds_of(words[3]), "it is blocked for");
  if (says(words, {"is", "open"})) return compare(bucket.blocked_seconds(), 0, "it is blocked for");
  if (says(words, {"is", "dead"})) return bucket.is_dead() ? std::nullopt : Instead("it is alive");
  if (says(words, {"is", "alive"})) return bucket.is_dead() ? Instead("it is dead") : std::nullopt;
  throw Nonsense(fmt::format("of a pool can be expected: has N DIMENSION, allows N DIMENSION, is N DIMENSION deep, holds N, runs N, takes N at once, takes "
                             "any number, is blocked for TIME, is open, is dead, is alive; not '{}'",
                             fmt::join(words, " ")));
}

Instead Player::check_count(double number, const std::vector<std::string>& words) {
  const auto count = [&](auto&& matches) { return static_cast<double>(std::count_if(decided_.begin(), decided_.end(), matches)); };
  const auto went = [](const Decided& one) { return !one.full && one.decision.verdict == quota::Verdict::Go; };
  double found = 0;
  if (says(words, {"go"})) found = count(went);
  else if (says(words, {"go", "with", "_"})) found = count([&, wanted = key(words[2])](const Decided& one) { return went(one) && one.decision.key == wanted; });
  else if (says(words, {"go", "to", "_"})) found = count([&, wanted = pool(words[2])](const Decided& one) { return went(one) && one.decision.bucket == wanted; });
  else if (says(words, {"refused"})) found = count([&](const Decided& one) { return !went(one); });
  else if (says(words, {"refused", "by", "_"}))
    found = count([&](const Decided& one) {
      return !went(one) && (one.full ? words[2] == "full_room" : words[2] != "full_room" && one.decision.obstacle == obstacle(words[2]));
    });
  else if (says(words, {"wait"})) found = static_cast<double>(room().waiting());
  else if (says(words, {"interactive", "wait"})) found = static_cast<double>(room().waiting(quota::Priority::Interactive));
  else if (says(words, {"batch", "wait"})) found = static_cast<double>(room().waiting(quota::Priority::Batch));
  else
    throw Nonsense(fmt::format("of many can be expected: N go [with KEY | to POOL], N refused [by OBSTACLE], N [interactive | batch] wait; not '{}'",
                               fmt::join(words, " ")));
  if (found == number) return std::nullopt;
  return fmt::format("there are {}", found);
}

}  // namespace tidegate::scenarios
