// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/fold.h"

#include "store/sample_records.h"

#include <gtest/gtest.h>

#include <deque>

namespace tidegate::store {
namespace {

/// Records in memory, as a segment would show them.
class Records {
 public:
  template <typename Record>
  RecordView operator()(const Record& record) {
    Buffer& buffer = buffers_.emplace_back();
    write_record(buffer.bytes.data(), 0, record, payload_bytes(record));
    return *read_record(load_commit(buffer.bytes.data()), buffer.bytes);
  }

 private:
  struct Buffer {
    alignas(64) std::array<std::byte, 1024> bytes{};
  };
  std::deque<Buffer> buffers_;
};

TEST(Folding, JoinsTheThreeRecordsIntoOneEntry) {
  Records record;
  Fold fold;
  std::size_t pins = 0;
  fold.apply(record(sample_begin(5)), pins);
  fold.apply(record(sample_charge(5)), pins);
  EXPECT_EQ(fold.finished_count(), 0U);
  fold.apply(record(sample_end(5)), pins);
  ASSERT_EQ(fold.finished_count(), 1U);
  const LedgerEntry entry = entry_of(*fold.finished(1)[0]);
  EXPECT_EQ(entry.id, 5);
  EXPECT_EQ(entry.state, AttemptState::Completed);
  EXPECT_EQ(entry.model, "claude-sonnet-4-5-20250929");
  EXPECT_EQ(entry.tokens.output, 301);
  EXPECT_EQ(entry.cost, Money::nanodollars(5'031'000));
  EXPECT_EQ(entry.stop_reason, "end_turn");
  EXPECT_EQ(entry.duration, Milliseconds(5210));
  EXPECT_FALSE(entry.estimated);
  EXPECT_EQ(pins, 3U);
  fold.release(1);
  EXPECT_EQ(pins, 0U);
}

TEST(Folding, NeedsNoCharge) {
  Records record;
  Fold fold;
  std::size_t pins = 0;
  fold.apply(record(sample_begin(5)), pins);
  EndRecord end;
  end.id = 5;
  end.state = AttemptState::Failed;
  end.error_kind = "overloaded";
  fold.apply(record(end), pins);
  const LedgerEntry entry = entry_of(*fold.finished(1)[0]);
  EXPECT_EQ(entry.state, AttemptState::Failed);
  EXPECT_EQ(entry.cost, Money());
  EXPECT_FALSE(entry.estimated);
}

TEST(Folding, ChargesTheEstimateWhereNeitherChargeNorEndWasSeen) {
  Records record;
  Fold fold;
  std::size_t pins = 0;
  fold.apply(record(sample_begin(5)), pins);
  fold.apply(record(sample_begin(6)), pins);
  fold.apply(record(sample_charge(6)), pins);
  fold.finish_interrupted();
  ASSERT_EQ(fold.finished_count(), 2U);
  const LedgerEntry uncharged = entry_of(*fold.finished(2)[0]);
  EXPECT_EQ(uncharged.state, AttemptState::Interrupted);
  EXPECT_TRUE(uncharged.estimated);
  EXPECT_EQ(uncharged.cost, Money::nanodollars(4'000'000));
  EXPECT_EQ(uncharged.tokens.input, 900);
  const LedgerEntry charged = entry_of(*fold.finished(2)[1]);
  EXPECT_EQ(charged.state, AttemptState::Interrupted);
  EXPECT_FALSE(charged.estimated);
  EXPECT_EQ(charged.cost, Money::nanodollars(5'031'000));
}

TEST(Folding, TakesARecordThatComesTwiceOnce) {
  Records record;
  Fold fold;
  std::size_t pins = 0;
  EXPECT_EQ(fold.apply(record(sample_begin(5)), pins), Fold::Applied::Added);
  EXPECT_EQ(fold.apply(record(sample_begin(5)), pins), Fold::Applied::Repeated);
  EXPECT_EQ(pins, 1U);
}

TEST(Folding, LeavesNothingOfAnEarlierAttemptInAReusedOne) {
  Records record;
  Fold fold;
  std::size_t pins = 0;
  fold.apply(record(sample_begin(5)), pins);
  fold.apply(record(sample_charge(5)), pins);
  fold.apply(record(sample_end(5)), pins);
  fold.release(1);
  EndRecord end;
  end.id = 6;
  fold.apply(record(end), pins);
  LedgerEntry expected;
  expected.id = 6;
  expected.state = AttemptState::Completed;
  EXPECT_EQ(entry_of(*fold.finished(1)[0]), expected);
  fold.release(1);
  ChargeRecord charge;
  charge.id = 7;
  charge.cost = Money::nanodollars(3);
  fold.apply(record(charge), pins);
  fold.finish_interrupted();
  expected = LedgerEntry();
  expected.id = 7;
  expected.cost = Money::nanodollars(3);
  EXPECT_EQ(entry_of(*fold.finished(1)[0]), expected);
}

TEST(Folding, ReadsARecordWhereItWasCopiedTo) {
  std::size_t old_pins = 0;
  std::size_t new_pins = 0;
  Fold fold;
  Records copies;
  {
    Records originals;
    fold.apply(originals(sample_begin(5)), old_pins);
    fold.apply(originals(sample_charge(5)), old_pins);
    FoldedAttempt& attempt = fold.open().at(5);
    move_record(attempt, copies(attempt.records.begin), new_pins);
    move_record(attempt, copies(attempt.records.charge), new_pins);
  }
  EXPECT_EQ(old_pins, 0U);
  EXPECT_EQ(new_pins, 2U);
  fold.apply(copies(sample_end(5)), new_pins);
  const LedgerEntry entry = entry_of(*fold.finished(1)[0]);
  EXPECT_EQ(entry.model, sample_begin(5).model);
  EXPECT_EQ(entry.upstream_request_id, sample_charge(5).upstream_request_id);
  fold.release(1);
  EXPECT_EQ(new_pins, 0U);
}

}  // namespace
}  // namespace tidegate::store
