// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/request_log.h"

#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tidegate::app {

namespace {

/// A value as logfmt wants it: bare if it is one word, else quoted. Clients choose user and model names, so nothing of theirs may
/// begin a new line or field.
void append(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line += ' ';
  line += name;
  line += '=';
  const bool bare = value.find_first_of(" \"=\\") == std::string_view::npos &&
                    std::all_of(value.begin(), value.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f; });
  if (bare) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      line += '?';
    } else {
      if (c == '"' || c == '\\') line += '\\';
      line += c;
    }
  }
  line += '"';
}

void append(std::string& line, std::string_view name, std::int64_t value) {
  if (value != 0) fmt::format_to(std::back_inserter(line), " {}={}", name, value);
}

std::int64_t milliseconds(Nanoseconds duration) { return std::chrono::duration_cast<Milliseconds>(duration).count(); }

}  // namespace

void append_log_line(std::string& line, const gateway::Outcome& outcome) {
  fmt::format_to(std::back_inserter(line), "time={} request={} state={} status={}", to_rfc3339(outcome.started_at), outcome.request_id,
                 store::to_string(outcome.state), outcome.status);
  append(line, "endpoint", llm::to_string(outcome.match.endpoint));
  append(line, "provider", outcome.provider);
  append(line, "pool", outcome.pool);
  append(line, "model", outcome.view.model);
  append(line, "answered_by", outcome.answer.model);
  append(line, "tenant", outcome.caller.tenant);
  append(line, "key", outcome.caller.key);
  append(line, "user", outcome.caller.user);
  append(line, "session", outcome.caller.session);
  append(line, "upstream_request", outcome.upstream_request_id);
  if (outcome.error != llm::UpstreamErrorKind::None) append(line, "error", llm::to_string(outcome.error));
  append(line, "refused", outcome.refusal);
  const llm::TokenCounts& tokens = outcome.answer.usage.tokens;
  append(line, "input_tokens", tokens.input);
  append(line, "cache_read_tokens", tokens.cache_read);
  append(line, "cache_write_tokens", tokens.cache_write_5m + tokens.cache_write_1h);
  append(line, "output_tokens", tokens.output);
  append(line, "first_byte_ms", milliseconds(outcome.time_to_first_byte));
  fmt::format_to(std::back_inserter(line), " duration_ms={}\n", milliseconds(outcome.duration));
}

}  // namespace tidegate::app
