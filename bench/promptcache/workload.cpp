// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/promptcache/workload.h"

#include "sim/model/random.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>
#include <utility>

namespace tidegate::promptcache {

namespace {

using sim::Random;
using std::chrono::minutes;

constexpr std::array kScenarios{
    Scenario::AgentLoop, Scenario::AgentOnce, Scenario::AgentAbsences, Scenario::Rag,        Scenario::OneShot,
    Scenario::FanOut,    Scenario::LongGaps,  Scenario::MediumGaps,    Scenario::SelfMarked, Scenario::Mixed};
constexpr std::string_view kMark = R"(,"cache_control":{"type":"ephemeral"})";

std::size_t between(Random& random, std::size_t least, std::size_t most) {
  return least + random.next() % (most - least + 1);
}
Nanoseconds seconds_between(Random& random, double least, double most) {
  return std::chrono::duration_cast<Nanoseconds>(
      std::chrono::duration<double>(least + (most - least) * random.uniform()));
}

/// As many tokens as the simulator counts (four bytes each), of words that no other text has.
std::string words(Random& random, std::size_t tokens) {
  std::string text = fmt::format("{:016x} ", random.next());
  while (text.size() < tokens * 4) text += fmt::format("{:08x} ", random.next() & 0xFFFF'FFFF);
  text.resize(tokens * 4);
  return text;
}

std::string text_block(const std::string& text) { return R"({"type":"text","text":")" + text + "\"}"; }
std::string user(const std::string& text) { return R"({"role":"user","content":")" + text + "\"}"; }

Step step_of(Random& random, Nanoseconds after) {
  const Nanoseconds first_byte = seconds_between(random, 0.6, 2.5);
  return {after, first_byte, first_byte + seconds_between(random, 1, 12)};
}

std::string head_of(std::string_view model, const std::string& tools, const std::string& system) {
  return fmt::format(R"({{"model":"{}","max_tokens":4096,"stream":true,{}"system":{},"messages":[)", model, tools,
                     system);
}

/// 12,000 tokens of tools and 6,000 of system.
std::string agent_head(Random& random, std::string_view model, bool marks_itself) {
  std::string tools = R"("tools":[)";
  for (int i = 0; i < 12; ++i) {
    tools += fmt::format(R"({}{{"name":"tool_{}","description":"{}","input_schema":{{"type":"object"}}}})",
                         i > 0 ? "," : "", i, words(random, 980));
  }
  const std::string mark(marks_itself ? kMark : "");
  return head_of(model, tools + "],", fmt::format(R"([{{"type":"text","text":"{}"{}}}])", words(random, 6000), mark));
}

/// What an agent's turn adds: what the model said and called, and what the tools gave.
std::string agent_turn(Random& random, std::size_t number) {
  const std::size_t calls = random.uniform() < 0.15 ? between(random, 2, 5) : 1;
  std::string said = text_block(words(random, between(random, 20, 120)));
  std::string gave;
  for (std::size_t i = 0; i < calls; ++i) {
    said += fmt::format(R"(,{{"type":"tool_use","id":"t{}_{}","name":"tool_1","input":{{"a":"{}"}}}})", number, i,
                        words(random, between(random, 20, 150)));
    gave += fmt::format(R"({}{{"type":"tool_result","tool_use_id":"t{}_{}","content":"{}"}})", i > 0 ? "," : "", number,
                        i, words(random, between(random, 100, 1200)));
  }
  return fmt::format(R"({{"role":"assistant","content":[{}]}},{{"role":"user","content":[{}]}})", said, gave);
}

/// Tools answer within seconds; now and then a person thinks, and with some goes away, longer than five minutes.
Nanoseconds agent_pause(Random& random, double share_of_absences) {
  const double kind = random.uniform();
  if (kind < share_of_absences) return seconds_between(random, 330, 1200);
  return kind < 0.1 ? seconds_between(random, 15, 150) : seconds_between(random, 0.1, 8);
}

Session agent_session(Random& random, const std::string& head, Nanoseconds start, std::size_t turns, double absences) {
  Session session{.steps = {}, .messages = {}, .head = head, .is_conversation = true};
  session.steps.push_back(step_of(random, start));
  session.messages.push_back(user(words(random, between(random, 50, 600))));
  for (std::size_t turn = 1; turn < turns; ++turn) {
    session.steps.push_back(step_of(random, agent_pause(random, absences)));
    session.messages.push_back(agent_turn(random, turn));
  }
  return session;
}

struct Agents {
  std::size_t count = 8;
  double absences = 0;  ///< share of pauses in which the person is away
  bool mark_themselves = false;
};

std::vector<Session> agents(Random& random, std::string_view model, const Agents& agents) {
  const std::string head = agent_head(random, model, agents.mark_themselves);
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < agents.count; ++i) {
    const std::size_t turns = agents.count == 1 ? 50 : between(random, 30, 60);
    sessions.push_back(agent_session(random, head, seconds_between(random, 0, 2400), turns, agents.absences));
    sessions.back().marks_itself = agents.mark_themselves;
  }
  return sessions;
}

/// One request at `start`, of a conversation that does not go on.
Session single(Random& random, std::string head, std::string messages, Nanoseconds start) {
  Session session{.steps = {}, .messages = {}, .head = std::move(head)};
  session.steps.push_back(step_of(random, start));
  session.messages.push_back(std::move(messages));
  return session;
}

std::vector<Session> rag(Random& random, std::string_view model) {
  const std::string head = head_of(model, "", '"' + words(random, 6000) + '"');
  std::vector<Session> sessions;
  Nanoseconds start{};
  for (int i = 0; i < 60; ++i) {
    const std::string documents = text_block(words(random, between(random, 1500, 4000)));
    const std::string question = text_block(words(random, between(random, 20, 80)));
    sessions.push_back(
        single(random, head, R"({"role":"user","content":[)" + documents + "," + question + "]}", start));
    start += seconds_between(random, 3, 60);
  }
  return sessions;
}

std::vector<Session> one_shot(Random& random, std::string_view model) {
  std::vector<Session> sessions;
  Nanoseconds start{};
  for (int i = 0; i < 200; ++i) {
    const std::string head = head_of(model, "", '"' + words(random, between(random, 1500, 6000)) + '"');
    sessions.push_back(single(random, head, user(words(random, between(random, 200, 3000))), start));
    start += seconds_between(random, 0, 30);
  }
  return sessions;
}

std::vector<Session> fan_out(Random& random, std::string_view model) {
  std::vector<Session> sessions;
  for (int volley = 0; volley < 8; ++volley) {
    const std::string head = head_of(model, "", '"' + words(random, between(random, 6000, 10000)) + '"');
    for (int i = 0; i < 20; ++i) {
      sessions.push_back(single(random, head, user(words(random, between(random, 50, 400))),
                                volley * minutes(10) + seconds_between(random, 0, 0.2)));
    }
  }
  return sessions;
}

/// `count` prompts that come `repeats` times, each with another question.
std::vector<Session> repeated(Random& random, std::string_view model, std::size_t count, std::size_t repeats,
                              double least_minutes, double most_minutes) {
  std::vector<Session> sessions;
  for (std::size_t i = 0; i < count; ++i) {
    Session session{.steps = {},
                    .messages = {},
                    .head = head_of(model, "", '"' + words(random, between(random, 4000, 8000)) + '"')};
    for (std::size_t k = 0; k < repeats; ++k) {
      session.steps.push_back(step_of(random, k == 0 ? seconds_between(random, 0, 7200)
                                                     : seconds_between(random, least_minutes * 60, most_minutes * 60)));
      session.messages.push_back(user(words(random, between(random, 50, 400))));
    }
    sessions.push_back(std::move(session));
  }
  return sessions;
}

/// A client that marks itself moves one mark to the end of its prompt with each turn; `body` ends in the last block's
/// brace,
/// `]` and the message's brace.
void mark_the_end(std::string& body) { body.insert(body.size() - 3, kMark); }

/// What a team may do in the same hours with the same keys.
std::vector<Session> mixed(Random& random, std::string_view model) {
  std::vector<Session> all = agents(random, model, {.count = 4, .absences = 0.01});
  const auto add = [&](std::vector<Session> more) { std::move(more.begin(), more.end(), std::back_inserter(all)); };
  add(rag(random, model));
  add(one_shot(random, model));
  add(fan_out(random, model));
  add(repeated(random, model, 4, 8, 65, 180));
  add(repeated(random, model, 4, 20, 8, 45));
  return all;
}

}  // namespace

std::span<const Scenario> all_scenarios() { return kScenarios; }

std::string_view to_string(Scenario scenario) {
  switch (scenario) {
    case Scenario::AgentLoop: return "agent_loop";
    case Scenario::AgentOnce: return "agent_once";
    case Scenario::AgentAbsences: return "agent_absences";
    case Scenario::Rag: return "rag";
    case Scenario::OneShot: return "one_shot";
    case Scenario::FanOut: return "fan_out";
    case Scenario::LongGaps: return "long_gaps";
    case Scenario::MediumGaps: return "medium_gaps";
    case Scenario::SelfMarked: return "self_marked";
    case Scenario::Mixed: return "mixed";
  }
  return "";
}

std::string Session::body(std::size_t step) const {
  std::string body = head;
  for (std::size_t i = is_conversation ? 0 : step; i <= step; ++i)
    body += (i > 0 && is_conversation ? "," : "") + messages[i];
  if (marks_itself && step > 0) mark_the_end(body);
  return body + "]}";
}

std::vector<Session> sessions_of(Scenario scenario, std::string_view model, std::uint64_t seed) {
  Random random(seed);
  switch (scenario) {
    case Scenario::AgentLoop: return agents(random, model, {});
    case Scenario::AgentOnce: return agents(random, model, {.count = 1});
    case Scenario::AgentAbsences: return agents(random, model, {.absences = 0.02});
    case Scenario::Rag: return rag(random, model);
    case Scenario::OneShot: return one_shot(random, model);
    case Scenario::FanOut: return fan_out(random, model);
    case Scenario::LongGaps: return repeated(random, model, 12, 25, 65, 180);
    case Scenario::MediumGaps: return repeated(random, model, 8, 30, 8, 45);
    case Scenario::SelfMarked: return agents(random, model, {.count = 4, .mark_themselves = true});
    case Scenario::Mixed: return mixed(random, model);
  }
  return {};
}

}  // namespace tidegate::promptcache
