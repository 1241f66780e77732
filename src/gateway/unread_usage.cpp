// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/unread_usage.h"

namespace tidegate::gateway {

namespace {

bool broke_off(const Outcome& outcome) {
  using store::AttemptState;
  return outcome.state == AttemptState::ClientGone || outcome.state == AttemptState::Truncated || outcome.state == AttemptState::Interrupted;
}

/// The provider has the request; its answer broke off, or nobody waited for it.
bool is_unheard(const Outcome& outcome, const AnswerForm& form) {
  const bool may_be_good = outcome.upstream_status == 0 || outcome.upstream_status == 200;
  return form.was_sent && may_be_good && (broke_off(outcome) || outcome.error == llm::UpstreamErrorKind::Timeout);
}

}  // namespace

void estimate_unread_usage(Outcome& outcome, const AnswerForm& form, OutcomeSink& sink) {
  llm::AnswerFacts& facts = outcome.answer;
  if (facts.usage.seen || !outcome.metered() || facts.error.kind != llm::UpstreamErrorKind::None) return;
  const bool came = outcome.upstream_status == 200 && outcome.response_bytes > 0;
  if (!came && !is_unheard(outcome, form)) return;
  const Amount expected = sink.estimate(outcome);
  facts.usage.tokens.input = expected.input_tokens;
  const bool tells_output = !came || facts.content_started || (form.is_stream && !form.is_encoded);
  if (!tells_output) facts.usage.tokens.output = expected.output_tokens;
  facts.usage.seen = facts.usage.estimated = true;
  // Chat completions leave it out of a stream unless the client asks for it (facts/anthropic-api.md 5.2).
  const bool is_usual = form.is_stream && form.endpoint == llm::Endpoint::ChatCompletions && facts.finished;
  outcome.unread = came && (form.is_encoded || (!broke_off(outcome) && !is_usual));
}

}  // namespace tidegate::gateway
