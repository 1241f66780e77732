// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "monitor/shadow_sample.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace tidegate::monitor {

/// The newest pairs of every two providers and model. Bounded per model and in all: beyond that the oldest of the longest go. One
/// thread. A pair takes some 300 bytes.
class ShadowBook {
 public:
  struct Bounds {
    std::size_t per_model = 10'000;  ///< pairs of one model at the same two providers
    std::size_t in_all = 40'000;
    std::size_t models = 200;  ///< names come from clients: beyond these, the one not seen for longest goes
  };
  /// Two providers that were compared, and the models that they were compared by.
  struct Providers {
    std::string official;
    std::string shadow;
    std::vector<std::string> models;  ///< most pairs first
  };

  ShadowBook() : ShadowBook(Bounds{}) {}
  explicit ShadowBook(Bounds bounds) : bounds_(bounds) {}

  /// In the order of `at`, or nearly so. Over-long words are cut.
  void add(ShadowSample sample);

  [[nodiscard]] std::vector<Providers> providers() const;
  /// Pairs not older than `since` and older than `until`, in the order of `at`, the newest `per_model` of them. An empty model
  /// means all.
  [[nodiscard]] std::vector<ShadowSample> samples(const std::string& official, const std::string& shadow, const std::string& model,
                                                  SteadyTime since, SteadyTime until = SteadyTime::max()) const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Pair {
    std::uint64_t conversation;
    SteadyTime at;
    ShadowSide official;
    ShadowSide shadow;
  };
  using Name = std::tuple<std::string, std::string, std::string>;  ///< official, shadow, model
  using Pairs = std::map<Name, std::deque<Pair>>;

  void drop_oldest(Pairs::iterator from);
  void make_room(Pairs::iterator grown);

  Bounds bounds_;
  std::size_t size_ = 0;
  Pairs pairs_;
};

}  // namespace tidegate::monitor
