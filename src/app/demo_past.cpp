// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/demo_past.h"

#include "base/number.h"
#include "llm/dialect.h"
#include "store/directory_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <system_error>

namespace tidegate::app {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kGroup = 20'000;
constexpr const char* kMark = "made-by-demo";

tl::unexpected<Failure> cannot(const char* what, const fs::path& path, const std::error_code& error) {
  return fail(FailureKind::Io, Origin::Store, fmt::format("demo: cannot {} {} ({})", what, path.string(), error.message()));
}

constexpr std::size_t kWords = 12;
using Words = std::array<std::string_view, kWords>;

std::optional<Words> words_of(std::string_view line) {
  Words words;
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::size_t end = i + 1 < kWords ? line.find(' ') : line.size();
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    words[i] = line.substr(0, end);
    line.remove_prefix(std::min(line.size(), end + 1));
  }
  return words;
}

struct Called {
  llm::Dialect dialect;
  llm::Endpoint endpoint;
};

std::optional<Called> endpoint_named(std::string_view name) {
  if (name == "messages") return Called{llm::Dialect::Anthropic, llm::Endpoint::Messages};
  if (name == "count_tokens") return Called{llm::Dialect::Anthropic, llm::Endpoint::CountTokens};
  if (name == "chat_completions") return Called{llm::Dialect::OpenAi, llm::Endpoint::ChatCompletions};
  return std::nullopt;
}

}  // namespace

Result<DemoLedger> prepare_demo_ledger(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return cannot("make", directory, error);
  const auto lock = store::DirectoryLock::take(directory);
  if (!lock) return fail(lock);
  const fs::path ledger = directory / "ledger.db", mark = directory / kMark;
  if (fs::exists(ledger, error) && !fs::exists(mark, error)) return DemoLedger::Foreign;
  for (const char* side : {"-wal", "-shm", ""}) {
    const fs::path file = ledger.string() + side;
    fs::remove(file, error);
    if (error) return cannot("delete", file, error);
  }
  std::ofstream text(mark);
  text << "The ledger in this directory is a demonstration's. `tidegate demo` deletes it at its next start and makes up another past.\n";
  text.close();
  if (!text) return cannot("write", mark, std::make_error_code(std::errc::io_error));
  return DemoLedger::Empty;
}

void disown_demo_ledger(const fs::path& directory) {
  std::error_code ignored;  // without a mark there is nothing to do, and an unwritable one is the store's to complain about
  fs::remove(directory / kMark, ignored);
}

Result<void> DemoPastWriter::add(std::string_view line) {
  const auto words = words_of(line);
  const auto number = [&](std::size_t i) { return words ? parse_integer<std::int64_t>((*words)[i]) : std::nullopt; };
  const auto called = words ? endpoint_named((*words)[1]) : std::nullopt;
  const auto at = number(0), session = number(4), input = number(6), read = number(7), written = number(8), output = number(9),
             first = number(10), duration = number(11);
  if (!called || !at || !session || !input || !read || !written || !output || !first || !duration) {
    return fail(FailureKind::InvalidInput, Origin::Operator, fmt::format("demo: '{}' is no call of the past", line.substr(0, 200)));
  }
  ++count_;
  Entry& entry = entries_.emplace_back();
  entry.request_id = fmt::format("{}-{:08}", kDemoPast, count_);
  if (*session > 0) entry.session = fmt::format("{}-{}", kDemoPast, *session);
  entry.model = (*words)[2];
  if ((*words)[3] != "-") entry.user = (*words)[3];
  const WallTime started = start_ + Milliseconds(*at);
  auto& [begin, charge, end] = entry.records;
  begin.id = charge.id = end.id = ids_.next({.steady = {}, .wall = started});
  begin.started_at = started;
  begin.stream = (*words)[5] == "1";
  begin.metered = llm::is_metered(called->endpoint);
  begin.request_id = entry.request_id;
  begin.dialect = llm::to_string(called->dialect);
  begin.endpoint = llm::to_string(called->endpoint);
  begin.provider = called->dialect == llm::Dialect::Anthropic ? "anthropic" : "openai";
  begin.model = entry.model;
  begin.tenant = "default";
  begin.key = kDemoPast;
  begin.user = entry.user;
  begin.session = entry.session;
  if (begin.metered) {
    llm::Usage usage;
    usage.tokens = {.input = *input, .cache_read = *read, .cache_write_5m = *written, .output = *output};
    usage.seen = usage.complete = true;
    const pricing::Cost cost = prices_.cost(entry.model, begin.provider, usage, started);
    charge.tokens = usage.tokens;
    charge.cost = cost.total;
    charge.price_known = cost.price_known;
    charge.response_model = entry.model;
    end.stop_reason = called->dialect == llm::Dialect::Anthropic ? "end_turn" : "stop";
  }
  end.state = store::AttemptState::Completed;
  end.status = end.upstream_status = 200;
  end.time_to_first_byte = Milliseconds(*first);
  end.duration = Milliseconds(*duration);
  return entries_.size() < kGroup ? Result<void>() : finish();
}

Result<void> DemoPastWriter::finish() {
  std::vector<const store::AttemptRecords*> group;
  group.reserve(entries_.size());
  for (const Entry& entry : entries_) group.push_back(&entry.records);
  if (Result<void> written = ledger_.write(group); !written) return written;
  entries_.clear();
  return {};
}

}  // namespace tidegate::app
