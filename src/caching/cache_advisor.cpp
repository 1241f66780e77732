// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/cache_advisor.h"

#include <algorithm>

namespace tidegate::caching {

namespace {

enum Kind : std::uint8_t { kTools, kSystem, kInner, kFirstTurn, kFirstTurnWithTools, kLaterTurn, kKinds };

/// What is believed of a kind before anything was seen of it: `share` of `kStrength` new prefixes came again. Against
/// the usual threshold of 0.22 that is two bets on system prompts and on conversations that go on, one on the first
/// turn where there are tools, and none on first turns without: those of a RAG or a one-shot prompt differ each time.
constexpr float kStrength = 2;
constexpr std::array<float, kKinds> kShare{0.35F, 0.35F, 0.1F, 0.1F, 0.3F, 0.4F};

/// Counts are halved above this many, so that some dozens of requests can change a belief.
constexpr float kMemoryOfKind = 64;
constexpr float kMemoryOfPrefix = 8;
/// How much a kind's share weighs against a prefix's own gaps.
constexpr double kWeightOfKind = 1;

/// A leader that has not begun after so long will not, or nobody told us.
constexpr Nanoseconds kLongestFlight = std::chrono::seconds(60);
/// After so many reads in a row that did not happen, an entry is not believed in for so long: requests go to workspaces
/// in turn, or the provider caches nothing and charges for it.
constexpr std::uint8_t kMostMissedReads = 3;
constexpr Nanoseconds kDistrust = std::chrono::hours(1);
constexpr double kUsualTokensPerByte = 0.25;
/// Blocks looked at from the end for what is known: two turns of the most talkative agents.
constexpr std::size_t kMostProbes = 64;
constexpr std::size_t kLeadingMessageBlocks = 4;
constexpr std::size_t kSystemBlocks = 6;

Reuse mixed(const ReuseCounts& counts, const Reuse& before, double weight) {
  const double all = weight + counts.tried;
  return {std::min(1.0, (weight * before.within_5m + counts.within_5m) / all),
          std::min(1.0, (weight * before.within_1h + counts.within_1h) / all)};
}

/// All prefixes of a kind: of a tenant and model, or (in messages) of those that follow one head.
std::uint64_t key_of_kind(const PrefixChain& chain, std::uint8_t kind) {
  const bool is_of_tenant = kind == kTools || kind == kSystem || chain.head == 0;
  const std::uint64_t owner = is_of_tenant ? chain.habit : mix(chain.habit, chain.points[chain.head - 1].key);
  return mix(owner, 1 + kind);
}

/// One that came again in vain.
void discount(PrefixNode& node) {
  node.counts.within_5m = std::max(0.0F, node.counts.within_5m - 1);
  node.counts.within_1h = std::max(0.0F, node.counts.within_1h - 1);
}

void count(ReuseCounts& counts, Nanoseconds gap) {
  counts.tried += 1;
  counts.within_5m += gap < length_of(Lifetime::FiveMinutes) ? 1.0F : 0.0F;
  counts.within_1h += gap < length_of(Lifetime::OneHour) ? 1.0F : 0.0F;
  counts.fade_above(kMemoryOfPrefix);
}

}  // namespace

/// A point of the chain that is remembered.
struct CacheAdvisor::Watched {
  std::size_t block;
  Kind kind;
};

std::string_view to_string(Untouched reason) {
  switch (reason) {
    case Untouched::SwitchedOff: return "switched_off";
    case Untouched::Unreadable: return "unreadable";
    case Untouched::ClientMarks: return "client_marks";
    case Untouched::ProviderRejects: return "provider_rejects";
    case Untouched::ServerTools: return "server_tools";
    case Untouched::ServerState: return "server_state";
  }
  return "unknown";
}

std::optional<Untouched> why_untouched(const llm::RequestView& view, const llm::PromptLayout& layout,
                                       bool provider_takes_marks, const CachingOptions& options) {
  if (options.enabled == Injection::Off) return Untouched::SwitchedOff;
  if (!view.readable) return Untouched::Unreadable;
  if (view.cache_markers > 0) return Untouched::ClientMarks;
  if (!provider_takes_marks) return Untouched::ProviderRejects;
  if (layout.has_server_tools) return Untouched::ServerTools;
  if (!view.ties.previous_message_id.empty()) return Untouched::ServerState;
  return std::nullopt;
}

CacheAdvisor::CacheAdvisor(const CachingOptions& options) : options_(options), table_(options.max_prefixes) {}

/// The ends of tools and system, the first blocks of messages, the end of the prompt, and what of its last blocks is
/// known: where the last turn ended. In prefix order.
std::size_t CacheAdvisor::choose_watched(const PrefixChain& chain, SteadyTime now,
                                         std::array<Watched, Advice::kMostKeys>& watched) {
  std::size_t count = 0;
  const auto watch = [&](std::size_t block, Kind kind) {
    const bool is_next = count == 0 || watched[count - 1].block < block;
    if (is_next && count < watched.size() && chain.points[block].is_markable) watched[count++] = {block, kind};
  };
  const auto last_markable = [&](std::size_t begin, std::size_t end) {
    while (end > begin && !chain.points[end - 1].is_markable) --end;
    return end > begin ? std::optional(end - 1) : std::nullopt;
  };
  if (const auto end = last_markable(0, chain.tools)) watch(*end, kTools);
  const std::size_t system = chain.head - chain.tools;
  for (std::size_t i = 0; i < system; ++i) {
    if (i < kSystemBlocks / 2 || i + kSystemBlocks / 2 >= system) watch(chain.tools + i, kSystem);
  }
  const auto end = last_markable(chain.head, chain.points.size());
  if (!end) return count;
  const std::size_t leading = std::min(*end, chain.head + kLeadingMessageBlocks);
  for (std::size_t i = chain.head; i < leading; ++i) watch(i, kInner);
  const std::size_t stop = std::max(leading, *end - std::min(*end, kMostProbes));
  std::array<std::size_t, 2> known{};  // from the back: the first that is known, and the first that can be read
  std::size_t known_count = 0;
  for (std::size_t i = *end; i-- > stop;) {
    if (!chain.points[i].is_markable) continue;
    const PrefixNode* node = table_.find(chain.points[i].key);
    if (node == nullptr) continue;
    const bool is_live = node->live_until > now;
    if (known_count == 0 || is_live) known[known_count++] = i;
    if (is_live) break;
  }
  for (std::size_t i = known_count; i-- > 0;) watch(known[i], kInner);
  const Kind first = chain.tools > 0 ? kFirstTurnWithTools : kFirstTurn;
  watch(*end, chain.assistant_turns > 0 ? kLaterTurn : first);
  return count;
}

PrefixNode& CacheAdvisor::family(const PrefixChain& chain, std::uint8_t kind, SteadyTime now) {
  const std::uint64_t key = key_of_kind(chain, kind);
  if (PrefixNode* node = table_.find(key)) {
    node->last_seen = now;
    return *node;
  }
  return table_.place(key, now);
}

Reuse CacheAdvisor::reuse_of_kind(const PrefixChain& chain, std::uint8_t kind, SteadyTime now) {
  const double share = options_.first_sight ? kShare[kind] : 0;
  return mixed(family(chain, kind, now).counts, {share, share}, kStrength);
}

void CacheAdvisor::count_gap(const PrefixChain& chain, PrefixNode& node, SteadyTime now) {
  // In a volley the second could have waited for the first.
  const bool could_wait = options_.fan_out_wait > Nanoseconds(0) && node.begun < node.last_seen &&
                          now - node.last_seen <= options_.fan_out_wait;
  if (node.begun == kNever && !could_wait) return;
  const Nanoseconds gap = now - (could_wait ? node.last_seen : node.begun);
  count(node.counts, gap);
  if (node.has_come_again || gap >= length_of(Lifetime::OneHour)) return;
  node.has_come_again = true;
  ReuseCounts& kind = family(chain, node.kind, now).counts;
  kind.within_1h += 1;
  if (gap < length_of(Lifetime::FiveMinutes)) kind.within_5m += 1;
}

/// Remembers the sight of a prefix and says how likely it comes again.
Reuse CacheAdvisor::see(const PrefixChain& chain, const Watched& point, SteadyTime now, Asking asking) {
  const std::uint64_t key = chain.points[point.block].key;
  PrefixNode* node = table_.find(key);
  if (node != nullptr) {
    if (asking == Asking::First) count_gap(chain, *node, now);
    node->last_seen = now;
    const ReuseCounts counts = node->counts;
    return mixed(counts, reuse_of_kind(chain, node->kind, now), kWeightOfKind);
  }
  const Reuse reuse = reuse_of_kind(chain, point.kind, now);
  ReuseCounts& kind = family(chain, point.kind, now).counts;
  kind.tried += 1;
  kind.fade_above(kMemoryOfKind);
  table_.place(key, now).kind = point.kind;
  return reuse;
}

double CacheAdvisor::tokens_per_byte(std::uint64_t scope) {
  const PrefixNode* node = table_.find(scope);
  return node == nullptr || node->tokens_per_byte == 0 ? kUsualTokensPerByte : node->tokens_per_byte;
}

Advice CacheAdvisor::advise(const PrefixChain& chain, const CacheTerms& terms, SteadyTime now, Asking asking) {
  Advice advice;
  advice.is_dry_run = options_.enabled == Injection::DryRun;
  advice.started = now;
  advice.scope = chain.scope;
  advice.bytes = chain.bytes();
  const double per_byte = tokens_per_byte(chain.scope);
  const auto tokens_of = [&](std::size_t bytes) {
    return static_cast<std::int64_t>(static_cast<double>(bytes) * per_byte);
  };
  advice.tokens = tokens_of(chain.bytes());

  std::array<Watched, Advice::kMostKeys> watched{};
  advice.key_count = choose_watched(chain, now, watched);
  std::array<Candidate, Advice::kMostKeys> candidates{};
  bool is_distrusted = false;  // and so all that is deeper
  for (std::size_t i = 0; i < advice.key_count; ++i) {
    const std::size_t block = watched[i].block;
    const PrefixPoint& point = chain.points[block];
    const Reuse reuse = see(chain, watched[i], now, asking);
    const PrefixNode* node = table_.find(point.key);
    const bool ends_part = block + 1 == chain.tools || block + 1 == chain.head;
    candidates[i] = {.block = block, .tokens = tokens_of(point.bytes), .reuse = reuse, .ends_part = ends_part};
    is_distrusted = is_distrusted || (node != nullptr && node->distrusted_until > now);
    if (is_distrusted) {
      candidates[i].reuse = {};
    } else if (node != nullptr && node->live_until > now) {
      candidates[i].live = node->lifetime;
    }
    candidates[i].is_in_flight = node != nullptr && node->in_flight_until > now;
    advice.keys[i] = point.key;
  }
  advice.plan = plan_marks({candidates.data(), advice.key_count}, terms, options_.lifetime);

  if (advice.plan.leader && asking == Asking::First && options_.fan_out_wait > Nanoseconds(0)) {
    advice.wait = options_.fan_out_wait;
    advice.wait_for = advice.keys[*advice.plan.leader];
  }
  for (std::size_t i = 0; i < advice.plan.count; ++i) {
    const std::uint64_t key = chain.points[advice.plan.marks[i].block].key;
    advice.marked[i] = key;
    PrefixNode* node = table_.find(key);
    if (node == nullptr || advice.wait) continue;
    if (node->live_until > now) {
      advice.is_expected[i] = true;
      advice.read_kind = key_of_kind(chain, node->kind);
    } else {
      node->in_flight_since = now;
      node->in_flight_until = now + kLongestFlight;
    }
  }
  return advice;
}

void CacheAdvisor::begun(const Advice& advice) {
  for (std::size_t i = 0; i < advice.key_count; ++i) {
    if (PrefixNode* node = table_.find(advice.keys[i])) node->begun = std::max(node->begun, advice.started);
  }
  for (std::size_t i = 0; i < advice.plan.count; ++i) {
    PrefixNode* node = table_.find(advice.marked[i]);
    if (node == nullptr) continue;
    const Lifetime lifetime = advice.plan.marks[i].lifetime;
    // Lives from the start of the request, not from here.
    const SteadyTime until = advice.started + length_of(lifetime);
    if (until > node->live_until) {
      node->live_until = until;
      node->lifetime = lifetime;
    }
    node->in_flight_until = kNever;
  }
}

void CacheAdvisor::failed(const Advice& advice) {
  for (std::size_t i = 0; i < advice.plan.count; ++i) {
    PrefixNode* node = table_.find(advice.marked[i]);
    if (node != nullptr && node->in_flight_since == advice.started) node->in_flight_until = kNever;
  }
}

void CacheAdvisor::counted(const Advice& advice, const llm::TokenCounts& tokens) {
  constexpr float kPartOfNewest = 0.1F;
  if (tokens.total_input() <= 0) return;
  if (advice.bytes > 0) {
    PrefixNode* scope = table_.find(advice.scope);
    if (scope == nullptr) scope = &table_.place(advice.scope, advice.started);
    scope->last_seen = std::max(scope->last_seen, advice.started);
    const float seen = static_cast<float>(tokens.total_input()) / static_cast<float>(advice.bytes);
    scope->tokens_per_byte += scope->tokens_per_byte == 0 ? seen : kPartOfNewest * (seen - scope->tokens_per_byte);
  }
  if (advice.is_dry_run || advice.read_kind == 0) return;
  const bool has_read = tokens.cache_read > 0;
  const bool has_written =
      tokens.cache_write_5m + tokens.cache_write_1h > 0;  // so there is an entry now, of this request
  if (PrefixNode* kind = table_.find(advice.read_kind); kind != nullptr && !has_read) discount(*kind);
  for (std::size_t i = 0; i < advice.plan.count; ++i) {
    PrefixNode* node = advice.is_expected[i] ? table_.find(advice.marked[i]) : nullptr;
    if (node == nullptr) continue;
    if (has_read) {
      node->missed_reads = 0;
      continue;
    }
    discount(*node);
    if (!has_written) node->live_until = kNever;
    if (++node->missed_reads < kMostMissedReads) continue;
    node->missed_reads = 0;
    node->distrusted_until = advice.started + kDistrust;
  }
}

bool CacheAdvisor::has_begun(std::uint64_t key, SteadyTime now) {
  const PrefixNode* node = table_.find(key);
  return node == nullptr || node->in_flight_until <= now;
}

}  // namespace tidegate::caching
