// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "upstream/key_list_options.h"
#include "upstream/key_source.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

struct redisContext;
struct redisReply;

namespace tidegate::upstream {

/// Keys in a Redis list, over one connection that is made when it is needed and kept. It only reads (`LRANGE`), unless it
/// is to turn the list: `LMOVE list list LEFT RIGHT` moves an element inside Redis, so at no instant is one missing, not
/// even if this process dies (redis.io/commands/lmove, read 2026-11-25). Blocks: each step at most kPatience, name
/// resolution as long as the system takes. The process ignores SIGPIPE.
class RedisList final : public KeySource {
 public:
  explicit RedisList(KeyListOptions options);
  ~RedisList() override;

  /// Failure: Connect, Timeout, Closed, Protocol (Redis away or no Redis), Denied (its password or access list),
  /// InvalidInput (the key holds no list), TooLarge, and Unsupported for whatever else it answers.
  [[nodiscard]] Result<KeyReading> read() override;

  static constexpr Seconds kPatience{1};

 private:
  struct FreeContext {
    void operator()(redisContext* context) const;
  };
  struct FreeReply {
    void operator()(redisReply* reply) const;
  };
  using Reply = std::unique_ptr<redisReply, FreeReply>;
  using Words = std::initializer_list<std::string_view>;

  [[nodiscard]] Result<void> connect();
  [[nodiscard]] Result<void> introduce();
  /// Failure: the connection is gone. What Redis refuses is a reply.
  [[nodiscard]] Result<Reply> ask(Words command);
  [[nodiscard]] Result<Reply> ask_for_list();
  [[nodiscard]] Failure refusal(std::string_view said);
  [[nodiscard]] std::string rotate();
  [[nodiscard]] Failure connection_failure(std::string_view what) const;

  const KeyListOptions options_;
  std::unique_ptr<redisContext, FreeContext> connection_;
};

}  // namespace tidegate::upstream
