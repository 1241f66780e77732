// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "base/time.h"
#include "net/reactor.h"
#include "net/stream.h"
#include "net/task.h"
#include "quota/book/live_room.h"

#include <memory>
#include <optional>
#include <string_view>

namespace tidegate::gateway {

/// One request's way through a room: in, perhaps waiting, out with a key, back in after a refusal, and gone. Whatever happens to the
/// request, the room hears of its end. Belongs to its worker's thread.
class Passage {
 public:
  explicit Passage(net::Reactor& reactor) : reactor_(reactor) {}
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;
  ~Passage() { leave(); }

  /// What became of asking.
  enum class Word : std::uint8_t {
    Go,          ///< send it with `key`
    Overflow,    ///< it will not be served in time here; see `decision`
    ClientLeft,  ///< nobody waits for the answer any more; it has left the room
    TimeIsUp,    ///< `until` has passed; it still waits
  };

  /// Asks `room`, which must outlive the passage; null: nothing is counted here, it may go. Nothing: it has to wait, see `wait`.
  [[nodiscard]] std::optional<Word> enter(quota::LiveRoom* room, const quota::Submission& submission, quota::LiveRoom::KeyWish keys);
  /// The provider refused, or the attempt failed before its first byte. Nothing: it has to wait.
  [[nodiscard]] std::optional<Word> refused(const quota::Refusal& refusal);
  /// Waits for the room's word, at the longest until `until`, and watches the client meanwhile.
  [[nodiscard]] net::Task<Word> wait(net::Stream& client, SteadyTime until);

  /// The last one that was asked; null: none.
  [[nodiscard]] const quota::LiveRoom* room() const { return room_; }
  /// Of the last Go or Overflow.
  [[nodiscard]] const quota::Decision& decision() const { return decision_; }
  /// Of the last Go; empty: whichever there is.
  [[nodiscard]] std::string_view key() const { return key_; }

  // On its way. Calls are ignored if it is not.
  void answered(const quota::Readings& readings);
  void counted_input(double tokens);
  /// So many output tokens in all, by our own estimate. Told on at most four times a second.
  void produced_so_far(double output_tokens);
  /// Negative figures: unknown, or told before.
  void ended(bool whole, double output_tokens, double input_tokens = -1);
  /// It will not be sent after all.
  void withdraw();
  /// Gone, wherever it is.
  void leave();

 private:
  class Wait;

  [[nodiscard]] Word take(const quota::Decision& decision, std::string_view key);
  [[nodiscard]] std::optional<Word> follow(const quota::LiveRoom::Answer& answer);
  [[nodiscard]] quota::LiveRoom::MakeWaiter make_wait();

  net::Reactor& reactor_;
  quota::LiveRoom* room_ = nullptr;
  quota::RequestId request_;
  bool inside_ = false;  ///< the room knows the request
  quota::Decision decision_;
  std::string_view key_;
  std::shared_ptr<Wait> wait_;
  double told_output_ = 0;
  SteadyTime told_at_{};
};

}  // namespace tidegate::gateway
