// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "store/directory_lock.h"
#include "store/journal.h"
#include "store/journal_reader.h"
#include "store/ledger.h"
#include "store/store_options.h"
#include "store/writer_lane.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::store {

/// Keeps the journal: makes and syncs segments, folds records into entries, hands them to the ledger in groups, and
/// frees the space only when the ledger has them. What earlier processes left is drained first.
///
/// A ledger that fails (disk full, locked, broken) is tried again with growing pauses, at most 30 s; the entries stay
/// in the journal and `health` says why. Memory stays bounded: no more than one group is read ahead of the ledger.
///
/// Attempts that outlast their segment: 30 s after a segment is full, what is known of its unfinished attempts is
/// written to a segment of the keeper's own and synced ("carried over"), and only then the full one is deleted. A crash
/// in between leaves both, and reading a record twice changes nothing.
///
/// One thread calls `tick`: the keeper's own after `start`, or a test. The other calls say who may use them.
class JournalKeeper {
 public:
  /// Locks the directory, takes over what is there, and has a first segment ready for each of `workers` (≤
  /// kMaxWorkers). A ledger that fails is no failure here, nor is a full disk: then `health` says so, and the writers
  /// accept nothing until there is room. `ledger` and `clock` outlive the keeper. Failure: Denied if another process
  /// has the directory (names it), Io.
  [[nodiscard]] static Result<std::unique_ptr<JournalKeeper>> open(const StoreOptions& options, unsigned workers,
                                                                   Ledger& ledger, const Clock& clock);
  JournalKeeper(const JournalKeeper&) = delete;
  JournalKeeper& operator=(const JournalKeeper&) = delete;
  ~JournalKeeper();

  /// The worker's end, for that worker's thread. Lives as long as the keeper.
  [[nodiscard]] JournalWriter& writer(unsigned worker) { return lanes_[worker]->writer(); }
  /// Greater than or equal to every attempt id given before this start; seeds AttemptIdSource.
  [[nodiscard]] AttemptId last_id() const { return last_id_; }
  /// Files that this program cannot read and so left alone; for the log.
  [[nodiscard]] const std::vector<std::string>& unreadable() const { return unreadable_; }

  /// Runs `job` on the keeper's thread every `interval`. Before `start` only.
  void every(Nanoseconds interval, std::function<void(Now)> job);
  /// Starts the thread.
  void start();
  /// Stops the thread and drains what the workers wrote; they have stopped before. Idempotent.
  void stop();

  /// One round: supply, and sync, drain, jobs if they are due.
  void tick(Now now);
  /// Any thread.
  [[nodiscard]] LedgerHealth health() const;

 private:
  struct Job {
    Nanoseconds interval;
    std::function<void(Now)> run;
    SteadyTime due;
  };
  struct Carried {
    std::unique_ptr<Segment> segment;
    std::size_t pins = 0;
  };

  JournalKeeper(const StoreOptions& options, Ledger& ledger, const Clock& clock, DirectoryLock lock);

  void run();
  void supply(Now now);
  void sync(Now now);
  void drain(Now now);
  [[nodiscard]] Result<void> drain_foreign();
  [[nodiscard]] Result<void> drain_lanes(Now now);
  [[nodiscard]] Result<std::size_t> hand_over(Fold& fold);
  void free_space(Now now);
  void carry_over(const std::vector<TrackedSegment*>& held, Now now);
  [[nodiscard]] Result<std::unique_ptr<Segment>> make_segment(std::uint32_t worker, std::size_t bytes, Now now);
  /// As large as it may be; on a disk that is nearly full, as large as finds room.
  [[nodiscard]] Result<std::unique_ptr<Segment>> make_worker_segment(std::uint32_t worker, Now now);
  [[nodiscard]] std::size_t journal_bytes() const;
  void note_drain(const Result<void>& drained, Now now);
  void note_journal(const Result<void>& done, Now now);
  void publish();

  StoreOptions options_;
  Ledger& ledger_;
  const Clock& clock_;
  DirectoryLock lock_;
  std::filesystem::path journal_;
  std::uint64_t process_;
  std::uint64_t next_number_ = 1;
  AttemptId last_id_ = 0;
  std::vector<std::string> unreadable_;

  std::unique_ptr<ForeignJournal> foreign_;  ///< null once it is drained
  Fold foreign_fold_;
  std::vector<std::unique_ptr<WriterLane>> lanes_;
  Fold fold_;
  std::unique_ptr<Carried> carried_;

  SteadyTime sync_due_;
  SteadyTime drain_due_;
  SteadyTime maintain_due_;
  Nanoseconds pause_{0};  ///< after a failed drain
  std::string drain_error_;
  std::string journal_error_;
  std::optional<WallTime> failing_since_;
  std::uint64_t drained_ = 0;
  std::uint64_t drained_of_workers_ = 0;  ///< without what earlier processes left
  std::uint64_t failures_ = 0;
  std::vector<Job> jobs_;

  mutable std::mutex health_mutex_;  ///< guards health_
  LedgerHealth health_;

  std::mutex stop_mutex_;  ///< guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tidegate::store
