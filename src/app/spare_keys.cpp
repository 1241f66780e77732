// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/spare_keys.h"

#include <algorithm>

namespace tidegate::app {

void SpareKeys::enable(const std::string& holder, const ProviderId& provider, std::string key) {
  const std::lock_guard lock(mutex_);
  held_.insert_or_assign(holder, std::pair(provider, std::move(key)));
}

ProviderId SpareKeys::release(const std::string& holder) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(holder);
  if (found == held_.end()) return {};
  ProviderId provider = found->second.first;
  held_.erase(found);
  return provider;
}

std::vector<upstream::ProviderKey> SpareKeys::in_rotation(const ProviderId& provider, std::vector<upstream::ProviderKey> keys) const {
  const std::lock_guard lock(mutex_);
  std::erase_if(keys, [&](const upstream::ProviderKey& key) {
    return key.is_spare && std::none_of(held_.begin(), held_.end(),
                                        [&](const auto& one) { return one.second.first == provider && one.second.second == key.name; });
  });
  return keys;
}

}  // namespace tidegate::app
