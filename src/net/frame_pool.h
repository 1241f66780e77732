// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstddef>

namespace tidegate::net {

/// Memory for coroutine frames, recycled per thread: a request awaits a dozen tasks of the same few sizes.
/// Under a sanitizer every frame is allocated anew, so that use after free is seen.
[[nodiscard]] void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes) noexcept;

}  // namespace tidegate::net
