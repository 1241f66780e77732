// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Nanoseconds to read and to rewrite one head, beside Boost.Beast's storage-less parser on the same bytes. The ratio is
// what counts: both are timed in turns, and the median of the rounds is printed.
#include "net/http1/body.h"
#include "net/http1/head.h"
#include "net/http1/oracle.h"
#include "net/http1/write.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace http1 = tidegate::net::http1;
namespace oracle = tidegate::net::http1::oracle;

constexpr int kRounds = 15;
constexpr int kHeadsPerRound = 50'000;

// 372 bytes, 11 fields.
constexpr std::string_view kRequest =
    "POST /v1/messages?beta=true HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "Connection: keep-alive\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: Anthropic/JS 0.128.0\r\n"
    "anthropic-version: 2023-06-01\r\n"
    "x-api-key: tg_000000000001_0123456789abcdef012345\r\n"
    "X-Stainless-Lang: js\r\n"
    "X-Stainless-Runtime: node\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Content-Length: 982\r\n"
    "\r\n";

// 865 bytes, 19 fields.
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 982\r\n"
    "Connection: keep-alive\r\n"
    "anthropic-ratelimit-requests-limit: 4000\r\n"
    "anthropic-ratelimit-requests-remaining: 3999\r\n"
    "anthropic-ratelimit-requests-reset: 2026-01-01T00:00:01Z\r\n"
    "anthropic-ratelimit-input-tokens-limit: 2000000\r\n"
    "anthropic-ratelimit-input-tokens-remaining: 1999000\r\n"
    "anthropic-ratelimit-input-tokens-reset: 2026-01-01T00:00:01Z\r\n"
    "anthropic-ratelimit-output-tokens-limit: 400000\r\n"
    "anthropic-ratelimit-output-tokens-remaining: 399000\r\n"
    "anthropic-ratelimit-output-tokens-reset: 2026-01-01T00:00:01Z\r\n"
    "request-id: req_011CSHoEeqs5C35K2UUqR7Fy\r\n"
    "anthropic-organization-id: 00000000-0000-0000-0000-000000000000\r\n"
    "Server: cloudflare\r\n"
    "CF-RAY: 0000000000000-FRA\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\n"
    "Via: 1.1 google, 1.1 another\r\n"
    "\r\n";

/// Nanoseconds of one call, over many; the sum of what the calls give keeps the compiler from leaving them out.
template <typename Call>
double nanoseconds(Call call, std::size_t& sum) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kHeadsPerRound; ++i) sum += call();
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() / kHeadsPerRound;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Both in turns; prints medians and the median of the ratios of each turn.
template <typename Ours, typename Theirs>
void compare(std::string_view what, Ours ours, Theirs theirs) {
  std::vector<double> our_times;
  std::vector<double> their_times;
  std::vector<double> ratios;
  std::size_t sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    our_times.push_back(nanoseconds(ours, sum));
    their_times.push_back(nanoseconds(theirs, sum));
    ratios.push_back(our_times.back() / their_times.back());
  }
  fmt::print("{:<34} {:>7.0f} ns   Beast {:>7.0f} ns   ratio {:.2f}\n", what, median(our_times), median(their_times),
             median(ratios));
  if (sum == 0) fmt::print("nothing was read\n");
}

template <typename Call>
void time_alone(std::string_view what, Call call) {
  std::vector<double> times;
  std::size_t sum = 0;
  for (int round = 0; round < kRounds; ++round) times.push_back(nanoseconds(call, sum));
  fmt::print("{:<34} {:>7.0f} ns\n", what, median(times));
  if (sum == 0) fmt::print("nothing was done\n");
}

/// The same head with another blank in each field line.
std::string spaced(std::string_view head) {
  std::string out;
  for (const char c : head) out.append(c == ' ' && out.ends_with(':') ? "  " : std::string_view(&c, 1));
  return out;
}

std::string sse_body() {
  std::string body;
  for (int i = 0; i < 50; ++i) http1::append_chunk(body, "event: content_block_delta\ndata: {\"text\":\"hello\"}\n\n");
  return body.append(http1::kLastChunk);
}

}  // namespace

int main() {
  http1::RequestHeadParser request;
  http1::ResponseHeadParser response;
  if (request.parse(kRequest) != http1::ParseState::Complete ||
      response.parse(kResponse) != http1::ParseState::Complete) {
    fmt::print("a head of the benchmark is refused: {}{}\n", request.rejection().reason, response.rejection().reason);
    return 1;
  }
  fmt::print("request head {} B, {} fields; response head {} B, {} fields\n", kRequest.size(),
             request.head().fields.size(), kResponse.size(), response.head().fields.size());

  // In turns with one that has every line different, so that no line is known from the head before.
  const std::string other_request = spaced(kRequest);
  const std::string other_response = spaced(kResponse);
  auto in_turns = [turn = false](auto& parser, std::string_view one, std::string_view other) mutable {
    turn = !turn;
    parser.reset();
    parser.parse(turn ? one : other);
    return parser.head().size;
  };
  compare(
      "read the request head", [&] { return in_turns(request, kRequest, other_request); },
      [] { return oracle::beast_request_head(kRequest); });
  compare(
      "read the response head", [&] { return in_turns(response, kResponse, other_response); },
      [] { return oracle::beast_response_head(kResponse); });
  compare(
      "read the same request head again", [&] { return in_turns(request, kRequest, kRequest); },
      [] { return oracle::beast_request_head(kRequest); });
  compare(
      "read the same response head again", [&] { return in_turns(response, kResponse, kResponse); },
      [] { return oracle::beast_response_head(kResponse); });

  std::string out;
  time_alone("rewrite the request head", [&] {
    out.clear();
    http1::HeadWriter writer(out);
    writer.request_line(request.head().method, request.head().target);
    writer.field("Host", "api.anthropic.com").field("x-api-key", "sk-ant-api03-0123456789abcdef0123456789abcdef");
    writer.relay(request.head(), [](std::size_t, http1::FieldTag tag) {
      return !tag.hop_by_hop && tag.field_class != http1::FieldClass::Host &&
             tag.field_class != http1::FieldClass::XApiKey;
    });
    return writer.finish() ? out.size() : 0;
  });
  const std::string body = sse_body();
  time_alone("follow a body of 50 chunks", [&] {
    http1::ChunkedFollower follower;
    return follower.feed(body).consumed;
  });
  return 0;
}
