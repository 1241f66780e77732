// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/frame_pool.h"

#include <cstddef>

namespace tidegate::net {

/// For classes of which every request makes an object: their memory is recycled as that of coroutine frames is.
struct Recycled {
  [[nodiscard]] static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept { free_frame(memory, bytes); }
};

}  // namespace tidegate::net
