// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/amount.h"
#include "base/time.h"
#include "quota/allowance.h"
#include "quota/budget.h"
#include "quota/rate_meter.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tidegate::quota {

/// A tenant, or one of its keys, and what it may take.
struct TenantAccount {
  std::string tenant;
  std::string key;  ///< id; empty: the tenant itself
  Allowance allowance;
  std::optional<WallTime> created_at = {};  ///< of a key
};

/// An account that may have spent something before the book knew it: somebody has to look it up and `restore` it.
struct MissingPast {
  std::string tenant;
  std::string key;  ///< empty: the tenant as a whole
  WallTime since = WallTime::min();  ///< the account did not exist before
  WallTime until{};                  ///< requests that began from here on are in the book
  std::array<bool, kBudgetPeriods> periods{};  ///< that it has budgets for
};

/// One limit per minute, as headers tell it.
struct RateLevel {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  Nanoseconds full_after{0};
};

/// Of the limits per minute of a key and of its tenant the tighter ones; absent: there is none.
struct RateLevels {
  std::optional<RateLevel> requests, tokens;
};

/// A budget, and whose it is.
struct OwnedBudget {
  bool of_key = false;  ///< else of the tenant
  BudgetLevel level;
};

enum class TenantLimit : std::uint8_t { Requests, Tokens, Budget };

/// A limit of the key's or the tenant's that a request does not pass.
struct TenantRefusal {
  TenantLimit limit = TenantLimit::Requests;
  bool of_key = false;
  /// Of a limit per minute: exactly when the request would pass. Of a budget that is spent: until its window ends,
  /// `Nanoseconds::max()` if that does not help. Of one that is only set aside: as long as requests usually take.
  Nanoseconds retry_after{0};
  std::int64_t per_minute = 0;     ///< the limit, unless it is a budget
  std::optional<BudgetStop> stop = {};  ///< if it is a budget

  /// Trying again soon is pointless.
  [[nodiscard]] bool is_final() const { return stop && stop->is_spent(); }
};

/// How an account stands.
struct AccountLevel {
  std::string tenant;
  std::string key;  ///< empty: the tenant itself
  std::vector<BudgetLevel> budgets;
  std::optional<RateLevel> requests, tokens;
  std::int64_t in_flight = 0;
};

/// Spending and limits of all tenants and keys that the directory knows: what their requests are admitted by. Any
/// thread; one short lock, no I/O under it. A request that nobody limits costs one load, and two searches where there
/// are tenants at all.
class TenantBook {
 private:
  struct Account;

 public:
  /// What a request has set aside in its key's and its tenant's accounts. Gives it back when it ends without having
  /// been settled. The book outlives it. One thread.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { release(); }

    /// What the answer really took, `output` tokens of it as output. Once more for more of it.
    void settle(const Spend& actual, std::int64_t output_tokens, Now now);
    void release();
    /// The request went nowhere, so that it counts for nothing: what was set aside comes back, and the request itself with it. Gives
    /// what is left then; empty if nothing was set aside.
    RateLevels withdraw(Now now);

   private:
    friend class TenantBook;
    /// Shared, because a key may leave the directory while its requests are out.
    struct Part {
      std::shared_ptr<Account> account;
      Reservation reservation;
      double rated_tokens = 0;  ///< taken from the meter in advance
    };
    /// Under the book's lock: sets aside with the accounts that are there.
    void take(TenantBook& book, const Amount& worst_case, Now now);
    /// Under the book's lock: the part's account, in which nothing is set aside any more.
    [[nodiscard]] std::shared_ptr<Account> let_go(Part& part);

    TenantBook* book_ = nullptr;  ///< null: nothing is set aside
    std::array<Part, 2> parts_;
    Spend worst_case_;
    SteadyTime admitted_at_{};
    bool settled_ = false;
  };

  struct Admission {
    std::optional<TenantRefusal> refusal;  ///< then nothing is set aside
    bool is_limited = false;               ///< whether key or tenant have any limit
    bool has_hard_budget = false;
    RateLevels rates;                           ///< after this request
    std::vector<OwnedBudget> warnings;          ///< budgets beyond their warning
    Priority priority = Priority::Interactive;
    std::int64_t weight = 1;
    std::optional<Nanoseconds> max_wait;
    Ticket ticket;
  };

  TenantBook() = default;
  TenantBook(const TenantBook&) = delete;
  TenantBook& operator=(const TenantBook&) = delete;
  ~TenantBook();

  /// The accounts in force. Those that stay keep what they have spent; those not named are forgotten. Gives those that
  /// have a budget for a period whose past is missing, once for each period; keys made since the first call have none.
  /// By one thread at a time.
  [[nodiscard]] std::vector<MissingPast> adopt(std::span<const TenantAccount> accounts, Now now);
  /// Adds what was missing, by period: spent in the hour, day and month that `now` lies in, and ever.
  void restore(const MissingPast& missing, const std::array<Spend, kBudgetPeriods>& spent, WallTime now);

  /// Whether anybody is known: else `admit` need not be asked.
  [[nodiscard]] bool is_empty() const { return size_.load(std::memory_order_relaxed) == 0; }
  /// Sets `worst_case` aside with key and tenant, or refuses. `worst_case`: the estimated input and the most output
  /// that the request allows, at list price; `requests` 0 for what is neither counted nor paid, which is never refused.
  [[nodiscard]] Admission admit(std::string_view tenant, std::string_view key, const Amount& worst_case, Now now);

  enum class Which : std::uint8_t {
    All,
    Tenants,
    BeyondWarning,  ///< with a budget beyond its warning, and only those budgets
  };
  /// Ordered by tenant, then key.
  [[nodiscard]] std::vector<AccountLevel> levels(Which which, Now now) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Accounts = std::unordered_map<std::string, std::shared_ptr<Account>, Hash, std::equal_to<>>;

  std::optional<WallTime> began_;  ///< first `adopt`; its thread only
  mutable std::mutex mutex_;       ///< guards the accounts and what is in them
  Accounts tenants_, keys_;   ///< by id
  std::atomic<std::size_t> size_ = 0;
};

}  // namespace tidegate::quota
