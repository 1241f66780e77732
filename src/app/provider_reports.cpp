// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/provider_reports.h"

#include "app/admin_client.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace tidegate::app {

namespace json = boost::json;

namespace {

constexpr std::string_view kUsageReport = "/v1/organizations/usage_report/messages";
constexpr std::string_view kCostReport = "/v1/organizations/cost_report";
constexpr int kMostPages = 2'000;  // 2,000 weeks of hours: above that an answer never ends

tl::unexpected<Failure> unreadable(std::string_view what) {
  return fail(FailureKind::Protocol, Origin::Upstream,
              fmt::format("the Admin API's answer cannot be read: {}; is it Anthropic's?", what));
}

const json::value* member(const json::value* value, std::string_view name) {
  const json::object* object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

std::string text_of(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// 0 where it is absent or null.
std::optional<std::int64_t> count_of(const json::value* value) {
  if (value == nullptr || value->is_null()) return 0;
  if (!value->is_int64() || value->get_int64() < 0) return std::nullopt;
  return value->get_int64();
}

/// `"123.45"` cents are $1.2345. More than nine decimals of a cent are cut.
std::optional<Money> money_of_cents(std::string text) {
  if (const std::size_t point = text.find('.'); point != std::string::npos)
    text.resize(std::min(text.size(), point + 10));
  const auto parsed = Money::parse(text);
  if (!parsed) return std::nullopt;
  return scaled(*parsed, 1, 100);
}

/// Calls `take` with each result of each bucket, which gives what is wrong with it.
Result<std::optional<std::string>> read_page(std::string_view page,
                                             const std::function<std::string_view(const json::value&)>& take) {
  boost::system::error_code error;
  const json::value body = json::parse(page, error);
  if (error) return unreadable("it is no JSON");
  const json::value* data = member(&body, "data");
  if (data == nullptr || !data->is_array()) return unreadable("it has no 'data'");
  for (const json::value& bucket : data->get_array()) {
    const json::value* results = member(&bucket, "results");
    if (results == nullptr || !results->is_array()) return unreadable("a bucket has no 'results'");
    for (const json::value& result : results->get_array()) {
      if (const std::string_view wrong = take(result); !wrong.empty()) return unreadable(wrong);
    }
  }
  const json::value* has_more = member(&body, "has_more");
  if (has_more == nullptr || !has_more->is_bool() || !has_more->get_bool()) return std::optional<std::string>();
  std::string next = text_of(member(&body, "next_page"));
  if (next.empty()) return unreadable("it has more pages and does not say which");
  return std::optional(std::move(next));
}

using AddPage = Result<std::optional<std::string>> (*)(std::string_view, UseByModel&);

/// Reads a report from `path?query` to its last page.
Result<void> read_report(const AdminApi& api, std::string_view path, const std::string& query, AddPage add,
                         UseByModel& use) {
  std::optional<std::string> page;
  for (int number = 0; number < kMostPages; ++number) {
    const auto text = get_admin_page(api, fmt::format("{}?{}{}", path, query, page ? "&page=" + query_value(*page) : ""));
    if (!text) return fail(text);
    auto next = add(*text, use);
    if (!next) return fail(next);
    if (!*next) return {};
    page = std::move(*next);
  }
  return unreadable(fmt::format("its pages do not end after {}", kMostPages));
}

}  // namespace

Result<std::optional<std::string>> add_usage_page(std::string_view page, UseByModel& use) {
  return read_page(page, [&use](const json::value& result) -> std::string_view {
    const std::string model = text_of(member(&result, "model"));
    if (model.empty()) return "a result names no model";
    const json::value* writes = member(&result, "cache_creation");
    const auto input = count_of(member(&result, "uncached_input_tokens"));
    const auto read = count_of(member(&result, "cache_read_input_tokens"));
    const auto write_5m = count_of(member(writes, "ephemeral_5m_input_tokens"));
    const auto write_1h = count_of(member(writes, "ephemeral_1h_input_tokens"));
    const auto output = count_of(member(&result, "output_tokens"));
    if (!input || !read || !write_5m || !write_1h || !output) return "a count is no whole number";
    use[std::string(without_date(model))].tokens += {.input = *input,
                                                     .cache_read = *read,
                                                     .cache_write_5m = *write_5m,
                                                     .cache_write_1h = *write_1h,
                                                     .output = *output};
    return {};
  });
}

Result<std::optional<std::string>> add_cost_page(std::string_view page, UseByModel& use) {
  return read_page(page, [&use](const json::value& result) -> std::string_view {
    const auto amount = money_of_cents(text_of(member(&result, "amount")));
    if (!amount) return "an amount is no decimal number";
    const std::string model = text_of(member(&result, "model"));
    if (!model.empty()) {
      use[std::string(without_date(model))].cost += *amount;
    } else if (text_of(member(&result, "cost_type")) == "web_search") {
      use[std::string(kWebSearch)].cost += *amount;
    }
    return {};
  });
}

Result<UseByModel> fetch_provider_use(const AdminApi& api, const ReconcileWindow& window) {
  const bool by_minute = window.bucket < std::chrono::hours(1);
  const auto times = [](WallTime from, WallTime to) {
    return fmt::format("starting_at={}&ending_at={}", query_value(to_rfc3339(from)), query_value(to_rfc3339(to)));
  };
  UseByModel use;
  const std::string usage_query =
      fmt::format("{}&bucket_width={}&limit={}&group_by[]=model", times(window.since, window.until),
                  by_minute ? "1m" : "1h", by_minute ? 1'440 : 168);
  if (auto read = read_report(api, kUsageReport, usage_query, add_usage_page, use); !read) return fail(read);
  const WallTime end_of_day = std::chrono::ceil<std::chrono::days>(window.until);
  const std::string cost_query = times(window.cost_since, end_of_day) + "&limit=31&group_by[]=description";
  if (auto read = read_report(api, kCostReport, cost_query, add_cost_page, use); !read) return fail(read);
  return use;
}

}  // namespace tidegate::app
