// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/amount.h"
#include "base/money.h"
#include "base/time.h"
#include "caching/cache_terms.h"
#include "llm/answer.h"
#include "llm/dialect.h"
#include "llm/rate_limits.h"
#include "llm/request_view.h"
#include "quota/book/key_ring.h"
#include "quota/bucket.h"
#include "quota/priority.h"
#include "store/entry.h"
#include "upstream/provider.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// What others wrote, as a label: cut off behind 256 bytes; empty if there is none.
[[nodiscard]] inline std::string bounded_label(std::optional<std::string_view> text) {
  return std::string(text.value_or(std::string_view{}).substr(0, 256));
}

/// Whose request it is, as far as the gateway could tell.
struct Caller {
  std::string tenant;
  std::string key;      ///< id of the virtual key, or a fingerprint of the client's own credential; never the credential
  std::string user;
  std::string session;
  std::string agent;
  std::vector<std::string> providers = {};             ///< where its prompts may go; empty: to all
  std::vector<std::string> models = {};                ///< globs over those that its key may use; empty: all
  std::optional<quota::Priority> priority = {};        ///< as its key or tenant says
};

/// Everything that is known of one exchange when it is over. Every way out of a request ends in exactly one of these.
struct Outcome {
  store::AttemptId id = 0;
  std::string request_id;
  WallTime started_at;
  llm::EndpointMatch match{};
  std::string method;
  Caller caller;
  llm::RequestView view;
  std::string provider;  ///< empty if nothing went upstream
  std::string violation;    ///< how its stream left the grammar of its dialect, if it did and somebody looked
  std::string losses;       ///< what a translation of the request could not carry, by names of fields
  std::string model_there;  ///< what that provider calls the model; empty: as the client does
  std::string model_group;  ///< llm::model_group of what the provider was asked; empty: nothing, or no model
  std::string pool;
  /// `provider/model_group` of the room that it would have gone to if all had been well there; empty: the one that it went to. What is
  /// wanted there counts there, wherever it is served.
  std::string wanted_room;
  store::AttemptState state = store::AttemptState::Refused;
  int status = 0;           ///< as the client saw it; 0 if it saw none
  int upstream_status = 0;  ///< 0 if the provider did not answer
  llm::AnswerFacts answer;
  llm::UpstreamErrorKind error = llm::UpstreamErrorKind::None;
  std::string refusal;      ///< the gateway's own reason, a closed set of words: `unauthorised`, `too_large` …
  quota::Obstacle obstacle = quota::Obstacle::None;  ///< what stood in the way, if the gateway refused it for want of capacity
  std::string class_name;   ///< of a ClassRule; empty: none
  quota::Priority priority = quota::Priority::Interactive;
  std::string upstream_request_id;
  std::string organisation;
  std::string workspace;
  Money cost;                ///< of the usage; set when it is charged
  bool price_known = true;
  int attempt = 0;              ///< 1 = the first; 0: nothing was sent yet
  Nanoseconds queue_wait{0};    ///< until the last attempt was let through, or the request was given up before one was
  Nanoseconds time_to_first_byte{0};
  Nanoseconds upstream_wait{0};  ///< the part of it that was spent connecting and waiting for the provider
  Nanoseconds duration{0};
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
  bool replayed = false;
  bool unread = false;  ///< the provider answered well, and its usage could not be read: what is charged is an estimate
  bool is_shadow = false;  ///< a copy of a served request, for comparison: no client saw it

  [[nodiscard]] std::string_view asked_model() const { return model_there.empty() ? view.model : model_there; }
  [[nodiscard]] bool metered() const { return llm::is_metered(match.endpoint); }
};

/// What an answer's usage costs.
struct Charged {
  Money cost;
  bool price_known = true;
};

/// Hears of every attempt at its three moments, on the worker's thread. Implementations copy memory and return: no request
/// waits for a store, a metric or a log. One per worker.
class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;
  /// Gives the attempt its id. 0: it could not be recorded, as it must be; then nothing goes out, and no call for it follows but `finish`.
  [[nodiscard]] virtual store::AttemptId begin(const Outcome& outcome) = 0;
  /// The most that a request may take: its input as estimated and all the output that it allows, at list price. Asked
  /// before `begin`, and only where somebody limits the caller.
  [[nodiscard]] virtual Amount estimate(const Outcome& /*outcome*/) { return {1, 0, 0, {}}; }
  /// What the input of the outcome's model costs, by kind.
  [[nodiscard]] virtual caching::InputPrices input_prices(const Outcome& /*outcome*/) { return {}; }
  /// The provider's head has come.
  virtual void answered(const Outcome& outcome, const llm::RateLimitReading& limits) = 0;
  /// Usage is known; the answer's last bytes have not been handed to the socket yet.
  [[nodiscard]] virtual Charged charge(const Outcome& outcome) = 0;
  /// An attempt failed before anything was relayed and is given up; another one may follow. Ends what `begin` began.
  virtual void attempt_over(const Outcome& outcome) = 0;
  /// A provider refused a key itself, or (no fault) takes it again.
  virtual void key_changed(std::string_view provider, std::string_view key, std::optional<quota::KeyRing::Fault> fault) = 0;
  /// A provider's endpoint is asked no more until a probe has come back, or (not `out`) is asked again.
  virtual void provider_changed(std::string_view provider, bool out) = 0;
  /// The exchange is over. Called exactly once for every request, also for those that `begin` never saw (id 0).
  virtual void finish(const Outcome& outcome) = 0;
  /// False: new requests must be refused, because they could not be recorded.
  [[nodiscard]] virtual bool accepting() const { return true; }
  /// A connection to a provider was opened.
  virtual void upstream_connected(const ProviderId& /*provider*/) {}
};

}  // namespace tidegate::gateway
