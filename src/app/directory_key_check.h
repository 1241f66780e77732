// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/worker.h"
#include "store/directory.h"

namespace tidegate::app {

/// Checks virtual keys against the directory's snapshot in force: a hash and two lookups, no lock. One per worker.
class DirectoryKeyCheck final : public gateway::KeyCheck {
 public:
  explicit DirectoryKeyCheck(const store::DirectoryBoard& board) : directory_(board) {}
  [[nodiscard]] Result<gateway::Caller> check(std::string_view credential, std::string_view model, WallTime now) override;

 private:
  store::DirectoryView directory_;
};

}  // namespace tidegate::app
