// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::store {

/// How an action stands, as the next start needs it: what was triggered and is to be taken back, and what counts against its bounds.
struct StoredAction {
  std::string name;
  std::string kind;      ///< as the configuration writes it
  std::string incident;  ///< empty: nothing of it is in place
  std::string by;        ///< who asked for it; empty: an alert did
  WallTime began_at{};
  std::string alert_id;
  std::string rule;
  std::string subject;
  std::string severity;
  std::string summary;
  double value = 0;
  double threshold = 0;
  std::optional<WallTime> ran_at;  ///< last
  WallTime day{};                  ///< that `runs` are of, its begin
  std::int64_t runs = 0;

  friend bool operator==(const StoredAction&, const StoredAction&) = default;
};

/// Something that was changed, for whoever asks later.
struct AuditEntry {
  WallTime at{};
  std::string actor;    ///< who: `alert`, a name that somebody gave, `admin API`
  std::string subject;  ///< what it was about: `action scale-up`, `tenant web`
  std::string text;     ///< one line

  friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

/// A tenant's limits per minute, before and after.
struct ScaledLimits {
  std::optional<std::int64_t> requests_before, requests_after;
  std::optional<std::int64_t> tokens_before, tokens_after;

  friend bool operator==(const ScaledLimits&, const ScaledLimits&) = default;
};
enum class LimitsReturn : std::uint8_t {
  Returned,  ///< they are what they were
  Changed,   ///< somebody set others meanwhile, which stay
  Nothing,   ///< nothing was changed on this behalf
};

/// Port to what operations have to keep. One thread at a time. Failures: as the database gives them.
class OperationsStore {
 public:
  virtual ~OperationsStore() = default;

  [[nodiscard]] virtual Result<void> save(const StoredAction& action) = 0;
  [[nodiscard]] virtual Result<std::vector<StoredAction>> load() = 0;

  /// Keeps the newest kMostAudit.
  [[nodiscard]] virtual Result<void> add(const AuditEntry& entry) = 0;
  /// Newest first.
  [[nodiscard]] virtual Result<std::vector<AuditEntry>> newest(std::size_t most) = 0;

  /// Multiplies the tenant's limits per minute (each stays at least 1) and keeps what they were, under the name of the `holder`. Asked
  /// again, it changes nothing and gives what it did. Failure: NotFound (no such tenant, or it has no limits per minute), Denied
  /// (another holder has changed them).
  [[nodiscard]] virtual Result<ScaledLimits> scale_limits(const std::string& holder, const TenantId& tenant, double factor) = 0;
  /// Puts back what they were, unless somebody has set others since; either way the holder holds nothing any more.
  [[nodiscard]] virtual Result<LimitsReturn> return_limits(const std::string& holder) = 0;

  static constexpr std::size_t kMostAudit = 10'000;
};

}  // namespace tidegate::store
