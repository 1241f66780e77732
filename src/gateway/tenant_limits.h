// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/amount.h"
#include "base/time.h"
#include "gateway/outcome.h"
#include "gateway/own_answer.h"
#include "llm/limit_header.h"
#include "net/http1/field_class.h"
#include "net/http1/write.h"
#include "quota/book/tenant_book.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tidegate::gateway {

/// One request before the limits of its key and its tenant: budgets and limits per minute that the operator set, beside
/// the provider's. Asked once the targets are known, told what the answer took; what was set aside comes back by itself
/// when the request ends. Costs a request that nobody limits next to nothing. One request, one thread.
class TenantLimits {
 public:
  /// Sets aside what the request may take. Gives the answer of a request that is refused: a 429 with the exact time to
  /// come back (1–60 s), or, once a hard budget is spent, one that says not to; or a 403 where a hard budget could not be
  /// kept. Needs of the outcome: caller, match, method. `path` without query; `worst_case` as TenantBook::admit.
  [[nodiscard]] std::optional<OwnAnswer> admit(quota::TenantBook& book, const Outcome& outcome, std::string_view path,
                                               const Amount& worst_case, Now now);
  /// What the answer took, as charged; before its last bytes are handed over. Once for each part that is charged.
  void settle(const Outcome& outcome, Now now);

  /// Nobody was asked for it: it does not count, and the headers say so.
  void withdraw(llm::Dialect dialect, Now now);

  /// Whether a field of the provider's answer is kept from the client: of a limited caller, what the provider says of its
  /// own limits, because they are not the caller's.
  [[nodiscard]] bool hides(net::http1::FieldClass field) const {
    using enum net::http1::FieldClass;
    return admission_.is_limited && (field == AnthropicRateLimit || field == XRateLimit);
  }
  /// The caller's own limits in the same families, and warnings about budgets, as they were at its admission.
  void write_headers(net::http1::HeadWriter& writer) const;
  /// The same; empty: nobody limits the caller.
  [[nodiscard]] const std::vector<llm::LimitHeader>& headers() const { return headers_; }

  // How the request is to wait for the provider's limits.
  [[nodiscard]] quota::Priority priority() const { return admission_.priority; }
  [[nodiscard]] std::int64_t weight() const { return admission_.weight; }
  [[nodiscard]] std::optional<Nanoseconds> max_wait() const { return admission_.max_wait; }

 private:
  quota::TenantBook::Admission admission_;
  std::vector<llm::LimitHeader> headers_;
};

/// Whether an answer of this path costs money that the gateway does not see: batches, and what has no usage.
[[nodiscard]] bool costs_unseen(std::string_view method, std::string_view path);

/// The answer to a request that a limit of its key or tenant refuses; its message names the instant from which on the
/// request passes where that is further away than `retry-after` may say.
[[nodiscard]] OwnAnswer answer_of(const quota::TenantRefusal& refusal, llm::Dialect dialect, WallTime now);

}  // namespace tidegate::gateway
