// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/failure.h"

#include <tl/expected.hpp>

#include <utility>

namespace tidegate {

/// A value, or why there is none. `if (!result) return fail(result);` passes a failure on.
template <typename T>
using Result = tl::expected<T, Failure>;

/// `return fail(FailureKind::Io, Origin::Store, "cannot open …");`
[[nodiscard]] inline tl::unexpected<Failure> fail(FailureKind kind, Origin origin, std::string detail,
                                                  Retry retry = Retry::Never) {
  return tl::unexpected<Failure>(Failure{kind, origin, retry, std::nullopt, std::move(detail)});
}

/// Passes the failure of one result on as the failure of another type.
template <typename T>
[[nodiscard]] tl::unexpected<Failure> fail(const Result<T>& failed) {
  return tl::unexpected<Failure>(failed.error());
}

}  // namespace tidegate
