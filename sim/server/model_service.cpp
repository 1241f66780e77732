// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/number.h"
#include "sim/server/answer.h"
#include "sim/server/exchange.h"
#include "sim/server/fault_set.h"
#include "sim/server/thinking_signature.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <utility>

namespace tidegate::sim {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

/// Holds an admission: whatever way the call ends, the place in flight is freed and the books are written.
class OpenCall {
 public:
  OpenCall(Provider& provider, AdmittedCall admitted, const ModelCall& call, const Exchange& exchange)
      : provider_(provider), admitted_(std::move(admitted)), call_(call) {
    charge_.request_id = exchange.request_id;
    charge_.session = exchange.request.header("x-claude-code-session-id");
    charge_.caller = exchange.caller;
    charge_.model = call.model;
    charge_.input = admitted_.cache.usage;
    charge_.outcome = Outcome::Interrupted;
    charge_.is_streamed = call.stream;
    charge_.service_tier = call.service_tier;
  }
  ~OpenCall() { settle(); }
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

  [[nodiscard]] const AdmittedCall& admitted() const { return admitted_; }
  void begin() {
    is_begun_ = true;
    provider_.begin(admitted_, charge_.caller, call_);
  }
  void produce(std::int64_t output_tokens) {
    if (output_tokens <= 0) return;
    charge_.output_tokens += output_tokens;
    provider_.produce(admitted_, charge_.caller, output_tokens);
  }
  /// To be called before the last bytes go out, as `settle`.
  void complete() {
    charge_.outcome = Outcome::Completed;
    settle();
  }
  void cancel() { charge_.outcome = Outcome::Cancelled; }
  /// Frees the place and writes the books, once. Before the last bytes: whoever has read them finds both done.
  void settle() {
    if (std::exchange(is_settled_, true)) return;
    provider_.finish(admitted_, charge_, call_, is_begun_);
  }

 private:
  Provider& provider_;
  AdmittedCall admitted_;
  const ModelCall& call_;
  Charge charge_;
  bool is_begun_ = false;
  bool is_settled_ = false;
};

/// Everything that serving one call needs at hand.
struct Service {
  Exchange& exchange;
  const ModelCall& call;
  const FaultSet& faults;
  OpenCall& open;
  Answer answer;
  Nanoseconds first_token;
  Nanoseconds per_event;  ///< beside the pace of tokens
  std::string headers;
};

std::optional<Nanoseconds> milliseconds_header(const Request& request, std::string_view name) {
  const auto value = parse_integer(request.header(name));
  if (!value) return std::nullopt;
  return Milliseconds(*value);
}

RequestClass class_of(const Request& request, const ModelCall& call, const Options& options) {
  if (call.is_fast) return RequestClass::Fast;
  if (request.header("x-sim-class") == "code_generation") return RequestClass::CodeGeneration;
  const bool by_tools = options.code_generation == CodeGenerationRule::Tools && call.is_code_generation;
  return by_tools ? RequestClass::CodeGeneration : RequestClass::Ordinary;
}

Nanoseconds pace(const AdmittedCall& admitted, std::int64_t tokens) {
  if (admitted.tokens_per_second <= 0) return Nanoseconds(0);
  return std::chrono::duration_cast<Nanoseconds>(
      std::chrono::duration<double>(static_cast<double>(tokens) / admitted.tokens_per_second));
}

/// Bytes one by one, with a pause between them where the fault says so.
asio::awaitable<bool> write_drip(Connection& connection, std::string bytes, Nanoseconds pause, std::size_t step) {
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const std::string_view part = std::string_view(bytes).substr(at, step);
    const bool written = co_await connection.write(part);
    if (!written) co_return false;
    if (pause.count() == 0) continue;
    const bool is_there = co_await wait(connection, pause);
    if (!is_there) co_return false;
  }
  co_return true;
}

/// As the faults want it: whole, in drops, in splinters.
asio::awaitable<bool> write_with(Service& service, std::string bytes) {
  if (const Fault* drip = service.faults.find("drip")) {
    const auto pause = Milliseconds(parse_integer(drip->value).value_or(10));
    const bool written = co_await write_drip(service.exchange.connection, std::move(bytes), pause, 16);
    co_return written;
  }
  if (service.faults.find("split") != nullptr) {
    const bool written = co_await write_drip(service.exchange.connection, std::move(bytes), Nanoseconds(0), 1);
    co_return written;
  }
  const bool written = co_await service.exchange.connection.write(bytes);
  co_return written;
}

Nanoseconds stall_of(const Fault& fault) {
  const auto seconds = parse_decimal(fault.value);
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds.value_or(3600)));
}

// --- whole answers --------------------------------------------------------------------------------------------------

/// The model works for as long as its answer takes; output is charged as it is produced, second by second.
asio::awaitable<bool> generate(Service& service) {
  std::int64_t left = service.answer.output_tokens();
  const AdmittedCall& admitted = service.open.admitted();
  const std::int64_t step = admitted.tokens_per_second <= 0
                                ? left
                                : std::max<std::int64_t>(1, static_cast<std::int64_t>(admitted.tokens_per_second));
  while (left > 0) {
    const std::int64_t now = std::min(left, step);
    const bool is_there = co_await wait(service.exchange.connection, pace(admitted, now));
    if (!is_there) co_return false;
    service.open.produce(now);
    left -= now;
  }
  co_return true;
}

Reply whole_reply(Service& service) {
  Reply reply;
  reply.body = service.faults.find("garbage_body") != nullptr ? "{\"id\": \"msg_\xff\xfe, <<not json"
                                                              : render_body(service.call, service.answer);
  reply.headers = service.headers;
  return reply;
}

asio::awaitable<Persistence> serve_whole(Service& service) {
  const bool is_generated = co_await generate(service);
  if (!is_generated) {
    service.open.cancel();
    co_return Persistence::Close;
  }
  Exchange& exchange = service.exchange;
  Connection& connection = exchange.connection;
  const WallTime wall = exchange.provider.now().wall;
  Reply reply = whole_reply(service);
  exchange.encode(reply);
  exchange.provider.count_answer(200);
  if (service.faults.find("close_delimited") != nullptr) {
    std::string wire =
        fmt::format("HTTP/1.1 200 OK\r\ndate: {}\r\ncontent-type: application/json\r\n{}connection: close\r\n\r\n{}",
                    to_http_date(wall), reply.headers, reply.body);
    service.open.complete();
    co_await write_with(service, std::move(wire));
    co_return Persistence::Close;
  }
  std::string wire = to_wire(reply, wall, exchange.persistence);
  const std::size_t head = wire.size() - reply.body.size();
  if (service.faults.find("reset_after_head") != nullptr) {
    wire.resize(head);
    co_await connection.write(wire);
    service.open.settle();
    connection.reset();
    co_return Persistence::Close;
  }
  const bool is_short = service.faults.find("short_body") != nullptr || service.faults.find("cut") != nullptr;
  const bool is_reset = service.faults.find("reset_mid_stream") != nullptr;
  if (is_short || is_reset) {
    wire.resize(head + reply.body.size() / 2);
    co_await connection.write(wire);
    service.open.settle();
    if (is_reset) connection.reset();
    co_return Persistence::Close;
  }
  if (const Fault* stall = service.faults.find("stall_mid_stream")) {
    const bool written = co_await connection.write(std::string_view(wire).substr(0, head + reply.body.size() / 2));
    const bool is_there = co_await wait(connection, stall_of(*stall));
    if (!written || !is_there) {
      service.open.cancel();
      co_return Persistence::Close;
    }
    wire.erase(0, head + reply.body.size() / 2);
  }
  // Completed from the provider's side as soon as it is generated: what the client does not take is charged all the
  // same.
  service.open.complete();
  const bool written = co_await write_with(service, std::move(wire));
  co_return written ? exchange.persistence : Persistence::Close;
}

// --- streams --------------------------------------------------------------------------------------------------------

/// Where a stream is broken off: before which event, and how.
struct Break {
  enum class How : std::uint8_t { None, Error, Reset, Cut, CleanEnd, Stall, Garbage };
  How how = How::None;
  std::size_t before = SIZE_MAX;
  std::string value;
};

Break break_of(const FaultSet& faults, std::size_t events) {
  using How = Break::How;
  constexpr std::pair<std::string_view, How> names[] = {
      {"error_event", How::Error}, {"reset_mid_stream", How::Reset}, {"cut", How::Cut},
      {"truncate", How::CleanEnd}, {"stall_mid_stream", How::Stall}, {"garbage_body", How::Garbage},
      {"short_body", How::Cut}};
  for (const auto& [name, how] : names) {
    const Fault* fault = faults.find(name);
    if (fault == nullptr) continue;
    // The value of `cut`, `truncate` and `reset_mid_stream` is a number of events; half the stream without one.
    const bool counts = how == How::Reset || how == How::Cut || how == How::CleanEnd;
    const auto wanted = counts ? parse_integer<std::size_t>(fault->value) : std::nullopt;
    return {how, std::min(wanted.value_or(events / 2), events - 1), fault->value};
  }
  return {};
}

/// Writes events; how they are framed is decided once.
class EventWriter {
 public:
  EventWriter(Service& service, bool is_chunked) : service_(service), is_chunked_(is_chunked) {}
  asio::awaitable<bool> write(std::string events) {
    std::string framed = is_chunked_ ? chunk(events) : std::move(events);
    const bool written = co_await write_with(service_, std::move(framed));
    co_return written;
  }
  asio::awaitable<bool> end() {
    if (!is_chunked_) co_return true;
    const bool written = co_await write_with(service_, std::string(kLastChunk));
    co_return written;
  }

 private:
  Service& service_;
  bool is_chunked_;
};

/// Carries out the break. True: go on with the stream.
asio::awaitable<bool> break_off(Service& service, EventWriter& writer, const Break& at) {
  Connection& connection = service.exchange.connection;
  const bool ends_here = at.how == Break::How::Error || at.how == Break::How::Reset || at.how == Break::How::Cut ||
                         at.how == Break::How::CleanEnd;
  if (ends_here) service.open.settle();
  switch (at.how) {
    case Break::How::None: co_return true;
    case Break::How::Error: {
      const std::string type = at.value.empty() ? "overloaded_error" : at.value;
      const std::string_view message = type == "overloaded_error" ? "Overloaded" : "Internal server error";
      std::string event = render_error_event(dialect_of(service.call.surface), type, message);
      const bool written = co_await writer.write(std::move(event));
      if (written) co_await writer.end();
      co_return false;
    }
    case Break::How::Reset: connection.reset(); co_return false;
    case Break::How::Cut: co_return false;
    case Break::How::CleanEnd: co_await writer.end(); co_return false;
    case Break::How::Garbage: {
      std::string garbage = "event: content_block_delta\ndata: {\"type\": \xff\xfe <<not json\n\n";
      const bool written = co_await writer.write(std::move(garbage));
      co_return written;
    }
    case Break::How::Stall: {
      const auto seconds = parse_decimal(at.value);
      const auto length =
          std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds.value_or(3600)));
      const bool is_there = co_await wait(connection, length);
      if (!is_there) service.open.cancel();
      co_return is_there;
    }
  }
  co_return true;
}

asio::awaitable<Persistence> serve_stream(Service& service) {
  Exchange& exchange = service.exchange;
  const Options& options = exchange.provider.options();
  const bool is_delimited_by_close = service.faults.find("close_delimited") != nullptr;
  const Persistence framing = is_delimited_by_close ? Persistence::Close : Persistence::KeepAlive;
  std::string pending = stream_head(service.headers, exchange.provider.now().wall, framing);
  exchange.provider.count_answer(200);
  if (service.faults.find("reset_after_head") != nullptr) {
    co_await exchange.connection.write(pending);
    service.open.settle();
    exchange.connection.reset();
    co_return Persistence::Close;
  }
  const std::vector<TimedEvent> events = render_events(service.call, service.answer);
  const Break breaking = break_of(service.faults, events.size());
  EventWriter writer(service, !is_delimited_by_close);
  const AdmittedCall& admitted = service.open.admitted();
  const bool is_together =
      admitted.tokens_per_second <= 0 && service.per_event.count() == 0 && !options.flush_each_event;

  bool is_head_sent = false;
  std::string together;  // events that go out in one write
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i == breaking.before) {
      if (!is_head_sent) co_await exchange.connection.write(std::exchange(pending, {}));
      is_head_sent = true;
      if (!together.empty()) co_await writer.write(std::exchange(together, {}));
      const bool goes_on = co_await break_off(service, writer, breaking);
      if (!goes_on) co_return Persistence::Close;
    }
    const TimedEvent& event = events[i];
    const Nanoseconds pause = pace(admitted, event.output_tokens) + service.per_event;
    if (pause.count() > 0) {
      const bool is_there = co_await wait(exchange.connection, pause);
      if (!is_there) {
        service.open.cancel();
        co_return Persistence::Close;
      }
    }
    service.open.produce(event.output_tokens);
    together += event.bytes;
    if (is_together && i + 1 < events.size()) continue;
    if (!is_head_sent) {
      // Head and first event together: what a client sees first is the model's first token.
      const bool is_written = co_await write_with(service, std::exchange(pending, {}));
      if (!is_written) break;
      is_head_sent = true;
    }
    const bool is_last = i + 1 == events.size();
    if (is_last) service.open.complete();
    const bool written = co_await writer.write(std::exchange(together, {}));
    if (!written) {
      if (!is_last) service.open.cancel();
      co_return Persistence::Close;
    }
  }
  const bool ended = co_await writer.end();
  co_return ended && !is_delimited_by_close ? exchange.persistence : Persistence::Close;
}

// --- the call -------------------------------------------------------------------------------------------------------

std::optional<ApiError> refuse_state(Provider& provider, const Caller& caller, const ModelCall& call) {
  const auto is_anothers = [&](const std::string& signature) { return is_anothers_signature(signature, caller.organisation); };
  if (std::any_of(call.signatures.begin(), call.signatures.end(), is_anothers)) {
    return ApiError{400, "invalid_request_error", "messages: Invalid `signature` in `thinking` block"};
  }
  if (call.previous_response.empty() || provider.knows_response(caller, call.previous_response)) return std::nullopt;
  return ApiError{400, "invalid_request_error",
                  fmt::format("Previous response with id '{}' not found.", call.previous_response),
                  "previous_response_not_found"};
}

Reply refusal(Exchange& exchange, const ApiError& error, Dialect dialect, std::string_view limits) {
  Reply reply = error_reply(error, dialect, exchange.request_id);
  reply.headers += exchange.identity_headers(dialect);
  reply.headers += limits;
  return reply;
}

/// Rate-limit headers of what the call counts against, as they stand.
std::string limits_of(Exchange& exchange, const ModelCall& call) {
  Provider& provider = exchange.provider;
  const Dialect dialect = dialect_of(call.surface);
  if (call.surface == Surface::CountTokens) {
    return provider.rate_limit_headers(exchange.started, exchange.caller, "count_tokens", RequestClass::Ordinary,
                                       dialect);
  }
  const RequestClass kind = class_of(exchange.request, call, provider.options());
  return provider.rate_limit_headers(exchange.started, exchange.caller, call.info->group, kind, dialect);
}

asio::awaitable<Persistence> serve_admitted(Exchange& exchange, const ModelCall& call, const FaultSet& faults,
                                            AdmittedCall admitted) {
  Provider& provider = exchange.provider;
  const Dialect dialect = dialect_of(call.surface);
  OpenCall open(provider, std::move(admitted), call, exchange);
  const std::int64_t length =
      parse_integer(exchange.request.header("x-sim-output-tokens"))
          .value_or(call.length.value_or(open.admitted().output_length));
  Answer answer;
  if (call.surface != Surface::Embeddings) {
    answer = compose_answer(call, length, provider.options().text, provider.options().tokens_per_event);
  }
  answer.id = provider.new_id();
  answer.signature = thinking_signature(exchange.caller.organisation, answer.id);
  answer.input = open.admitted().cache.usage;
  answer.created = exchange.started.wall;
  const Nanoseconds first_token =
      milliseconds_header(exchange.request, "x-sim-delay-ms").value_or(open.admitted().first_token);
  const bool is_there = co_await wait(exchange.connection, first_token);
  if (!is_there) {
    open.cancel();
    co_return Persistence::Close;
  }
  open.begin();
  std::string headers = exchange.identity_headers(dialect);
  if (faults.find("no_rate_headers") == nullptr) headers += open.admitted().rate_limit_headers;
  if (call.surface == Surface::Responses && call.stores)
    provider.remember_response(exchange.caller, "resp_" + answer.id);
  const Nanoseconds per_event = milliseconds_header(exchange.request, "x-sim-event-delay-ms").value_or(Nanoseconds(0));
  Service service{exchange, call, faults, open, std::move(answer), first_token, per_event, std::move(headers)};
  if (call.stream) {
    const Persistence persistence = co_await serve_stream(service);
    co_return persistence;
  }
  const Persistence persistence = co_await serve_whole(service);
  co_return persistence;
}

/// Faults that end the connection or hold the answer back before a head. Nothing: go on.
asio::awaitable<std::optional<Persistence>> fail_before_head(Exchange& exchange, const FaultSet& faults) {
  Connection& connection = exchange.connection;
  if (const Fault* stall = faults.find("stall_before_head")) {
    const bool is_there = co_await wait(connection, stall_of(*stall));
    if (!is_there) {
      exchange.provider.count_cancelled();
      co_return Persistence::Close;
    }
  }
  if (faults.find("reset_before_head") != nullptr) {
    connection.reset();
    co_return Persistence::Close;
  }
  if (faults.find("close_before_head") != nullptr) co_return Persistence::Close;
  if (faults.find("garbage_head") != nullptr) {
    constexpr std::string_view garbage = "HTTP/9.9 banana\r\n\x01\x02 : \r\nnot a head at all\r\n\r\n";
    co_await connection.write(garbage);
    co_return Persistence::Close;
  }
  co_return std::nullopt;
}

}  // namespace

asio::awaitable<Persistence> serve_model_call(Exchange& exchange, Surface surface) {
  Provider& provider = exchange.provider;
  const Dialect dialect = dialect_of(surface);
  const auto faults = FaultSet::of(exchange.request, provider, exchange.started);
  if (!faults) {
    const ApiError error{400, "invalid_request_error", "x-sim-fault: " + faults.error().detail};
    Reply reply = refusal(exchange, error, dialect, {});
    const Persistence persistence = co_await send(exchange, std::move(reply));
    co_return persistence;
  }
  const std::optional<Persistence> ended = co_await fail_before_head(exchange, *faults);
  if (ended) co_return *ended;
  json::error_code parse_error;
  const json::value body = json::parse({exchange.request.body.data(), exchange.request.body.size()}, parse_error);
  tl::expected<ModelCall, ApiError> call =
      parse_error ? tl::unexpected(ApiError{400, "invalid_request_error", "The request body is not valid JSON."})
                  : read_model_call(surface, body, exchange.request.header("anthropic-version"), provider.options());
  if (auto forced = faults->error_reply(dialect, exchange.request_id)) {
    forced->headers += exchange.identity_headers(dialect);
    // A limit that refuses tells how it stands. A call that cannot be read has no limits to tell of.
    const bool tells_limits = forced->status == 429 && faults->find("no_rate_headers") == nullptr;
    if (tells_limits && call) forced->headers += limits_of(exchange, *call);
    const Persistence persistence = co_await send(exchange, *std::move(forced));
    co_return persistence;
  }
  std::optional<ApiError> error;
  if (!call) {
    error = call.error();
  } else {
    error = refuse_state(provider, exchange.caller, *call);
  }
  if (error) {
    Reply reply = refusal(exchange, *error, dialect, {});
    const Persistence persistence = co_await send(exchange, std::move(reply));
    co_return persistence;
  }

  if (surface == Surface::CountTokens) {
    const auto limited = provider.admit_plain(exchange.started, exchange.caller, "count_tokens");
    const std::string limits = limits_of(exchange, *call);
    Reply reply = limited ? refusal(exchange, *limited, dialect, limits)
                          : Reply{200, render_body(*call, {}), exchange.identity_headers(dialect) + limits};
    const Persistence persistence = co_await send(exchange, std::move(reply));
    co_return persistence;
  }

  const RequestClass kind = class_of(exchange.request, *call, provider.options());
  auto admitted = provider.admit(exchange.started, exchange.caller, *call, kind);
  if (!admitted) {
    Reply reply = refusal(exchange, admitted.error(), dialect, limits_of(exchange, *call));
    const Persistence persistence = co_await send(exchange, std::move(reply));
    co_return persistence;
  }
  if (admitted->has_priority) call->service_tier = "priority";
  const Persistence persistence = co_await serve_admitted(exchange, *call, *faults, *std::move(admitted));
  co_return persistence;
}

}  // namespace tidegate::sim
