// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/promptcache/cpu.h"

#include "caching/body_edit.h"
#include "caching/cache_advisor.h"
#include "llm/anthropic/request.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::promptcache {

namespace {

/// Results are summed into this, so that no call is optimised away.
std::uint64_t kept = 0;

/// Sentences of a prompt, with a line break each: escapes are what makes a string slow to step over.
std::string prose(std::size_t bytes, int number) {
  std::string text = std::to_string(number);
  while (text.size() < bytes) text += R"( Sixty characters of a prompt that says nothing in particular\n)";
  text.resize(bytes);
  return text.ends_with('\\') ? text.substr(0, bytes - 1) : text;
}

/// The bodies of an agent's conversation while they grow from 60 to 68 KB: 24 KB of tools, 12 KB of system, turns of
/// 700 bytes in three blocks.
std::vector<std::string> conversation() {
  std::string body =
      R"({"model":"claude-sonnet-4-6","max_tokens":4096,"stream":true,"metadata":{"user_id":"u"},"tools":[)";
  for (int i = 0; i < 12; ++i) {
    body += (i > 0 ? "," : "") + (R"({"name":"tool)" + std::to_string(i)) + R"(","description":")" + prose(1700, i) +
            R"(","input_schema":{"type":"object","properties":{"path":{"type":"string"},"lines":{"type":"array"}}}})";
  }
  body += R"(],"system":[{"type":"text","text":")" + prose(12'000, 0) +
          R"("}],"messages":[{"role":"user","content":")" + prose(400, 0) + "\"}";
  std::vector<std::string> bodies;
  for (int turn = 1; body.size() < 68'000; ++turn) {
    const std::string id = std::to_string(turn);
    body +=
        R"(,{"role":"assistant","content":[{"type":"text","text":")" + prose(100, turn) +
        R"("},{"type":"tool_use","id":"t)" + id +
        R"(","name":"tool1","input":{"path":"/a"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t)" +
        id + R"(","content":")" + prose(400, turn) + R"("}]})";
    if (body.size() > 60'000) bodies.push_back(body + "]}");
  }
  return bodies;
}

class Bench {
 public:
  explicit Bench(bool is_quick) : rounds_(is_quick ? 31 : 101) {
    caching::CachingOptions options;
    options.enabled = caching::Injection::On;
    advisor_ = caching::CacheAdvisor(options);
  }

  CpuFigures measure() {
    CpuFigures figures;
    for (const std::string& body : bodies_) {
      figures.bytes += static_cast<double>(body.size()) / static_cast<double>(bodies_.size());
      kept += llm::anthropic::read_request(body, layout_).readable ? 1U : 0U;
      layouts_.push_back(layout_);
      figures.blocks += static_cast<double>(chain(layout_, body).points.size()) / static_cast<double>(bodies_.size());
    }
    for (std::size_t i = 0; i < kConversations * bodies_.size(); ++i)
      chains_.push_back(next_chain(layouts_[i % bodies_.size()], i % bodies_.size()));
    const auto plain = [&](std::size_t i) {
      kept += llm::anthropic::read_request(bodies_[i]).body_bytes > 0 ? 1U : 0U;
    };
    const auto noted = [&](std::size_t i) {
      kept += llm::anthropic::read_request(bodies_[i], layout_).body_bytes > 0 ? 1U : 0U;
    };
    const auto with = [&](std::size_t i) {
      const llm::RequestView view = llm::anthropic::read_request(bodies_[i], layout_);
      if (caching::why_untouched(view, layout_, true, advisor_.options())) return;
      const caching::Advice advice = decide(next_chain(layout_, i));
      kept += caching::BodyEdit(layout_, advice.plan.all()).added_bytes();
    };
    std::vector<double> plain_times, layout_times, added_times;
    for (int round = 0; round < rounds_; ++round) {  // one after the other, so that a slow moment meets all alike
      plain_times.push_back(once(plain));
      layout_times.push_back(once(noted) - plain_times.back());
      added_times.push_back(once(with) - plain_times.back());
    }
    figures.read = median(plain_times);
    figures.layout = median(layout_times);
    figures.added = median(added_times);
    figures.hash = typical([&](std::size_t i) { kept += chain(layouts_[i], bodies_[i]).points.size(); });
    figures.decide = typical([&](std::size_t) {
      kept += decide(chains_[next_decided_]).plan.count;
      next_decided_ = (next_decided_ + 1) % chains_.size();
    });
    const caching::Advice advice = decide(chains_.back());
    figures.insertions =
        typical([&](std::size_t) { kept += caching::BodyEdit(layouts_.back(), advice.plan.all()).added_bytes(); });
    figures.apply = typical([&](std::size_t) {
      kept += caching::BodyEdit(layouts_.back(), advice.plan.all()).apply(bodies_.back()).size();
    });
    return figures;
  }

 private:
  [[nodiscard]] caching::PrefixChain chain(const llm::PromptLayout& layout, const std::string& body) const {
    return hasher_.read(layout, body, {"anthropic", "claude-sonnet-4-6", "", "team"});
  }
  /// Each time round it is another conversation: its first request meets nothing known, the others grow from it.
  [[nodiscard]] caching::PrefixChain next_chain(const llm::PromptLayout& layout, std::size_t body) {
    if (body == 0) name_ = "anthropic" + std::to_string(++conversations_);
    return hasher_.read(layout, bodies_[body], {name_, "claude-sonnet-4-6", "", "team"});
  }
  caching::Advice decide(const caching::PrefixChain& chain) {
    now_ += Seconds(10);
    const caching::Advice advice = advisor_.advise(chain, caching::CacheTerms{}, now_);
    advisor_.begun(advice);
    advisor_.counted(advice, {.input = 100, .cache_read = advice.plan.read, .cache_write_5m = advice.plan.written_5m});
    return advice;
  }
  /// Microseconds a call, over all bodies in turn.
  template <typename Work>
  [[nodiscard]] double once(const Work& work) const {
    constexpr std::size_t kCalls = 4;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t k = 0; k < kCalls; ++k) {
      for (std::size_t i = 0; i < bodies_.size(); ++i) work(i);
    }
    const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begin;
    return taken.count() / static_cast<double>(kCalls * bodies_.size());
  }
  [[nodiscard]] static double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
  }
  template <typename Work>
  [[nodiscard]] double typical(const Work& work) const {
    std::vector<double> times;
    for (int round = 0; round < rounds_; ++round) times.push_back(once(work));
    return median(times);
  }

  static constexpr std::size_t kConversations = 500;  // many more than a processor's nearest cache has nodes of

  int rounds_;
  int conversations_ = 0;
  std::size_t next_decided_ = 0;
  std::string name_;
  std::vector<std::string> bodies_ = conversation();
  std::vector<llm::PromptLayout> layouts_;
  std::vector<caching::PrefixChain> chains_;
  llm::PromptLayout layout_;
  caching::PrefixHasher hasher_{1};
  caching::CacheAdvisor advisor_{caching::CachingOptions{}};
  SteadyTime now_{std::chrono::hours(1)};
};

}  // namespace

CpuFigures measure_cpu(bool is_quick) {
  CpuFigures figures = Bench(is_quick).measure();
  if (kept == 0) figures.added = -1;
  return figures;
}

}  // namespace tidegate::promptcache
