// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/tie_keeper.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::app {
namespace {

using gateway::Holder;
using gateway::TieBoard;
using gateway::TieKind;

class MemoryStore final : public store::TieStore {
 public:
  [[nodiscard]] Result<void> save(std::span<const store::StoredTie> ties) override {
    if (is_broken) return fail(FailureKind::Io, Origin::Store, "store: disk full");
    kept.insert(kept.end(), ties.begin(), ties.end());
    return {};
  }
  [[nodiscard]] Result<std::vector<store::StoredTie>> load(std::int64_t kind, std::size_t) override {
    if (is_broken) return fail(FailureKind::Io, Origin::Store, "store: cannot be read");
    std::vector<store::StoredTie> of_kind;
    for (const store::StoredTie& tie : kept) {
      if (tie.kind == kind) of_kind.push_back(tie);
    }
    return of_kind;
  }

  std::vector<store::StoredTie> kept;
  bool is_broken = false;
};

class TieKeeperTest : public ::testing::Test {
 protected:
  MemoryStore store_;
  AlarmBoard alarms_{[](const std::string&) {}};
  Now now_{};
};

TEST_F(TieKeeperTest, BringsBackWhoHeldWhat) {
  const Holder holder{"KEY_A", "org-1"};
  TieBoard before;
  TieKeeper keeper(before, store_, alarms_);
  before.note(TieKind::Object, "anthropic", "file_1", holder);
  before.note(TieKind::Answer, "anthropic", "mark:1", holder);
  keeper.save(now_);
  keeper.save(now_);
  EXPECT_EQ(store_.kept.size(), 2U) << "nothing is stored twice";

  TieBoard after;
  TieKeeper(after, store_, alarms_).restore(now_);
  EXPECT_EQ(after.holder_of(TieKind::Object, "anthropic", "file_1"), holder);
  EXPECT_EQ(after.holder_of(TieKind::Answer, "anthropic", "mark:1"), holder);
  EXPECT_EQ(after.holder_of(TieKind::Object, "anthropic", "mark:1"), std::nullopt);
}

TEST_F(TieKeeperTest, LosesNothingWhileTheStoreFails) {
  store_.kept.push_back({static_cast<std::int64_t>(TieKind::Object), "anthropic", "file_0", "KEY_B", "org-2"});
  TieBoard board;
  TieKeeper keeper(board, store_, alarms_);
  store_.is_broken = true;
  keeper.restore(now_);
  board.note(TieKind::Object, "anthropic", "file_1", {"KEY_A", "org-1"});
  keeper.save(now_);
  ASSERT_EQ(alarms_.list().size(), 1U);
  EXPECT_EQ(alarms_.list().front().kind, "ties");

  store_.is_broken = false;
  board.note(TieKind::Object, "anthropic", "file_2", {"KEY_A", "org-1"});
  keeper.save(now_);
  EXPECT_EQ(store_.kept.size(), 3U);
  EXPECT_TRUE(board.holder_of(TieKind::Object, "anthropic", "file_0")) << "read as soon as it could be";
  EXPECT_TRUE(alarms_.list().empty());
}

}  // namespace
}  // namespace tidegate::app
