// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/shadow_copy.h"

#include "gateway/answer_profile.h"
#include "gateway/answer_reader.h"
#include "gateway/passage.h"
#include "gateway/translator.h"
#include "gateway/unread_usage.h"
#include "llm/anthropic/rate_limits.h"
#include "llm/json/cursor.h"
#include "llm/openai/rate_limits.h"
#include "monitor/shadow_hash.h"
#include "net/http1/body.h"
#include "net/http1/write.h"
#include "quota/book/readings.h"
#include "upstream/exchange.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidegate::gateway {

namespace http1 = net::http1;

namespace {

constexpr std::size_t kLongestAnswer = 1024 * 1024;  ///< kept for its profile; of a longer one the beginning

/// One copy under way. Lives as long as it runs.
class Copy final : public Worker::Member {
 public:
  Copy(Worker& worker, std::shared_ptr<const Setup> setup, ServedRequest& request)
      : worker_(worker), setup_(std::move(setup)), request_(request), passage_(worker.reactor()) {
    worker_.join(*this);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() {
    passage_.leave();
    if (is_promised_) worker_.shared().shadow->abandoned(estimate_, copy_.cost, worker_.reactor().now());
    worker_.leave(*this);
  }
  // Whoever stops has no time for comparisons.
  void drain() override { cut(); }
  void cut() override {
    is_cut_ = true;
    if (exchange_ != nullptr) exchange_->cancel();
  }

  [[nodiscard]] net::Task<void> run();

 private:
  [[nodiscard]] bool prepare();
  [[nodiscard]] bool lay_out();
  [[nodiscard]] std::optional<double> headroom(quota::LiveRoom& room) const;
  void write_head();
  [[nodiscard]] net::Task<Result<void>> exchange();
  void begin();
  void record(const Result<void>& done);
  void tell(const Result<void>& done);

  Worker& worker_;
  std::shared_ptr<const Setup> setup_;
  ServedRequest& request_;
  std::shared_ptr<const upstream::Provider> provider_;
  std::size_t key_ = 0;
  Passage passage_;
  Outcome copy_;
  llm::EndpointMatch asks_;
  std::string target_, body_, head_, answer_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::unique_ptr<upstream::Exchange> exchange_;
  AnswerReader reader_;
  Money estimate_;
  SteadyTime sent_at_, first_at_;
  bool streams_ = false, is_encoded_ = false, has_first_ = false;
  bool is_promised_ = false;  ///< the port waits for word
  bool is_cut_ = false;
};

/// The body in the provider's dialect, with the model's name there.
bool Copy::lay_out() {
  const upstream::ProviderOptions& there = provider_->options();
  const auto known = there.models.find(copy_.view.model);
  if (known != there.models.end()) copy_.model_there = known->second;
  asks_ = copy_.match;
  target_ = request_.target;
  if (there.dialect != copy_.match.dialect) {
    auto translator = Translator::make(copy_.match, there.dialect, {.anthropic = there.anthropic, .openai = there.openai, .request_id = copy_.request_id, .created = 0});
    if (!translator) return false;
    auto translated = translator->translate_request(request_.body, copy_.asked_model());
    if (!translated) return false;
    asks_ = {there.dialect, there.dialect == llm::Dialect::Anthropic ? llm::Endpoint::Messages : llm::Endpoint::ChatCompletions};
    target_ = std::move(translated->path);
    body_ = std::move(translated->body);
    headers_ = std::move(translated->headers);
    return true;
  }
  if (!request_.version.empty()) headers_.emplace_back("anthropic-version", request_.version);
  if (!request_.beta.empty()) headers_.emplace_back("anthropic-beta", request_.beta);
  body_ = std::move(request_.body);
  const llm::ByteRange range = copy_.view.model_range;
  if (copy_.model_there.empty() || range.length == 0) return true;
  std::string name;
  llm::json::append_quoted(name, copy_.model_there);
  body_.replace(range.offset, range.length, name);
  return true;
}

/// The share that the best of the room's pools has left, of the limit that is shortest there.
std::optional<double> Copy::headroom(quota::LiveRoom& room) const {
  std::optional<double> best;
  for (const quota::BucketView& pool : room.view(worker_.reactor().now().steady).pools) {
    std::optional<double> least;
    for (const quota::BucketLevel& level : pool.levels) {
      if (level.depth <= 0) continue;
      const double share = std::clamp(level.level / level.depth, 0.0, 1.0);
      least = least ? std::min(*least, share) : share;
    }
    if (least && (!best || *least > *best)) best = least;
  }
  return best;
}

/// False: no copy goes out.
bool Copy::prepare() {
  const auto found = std::find_if(setup_->providers.begin(), setup_->providers.end(), [this](const auto& one) { return one->id() == request_.provider; });
  if (found == setup_->providers.end() || (*found)->id().text() == request_.official.provider) return false;
  provider_ = *found;
  copy_.is_shadow = true;
  copy_.request_id = request_.official.request_id;
  copy_.started_at = worker_.reactor().now().wall;
  copy_.match = request_.official.match;
  copy_.method = "POST";
  copy_.view = request_.official.view;
  copy_.provider = copy_.pool = provider_->id().text();
  copy_.priority = quota::Priority::Batch;
  copy_.request_bytes = static_cast<std::int64_t>(request_.body.size());
  if (!lay_out()) return false;
  const RoomFinder::Place& place = worker_.rooms().find({.provider = copy_.provider,
                                                         .endpoint = asks_.endpoint,
                                                         .model = copy_.asked_model(),
                                                         .speed = copy_.view.speed,
                                                         .class_name = {},
                                                         .credential = {}},
                                                        worker_.reactor().now().steady);
  copy_.model_group = place.model_group;
  quota::LiveRoom* const room = place.room;
  estimate_ = worker_.sink().estimate(copy_).money;
  const monitor::ShadowQuestion question{.request_id = copy_.request_id, .session = request_.official.caller.session,
                                         .headroom = room == nullptr ? std::nullopt : headroom(*room), .estimate = estimate_};
  if (!worker_.shared().shadow->may_send(question, worker_.reactor().now())) return false;
  is_promised_ = true;
  quota::Submission submission;
  submission.tenant = "shadow";
  submission.priority = quota::Priority::Batch;
  submission.deadline = worker_.reactor().now().steady;  // at once, or not at all
  submission.body_bytes = static_cast<double>(body_.size());
  submission.max_tokens = static_cast<double>(copy_.view.max_tokens.value_or(0));
  if (passage_.enter(room, submission, {}) != Passage::Word::Go) return false;
  const auto key = passage_.key().empty() ? std::optional<std::size_t>(0) : provider_->find_key(passage_.key());
  if (!key) return false;
  key_ = *key;
  if (key_ < provider_->options().keys.size()) copy_.pool = provider_->options().keys[key_].name;
  return true;
}

void Copy::write_head() {
  http1::HeadWriter writer(head_);
  writer.request_line("POST", fmt::format("{}{}", provider_->path_prefix(), target_));
  writer.field("host", provider_->authority()).field("content-type", "application/json").field("accept-encoding", "identity");
  writer.field("user-agent", "tidegate");
  for (const auto& [name, value] : headers_) writer.field(name, value);
  writer.field("content-length", static_cast<std::uint64_t>(body_.size()));
  (void)writer.finish();
  head_.insert(head_.size() - 2, provider_->credential_line(key_));
}

net::Task<Result<void>> Copy::exchange() {
  exchange_ = std::make_unique<upstream::Exchange>(worker_.pool(), provider_);
  sent_at_ = worker_.reactor().read_clock().steady;
  const std::string_view body = body_;
  net::Task<Result<void>> sending = exchange_->send(head_, std::span(&body, 1), "POST");
  Result<void> sent = co_await sending;
  if (!sent) co_return std::move(sent);
  const http1::ResponseHead& head = exchange_->head();
  copy_.status = copy_.upstream_status = head.status;
  copy_.organisation = bounded_label(head.find(http1::FieldClass::AnthropicOrganizationId));
  streams_ = is_event_stream(head.find(http1::FieldClass::ContentType).value_or(std::string_view{}), head.status == 200 && copy_.view.stream);
  is_encoded_ = !equals_ignoring_case(head.find(http1::FieldClass::ContentEncoding).value_or("identity"), "identity");
  reader_.begin(asks_, head.status, streams_);
  const llm::RateLimitReading limits = provider_->options().dialect == llm::Dialect::Anthropic ? llm::anthropic::read_rate_limits(head.fields)
                                                                                              : llm::openai::read_rate_limits(head.fields);
  worker_.sink().answered(copy_, limits);
  passage_.answered(quota::to_readings(limits, copy_.model_group));
  http1::BodyFollower follower(exchange_->framing());
  std::string_view bytes = exchange_->first_bytes();
  while (true) {
    const http1::Followed followed = follower.feed(bytes, [this](std::string_view payload) {
      copy_.response_bytes += static_cast<std::int64_t>(payload.size());
      reader_.feed(payload);
      if (answer_.size() < kLongestAnswer) answer_.append(payload.substr(0, kLongestAnswer - answer_.size()));
    });
    exchange_->took(followed.consumed, bytes);
    if (!std::exchange(has_first_, has_first_ || copy_.response_bytes > 0) && has_first_) first_at_ = worker_.reactor().read_clock().steady;
    if (followed.state == http1::BodyState::Complete) break;
    net::Stream::Read reading = exchange_->read();
    Result<std::size_t> next = co_await reading;
    const bool eof = next && *next == 0;
    if (eof && !follower.is_truncated_by_eof()) break;
    if (!next) co_return fail(next);
    if (eof || followed.state == http1::BodyState::Rejected) co_return fail(FailureKind::Closed, Origin::Upstream, "the answer broke off");
    bytes = exchange_->received(*next);
  }
  exchange_->complete();
  co_return Result<void>{};
}

/// The ledger's entry, of a kind of its own.
void Copy::record(const Result<void>& done) {
  reader_.end();
  copy_.answer = reader_.take_facts();
  if (copy_.answer.content_started) llm::estimate_missing_usage(copy_.answer);
  const bool is_good = done && copy_.status == 200 && copy_.answer.error.kind == llm::UpstreamErrorKind::None && (!streams_ || copy_.answer.finished);
  copy_.state = is_good ? store::AttemptState::Completed : done ? store::AttemptState::Failed : store::AttemptState::Truncated;
  copy_.error = copy_.answer.error.kind;
  if (!done) copy_.error = done.error().kind == FailureKind::Timeout ? llm::UpstreamErrorKind::Timeout : copy_.status == 0 ? llm::UpstreamErrorKind::Connect : llm::UpstreamErrorKind::Truncated;
  if (!is_good && copy_.error == llm::UpstreamErrorKind::None) copy_.error = llm::UpstreamErrorKind::Truncated;
  copy_.duration = worker_.reactor().read_clock().steady - sent_at_;
  const llm::Usage& usage = copy_.answer.usage;
  if (usage.seen) passage_.counted_input(static_cast<double>(usage.tokens.total_input() - (asks_.dialect == llm::Dialect::Anthropic ? usage.tokens.cache_read : 0)));
  passage_.ended(is_good, usage.seen ? static_cast<double>(usage.tokens.output) : -1);
  estimate_unread_usage(copy_, {.endpoint = asks_.endpoint, .is_stream = streams_, .is_encoded = is_encoded_, .was_sent = exchange_ != nullptr && exchange_->was_sent()}, worker_.sink());
  copy_.cost = worker_.sink().charge(copy_).cost;
  worker_.sink().finish(copy_);
}

void Copy::tell(const Result<void>& done) {
  monitor::ShadowSample sample;
  sample.official_provider = request_.official.provider;
  sample.shadow_provider = copy_.provider;
  sample.model = copy_.view.model;
  if (!request_.official.caller.session.empty()) sample.conversation = monitor::stable_hash(request_.official.caller.session);
  sample.at = worker_.reactor().now().steady;
  sample.official = request_.side;
  monitor::ShadowSide& side = sample.shadow;
  side.ok = copy_.state == store::AttemptState::Completed;
  if (!side.ok) side.error_kind = llm::to_string(copy_.error);
  if (streams_ && has_first_) side.time_to_first_token = first_at_ - sent_at_;
  side.total_time = copy_.duration;
  side.output_tokens = copy_.answer.usage.tokens.output;
  side.cost = copy_.cost;
  if (done) {
    const AnswerProfile profile = profile_of(asks_.dialect, streams_, answer_);
    side.stop_reason = profile.stop;
    side.tool_calls = profile.tool_calls;
    side.tool_calls_valid = profile.tool_calls_valid;
    side.output_characters = profile.characters;
  }
  is_promised_ = false;
  worker_.shared().shadow->finished(estimate_, std::move(sample), worker_.reactor().now());
}

net::Task<void> Copy::run() {
  if (!prepare()) co_return;
  write_head();
  copy_.attempt = 1;
  copy_.id = worker_.sink().begin(copy_);
  if (copy_.id == 0) {
    passage_.withdraw();
    co_return;
  }
  net::Task<Result<void>> exchanging = exchange();
  const Result<void> done = co_await exchanging;
  record(done);
  if (!is_cut_) tell(done);
}

}  // namespace

net::Task<void> send_shadow_copy(Worker& worker, std::shared_ptr<const Setup> setup, std::unique_ptr<ServedRequest> request) {
  Copy copy(worker, std::move(setup), *request);
  net::Task<void> running = copy.run();
  co_await running;
}

}  // namespace tidegate::gateway
