// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// A journey whose request is drawn for shadow traffic (docs/shadow.md): what has to be kept of it until its client has been served.
#include "gateway/answer_profile.h"
#include "gateway/journey.h"
#include "gateway/shadow_copy.h"

#include <algorithm>
#include <utility>

namespace tidegate::gateway {

/// Only what another provider could answer as well, and may see.
void Journey::draw_shadow() {
  const auto endpoint = outcome_.match.endpoint;
  if (endpoint != llm::Endpoint::Messages && endpoint != llm::Endpoint::ChatCompletions) return;
  if (!outcome_.view.readable || outcome_.view.ties.any() || setup_->options.auth == AuthMode::Passthrough) return;
  ProviderId drawn = worker_.shared().shadow->drawn(outcome_.request_id, outcome_.caller.session);
  if (drawn.empty()) return;
  const std::vector<std::string>& allowed = outcome_.caller.providers;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), drawn.text()) == allowed.end()) return;
  shadow_provider_ = std::move(drawn);
}

/// The client has been served, or its own provider could not: now the second one may show what it can do.
void Journey::copy_to_shadow() {
  using State = store::AttemptState;
  const bool is_served = outcome_.state == State::Completed && outcome_.status == 200;
  const bool is_providers_fault = (outcome_.state == State::Failed && (outcome_.status >= 500 || outcome_.status == 429)) || outcome_.state == State::Truncated;
  if (outcome_.id == 0 || (!is_served && !is_providers_fault) || worker_.draining()) return;
  auto request = std::make_unique<ServedRequest>();
  monitor::ShadowSide& side = request->side;
  side.ok = is_served;
  if (!is_served) side.error_kind = llm::to_string(outcome_.error);
  const Nanoseconds first = outcome_.time_to_first_byte;
  if (streams_ && first > Nanoseconds(0)) side.time_to_first_token = received_at_ + first - sent_at_;
  side.total_time = worker_.reactor().now().steady - sent_at_;
  side.output_tokens = outcome_.answer.usage.tokens.output;
  side.cost = outcome_.cost;
  const AnswerProfile profile = profile_of(asks_.dialect, streams_, kept_answer_);
  side.stop_reason = profile.stop;
  side.tool_calls = profile.tool_calls;
  side.tool_calls_valid = profile.tool_calls_valid;
  side.output_characters = profile.characters;
  const net::http1::RequestHead& head = incoming_.head();
  request->official = outcome_;
  request->body = std::string(incoming_.body());
  request->target = std::string(head.target);
  request->version = std::string(head.find(net::http1::FieldClass::AnthropicVersion).value_or(std::string_view{}));
  request->beta = std::string(head.find(net::http1::FieldClass::AnthropicBeta).value_or(std::string_view{}));
  request->provider = shadow_provider_;
  worker_.reactor().spawn(send_shadow_copy(worker_, setup_, std::move(request)));
}

}  // namespace tidegate::gateway
