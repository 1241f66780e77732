// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// A journey and the answers that are kept (docs/answer_cache.md): whether one is there, waiting for one that is being made, giving it to
// the client, and collecting its own for others.
#include "base/ascii.h"
#include "gateway/journey.h"
#include "gateway/signals.h"
#include "net/http1/write.h"

#include <utility>
#include <vector>

namespace tidegate::gateway {

namespace http1 = net::http1;
using http1::FieldClass;

namespace {

/// Stands in the ledger where others have their provider.
constexpr std::string_view kProviderName = "answer_cache";

/// Carries the word over to the worker's thread.
class Word final : public AnswerCache::Waiter, public std::enable_shared_from_this<Word> {
 public:
  explicit Word(net::Reactor& reactor) : reactor_(reactor) {}

  void told(std::shared_ptr<const KeptAnswer> made, bool again) override {
    // A request that waits no longer has left only its word; that one lives until this has run.
    reactor_.post([self = shared_from_this(), made = std::move(made), again]() mutable {
      self->answer = std::move(made);
      self->ask_again = again;
      self->is_told = true;
      self->event.set();
    });
  }

  net::Event event;
  std::shared_ptr<const KeptAnswer> answer;
  bool ask_again = false;
  bool is_told = false;

 private:
  net::Reactor& reactor_;
};

/// What of a head may change the answer.
bool shapes_the_answer(const http1::RequestHead& head, std::size_t index) {
  const std::string_view name = head.fields[index].name;
  return starts_with_ignoring_case(name, "anthropic-") || starts_with_ignoring_case(name, "openai-");
}

}  // namespace

/// Whether the same question would have the same answer, as far as request and client say: docs/answer_cache.md.
bool Journey::may_be_answered_again() const {
  const auto endpoint = outcome_.match.endpoint;
  const bool is_one_answer = endpoint == llm::Endpoint::Messages || endpoint == llm::Endpoint::ChatCompletions || endpoint == llm::Endpoint::Embeddings;
  if (!is_one_answer || outcome_.method != "POST" || !outcome_.view.readable || outcome_.view.ties.any()) return false;
  const auto& wish = fields_.cache;
  if (wish) return equals_ignoring_case(*wish, "yes");
  return endpoint == llm::Endpoint::Embeddings || outcome_.view.temperature_is_zero;
}

AnswerCache::Id Journey::question_id() const {
  const http1::RequestHead& head = incoming_.head();
  std::vector<std::string_view> parts{outcome_.caller.tenant, llm::to_string(outcome_.match.dialect), head.target};
  if (setup_->options.auth == AuthMode::Passthrough) {
    // Whoever asks with a credential of its own gets what that credential has a right to.
    for (const FieldClass field : {FieldClass::Authorization, FieldClass::XApiKey}) parts.push_back(head.find(field).value_or(std::string_view{}));
  }
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    if (shapes_the_answer(head, i)) parts.insert(parts.end(), {head.fields[i].name, head.fields[i].value});
  }
  parts.push_back(incoming_.body());
  return worker_.shared().answers->id_of(parts);
}

/// True: the client has its answer, or left; `goes_on_` tells of the connection. False: the request goes on its way.
net::Task<bool> Journey::answer_again() {
  AnswerCache& cache = *worker_.shared().answers;
  net::Reactor& reactor = worker_.reactor();
  const AnswerCache::Id id = question_id();
  // Half of its patience at most: who has to go alone after all may have to wait for a room.
  const SteadyTime until = received_at_ + (deadline_ - received_at_) / 2;
  while (true) {
    std::shared_ptr<Word> word;
    AnswerCache::Found found = cache.ask(id, reactor.now().steady, [&] { return word = std::make_shared<Word>(reactor); });
    if (found.is_first) {
      collector_ = std::make_unique<AnswerCollector>(cache, id);
      co_return false;
    }
    if (word != nullptr) {
      const LeaveSignal leaving(client_, word->event);
      const TimeSignal time(reactor.deadlines(), word->event, until);
      while (!word->is_told && !client_.peer_closed() && reactor.now().steady < until) co_await word->event;
      note_wait();
      if (!word->is_told && client_.peer_closed()) {
        net::Task<bool> losing = lose_client();
        goes_on_ = co_await losing;
        co_return true;
      }
      if (word->is_told && word->answer == nullptr && word->ask_again) continue;
      found.answer = word->answer;
    }
    if (found.answer == nullptr) co_return false;
    net::Task<bool> giving = give_again(std::move(found.answer));
    goes_on_ = co_await giving;
    co_return true;
  }
}

/// Nothing goes upstream, so the ledger has it without tokens and without cost.
net::Task<bool> Journey::give_again(std::shared_ptr<const KeptAnswer> answer) {
  outcome_.status = 200;
  outcome_.provider = kProviderName;
  outcome_.answer.stop_reason = answer->stop_reason;
  outcome_.answer.model = answer->model;
  outcome_.response_bytes = static_cast<std::int64_t>(answer->body.size());
  const SteadyTime now = worker_.reactor().read_clock().steady;
  outcome_.time_to_first_byte = now - received_at_;
  head_.clear();
  http1::HeadWriter writer(head_);
  writer.status_line(200).field("content-type", answer->content_type);
  writer.field("content-length", static_cast<std::uint64_t>(answer->body.size()));
  if (answer->content_type.starts_with("text/event-stream")) writer.field("cache-control", "no-cache");
  writer.field(outcome_.match.dialect == llm::Dialect::Anthropic ? "request-id" : "x-request-id", outcome_.request_id);
  writer.field("x-tidegate-cache", "hit");
  writer.field("age", static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<Seconds>(now - answer->made_at).count())));
  tenant_limits_.write_headers(writer);
  write_own_fields(writer);
  if (!client_keeps_alive_) writer.field("connection", "close");
  (void)writer.finish();
  client_.set_deadline(now + setup_->limits.write_timeout);
  Result<void> written = co_await client_.write(head_, answer->body);
  client_.clear_deadline();
  if (!written) {
    outcome_.state = store::AttemptState::ClientGone;
    co_return false;
  }
  outcome_.state = store::AttemptState::Completed;
  co_return true;
}

/// The request is over: others may have its answer if it was whole and good.
void Journey::hand_on_answer() {
  using State = store::AttemptState;
  const llm::AnswerFacts& facts = outcome_.answer;
  const bool is_good = outcome_.state == State::Completed && outcome_.status == 200 && facts.usage.seen && !facts.usage.estimated &&
                       facts.error.kind == llm::UpstreamErrorKind::None && facts.container.empty() && coding_.empty() && !early_;
  if (!is_good || !collector_->is_whole()) {
    // Only a client that left says nothing of the answer itself.
    collector_->give_up(outcome_.state == State::ClientGone || outcome_.state == State::Interrupted);
    return;
  }
  collector_->keep({.content_type = std::move(content_type_),
                    .body = {},
                    .stop_reason = facts.stop_reason,
                    .model = facts.model,
                    .cost = outcome_.cost,
                    .made_at = worker_.reactor().now().steady});
}

}  // namespace tidegate::gateway
