// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "store/directory.h"

#include <string_view>

namespace tidegate::admin {

/// Reads `{"name":…,"tenant":…,"ttl":"90d","models":[…],"labels":{…}}` and what the key may take
/// (admin/allowance_request.h); all but the name may be missing. Failure: InvalidInput that names the member and what it
/// must be.
[[nodiscard]] Result<store::NewKey> read_key_request(std::string_view body, WallTime now);

}  // namespace tidegate::admin
