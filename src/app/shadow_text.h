// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace tidegate::app {

/// What `/api/v1/shadow` says, as `tidegate shadow report` prints it. Throws what Boost.JSON throws for a value of another shape.
[[nodiscard]] std::string shadow_text(const boost::json::value& shadow);

}  // namespace tidegate::app
