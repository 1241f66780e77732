// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"
#include "monitor/shadow_sample.h"
#include "monitor/shadow_sampler.h"

#include <string_view>

namespace tidegate::gateway {

/// Decides which requests are copied to a second provider (docs/shadow.md), and hears what came of it. One per worker, on its thread;
/// nothing of it waits.
class ShadowPort {
 public:
  virtual ~ShadowPort() = default;
  /// Who gets the copy of this request, if it is drawn; empty: nobody. Asked when the request is planned, so that what is drawn is kept.
  [[nodiscard]] virtual ProviderId drawn(std::string_view request_id, std::string_view session) = 0;
  /// Asked once the client has been served. True must be followed by one `finished` or `abandoned` with the same estimate.
  [[nodiscard]] virtual bool may_send(const monitor::ShadowQuestion& question, Now now) = 0;
  virtual void finished(Money estimate, monitor::ShadowSample sample, Now now) = 0;
  virtual void abandoned(Money estimate, Money cost, Now now) = 0;
};

}  // namespace tidegate::gateway
