// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/model_permission.h"

#include "base/glob.h"
#include "llm/json/named_models.h"
#include "llm/path_spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tidegate::gateway {

namespace {

/// What only keeps something for later: the request that uses it names its model then. Not `/v1/batches`: which models
/// an OpenAI batch runs stands in a file.
constexpr std::array<std::string_view, 5> kKeepers{"/v1/files", "/v1/skills", "/v1/conversations", "/v1/containers",
                                                   "/v1/vector_stores"};
/// Below these a path that ends in `/cancel` ends something.
constexpr std::array<std::string_view, 3> kCancellable{"/v1/messages/batches/", "/v1/batches/", "/v1/responses/"};

bool takes_no_model(std::string_view path) {
  if (!llm::is_plain_path(path)) return false;
  const bool is_kept = std::any_of(kKeepers.begin(), kKeepers.end(), [&](std::string_view keeper) {
    return path.starts_with(keeper) && (path.size() == keeper.size() || path[keeper.size()] == '/');
  });
  return is_kept ||
         (path.ends_with("/cancel") && std::any_of(kCancellable.begin(), kCancellable.end(),
                                                   [&](std::string_view above) { return path.starts_with(above); }));
}

bool asks_only(std::string_view method, std::string_view body) {
  return body.empty() && (method == "GET" || method == "HEAD" || method == "DELETE" || method == "OPTIONS");
}

std::string refuse_unread(std::string_view why) {
  return fmt::format(
      "This key may use some models only, and which this request asks for cannot be told: {}. "
      "Send one JSON object, not compressed, that names each model once.",
      why);
}

}  // namespace

std::optional<std::string> why_not_allowed(std::span<const std::string> allowed, const net::http1::RequestHead& head,
                                           llm::Endpoint endpoint, std::string_view body) {
  if (asks_only(head.method, body) || takes_no_model(head.path())) return std::nullopt;
  if (head.has(net::http1::FieldClass::ContentEncoding)) return refuse_unread("its body is encoded");
  const auto models = endpoint == llm::Endpoint::MessageBatches ? llm::json::named_models_of_batch(body)
                                                                : llm::json::named_models(body);
  if (!models) return refuse_unread(models.error().detail);
  const auto forbidden = std::find_if(models->begin(), models->end(), [&](const std::string& model) {
    return std::none_of(allowed.begin(), allowed.end(),
                        [&](const std::string& pattern) { return matches_glob(pattern, model); });
  });
  if (forbidden == models->end()) return std::nullopt;
  return fmt::format("This key may not use the model '{}'.", std::string_view(*forbidden).substr(0, 100));
}

}  // namespace tidegate::gateway
