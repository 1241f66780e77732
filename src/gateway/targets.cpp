// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors

// Where a journey goes: its targets in order, what each of them calls the model, and what its room is told.
#include "base/ascii.h"
#include "gateway/journey.h"
#include "llm/json/object_id.h"
#include "llm/json/state_mark.h"
#include "llm/model_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace tidegate::gateway {

namespace {

constexpr double kBytesPerAttachment = 6'000;  ///< an image is some 1,500 tokens, whatever its bytes

/// What has limits by model; everything else of a provider shares one room.
bool names_a_model(llm::Endpoint endpoint) {
  switch (endpoint) {
    case llm::Endpoint::Messages:
    case llm::Endpoint::CountTokens:
    case llm::Endpoint::MessageBatches:
    case llm::Endpoint::ChatCompletions:
    case llm::Endpoint::Responses:
    case llm::Endpoint::Embeddings: return true;
    case llm::Endpoint::Files:
    case llm::Endpoint::Models:
    case llm::Endpoint::Other: return false;
  }
  return false;
}

/// What the board calls a mark.
std::string id_of_mark(std::uint64_t mark) { return fmt::format("mark:{:016x}", mark); }

}  // namespace

bool Journey::plan() {
  routing::RequestFacts facts;
  facts.match = outcome_.match;
  facts.model = outcome_.view.model;
  facts.tenant = outcome_.caller.tenant;
  facts.allowed_providers = outcome_.caller.providers;
  facts.batch = fields_.priority ? equals_ignoring_case(*fields_.priority, "batch") : outcome_.caller.priority == quota::Priority::Batch;
  facts.stream = outcome_.view.stream;
  facts.tools = outcome_.view.has_tools;
  facts.body_bytes = outcome_.view.body_bytes;
  facts.draw = static_cast<double>(std::hash<std::string_view>{}(outcome_.request_id) >> 11) * 0x1p-53;
  const bool passes_credential_on = setup_->options.auth == AuthMode::Passthrough;
  for (const routing::PlannedTarget& planned : setup_->routes.plan(facts)) {
    const auto& provider = setup_->providers[planned.provider];
    // A client's credential is for one provider of its own dialect: nobody else is to see it, and no key of ours is lent to whoever comes.
    if (passes_credential_on && (!targets_.empty() || provider->options().dialect != outcome_.match.dialect)) continue;
    targets_.push_back({provider, planned.rule, planned.refuses_losses});
  }
  if (targets_.empty()) {
    return refuse(
        {.status = 404,
         .reason = "no_provider",
         .message = outcome_.caller.providers.empty()
                        ? fmt::format("No provider speaks the {} dialect for this path; add one under `providers:`.", llm::to_string(outcome_.match.dialect))
                        : std::string("None of the providers that this key's tenant may use serves this request."),
         .should_retry = false});
  }
  if (!passes_credential_on) {
    const auto waits_for_keys = [](const Target& target) {
      return target.provider->options().keys.empty() && target.provider->options().has_key_source();
    };
    if (std::all_of(targets_.begin(), targets_.end(), waits_for_keys)) {
      outcome_.obstacle = quota::Obstacle::NoKey;
      return refuse({.status = 503,
                     .reason = "no_key",
                     .message = fmt::format("Provider '{}' has no key: its list or file of keys is empty or cannot be read; "
                                            "the alarms of this gateway say which. Retry.",
                                            targets_.front().provider->id().text()),
                     .retry_after = Seconds(2)});
    }
    std::erase_if(targets_, waits_for_keys);
  }
  pass_by_dear_targets();
  if (targets_.empty()) {
    return refuse({.status = 403,
                   .reason = "too_dear",
                   .message = "This request may cost more than `max_cost` of every target of its route; ask for less output (max_tokens) or send less input.",
                   .should_retry = false});
  }
  has_choice_ = targets_.size() > 1;
  // Now: while an answer streams, the body it is made from has been let go.
  is_shared_ = has_choice_ || targets_.front().provider->options().keys.size() > 1;
  if (is_shared_) conversation_ = conversation_id();
  if (worker_.shared().shadow != nullptr) draw_shadow();
  keep_to_holder();
  targets_.front().is_wanted = true;
  shift_share();
  rank_targets();
  return true;
}

/// What the target calls the model; empty: as the client does.
std::string Journey::model_of(const Target& target) const {
  if (target.terms != nullptr && !target.terms->model.empty()) return target.terms->model;
  const auto& models = target.provider->options().models;
  if (models.empty()) return {};
  const auto known = models.find(outcome_.view.model);
  return known == models.end() ? std::string{} : known->second;
}

void Journey::pass_by_dear_targets() {
  if (!outcome_.metered()) return;
  std::erase_if(targets_, [this](const Target& target) {
    if (target.terms == nullptr || !target.terms->max_cost) return false;
    outcome_.provider = target.provider->id().text();
    outcome_.model_there = model_of(target);
    return worker_.sink().estimate(outcome_).money > *target.terms->max_cost;
  });
  outcome_.provider.clear();
  outcome_.model_there.clear();
}

/// A share of the requests asks its further targets first. Drawn by conversation where there is one: what was cached for it stays of use.
void Journey::shift_share() {
  const Steering* const steering = worker_.steering();
  if (steering == nullptr || steering->shifts.empty() || targets_.size() < 2) return;
  const std::string first = targets_.front().provider->id().text();
  const double share = steering->share_away_from(first);
  if (share <= 0) return;
  // Another draw than that of the weights, or only those that some weight chose would be shifted.
  std::uint64_t draw = std::hash<std::string_view>{}(conversation_.empty() ? outcome_.request_id : conversation_);
  draw = (draw ^ (draw >> 31)) * 0x9e3779b97f4a7c15ULL;
  if (static_cast<double>(draw >> 11) * 0x1p-53 >= share) return;
  std::stable_partition(targets_.begin(), targets_.end(), [&](const Target& target) { return target.provider->id().text() != first; });
}

/// Providers that do not answer stand behind those that do, until a probe has shown that they are back.
void Journey::rank_targets() {
  if (targets_.size() < 2) return;
  const SteadyTime now = worker_.reactor().now().steady;
  std::stable_partition(targets_.begin(), targets_.end(), [&](const Target& target) { return worker_.shared().health.may_go(target.provider->id().text(), now); });
}

/// Whether going over, or trying again, is still within the budgets of one request.
bool Journey::may_attempt_more() const {
  const routing::FailoverOptions& failover = setup_->options.failover;
  return outcome_.attempt < failover.max_attempts && worker_.reactor().now().steady < received_at_ + failover.time_budget;
}

/// False: it cannot be asked this.
bool Journey::choose_target(std::size_t index) {
  if (outcome_.id != 0) end_attempt();
  target_ = index;
  provider_ = targets_[index].provider;
  outcome_.provider = provider_->id().text();
  outcome_.model_there = model_of(targets_[index]);
  note_wanted_room(targets_[index]);
  outcome_.pool = outcome_.provider;
  asks_ = outcome_.match;
  if (setup_->options.auth == AuthMode::Passthrough) outcome_.pool = outcome_.caller.key;
  if (cache_id_.empty() && provider_->options().keys.size() > 1) cache_id_ = cache_id();
  const bool has_keys_to_choose = provider_->options().keys.size() > 1;
  tied_ = has_keys_to_choose ? holder_at(*provider_) : std::nullopt;
  // State that one pool holds is of no use elsewhere.
  if (tied_) no_target_left();
  const routing::TargetRule* const terms = targets_[index].terms;
  only_key_ = !tied_ && terms != nullptr ? terms->key : std::string{};
  preferred_ = tied_ || !only_key_.empty() ? std::nullopt : preferred_holder();
  outcome_.losses.clear();
  translator_.reset();
  if (provider_->options().dialect != outcome_.match.dialect) return translate();
  lay_out_body();
  return true;
}

/// What the forecast calls the room of a target.
std::string Journey::room_name(const Target& target) const {
  const std::string there = model_of(target);
  const std::string& model = there.empty() ? outcome_.view.model : there;
  return fmt::format("{}/{}", target.provider->id().text(), llm::model_group(outcome_.match.endpoint, model, outcome_.view.speed));
}

/// Where the request would have gone, if this target is another one. Most requests go there, and none of those pays for a name.
void Journey::note_wanted_room(const Target& target) {
  outcome_.wanted_room.clear();
  if (target.is_wanted || outcome_.view.model.empty() || !names_a_model(outcome_.match.endpoint)) return;
  const auto wanted = std::find_if(targets_.begin(), targets_.end(), [](const Target& one) { return one.is_wanted; });
  if (wanted == targets_.end()) return;
  std::string name = room_name(*wanted);
  if (name != room_name(target)) outcome_.wanted_room = std::move(name);
}

/// Where somebody asks who waits.
void Journey::count_waiting(WaitingBook::Ticket& ticket) {
  WaitingBook* const book = worker_.shared().waiting;
  if (book == nullptr || ticket.is_counted()) return;
  std::string name = outcome_.model_group.empty() ? std::string() : fmt::format("{}/{}", outcome_.provider, outcome_.model_group);
  book->count(ticket, {.room = std::move(name),
                       .wanted_room = outcome_.wanted_room,
                       .model = outcome_.view.model,
                       .tenant = outcome_.caller.tenant,
                       .key = outcome_.caller.key});
}

std::size_t Journey::body_size() const {
  std::size_t size = 0;
  for (const std::string_view piece : body_) size += piece.size();
  return size;
}

/// Names the conversation that a request belongs to: its session, else how it begins, which all its turns share. Empty: it has no turns.
std::string Journey::conversation_id() const {
  if (!outcome_.caller.session.empty()) return outcome_.caller.session;
  const llm::RequestView& view = outcome_.view;
  if (!outcome_.metered() || view.first_message_range.length == 0) return {};
  constexpr std::size_t kEnough = 4'096;  // of each part, with its length
  const std::string_view body = incoming_.body();
  const auto hash = [&](llm::ByteRange range) {
    return std::hash<std::string_view>{}(body.substr(range.offset, std::min(range.length, kEnough))) ^ (range.length * 0x9e3779b97f4a7c15ULL);
  };
  return fmt::format("conversation:{:016x}{:016x}{:016x}{}", hash(view.system_range), hash(view.tools_range), hash(view.first_message_range), view.model);
}

/// Who at this provider holds what the request speaks of; nothing if that is not known.
std::optional<Holder> Journey::holder_at(const upstream::Provider& provider) const {
  const llm::StateTies& ties = outcome_.view.ties;
  const std::string_view object = llm::named_object(incoming_.head().path());
  if (!ties.any() && object.empty()) return std::nullopt;
  const TieBoard& board = worker_.shared().ties;
  const auto known = [&](TieKind kind, std::string_view id) { return board.holder_of(kind, provider.id().text(), id); };
  for (const std::string_view id : {object, std::string_view(ties.conversation), std::string_view(ties.container), std::string_view(ties.file)}) {
    if (auto holder = known(TieKind::Object, id)) return holder;
  }
  for (const std::string_view id : {object, std::string_view(ties.previous_response_id), std::string_view(ties.previous_message_id)}) {
    if (auto holder = known(TieKind::Answer, id)) return holder;
  }
  for (const std::uint64_t mark : {ties.thinking_mark, llm::json::state_mark(ties.fallback_credit)}) {
    if (mark == 0) continue;
    if (auto holder = known(TieKind::Answer, id_of_mark(mark))) return holder;
  }
  // What made it is not known (any more): it was made in the same conversation.
  return ties.any() ? known(TieKind::Conversation, conversation_) : std::nullopt;
}

/// A request that is bound to what a provider holds goes to that one and to no other: to the first of its route, if it is not known which.
void Journey::keep_to_holder() {
  if (targets_.size() < 2 || (!outcome_.view.ties.any() && llm::named_object(incoming_.head().path()).empty())) return;
  std::string holder = targets_.front().provider->id().text();
  for (const Target& target : targets_) {
    if (!holder_at(*target.provider)) continue;
    holder = target.provider->id().text();
    break;
  }
  std::erase_if(targets_, [&](const Target& target) { return target.provider->id().text() != holder; });
}

/// Names what the provider may have cached of the request: its session, else the beginning that its cache markers share with others.
/// Empty: nothing to look for.
std::string Journey::cache_id() const {
  const llm::RequestView& view = outcome_.view;
  if (!outcome_.metered()) return {};
  if (!outcome_.caller.session.empty()) return outcome_.caller.session;
  if (view.cache_markers == 0) return {};
  const std::string_view body = incoming_.body();
  const auto hash = [&](llm::ByteRange range) { return std::hash<std::string_view>{}(body.substr(range.offset, range.length)); };
  if (view.system_range.length + view.tools_range.length > 0) {
    return fmt::format("prefix:{:016x}{:016x}{}", hash(view.system_range), hash(view.tools_range), view.model);
  }
  if (view.first_message_range.length == 0) return {};
  // Marks on messages alone share the beginning of the first one. Its end may already be another question, behind the mark: no more of
  // it counts than the shortest beginning that a provider caches (1,024 tokens) has at least.
  constexpr std::size_t kShared = 2'048;
  const llm::ByteRange first = view.first_message_range;
  return fmt::format("messages:{:016x}{}", hash({first.offset, std::min(first.length, kShared)}), view.model);
}

/// Whose pool served the same beginning last: what it cached is cheaper, and does not count against its limit.
std::optional<Holder> Journey::preferred_holder() const {
  if (provider_->options().keys.size() < 2) return std::nullopt;
  return worker_.shared().ties.holder_of(TieKind::Conversation, provider_->id().text(), cache_id_);
}

/// What this answer made belongs to the pool of the key that asked for it, and so does what follows in its session.
void Journey::remember_ties() {
  if (provider_ == nullptr || outcome_.status >= 300 || provider_->options().keys.empty()) return;
  if (provider_->options().keys.size() < 2 && !has_choice_) return;  // there is nobody else it could go to
  TieBoard& board = worker_.shared().ties;
  const std::string& provider = provider_->id().text();
  const upstream::ProviderKey& key = provider_->options().keys[key_];
  const std::string& organisation = outcome_.organisation.empty() ? key.organisation : outcome_.organisation;
  const Holder holder{key.name, quota::KeyRing::pool_name(key.name, organisation, key.workspace)};
  const auto note = [&](TieKind kind, std::string_view id) { board.note(kind, provider, id, holder); };
  note(TieKind::Answer, outcome_.answer.id);
  for (const std::uint64_t mark : outcome_.answer.state_marks) note(TieKind::Answer, id_of_mark(mark));
  note(TieKind::Object, outcome_.answer.container);
  if (!created_.empty()) note(TieKind::Object, llm::json::read_object_id(created_text()));
  // Where a thing could be used, there it is.
  const llm::StateTies& ties = outcome_.view.ties;
  for (const std::string* id : {&ties.container, &ties.file, &ties.conversation}) note(TieKind::Object, *id);
  if (!outcome_.metered()) return;
  note(TieKind::Conversation, cache_id_);
  if (conversation_ != cache_id_) note(TieKind::Conversation, conversation_);
}

/// Where the present target's limits are kept. Notes the model's group there and the provider's keys.
quota::LiveRoom* Journey::room() {
  RoomFinder::Request request{.provider = provider_->id().text(),
                              .endpoint = names_a_model(outcome_.match.endpoint) ? asks_.endpoint : llm::Endpoint::Other,
                              .model = outcome_.asked_model(),
                              .speed = outcome_.view.speed,
                              .class_name = {},
                              .credential = {}};
  if (setup_->options.auth == AuthMode::Passthrough) request.credential = outcome_.caller.key;
  if (class_ != nullptr && outcome_.metered()) {
    request.class_name = class_->name;
    request.class_factor = class_->factor;
    request.class_headers = class_->headers;
  }
  const RoomFinder::Place& place = worker_.rooms().find(request, worker_.reactor().now().steady);
  outcome_.model_group = model_group_ = place.model_group;
  ring_ = place.keys;
  return place.room;
}

/// Until when the request waits for the present target: with others to be asked yet, only as long as its terms say; at the last one no longer
/// than an earlier one would have taken.
SteadyTime Journey::patience_ends() const {
  if (is_last_resort()) return deadline_;
  if (target_ + 1 == targets_.size()) {
    SteadyTime soonest = deadline_;
    for (const Postponed& postponed : postponed_) soonest = std::min(soonest, postponed.until);
    return soonest;
  }
  const quota::AdmissionOptions& admission = setup_->options.admission;
  const routing::TargetRule* const terms = targets_[target_].terms;
  const Nanoseconds usual = outcome_.priority == quota::Priority::Batch ? admission.batch_spare_after : admission.spare_after;
  return std::min(deadline_, worker_.reactor().now().steady + (terms != nullptr ? terms->max_wait.value_or(usual) : usual));
}

quota::Submission Journey::submission() const {
  const llm::RequestView& view = outcome_.view;
  quota::Submission submission;
  submission.tenant = outcome_.caller.tenant;
  submission.priority = outcome_.priority;
  submission.weight = static_cast<double>(tenant_limits_.weight());
  submission.deadline = patience_ends();
  submission.is_last_resort = is_last_resort();
  if (!outcome_.metered() && outcome_.match.endpoint != llm::Endpoint::CountTokens) {
    submission.max_tokens = 1;  // no tokens at all
    return submission;
  }
  submission.body_bytes = static_cast<double>(view.body_bytes - view.attachment_bytes) + static_cast<double>(view.attachments) * kBytesPerAttachment;
  const bool writes = outcome_.match.endpoint != llm::Endpoint::Embeddings && outcome_.match.endpoint != llm::Endpoint::CountTokens;
  submission.max_tokens = writes ? static_cast<double>(view.max_tokens.value_or(0)) * static_cast<double>(view.answers) : 1;
  return submission;
}

}  // namespace tidegate::gateway
