// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "quota/room.h"
#include "words.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::scenarios {

/// The room of one scenario, its requests, keys and pools by name, and what has come out of the last step.
class Player {
 public:
  /// One line: a step, `->`, and what is expected of it. Throws Nonsense; gives what was expected and what came instead.
  [[nodiscard]] std::vector<std::string> play(std::string_view line);

 private:
  struct Decided {
    std::string request;
    quota::Decision decision;
    bool full = false;  ///< the room did not even take it
  };

  // Steps. Each leaves in `subjects_` the requests that it is about.
  void step(const std::string& verb, Words& words);
  void set_up_room(Words& words);
  void add_pool(Words& words);
  void limit_pool(std::size_t pool, Words& words);
  void add_key(Words& words);
  void change_key(Words& words);
  void request(Words& words);
  void answer(Words& words);
  void refuse(Words& words);
  void end(Words& words);
  [[nodiscard]] quota::Readings readings(Words& words) const;
  void pass_until(double seconds);
  void pump();

  // Expectations: what came instead, or nothing if it is as expected.
  [[nodiscard]] std::optional<std::string> check(const std::string& expectation);
  [[nodiscard]] std::optional<std::string> check_request(const std::string& name, const std::vector<std::string>& words);
  [[nodiscard]] std::optional<std::string> check_pool(std::size_t pool, const std::vector<std::string>& words);
  [[nodiscard]] std::optional<std::string> check_count(double number, const std::vector<std::string>& words);
  [[nodiscard]] const Decided* decided(std::string_view request) const;
  [[nodiscard]] std::string state_of(const std::string& request) const;

  [[nodiscard]] quota::Room& room();
  [[nodiscard]] std::size_t pool(const std::string& name) const;
  [[nodiscard]] std::size_t key(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> known_requests(const std::string& name) const;
  [[nodiscard]] std::string name_of_key(std::size_t key) const;
  [[nodiscard]] std::string name_of_pool(std::size_t pool) const;

  quota::RoomSettings settings_;
  std::optional<quota::Room> room_;
  double now_ = 0;  ///< seconds
  std::map<std::string, std::size_t, std::less<>> pools_, keys_;
  std::map<std::string, quota::RequestId, std::less<>> requests_;
  std::vector<std::string> subjects_;
  std::vector<Decided> decided_;
  int unnamed_ = 0;
};

}  // namespace tidegate::scenarios
