// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/library.h"

#include "base/ascii.h"
#include "sim/model/rate_limit_headers.h"
#include "sim/server/answer.h"
#include "sim/server/thinking_signature.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace tidegate::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t kKept = 1000;  // batches and files each; the oldest go first
constexpr std::string_view kBatches = "/v1/messages/batches";
constexpr std::string_view kFiles = "/v1/files";

Reply not_found(std::string_view what, std::string_view request_id) {
  return error_reply({404, "not_found_error", fmt::format("{} not found", what)}, Dialect::Anthropic, request_id);
}

/// {ID, action} of a path `ROOT/ID/action`.
std::pair<std::string_view, std::string_view> id_and_action(std::string_view path, std::string_view root) {
  if (path.size() <= root.size() + 1) return {};
  const std::string_view rest = path.substr(root.size() + 1);
  const std::size_t slash = rest.find('/');
  return {rest.substr(0, slash), slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1)};
}

template <typename Item>
Item* find_own(std::vector<Item>& items, std::string_view id, const Caller& caller) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const Item& item) {
    return item.id == id && item.caller.organisation == caller.organisation &&
           item.caller.workspace == caller.workspace;
  });
  return found == items.end() ? nullptr : &*found;
}

json::object page_of(json::array data) {
  const json::value first = data.empty() ? json::value(nullptr) : data.front().at("id");
  const json::value last = data.empty() ? json::value(nullptr) : data.back().at("id");
  return {{"data", std::move(data)}, {"has_more", false}, {"first_id", first}, {"last_id", last}};
}

Nanoseconds batch_duration(const Options& options) {
  if (options.instant) return Nanoseconds(0);
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(options.batch_duration) / options.speed);
}

/// One part of multipart/form-data (RFC 7578), as far as an upload needs it.
struct FormPart {
  std::string name, mime_type = "application/octet-stream", content;
};

std::string quoted_parameter(std::string_view head, std::string_view name) {
  const std::size_t at = head.find(fmt::format("{}=\"", name));
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + name.size() + 2;
  return std::string(head.substr(from, head.find('"', from) - from));
}

std::optional<FormPart> read_upload(std::string_view content_type, std::string_view body) {
  const std::size_t at = content_type.find("boundary=");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view boundary = content_type.substr(at + 9);
  if (boundary.starts_with('"')) boundary = boundary.substr(1, boundary.find('"', 1) - 1);
  const std::string delimiter = fmt::format("--{}", boundary.substr(0, boundary.find(';')));
  std::size_t from = body.find(delimiter);
  while (from != std::string_view::npos) {
    const std::size_t start = from + delimiter.size() + 2;
    const std::size_t end = body.find("\r\n" + delimiter, start);
    const std::size_t blank = body.find("\r\n\r\n", start);
    if (end == std::string_view::npos || blank == std::string_view::npos || blank > end) return std::nullopt;
    const std::string_view head = body.substr(start, blank - start);
    const std::string filename = quoted_parameter(head, "filename");
    if (!filename.empty()) {
      FormPart part;
      part.name = filename;
      part.content = body.substr(blank + 4, end - blank - 4);
      const std::size_t type = lower(head).find("content-type:");
      if (type != std::string_view::npos)
        part.mime_type = trim(head.substr(type + 13, head.find("\r\n", type) - type - 13));
      return part;
    }
    from = end + 2;
  }
  return std::nullopt;
}

}  // namespace

std::string Library::describe(const Batch& batch, WallTime now) const {
  const bool has_ended = batch.has_ended(now);
  const auto count = [&](std::size_t number) { return has_ended ? number : 0; };
  json::object object{
      {"id", batch.id},
      {"type", "message_batch"},
      {"processing_status", has_ended ? "ended" : "in_progress"},
      {"request_counts", json::object{{"processing", has_ended ? 0 : batch.size()},
                                      {"succeeded", count(batch.succeeded)},
                                      {"errored", count(batch.errored)},
                                      {"canceled", 0},
                                      {"expired", 0}}},
      {"ended_at", has_ended ? json::value(to_rfc3339(std::min(batch.ends, now))) : json::value(nullptr)},
      {"created_at", to_rfc3339(batch.created)},
      {"expires_at", to_rfc3339(batch.created + std::chrono::hours(24))},
      {"archived_at", nullptr},
      {"cancel_initiated_at", nullptr},
      {"results_url", nullptr}};
  // Absolute, at this server: a gateway has to rewrite it (facts/clients.md 4.16).
  if (has_ended) object["results_url"] = fmt::format("{}{}/{}/results", origin_, kBatches, batch.id);
  return json::serialize(object);
}

std::optional<ApiError> Library::refuse_batch(std::size_t requests, const Caller& caller) {
  const std::optional<BatchLimits> limits = provider_.limits_of(caller.organisation).batches;
  if (!limits) return std::nullopt;
  if (requests > limits->per_batch) {
    return ApiError{400, "invalid_request_error",
                    fmt::format("requests: a batch has at most {} requests, not {}", limits->per_batch, requests)};
  }
  const WallTime now = provider_.now().wall;
  std::size_t queued = 0;
  WallTime first_end = WallTime::max();
  const std::lock_guard lock(mutex_);
  for (const Batch& batch : batches_) {
    if (batch.caller.organisation != caller.organisation || batch.has_ended(now)) continue;
    queued += batch.size();
    first_end = std::min(first_end, batch.ends);
  }
  if (queued + requests <= limits->queued) return std::nullopt;
  ApiError error{
      429, "rate_limit_error",
      fmt::format("This request would exceed the rate limit for your organization ({}) of {} queued batch requests.",
                  caller.organisation, limits->queued)};
  if (queued > 0) error.retry_after = retry_after_seconds(first_end - now);
  return error;
}

Reply Library::create_batch(const Request& request, const Caller& caller, std::string_view request_id) {
  json::error_code error;
  const json::value body = json::parse({request.body.data(), request.body.size()}, error);
  const json::value* requests = !error && body.is_object() ? body.get_object().if_contains("requests") : nullptr;
  if (requests == nullptr || !requests->is_array() || requests->get_array().empty()) {
    return error_reply({400, "invalid_request_error", "requests: Field required"}, Dialect::Anthropic, request_id);
  }
  if (const auto refused = refuse_batch(requests->get_array().size(), caller)) {
    return error_reply(*refused, Dialect::Anthropic, request_id);
  }
  const Options& options = provider_.options();
  Batch batch;
  batch.id = "msgbatch_" + provider_.new_id();
  batch.caller = caller;
  batch.created = provider_.now().wall;
  batch.ends = batch.created + batch_duration(options);
  for (const json::value& item : requests->get_array()) {
    const json::value* params = item.is_object() ? item.get_object().if_contains("params") : nullptr;
    const json::value* id = item.is_object() ? item.get_object().if_contains("custom_id") : nullptr;
    auto call = read_model_call(Surface::Messages, params == nullptr ? json::value(nullptr) : *params,
                                request.header("anthropic-version"), options);
    json::object result;
    if (call) {
      call->service_tier = "batch";
      Answer answer = compose_answer(*call, options.output_tokens.value_or(12), options.text, options.tokens_per_event);
      answer.id = provider_.new_id();
      answer.signature = thinking_signature(batch.caller.organisation, answer.id);
      answer.input.uncached = call->input_tokens();
      result = {{"type", "succeeded"}, {"message", json::parse(render_body(*call, answer))}};
      ++batch.succeeded;
      Charge charge;
      charge.request_id = std::string(request_id);
      charge.caller = caller;
      charge.model = call->model;
      charge.input = answer.input;
      charge.output_tokens = answer.output_tokens();
      charge.service_tier = "batch";
      provider_.charge_batched(std::move(charge), *call);
    } else {
      result = {{"type", "errored"}, {"error", json::parse(error_body(call.error(), Dialect::Anthropic, request_id))}};
      ++batch.errored;
    }
    batch.results += json::serialize(json::object{{"custom_id", id == nullptr ? json::value(nullptr) : *id},
                                                  {"result", std::move(result)}}) +
                     "\n";
  }
  std::string description = describe(batch, batch.created);
  const std::lock_guard lock(mutex_);
  if (batches_.size() >= kKept) batches_.erase(batches_.begin());
  batches_.push_back(std::move(batch));
  return {200, std::move(description), {}};
}

Reply Library::serve_batches(const Request& request, const Caller& caller, std::string_view request_id) {
  const WallTime now = provider_.now().wall;
  const auto [id, action] = id_and_action(request.path, kBatches);
  if (id.empty() && request.method == "POST") return create_batch(request, caller, request_id);
  const std::lock_guard lock(mutex_);
  if (id.empty()) {
    json::array data;
    for (const Batch& batch : batches_) {
      if (batch.caller.organisation == caller.organisation && batch.caller.workspace == caller.workspace)
        data.push_back(json::parse(describe(batch, now)));
    }
    return {200, json::serialize(page_of(std::move(data))), {}};
  }
  Batch* batch = find_own(batches_, id, caller);
  if (batch == nullptr) return not_found("message batch", request_id);
  if (action == "cancel" && request.method == "POST") batch->is_cancelled = true;
  if (action == "results") {
    if (!batch->has_ended(now)) return not_found("results of a batch that has not ended", request_id);
    return {200, batch->results, {}, "application/x-jsonl"};
  }
  if (request.method == "DELETE") {
    std::string body = json::serialize(json::object{{"id", batch->id}, {"type", "message_batch_deleted"}});
    batches_.erase(batches_.begin() + (batch - batches_.data()));
    return {200, std::move(body), {}};
  }
  return {200, describe(*batch, now), {}};
}

Reply Library::create_file(const Request& request, const Caller& caller, std::string_view request_id) {
  auto part = read_upload(request.header("content-type"), request.body);
  if (!part) return error_reply({400, "invalid_request_error", "file: Field required"}, Dialect::Anthropic, request_id);
  File file{"file_" + provider_.new_id(), caller,
            std::move(part->name),        std::move(part->mime_type),
            std::move(part->content),     provider_.now().wall};
  const std::lock_guard lock(mutex_);
  if (files_.size() >= kKept) files_.erase(files_.begin());
  files_.push_back(std::move(file));
  return {200, describe(files_.back()), {}};
}

std::string Library::describe(const File& file) {
  return json::serialize(json::object{{"id", file.id},
                                      {"type", "file"},
                                      {"filename", file.name},
                                      {"mime_type", file.mime_type},
                                      {"size_bytes", file.content.size()},
                                      {"created_at", to_rfc3339(file.created)},
                                      {"downloadable", true}});
}

Reply Library::serve_files(const Request& request, const Caller& caller, std::string_view request_id) {
  const auto [id, action] = id_and_action(request.path, kFiles);
  if (id.empty() && request.method == "POST") return create_file(request, caller, request_id);
  const std::lock_guard lock(mutex_);
  if (id.empty()) {
    json::array data;
    for (const File& file : files_) {
      if (file.caller.organisation == caller.organisation && file.caller.workspace == caller.workspace)
        data.push_back(json::parse(describe(file)));
    }
    return {200, json::serialize(page_of(std::move(data))), {}};
  }
  File* file = find_own(files_, id, caller);
  if (file == nullptr) return not_found("file", request_id);
  if (action == "content") return {200, file->content, {}, "application/octet-stream"};
  if (request.method == "DELETE") {
    std::string body = json::serialize(json::object{{"id", file->id}, {"type", "file_deleted"}});
    files_.erase(files_.begin() + (file - files_.data()));
    return {200, std::move(body), {}};
  }
  return {200, describe(*file), {}};
}

}  // namespace tidegate::sim
