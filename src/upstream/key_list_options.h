// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "base/time.h"

#include <cstdint>
#include <string>

namespace tidegate::upstream {

/// A Redis list of keys: `redis://[USER@]HOST[:PORT][/DATABASE]#LIST` or `unix:///PATH[?db=DATABASE]#LIST`.
struct KeyListOptions {
  std::string url;             ///< as written; holds no password
  std::string host;            ///< name or address; empty with `socket`
  std::uint16_t port = 6'379;
  std::string socket;          ///< path of a Unix socket
  std::uint32_t database = 0;
  std::string list;            ///< the list's key
  std::string user;            ///< of Redis 6's access lists; empty = `default`
  Secret password;             ///< empty if none is asked for
  std::string password_name;   ///< the variable or file it came from, for people
  bool rotate = false;         ///< turn the list by one with each reading, for others that take its head
  Nanoseconds every = Seconds(2);  ///< between two readings

  friend bool operator==(const KeyListOptions&, const KeyListOptions&) = default;
};

}  // namespace tidegate::upstream
