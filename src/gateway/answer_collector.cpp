// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/answer_collector.h"

#include <utility>

namespace tidegate::gateway {

void AnswerCollector::drop() {
  cache_.shrink(std::exchange(set_aside_, 0));
  body_ = {};
}

void AnswerCollector::append(std::string_view payload) {
  if (is_done_ || is_too_large_) return;
  if (body_.size() + payload.size() > cache_.largest() || !cache_.grow(payload.size())) {
    is_too_large_ = true;
    drop();
    give_up(false);
    return;
  }
  set_aside_ += payload.size();
  body_.append(payload);
}

void AnswerCollector::keep(KeptAnswer answer) {
  if (std::exchange(is_done_, true)) return;
  answer.body = std::move(body_);
  answer.body.shrink_to_fit();
  drop();
  cache_.done(id_, std::make_shared<const KeptAnswer>(std::move(answer)), false);
}

void AnswerCollector::give_up(bool ask_again) {
  drop();
  if (!std::exchange(is_done_, true)) cache_.done(id_, nullptr, ask_again);
}

}  // namespace tidegate::gateway
