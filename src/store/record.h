// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/entry.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// One journal record as bytes. All numbers are little-endian (the machine's own; the header refuses a foreign file).
///
///     record   = commit checksum payload fill      ; starts at a cell (64 bytes), never crosses a page (4096 bytes)
///     commit   = u64: magic 0xA7 << 56 | kind << 48 | payload bytes << 32 | sequence
///     checksum = u64: XXH3-64(payload) xor (commit * 0x9E3779B97F4A7C15)
///     payload  = numbers text*                     ; as record.cpp lists them for each kind
///     text     = u8 length, that many bytes of UTF-8; the last one of a begin (its wanted room) is left out if empty
///     fill     = up to the next cell, any bytes
///     kind     = 1 begin | 2 charge | 3 end | 127 padding (no checksum, no payload: the page's rest is unused)
///
/// The commit word is stored last, with release order: a record is either whole or not there. `sequence` counts the
/// records of one writer (modulo 2^32), so that records spread over several segments can be read in the order they were
/// written.
///
/// Texts are cut to these many bytes, at a character's edge:
///   begin:  request id 64, dialect 32, endpoint 64, provider 64, pool 96, model 128, tenant 64, key 64, user 128,
///   session 64,
///           agent 64, wanted room 96
///   charge: response model 128, service tier 32, speed 16, inference geo 32, upstream request id 96, organisation 64,
///           workspace 64
///   end:    error kind 48, stop reason 32
namespace tidegate::store {

inline constexpr std::size_t kCellBytes = 64;
inline constexpr std::size_t kRecordHeadBytes = 16;
/// No record of its kind takes more, head and fill included.
inline constexpr std::size_t kMaxBeginBytes = 16 * kCellBytes;
inline constexpr std::size_t kMaxChargeBytes = 9 * kCellBytes;
inline constexpr std::size_t kMaxEndBytes = 3 * kCellBytes;

/// What an attempt may still take after its begin.
inline constexpr std::size_t kMaxRestBytes = kMaxChargeBytes + kMaxEndBytes;

enum class RecordKind : std::uint8_t { Begin = 1, Charge = 2, End = 3, Padding = 127 };

/// The first `most` bytes of `text`, less the beginning of a character that would be cut in two.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t most);

/// Bytes from this record to the next, for a payload of that many bytes.
[[nodiscard]] constexpr std::size_t record_bytes(std::size_t payload_bytes) {
  return (kRecordHeadBytes + payload_bytes + kCellBytes - 1) / kCellBytes * kCellBytes;
}

[[nodiscard]] std::size_t payload_bytes(const BeginRecord& record);
[[nodiscard]] std::size_t payload_bytes(const ChargeRecord& record);
[[nodiscard]] std::size_t payload_bytes(const EndRecord& record);

/// Writes a record whose payload takes `bytes` (see payload_bytes) to `place`, its commit word last. `place` is 8-byte
/// aligned.
void write_record(std::byte* place, std::uint32_t sequence, const BeginRecord& record, std::size_t bytes);
void write_record(std::byte* place, std::uint32_t sequence, const ChargeRecord& record, std::size_t bytes);
void write_record(std::byte* place, std::uint32_t sequence, const EndRecord& record, std::size_t bytes);
/// Says that the rest of the page is unused.
void write_padding(std::byte* place);

/// A record where it lies.
struct RecordView {
  RecordKind kind = RecordKind::Padding;
  std::uint32_t sequence = 0;
  std::span<const std::byte> payload;
};

/// The commit word at `place`, read with acquire order; 0 = nothing there (yet).
[[nodiscard]] std::uint64_t load_commit(const std::byte* place);
/// The record that `commit`, read from the start of `room`, announces; nothing if it does not fit the room or check
/// out.
[[nodiscard]] std::optional<RecordView> read_record(std::uint64_t commit, std::span<const std::byte> room);

/// The payload as a value whose texts point into it; nothing if it is not of that kind or not well-formed.
[[nodiscard]] std::optional<BeginRecord> decode_begin(const RecordView& record);
[[nodiscard]] std::optional<ChargeRecord> decode_charge(const RecordView& record);
[[nodiscard]] std::optional<EndRecord> decode_end(const RecordView& record);

}  // namespace tidegate::store
