// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tidegate::gateway {

/// Whose requests wait in rooms now: what the rooms themselves know only of tenants, and the forecast wants of models
/// and keys too. Any thread; one short lock, which those take that wait, and nobody else.
class WaitingBook {
 public:
  /// What those that wait are told apart by.
  struct Label {
    std::string room;         ///< `provider/model_group`; empty for calls that name no model
    std::string wanted_room;  ///< as Outcome::wanted_room
    std::string model, tenant, key;

    friend auto operator<=>(const Label&, const Label&) = default;
  };
  struct Line {
    Label label;
    std::int64_t requests = 0;
  };

  /// One request that waits, until it is let go. The book outlives it. One thread.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { let_go(); }

    [[nodiscard]] bool is_counted() const { return book_ != nullptr; }
    void let_go();

   private:
    friend class WaitingBook;
    WaitingBook* book_ = nullptr;  ///< null: it does not wait
    std::map<Label, std::int64_t>::iterator place_;
  };

  WaitingBook() = default;
  WaitingBook(const WaitingBook&) = delete;
  WaitingBook& operator=(const WaitingBook&) = delete;

  /// Counts it; one that is counted already stays where it is.
  void count(Ticket& ticket, Label label);
  /// Ordered by label.
  [[nodiscard]] std::vector<Line> lines() const;

 private:
  mutable std::mutex mutex_;               ///< guards waiting_
  std::map<Label, std::int64_t> waiting_;  ///< without those of which none waits
};

}  // namespace tidegate::gateway
