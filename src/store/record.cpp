// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/record.h"

#include <xxhash.h>

#include <atomic>
#include <cstring>
#include <type_traits>

namespace tidegate::store {

namespace {

constexpr std::uint64_t kMagic = 0xA7;

// The payloads, listed once: counting, writing and reading walk the same list.

template <typename Fields, typename Record>
void walk_begin(Fields& fields, Record& record) {
  fields.number(record.id);
  fields.time(record.started_at);
  fields.number(record.estimated_input);
  fields.money(record.estimated_cost);
  fields.enumerator(record.kind, EntryKind::Probe);
  fields.number(record.attempt);
  fields.flag(record.stream);
  fields.flag(record.metered);
  fields.text(record.request_id, 64);
  fields.text(record.dialect, 32);
  fields.text(record.endpoint, 64);
  fields.text(record.provider, 64);
  fields.text(record.pool, 96);
  fields.text(record.model, 128);
  fields.text(record.tenant, 64);
  fields.text(record.key, 64);
  fields.text(record.user, 128);
  fields.text(record.session, 64);
  fields.text(record.agent, 64);
  fields.last_text(record.wanted_room, 96);
}

template <typename Fields, typename Record>
void walk_charge(Fields& fields, Record& record) {
  fields.number(record.id);
  fields.number(record.tokens.input);
  fields.number(record.tokens.cache_read);
  fields.number(record.tokens.cache_write_5m);
  fields.number(record.tokens.cache_write_1h);
  fields.number(record.tokens.output);
  fields.number(record.tokens.reasoning);
  fields.number(record.web_search_requests);
  fields.money(record.cost);
  fields.flag(record.estimated);
  fields.flag(record.price_known);
  fields.text(record.response_model, 128);
  fields.text(record.service_tier, 32);
  fields.text(record.speed, 16);
  fields.text(record.inference_geo, 32);
  fields.text(record.upstream_request_id, 96);
  fields.text(record.organisation, 64);
  fields.text(record.workspace, 64);
}

template <typename Fields, typename Record>
void walk_end(Fields& fields, Record& record) {
  fields.number(record.id);
  fields.number(record.status);
  fields.number(record.upstream_status);
  fields.duration(record.queue_wait);
  fields.duration(record.time_to_first_byte);
  fields.duration(record.duration);
  fields.number(record.request_bytes);
  fields.number(record.response_bytes);
  fields.enumerator(record.state, AttemptState::Interrupted);
  fields.text(record.error_kind, 48);
  fields.text(record.stop_reason, 32);
}

class Counter {
 public:
  template <typename Number>
  void number(const Number&) {
    bytes_ += sizeof(Number);
  }
  void time(const WallTime&) { bytes_ += 8; }
  void duration(const Nanoseconds&) { bytes_ += 8; }
  void money(const Money&) { bytes_ += 8; }
  void flag(const bool&) { bytes_ += 1; }
  template <typename Enum>
  void enumerator(const Enum&, Enum) {
    bytes_ += 1;
  }
  void text(std::string_view text, std::size_t most) { bytes_ += 1 + cut_utf8(text, most).size(); }
  /// Left out where it is empty: most records have none, and those of earlier programs read on.
  void last_text(std::string_view value, std::size_t most) {
    if (!value.empty()) text(value, most);
  }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

class Writer {
 public:
  explicit Writer(std::byte* at) : at_(at) {}

  template <typename Number>
  void number(const Number& value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void time(const WallTime& value) { number(unix_nanoseconds(value)); }
  void duration(const Nanoseconds& value) { number(std::int64_t{value.count()}); }
  void money(const Money& value) { number(value.nanodollars()); }
  void flag(const bool& value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }
  template <typename Enum>
  void enumerator(const Enum& value, Enum) {
    number(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view whole, std::size_t most) {
    const std::string_view text = cut_utf8(whole, most);
    number(static_cast<std::uint8_t>(text.size()));
    if (text.empty()) return;
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void last_text(std::string_view value, std::size_t most) {
    if (!value.empty()) text(value, most);
  }

 private:
  std::byte* at_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> payload) : rest_(payload) {}

  template <typename Number>
  void number(Number& value) {
    if (rest_.size() < sizeof value) {
      good_ = false;
      return;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.subspan(sizeof value);
  }
  void time(WallTime& value) { value = wall_time_from_unix_nanoseconds(integer()); }
  void duration(Nanoseconds& value) { value = Nanoseconds(integer()); }
  void money(Money& value) { value = Money::nanodollars(integer()); }
  void flag(bool& value) { value = byte() != 0; }
  template <typename Enum>
  void enumerator(Enum& value, Enum last) {
    const std::uint8_t read = byte();
    good_ = good_ && read <= static_cast<std::uint8_t>(last);
    if (good_) value = static_cast<Enum>(read);
  }
  void text(std::string_view& value, std::size_t) {
    const std::size_t length = byte();
    if (rest_.size() < length) {
      good_ = false;
      return;
    }
    value = std::string_view(reinterpret_cast<const char*>(rest_.data()), length);
    rest_ = rest_.subspan(length);
  }
  void last_text(std::string_view& value, std::size_t most) {
    if (!rest_.empty()) text(value, most);
  }

  /// Whether everything was there and nothing is left.
  [[nodiscard]] bool good() const { return good_ && rest_.empty(); }

 private:
  std::int64_t integer() {
    std::int64_t value = 0;
    number(value);
    return value;
  }
  std::uint8_t byte() {
    std::uint8_t value = 0;
    number(value);
    return value;
  }

  std::span<const std::byte> rest_;
  bool good_ = true;
};

std::uint64_t commit_word(RecordKind kind, std::size_t bytes, std::uint32_t sequence) {
  return kMagic << 56 | static_cast<std::uint64_t>(kind) << 48 | static_cast<std::uint64_t>(bytes) << 32 | sequence;
}

std::uint64_t checksum(std::uint64_t commit, const std::byte* payload, std::size_t bytes) {
  return XXH3_64bits(payload, bytes) ^ (commit * 0x9E3779B97F4A7C15ULL);
}

void store_commit(std::byte* place, std::uint64_t commit) {
  std::atomic_ref(*reinterpret_cast<std::uint64_t*>(place)).store(commit, std::memory_order_release);
}

void seal(std::byte* place, RecordKind kind, std::uint32_t sequence, std::size_t bytes) {
  const std::uint64_t commit = commit_word(kind, bytes, sequence);
  const std::uint64_t sum = checksum(commit, place + kRecordHeadBytes, bytes);
  std::memcpy(place + sizeof commit, &sum, sizeof sum);
  store_commit(place, commit);
}

}  // namespace

std::string_view cut_utf8(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

std::size_t payload_bytes(const BeginRecord& record) {
  Counter counter;
  walk_begin(counter, record);
  return counter.bytes();
}

std::size_t payload_bytes(const ChargeRecord& record) {
  Counter counter;
  walk_charge(counter, record);
  return counter.bytes();
}

std::size_t payload_bytes(const EndRecord& record) {
  Counter counter;
  walk_end(counter, record);
  return counter.bytes();
}

void write_record(std::byte* place, std::uint32_t sequence, const BeginRecord& record, std::size_t bytes) {
  Writer writer(place + kRecordHeadBytes);
  walk_begin(writer, record);
  seal(place, RecordKind::Begin, sequence, bytes);
}

void write_record(std::byte* place, std::uint32_t sequence, const ChargeRecord& record, std::size_t bytes) {
  Writer writer(place + kRecordHeadBytes);
  walk_charge(writer, record);
  seal(place, RecordKind::Charge, sequence, bytes);
}

void write_record(std::byte* place, std::uint32_t sequence, const EndRecord& record, std::size_t bytes) {
  Writer writer(place + kRecordHeadBytes);
  walk_end(writer, record);
  seal(place, RecordKind::End, sequence, bytes);
}

void write_padding(std::byte* place) { store_commit(place, commit_word(RecordKind::Padding, 0, 0)); }

std::uint64_t load_commit(const std::byte* place) {
  // atomic_ref<const T> is not in C++20 yet; nothing is written through this.
  auto* word = const_cast<std::uint64_t*>(reinterpret_cast<const std::uint64_t*>(place));
  return std::atomic_ref(*word).load(std::memory_order_acquire);
}

std::optional<RecordView> read_record(std::uint64_t commit, std::span<const std::byte> room) {
  if (commit >> 56 != kMagic) return std::nullopt;
  const auto kind = static_cast<RecordKind>(commit >> 48 & 0xFF);
  const auto bytes = static_cast<std::size_t>(commit >> 32 & 0xFFFF);
  const auto sequence = static_cast<std::uint32_t>(commit);
  if (kind == RecordKind::Padding) return RecordView{kind, sequence, {}};
  if (kind != RecordKind::Begin && kind != RecordKind::Charge && kind != RecordKind::End) return std::nullopt;
  if (record_bytes(bytes) > room.size()) return std::nullopt;
  std::uint64_t sum = 0;
  std::memcpy(&sum, room.data() + sizeof commit, sizeof sum);
  const auto payload = room.subspan(kRecordHeadBytes, bytes);
  if (sum != checksum(commit, payload.data(), bytes)) return std::nullopt;
  return RecordView{kind, sequence, payload};
}

std::optional<BeginRecord> decode_begin(const RecordView& record) {
  BeginRecord value;
  Reader reader(record.payload);
  walk_begin(reader, value);
  if (record.kind != RecordKind::Begin || !reader.good()) return std::nullopt;
  return value;
}

std::optional<ChargeRecord> decode_charge(const RecordView& record) {
  ChargeRecord value;
  Reader reader(record.payload);
  walk_charge(reader, value);
  if (record.kind != RecordKind::Charge || !reader.good()) return std::nullopt;
  return value;
}

std::optional<EndRecord> decode_end(const RecordView& record) {
  EndRecord value;
  Reader reader(record.payload);
  walk_end(reader, value);
  if (record.kind != RecordKind::End || !reader.good()) return std::nullopt;
  return value;
}

}  // namespace tidegate::store
