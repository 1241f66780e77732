// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_runner.h"

#include "monitor/delivery/http_post.h"
#include "monitor/delivery/run_program.h"
#include "monitor/delivery/signature.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace tidegate::operations {

namespace {

namespace json = boost::json;

json::value pool_value(const monitor::Alert& alert) {
  if (!alert.pool) return nullptr;
  const monitor::PoolStanding& pool = *alert.pool;
  json::object out{{"provider", pool.provider}, {"model_group", pool.model_group}, {"dimension", pool.dimension}};
  if (!pool.pool.empty()) out["pool"] = pool.pool;
  if (pool.limit > 0) {
    out["limit"] = pool.limit;
    out["remaining"] = pool.remaining;
  }
  return out;
}

json::value forecast_value(const monitor::Alert& alert) {
  if (!alert.forecast) return nullptr;
  const monitor::PredictedExhaustion& forecast = *alert.forecast;
  return json::object{{"scope", forecast.scope},
                      {"name", forecast.name},
                      {"measure", forecast.measure},
                      {"limit", forecast.limit},
                      {"probability", forecast.probability},
                      {"minutes_to_exhaustion", forecast.minutes ? json::value(*forecast.minutes) : json::value(nullptr)},
                      {"reason", forecast.reason}};
}

/// Empty where the alert is about no pool, or nothing is forecast for it.
std::vector<std::pair<std::string, std::string>> facts_of(const monitor::Alert& alert) {
  const monitor::PoolStanding pool = alert.pool.value_or(monitor::PoolStanding());
  const auto& forecast = alert.forecast;
  return {{"TIDEGATE_PROVIDER", pool.provider},
          {"TIDEGATE_MODEL_GROUP", pool.model_group},
          {"TIDEGATE_DIMENSION", pool.dimension},
          {"TIDEGATE_PROBABILITY", forecast ? fmt::format("{:.4g}", forecast->probability) : std::string()},
          {"TIDEGATE_MINUTES", forecast && forecast->minutes ? fmt::format("{:.0f}", *forecast->minutes) : std::string()}};
}

Result<std::string> run_command(const ActionStep& step, const std::atomic<bool>& stop) {
  const bool is_trigger = step.event == ActionEvent::Trigger;
  const std::vector<std::string>& arguments = is_trigger ? step.options.command : step.options.undo;
  if (arguments.empty()) return std::string("nothing is to be taken back");
  delivery::Program program{.arguments = arguments, .timeout = step.options.timeout};
  program.environment = {{"TIDEGATE_EVENT", std::string(to_string(step.event))},
                         {"TIDEGATE_ACTION", step.options.name},
                         {"TIDEGATE_INCIDENT", step.incident},
                         {"TIDEGATE_ATTEMPT", fmt::format("{}", step.attempt)},
                         {"TIDEGATE_RULE", step.alert.rule},
                         {"TIDEGATE_SUBJECT", step.alert.subject},
                         {"TIDEGATE_SUMMARY", step.alert.summary},
                         {"TIDEGATE_VALUE", fmt::format("{}", step.alert.value)},
                         {"TIDEGATE_THRESHOLD", fmt::format("{}", step.alert.threshold)}};
  for (auto& fact : facts_of(step.alert)) program.environment.push_back(std::move(fact));
  const Result<std::string> printed = delivery::run(program, stop);
  if (!printed) return fail(printed);
  return fmt::format("{} ended well", arguments.front());
}

Result<std::string> call_webhook(const ActionStep& step, Now now, const std::atomic<bool>& stop) {
  const std::string event(to_string(step.event));
  json::object body{{"event", event},
                    {"action", step.options.name},
                    {"incident", step.incident},
                    {"attempt", step.attempt},
                    {"rule", step.alert.rule},
                    {"subject", step.alert.subject},
                    {"alert", step.alert.id},
                    {"severity", std::string(to_string(step.alert.severity))},
                    {"summary", step.alert.summary},
                    {"value", step.alert.value},
                    {"threshold", step.alert.threshold},
                    {"pool", pool_value(step.alert)},
                    {"forecast", forecast_value(step.alert)}};
  if (!step.options.tier.empty()) body["proposed_tier"] = step.options.tier;
  delivery::HttpPost request{.url = Secret(step.options.url), .body = json::serialize(body), .timeout = step.options.timeout};
  // A return is another operation than its trigger: with the same key a receiver would drop it as a repeat.
  request.fields.emplace_back("idempotency-key", Secret(step.event == ActionEvent::Trigger ? step.incident : step.incident + "-return"));
  if (!step.options.secret.empty()) {
    const std::string at = fmt::format("{}", unix_nanoseconds(now.wall) / 1'000'000'000);
    request.fields.emplace_back("x-tidegate-timestamp", Secret(at));
    request.fields.emplace_back("x-tidegate-signature",
                                Secret("v1=" + delivery::hmac_sha256(step.options.secret, at + "." + request.body)));
  }
  const Result<std::string> answer = delivery::post(request, stop);
  if (!answer) return fail(answer);
  return std::string("the webhook took it");
}

}  // namespace

Result<std::string> carry_out(const ActionStep& step, Levers& levers, Now now, const std::atomic<bool>& stop) {
  switch (step.options.kind) {
    case ActionKind::Command: return run_command(step, stop);
    case ActionKind::Webhook: return call_webhook(step, now, stop);
    case ActionKind::TenantLimit:
    case ActionKind::PauseBatch:
    case ActionKind::ShiftShare:
    case ActionKind::EnableKey: break;
  }
  return levers.move(step);
}

void ActionRunner::adopt(std::vector<ActionOptions> options) {
  {
    const std::lock_guard lock(mutex_);
    book_.adopt(std::move(options));
    has_changed_ = true;
  }
  wake_.notify_one();
}

void ActionRunner::start() {
  restore();
  thread_ = std::thread([this] { run(); });
}

void ActionRunner::restore() {
  const Now now = clock_.now();
  const auto stored = ports_.store.load();
  if (ports_.store_stands) ports_.store_stands(stored ? std::nullopt : std::optional(stored.error()));
  if (!stored) return;
  std::unique_lock lock(mutex_);
  for (ActionStep& step : book_.restore(*stored, now)) waiting_.push_back(std::move(step));
  speak(lock, now);
}

void ActionRunner::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ActionRunner::look(const std::vector<monitor::Alert>& alerts, Now now) {
  {
    std::unique_lock lock(mutex_);
    for (ActionStep& step : book_.look(alerts, now)) waiting_.push_back(std::move(step));
    speak(lock, now);
  }
  wake_.notify_one();
}

Result<std::string> ActionRunner::run(std::string_view name, const std::string& by) { return ask(&ActionBook::run, name, by); }

Result<std::string> ActionRunner::take_back(std::string_view name, const std::string& by) { return ask(&ActionBook::take_back, name, by); }

Result<std::string> ActionRunner::ask(Ask question, std::string_view name, const std::string& by) {
  const Now now = clock_.now();
  std::string told;
  {
    std::unique_lock lock(mutex_);
    auto step = (book_.*question)(name, by, now);
    if (!step) {
      audit_.push_back({.at = now.wall, .actor = by, .subject = fmt::format("action {}", name), .text = "refused: " + step.error().detail});
      has_changed_ = true;
      lock.unlock();
      wake_.notify_one();
      return fail(step);
    }
    const std::vector<ActionStanding> standings = book_.list(now.wall);
    const auto found =
        std::find_if(standings.begin(), standings.end(), [&](const ActionStanding& one) { return name.empty() || one.name == name; });
    if (found != standings.end()) told = fmt::format("{} {}", found->name, found->detail);
    if (*step) waiting_.push_back(std::move(**step));
    speak(lock, now);
  }
  wake_.notify_one();
  return told;
}

std::vector<ActionStanding> ActionRunner::list() const {
  const WallTime now = clock_.now().wall;
  const std::lock_guard lock(mutex_);
  return book_.list(now);
}

void ActionRunner::speak(std::unique_lock<std::mutex>& lock, Now now) {
  const std::vector<ActionWord> words = book_.take_words();
  if (words.empty()) return;
  has_changed_ = true;
  for (const ActionWord& word : words) {
    audit_.push_back({.at = word.note.at,
                      .actor = word.by.empty() ? fmt::format("alert {}", word.note.rule) : word.by,
                      .subject = fmt::format("action {}", word.note.action),
                      .text = word.incident.empty() ? word.note.text : fmt::format("{} [{}]", word.note.text, word.incident)});
    if (audit_.size() > kMostAudit) audit_.pop_front();
  }
  lock.unlock();
  for (const ActionWord& word : words) {
    if (ports_.say) {
      ports_.say(fmt::format("time={} action={} rule={} incident={} by={}: {}\n", to_rfc3339(word.note.at), word.note.action,
                             word.note.rule, word.incident, word.by.empty() ? "alert" : word.by, word.note.text));
    }
    if (ports_.tell && word.is_for_people) ports_.tell(word.note, now);
  }
  lock.lock();
}

void ActionRunner::keep(std::unique_lock<std::mutex>& lock) {
  has_changed_ = false;
  const std::vector<store::StoredAction> changes = book_.take_changes();
  const std::deque<store::AuditEntry> audit = std::exchange(audit_, {});
  if (changes.empty() && audit.empty()) return;
  lock.unlock();
  std::optional<Failure> failure;
  const auto note = [&](const Result<void>& stored) {
    if (!stored) failure = stored.error();
  };
  for (const store::StoredAction& change : changes) note(ports_.store.save(change));
  for (const store::AuditEntry& entry : audit) note(ports_.store.add(entry));
  if (ports_.store_stands) ports_.store_stands(failure);
  lock.lock();
}

void ActionRunner::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    keep(lock);
    if (stopping_) break;
    if (has_changed_) continue;  // since `keep` looked: what is carried out has been stored
    if (waiting_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const ActionStep step = std::move(waiting_.front());
    waiting_.pop_front();
    book_.begun(step);
    lock.unlock();
    const Result<std::string> result = carry_out(step, ports_.levers, clock_.now(), stopping_);
    const Now now = clock_.now();
    lock.lock();
    if (stopping_ && !result) break;  // it was cut off by our own end: as stored, it is triggered, and the next start takes it back
    book_.finished(step, result, now);
    speak(lock, now);
  }
  keep(lock);
}

}  // namespace tidegate::operations
