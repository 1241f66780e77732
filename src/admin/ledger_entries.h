// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/message.h"
#include "base/time.h"
#include "store/ledger_query.h"

#include <boost/json/value.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace tidegate::admin {

/// Which entries `GET /api/v1/requests` asks for.
struct EntriesRequest {
  store::EntryFilter filter;
  std::size_t limit = 100;
};

/// Parameters: since, limit, kind (all for every kind), status (429, 4xx), and exact values of model, tenant, provider,
/// endpoint, key, user, session and state. Failure: InvalidInput that names the parameter.
[[nodiscard]] Result<EntriesRequest> read_entries_request(const Parameters& parameters, WallTime now);

/// Which entries `GET /api/v1/requests/{id}` asks for: those of one request, found by its id within the last day.
[[nodiscard]] store::EntryFilter attempts_of(std::string_view request_id, WallTime now);

/// `{"entries":[…]}`, each one attempt with every figure of the ledger; what is empty there is left out.
[[nodiscard]] boost::json::value view(std::span<const store::LedgerEntry> entries);

}  // namespace tidegate::admin
