// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"
#include "gateway/worker.h"
#include "store/directory.h"

#include <array>
#include <memory>
#include <string_view>

namespace tidegate::app {

/// Checks virtual keys against the directory's snapshot in force, without a lock: a hash and two lookups, or, for a key
/// whose secret was found right before in this snapshot, one comparison. One per worker.
class DirectoryKeyCheck final : public gateway::KeyCheck {
 public:
  explicit DirectoryKeyCheck(const store::DirectoryBoard& board) : directory_(board) {}
  [[nodiscard]] Result<gateway::Caller> check(std::string_view credential, WallTime now) override;

 private:
  /// A key that was presented, with its secret, as every request that carries it has it in memory.
  struct Proven {
    Secret credential;
    const store::VirtualKey* key = nullptr;  ///< of `proven_in_`
  };

  [[nodiscard]] store::KeyCheck find(std::string_view credential, WallTime now);

  store::DirectoryView directory_;
  std::array<Proven, 256> proven_;  ///< by the credential's hash; a later one takes the place of an earlier
  std::shared_ptr<const store::DirectorySnapshot> proven_in_;
};

}  // namespace tidegate::app
