// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/money.h"
#include "base/time.h"
#include "gateway/answer_cache_options.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::gateway {

/// A whole answer as its client got it.
struct KeptAnswer {
  std::string content_type;
  std::string body;        ///< framing taken off; of a stream, its events
  std::string stop_reason;
  std::string model;       ///< that answered
  Money cost;              ///< what it cost to make
  SteadyTime made_at;
};

/// Answers by the question that they answer, shared by all workers: exactly the same bytes from the same tenant get the same bytes again.
/// While one request's answer is being made, others with the same question wait for it. Any thread; each call holds a lock for about a
/// microsecond. Of a question only a keyed hash is kept; answers lie in memory only, and the ones not asked for longest give way.
class AnswerCache {
 public:
  /// SHA-256 under a key of this process.
  using Id = std::array<unsigned char, 32>;
  /// Which answers are too large to be kept, as a part of `max_bytes`.
  static constexpr std::size_t kLargestPart = 16;

  /// What those who wait are told when the first is done. Told once, on any thread, under no lock.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    /// `answer` null: there is none. Then, with `ask_again`, the question stands as if nobody had asked it (the first one's client left);
    /// else whoever waited goes on alone (an answer could not be had, or may not be kept), because waiting in turn would help nobody.
    virtual void told(std::shared_ptr<const KeptAnswer> answer, bool ask_again) = 0;
  };

  /// What has become of a question.
  struct Found {
    std::shared_ptr<const KeptAnswer> answer;  ///< not null: here it is
    bool is_first = false;                     ///< nobody has asked before: the answer is to be made, and `done` to be called
    // neither: the waiter will be told
  };

  /// How it went since the start, and what lies there now.
  struct Figures {
    std::int64_t hits = 0;    ///< answered at once
    std::int64_t joined = 0;  ///< answered when another request's answer was whole
    std::int64_t misses = 0;
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
    std::int64_t waiting = 0;  ///< for another request's answer, now
    Money saved;  ///< what the answers given again cost when they were made
  };

  /// `key`: random bytes, so that nobody outside can tell or choose an id.
  AnswerCache(const AnswerCacheOptions& options, const Id& key) : options_(options), key_(key) {}

  /// Names a question by its parts; equal only if each part is.
  [[nodiscard]] Id id_of(std::span<const std::string_view> parts) const;
  /// Looks for an answer. `make_waiter` is called under the lock, only if somebody else is making the answer; a waiter that nobody holds
  /// any more is not told.
  [[nodiscard]] Found ask(const Id& id, SteadyTime now, const std::function<std::shared_ptr<Waiter>()>& make_waiter);
  /// The answer of the first is there (kept if it is not too large), or (null) will not come; see Waiter::told.
  void done(const Id& id, std::shared_ptr<const KeptAnswer> answer, bool ask_again);

  [[nodiscard]] std::size_t largest() const { return options_.max_bytes / kLargestPart; }
  /// Sets aside memory for an answer that is being collected; false, and no change, if there is none now.
  [[nodiscard]] bool grow(std::size_t bytes);
  void shrink(std::size_t bytes) { collecting_.fetch_sub(bytes, std::memory_order_relaxed); }

  [[nodiscard]] Figures figures() const;

 private:
  struct Entry {
    Id id{};
    std::shared_ptr<const KeptAnswer> answer;
  };
  struct Hash {
    std::size_t operator()(const Id& id) const {
      std::size_t hash = 0;
      std::memcpy(&hash, id.data(), sizeof hash);  // of a keyed hash, any part is one
      return hash;
    }
  };
  using Entries = std::list<Entry>;

  [[nodiscard]] static std::size_t bytes_of(const KeptAnswer& answer);
  void remove(Entries::iterator entry);
  void keep(const Id& id, std::shared_ptr<const KeptAnswer> answer);

  const AnswerCacheOptions options_;
  const Id key_;
  std::atomic<std::size_t> collecting_ = 0;
  mutable std::mutex mutex_;  ///< guards the fields below
  Entries entries_;           ///< the one asked for last in front
  std::unordered_map<Id, Entries::iterator, Hash> by_id_;
  std::unordered_map<Id, std::vector<std::weak_ptr<Waiter>>, Hash> in_the_making_;
  Figures figures_;
};

}  // namespace tidegate::gateway
