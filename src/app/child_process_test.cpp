// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cerrno>
#include <csignal>

namespace tidegate::app {
namespace {

TEST(ChildProcess, TellsWhatItsProgramSaysLineByLine) {
  auto child = ChildProcess::start("/bin/sh", {"-c", "echo one; echo two"});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->read_line(Seconds(10)), "one");
  EXPECT_EQ(child->read_line(Seconds(10)), "two");
  const auto end = child->read_line(Seconds(10));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, FailureKind::Closed);
}

TEST(ChildProcess, TellsHowItEnded) {
  auto quits = ChildProcess::start("/bin/sh", {"-c", "exit 3"});
  auto dies = ChildProcess::start("/bin/sh", {"-c", "kill -9 $$"});
  auto stays = ChildProcess::start("/bin/sh", {"-c", "echo ready; exec cat /dev/fd/1"});
  for (ChildProcess* child : {&*quits, &*dies}) {
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child->pid()), &ended, WEXITED | WNOWAIT), 0);
  }
  EXPECT_EQ(quits->how_it_ended(), "exit code 3");
  EXPECT_EQ(dies->how_it_ended(), "signal 9 (Killed)");
  EXPECT_EQ(dies->how_it_ended(), "signal 9 (Killed)");
  EXPECT_EQ(stays->how_it_ended(), std::nullopt);
}

TEST(ChildProcess, TakesItsProgramWithIt) {
  pid_t pid = 0;
  {
    auto child = ChildProcess::start("/bin/sh", {"-c", "echo ready; exec cat /dev/fd/1"});
    ASSERT_TRUE(child);
    ASSERT_TRUE(child->read_line(Seconds(10)));
    pid = child->pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(ChildProcess, SaysWhereItLookedForAProgram) {
  EXPECT_TRUE(find_program("sh", "/nowhere:/bin"));
  const auto missing = find_program("no-such-program", "/bin");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().detail, testing::HasSubstr("no-such-program is neither in"));
}

}  // namespace
}  // namespace tidegate::app
