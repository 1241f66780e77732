// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "sim/server/options.h"

#include <cstdint>
#include <memory>
#include <string>

namespace tidegate::sim {

/// A running simulator. Starts listening and answering in the constructor, ends every connection in the destructor.
class Server {
 public:
  /// Throws std::runtime_error with an operator's message if it cannot listen or read its certificate.
  explicit Server(Options options);
  /// With the time of `clock`, which outlives the server and may be asked from any thread: limits, caches and headers
  /// follow it, latencies do not (use `Options::instant`).
  Server(Options options, const Clock& clock);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// `http://127.0.0.1:PORT` or `https://…`.
  [[nodiscard]] std::string url() const;
  /// What `GET /sim/stats` answers: JSON text.
  [[nodiscard]] std::string stats() const;
  /// As `POST /sim/faults` with one rule. Failure: InvalidInput.
  [[nodiscard]] Result<void> set_faults(std::string_view rules, std::string_view schedule = {});
  /// As `POST /sim/reset`.
  void reset();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tidegate::sim
