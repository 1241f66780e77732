// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/json/named_models.h"

#include "base/ascii.h"
#include "llm/json/cursor.h"
#include "llm/json/validity.h"

namespace tidegate::llm::json {

namespace {

/// Collects from a body that is known to be valid JSON. The first doubt stays.
class Collector {
 public:
  explicit Collector(std::string_view body) : cursor_(body) {}

  void read_request() {
    int count = 0;
    const bool is_object = cursor_.object([&](std::string_view key) {
      if (equals_ignoring_case(key, "model")) {
        ++count;
        read_name("'model' is no text");
      } else if (equals_ignoring_case(key, "fallbacks") || equals_ignoring_case(key, "models")) {
        read_alternatives();
      } else if (equals_ignoring_case(key, "tools")) {
        cursor_.array([&] { read_models_inside(); });
      }
    });
    if (!is_object) return doubt("its parameters are no object");
    if (count == 0) doubt("it has no 'model'");
    if (count > 1) doubt("it has more than one 'model'");
  }

  void read_batch() {
    int count = 0;
    cursor_.object([&](std::string_view key) {
      if (!equals_ignoring_case(key, "requests")) return;
      cursor_.array([&] {
        int params = 0;
        cursor_.object([&](std::string_view member) {
          if (!equals_ignoring_case(member, "params")) return;
          ++params;
          read_request();
        });
        if (params == 0) doubt("one of its requests has no 'params'");
        ++count;
      });
    });
    if (count == 0) doubt("it has no 'requests'");
  }

  [[nodiscard]] Result<std::vector<std::string>> take() {
    if (!doubt_.empty()) return fail(FailureKind::InvalidInput, Origin::Client, std::string(doubt_));
    return std::move(models_);
  }

 private:
  void doubt(std::string_view why) {
    if (doubt_.empty()) doubt_ = why;
  }

  void read_name(std::string_view why_not) {
    if (cursor_.peek() == Kind::String)
      models_.push_back(cursor_.text());
    else
      doubt(why_not);
  }

  /// How many models an object names.
  int read_models_inside() {
    int count = 0;
    cursor_.object([&](std::string_view key) {
      if (!equals_ignoring_case(key, "model")) return;
      ++count;
      read_name("the 'model' of a tool or a fallback is no text");
    });
    return count;
  }

  /// Who is asked where the first cannot serve: null, or a list of names or of objects that have one. `"default"`
  /// leaves it to the provider.
  void read_alternatives() {
    if (cursor_.peek() == Kind::Null) return;
    const bool is_list = cursor_.array([&] {
      if (cursor_.peek() == Kind::String)
        models_.push_back(cursor_.text());
      else if (read_models_inside() == 0)
        doubt("a fallback names no model");
    });
    if (!is_list) doubt("its fallbacks are no list");
  }

  Cursor cursor_;
  std::vector<std::string> models_;
  std::string_view doubt_;
};

Result<std::vector<std::string>> no_object() {
  return fail(FailureKind::InvalidInput, Origin::Client, "its body is no JSON object");
}

}  // namespace

Result<std::vector<std::string>> named_models(std::string_view body) {
  if (!is_valid_object(body)) return no_object();
  Collector collector(body);
  collector.read_request();
  return collector.take();
}

Result<std::vector<std::string>> named_models_of_batch(std::string_view body) {
  if (!is_valid_object(body)) return no_object();
  Collector collector(body);
  collector.read_batch();
  return collector.take();
}

}  // namespace tidegate::llm::json
