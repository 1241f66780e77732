// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/answer_cache.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <utility>

namespace tidegate::gateway {

namespace {

constexpr std::size_t kBytesPerEntry = 256;  ///< list, map and strings around an answer

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

AnswerCache::Id AnswerCache::id_of(std::span<const std::string_view> parts) const {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  if (context == nullptr || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  EVP_DigestUpdate(context.get(), key_.data(), key_.size());
  for (const std::string_view part : parts) {
    const std::uint64_t size = part.size();  // so that no two lists of parts read alike
    EVP_DigestUpdate(context.get(), &size, sizeof size);
    EVP_DigestUpdate(context.get(), part.data(), part.size());
  }
  Id id{};
  EVP_DigestFinal_ex(context.get(), id.data(), nullptr);
  return id;
}

std::size_t AnswerCache::bytes_of(const KeptAnswer& answer) { return answer.body.size() + answer.content_type.size() + kBytesPerEntry; }

void AnswerCache::remove(Entries::iterator entry) {
  figures_.bytes -= static_cast<std::int64_t>(bytes_of(*entry->answer));
  --figures_.entries;
  by_id_.erase(entry->id);
  entries_.erase(entry);
}

AnswerCache::Found AnswerCache::ask(const Id& id, SteadyTime now, const std::function<std::shared_ptr<Waiter>()>& make_waiter) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_id_.find(id); known != by_id_.end()) {
    const Entries::iterator entry = known->second;
    if (now - entry->answer->made_at < options_.ttl) {
      entries_.splice(entries_.begin(), entries_, entry);
      ++figures_.hits;
      figures_.saved += entry->answer->cost;
      return {.answer = entry->answer};
    }
    remove(entry);
  }
  const auto [waiting, is_first] = in_the_making_.try_emplace(id);
  if (is_first) {
    ++figures_.misses;
    return {.answer = nullptr, .is_first = true};
  }
  waiting->second.push_back(make_waiter());
  return {};
}

void AnswerCache::done(const Id& id, std::shared_ptr<const KeptAnswer> answer, bool ask_again) {
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    const std::lock_guard lock(mutex_);
    if (const auto making = in_the_making_.find(id); making != in_the_making_.end()) {
      for (const std::weak_ptr<Waiter>& one : making->second) {
        if (std::shared_ptr<Waiter> waiter = one.lock()) waiters.push_back(std::move(waiter));
      }
      in_the_making_.erase(making);
    }
    if (answer != nullptr) {
      for (std::size_t i = 0; i < waiters.size(); ++i) figures_.saved += answer->cost;
      figures_.joined += static_cast<std::int64_t>(waiters.size());
      keep(id, answer);
    }
  }
  for (const std::shared_ptr<Waiter>& waiter : waiters) waiter->told(answer, ask_again);
}

void AnswerCache::keep(const Id& id, std::shared_ptr<const KeptAnswer> answer) {
  const std::size_t bytes = bytes_of(*answer);
  if (bytes > largest()) return;
  if (const auto known = by_id_.find(id); known != by_id_.end()) remove(known->second);
  while (!entries_.empty() && static_cast<std::size_t>(figures_.bytes) + bytes > options_.max_bytes) remove(std::prev(entries_.end()));
  entries_.push_front({id, std::move(answer)});
  by_id_.emplace(id, entries_.begin());
  figures_.bytes += static_cast<std::int64_t>(bytes);
  ++figures_.entries;
}

bool AnswerCache::grow(std::size_t bytes) {
  std::size_t used = collecting_.load(std::memory_order_relaxed);
  do {
    if (bytes > options_.max_bytes || used > options_.max_bytes - bytes) return false;
  } while (!collecting_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

AnswerCache::Figures AnswerCache::figures() const {
  const std::lock_guard lock(mutex_);
  Figures figures = figures_;
  for (const auto& [id, waiters] : in_the_making_) {
    figures.waiting += std::count_if(waiters.begin(), waiters.end(), [](const std::weak_ptr<Waiter>& one) { return !one.expired(); });
  }
  return figures;
}

}  // namespace tidegate::gateway
