// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/instance.h"

#include <boost/json/value.hpp>

// What the admin API says of shadow traffic; see views.h for the units. Figures with an interval are
// `{"value":…,"low":…,"high":…,"count":…}`, shares between 0 and 1, times milliseconds.
namespace tidegate::admin {

[[nodiscard]] boost::json::value view(const ShadowState& state);
[[nodiscard]] boost::json::value view(const monitor::ShadowReport& report);

}  // namespace tidegate::admin
