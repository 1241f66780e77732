// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/promptcache/world.h"

#include "sim/server/model_call.h"

#include <boost/json.hpp>

#include <algorithm>
#include <functional>
#include <queue>

namespace tidegate::promptcache {

namespace {

constexpr SteadyTime kBegin{std::chrono::hours(24)};

enum class Happens : std::uint8_t { Arrives, StopsWaiting, Begins, Ends };

struct Event {
  SteadyTime at;
  std::uint64_t number;  ///< of equal times the first made comes first
  Happens what;
  std::size_t request;

  friend bool operator>(const Event& a, const Event& b) { return a.at != b.at ? a.at > b.at : a.number > b.number; }
};

struct Request {
  std::size_t session, step;
  SteadyTime arrived;
  bool is_waiting = false;
  Sent sent;
  sim::CachePlan plan;
};

class World {
 public:
  World(Scenario scenario, PolicyKind policy, const sim::ModelInfo& model, std::uint64_t seed)
      : sessions_(sessions_of(scenario, model.id, seed)), policy_(policy, model) {}

  Report run() {
    for (std::size_t i = 0; i < sessions_.size(); ++i) arrange(i, 0, kBegin);
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      handle(event);
    }
    std::stable_sort(report_.served.begin(), report_.served.end(),
                     [](const Served& a, const Served& b) { return a.start < b.start; });
    return std::move(report_);
  }

 private:
  void add(SteadyTime at, Happens what, std::size_t request) { events_.push({at, next_++, what, request}); }

  void arrange(std::size_t session, std::size_t step, SteadyTime after) {
    const SteadyTime at = after + sessions_[session].steps[step].after;
    requests_.push_back({session, step, at, false, {}, {}});
    add(at, Happens::Arrives, requests_.size() - 1);
  }

  void handle(const Event& event) {
    switch (event.what) {
      case Happens::Arrives: return dispatch(event.request, event.at, caching::Asking::First);
      case Happens::StopsWaiting:
        if (requests_[event.request].is_waiting) dispatch(event.request, event.at, caching::Asking::AfterWaiting);
        return;
      case Happens::Begins: return begin(event.request, event.at);
      case Happens::Ends: return end(event.request, event.at);
    }
  }

  void dispatch(std::size_t index, SteadyTime now, caching::Asking asking) {
    Request& request = requests_[index];
    const Session& session = sessions_[request.session];
    request.sent = policy_.send(session.body(request.step), now, asking);
    request.is_waiting = request.sent.wait.has_value();
    if (request.is_waiting) {
      ++report_.waited;
      waiting_.push_back(index);
      add(now + *request.sent.wait, Happens::StopsWaiting, index);
      return;
    }
    report_.waited_seconds += std::chrono::duration<double>(now - request.arrived).count();
    const auto call = sim::read_model_call(sim::Surface::Messages, boost::json::parse(request.sent.body), "2026-10-21",
                                           sim::Options{});
    if (!call) {
      ++report_.refused;
      return;
    }
    ++report_.requests;
    sim::CachePrompt prompt = call->prompt;
    prompt.scope = "workspace/" + call->model;
    request.plan = cache_.plan(now, prompt);
    count(request.plan.usage);
    const Step& step = session.steps[request.step];
    report_.served.push_back({now, now + step.first_byte, std::move(prompt)});
    request.sent.body.clear();
    add(now + step.first_byte, Happens::Begins, index);
    add(now + step.length, Happens::Ends, index);
  }

  void begin(std::size_t index, SteadyTime now) {
    cache_.commit(requests_[index].plan);
    policy_.begun(requests_[index].sent);
    std::vector<std::size_t> still;
    std::swap(still, waiting_);
    for (const std::size_t other : still) {
      if (!requests_[other].is_waiting) continue;
      if (policy_.has_begun(requests_[other].sent.wait_for, now)) {
        dispatch(other, now, caching::Asking::AfterWaiting);
      } else {
        waiting_.push_back(other);
      }
    }
  }

  void end(std::size_t index, SteadyTime now) {
    const Request& request = requests_[index];
    const sim::CacheUsage& usage = request.plan.usage;
    policy_.counted(request.sent, {.input = usage.uncached,
                                   .cache_read = usage.read,
                                   .cache_write_5m = usage.written_5m,
                                   .cache_write_1h = usage.written_1h});
    if (request.step + 1 < sessions_[request.session].steps.size()) arrange(request.session, request.step + 1, now);
  }

  void count(const sim::CacheUsage& usage) {
    report_.usage.uncached += usage.uncached;
    report_.usage.read += usage.read;
    report_.usage.written_5m += usage.written_5m;
    report_.usage.written_1h += usage.written_1h;
  }

  std::vector<Session> sessions_;
  Policy policy_;
  sim::PromptCache cache_;
  std::vector<Request> requests_;
  std::vector<std::size_t> waiting_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t next_ = 0;
  Report report_;
};

}  // namespace

Multiples multiples_of(const sim::ModelInfo& model) {
  const sim::ModelPrice& price = model.price;
  return {price.read / price.input, price.write_5m / price.input, price.write_1h / price.input};
}

Report run(Scenario scenario, PolicyKind policy, std::string_view model, std::uint64_t seed) {
  const sim::ModelInfo& info = *sim::find_model(model);
  Report report = World(scenario, policy, info, seed).run();
  const Multiples multiples = multiples_of(info);
  const sim::CacheUsage& usage = report.usage;
  report.billed = static_cast<double>(usage.uncached) + multiples.read * static_cast<double>(usage.read) +
                  multiples.write_5m * static_cast<double>(usage.written_5m) +
                  multiples.write_1h * static_cast<double>(usage.written_1h);
  return report;
}

}  // namespace tidegate::promptcache
