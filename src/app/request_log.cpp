// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/request_log.h"

#include "base/time.h"

#include <array>
#include <charconv>

namespace tidegate::app {

namespace {

/// Characters that a bare logfmt value may have.
constexpr std::array<bool, 256> kBare = [] {
  std::array<bool, 256> bare{};
  for (std::size_t c = 0x21; c < bare.size(); ++c) bare[c] = c != 0x7f && c != '"' && c != '=' && c != '\\';
  return bare;
}();

bool is_bare(std::string_view value) {
  for (const char c : value) {
    if (!kBare[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

void append_name(std::string& line, std::string_view name) {
  line += ' ';
  line += name;
  line += '=';
}

void append_quoted(std::string& line, std::string_view value) {
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

/// A value as logfmt wants it: bare if it is one word, else quoted. Clients choose user and model names, so nothing of
/// theirs may begin a new line or field.
void append(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  append_name(line, name);
  if (is_bare(value)) {
    line += value;
  } else {
    append_quoted(line, value);
  }
}

void append_number(std::string& line, std::string_view name, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  append_name(line, name);
  line.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append(std::string& line, std::string_view name, std::int64_t value) {
  if (value != 0) append_number(line, name, value);
}

std::int64_t milliseconds(Nanoseconds duration) { return std::chrono::duration_cast<Milliseconds>(duration).count(); }

}  // namespace

config::LogLevel log_level_of(const gateway::Outcome& outcome) {
  switch (outcome.state) {
    case store::AttemptState::Completed:
    case store::AttemptState::ClientGone: return config::LogLevel::Info;
    default:
      return outcome.status > 0 && outcome.status < 400 && outcome.error == llm::UpstreamErrorKind::None
                 ? config::LogLevel::Info
                 : config::LogLevel::Warning;
  }
}

void append_log_line(std::string& line, const gateway::Outcome& outcome) {
  line += "time=";
  line += to_rfc3339(outcome.started_at);
  append(line, "request", outcome.request_id);
  append(line, "state", store::to_string(outcome.state));
  append_number(line, "status", outcome.status);
  append(line, "endpoint", llm::to_string(outcome.match.endpoint));
  append(line, "provider", outcome.provider);
  append(line, "pool", outcome.pool);
  append(line, "model", outcome.view.model);
  append(line, "answered_by", outcome.answer.model);
  append(line, "lost_in_translation", outcome.losses);
  append(line, "violation", outcome.violation);
  append(line, "class", outcome.class_name);
  append(line, "tenant", outcome.caller.tenant);
  append(line, "key", outcome.caller.key);
  append(line, "user", outcome.caller.user);
  append(line, "session", outcome.caller.session);
  append(line, "upstream_request", outcome.upstream_request_id);
  if (outcome.error != llm::UpstreamErrorKind::None) append(line, "error", llm::to_string(outcome.error));
  append(line, "refused", outcome.refusal);
  if (outcome.obstacle != quota::Obstacle::None) append(line, "obstacle", quota::to_string(outcome.obstacle));
  const llm::TokenCounts tokens = llm::billed_tokens(outcome.answer.usage);
  append(line, "input_tokens", tokens.input);
  append(line, "cache_read_tokens", tokens.cache_read);
  append(line, "cache_write_tokens", tokens.cache_write_5m + tokens.cache_write_1h);
  append(line, "output_tokens", tokens.output);
  if (outcome.attempt > 1) append_number(line, "attempts", outcome.attempt);
  append(line, "wait_ms", milliseconds(outcome.queue_wait));
  append(line, "first_byte_ms", milliseconds(outcome.time_to_first_byte));
  append_number(line, "duration_ms", milliseconds(outcome.duration));
  line += '\n';
}

}  // namespace tidegate::app
