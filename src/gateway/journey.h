// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "caching/body_edit.h"
#include "gateway/answer_collector.h"
#include "gateway/answer_reader.h"
#include "gateway/incoming.h"
#include "gateway/outcome.h"
#include "gateway/own_answer.h"
#include "gateway/passage.h"
#include "gateway/request_fields.h"
#include "gateway/stream_judge.h"
#include "gateway/tenant_limits.h"
#include "gateway/translator.h"
#include "gateway/worker.h"
#include "net/http1/body.h"
#include "net/http1/write.h"
#include "llm/prompt_layout.h"
#include "net/stream.h"
#include "upstream/exchange.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// One request from its head to its ledger entry, in the stages of docs/life_of_a_request.md. Every way out ends in
/// `finish`, once. Lives as long as its request, on one thread.
class Journey {
 public:
  Journey(Worker& worker, std::shared_ptr<const Setup> setup, net::Stream& client, Incoming& incoming);
  Journey(const Journey&) = delete;
  Journey& operator=(const Journey&) = delete;
  /// A journey that is destroyed under way (the worker ends) is recorded as cut off.
  ~Journey();

  /// Serves the request. True: the connection may carry another one.
  [[nodiscard]] net::Task<bool> run();
  /// Answers a request whose head could not be read.
  [[nodiscard]] net::Task<void> refuse_unread(OwnAnswer answer);

 private:
  /// What became of one target, or of one attempt.
  enum class Step : std::uint8_t {
    Over,   ///< the client has its answer, or left; `goes_on_` tells of the connection
    Again,  ///< refused before anything was relayed; `refusal_` tells the room
    Next,   ///< nothing more to be had of this target
  };
  /// One that may serve the request.
  struct Target {
    std::shared_ptr<const upstream::Provider> provider;
    const routing::TargetRule* terms = nullptr;  ///< in `setup_`; null: none
    bool refuses_losses = false;
    bool is_wanted = false;  ///< the first of the route, also while its provider does not answer
  };

  // The stages, in order.
  [[nodiscard]] bool accept();
  [[nodiscard]] bool streams_through() const;
  [[nodiscard]] net::Task<bool> receive();
  void read();
  [[nodiscard]] bool authenticate();
  [[nodiscard]] bool identify();
  [[nodiscard]] bool plan();
  [[nodiscard]] bool admit_tenant();
  [[nodiscard]] bool set_patience();
  [[nodiscard]] Nanoseconds longest_wait(std::optional<Nanoseconds> wish) const;
  [[nodiscard]] net::Task<bool> serve();
  [[nodiscard]] net::Task<Step> relay();
  /// What the first bytes of an answer that says 200 are.
  enum class Beginning : std::uint8_t { Good, Bad, Unknown };
  [[nodiscard]] Beginning judge_beginning(bool complete, std::string_view bytes);
  [[nodiscard]] Step refuse_beginning();
  [[nodiscard]] bool may_go_elsewhere() const;
  void finish();

  // Stages 5 to 7, in attempts.cpp.
  [[nodiscard]] net::Task<Step> try_target();
  [[nodiscard]] net::Task<Step> attempt();
  [[nodiscard]] net::Task<Step> judge_answer();
  [[nodiscard]] bool may_be_done_twice(llm::UpstreamErrorKind error) const;
  [[nodiscard]] bool leaves_something() const;
  [[nodiscard]] net::Task<Result<void>> call();
  [[nodiscard]] net::Task<Result<void>> upload();
  [[nodiscard]] net::Task<bool> end_unserved();
  [[nodiscard]] bool begins_anew();
  [[nodiscard]] net::Task<bool> send_held();
  // For streams that wait long, in early_answer.cpp.
  [[nodiscard]] bool may_answer_early() const;
  [[nodiscard]] net::Task<bool> keep_awake();
  [[nodiscard]] net::Task<bool> end_early(int status, std::string message);
  [[nodiscard]] net::Task<bool> relay_early();
  [[nodiscard]] bool choose_target(std::size_t index);
  void shift_share();
  void rank_targets();
  [[nodiscard]] std::string room_name(const Target& target) const;
  void note_wanted_room(const Target& target);
  void pass_by_dear_targets();
  [[nodiscard]] std::string model_of(const Target& target) const;
  [[nodiscard]] bool may_attempt_more() const;
  void no_target_left() {
    targets_.resize(std::min(targets_.size(), target_ + 1));
    postponed_.clear();
  }
  void note_overflow(const quota::Decision& decision);
  [[nodiscard]] std::optional<std::size_t> take_postponed();
  [[nodiscard]] bool has_another_target() const { return !postponed_.empty() || (!is_returning_ && target_ + 1 < targets_.size()); }
  [[nodiscard]] bool is_last_resort() const { return is_returning_ || !has_another_target(); }
  [[nodiscard]] SteadyTime patience_ends() const;
  // In marked_prompt.cpp.
  void lay_out_body();
  void splice_body(std::span<const caching::Insertion> insertions);
  [[nodiscard]] PromptMarks* marks() const;
  [[nodiscard]] net::Task<void> mark_prompt();
  void give_up_marks();
  // In shadowed.cpp.
  void draw_shadow();
  void keep_answer(std::string_view payload) {
    if (!shadow_provider_.empty() && kept_answer_.size() < kLongestKept) kept_answer_.append(payload.substr(0, kLongestKept - kept_answer_.size()));
  }
  void copy_to_shadow();
  // In kept_answer.cpp.
  [[nodiscard]] bool may_be_answered_again() const;
  [[nodiscard]] AnswerCache::Id question_id() const;
  [[nodiscard]] net::Task<bool> answer_again();
  [[nodiscard]] net::Task<bool> give_again(std::shared_ptr<const KeptAnswer> answer);
  void hand_on_answer();
  /// Everything that wants to see an answer pass.
  void watch(std::string_view payload) {
    outcome_.response_bytes += static_cast<std::int64_t>(payload.size());
    reader_.feed(payload);
    if (judge_ != nullptr) judge_->feed(payload);
    keep_answer(payload);
    if (collector_ != nullptr && !translator_) collector_->append(payload);
  }
  [[nodiscard]] bool breaks_its_grammar();
  void count_marks();
  [[nodiscard]] bool translate();
  void write_translated_head();
  [[nodiscard]] std::string own_head(int status, std::string_view content_type, std::optional<std::size_t> length) const;
  [[nodiscard]] net::Task<Step> relay_translated();
  [[nodiscard]] net::Task<bool> send_translated(std::string& text, bool is_last);
  [[nodiscard]] std::size_t body_size() const;
  [[nodiscard]] quota::LiveRoom* room();
  [[nodiscard]] quota::Submission submission() const;
  void note_wait();
  void count_waiting(WaitingBook::Ticket& ticket);
  [[nodiscard]] bool take_key();
  [[nodiscard]] SteadyTime silent_until() const;
  [[nodiscard]] bool begin();
  void end_attempt();
  void note_good_head();
  void note_health(bool is_well);
  void note_refusal(const llm::UpstreamError& error);
  [[nodiscard]] std::string conversation_id() const;
  [[nodiscard]] std::optional<Holder> holder_at(const upstream::Provider& provider) const;
  void keep_to_holder();
  [[nodiscard]] std::string cache_id() const;
  [[nodiscard]] std::optional<Holder> preferred_holder() const;
  void remember_ties();
  [[nodiscard]] OwnAnswer no_capacity() const;
  [[nodiscard]] OwnAnswer ledger_full() const;

  [[nodiscard]] net::Task<bool> answer_ourselves();
  void take_back_if_unsent();
  [[nodiscard]] net::Task<bool> answer_failure(const Failure& failure);
  void note_break(llm::UpstreamErrorKind kind);
  [[nodiscard]] OwnAnswer unanswered(const Failure& failure) const;
  void note_tried(const Failure& failure);
  [[nodiscard]] std::string tried_text() const;
  [[nodiscard]] net::Task<bool> break_off(bool at_boundary, llm::UpstreamErrorKind kind);
  [[nodiscard]] net::Task<Result<std::string>> read_whole_body();
  [[nodiscard]] net::Task<bool> relay_rewritten();
  [[nodiscard]] net::Task<bool> send_rewritten(std::string body);
  [[nodiscard]] net::Task<bool> lose_client();
  [[nodiscard]] bool refuse(OwnAnswer answer);
  [[nodiscard]] OwnAnswer upload_too_large() const;
  [[nodiscard]] bool reads_answer() const;
  void write_upstream_head();
  void write_client_head();
  void write_own_fields(net::http1::HeadWriter& writer) const;
  /// What becomes of a body that is compressed.
  enum class Coding : std::uint8_t { Stays, IsUndone };
  void write_rewritten_head(Coding coding);
  [[nodiscard]] Result<std::string> without_coding(std::string body) const;
  [[nodiscard]] std::string created_text() const;
  void take_answer_head();
  void charge();
  void settle_room();
  void report_progress();
  /// What is known of the present attempt's answer.
  [[nodiscard]] const llm::AnswerFacts& answer_so_far() const { return charged_ ? outcome_.answer : reader_.facts(); }
  [[nodiscard]] double limited_input(const llm::Usage& usage) const;
  [[nodiscard]] bool lacks_its_end() const;
  void note_whole_answer();
  [[nodiscard]] std::string origin() const;

  Worker& worker_;
  std::shared_ptr<const Setup> setup_;
  net::Stream& client_;
  Incoming& incoming_;
  RequestFields fields_;  ///< views into `incoming_`, for the stages before the first attempt
  Outcome outcome_;
  OwnAnswer own_answer_;
  TenantLimits tenant_limits_;
  std::vector<Target> targets_;  ///< in the order in which they are asked
  std::size_t target_ = 0;
  /// A target that would serve the request, only later than it waited there.
  struct Postponed {
    std::size_t target = 0;
    SteadyTime until;  ///< as its room foretold
  };
  std::vector<Postponed> postponed_;
  bool is_returning_ = false;  ///< all targets have been asked once
  bool began_anew_ = false;    ///< with another setup than the one it came to
  std::shared_ptr<const upstream::Provider> provider_;  ///< of the present target
  std::size_t key_ = 0;
  std::string only_key_;  ///< name of the one key that the target's terms allow; empty: any
  std::optional<Holder> tied_;       ///< who holds what the request speaks of, and no other will do
  std::string cache_id_;             ///< see `cache_id`
  std::optional<Holder> preferred_;  ///< whose pool may have it cached
  std::string model_group_;
  quota::KeyRing* ring_ = nullptr;  ///< of the present target; null: it is unknown
  llm::EndpointMatch asks_;          ///< what the present target is asked: the client's own endpoint, or its equal in another dialect
  std::optional<Translator> translator_;  ///< of the present attempt, where the provider speaks the other dialect
  TranslatedRequest translated_;
  bool translator_used_ = false;     ///< by an attempt
  std::string untranslatable_;       ///< why the last target of the other dialect cannot be asked
  std::string cleaned_;              ///< the body without what other providers' translated answers left in it
  std::string new_model_;            ///< the model's name there as JSON, if it goes into the body
  std::string_view plain_body_;      ///< for the present target, before anything is put into it
  llm::ByteRange model_range_;       ///< in `plain_body_`
  std::unique_ptr<llm::PromptLayout> client_layout_;  ///< of the client's body, where somebody watches prompts
  llm::PromptLayout own_layout_;     ///< of `plain_body_`, if it is another one
  const llm::PromptLayout* layout_ = nullptr;  ///< of `plain_body_`; null: nobody watches
  std::optional<caching::Advice> advice_;  ///< of the last attempt
  bool advice_is_open_ = false;      ///< the watcher has not heard what came of it
  std::vector<std::string_view> body_;  ///< what is sent, in pieces
  const ClassRule* class_ = nullptr;  ///< in `setup_`
  std::string system_hash_;           ///< told to the client where some class asks for one
  Passage passage_;
  llm::RateLimitReading limits_;  ///< of the last answer's head
  quota::Refusal refusal_;        ///< of the last attempt
  bool is_client_lost_ = false;   ///< it left in the middle of its upload
  bool is_upload_too_large_ = false;
  bool is_key_lost_ = false;      ///< the key was refused, and there is no other
  quota::Decision overflow_;      ///< of the rooms that would not serve it in time the soonest; Go: none yet
  /// A provider's refusal, kept until it is known whether somebody else can serve.
  struct HeldAnswer {
    int status = 0;
    std::string head, body;
  };
  std::optional<HeldAnswer> held_;
  std::optional<Failure> failure_;  ///< of the last attempt, if the provider did not answer
  struct Tried {
    std::string provider;
    std::string why;
    int times = 1;
  };
  std::vector<Tried> tried_;  ///< without an answer, in their order
  SteadyTime last_sign_;            ///< when the client last heard of us, with `early_`
  SteadyTime deadline_;             ///< until when the request may wait, over all targets
  std::unique_ptr<upstream::Exchange> exchange_;
  std::string head_;  ///< towards the provider, then towards the client
  AnswerReader reader_;
  std::unique_ptr<StreamJudge> judge_;  ///< of a stream that has to keep to its grammar; null: nobody looks
  std::string coding_;   ///< how the answer is compressed, so that the reader cannot tell how it ends; empty: it is not
  std::string created_;  ///< the beginning of an answer that may tell the id of a batch or a file, as it came
  SteadyTime received_at_;
  bool client_keeps_alive_ = true;
  bool rechunk_ = false;  ///< the provider's body ends with its connection; the client's must not
  bool head_only_ = false;
  bool streams_ = false;  ///< the answer is a stream of events
  bool keeps_created_ = false;
  bool charged_ = false;
  bool goes_on_ = false;
  bool sends_chunks_ = false;  ///< with a head of our own
  static constexpr std::size_t kLongestKept = 1024 * 1024;
  ProviderId shadow_provider_;  ///< who gets a copy once the client has been served; empty: nobody
  std::string kept_answer_;     ///< to be compared with the copy's
  std::unique_ptr<AnswerCollector> collector_;  ///< of an answer that others may get again; null: of none
  std::string content_type_;    ///< towards the client, where somebody collects
  SteadyTime sent_at_{};        ///< the last attempt
  std::string conversation_;   ///< `conversation_id`, where more than one key or target could serve it
  bool has_choice_ = false;    ///< its route has more than one target
  bool is_shared_ = false;     ///< more than one key or target could serve it
  bool answered_ = false;  ///< some of the answer has been handed to the client
  bool early_ = false;  ///< the client has a 200 of ours already
  bool input_told_ = false;
  bool finished_ = false;
};

}  // namespace tidegate::gateway
