// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tidegate::admin {

/// Answers that took longer than Slack waits, brought to the `response_url` of their command
/// (docs.slack.dev/interactivity/handling-user-interaction, read 2026-11-26) on a thread of its own, which the first one
/// starts. Three attempts each; what Slack does not take then is dropped, and whoever asked asks again. Any thread.
class SlackFollowUps {
 public:
  /// How the addresses begin that are written to. Whoever has the signing secret shall not make us write elsewhere.
  using Origins = std::vector<std::string>;
  [[nodiscard]] static Origins slack() { return {"https://hooks.slack.com/", "https://hooks.slack-gov.com/"}; }

  explicit SlackFollowUps(Origins origins = slack()) : origins_(std::move(origins)) {}
  SlackFollowUps(const SlackFollowUps&) = delete;
  SlackFollowUps& operator=(const SlackFollowUps&) = delete;
  ~SlackFollowUps();

  /// False: the address is not Slack's, or kMostWaiting wait already.
  bool send(std::string_view response_url, std::string body);

  static constexpr std::size_t kMostWaiting = 20;

 private:
  void run();
  void deliver(const std::pair<std::string, std::string>& url_and_body);

  const Origins origins_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  ///< guards the fields below
  std::condition_variable wake_;
  std::deque<std::pair<std::string, std::string>> waiting_;  ///< address and body
  std::thread thread_;
};

}  // namespace tidegate::admin
