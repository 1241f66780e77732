// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "caching/cache_advisor.h"
#include "llm/usage.h"
#include "sim/model/model_catalog.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::promptcache {

enum class PolicyKind : std::uint8_t {
  None,      ///< bodies go out as they come
  Static,    ///< the rule of other gateways: mark the last block of system, unless the client marked something
  Tidegate,  ///< src/caching
  Careful,   ///< the same with `first_sight: false`
  Waiting,   ///< the same with `fan_out_wait: 5s`
};
[[nodiscard]] std::string_view to_string(PolicyKind kind);

/// What becomes of a request.
struct Sent {
  std::string body;
  std::optional<Nanoseconds> wait = std::nullopt;  ///< not sent: for `wait_for` to begin, at most so long
  std::uint64_t wait_for = 0;
  std::optional<caching::Advice> advice = std::nullopt;
};

/// Edits bodies as a gateway would. Reads them with the gateway's own reader.
class Policy {
 public:
  Policy(PolicyKind kind, const sim::ModelInfo& model);

  [[nodiscard]] Sent send(const std::string& body, SteadyTime now, caching::Asking asking);
  void begun(const Sent& sent);
  void counted(const Sent& sent, const llm::TokenCounts& tokens);
  [[nodiscard]] bool has_begun(std::uint64_t key, SteadyTime now);

 private:
  PolicyKind kind_;
  std::string_view model_;
  caching::CacheTerms terms_;
  caching::PrefixHasher hasher_;
  caching::CacheAdvisor advisor_;
  llm::PromptLayout layout_;
};

}  // namespace tidegate::promptcache
