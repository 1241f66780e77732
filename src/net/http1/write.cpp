// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/http1/write.h"

#include "net/http1/scan.h"
#include "net/http1/status.h"

#include <array>

namespace tidegate::net::http1 {
namespace {

bool is_token(std::string_view text) {
  const char* const end = text.data() + text.size();
  return !text.empty() && scan::find_name_end(text.data(), end) == end;
}

bool is_target(std::string_view text) {
  const char* const end = text.data() + text.size();
  return !text.empty() && scan::find_target_end(text.data(), end) == end;
}

}  // namespace

bool HeadWriter::is_value(std::string_view text) {
  const char* const end = text.data() + text.size();
  return scan::find_control(text.data(), end) == end;
}

HeadWriter& HeadWriter::request_line(std::string_view method, std::string_view target) {
  if (!is_token(method) || !is_target(target)) {
    refused_ = true;
    return *this;
  }
  out_.append(method).append(1, ' ').append(target).append(" HTTP/1.1\r\n");
  return *this;
}

HeadWriter& HeadWriter::status_line(int status) { return status_line(status, reason_phrase(status)); }

HeadWriter& HeadWriter::status_line(int status, std::string_view reason) {
  if (status < 100 || status > 999 || !is_value(reason)) {
    refused_ = true;
    return *this;
  }
  const std::array<char, 4> digits = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
                                      static_cast<char>('0' + status % 10), ' '};
  out_.append("HTTP/1.1 ").append(digits.data(), digits.size()).append(reason).append("\r\n");
  return *this;
}

HeadWriter& HeadWriter::field(std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_value(value)) {
    refused_ = true;
    return *this;
  }
  append_field(name.data(), name.size(), value);
  return *this;
}

void HeadWriter::copy_lines(const Head& head, std::size_t first, std::size_t last) {
  // A line begins at its name and ends where the next one begins.
  const char* const begin = head.fields[first].name.data();
  const char* const end =
      last < head.fields.size() ? head.fields[last].name.data() : head.field_lines.data() + head.field_lines.size();
  out_.append(begin, end);
}

bool HeadWriter::finish() {
  if (refused_) {
    out_.resize(start_);
    return false;
  }
  out_.append("\r\n");
  return true;
}

}  // namespace tidegate::net::http1
