// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/log_writer.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <thread>

namespace tidegate::app {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

TEST(LogWriter, WritesEveryLineThatItTook) {
  const File file(std::tmpfile(), std::fclose);
  std::uint64_t dropped = 0;
  {
    LogWriter log(file.get(), 2'000, 2);
    const auto work = [&log](std::size_t lane) {
      for (int i = 0; i < 1'000; ++i) log.lane(lane).write([](std::string& line) { line += "line\n"; });
    };
    std::thread other(work, 1);
    work(0);
    other.join();
    dropped = log.dropped();
  }
  EXPECT_EQ(dropped, 0U);
  EXPECT_EQ(std::ftell(file.get()), 10'000);
}

TEST(LogWriter, DropsAndCountsWhatFindsNoRoom) {
  const File file(std::tmpfile(), std::fclose);
  LogWriter log(file.get(), 4, 1);
  for (int i = 0; i < 100'000; ++i) log.lane(0).write([](std::string& line) { line.append(1'000, 'x'); });
  EXPECT_GT(log.dropped(), 0U);
}

}  // namespace
}  // namespace tidegate::app
