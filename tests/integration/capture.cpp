// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "capture.h"

#include "base/ascii.h"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tidegate::testing {

namespace json = boost::json;

namespace {

const std::filesystem::path kFolder = std::filesystem::path(TIDEGATE_SOURCE_DIR) / "tests" / "corpus" / "captures";

std::string text_of(const json::value& value) {
  return std::string(value.get_string().data(), value.get_string().size());
}

Fields read_fields(const json::value& list) {
  Fields fields;
  for (const json::value& field : list.as_array()) fields.emplace_back(text_of(field.at(0)), text_of(field.at(1)));
  return fields;
}

}  // namespace

bool Capture::has_request_field(std::string_view wanted) const {
  return std::any_of(request_fields.begin(), request_fields.end(),
                     [&](const auto& field) { return equals_ignoring_case(field.first, wanted); });
}

std::vector<std::string> capture_names() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(kFolder)) {
    if (file.path().extension() == ".json") names.push_back(file.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Capture read_capture(const std::string& name) {
  std::ifstream file(kFolder / (name + ".json"), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const json::value whole = json::parse(text);
  const json::value& request = whole.at("request");
  const json::value& response = whole.at("response");
  return {name,
          text_of(request.at("method")),
          text_of(request.at("target")),
          read_fields(request.at("headers")),
          text_of(request.at("body")),
          response.at("status").to_number<int>(),
          read_fields(response.at("headers")),
          text_of(response.at("body")),
          response.at("chunked").as_bool()};
}

Fields fields_of(std::string_view head) {
  Fields fields;
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string_view line = head.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) fields.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    at = end;
  }
  return fields;
}

Fields without(const Fields& fields, const std::vector<std::string_view>& names) {
  Fields kept;
  std::copy_if(fields.begin(), fields.end(), std::back_inserter(kept), [&](const auto& field) {
    return std::find(names.begin(), names.end(), lower(field.first)) == names.end();
  });
  return kept;
}

std::string value_of(const Fields& fields, std::string_view name) {
  for (const auto& [written, value] : fields) {
    if (lower(written) == name) return value;
  }
  return {};
}

}  // namespace tidegate::testing
