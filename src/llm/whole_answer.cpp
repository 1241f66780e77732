// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/whole_answer.h"

#include "llm/translated_names.h"

namespace tidegate::llm {

namespace {

using Kind = AnswerEvent::Kind;

class Replay {
 public:
  explicit Replay(const AnswerSink& sink) : sink_(sink) {}

  void operator()(const TextPart& text) {
    sink_({.kind = Kind::TextDelta, .text = text.text});
    sink_({.kind = Kind::PartEnd});
  }
  void operator()(const ReasoningPart& reasoning) {
    if (!reasoning.redacted.empty()) {
      sink_({.kind = Kind::Redacted, .text = reasoning.redacted});
    } else {
      sink_({.kind = Kind::ReasoningDelta, .text = reasoning.text});
      if (!reasoning.signature.empty()) sink_({.kind = Kind::Signature, .text = reasoning.signature});
    }
    sink_({.kind = Kind::PartEnd});
  }
  void operator()(const ToolCallPart& call) {
    sink_({.kind = Kind::ToolCallStart, .call = calls_, .id = call.id, .name = call.name});
    sink_({.kind = Kind::ToolArguments, .call = calls_, .text = call.arguments});
    sink_({.kind = Kind::PartEnd, .call = calls_});
    ++calls_;
  }
  // No model answers with these.
  void operator()(const ImagePart&) {}
  void operator()(const DocumentPart&) {}
  void operator()(const ToolResultPart&) {}

 private:
  const AnswerSink& sink_;
  std::int32_t calls_ = 0;
};

}  // namespace

bool name_calls(WholeAnswer& answer) {
  std::size_t number = 0;
  for (Part& part : answer.parts) {
    auto* call = std::get_if<ToolCallPart>(&part.content);
    if (call == nullptr) continue;
    if (call->name.empty()) return false;
    if (call->id.empty()) call->id = fallback_call_id(answer.id, number);
    ++number;
  }
  return true;
}

void replay(const WholeAnswer& answer, const AnswerSink& sink) {
  sink({.kind = Kind::Start, .id = answer.id, .name = answer.model, .usage = &answer.usage});
  Replay parts(sink);
  for (const Part& part : answer.parts) std::visit(parts, part.content);
  sink({.kind = Kind::Usage, .usage = &answer.usage});
  sink({.kind = Kind::Stop, .text = answer.stop_sequence, .stop = answer.stop});
  sink({.kind = Kind::End});
}

int status_of(UpstreamErrorKind kind) {
  using Error = UpstreamErrorKind;
  switch (kind) {
    case Error::RateLimit:
    case Error::Ramp:
    case Error::Concurrency: return 429;
    case Error::TierSpendCap:
    case Error::ContractCap:
    case Error::OwnSpendLimit:
    case Error::Billing: return 402;
    case Error::Authentication: return 401;
    case Error::Permission: return 403;
    case Error::NotFound: return 404;
    case Error::TooLarge: return 413;
    case Error::InvalidRequest: return 400;
    case Error::Overloaded: return 529;
    case Error::Timeout: return 504;
    case Error::None:
    case Error::ServerError:
    case Error::MidStream: return 500;
    case Error::Connect:
    case Error::Reset:
    case Error::Truncated:
    case Error::Protocol: return 502;
  }
  return 500;
}

}  // namespace tidegate::llm
