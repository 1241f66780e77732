// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::admin {

/// One request to the admin listener, as far as a route needs it. Views, valid while it is being answered.
struct Request {
  std::string_view method;
  std::string_view path;  ///< without the query, not decoded
  std::string_view query;
  std::string_view body;
  std::string_view accept;
  std::string_view last_segment;  ///< of the path, what stands for `{id}`
  bool takes_gzip = false;        ///< the client reads compressed bodies
  std::string_view slack_signature = {};  ///< `x-slack-signature`; both empty if not given
  std::string_view slack_timestamp = {};  ///< `x-slack-request-timestamp`
};

/// What goes back.
struct Answer {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string_view, std::string>> fields = {};  ///< header fields besides the usual ones
};

/// `{"error":{"kind":KIND,"message":MESSAGE}}`.
[[nodiscard]] Answer error_answer(int status, std::string_view kind, std::string_view message);
/// With the status that fits the kind: what the caller gave wrong is 4xx, what we cannot do now is 503.
[[nodiscard]] Answer error_answer(const Failure& failure);

/// The parameters of a query string, percent-decoded, in order. Failure: InvalidInput for a broken escape.
class Parameters {
 public:
  [[nodiscard]] static Result<Parameters> parse(std::string_view query);
  /// The last value of that name; absent if it was not given.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// Failure: InvalidInput that names the first parameter which is none of `known`, and those that are.
  [[nodiscard]] Result<void> allow_only(std::initializer_list<std::string_view> known) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace tidegate::admin
