// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "net/stream.h"
#include "net/task.h"

#include <memory>

namespace tidegate::gateway {

class Worker;

/// Serves one client connection: request after request until either side closes it.
[[nodiscard]] net::Task<void> serve(Worker& worker, std::unique_ptr<net::Stream> stream);

}  // namespace tidegate::gateway
