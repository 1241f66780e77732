// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/failure.h"

namespace tidegate {

std::string_view to_string(FailureKind kind) {
  switch (kind) {
    case FailureKind::InvalidInput: return "invalid_input";
    case FailureKind::TooLarge: return "too_large";
    case FailureKind::NotFound: return "not_found";
    case FailureKind::Denied: return "denied";
    case FailureKind::Exhausted: return "exhausted";
    case FailureKind::Timeout: return "timeout";
    case FailureKind::Resolve: return "resolve";
    case FailureKind::Connect: return "connect";
    case FailureKind::Tls: return "tls";
    case FailureKind::Closed: return "closed";
    case FailureKind::Protocol: return "protocol";
    case FailureKind::Cancelled: return "cancelled";
    case FailureKind::Io: return "io";
    case FailureKind::Corrupt: return "corrupt";
    case FailureKind::Unsupported: return "unsupported";
  }
  return "unknown";
}

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::Client: return "client";
    case Origin::Gateway: return "gateway";
    case Origin::Upstream: return "upstream";
    case Origin::Operator: return "operator";
    case Origin::Store: return "store";
  }
  return "unknown";
}

}  // namespace tidegate
