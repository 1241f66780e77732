// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "sim/server/provider.h"
#include "sim/server/reply.h"
#include "sim/server/request_reader.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::sim {

/// Message batches and files: what clients leave with the provider. Any thread.
class Library {
 public:
  explicit Library(Provider& provider) : provider_(provider) {}

  /// `http://127.0.0.1:PORT`, where `results_url` points to. Before the first request.
  void set_origin(std::string origin) { origin_ = std::move(origin); }

  /// `/v1/messages/batches…` and `/v1/files…`; the caller is known and admitted.
  [[nodiscard]] Reply serve_batches(const Request& request, const Caller& caller, std::string_view request_id);
  [[nodiscard]] Reply serve_files(const Request& request, const Caller& caller, std::string_view request_id);

 private:
  struct Batch {
    std::string id;
    Caller caller;
    WallTime created;
    WallTime ends;
    std::size_t succeeded = 0;
    std::size_t errored = 0;
    bool is_cancelled = false;
    std::string results;  ///< JSON lines

    [[nodiscard]] std::size_t size() const { return succeeded + errored; }
    [[nodiscard]] bool has_ended(WallTime now) const { return now >= ends || is_cancelled; }
  };
  struct File {
    std::string id;
    Caller caller;
    std::string name, mime_type, content;
    WallTime created;
  };

  [[nodiscard]] Reply create_batch(const Request& request, const Caller& caller, std::string_view request_id);
  /// What stands in the way of a batch of so many requests, or nothing.
  [[nodiscard]] std::optional<ApiError> refuse_batch(std::size_t requests, const Caller& caller);
  [[nodiscard]] std::string describe(const Batch& batch, WallTime now) const;
  [[nodiscard]] static std::string describe(const File& file);
  [[nodiscard]] Reply create_file(const Request& request, const Caller& caller, std::string_view request_id);

  Provider& provider_;
  std::string origin_;
  std::mutex mutex_;  // guards the two below
  std::vector<Batch> batches_;
  std::vector<File> files_;
};

}  // namespace tidegate::sim
