// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/head.h"

#include <cstring>

namespace tidegate::net::http1 {
namespace {

BodyFraming framing_of(const Head& head, BodyFraming::Kind if_unsaid) {
  if (head.chunked) return {BodyFraming::Kind::Chunked, 0};
  if (!head.content_length) return {if_unsaid, 0};
  if (*head.content_length == 0) return {};
  return {BodyFraming::Kind::Length, *head.content_length};
}

}  // namespace

void Head::clear() {
  minor_version = 1;
  fields.clear();
  tags.clear();
  content_length.reset();
  chunked = false;
  keep_alive = true;
  size = 0;
  field_lines = {};
  present_ = 0;
  repeated_ = 0;
}

BodyFraming body_framing(const RequestHead& request) { return framing_of(request, BodyFraming::Kind::None); }

BodyFraming body_framing(const ResponseHead& response, std::string_view method) {
  const int status = response.status;
  if (method == "HEAD" || status < 200 || status == 204 || status == 304) return {};
  return framing_of(response, BodyFraming::Kind::UntilClose);
}

bool ResumeGate::worth_parsing(std::string_view bytes) {
  if (seen_ == 0 || bytes.size() < seen_) return true;
  for (std::size_t at = seen_; at < bytes.size(); ++at) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    const std::string_view so_far = bytes.substr(0, at + 1);
    const bool is_first = !start_line_seen_;
    start_line_seen_ = true;
    if (is_first || !so_far.ends_with("\r\n") || so_far.ends_with("\r\n\r\n")) return true;
  }
  seen_ = bytes.size();
  return false;
}

}  // namespace tidegate::net::http1
