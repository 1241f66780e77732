// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/entry.h"

namespace tidegate::store {

std::string_view to_string(AttemptState state) {
  switch (state) {
    case AttemptState::Completed: return "completed";
    case AttemptState::Failed: return "failed";
    case AttemptState::ClientGone: return "client_gone";
    case AttemptState::Truncated: return "truncated";
    case AttemptState::Refused: return "refused";
    case AttemptState::Interrupted: return "interrupted";
  }
  return "unknown";
}

std::string_view to_string(EntryKind kind) {
  switch (kind) {
    case EntryKind::Request: return "request";
    case EntryKind::Shadow: return "shadow";
    case EntryKind::Probe: return "probe";
  }
  return "unknown";
}

}  // namespace tidegate::store
