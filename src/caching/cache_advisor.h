// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "caching/cache_terms.h"
#include "caching/caching_options.h"
#include "caching/mark_plan.h"
#include "caching/prefix_chain.h"
#include "caching/prefix_table.h"
#include "llm/prompt_layout.h"
#include "llm/request_view.h"
#include "llm/usage.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::caching {

/// Why a request keeps its body.
enum class Untouched : std::uint8_t {
  SwitchedOff,
  Unreadable,
  ClientMarks,      ///< the client set `cache_control` somewhere, and knows better
  ProviderRejects,  ///< the provider does not take `cache_control`
  ServerTools,      ///< once there is a mark, the provider writes each result of its own tools as well
  ServerState,      ///< the prompt continues a thread that the provider holds
};
[[nodiscard]] std::string_view to_string(Untouched reason);

/// Whether a request is none of the advisor's business. Asked before anything is hashed. Nothing: go on.
[[nodiscard]] std::optional<Untouched> why_untouched(const llm::RequestView& view, const llm::PromptLayout& layout,
                                                     bool provider_takes_marks, const CachingOptions& options);

enum class Asking : std::uint8_t {
  First,
  AfterWaiting,  ///< the same request again: it waited for a leader, or is tried a second time
};

/// What to do with one request, and what must be known to tell later what came of it.
struct Advice {
  static constexpr std::size_t kMostKeys = 24;

  bool is_dry_run = false;  ///< the marks are not to be set
  MarkPlan plan;
  std::int64_t tokens = 0;  ///< of the whole prompt, estimated
  /// Not before that request's answer has begun (`has_begun(wait_for)`), but at most so long; then ask again.
  std::optional<Nanoseconds> wait = std::nullopt;
  std::uint64_t wait_for = 0;
  SteadyTime started = kNever;
  std::uint64_t scope = 0;
  std::size_t bytes = 0;
  std::array<std::uint64_t, kMostKeys> keys{};  ///< prefixes of the request that are watched
  std::size_t key_count = 0;
  std::array<std::uint64_t, MarkPlan::kMostMarks> marked{};  ///< keys of `plan.marks`
  std::array<bool, MarkPlan::kMostMarks> is_expected{};      ///< of them: the provider should have an entry already
  std::uint64_t read_kind = 0;                               ///< the kind of the deepest of those; 0: there is none

  [[nodiscard]] bool marks_anything() const { return plan.count > 0; }
};

/// Watches prompts go by and says where a mark pays. Pure: no clock, no I/O. One thread at a time; a call takes one or
/// two microseconds, hashing (`PrefixHasher`) is done before and needs no lock.
///
/// What it goes by:
/// - per prefix, the gaps between a request and the latest one whose answer had begun: at most five minutes, at most an
///   hour, longer. A request that comes while the first one's answer has not begun could have read nothing, so it is no
///   evidence (but where it may wait);
/// - per kind (tools, system, first turn, later turn, …) of what a tenant does with a model, or of what follows one
/// system
///   prompt: how many new prefixes were seen again. Ones still awaited count as not seen, so that a volley of prompts
///   that come once is not believed in. That is learned from unmarked requests as well: nothing must be bought to know
///   it.
/// - a read that was expected and did not happen (another workspace, a provider that caches nothing) counts as a gap
/// too
///   long.
class CacheAdvisor {
 public:
  explicit CacheAdvisor(const CachingOptions& options);

  /// Counts the sight and decides. The caller applies `plan` (body_edit.h) unless it is a dry run.
  [[nodiscard]] Advice advise(const PrefixChain& chain, const CacheTerms& terms, SteadyTime now,
                              Asking asking = Asking::First);
  /// The answer's first byte came: what was written can be read from now on.
  void begun(const Advice& advice);
  /// No answer came. To be called before the request is tried again: it would wait for itself.
  void failed(const Advice& advice);
  /// What the provider counted, the whole prompt's tokens in it.
  void counted(const Advice& advice, const llm::TokenCounts& tokens);

  /// Whether what a request waited for (`Advice::wait_for`) needs no more waiting.
  [[nodiscard]] bool has_begun(std::uint64_t key, SteadyTime now);
  [[nodiscard]] const CachingOptions& options() const { return options_; }

 private:
  struct Watched;
  struct Sight;

  [[nodiscard]] std::size_t choose_watched(const PrefixChain& chain, SteadyTime now,
                                           std::array<Watched, Advice::kMostKeys>& watched);
  [[nodiscard]] Reuse see(const PrefixChain& chain, const Watched& point, SteadyTime now, Asking asking);
  [[nodiscard]] PrefixNode& family(const PrefixChain& chain, std::uint8_t kind, SteadyTime now);
  [[nodiscard]] Reuse reuse_of_kind(const PrefixChain& chain, std::uint8_t kind, SteadyTime now);
  void count_gap(const PrefixChain& chain, PrefixNode& node, SteadyTime now);
  [[nodiscard]] double tokens_per_byte(std::uint64_t scope);

  CachingOptions options_;
  PrefixTable table_;
};

}  // namespace tidegate::caching
