// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/server/fault_set.h"

#include "base/ascii.h"
#include "base/number.h"

#include <fmt/format.h>

namespace tidegate::sim {

namespace {

/// One refusal of facts/anthropic-api.md 1.4 and 2.5.
struct Refusal {
  std::string_view fault;
  int status;
  std::string_view message;
  std::string_view error_code = {};
  std::int64_t retry_after = 0;  ///< seconds if the fault has no value; 0: no such header
};

constexpr Refusal kRefusals[] = {
    {"rate", 429, "This request would exceed the rate limit for your organization of 50 requests per minute.", {}, 5},
    {"429", 429, "This request would exceed the rate limit for your organization of 50 requests per minute.", {}, 5},
    {"ramp", 429,
     "This request would exceed your organization's maximum usage increase rate for input tokens per minute.",
     "ramp_limit_exceeded", 10},
    {"concurrency",
     429,
     "Number of concurrent connections has exceeded your rate limit. Please try again later or contact sales.",
     {},
     1},
    {"tier_cap", 429, "You have reached the monthly spend limit of your usage tier.", "enforced_spend_limit_reached"},
    {"contract_cap", 429, "You have reached the spend limit of your contract.", "contract_spend_limit_reached"},
    {"own_limit", 400,
     "You have reached your specified API usage limits. You will regain access on 2030-01-01 at 00:00 UTC."},
    {"workspace_limit", 400,
     "You have reached your specified workspace API usage limits. You will regain access on 2030-01-01 at 00:00 UTC."},
    {"billing", 402, "Your credit balance is too low to access the API."},
    {"400", 400, "Simulated invalid request."},
    {"401", 401, "invalid x-api-key", "invalid_api_key"},
    {"402", 402, "Your credit balance is too low to access the API."},
    {"403", 403, "Your API key does not have permission to use the specified resource."},
    {"404", 404, "model: simulated-missing-model"},
    {"413", 413, "Request exceeds the maximum size"},
    {"500", 500, "Internal server error"},
    {"503", 503, "Service unavailable"},
    {"504", 504, "Request timed out"},
    {"529", 529, "Overloaded"},
};

}  // namespace

Result<FaultSet> FaultSet::of(const Request& request, Provider& provider, Now now) {
  FaultSet set;
  std::string_view text = request.header("x-sim-fault");
  if (text.empty()) {
    set.faults_ = provider.draw_faults(now);
    return set;
  }
  if (text == "none") return set;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    auto fault = parse_fault(text.substr(0, comma));
    if (!fault) return fail(fault);
    set.faults_.push_back(*std::move(fault));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return set;
}

const Fault* FaultSet::find(std::string_view name) const {
  for (const Fault& fault : faults_) {
    if (fault.name == name) return &fault;
  }
  return nullptr;
}

std::optional<Reply> FaultSet::error_reply(Dialect dialect, std::string_view request_id) const {
  for (const Fault& fault : faults_) {
    if (fault.name == "502") {  // from the network in front of the provider: not JSON
      return Reply{502,
                   "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad "
                   "Gateway</h1></center></body></html>\n",
                   {},
                   "text/html"};
    }
    for (const Refusal& refusal : kRefusals) {
      if (refusal.fault != fault.name) continue;
      ApiError error{refusal.status, std::string(error_type_of(refusal.status)), std::string(refusal.message),
                     std::string(refusal.error_code)};
      const std::int64_t seconds = parse_integer(fault.value).value_or(refusal.retry_after);
      if (seconds > 0) error.retry_after = seconds;
      return sim::error_reply(error, dialect, request_id);
    }
  }
  return std::nullopt;
}

}  // namespace tidegate::sim
