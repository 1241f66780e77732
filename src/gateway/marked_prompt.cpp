// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// The body that goes to a target, with what is put into it on the way: the model's name there, marks for the provider's prompt cache. All of
// it is spliced in; every other byte stays as the client wrote it.
#include "caching/body_edit.h"
#include "gateway/journey.h"
#include "llm/anthropic/conversation.h"
#include "llm/anthropic/request.h"
#include "llm/json/cursor.h"

#include <algorithm>
#include <utility>

namespace tidegate::gateway {

namespace {

constexpr Milliseconds kLookAgain(20);  // for the first byte of another request's answer

}  // namespace

/// The body as this target gets it, but for marks: as it came, or without thinking that a provider of the other dialect wrote, which Anthropic
/// would refuse. What is put into it is found in it anew, if it is not the client's own.
void Journey::lay_out_body() {
  const bool is_translated = translator_.has_value();
  plain_body_ = is_translated ? std::string_view(translated_.body) : incoming_.body();
  layout_ = client_layout_.get();
  model_range_ = is_translated ? llm::ByteRange{} : outcome_.view.model_range;
  if (!is_translated && outcome_.view.foreign_reasoning) {
    cleaned_ = llm::anthropic::without_foreign_reasoning(plain_body_);
    plain_body_ = cleaned_;
  }
  if (plain_body_.data() != incoming_.body().data() && provider_->options().dialect == llm::Dialect::Anthropic) {
    own_layout_ = {};
    const llm::RequestView view = llm::anthropic::read_request(plain_body_, own_layout_);
    layout_ = marks() == nullptr ? nullptr : &own_layout_;
    if (!is_translated) model_range_ = view.model_range;
  }
  splice_body({});
}

/// `insertions` in order of their offsets.
void Journey::splice_body(std::span<const caching::Insertion> insertions) {
  body_.clear();
  new_model_.clear();
  const bool has_model = !outcome_.model_there.empty() && model_range_.length > 0;
  if (has_model) llm::json::append_quoted(new_model_, outcome_.model_there);
  std::size_t done = 0;
  bool model_is_due = has_model;
  const auto put_model = [&] {
    body_.push_back(plain_body_.substr(done, model_range_.offset - done));
    body_.push_back(new_model_);
    done = model_range_.offset + model_range_.length;
    model_is_due = false;
  };
  for (const caching::Insertion& insertion : insertions) {
    if (model_is_due && model_range_.offset < insertion.offset) put_model();
    body_.push_back(plain_body_.substr(done, insertion.offset - done));
    body_.push_back(insertion.text);
    done = insertion.offset;
  }
  if (model_is_due) put_model();
  body_.push_back(plain_body_.substr(done));
}

/// Whoever watches prompts; null: nobody does, or not this kind of request.
PromptMarks* Journey::marks() const {
  if (provider_ == nullptr || asks_.endpoint != llm::Endpoint::Messages || asks_.dialect != llm::Dialect::Anthropic) return nullptr;
  return worker_.shared().prompt_marks;
}

/// Sets marks for the provider's cache where they pay; may wait for another request that is writing the same prefix.
net::Task<void> Journey::mark_prompt() {
  PromptMarks* const marks = this->marks();
  if (marks == nullptr || layout_ == nullptr) co_return;
  if (translator_ || plain_body_.data() != incoming_.body().data()) {
    // Marks that came through translation are the client's own.
    if (plain_body_.find("\"cache_control\"") != std::string_view::npos) co_return;
  }
  if (caching::why_untouched(outcome_.view, *layout_, provider_->options().takes_cache_control, marks->options())) co_return;
  const bool was_asked = advice_.has_value();
  const caching::PrefixChain chain = marks->read(*layout_, plain_body_, {.cache = outcome_.provider,
                                                                         .model = outcome_.asked_model(),
                                                                         .speed = outcome_.view.speed,
                                                                         .tenant = outcome_.caller.tenant});
  if (cache_id_.empty() && provider_->options().keys.size() > 1) {
    cache_id_ = caching::affinity_id(chain);
    if (!tied_ && only_key_.empty()) preferred_ = preferred_holder();
  }
  const caching::CacheTerms terms = caching::terms_of(worker_.sink().input_prices(outcome_), caching::minimum_cached_tokens(outcome_.asked_model()));
  const auto ask = [&](caching::Asking asking) {
    advice_ = marks->advise(chain, terms, worker_.reactor().now().steady, asking);
  };
  ask(was_asked ? caching::Asking::AfterWaiting : caching::Asking::First);
  if (advice_->wait && !was_asked) {
    const SteadyTime until = worker_.reactor().now().steady + *advice_->wait;
    while (worker_.reactor().read_clock().steady < until && !client_.peer_closed() && !marks->has_begun(advice_->wait_for, worker_.reactor().now().steady)) {
      net::Reactor::Sleep sleep = worker_.reactor().sleep_for(kLookAgain);
      co_await sleep;
    }
    ask(caching::Asking::AfterWaiting);
  }
  advice_is_open_ = true;
  if (advice_->is_dry_run || !advice_->marks_anything()) co_return;
  const caching::BodyEdit edit(*layout_, advice_->plan.all());
  splice_body(edit.insertions());
}

/// The attempt came to nothing: its prefix was not written.
void Journey::give_up_marks() {
  if (std::exchange(advice_is_open_, false)) worker_.shared().prompt_marks->failed(*advice_);
}

void Journey::count_marks() {
  if (!std::exchange(advice_is_open_, false)) return;
  const llm::Usage& usage = outcome_.answer.usage;
  if (!usage.seen) {
    worker_.shared().prompt_marks->failed(*advice_);
    return;
  }
  worker_.shared().prompt_marks->counted(*advice_, usage.tokens, worker_.sink().input_prices(outcome_), model_group_.starts_with("haiku-3"),
                                         outcome_.asked_model(), outcome_.caller.tenant);
}

}  // namespace tidegate::gateway
