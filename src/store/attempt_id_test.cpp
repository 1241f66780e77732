// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/attempt_id.h"

#include <gtest/gtest.h>

namespace tidegate::store {
namespace {

Now at(std::string_view wall) { return Now{SteadyTime{}, parse_rfc3339(wall).value()}; }

TEST(AttemptIds, CarryTimeWorkerAndSequence) {
  AttemptIdSource source(5, 0);
  const AttemptId first = source.next(at("2026-01-01T00:00:02Z"));
  EXPECT_EQ(first, (std::int64_t{2000} << 22) | (5 << 16));
  EXPECT_EQ(source.next(at("2026-01-01T00:00:02Z")), first + 1);
  EXPECT_EQ(time_of(first), parse_rfc3339("2026-01-01T00:00:02Z").value());
}

TEST(AttemptIds, NeverGoBackWhenTheWallClockDoes) {
  AttemptIdSource source(0, 0);
  const AttemptId before = source.next(at("2026-05-01T12:00:00Z"));
  EXPECT_GT(source.next(at("2026-05-01T11:00:00Z")), before);
}

TEST(AttemptIds, BorrowTheNextMillisecondWhenOneIsUsedUp) {
  AttemptIdSource source(1, 0);
  AttemptId last = 0;
  for (int i = 0; i < 70'000; ++i) {
    const AttemptId next = source.next(at("2026-05-01T12:00:00Z"));
    ASSERT_GT(next, last);
    last = next;
  }
  EXPECT_EQ(time_of(last), parse_rfc3339("2026-05-01T12:00:00.001Z").value());
}

TEST(AttemptIds, ContinueAfterTheLastKnownOneOverARestart) {
  AttemptIdSource before(3, 0);
  const AttemptId last = before.next(at("2026-05-01T12:00:00Z"));
  AttemptIdSource after(0, last);  // the clock was set back an hour meanwhile
  EXPECT_GT(after.next(at("2026-05-01T11:00:00Z")), last);
}

TEST(AttemptIds, AreNeverZeroAndNeverNegative) {
  AttemptIdSource source(0, 0);
  EXPECT_GT(source.next(at("1999-01-01T00:00:00Z")), 0);
  AttemptIdSource exact(0, 0);
  EXPECT_GT(exact.next(at("2026-01-01T00:00:00Z")), 0);
}

TEST(AttemptIds, TimeRangesAreIdRanges) {
  AttemptIdSource source(63, 0);
  const AttemptId id = source.next(at("2026-05-01T12:00:00.5Z"));
  EXPECT_GE(id, first_id_at(parse_rfc3339("2026-05-01T12:00:00.5Z").value()));
  EXPECT_LT(id, first_id_at(parse_rfc3339("2026-05-01T12:00:00.501Z").value()));
  EXPECT_EQ(first_id_at(parse_rfc3339("1999-01-01T00:00:00Z").value()), 0);
}

}  // namespace
}  // namespace tidegate::store
