// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/key_list.h"

#include "base/number.h"
#include "config/secrets.h"
#include "config/url.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace tidegate::config {

namespace {

using upstream::KeyListOptions;
using Reason = std::optional<std::string>;

constexpr std::string_view kForms =
    "is not a Redis list; write it as redis://127.0.0.1:6379/0#claude_keys or unix:///run/redis/redis.sock#claude_keys";
constexpr std::string_view kNoTls =
    "asks for TLS, which the Redis library of Debian 12 cannot do; reach Redis by redis:// on this machine or in a private "
    "network, by unix:// or through a tunnel";
constexpr std::string_view kPassword = "holds a password; write 'password: {env: NAME}' beside it, and only the user here";
constexpr std::string_view kNoList = "names no list; end it with '#' and the list's key, as in #claude_keys";
constexpr std::string_view kNoDatabase = "names no database; after the host comes its number, as in /0";

/// `%23` to `#`. Nothing for what is no such code, and for control characters, which no message could show.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      unsigned value = 0;
      const char* end = text.data() + i + 3;
      if (std::from_chars(text.data() + i + 1, end, value, 16).ptr != end) return std::nullopt;
      c = static_cast<char>(value);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return std::nullopt;
    out += c;
  }
  return out;
}

Reason read_database(std::string_view text, KeyListOptions& options) {
  const auto number = parse_integer<std::uint32_t>(text);
  if (!number) return std::string(kNoDatabase);
  options.database = *number;
  return std::nullopt;
}

/// `/PATH[?db=DATABASE]`.
Reason read_socket(std::string_view rest, KeyListOptions& options) {
  const std::size_t query = std::min(rest.find('?'), rest.size());
  const auto path = decoded(rest.substr(0, query));
  constexpr std::size_t kLongestPath = 107;  // sockaddr_un::sun_path
  if (!path || path->size() < 2 || path->front() != '/' || path->size() > kLongestPath) return std::string(kForms);
  options.socket = *path;
  rest.remove_prefix(query);
  if (rest.empty()) return std::nullopt;
  constexpr std::string_view kDatabase = "?db=";
  return rest.starts_with(kDatabase) ? read_database(rest.substr(kDatabase.size()), options) : std::string(kNoDatabase);
}

Reason read_server(std::string_view text, KeyListOptions& options) {
  const auto url = parse_url(text);
  if (!url || url->has_query) return std::string(kForms);
  if (url->user.find(':') != std::string::npos) return std::string(kPassword);
  const auto user = decoded(url->user);
  if (!user) return std::string(kForms);
  options.user = *user;
  options.host = url->host;
  options.port = url->port;
  return url->path.size() < 2 ? std::nullopt : read_database(std::string_view(url->path).substr(1), options);
}

}  // namespace

std::optional<std::string> read_key_list_url(std::string_view text, KeyListOptions& options) {
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kRedis = "redis://";
  if (text.starts_with("rediss://")) return std::string(kNoTls);
  if (!text.starts_with(kRedis) && !text.starts_with(kUnix)) return std::string(kForms);
  const std::size_t mark = text.find('#');
  if (mark == std::string_view::npos || mark + 1 == text.size()) return std::string(kNoList);
  const auto list = decoded(text.substr(mark + 1));
  if (!list) return std::string(kNoList);
  KeyListOptions read = options;
  const std::string_view server = text.substr(0, mark);
  const Reason reason =
      text.starts_with(kUnix) ? read_socket(server.substr(kUnix.size()), read) : read_server(server, read);
  if (reason) return reason;
  read.url = text;
  read.list = *list;
  options = std::move(read);
  return std::nullopt;
}

Type<KeyListOptions> key_list() {
  constexpr auto kItself = [](auto& list) -> auto& { return list; };
  Type<KeyListOptions> source;
  const Type<std::string> url = checked_text("URL", [](const std::string& text) {
    KeyListOptions unused;
    return read_key_list_url(text, unused);
  });
  source.name = url.name;
  source.schema = url.schema;
  source.read = [url](Reading& reading, const Node& node, KeyListOptions& list) {
    std::string text;
    url.read(reading, node, text);
    if (!text.empty()) (void)read_key_list_url(text, list);  // it was checked
  };
  source.print = [url](const KeyListOptions& list) { return url.print(list.url); };
  return record<KeyListOptions>(
      {field<KeyListOptions>("source", kItself, source,
                             "`redis://[USER@]HOST[:PORT][/DATABASE]#LIST` or `unix:///PATH[?db=DATABASE]#LIST`")
           .required(),
       field<KeyListOptions>(
           "password", kItself,
           secret_in(&KeyListOptions::password_name, &KeyListOptions::password, "a password"), "of Redis, if it asks for one"),
       field<KeyListOptions>(
           "rotate", [](auto& list) -> auto& { return list.rotate; }, yes_or_no(),
           "turn the list by one (LMOVE) with each reading, for other programs that take its first key"),
       field<KeyListOptions>(
           "every", [](auto& list) -> auto& { return list.every; }, duration(Milliseconds(100), std::chrono::hours(1)),
           "between two readings; a key missing from two is drained")});
}

}  // namespace tidegate::config
