// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/oracle.h"

#include "net/http1/body.h"
#include "net/http1/head.h"
#include "net/http1/write.h"

#include <fmt/format.h>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace tidegate::net::http1::oracle {
namespace {

namespace beast = boost::beast;
using Error = boost::system::error_code;

struct NoRecord {
  void start(std::string_view, std::string_view, int) {}
  void field(std::string_view, std::string_view) {}
  void payload(std::string_view) {}
};

struct Record {
  std::string first;   // method or status
  std::string second;  // target or reason
  int version = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  void start(std::string_view a, std::string_view b, int http_version) {
    first = a;
    second = b;
    version = http_version;
  }
  void field(std::string_view name, std::string_view value) { fields.emplace_back(name, value); }
  void payload(std::string_view span) { body.append(span); }
};

std::string_view standard(beast::string_view text) { return {text.data(), text.size()}; }

template <bool is_request, typename Keep>
class Judge final : public beast::http::basic_parser<is_request> {
 public:
  Judge() {
    // Our own limits are judged by other tests.
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
    this->body_limit(boost::none);
  }
  Keep kept;

 private:
  using verb = beast::http::verb;
  void on_request_impl(verb, beast::string_view method, beast::string_view target, int version, Error&) override {
    kept.start(standard(method), standard(target), version);
  }
  void on_response_impl(int status, beast::string_view reason, int version, Error&) override {
    if constexpr (std::is_same_v<Keep, Record>) kept.start(std::to_string(status), standard(reason), version);
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, Error&) override {
    kept.field(standard(name), standard(value));
  }
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(beast::string_view body, Error&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, Error&) override {
    kept.payload(standard(body));
    return body.size();
  }
  void on_finish_impl(Error&) override {}
};

/// Gives Beast the bytes; its state as we would call it, and the bytes it took.
template <bool is_request, typename Keep>
std::pair<ParseState, std::size_t> judge_head(Judge<is_request, Keep>& judge, std::string_view bytes) {
  if (bytes.empty()) return {ParseState::Incomplete, 0};
  Error error;
  const std::size_t taken = judge.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == beast::http::error::need_more) return {ParseState::Incomplete, 0};
  if (error) return {ParseState::Rejected, 0};
  return judge.is_header_done() ? std::pair{ParseState::Complete, taken} : std::pair{ParseState::Incomplete, taken};
}

std::string_view name_of(ParseState state) {
  switch (state) {
    case ParseState::Complete: return "complete";
    case ParseState::Incomplete: return "incomplete";
    case ParseState::Rejected: return "rejected";
  }
  return "?";
}

std::string start_of(const RequestHead& head) { return fmt::format("{} {}", head.method, head.target); }
std::string start_of(const ResponseHead& head) { return fmt::format("{} {}", head.status, head.reason); }

bool says(const Head& head, std::string_view name, std::string_view word) {
  return std::any_of(head.fields.begin(), head.fields.end(), [&](const HeaderField& field) {
    return equals_ignoring_case(field.name, name) && lower(field.value).find(word) != std::string::npos;
  });
}

template <bool is_request, typename OurHead>
std::string reading_disagreement(const OurHead& ours, const Judge<is_request, Record>& judge) {
  const Record& kept = judge.kept;
  if (start_of(ours) != kept.first + " " + kept.second) return "the start lines differ";
  if (ours.minor_version != kept.version - 10) return "the versions differ";
  if (ours.fields.size() != kept.fields.size()) return "the numbers of fields differ";
  for (std::size_t i = 0; i < kept.fields.size(); ++i) {
    if (ours.fields[i].name != kept.fields[i].first) return fmt::format("the names of field {} differ", i);
    if (ours.fields[i].value != kept.fields[i].second) return fmt::format("the values of field {} differ", i);
  }
  if (ours.chunked != judge.chunked()) return "only one reads a chunked body";
  const auto length = judge.content_length();
  if (ours.content_length.has_value() != length.has_value()) return "only one reads a length";
  if (length && *length != *ours.content_length) return "the lengths differ";

  const bool needs_eof = !is_request && judge.need_eof();  // Beast counts that as not keeping alive
  if (needs_eof) return {};
  if (ours.keep_alive && !judge.keep_alive()) return "Beast closes, ours keeps the connection";
  const bool known_difference = says(ours, "proxy-connection", "keep-alive") ||
                                (ours.minor_version == 0 && says(ours, "connection", "close")) ||
                                (ours.minor_version == 0 && says(ours, "proxy-connection", "close"));
  if (!ours.keep_alive && judge.keep_alive() && !known_difference) return "ours closes, Beast keeps the connection";
  return {};
}

/// The same bytes one by one must give the same answer, at the byte that ends the head.
template <typename Parser>
std::string piecewise_disagreement(std::string_view bytes, const Parser& whole, ParseState state) {
  Parser slow;
  ParseState slow_state = ParseState::Incomplete;
  std::size_t size = 0;
  while (size < bytes.size() && slow_state == ParseState::Incomplete) slow_state = slow.parse(bytes.substr(0, ++size));
  if (state == ParseState::Complete) {
    if (slow_state != ParseState::Complete || size != whole.head().size) return "byte by byte the head ends elsewhere";
    return slow.head().fields == whole.head().fields ? "" : "byte by byte the fields differ";
  }
  // A wrong line is judged when it ends, unless it comes in the first piece.
  if (state == ParseState::Rejected && slow_state == ParseState::Incomplete) {
    const std::string ended = std::string(bytes) + "\r\n\r\n";
    slow_state = slow.parse(ended);
  }
  return slow_state == state ? "" : fmt::format("whole {}, byte by byte {}", name_of(state), name_of(slow_state));
}

template <typename Parser>
std::string written_disagreement(const Parser& read, HeadWriter& writer, const std::string& out) {
  writer.relay(read.head(), [](std::size_t, FieldTag) { return true; });
  if (!writer.finish()) return "the writer refuses what was read";
  Parser again;
  if (again.parse(out) != ParseState::Complete) return "what was written cannot be read";
  if (again.head().size != out.size()) return "what was written ends early";
  if (again.head().fields != read.head().fields) return "what was written has other fields";
  return start_of(again.head()) == start_of(read.head()) ? "" : "what was written starts differently";
}

template <bool is_request, typename Parser>
std::string head_disagreement(std::string_view bytes, std::size_t skipped) {
  Parser ours;
  const ParseState state = ours.parse(bytes);
  if (std::string piecewise = piecewise_disagreement(bytes, ours, state); !piecewise.empty()) return piecewise;
  if (state == ParseState::Rejected) return {};

  Judge<is_request, Record> judge;
  const auto [judged, taken] = judge_head(judge, bytes.substr(skipped));
  if (state == ParseState::Incomplete) {
    if (judged == ParseState::Complete) return "Beast sees a complete head, ours waits";
    const std::string ended = std::string(bytes) + "\r\n\r\n";
    Parser later;
    if (judged == ParseState::Rejected && later.parse(ended) != ParseState::Rejected)
      return "Beast refuses, ours waits";
    return {};
  }
  if (judged != ParseState::Complete) return fmt::format("ours is complete, Beast's is {}", name_of(judged));
  if (taken + skipped != ours.head().size) return "the heads end at different bytes";
  return reading_disagreement(ours.head(), judge);
}

}  // namespace

std::string request_disagreement(std::string_view bytes) {
  const std::size_t skipped = bytes.starts_with("\r\n") ? 2 : 0;
  if (std::string found = head_disagreement<true, RequestHeadParser>(bytes, skipped); !found.empty()) return found;
  RequestHeadParser read;
  if (read.parse(bytes) != ParseState::Complete || read.head().minor_version == 0) return {};
  std::string out;
  HeadWriter writer(out);
  writer.request_line(read.head().method, read.head().target);
  return written_disagreement(read, writer, out);
}

std::string response_disagreement(std::string_view bytes) {
  if (std::string found = head_disagreement<false, ResponseHeadParser>(bytes, 0); !found.empty()) return found;
  ResponseHeadParser read;
  if (read.parse(bytes) != ParseState::Complete || read.head().minor_version == 0) return {};
  std::string out;
  HeadWriter writer(out);
  writer.status_line(read.head().status, read.head().reason);
  return written_disagreement(read, writer, out);
}

std::string chunked_disagreement(std::string_view bytes) {
  ChunkedFollower ours;
  std::string payload;
  const Followed followed = append_payload(ours, bytes, payload);

  ChunkedFollower slow;
  std::string slow_payload;
  std::size_t slow_consumed = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    slow_consumed += append_payload(slow, bytes.substr(i, 1), slow_payload).consumed;
  }
  if (slow_payload != payload || slow.body_state() != followed.state || slow_consumed != followed.consumed) {
    return "byte by byte the body differs";
  }
  if (followed.state == BodyState::Rejected) return {};

  constexpr std::string_view head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  Judge<false, Record> judge;
  judge.eager(true);
  const std::string message = std::string(head) + std::string(bytes);
  Error error;
  std::size_t taken = 0;
  // Once more as long as it moves: Beast may return between chunks.
  for (std::size_t step = 1; step != 0 && !error && !judge.is_done(); taken += step) {
    step = judge.put(boost::asio::const_buffer(message.data() + taken, message.size() - taken), error);
  }
  const bool done = judge.is_done();
  if (error && error != beast::http::error::need_more) return "Beast refuses the body: " + error.message();
  if (done != (followed.state == BodyState::Complete))
    return done ? "Beast is done, ours is not" : "ours is done, Beast is not";
  if (judge.kept.body != payload) return "the payloads differ";
  if (done && taken - head.size() != followed.consumed) return "the bodies end at different bytes";
  return {};
}

std::size_t beast_request_head(std::string_view bytes) {
  Judge<true, NoRecord> judge;
  return judge_head(judge, bytes).second;
}

std::size_t beast_response_head(std::string_view bytes) {
  Judge<false, NoRecord> judge;
  return judge_head(judge, bytes).second;
}

}  // namespace tidegate::net::http1::oracle
