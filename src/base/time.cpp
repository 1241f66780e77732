// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/time.h"

#include "base/number.h"

#include <fmt/format.h>

#include <array>

namespace tidegate {

namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Civil {
  int year, month, day, hour, minute, second;
};

bool in_range(const Civil& c) {
  const std::chrono::year_month_day date{std::chrono::year(c.year), std::chrono::month(static_cast<unsigned>(c.month)),
                                         std::chrono::day(static_cast<unsigned>(c.day))};
  // Nanoseconds since 1970 in 64 bits reach from 1677 to 2262; a header may say 9999.
  return date.ok() && c.year >= 1678 && c.year <= 2261 && c.hour >= 0 && c.hour < 24 && c.minute >= 0 &&
         c.minute < 60 && c.second >= 0 && c.second <= 60;
}

WallTime to_wall(const Civil& c) {
  const std::chrono::year_month_day date{std::chrono::year(c.year), std::chrono::month(static_cast<unsigned>(c.month)),
                                         std::chrono::day(static_cast<unsigned>(c.day))};
  return WallTime(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(c.hour) +
                  std::chrono::minutes(c.minute) + Seconds(c.second));
}

/// Takes exactly `digits` decimal digits off the front; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// What exactly `width` decimal digits at `at` make, which must lie in the text; -1 if one is none.
int digits_at(std::string_view text, std::size_t at, std::size_t width) {
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// From 1; 0 if the three characters at `at` are no month's.
int month_at(std::string_view text, std::size_t at) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (text[at] == kMonths[i][0] && text[at + 1] == kMonths[i][1] && text[at + 2] == kMonths[i][2]) {
      return static_cast<int>(i) + 1;
    }
  }
  return 0;
}

tl::unexpected<Failure> not_a_time(std::string_view text, std::string_view form) {
  return fail(FailureKind::InvalidInput, Origin::Client, fmt::format("'{}' is not a time of the form {}", text, form));
}

}  // namespace

ManualClock::ManualClock()
    : now_{SteadyTime(std::chrono::hours(1)), WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23).time_since_epoch())} {}

void ManualClock::advance(Nanoseconds by) {
  now_.steady += by;
  now_.wall += by;
}

namespace {

/// Every log line has a time in it: fmt would take ten times as long.
void put_digits(std::string& text, std::size_t at, std::size_t width, unsigned value) {
  for (std::size_t i = width; i > 0; --i, value /= 10) text[at + i - 1] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<Milliseconds>(time - days)};
  std::string text = "0000-00-00T00:00:00Z";
  put_digits(text, 0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, static_cast<unsigned>(clock.hours().count()));
  put_digits(text, 14, 2, static_cast<unsigned>(clock.minutes().count()));
  put_digits(text, 17, 2, static_cast<unsigned>(clock.seconds().count()));
  if (const auto milliseconds = static_cast<unsigned>(clock.subseconds().count()); milliseconds != 0) {
    text.replace(19, 1, ".000Z");
    put_digits(text, 20, 3, milliseconds);
  }
  return text;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  constexpr std::string_view form = "2026-11-23T10:15:30Z";
  if (text.size() < form.size() - 1 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
    return not_a_time(text, form);
  }
  const Civil c{.year = digits_at(text, 0, 4),
                .month = digits_at(text, 5, 2),
                .day = digits_at(text, 8, 2),
                .hour = digits_at(text, 11, 2),
                .minute = digits_at(text, 14, 2),
                .second = digits_at(text, 17, 2)};
  if (!in_range(c)) return not_a_time(text, form);
  std::string_view rest = text.substr(form.size() - 1);
  Nanoseconds fraction{0};
  if (take(rest, ".")) {
    std::int64_t scale = 100'000'000;
    if (rest.empty() || rest[0] < '0' || rest[0] > '9') return not_a_time(text, form);
    while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
      fraction += Nanoseconds((rest[0] - '0') * scale);
      scale /= 10;
      rest.remove_prefix(1);
    }
  }
  Seconds offset{0};
  if (!(take(rest, "Z") || take(rest, "z"))) {
    const bool west = take(rest, "-");
    if (!west && !take(rest, "+")) return not_a_time(text, form);
    const int hours = take_digits(rest, 2);
    if (hours < 0 || hours > 23 || !take(rest, ":")) return not_a_time(text, form);
    const int minutes = take_digits(rest, 2);
    if (minutes < 0 || minutes > 59) return not_a_time(text, form);
    offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    if (west) offset = -offset;
  }
  if (!rest.empty()) return not_a_time(text, form);
  return to_wall(c) + fraction - offset;
}

Result<WallTime> parse_http_date(std::string_view text) {
  constexpr std::string_view form = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != form.size() || text[3] != ',' || text[4] != ' ' || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return not_a_time(text, form);
  }
  const Civil c{.year = digits_at(text, 12, 4),
                .month = month_at(text, 8),
                .day = digits_at(text, 5, 2),
                .hour = digits_at(text, 17, 2),
                .minute = digits_at(text, 20, 2),
                .second = digits_at(text, 23, 2)};
  if (!in_range(c)) return not_a_time(text, form);
  return to_wall(c);
}

std::string to_http_date(WallTime time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::weekday weekday{days};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<Seconds>(time - days)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kWeekdays[weekday.c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

Result<Nanoseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
  };
  // Two-letter units first, so that "ms" is not read as minutes.
  constexpr std::array<Unit, 6> units{{{"ms", 1'000'000},
                                       {"us", 1'000},
                                       {"s", 1'000'000'000},
                                       {"m", 60'000'000'000},
                                       {"h", 3'600'000'000'000},
                                       {"d", 86'400'000'000'000}}};
  const auto refuse = [&] {
    return fail(FailureKind::InvalidInput, Origin::Operator,
                fmt::format("'{}' is not a duration; write a number with its unit, as in 250ms, 30s, 5m, 1h30m or 2d", text));
  };
  std::string_view rest = text;
  if (rest.empty()) return refuse();
  double total = 0;
  while (!rest.empty()) {
    std::size_t digits = 0;
    while (digits < rest.size() && ((rest[digits] >= '0' && rest[digits] <= '9') || rest[digits] == '.')) ++digits;
    const auto number = parse_decimal(rest.substr(0, digits));
    if (!number) return refuse();
    rest.remove_prefix(digits);
    bool found = false;
    for (const Unit& unit : units) {
      if (take(rest, unit.name)) {
        total += *number * static_cast<double>(unit.nanoseconds);
        found = true;
        break;
      }
    }
    if (!found) return refuse();
  }
  if (total > 9e18) return refuse();
  return Nanoseconds(static_cast<std::int64_t>(total + 0.5));
}

std::string to_text(Nanoseconds duration) {
  struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
  };
  constexpr std::array<Unit, 6> units{{{"d", 86'400'000'000'000},
                                       {"h", 3'600'000'000'000},
                                       {"m", 60'000'000'000},
                                       {"s", 1'000'000'000},
                                       {"ms", 1'000'000},
                                       {"us", 1'000}}};
  std::string text;
  std::int64_t rest = duration.count();
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  bool any = false;
  for (const Unit& unit : units) {
    if (const std::int64_t count = rest / unit.nanoseconds; count > 0) {
      text += fmt::format("{}{}", count, unit.name);
      rest -= count * unit.nanoseconds;
      any = true;
    }
  }
  return any ? text : "0s";
}

}  // namespace tidegate
