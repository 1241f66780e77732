// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ids.h"
#include "upstream/provider_options.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::app {

/// Which spare keys of providers are in rotation, and on whose behalf. Any thread.
class SpareKeys {
 public:
  /// The holder puts a key into rotation; one key each.
  void enable(const std::string& holder, const ProviderId& provider, std::string key);
  /// The provider whose key it held; empty: none.
  [[nodiscard]] ProviderId release(const std::string& holder);
  /// The keys without the spare ones that nobody has put into rotation.
  [[nodiscard]] std::vector<upstream::ProviderKey> in_rotation(const ProviderId& provider, std::vector<upstream::ProviderKey> keys) const;

 private:
  mutable std::mutex mutex_;  ///< guards held_
  std::map<std::string, std::pair<ProviderId, std::string>> held_;
};

}  // namespace tidegate::app
