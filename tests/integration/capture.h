// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::testing {

/// Header fields in their order, names as they were written.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// One recorded exchange of a real client, tests/corpus/captures/NAME.json.
struct Capture {
  std::string name;
  std::string method;
  std::string target;
  Fields request_fields;
  std::string request_body;
  int status = 0;
  Fields response_fields;
  std::string response_body;
  bool is_chunked = false;

  [[nodiscard]] std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  [[nodiscard]] bool has_request_field(std::string_view name) const;
};

/// Names of all captures, sorted. Throws std::filesystem::filesystem_error.
[[nodiscard]] std::vector<std::string> capture_names();
/// Throws if the file cannot be read.
[[nodiscard]] Capture read_capture(const std::string& name);

/// The fields of a head as text, without its first line.
[[nodiscard]] Fields fields_of(std::string_view head);
/// All but those named, in lower case.
[[nodiscard]] Fields without(const Fields& fields, const std::vector<std::string_view>& names);
/// The value of the first field of that name (lower case); empty if absent.
[[nodiscard]] std::string value_of(const Fields& fields, std::string_view name);

}  // namespace tidegate::testing
