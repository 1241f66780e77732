// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/slack_follow_ups.h"

#include "base/time.h"
#include "monitor/delivery/http_post.h"

#include <algorithm>
#include <array>

namespace tidegate::admin {

namespace {

/// Before the first attempt, the second …; Slack takes them for half an hour.
constexpr std::array<Seconds, 3> kPauses{Seconds(0), Seconds(1), Seconds(5)};

}  // namespace

SlackFollowUps::~SlackFollowUps() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool SlackFollowUps::send(std::string_view response_url, std::string body) {
  const bool is_slack = std::any_of(origins_.begin(), origins_.end(),
                                    [&](const std::string& origin) { return response_url.starts_with(origin); });
  if (!is_slack) return false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= kMostWaiting) return false;
    waiting_.emplace_back(response_url, std::move(body));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  wake_.notify_one();
  return true;
}

void SlackFollowUps::run() {
  while (true) {
    std::pair<std::string, std::string> next;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    deliver(next);
  }
}

void SlackFollowUps::deliver(const std::pair<std::string, std::string>& url_and_body) {
  for (const Seconds pause : kPauses) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, pause, [this] { return stopping_.load(); })) return;
    }
    const auto told = delivery::post({.url = Secret(url_and_body.first), .body = url_and_body.second}, stopping_);
    if (told || told.error().retry == Retry::Never) return;
  }
}

}  // namespace tidegate::admin
