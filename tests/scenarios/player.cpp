// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// The steps. The grammar is in README.md.
#include "player.h"

#include "quota/presets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tidegate::scenarios {
namespace {

using quota::Dimension;
using quota::kAllDimensions;

SteadyTime at(double seconds) {
  return SteadyTime(Seconds(1'000)) + Nanoseconds(static_cast<std::int64_t>(std::llround(seconds * 1e9)));
}

template <typename Map>
std::vector<std::string> names(const Map& map) {
  std::vector<std::string> all;
  for (const auto& [name, value] : map) all.push_back(name);
  return all;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(separator, from), text.size());
    parts.push_back(trimmed(text.substr(from, end - from)));
    from = end + 1;
  }
  return parts;
}

bool on_or_off(const std::string& word) {
  if (word == "on") return true;
  if (word == "off") return false;
  unknown("switch", word, {"on", "off"});
}

}  // namespace

std::vector<std::string> Player::play(std::string_view line) {
  const std::size_t arrow = line.find("->");
  std::string text = trimmed(line.substr(0, arrow));
  decided_.clear();
  subjects_.clear();
  std::vector<std::string> words = words_of(text);
  if (!words.empty() && words[0] == "at") {
    if (words.size() < 2) throw Nonsense("'at' needs a time");
    const double until = seconds_of(words[1]);
    if (until < now_) throw Nonsense(fmt::format("time does not go back: it is {}s", now_));
    pass_until(until);
    text = trimmed(std::string_view(text).substr(text.find(words[1], 2) + words[1].size()));
    words = words_of(text);
  }
  if (!words.empty()) {
    Words rest(std::string_view(text).substr(words[0].size()), words[0]);
    step(words[0], rest);
    rest.finish();
    if (room_) pump();
  }
  if (arrow == std::string_view::npos) return {};
  std::vector<std::string> complaints;
  for (const std::string& expectation : split(line.substr(arrow + 2), ',')) {
    if (const auto instead = check(expectation)) complaints.push_back(fmt::format("expected '{}', but {}", expectation, *instead));
  }
  return complaints;
}

void Player::step(const std::string& verb, Words& words) {
  if (verb == "room") return set_up_room(words);
  if (verb == "pool") return add_pool(words);
  if (verb == "key") return add_key(words);
  if (verb == "request") return request(words);
  if (verb == "answer") return answer(words);
  if (verb == "refuse") return refuse(words);
  if (verb == "end") return end(words);
  if (verb == "limits") {
    const std::size_t which = pool(words.plain("a pool"));
    return limit_pool(which, words);
  }
  if (verb == "level") {
    const std::size_t which = pool(words.plain("a pool"));
    for (const Dimension d : kAllDimensions) {
      const std::string level = words.value(to_string(d));
      if (!level.empty()) room().bucket(which).set_level(at(now_), d, number_of(level));
    }
    return;
  }
  if (verb == "out" || verb == "in" || verb == "move") {
    const std::size_t which = key(words.plain("a key"));
    if (verb == "move") return room().move_key(which, pool(words.value("pool")));
    return room().set_key_in_rotation(which, verb == "in");
  }
  if (verb == "merge") {
    const std::size_t from = pool(words.plain("a pool"));
    return room().merge_buckets(at(now_), pool(words.value("into")), from);
  }
  if (verb == "count" || verb == "produce" || verb == "cancel" || verb == "withdraw") {
    const double tokens = verb == "count" || verb == "produce" ? number_of(words.value("tokens", "0")) : 0;
    for (const std::string& name : known_requests(words.plain("a request"))) {
      const quota::RequestId id = requests_.at(name);
      if (verb == "count") room().counted_input(at(now_), id, tokens);
      if (verb == "produce") room().produced(at(now_), id, tokens);
      if (verb == "cancel") room().cancel(at(now_), id);
      if (verb == "withdraw") room().withdraw(at(now_), id);
      subjects_.push_back(name);
    }
    return;
  }
  unknown("step", verb, {"room", "pool", "key", "request", "answer", "refuse", "end", "limits", "level", "out", "in", "move", "merge", "count",
                         "produce", "cancel", "withdraw", "at"});
}

void Player::set_up_room(Words& words) {
  if (room_) throw Nonsense("'room' comes first");
  const auto number = [&](std::string_view name, double otherwise) {
    const std::string value = words.value(name);
    return value.empty() ? otherwise : number_of(value);
  };
  settings_.batch_reserve = number("reserve", settings_.batch_reserve);
  settings_.interactive_share = number("interactive_share", settings_.interactive_share);
  settings_.max_waiting = static_cast<std::size_t>(number("max_waiting", static_cast<double>(settings_.max_waiting)));
  settings_.max_retries = static_cast<int>(number("max_retries", settings_.max_retries));
  settings_.retry_share = number("retry_share", settings_.retry_share);
  settings_.predicts = on_or_off(words.value("predicts", "on"));
  settings_.bucket.opening = number("opening", settings_.bucket.opening);
  if (const std::string margin = words.value("margin"); !margin.empty()) settings_.bucket.margin_seconds = seconds_of(margin);
  const std::string output = words.value("output", "as_produced");
  if (output == "reserved") settings_.bucket.accounting = quota::OutputAccounting::ReserveMaximum;
  else if (output != "as_produced") unknown("way to count output", output, {"as_produced", "reserved"});
}

void Player::add_pool(Words& words) {
  const std::string name = words.plain("a name");
  const std::size_t added = room().add_bucket(at(now_));
  if (!pools_.emplace(name, added).second) throw Nonsense(fmt::format("there is a pool '{}' already", name));
  limit_pool(added, words);
}

void Player::limit_pool(std::size_t pool, Words& words) {
  quota::Limits limits;
  std::optional<double> concurrency;
  if (const std::string tier = words.value("tier"); !tier.empty()) {
    const auto known = quota::tier_limits(tier, words.value("group", "sonnet-4"));
    if (!known) unknown("tier", tier, {quota::tier_names().begin(), quota::tier_names().end()});
    limits = known->limits;
    concurrency = known->concurrency;
  }
  for (const Dimension d : kAllDimensions) {
    if (const std::string value = words.value(to_string(d)); !value.empty()) limits[d] = number_of(value);
  }
  quota::PeriodLimits periods;
  for (const quota::PeriodDimension d : quota::kPeriodDimensions) {
    if (const std::string value = words.value(to_string(d)); !value.empty()) periods[d] = number_of(value);
  }
  room().bucket(pool).periods().set_limits(periods);
  if (const std::string value = words.value("concurrency"); !value.empty()) concurrency = number_of(value);
  room().bucket(pool).set_limits(at(now_), limits, seconds_of(words.value("burst", "60s")));
  if (concurrency) room().bucket(pool).set_concurrency(concurrency);
}

void Player::add_key(Words& words) {
  const std::string name = words.plain("a name");
  const std::size_t which = pool(words.value("pool", pools_.empty() ? "" : pools_.begin()->first));
  if (!keys_.emplace(name, room().add_key(which)).second) throw Nonsense(fmt::format("there is a key '{}' already", name));
}

void Player::request(Words& words) {
  quota::Submission submission;
  const std::string tenant = words.value("tenant", "someone");
  submission.tenant = tenant;
  submission.priority = words.flag("batch") ? quota::Priority::Batch : quota::Priority::Interactive;
  submission.weight = number_of(words.value("weight", "1"));
  submission.deadline = at(now_ + seconds_of(words.value("wait", "0s")));
  if (const std::string name = words.value("key"); !name.empty()) submission.only_key = key(name);
  const std::string bytes = words.value("bytes"), input = words.value("tokens", "100"), output = words.value("output", "100"),
                    max_tokens = words.value("max_tokens", "1000");
  if (bytes.empty()) {
    submission.known = quota::Need{.input = number_of(input), .predicted_output = number_of(output), .mean_output = number_of(output),
                                   .max_tokens = number_of(max_tokens)};
  } else {
    submission.body_bytes = number_of(bytes);
    submission.max_tokens = number_of(max_tokens);
  }
  std::string name = words.has_plain() ? words.plain("a name") : fmt::format("request-{}", ++unnamed_);
  int count = 1;
  const std::size_t star = name.find('*');
  if (star != std::string::npos) {
    count = static_cast<int>(number_of(name.substr(star + 1)));
    name.resize(star);
  }
  for (int i = 1; i <= count; ++i) {
    const std::string own = star == std::string::npos ? name : fmt::format("{}{}", name, i);
    if (requests_.contains(own)) throw Nonsense(fmt::format("there was a request '{}' already", own));
    subjects_.push_back(own);
    const auto id = room().submit(at(now_), submission);
    requests_[own] = id.value_or(quota::RequestId{.slot = quota::kNobody});
    if (!id) decided_.push_back({.request = own, .decision = {.request = {}, .verdict = quota::Verdict::Overflow}, .full = true});
  }
}

void Player::answer(Words& words) {
  const quota::Readings read = readings(words);
  for (const std::string& name : known_requests(words.plain("a request"))) {
    room().answered(at(now_), requests_.at(name), read);
    subjects_.push_back(name);
  }
}

void Player::end(Words& words) {
  const bool is_cut = words.flag("cut");
  const double tokens = number_of(words.value("tokens", "0"));
  for (const std::string& name : known_requests(words.plain("a request"))) {
    if (tokens > 0) room().produced(at(now_), requests_.at(name), tokens);
    room().ended(at(now_), requests_.at(name), !is_cut);
    subjects_.push_back(name);
  }
}

void Player::refuse(Words& words) {
  static const std::map<std::string, quota::RefusalKind, std::less<>> kinds{
      {"rate", quota::RefusalKind::Rate},           {"ramp", quota::RefusalKind::Ramp},
      {"concurrency", quota::RefusalKind::Concurrency}, {"spend_cap", quota::RefusalKind::SpendCap},
      {"overloaded", quota::RefusalKind::Overloaded},   {"unreachable", quota::RefusalKind::Unreachable}};
  const std::string name = words.plain("a request"), kind = words.value("because");
  const auto found = kinds.find(kind);
  if (found == kinds.end()) unknown("kind of refusal", kind, names(kinds));
  quota::Refusal refusal;
  refusal.kind = found->second;
  if (const std::string after = words.value("retry_after"); !after.empty()) refusal.retry_after_seconds = seconds_of(after);
  if (const std::string ramp = words.value("ramp"); !ramp.empty()) {
    const auto figures = split(ramp, '/');
    if (figures.size() != 2) throw Nonsense("'ramp' is written NOW/NEXT_MINUTE");
    refusal.ramp = quota::RampFigures{number_of(figures[0]), number_of(figures[1])};
  }
  refusal.readings = readings(words);
  for (const std::string& one : known_requests(name)) {
    room().refused(at(now_), requests_.at(one), refusal);
    subjects_.push_back(one);
  }
}

quota::Readings Player::readings(Words& words) const {
  quota::Readings read;
  for (const Dimension d : kAllDimensions) {
    const std::string text = words.value(to_string(d));
    if (text.empty()) continue;
    // REMAINING/LIMIT or REMAINING/LIMIT@FULL_AFTER; `?` for what the headers do not say.
    const auto parts = split(text, '@');
    const auto figures = split(parts[0], '/');
    if (figures.size() != 2 || parts.size() > 2) throw Nonsense(fmt::format("'{}' is written REMAINING/LIMIT or REMAINING/LIMIT@FULL_AFTER", to_string(d)));
    if (figures[0] != "?") read[d].remaining = number_of(figures[0]);
    if (figures[1] != "?") read[d].limit = number_of(figures[1]);
    if (parts.size() == 2) read[d].full_after_seconds = seconds_of(parts[1]);
  }
  return read;
}

void Player::pass_until(double seconds) {
  while (room_ && room_->wake_at() && *room_->wake_at() <= at(seconds)) {
    now_ = std::max(now_, std::chrono::duration<double>(*room_->wake_at() - at(0)).count());
    pump();
  }
  now_ = seconds;
  if (room_) pump();
}

void Player::pump() {
  std::vector<quota::Decision> decisions;
  room().pump(at(now_), decisions);
  for (const quota::Decision& decision : decisions) {
    const auto found = std::find_if(requests_.begin(), requests_.end(), [&](const auto& known) { return known.second == decision.request; });
    if (found == requests_.end()) throw Nonsense("the room decided about a request that nobody made");
    decided_.push_back({.request = found->first, .decision = decision});
  }
}

quota::Room& Player::room() {
  if (!room_) room_.emplace(at(0), settings_);
  return *room_;
}

std::size_t Player::pool(const std::string& name) const {
  const auto found = pools_.find(name);
  if (found == pools_.end()) unknown("pool", name, names(pools_));
  return found->second;
}

std::size_t Player::key(const std::string& name) const {
  const auto found = keys_.find(name);
  if (found == keys_.end()) unknown("key", name, names(keys_));
  return found->second;
}

std::vector<std::string> Player::known_requests(const std::string& name) const {
  std::vector<std::string> found;
  if (name.ends_with('*')) {
    const std::string stem = name.substr(0, name.size() - 1);
    for (int i = 1; requests_.contains(fmt::format("{}{}", stem, i)); ++i) found.push_back(fmt::format("{}{}", stem, i));
  } else if (requests_.contains(name)) {
    found.push_back(name);
  }
  if (found.empty()) unknown("request", name, names(requests_));
  return found;
}

std::string Player::name_of_key(std::size_t key) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const auto& known) { return known.second == key; });
  return found == keys_.end() ? "?" : found->first;
}

std::string Player::name_of_pool(std::size_t pool) const {
  const auto found = std::find_if(pools_.begin(), pools_.end(), [&](const auto& known) { return known.second == pool; });
  return found == pools_.end() ? "?" : found->first;
}

}  // namespace tidegate::scenarios
