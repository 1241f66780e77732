// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/journal_keeper.h"

#include "store/attempt_id.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <span>
#include <system_error>

namespace tidegate::store {

namespace {

/// Entries in one transaction: enough to spread its fixed cost, few enough to bound memory and the time a lock is held.
constexpr std::size_t kGroup = 2048;
/// How often the workers' supply is looked after.
constexpr Milliseconds kRound(100);
constexpr std::size_t kMinSegmentBytes = 16 * kPageBytes;
/// So long does any failure last: who looks every second sees it.
constexpr Nanoseconds kFirstPause = Seconds(2);
constexpr Nanoseconds kLongestPause = Seconds(30);
constexpr Nanoseconds kCarryAfter = Seconds(30);
constexpr Nanoseconds kMaintainInterval = Seconds(5);

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

/// Makes a new file's name survive a power cut.
void sync_directory(const std::filesystem::path& directory) {
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace

Result<std::unique_ptr<JournalKeeper>> JournalKeeper::open(const StoreOptions& options, unsigned workers,
                                                           Ledger& ledger, const Clock& clock) {
  const std::filesystem::path directory(options.directory);
  std::error_code error;
  std::filesystem::create_directories(directory / "journal", error);
  if (error) {
    return fail(FailureKind::Io, Origin::Store,
                fmt::format("store: cannot create {} ({}); check that this user may write there",
                            (directory / "journal").string(), error.message()));
  }
  auto lock = DirectoryLock::take(directory);
  if (!lock) return fail(lock);
  std::unique_ptr<JournalKeeper> keeper(new JournalKeeper(options, ledger, clock, std::move(*lock)));
  const Now now = clock.now();
  // Each worker has a segment in use, one offered and one being synced: they must not take the whole journal at once.
  const std::size_t share = options.journal_bytes / (std::max(workers, 1U) * std::size_t{4});
  keeper->options_.segment_bytes = std::max(kMinSegmentBytes, std::min(options.segment_bytes, share));
  keeper->drain(now);
  for (unsigned worker = 0; worker < workers; ++worker) {
    keeper->lanes_.push_back(std::make_unique<WriterLane>());
    auto made = keeper->make_worker_segment(worker, now);
    if (!made && made.error().kind != FailureKind::Exhausted) return fail(made);
    keeper->note_journal(made ? Result<void>() : Result<void>(fail(made)), now);
    keeper->lanes_.back()->supply([&] { return made ? std::move(*made) : nullptr; }, true);
  }
  keeper->publish();
  return keeper;
}

JournalKeeper::JournalKeeper(const StoreOptions& options, Ledger& ledger, const Clock& clock, DirectoryLock lock)
    : options_(options),
      ledger_(ledger),
      clock_(clock),
      lock_(std::move(lock)),
      journal_(std::filesystem::path(options.directory) / "journal"),
      process_(random_number()),
      foreign_(std::make_unique<ForeignJournal>(journal_, SegmentCursor::Holes::Skip)) {
  unreadable_ = foreign_->unreadable();
  next_number_ = foreign_->greatest_number() + 1;
  // A ledger that cannot be read now is left out: what it holds is older than the clock, unless that was set back as
  // well.
  last_id_ = std::max(foreign_->greatest_id(), ledger_.last_id().value_or(0));
}

JournalKeeper::~JournalKeeper() { stop(); }

void JournalKeeper::every(Nanoseconds interval, std::function<void(Now)> job) {
  jobs_.push_back(Job{interval, std::move(job), SteadyTime{}});
}

void JournalKeeper::start() {
  thread_ = std::thread([this] { run(); });
}

void JournalKeeper::stop() {
  {
    const std::lock_guard guard(stop_mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  const Now now = clock_.now();
  drain(now);
  for (const auto& lane : lanes_) lane->close();
  publish();
}

void JournalKeeper::run() {
  std::unique_lock lock(stop_mutex_);
  while (!stopping_) {
    lock.unlock();
    tick(clock_.now());
    lock.lock();
    wake_.wait_for(lock, kRound, [this] { return stopping_; });
  }
}

void JournalKeeper::tick(Now now) {
  supply(now);
  sync(now);
  if (now.steady >= drain_due_) drain(now);
  for (Job& job : jobs_) {
    if (now.steady < job.due) continue;
    job.due = now.steady + job.interval;
    job.run(now);
  }
  publish();
}

void JournalKeeper::supply(Now now) {
  std::size_t wanted = journal_bytes() + 2 * lanes_.size() * options_.segment_bytes;
  for (const auto& lane : lanes_) wanted += lane->reserve();
  const bool may_grow = wanted <= options_.journal_bytes;
  for (std::uint32_t worker = 0; worker < lanes_.size(); ++worker) {
    lanes_[worker]->supply(
        [&]() -> std::unique_ptr<Segment> {
          auto made = make_worker_segment(worker, now);
          note_journal(made ? Result<void>() : Result<void>(fail(made)), now);
          return made ? std::move(*made) : nullptr;
        },
        may_grow);
  }
}

void JournalKeeper::sync(Now now) {
  const bool turn = now.steady >= sync_due_;
  if (turn) sync_due_ = now.steady + options_.sync_interval;
  for (const auto& lane : lanes_) {
    if (turn) {
      if (const auto done = lane->turn(); !done) note_journal(done, now);
    }
    if (const auto done = lane->sync(); !done) note_journal(done, now);
  }
}

void JournalKeeper::drain(Now now) {
  Result<void> drained = drain_foreign();
  if (drained) drained = drain_lanes(now);
  // After a failure the ledger is asked something, even if there is nothing to hand over: only its answer ends the
  // failure.
  if (drained && (now.steady >= maintain_due_ || !drain_error_.empty())) {
    drained = ledger_.maintain(first_id_at(now.wall - options_.retention));
    if (drained) maintain_due_ = now.steady + kMaintainInterval;
  }
  note_drain(drained, now);
  free_space(now);
}

Result<void> JournalKeeper::drain_foreign() {
  while (foreign_ != nullptr) {
    const bool complete = foreign_->read(foreign_fold_, kGroup);
    if (complete) foreign_fold_.finish_interrupted();
    while (foreign_fold_.finished_count() != 0) {
      if (const auto done = hand_over(foreign_fold_); !done) return fail(done);
      // At once: on a full disk the ledger needs this room for the rest.
      foreign_->free_drained();
    }
    if (!complete) continue;
    foreign_->unlink();
    foreign_.reset();
  }
  return {};
}

Result<void> JournalKeeper::drain_lanes(Now now) {
  for (bool complete = false; !complete;) {
    complete = true;
    for (const auto& lane : lanes_) complete = lane->read(fold_, kGroup) && complete;
    if (fold_.finished_count() == 0) break;
    const auto done = hand_over(fold_);
    if (!done) return fail(done);
    drained_of_workers_ += *done;
    if (complete) break;
    // After an outage there may be hundreds of groups; the workers go on meanwhile.
    for (const auto& lane : lanes_) lane->free_drained(now.steady);
    supply(now);
  }
  return {};
}

/// Gives how many entries the ledger has now.
Result<std::size_t> JournalKeeper::hand_over(Fold& fold) {
  const std::size_t count = std::min(fold.finished_count(), kGroup);
  if (const auto done = ledger_.write(fold.finished(count)); !done) return fail(done);
  fold.release(count);
  drained_ += count;
  return count;
}

void JournalKeeper::free_space(Now now) {
  const bool pressed = journal_bytes() + options_.segment_bytes * (lanes_.size() + 1) > options_.journal_bytes;
  std::vector<TrackedSegment*> held;
  for (const auto& lane : lanes_) {
    lane->free_drained(now.steady);
    const auto lane_held = lane->held_back(pressed ? now.steady : now.steady - kCarryAfter);
    held.insert(held.end(), lane_held.begin(), lane_held.end());
  }
  // While the ledger fails, finished attempts hold the segments anyway.
  if (!held.empty() && drain_error_.empty()) carry_over(held, now);
  if (carried_ != nullptr && carried_->pins == 0) {
    carried_->segment->unlink();
    carried_.reset();
  }
}

void JournalKeeper::carry_over(const std::vector<TrackedSegment*>& held, Now now) {
  const auto is_held = [&](const std::size_t* pins) {
    return (carried_ != nullptr && pins == &carried_->pins) ||
           std::any_of(held.begin(), held.end(), [&](const TrackedSegment* one) { return pins == &one->pins; });
  };
  std::vector<FoldedAttempt*> attempts;
  for (auto& [id, attempt] : fold_.open()) {
    if ((attempt.seen[0] && is_held(attempt.pins[0])) || (attempt.seen[1] && is_held(attempt.pins[1]))) {
      attempts.push_back(&attempt);
    }
  }
  // A page holds four of the largest begins, or seven charges: at most a thousand bytes each, unused ends included.
  auto made = make_segment(kCarryWorker, 2 * kPageBytes + attempts.size() * 2 * 1024, now);
  if (!made) return note_journal(fail(made), now);
  auto carried = std::make_unique<Carried>(Carried{std::move(*made), 0});
  std::uint32_t sequence = 0;
  const auto write = [&](const auto& record) {
    const std::size_t bytes = payload_bytes(record);
    write_record(carried->segment->make_room(record_bytes(bytes)), sequence++, record, bytes);
  };
  for (const FoldedAttempt* attempt : attempts) {
    if (attempt->seen[0]) write(attempt->records.begin);
    if (attempt->seen[1]) write(attempt->records.charge);
  }
  if (auto synced = carried->segment->sync(); !synced) {
    carried->segment->unlink();
    return note_journal(synced, now);
  }
  SegmentCursor copies(*carried->segment, SegmentCursor::Holes::Stop);
  for (FoldedAttempt* attempt : attempts) {
    for (auto left = std::count(attempt->seen.begin(), attempt->seen.end(), true); left > 0 && copies.peek(); --left) {
      move_record(*attempt, *copies.peek(), carried->pins);
      copies.next();
    }
  }
  if (carried_ != nullptr) carried_->segment->unlink();
  carried_ = std::move(carried);
  for (const auto& lane : lanes_) lane->free_drained(now.steady);
}

Result<std::unique_ptr<Segment>> JournalKeeper::make_worker_segment(std::uint32_t worker, Now now) {
  auto made = make_segment(worker, options_.segment_bytes, now);
  const bool is_within_limit = journal_bytes() + options_.segment_bytes <= options_.journal_bytes;
  for (std::size_t bytes = options_.segment_bytes / 2; is_within_limit && bytes >= kMinSegmentBytes; bytes /= 2) {
    if (made || made.error().kind != FailureKind::Exhausted) break;
    made = make_segment(worker, bytes, now);
  }
  return made;
}

Result<std::unique_ptr<Segment>> JournalKeeper::make_segment(std::uint32_t worker, std::size_t bytes, Now now) {
  if (worker != kCarryWorker && journal_bytes() + bytes > options_.journal_bytes) {
    return fail(FailureKind::Exhausted, Origin::Store,
                fmt::format("journal: {} bytes are in use and journal_bytes is {}; the ledger does not take entries",
                            journal_bytes(), options_.journal_bytes),
                Retry::Later);
  }
  const std::uint64_t number = next_number_++;
  auto made = Segment::create(journal_ / segment_name(number, worker), bytes,
                              SegmentHead{worker, unix_nanoseconds(now.wall), process_, number});
  if (made) sync_directory(journal_);
  return made;
}

std::size_t JournalKeeper::journal_bytes() const {
  std::size_t sum = foreign_ == nullptr ? 0 : foreign_->bytes();
  if (carried_ != nullptr) sum += carried_->segment->bytes().size();
  for (const auto& lane : lanes_) sum += lane->bytes();
  return sum;
}

void JournalKeeper::note_drain(const Result<void>& drained, Now now) {
  if (drained) {
    drain_error_.clear();
    pause_ = Nanoseconds(0);
    drain_due_ = now.steady + options_.drain_interval;
    if (journal_error_.empty()) failing_since_.reset();
    return;
  }
  drain_error_ = drained.error().detail;
  ++failures_;
  if (!failing_since_) failing_since_ = now.wall;
  pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
  drain_due_ = now.steady + pause_;
}

void JournalKeeper::note_journal(const Result<void>& done, Now now) {
  journal_error_ = done ? std::string() : done.error().detail;
  if (!done && !failing_since_) failing_since_ = now.wall;
  if (done && drain_error_.empty()) failing_since_.reset();
}

void JournalKeeper::publish() {
  LedgerHealth health;
  health.undrained = foreign_fold_.finished_count();
  // What the workers have ended, not what was read: nothing is read ahead of a ledger that fails.
  std::uint64_t ended = 0;
  for (const auto& lane : lanes_) ended += lane->writer().ended();
  health.undrained += ended - std::min(ended, drained_of_workers_);
  health.open_attempts = fold_.open().size();
  health.journal_bytes = journal_bytes();
  health.drained = drained_;
  health.failures = failures_;
  health.damaged = foreign_ == nullptr ? 0 : foreign_->damaged();
  for (const auto& lane : lanes_) health.damaged += lane->damaged();
  health.last_error = drain_error_.empty() ? journal_error_ : drain_error_;
  health.failing_since = failing_since_;
  const std::lock_guard guard(health_mutex_);
  health_ = std::move(health);
}

LedgerHealth JournalKeeper::health() const {
  LedgerHealth health;
  {
    const std::lock_guard guard(health_mutex_);
    health = health_;
  }
  for (const auto& lane : lanes_) health.not_recorded += lane->writer().not_recorded();
  return health;
}

}  // namespace tidegate::store
