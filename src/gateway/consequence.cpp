// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/consequence.h"

#include <string>

namespace tidegate::gateway {

Consequence consequence_of(llm::UpstreamErrorKind kind) {
  using Kind = llm::UpstreamErrorKind;
  using quota::RefusalKind;
  using Fault = quota::KeyRing::Fault;
  switch (kind) {
    case Kind::RateLimit: return {RefusalKind::Rate, std::nullopt};
    case Kind::Ramp: return {RefusalKind::Ramp, std::nullopt};
    case Kind::Concurrency: return {RefusalKind::Concurrency, std::nullopt};
    // The organisation's money is spent: the pool is looked at again every quarter of an hour, others serve meanwhile.
    case Kind::TierSpendCap:
    case Kind::ContractCap:
    case Kind::OwnSpendLimit: return {RefusalKind::SpendCap, std::nullopt};
    case Kind::Billing: return {RefusalKind::Key, Fault::Billing};
    case Kind::Authentication: return {RefusalKind::Key, Fault::Authentication};
    case Kind::Permission: return {RefusalKind::Key, Fault::Permission};
    case Kind::Overloaded:
    case Kind::ServerError:
    case Kind::Timeout: return {RefusalKind::Overloaded, std::nullopt};
    case Kind::Connect:
    case Kind::Reset:
    case Kind::Protocol: return {RefusalKind::Unreachable, std::nullopt};
    case Kind::None:
    case Kind::NotFound:
    case Kind::TooLarge:
    case Kind::InvalidRequest:
    // Something of the answer has been relayed: nothing may be tried again.
    case Kind::Truncated:
    case Kind::MidStream: return {};
  }
  return {};
}

Consequence consequence_of(const llm::UpstreamError& error) {
  const bool is_workspaces = error.kind == llm::UpstreamErrorKind::OwnSpendLimit && error.message.find("workspace") != std::string::npos;
  return is_workspaces ? Consequence{quota::RefusalKind::Key, quota::KeyRing::Fault::Billing} : consequence_of(error.kind);
}

llm::UpstreamErrorKind error_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::Timeout: return llm::UpstreamErrorKind::Timeout;
    case FailureKind::Closed: return llm::UpstreamErrorKind::Reset;
    case FailureKind::Protocol: return llm::UpstreamErrorKind::Protocol;
    default: return llm::UpstreamErrorKind::Connect;
  }
}

}  // namespace tidegate::gateway
