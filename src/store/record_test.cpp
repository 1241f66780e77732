// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace tidegate::store {
namespace {

TEST(Cutting, KeepsWholeCharacters) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
  EXPECT_EQ(cut_utf8("abcd", 3), "abc");
  EXPECT_EQ(cut_utf8("ab\xC3\xA9", 3), "ab");  // é is two bytes
  EXPECT_EQ(cut_utf8("\xE2\x82\xAC", 2), "");  // € is three
  EXPECT_EQ(cut_utf8("a\xE2\x82\xAC"
                     "b",
                     4),
            "a\xE2\x82\xAC");
}

BeginRecord full_begin(std::string_view text) {
  BeginRecord record;
  record.id = 77;
  record.started_at = wall_time_from_unix_nanoseconds(1'800'000'000'123'456'789);
  record.kind = EntryKind::Shadow;
  record.attempt = 3;
  record.stream = true;
  record.metered = false;
  record.request_id = record.dialect = record.endpoint = record.provider = record.pool = record.model = text;
  record.tenant = record.key = record.user = record.session = record.agent = record.wanted_room = text;
  record.estimated_input = 1234;
  record.estimated_cost = Money::nanodollars(5678);
  return record;
}

struct Buffer {
  alignas(64) std::array<std::byte, 1024> bytes{};
};

TEST(Records, ReadBackAsTheyWereWritten) {
  Buffer buffer;
  const BeginRecord begin = full_begin("text");
  write_record(buffer.bytes.data(), 9, begin, payload_bytes(begin));
  const auto view = read_record(load_commit(buffer.bytes.data()), buffer.bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->sequence, 9U);
  const auto read = decode_begin(*view);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, 77);
  EXPECT_EQ(read->started_at, begin.started_at);
  EXPECT_EQ(read->kind, EntryKind::Shadow);
  EXPECT_EQ(read->attempt, 3);
  EXPECT_TRUE(read->stream);
  EXPECT_FALSE(read->metered);
  EXPECT_EQ(read->agent, "text");
  EXPECT_EQ(read->wanted_room, "text");
  EXPECT_EQ(read->estimated_cost, Money::nanodollars(5678));
  EXPECT_FALSE(decode_charge(*view));
}

TEST(Records, WithoutAWantedRoomAreAsTheyWereBeforeThereWasOne) {
  BeginRecord begin = full_begin("text");
  const std::size_t with_it = payload_bytes(begin);
  begin.wanted_room = {};
  EXPECT_EQ(payload_bytes(begin), with_it - 5) << "not even a length";
  Buffer buffer;
  write_record(buffer.bytes.data(), 9, begin, payload_bytes(begin));
  const auto read = decode_begin(*read_record(load_commit(buffer.bytes.data()), buffer.bytes));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->agent, "text");
  EXPECT_EQ(read->wanted_room, "");
}

TEST(Records, OfTheLongestTextsStayWithinTheirBounds) {
  const std::string text(1000, 'x');
  EXPECT_LE(record_bytes(payload_bytes(full_begin(text))), kMaxBeginBytes);
  ChargeRecord charge;
  charge.response_model = charge.service_tier = charge.speed = charge.inference_geo = text;
  charge.upstream_request_id = charge.organisation = charge.workspace = text;
  EXPECT_LE(record_bytes(payload_bytes(charge)), kMaxChargeBytes);
  EndRecord end;
  end.error_kind = end.stop_reason = text;
  EXPECT_LE(record_bytes(payload_bytes(end)), kMaxEndBytes);
}

TEST(Records, AreNotThereUntilTheirLastByteIs) {
  Buffer whole;
  const BeginRecord begin = full_begin("some text");
  const std::size_t bytes = payload_bytes(begin);
  write_record(whole.bytes.data(), 1, begin, bytes);
  for (std::size_t kept = 0; kept < kRecordHeadBytes + bytes; ++kept) {
    Buffer torn;
    std::copy_n(whole.bytes.begin(), kept, torn.bytes.begin());
    EXPECT_FALSE(read_record(load_commit(torn.bytes.data()), torn.bytes)) << kept;
  }
}

TEST(Records, WithOneBitChangedAreNotAccepted) {
  Buffer whole;
  const BeginRecord begin = full_begin("t");
  const std::size_t bytes = kRecordHeadBytes + payload_bytes(begin);
  write_record(whole.bytes.data(), 1, begin, payload_bytes(begin));
  for (std::size_t bit = 0; bit < bytes * 8; ++bit) {
    Buffer changed = whole;
    changed.bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto view = read_record(load_commit(changed.bytes.data()), changed.bytes);
    EXPECT_TRUE(!view || view->kind == RecordKind::Padding) << bit;
  }
}

}  // namespace
}  // namespace tidegate::store
