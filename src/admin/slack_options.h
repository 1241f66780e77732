// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/secret.h"

#include <string>
#include <vector>

namespace tidegate::admin {

/// `/tidegate …` in Slack. Off without a signing secret.
struct SlackOptions {
  std::string signing_secret_name = {};
  Secret signing_secret = {};
  std::vector<std::string> users = {};  ///< ids (`U012AB3CD`) of those who may use it

  friend bool operator==(const SlackOptions&, const SlackOptions&) = default;
};

}  // namespace tidegate::admin
