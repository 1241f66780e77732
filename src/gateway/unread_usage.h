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

/// Of what the provider did and told no usage of, takes the request's estimate for what was used, marked as estimated: nothing that is served
/// is free.
/// - A good answer that came: its input and its output; of a stream in plain the output is what was seen of it.
/// - A request that the provider has and whose answer nobody heard (it broke off before a byte of it, its time was over, its client left, the
///   gateway stopped): its input, which is all that is known to have been used.
/// - Any other answer is left alone.
/// `outcome.unread` tells whether it is how this provider answers, and not one answer that broke off. Asked before the charge; needs
/// `outcome.state`, if the answer did not come to its end, and `outcome.error`.
void estimate_unread_usage(Outcome& outcome, const AnswerForm& form, OutcomeSink& sink);

}  // namespace tidegate::gateway
