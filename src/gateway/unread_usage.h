// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/outcome.h"

namespace tidegate::gateway {

/// How an answer came, beside what was read of it.
struct AnswerForm {
  llm::Endpoint endpoint;   ///< that the provider was asked
  bool is_stream = false;   ///< of events
  bool is_encoded = false;  ///< compressed: nothing could be read of it
  bool was_sent = false;    ///< the provider may have the request, whatever became of the answer
};

/// Of a good answer that came, but told no usage, takes the request's estimate for what was used, marked as estimated: nothing that is served
/// is free. So is it with a request that the provider has and whose answer nobody waited for, or that broke off before it told anything:
/// then only for its input, which is all that is known to have been used. Of a stream in plain, only for its input; its output is what was seen of it. `outcome.unread` tells whether that is how the
/// provider answers, and not one answer that broke off or whose client left. Does nothing to other answers. Asked before the charge; needs
/// `outcome.state`, if the answer did not come to its end.
void estimate_unread_usage(Outcome& outcome, const AnswerForm& form, OutcomeSink& sink);

}  // namespace tidegate::gateway
