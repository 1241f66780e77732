// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/score/runner.h"

#include "base/number.h"
#include "base/time.h"
#include "sim/score/client.h"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string_view>

namespace tidegate::sim {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr double kLongestAnswer = 600;  // seconds of silence between events that an SDK stands

Nanoseconds duration_of(double seconds) {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
}
double seconds_of(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

tcp::resolver::results_type resolve(asio::io_context& context, std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  std::string_view rest = url;
  if (rest.starts_with(kScheme)) {
    rest.remove_prefix(kScheme.size());
    rest = rest.substr(0, rest.find('/'));
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string_view::npos && parse_integer<std::uint16_t>(rest.substr(colon + 1))) {
      tcp::resolver resolver(context);
      boost::system::error_code error;
      auto found = resolver.resolve(rest.substr(0, colon), rest.substr(colon + 1), error);
      if (!error) return found;
      throw std::runtime_error(fmt::format("'{}': {}", url, error.message()));
    }
  }
  throw std::runtime_error(fmt::format("'{}' is no address like http://127.0.0.1:8080", url));
}

/// What the simulator says of itself.
json::object stats_of(const std::string& control) {
  asio::io_context context(1);
  beast::tcp_stream stream(context);
  stream.connect(resolve(context, control));
  http::request<http::empty_body> request(http::verb::get, "/sim/stats", 11);
  request.set(http::field::host, "simulator");
  request.set(http::field::connection, "close");
  http::write(stream, request);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  http::read(stream, buffer, parser);
  if (parser.get().result_int() != 200) {
    throw std::runtime_error(fmt::format("{}/sim/stats: {}", control, parser.get().result_int()));
  }
  return json::parse(parser.get().body()).as_object();
}

double number_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  return value == nullptr || !value->is_number() ? 0 : value->to_number<double>();
}

/// Limits of the model's own bucket, over all organisations: each has one here, as the score uses one model.
double limit_in(const json::object& stats, std::string_view dimension) {
  double sum = 0;
  for (const auto& organisation : stats.at("organisations").as_object()) {
    double most = 0;
    for (const auto& bucket : organisation.value().at("buckets").as_object()) {
      const json::value* level =
          bucket.value().as_object().if_contains(json::string_view(dimension.data(), dimension.size()));
      if (level != nullptr) most = std::max(most, number_in(level->as_object(), "limit"));
    }
    sum += most;
  }
  return sum;
}

ProviderCounts counted_between(const json::object& before, const json::object& after, double minutes) {
  ProviderCounts counts;
  const auto refused = [](const json::object& stats) { return number_in(stats.at("answers").as_object(), "429"); };
  counts.refused_429 = static_cast<std::int64_t>(refused(after) - refused(before));
  for (const auto& refusal : after.at("refusals").as_object()) {
    const std::string_view limit(refusal.key().data(), refusal.key().size());
    const double count = refusal.value().to_number<double>() - number_in(before.at("refusals").as_object(), limit);
    if (count > 0) counts.refusals[std::string(limit)] = static_cast<std::int64_t>(count);
  }
  counts.charged = static_cast<std::int64_t>(number_in(after, "charged") - number_in(before, "charged"));
  const json::array& charges = after.at("charges").as_array();
  const auto ours = std::min(charges.size(), static_cast<std::size_t>(std::max<std::int64_t>(0, counts.charged)));
  std::vector<DimensionUse> uses{{"requests", static_cast<double>(ours), limit_in(after, "requests")},
                                 {"input_tokens", 0, limit_in(after, "input_tokens")},
                                 {"output_tokens", 0, limit_in(after, "output_tokens")}};
  for (std::size_t i = charges.size() - ours; i < charges.size(); ++i) {
    const json::object& charge = charges[i].as_object();
    for (std::size_t u = 1; u < uses.size(); ++u) uses[u].used += number_in(charge, uses[u].name);
  }
  set_binding(counts, uses, minutes);
  return counts;
}

/// One thread, one io_context; everything here runs on it.
class Runner {
 public:
  Runner(const ScorePlanOptions& plan, const ScoreRunOptions& options)
      : plan_options_(plan),
        options_(options),
        plan_(make_score_plan(plan)),
        target_(resolve(context_, options.url)),
        random_(plan.seed ^ 0x7717ULL) {}

  std::vector<ScoredRequest> run() {
    asio::signal_set signals(context_, SIGTERM, SIGINT);
    signals.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) context_.stop();
    });
    start_ = now();
    asio::co_spawn(context_, follow_plan(signals), asio::detached);
    context_.run();
    return std::move(scored_);
  }
  /// From the first request to the last answer, real seconds.
  [[nodiscard]] double elapsed() const { return seconds_of(now() - start_); }

 private:
  [[nodiscard]] SteadyTime now() const { return machine_.now().steady; }

  asio::awaitable<void> follow_plan(asio::signal_set& signals) {
    asio::steady_timer timer(context_);
    for (std::size_t number = 0; number < plan_.size(); ++number) {
      timer.expires_at(start_ + duration_of(plan_[number].at / options_.speed));
      co_await timer.async_wait(kAwait);
      asio::co_spawn(context_, be_client(number), asio::detached);
    }
    while (scored_.size() < plan_.size()) {
      timer.expires_after(std::chrono::milliseconds(20));
      co_await timer.async_wait(kAwait);
    }
    signals.cancel();
  }

  asio::awaitable<void> be_client(std::size_t number) {
    const ScoreRequest& request = plan_[number];
    const ScoreTenant& tenant = kScoreTenants[request.tenant];
    const SteadyTime began = now();
    const SteadyTime patience_ends = began + duration_of(patience_seconds(tenant.kind) / options_.speed);
    const std::string body = score_body(request, plan_options_.model, number);
    SdkClient client(options_.speed);
    ScoredRequest scored;
    scored.tenant = request.tenant;
    while (true) {
      Attempt attempt{.request = request_of(tenant, body, client.attempts()),
                      .patience_ends = patience_ends,
                      .result = {},
                      .begun_at = {}};
      co_await ask(attempt);
      ++scored.attempts;
      scored.refused_429 += attempt.result.status == 429 ? 1 : 0;
      scored.last_status = attempt.result.status;
      scored.is_whole = attempt.result.is_whole;
      if (attempt.result.has_begun) scored.wait_seconds = seconds_of(attempt.begun_at - began) * options_.speed;
      const std::optional<double> pause = client.pause_after(attempt.result, random_.uniform());
      if (!pause || now() + duration_of(*pause) >= patience_ends) break;
      asio::steady_timer timer(context_, duration_of(*pause));
      co_await timer.async_wait(kAwait);
    }
    scored_.push_back(scored);
  }

  struct Attempt {
    http::request<http::string_body> request;
    SteadyTime patience_ends;
    AttemptResult result;
    SteadyTime begun_at;
  };

  [[nodiscard]] http::request<http::string_body> request_of(const ScoreTenant& tenant, const std::string& body,
                                                            int retry) const {
    const auto own = options_.tenant_keys.find(tenant.name);
    http::request<http::string_body> request(http::verb::post, options_.path, 11, body);
    request.set(http::field::host, "gateway");
    request.set(http::field::content_type, "application/json");
    request.set(http::field::accept, "application/json");
    request.set(http::field::connection, "close");
    request.set("x-api-key", own == options_.tenant_keys.end() ? options_.key : own->second);
    request.set("anthropic-version", "2023-06-01");
    request.set("x-stainless-retry-count", fmt::format("{}", retry));
    if (tenant.kind == ScoreClass::Batch) request.set("x-tidegate-priority", "batch");  // the others take no notice
    request.prepare_payload();
    return request;
  }

  asio::awaitable<void> ask(Attempt& attempt) {
    beast::tcp_stream stream(context_);
    stream.expires_at(attempt.patience_ends);
    auto [refused, endpoint] = co_await stream.async_connect(target_, kAwait);
    if (refused) co_return;
    auto [unsent, sent] = co_await http::async_write(stream, attempt.request, kAwait);
    if (unsent) co_return;
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    auto [headless, head_size] = co_await http::async_read_header(stream, buffer, parser, kAwait);
    if (headless) co_return;
    attempt.result.status = static_cast<int>(parser.get().result_int());
    attempt.result.retry_after_seconds = parse_decimal(parser.get()["retry-after"]);
    std::size_t seen = 0;
    while (!parser.is_done()) {
      auto [ended, size] = co_await http::async_read_some(stream, buffer, parser, kAwait);
      if (ended) break;
      look_at(attempt, parser.get().body(), seen);
      if (attempt.result.has_begun) stream.expires_after(duration_of(kLongestAnswer / options_.speed));
      if (attempt.result.is_whole) break;
    }
  }

  /// The first event is an answer's begin; a gateway's comments before it are not. An error event is none either.
  void look_at(Attempt& attempt, const std::string& body, std::size_t& seen) {
    if (attempt.result.status != 200) return;
    // A word may come in two pieces.
    const std::string_view fresh = std::string_view(body).substr(seen > 16 ? seen - 16 : 0);
    seen = body.size();
    if (!attempt.result.has_begun && fresh.find("message_start") != std::string_view::npos) {
      attempt.result.has_begun = true;
      attempt.begun_at = now();
    }
    attempt.result.is_whole = attempt.result.has_begun && fresh.find("message_stop") != std::string_view::npos;
  }

  const ScorePlanOptions& plan_options_;
  const ScoreRunOptions& options_;
  const std::vector<ScoreRequest> plan_;
  const SystemClock machine_;  // no other clock: Asio's timers wait by it
  asio::io_context context_{1};
  tcp::resolver::results_type target_;
  Random random_;
  SteadyTime start_;
  std::vector<ScoredRequest> scored_;
};

}  // namespace

Score run_score(const ScorePlanOptions& plan, const ScoreRunOptions& options) {
  json::object before;
  if (!options.control.empty()) before = stats_of(options.control);
  Runner runner(plan, options);
  const std::vector<ScoredRequest> requests = runner.run();
  const double minutes = runner.elapsed() / 60;
  if (options.control.empty()) return summarise(requests, std::nullopt);
  return summarise(requests, counted_between(before, stats_of(options.control), minutes));
}

}  // namespace tidegate::sim
