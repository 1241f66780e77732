// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cost_answer.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace tidegate::app {

namespace json = boost::json;

namespace {

/// Takes members out of one row and remembers whether all were there.
class Members {
 public:
  explicit Members(const json::value& row) : row_(row.if_object()), good_(row_ != nullptr) {}

  std::int64_t number(std::string_view name) {
    const json::value* value = find(name);
    if (value != nullptr && value->is_int64()) return value->get_int64();
    good_ = false;
    return 0;
  }
  std::string text(std::string_view name) {
    const json::value* value = find(name);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    good_ = false;
    return {};
  }
  Money money(std::string_view name) {
    const auto amount = Money::parse(text(name));
    good_ = good_ && amount.has_value();
    return amount ? *amount : Money();
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  [[nodiscard]] const json::value* find(std::string_view name) const {
    return row_ == nullptr ? nullptr : row_->if_contains(name);
  }

  const json::object* row_;
  bool good_;
};

}  // namespace

Result<std::vector<store::CostRow>> read_cost_rows(const json::value& answer, std::span<const store::Dimension> by) {
  const json::value* rows = answer.is_object() ? answer.get_object().if_contains("rows") : nullptr;
  std::vector<store::CostRow> out;
  bool good = rows != nullptr && rows->is_array();
  for (std::size_t at = 0; good && at < rows->get_array().size(); ++at) {
    Members members(rows->get_array()[at]);
    store::CostRow& row = out.emplace_back();
    for (const store::Dimension dimension : by) row.labels.push_back(members.text(to_string(dimension)));
    row.attempts = members.number("attempts");
    row.requests = members.number("requests");
    row.errors = members.number("errors");
    row.refused = members.number("refused");
    row.interrupted = members.number("interrupted");
    row.tokens.input = members.number("input_tokens");
    row.tokens.cache_read = members.number("cache_read_tokens");
    row.tokens.cache_write_5m = members.number("cache_write_tokens");
    row.tokens.output = members.number("output_tokens");
    row.web_search_requests = members.number("web_search_requests");
    row.cost = members.money("cost_usd");
    row.estimated_cost = members.money("estimated_usd");
    row.price_unknown = members.number("price_unknown");
    good = members.good();
  }
  if (!good)
    return fail(FailureKind::Protocol, Origin::Operator,
                "the instance's answer is not what this version of tidegate expects");
  return out;
}

std::string savings_text(const json::value& answer) {
  std::string text;
  for (const bool is_dry_run : {false, true}) {
    std::int64_t read = 0, written = 0, quota = 0, requests = 0;
    Money saved;
    const json::value* const lines = answer.is_object() ? answer.get_object().if_contains("prompt_cache") : nullptr;
    if (lines == nullptr || !lines->is_array()) return {};
    for (const json::value& line : lines->get_array()) {
      const json::value* const dry = line.is_object() ? line.get_object().if_contains("is_dry_run") : nullptr;
      if (dry == nullptr || !dry->is_bool() || dry->get_bool() != is_dry_run) continue;
      Members of(line);
      requests += of.number("requests");
      read += of.number("tokens_read");
      written += of.number("tokens_written_5m") + of.number("tokens_written_1h");
      quota += of.number("quota_tokens");
      saved += of.money("saved_usd");
    }
    if (requests == 0) continue;
    text += fmt::format("prompt cache{}: {} tokens read, {} written, ${} saved net of writes, {} input tokens fewer against the limits\n",
                        is_dry_run ? " (dry run: as it would have been)" : "", read, written, to_text(saved), quota);
  }
  const json::value* const kept = answer.is_object() ? answer.get_object().if_contains("response_cache") : nullptr;
  if (kept != nullptr && kept->is_object()) {
    Members of(*kept);
    const std::int64_t again = of.number("hits") + of.number("joined");
    text += fmt::format("response cache: {} answers given again, {} made, ${} saved\n", again, of.number("misses"), to_text(of.money("saved_usd")));
  }
  return text;
}

}  // namespace tidegate::app
