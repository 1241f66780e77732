// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/unread_usage.h"

namespace tidegate::gateway {

void estimate_unread_usage(Outcome& outcome, const AnswerForm& form, OutcomeSink& sink) {
  using store::AttemptState;
  llm::AnswerFacts& facts = outcome.answer;
  if (facts.usage.seen || !outcome.metered() || outcome.upstream_status != 200) return;
  const bool came = outcome.response_bytes > 0 && facts.error.kind == llm::UpstreamErrorKind::None;
  if (!came) return;
  const Amount expected = sink.estimate(outcome);
  facts.usage.tokens.input = expected.input_tokens;
  const bool tells_output = facts.content_started || (form.is_stream && !form.is_encoded);
  if (!tells_output) facts.usage.tokens.output = expected.output_tokens;
  facts.usage.seen = facts.usage.estimated = true;
  const bool broke_off = outcome.state == AttemptState::ClientGone || outcome.state == AttemptState::Truncated;
  // Chat completions leave it out of a stream unless the client asks for it (facts/anthropic-api.md 5.2).
  const bool is_usual = form.is_stream && form.endpoint == llm::Endpoint::ChatCompletions && facts.finished;
  outcome.unread = form.is_encoded || (!broke_off && !is_usual);
}

}  // namespace tidegate::gateway
