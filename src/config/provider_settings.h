// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/type.h"
#include "upstream/provider_options.h"

namespace tidegate::config {

/// An entry of `providers:`. One of OpenAI's dialect wants a bearer token unless it says otherwise.
[[nodiscard]] Type<upstream::ProviderOptions> provider_settings();

}  // namespace tidegate::config
