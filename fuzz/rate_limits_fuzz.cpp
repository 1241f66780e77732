// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
// Any lines `name: value` as the head of an answer: nothing negative, nothing twice, in order.
#include "llm/anthropic/rate_limits.h"
#include "llm/openai/rate_limits.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using namespace tidegate;

void check(const llm::RateLimitReading& reading) {
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  for (std::size_t i = 0; i < reading.limits.size(); ++i) {
    const llm::LimitReading& limit = reading.limits[i];
    require(limit.limit.value_or(0) >= 0 && limit.remaining.value_or(0) >= 0);
    require(limit.full_after.value_or(Nanoseconds(0)) >= Nanoseconds(0));
    require(i == 0 || reading.limits[i - 1].dimension < limit.dimension);
  }
  require(reading.retry_after.value_or(Nanoseconds(0)) >= Nanoseconds(0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<HeaderField> fields;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    fields.push_back({line.substr(0, colon), trim(line.substr(colon + 1))});
  }
  check(llm::anthropic::read_rate_limits(fields));
  check(llm::openai::read_rate_limits(fields));
  return 0;
}
