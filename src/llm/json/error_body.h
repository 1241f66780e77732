// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/json/cursor.h"

#include <string>
#include <string_view>

namespace tidegate::llm::json {

/// What an error body says, whoever wrote it. Relays answer either dialect in shapes of the other and of their own
/// (facts/anthropic-api.md 7), so both dialects read all of them:
///
///   {"type":"error","error":{"type","message","details":{"error_code"}},"request_id"}     Anthropic
///   {"error":{"message","type","param","code"}}                                           OpenAI, one-api, new-api
///   {"error":"text"} · {"message"|"msg"|"err"|"error_msg":"text","code":…} · {"response":{"error":{…}}}
///
/// Fields that are not there stay empty. Messages are cut to 2,000 bytes.
struct ErrorBody {
  std::string type;
  std::string code;
  std::string message;

  [[nodiscard]] bool empty() const { return type.empty() && code.empty() && message.empty(); }
};

/// Reads a whole body; empty if it is no JSON object (a proxy's HTML page).
[[nodiscard]] ErrorBody read_error_body(std::string_view body);

/// Reads the value of an `error` member, an object or a text, with a cursor that stands before it.
void read_error_value(Cursor& cursor, ErrorBody& error);

/// Whether `text` contains `words`, in whatever case.
[[nodiscard]] bool mentions(std::string_view text, std::string_view words);

}  // namespace tidegate::llm::json
