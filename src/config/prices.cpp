// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/prices.h"

#include <algorithm>
#include <tuple>

namespace tidegate::config {

namespace {

using pricing::PriceOptions;
using pricing::PriceRow;

constexpr std::size_t kMostRows = 5'000;
constexpr std::size_t kMostAliases = 50;
constexpr std::string_view kNoFile = "none";

/// A row as it is written: one for several names of the same model.
struct WrittenRow {
  PriceRow row;
  std::vector<std::string> aliases;
};

/// A price list as it is written; the settings add `file`.
struct WrittenPrices {
  std::string file;
  std::vector<WrittenRow> rows;
  std::optional<PriceRow> unknown_model;
  std::optional<Money> web_search_per_thousand;
};

template <typename Access>
Field<PriceRow> price(std::string key, Access access, std::string about) {
  return field<PriceRow>(
      std::move(key), [access](auto& row) -> auto& { return access(row).of_a_million; }, dollars(), std::move(about));
}

std::vector<Field<PriceRow>> rates() {
  std::vector<Field<PriceRow>> fields;
  fields.push_back(price(
                       "input", [](auto& row) -> auto& { return row.input; }, "a million tokens of input")
                       .required());
  fields.push_back(price(
                       "cache_read", [](auto& row) -> auto& { return row.cache_read; },
                       "a million tokens read from the prompt cache")
                       .required());
  fields.push_back(price(
                       "cache_write_5m", [](auto& row) -> auto& { return row.cache_write_5m; },
                       "a million tokens written to the cache for five minutes")
                       .required());
  fields.push_back(price(
                       "cache_write_1h", [](auto& row) -> auto& { return row.cache_write_1h; },
                       "a million tokens written to the cache for an hour")
                       .required());
  fields.push_back(price(
                       "output", [](auto& row) -> auto& { return row.output; }, "a million tokens of output")
                       .required());
  fields.push_back(field<PriceRow>(
      "source", [](auto& row) -> auto& { return row.source; }, text("text"),
      "where the figures come from, with the date read"));
  return fields;
}

std::vector<Field<WrittenRow>> row_fields() {
  std::vector<Field<WrittenRow>> fields;
  fields.push_back(field<WrittenRow>(
                       "model", [](auto& written) -> auto& { return written.row.model; }, text("model id"),
                       "exact id: `claude-opus-5` does not price `claude-opus-5-5`")
                       .required());
  fields.push_back(field<WrittenRow>(
      "aliases", [](auto& written) -> auto& { return written.aliases; }, list_of(text("model id"), kMostAliases),
      "other ids of the same model, priced alike"));
  fields.push_back(field<WrittenRow>(
      "from", [](auto& written) -> auto& { return written.row.from; }, instant(),
      "valid from this instant; without it, always"));
  fields.push_back(field<WrittenRow>(
      "until", [](auto& written) -> auto& { return written.row.until; }, optional(instant()),
      "valid to this instant, exclusive; without it, for ever"));
  fields.push_back(field<WrittenRow>(
      "provider", [](auto& written) -> auto& { return written.row.provider; }, optional(text("name")),
      "only for this provider; without it, for all"));
  fields.push_back(field<WrittenRow>(
      "prompt_over", [](auto& written) -> auto& { return written.row.prompt_over; },
      count<std::int64_t>(0, 1'000'000'000),
      "only for prompts longer than this many tokens; the highest step that applies wins"));
  fields.push_back(field<WrittenRow>(
      "speed", [](auto& written) -> auto& { return written.row.speed; },
      word<std::string>({{"standard", "standard"}, {"fast", "fast"}}), "`fast` prices answers that say so"));
  for (Field<PriceRow>& rate : rates()) {
    Field<WrittenRow> lifted;
    lifted.key = rate.key;
    lifted.about = rate.about;
    lifted.need = rate.need;
    lifted.schema = rate.schema;
    lifted.read = [read = rate.read](Reading& reading, const Node& node, WrittenRow& written) {
      read(reading, node, written.row);
    };
    lifted.print = [print = rate.print](const WrittenRow& written) { return print(written.row); };
    lifted.describe = [describe = rate.describe](const WrittenRow& fallback, const std::string& path,
                                                 std::vector<Setting>& settings) {
      const std::size_t own = settings.size();
      describe(fallback.row, path, settings);
      settings[own].fallback.clear();  // a price has no default
    };
    fields.push_back(std::move(lifted));
  }
  fields.push_back(field<WrittenRow>(
      "us_geo_surcharge", [](auto& written) -> auto& { return written.row.us_geo_surcharge; }, yes_or_no(),
      "whether `inference_geo: us` costs 1.1 times as much"));
  return fields;
}

/// A row is checked as a whole once its fields are read.
Type<WrittenRow> row_type() {
  return converted<WrittenRow, WrittenRow>(
      record<WrittenRow>(row_fields()),
      [](Reading& reading, const Node& node, WrittenRow written) -> std::optional<WrittenRow> {
        if (written.row.until && *written.row.until <= written.row.from) {
          reading.refuse(node, "'until' is not after 'from': this row would never count");
          return std::nullopt;
        }
        return written;
      },
      [](const WrittenRow& written) { return written; });
}

Type<PriceRow> unknown_model_type() {
  return converted<PriceRow, PriceRow>(
      record<PriceRow>(rates()),
      [](Reading& reading, const Node& node, PriceRow row) -> std::optional<PriceRow> {
        if (row.input.of_a_million == Money() || row.output.of_a_million == Money()) {
          reading.refuse(node, "input and output must cost something: a model without a price is never free");
          return std::nullopt;
        }
        return row;
      },
      [](const PriceRow& row) { return row; });
}

std::vector<Field<WrittenPrices>> list_fields() {
  std::vector<Field<WrittenPrices>> fields;
  fields.push_back(field<WrittenPrices>(
      "rows", [](auto& prices) -> auto& { return prices.rows; }, list_of(row_type(), kMostRows),
      "prices of models, in dollars per million tokens"));
  fields.push_back(field<WrittenPrices>(
      "unknown_model", [](auto& prices) -> auto& { return prices.unknown_model; }, optional(unknown_model_type()),
      "what a model without a row costs; it is alarmed as well, and never free"));
  fields.push_back(field<WrittenPrices>(
      "web_search_per_thousand", [](auto& prices) -> auto& { return prices.web_search_per_thousand; },
      optional(dollars()), "a thousand web searches by the provider's tool"));
  return fields;
}

std::vector<PriceRow> expanded(const std::vector<WrittenRow>& written_rows) {
  std::vector<PriceRow> rows;
  for (const WrittenRow& written : written_rows) {
    rows.push_back(written.row);
    for (const std::string& alias : written.aliases) {
      rows.push_back(written.row);
      rows.back().model = alias;
    }
  }
  return rows;
}

bool is_same_price(const PriceRow& a, const PriceRow& b) {
  return a.model == b.model && a.provider == b.provider && a.speed == b.speed;
}

void apply(const WrittenPrices& written, PriceOptions& prices) {
  const std::vector<PriceRow> rows = expanded(written.rows);
  std::erase_if(prices.rows, [&](const PriceRow& old) {
    return std::any_of(rows.begin(), rows.end(), [&](const PriceRow& row) { return is_same_price(row, old); });
  });
  prices.rows.insert(prices.rows.end(), rows.begin(), rows.end());
  if (written.unknown_model) prices.unknown_model = *written.unknown_model;
  if (written.web_search_per_thousand) prices.web_search = scaled(*written.web_search_per_thousand, 1, 1'000);
}

/// Whether rows of the shipped list would come back if these were read as an addition to it.
bool lacks_shipped_rows(const PriceOptions& prices) {
  const std::vector<PriceRow>& shipped = shipped_prices().rows;
  return std::any_of(shipped.begin(), shipped.end(), [&](const PriceRow& row) {
    return std::none_of(prices.rows.begin(), prices.rows.end(),
                        [&](const PriceRow& own) { return is_same_price(own, row); });
  });
}

WrittenPrices written_form(const PriceOptions& prices) {
  WrittenPrices written;
  if (lacks_shipped_rows(prices)) written.file = kNoFile;
  for (const PriceRow& row : prices.rows) written.rows.push_back({.row = row, .aliases = {}});
  if (prices.unknown_model != PriceRow{}) written.unknown_model = prices.unknown_model;
  written.web_search_per_thousand = scaled(prices.web_search, 1'000, 1);
  return written;
}

PriceOptions read_list(Reading& reading, const SourceText& source) {
  PriceOptions prices;
  const std::optional<Node> root = parse_yaml(source, reading.problems());
  if (!root) return prices;
  static const Type<WrittenPrices> type = record<WrittenPrices>(list_fields());
  WrittenPrices written;
  type.read(reading, *root, written);
  apply(written, prices);
  check_overlaps(prices.rows, [&](const std::string& message) { reading.refuse_at("rows", message); });
  return prices;
}

}  // namespace

PriceOptions parse_prices(const SourceText& source, std::vector<Problem>& problems) {
  const Environment environment;
  const FileReader no_files = [](const std::string& path) -> Result<FileText> {
    return fail(FailureKind::Denied, Origin::Operator, fmt::format("a price list reads no other file ({})", path));
  };
  std::vector<Problem> warnings;
  Reading reading(source.name, environment, no_files, problems, warnings);
  return read_list(reading, source);
}

const PriceOptions& shipped_prices() {
  static const PriceOptions prices = [] {
    std::vector<Problem> problems;
    return parse_prices({.name = "data/prices.yaml", .text = std::string(shipped_price_text())}, problems);
  }();
  return prices;
}

Type<PriceOptions> price_settings() {
  std::vector<Field<WrittenPrices>> fields;
  fields.push_back(field<WrittenPrices>(
      "file", [](auto& prices) -> auto& { return prices.file; }, text("path"),
      "a price list to use instead of the shipped one (`data/prices.yaml`); `none`: only the rows that stand here"));
  for (Field<WrittenPrices>& one : list_fields()) fields.push_back(std::move(one));
  return converted<PriceOptions, WrittenPrices>(
      record<WrittenPrices>(std::move(fields)),
      [](Reading& reading, const Node& node, const WrittenPrices& written) -> std::optional<PriceOptions> {
        PriceOptions prices = shipped_prices();
        if (written.file == kNoFile) {
          prices.rows.clear();
        } else if (!written.file.empty()) {
          const Node* place = node.find("file");
          const Reading::Step step(reading, "file", place == nullptr ? node : *place);
          std::optional<FileText> file = reading.read_file(place == nullptr ? node : *place, written.file);
          if (!file) return std::nullopt;
          Reading inner = reading.of_other_file(written.file);
          const std::size_t problems_before = reading.problems().size();
          prices = read_list(inner, {.name = written.file, .text = std::move(file->text)});
          if (reading.problems().size() != problems_before) return std::nullopt;
          if (prices.unknown_model == PriceRow{}) prices.unknown_model = shipped_prices().unknown_model;
        }
        apply(written, prices);
        return prices;
      },
      written_form);
}

void check_overlaps(const std::vector<PriceRow>& rows, const std::function<void(const std::string&)>& report) {
  // Sorted, so that a large list costs no square of its rows.
  std::vector<const PriceRow*> sorted;
  sorted.reserve(rows.size());
  for (const PriceRow& row : rows) sorted.push_back(&row);
  const auto key = [](const PriceRow& row) { return std::tie(row.model, row.provider, row.speed, row.prompt_over); };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const PriceRow* a, const PriceRow* b) {
    return key(*a) != key(*b) ? key(*a) < key(*b) : a->from < b->from;
  });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const PriceRow& earlier = *sorted[i - 1];
    const PriceRow& later = *sorted[i];
    if (key(earlier) != key(later) || (earlier.until && *earlier.until <= later.from)) continue;
    report(fmt::format("two rows price {} at the same time{}; give them 'from' and 'until' that do not overlap",
                       shown(later.model), later.from == WallTime{} ? "" : " from " + to_rfc3339(later.from)));
  }
}

}  // namespace tidegate::config
