// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/past_demand.h"

#include "app/demand_limits.h"
#include "llm/dialect.h"
#include "llm/model_group.h"

#include <optional>
#include <string>
#include <utility>

namespace tidegate::app {

using monitor::DemandMinute;
using monitor::MinuteNumber;

namespace {

/// Only those two have groups of their own.
llm::Endpoint endpoint_named(std::string_view name) {
  for (const llm::Endpoint endpoint : {llm::Endpoint::CountTokens, llm::Endpoint::MessageBatches}) {
    if (name == to_string(endpoint)) return endpoint;
  }
  return llm::Endpoint::Messages;
}

monitor::Demand demand_of(const store::DemandRow& row) {
  monitor::Demand demand;
  demand[monitor::DemandMeasure::Requests] = static_cast<double>(row.requests);
  demand[monitor::DemandMeasure::InputTokens] = static_cast<double>(row.input_tokens);
  demand[monitor::DemandMeasure::OutputTokens] = static_cast<double>(row.output_tokens);
  demand[monitor::DemandMeasure::Cost] = row.cost.as_dollars();
  demand[monitor::DemandMeasure::Tokens] =
      static_cast<double>(row.input_tokens + row.cached_tokens + row.output_tokens);
  demand.unserved = static_cast<double>(row.unserved);
  return demand;
}

void add(DemandMinute& minute, const store::DemandRow& row) {
  const std::string group =
      row.model.empty() ? std::string() : llm::model_group(endpoint_named(row.endpoint), row.model, row.speed);
  const std::string pool = demand_pool(row.provider, group);
  monitor::DemandSample sample{.pool = row.wanted_room.empty() ? pool : row.wanted_room,
                               .model = row.model,
                               .tenant = row.tenant,
                               .key = row.key,
                               .demand = demand_of(row),
                               .cached_tokens = static_cast<double>(row.cached_tokens)};
  minute.add(sample);
  if (row.wanted_room.empty()) return;
  sample.pool = pool;
  sample.demand[monitor::DemandMeasure::Requests] =
      static_cast<double>(row.attempts);  // the first one may have been made elsewhere
  minute.add_spare(sample);
}

}  // namespace

Result<void> for_each_past_minute(store::DemandHistory& history, MinuteNumber since, MinuteNumber until,
                                  const std::function<void(MinuteNumber, const DemandMinute&)>& take) {
  std::optional<MinuteNumber> running;
  DemandMinute minute;
  const auto go_to = [&](MinuteNumber next) {
    for (; *running < next; ++*running) take(*running, std::exchange(minute, {}));
  };
  const auto read = history.for_each_minute(begin_of(since), begin_of(until), [&](const store::DemandRow& row) {
    if (!running) running = row.minute;
    go_to(row.minute);
    add(minute, row);
    return true;
  });
  if (!read) return read;
  if (running) go_to(until);
  return {};
}

}  // namespace tidegate::app
