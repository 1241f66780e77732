// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/segment.h"

#include "store/sample_records.h"
#include "store/temporary_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

namespace tidegate::store {
namespace {

std::unique_ptr<Segment> make(const TemporaryDirectory& directory, std::size_t bytes = 64 * 1024) {
  return Segment::create(directory.path() / "a.seg", bytes, SegmentHead{2, 1000, 7, 5}).value();
}

bool append(Segment& segment, std::uint32_t sequence) {
  const BeginRecord record = sample_begin(sequence + 1);
  const std::size_t bytes = payload_bytes(record);
  std::byte* place = segment.make_room(record_bytes(bytes));
  if (place != nullptr) write_record(place, sequence, record, bytes);
  return place != nullptr;
}

std::vector<std::uint32_t> sequences(const Segment& segment, SegmentCursor::Holes holes) {
  std::vector<std::uint32_t> found;
  for (SegmentCursor cursor(segment, holes); cursor.peek(); cursor.next()) found.push_back(cursor.peek()->sequence);
  return found;
}

TEST(Segments, GiveBackWhatWasWrittenUntilTheyAreFull) {
  const TemporaryDirectory directory;
  const auto segment = make(directory);
  std::vector<std::uint32_t> written;
  for (std::uint32_t i = 0; append(*segment, i); ++i) written.push_back(i);
  EXPECT_GT(written.size(), 100U);
  EXPECT_EQ(sequences(*segment, SegmentCursor::Holes::Stop), written);
  const auto reopened = Segment::open(segment->path()).value();
  EXPECT_EQ(reopened->head(), (SegmentHead{2, 1000, 7, 5}));
  EXPECT_EQ(sequences(*reopened, SegmentCursor::Holes::Skip), written);
}

TEST(Segments, HaveTheRoomThatTheySay) {
  const TemporaryDirectory directory;
  const auto segment = make(directory);
  while (segment->room() >= kMaxBeginBytes) ASSERT_NE(segment->make_room(kMaxBeginBytes), nullptr);
}

TEST(Segments, ShowARecordOnceItIsWhole) {
  const TemporaryDirectory directory;
  const auto segment = make(directory);
  SegmentCursor cursor(*segment, SegmentCursor::Holes::Stop);
  EXPECT_FALSE(cursor.peek());
  ASSERT_TRUE(append(*segment, 0));
  ASSERT_TRUE(cursor.peek());
  cursor.next();
  EXPECT_FALSE(cursor.peek());
  ASSERT_TRUE(append(*segment, 1));
  EXPECT_EQ(cursor.peek()->sequence, 1U);
}

TEST(Segments, LoseOnlyTheTornRecordAtWhateverByteItIsTorn) {
  const TemporaryDirectory directory;
  std::size_t record_start = 0;
  std::size_t record_end = 0;
  {
    const auto segment = make(directory, 3 * kPageBytes);
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (i == 1) record_start = segment->position();
      ASSERT_TRUE(append(*segment, i));
      if (i == 1) record_end = segment->position();
    }
  }
  const auto path = directory.path() / "a.seg";
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t payload = payload_bytes(sample_begin(2));
  for (std::size_t torn_at = record_start; torn_at < record_end; ++torn_at) {
    std::vector<char> torn = whole;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(torn_at),
              torn.begin() + static_cast<std::ptrdiff_t>(record_end), '\0');
    std::ofstream(path, std::ios::binary).write(torn.data(), static_cast<std::streamsize>(torn.size()));
    const auto found = sequences(*Segment::open(path).value(), SegmentCursor::Holes::Skip);
    const bool only_fill_lost =
        torn_at >= record_start + kRecordHeadBytes + payload || std::equal(torn.begin(), torn.end(), whole.begin());
    EXPECT_EQ(found, only_fill_lost ? (std::vector<std::uint32_t>{0, 1, 2}) : (std::vector<std::uint32_t>{0, 2}))
        << torn_at;
  }
}

TEST(Segments, AreReadWithoutTheirHead) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(append(*make(directory), 3));
  const auto path = directory.path() / "a.seg";
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out).write(std::vector<char>(48).data(), 48);
  EXPECT_EQ(sequences(*Segment::open(path).value(), SegmentCursor::Holes::Skip), (std::vector<std::uint32_t>{3}));
}

TEST(Segments, OfAnotherVersionAreLeftAlone) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(append(*make(directory), 3));
  const auto path = directory.path() / "a.seg";
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(8);
  file.put(2);
  file.close();
  const auto opened = Segment::open(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, FailureKind::Unsupported);
}

TEST(Segments, ThatFindNoSpaceAreAFailureAndLeaveNoFile) {
  const TemporaryDirectory directory;
  // No file system here has room for 2^60 bytes.
  const auto made = Segment::create(directory.path() / "a.seg", std::size_t{1} << 60, SegmentHead{});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, FailureKind::Exhausted);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace tidegate::store
