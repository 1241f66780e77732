// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/entry.h"

namespace tidegate::store {

/// One attempt on its way to the ledger: its three records, as they lie in the journal. Their texts are the journal's,
/// so that none is copied. What was not written is as its type makes it, but for the id; an end that was not written
/// says Interrupted.
struct AttemptRecords {
  BeginRecord begin;
  ChargeRecord charge;
  EndRecord end;
};

/// The same as the ledger gives it back, with texts of its own.
[[nodiscard]] LedgerEntry entry_of(const AttemptRecords& records);

}  // namespace tidegate::store
