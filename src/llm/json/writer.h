// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/json/cursor.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::llm::json {

/// Appends a JSON text to a string, member by member, commas included. Values that must keep their spelling (numbers
/// beyond 64 bits, a tool's schema) are written raw, which a tree of values could not do. The caller closes what it
/// opened; keys and texts become valid JSON whatever bytes they hold.
class Writer {
 public:
  /// `out` must outlive the writer; what is in it already stays in front.
  explicit Writer(std::string& out) : out_(out), begin_(out.size()) {}

  void begin_object() { open('{'); }
  void end_object() { out_ += '}'; }
  void begin_array() { open('['); }
  void end_array() { out_ += ']'; }

  void key(std::string_view name) {
    text(name);
    out_ += ':';
  }
  void text(std::string_view value) {
    separate();
    append_quoted(out_, value);
  }
  /// `value` is one whole JSON value, taken as it is.
  void raw(std::string_view value) {
    separate();
    out_ += value;
  }
  void number(std::int64_t value) { raw(std::to_string(value)); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }

  void begin_object_member(std::string_view name) {
    key(name);
    begin_object();
  }
  void begin_array_member(std::string_view name) {
    key(name);
    begin_array();
  }
  void text_member(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void raw_member(std::string_view name, std::string_view value) {
    key(name);
    raw(value);
  }
  void number_member(std::string_view name, std::int64_t value) {
    key(name);
    number(value);
  }
  void boolean_member(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }
  void null_member(std::string_view name) {
    key(name);
    null();
  }

 private:
  void open(char bracket) {
    separate();
    out_ += bracket;
  }
  /// The last character tells whether a value came before: no value ends in one of these three.
  void separate() {
    if (out_.size() == begin_) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
  }

  std::string& out_;
  std::size_t begin_;
};

}  // namespace tidegate::llm::json
