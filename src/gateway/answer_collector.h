// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/answer_cache.h"

#include <memory>
#include <string>
#include <string_view>

namespace tidegate::gateway {

/// Collects the answer of the request that is the first to ask its question, while the answer passes on its way to the client. Whatever
/// happens to the request, those who wait hear of its end. One thread.
class AnswerCollector {
 public:
  AnswerCollector(AnswerCache& cache, const AnswerCache::Id& id) : cache_(cache), id_(id) {}
  AnswerCollector(const AnswerCollector&) = delete;
  AnswerCollector& operator=(const AnswerCollector&) = delete;
  ~AnswerCollector() { give_up(false); }

  /// An answer begins; what an earlier attempt brought is forgotten.
  void begin() {
    drop();
    is_too_large_ = false;
  }
  /// A piece of what the client gets, framing taken off. What grows too large is dropped, and others need not wait for it.
  void append(std::string_view payload);
  /// Whether all of the answer is there.
  [[nodiscard]] bool is_whole() const { return !is_too_large_; }
  /// The answer is whole, and good: `answer` is all but its body.
  void keep(KeptAnswer answer);
  /// See AnswerCache::Waiter::told.
  void give_up(bool ask_again);

 private:
  void drop();

  AnswerCache& cache_;
  const AnswerCache::Id id_;
  std::string body_;
  std::size_t set_aside_ = 0;
  bool is_too_large_ = false;
  bool is_done_ = false;
};

}  // namespace tidegate::gateway
