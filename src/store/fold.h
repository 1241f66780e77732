// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/attempt_records.h"
#include "store/record.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace tidegate::store {

/// The records of one attempt, as far as they were read. Their texts lie in the files that hold the records: `pins`
/// keeps those.
struct FoldedAttempt {
  AttemptId id = 0;
  AttemptRecords records;              ///< as if it were over, once it is finished
  std::array<bool, 3> seen{};          ///< begin, charge, end
  std::array<std::size_t*, 3> pins{};  ///< of the file that each record lies in, see Fold::apply
};

/// Folds begin, charge and end records into attempts. One thread. Records may come more than once.
/// Finished attempts are remembered until `release`; their objects are reused, so that a steady flow allocates nothing.
class Fold {
 public:
  Fold() = default;
  Fold(const Fold&) = delete;
  Fold& operator=(const Fold&) = delete;

  enum class Applied : std::uint8_t {
    Added,      ///< new
    Repeated,   ///< that record of that attempt was there already
    Malformed,  ///< the payload does not read as its kind
  };
  /// Takes one record in. An end finishes its attempt. `pins` counts the records of one file that are still needed: it
  /// is raised here and lowered by `release`, and outlives both; the file's bytes stay where they are while it is not
  /// 0.
  Applied apply(const RecordView& record, std::size_t& pins);

  /// Finishes what is still open: Interrupted, charged the estimate where no charge was seen.
  void finish_interrupted();

  using Attempts = std::unordered_map<AttemptId, FoldedAttempt>;

  /// How many attempts are finished and not released.
  [[nodiscard]] std::size_t finished_count() const { return finished_.size(); }
  /// The first `count` of them, in the order they finished. Valid until `release`.
  [[nodiscard]] const std::vector<const AttemptRecords*>& finished(std::size_t count);
  /// What is known of finished attempt `index`.
  [[nodiscard]] const FoldedAttempt& finished_attempt(std::size_t index) const { return finished_[index].mapped(); }
  /// Forgets the first `count` finished attempts.
  void release(std::size_t count);

  /// Attempts whose end was not seen yet.
  [[nodiscard]] const Attempts& open() const { return open_; }
  [[nodiscard]] Attempts& open() { return open_; }
  /// Of all attempts seen; 0 if there was none.
  [[nodiscard]] AttemptId greatest_id() const { return greatest_id_; }

 private:
  FoldedAttempt& attempt(AttemptId id);
  void finish(AttemptId id);

  Attempts open_;
  std::vector<Attempts::node_type> finished_;
  std::vector<Attempts::node_type> spare_;
  std::vector<const AttemptRecords*> group_;
  AttemptId greatest_id_ = 0;
};

/// The records that an attempt leaves if it ends here: without an end it is Interrupted; without a charge as well, the
/// estimate is what it cost.
[[nodiscard]] AttemptRecords interrupted(const FoldedAttempt& attempt);

/// A record of an open attempt was copied to another file: from now on it is read there, and pins that one.
void move_record(FoldedAttempt& attempt, const RecordView& copy, std::size_t& pins);

}  // namespace tidegate::store
