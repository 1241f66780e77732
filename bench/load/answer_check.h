// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tidegate::bench {

/// Follows one HTTP/1.1 answer and judges whether it came whole. Written apart from src/net/http1 on purpose: the
/// gateway's own reader must not be the judge of what the gateway sends.
class AnswerCheck {
 public:
  enum class State { InHead, InBody, Complete, Broken };

  /// `exact`: the body must be these bytes. Empty: any JSON object, or any stream of events that ends with
  /// message_stop.
  explicit AnswerCheck(std::string_view exact = {}) : exact_(exact) {}

  State feed(std::string_view bytes) {
    if (state_ == State::InHead) {
      head_.append(bytes);
      const std::size_t end = head_.find("\r\n\r\n");
      if (end == std::string::npos) return head_.size() > 64 * 1024 ? state_ = State::Broken : state_;
      const std::string rest = head_.substr(end + 4);
      head_.resize(end + 2);
      begin_body();
      return state_ == State::InBody ? body(rest) : state_;
    }
    return state_ == State::InBody ? body(bytes) : state_;
  }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool has_body_bytes() const { return seen_ > 0; }
  /// The body was what it had to be. Only of a Complete answer.
  [[nodiscard]] bool is_right() const {
    if (status_ != 200) return false;
    if (!exact_.empty()) return same_ && seen_ == exact_.size();
    return is_stream_ ? tail_.ends_with("\"type\":\"message_stop\"}\n\n") : tail_.ends_with("}");
  }
  [[nodiscard]] std::string_view field(std::string_view name) const {
    std::size_t at = 0;
    while ((at = head_.find('\n', at)) != std::string::npos) {
      const std::string_view line = std::string_view(head_).substr(++at);
      if (line.size() <= name.size() || line[name.size()] != ':' || !same_name(line.substr(0, name.size()), name))
        continue;
      std::string_view value = line.substr(name.size() + 1);
      value = value.substr(0, value.find('\r'));
      while (value.starts_with(' ')) value.remove_prefix(1);
      return value;
    }
    return {};
  }

 private:
  static bool same_name(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return (a | 0x20) == (b | 0x20); });
  }

  void begin_body() {
    status_ = head_.size() > 12 ? std::atoi(head_.c_str() + 9) : 0;
    is_stream_ = field("content-type").starts_with("text/event-stream");
    is_chunked_ = same_name(field("transfer-encoding"), "chunked");
    const std::string_view length = field("content-length");
    if (!is_chunked_ && length.empty()) {
      state_ = State::Broken;
      return;
    }
    left_ = is_chunked_ ? 0 : std::strtoull(length.data(), nullptr, 10);
    state_ = !is_chunked_ && left_ == 0 ? State::Complete : State::InBody;
  }

  State body(std::string_view bytes) {
    while (!bytes.empty() && state_ == State::InBody) {
      if (left_ == 0) {  // only chunked: in or after a size line, or in the line break after a chunk
        line_ += bytes.front();
        bytes.remove_prefix(1);
        if (line_.back() == '\n') end_of_line();
        continue;
      }
      const std::string_view payload = bytes.substr(0, left_);
      take(payload);
      bytes.remove_prefix(payload.size());
      left_ -= payload.size();
      if (left_ == 0 && !is_chunked_) state_ = State::Complete;
    }
    if (state_ == State::Complete && !bytes.empty()) state_ = State::Broken;  // more than was announced
    return state_;
  }

  void end_of_line() {
    const bool is_empty = line_ == "\r\n";
    if (is_last_) {
      if (is_empty) state_ = State::Complete;  // else a trailer
    } else if (!is_empty) {
      left_ = std::strtoull(line_.c_str(), nullptr, 16);
      is_last_ = left_ == 0;
    }
    line_.clear();
  }

  void take(std::string_view payload) {
    if (exact_.empty()) {
      tail_.append(payload.substr(payload.size() - std::min<std::size_t>(payload.size(), 64)));
      if (tail_.size() > 64) tail_.erase(0, tail_.size() - 64);
    } else {
      same_ = same_ && exact_.size() - std::min(seen_, exact_.size()) >= payload.size() &&
              exact_.substr(seen_, payload.size()) == payload;
    }
    seen_ += payload.size();
  }

  std::string_view exact_;
  State state_ = State::InHead;
  std::string head_, line_, tail_;
  int status_ = 0;
  bool is_stream_ = false, is_chunked_ = false, is_last_ = false, same_ = true;
  std::uint64_t left_ = 0;
  std::size_t seen_ = 0;
};

}  // namespace tidegate::bench
