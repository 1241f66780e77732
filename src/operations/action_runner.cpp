// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "operations/action_runner.h"

#include "monitor/delivery/http_post.h"
#include "monitor/delivery/run_program.h"
#include "monitor/delivery/signature.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace tidegate::operations {

namespace {

Result<std::string> run_command(const ActionStep& step, const std::atomic<bool>& stop) {
  const bool is_trigger = step.event == ActionEvent::Trigger;
  const std::vector<std::string>& arguments = is_trigger ? step.options.command : step.options.undo;
  if (arguments.empty()) return std::string("nothing is to be taken back");
  delivery::Program program{.arguments = arguments, .timeout = step.options.timeout};
  program.environment = {{"TIDEGATE_EVENT", std::string(to_string(step.event))},
                         {"TIDEGATE_ACTION", step.options.name},
                         {"TIDEGATE_INCIDENT", step.incident},
                         {"TIDEGATE_RULE", step.alert.rule},
                         {"TIDEGATE_SUBJECT", step.alert.subject},
                         {"TIDEGATE_SUMMARY", step.alert.summary},
                         {"TIDEGATE_VALUE", fmt::format("{}", step.alert.value)},
                         {"TIDEGATE_THRESHOLD", fmt::format("{}", step.alert.threshold)}};
  const Result<std::string> printed = delivery::run(program, stop);
  if (!printed) return fail(printed);
  return fmt::format("{} ended well", arguments.front());
}

Result<std::string> call_webhook(const ActionStep& step, Now now, const std::atomic<bool>& stop) {
  namespace json = boost::json;
  const std::string event(to_string(step.event));
  json::object body{{"event", event},
                    {"action", step.options.name},
                    {"incident", step.incident},
                    {"rule", step.alert.rule},
                    {"subject", step.alert.subject},
                    {"alert", step.alert.id},
                    {"severity", std::string(to_string(step.alert.severity))},
                    {"summary", step.alert.summary},
                    {"value", step.alert.value},
                    {"threshold", step.alert.threshold}};
  if (!step.options.tier.empty()) body["proposed_tier"] = step.options.tier;
  delivery::HttpPost request{.url = Secret(step.options.url), .body = json::serialize(body), .timeout = step.options.timeout};
  // A return is another operation than its trigger: with the same key a receiver would drop it as a repeat.
  request.fields.emplace_back("idempotency-key", Secret(step.event == ActionEvent::Trigger ? step.incident : step.incident + "-return"));
  if (!step.options.secret.empty()) {
    const std::string at = fmt::format("{}", unix_nanoseconds(now.wall) / 1'000'000'000);
    request.fields.emplace_back("x-tidegate-timestamp", Secret(at));
    request.fields.emplace_back("x-tidegate-signature", Secret("v1=" + delivery::hmac_sha256(step.options.secret, at + "." + request.body)));
  }
  const Result<std::string> answer = delivery::post(request, stop);
  if (!answer) return fail(answer);
  return std::string("the webhook took it");
}

}  // namespace

Result<std::string> carry_out(const ActionStep& step, Now now, const std::atomic<bool>& stop) {
  switch (step.options.kind) {
    case ActionKind::Command: return run_command(step, stop);
    case ActionKind::Webhook: return call_webhook(step, now, stop);
    case ActionKind::TenantLimit: break;
  }
  return fail(FailureKind::Unsupported, Origin::Operator, "this version changes no tenant's limits; change them by hand");
}

void ActionRunner::adopt(std::vector<ActionOptions> options) {
  const std::lock_guard lock(mutex_);
  book_.adopt(std::move(options));
}

void ActionRunner::start() {
  thread_ = std::thread([this] { run(); });
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
    const std::lock_guard lock(mutex_);
    for (ActionStep& step : book_.look(alerts, now)) waiting_.push_back(std::move(step));
  }
  wake_.notify_one();
}

std::vector<ActionStanding> ActionRunner::list() const {
  const std::lock_guard lock(mutex_);
  return book_.list();
}

void ActionRunner::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const ActionStep step = std::move(waiting_.front());
    waiting_.pop_front();
    book_.begun(step);
    lock.unlock();
    const Now now = clock_.now();
    const Result<std::string> result = carry_out(step, now, stopping_);
    const std::string detail = result ? *result : result.error().detail;
    if (say_) {
      say_(fmt::format("time={} action={} event={} incident={} result={}: {}\n", to_rfc3339(now.wall), step.options.name, to_string(step.event),
                       step.incident, result ? "done" : "failed", detail));
    }
    lock.lock();
    book_.finished(step, result.has_value(), detail);
  }
}

}  // namespace tidegate::operations
