// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/seen_mark.h"

#include "store/directory_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <thread>

namespace tidegate::store {

namespace {

constexpr Milliseconds kLookEvery(10);

std::filesystem::path mark_of(const std::filesystem::path& directory) { return directory / "directory.seen"; }

timespec to_timespec(WallTime time) {
  const std::int64_t nanoseconds = unix_nanoseconds(time);
  return {.tv_sec = nanoseconds / 1'000'000'000, .tv_nsec = nanoseconds % 1'000'000'000};
}

}  // namespace

void mark_seen(const std::filesystem::path& directory, WallTime looked_at) {
  const int file = ::open(mark_of(directory).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return;
  const std::array times{to_timespec(looked_at), to_timespec(looked_at)};
  (void)::futimens(file, times.data());
  ::close(file);
}

bool was_seen_since(const std::filesystem::path& directory, WallTime changed_at) {
  struct stat found {};
  if (::stat(mark_of(directory).c_str(), &found) != 0) return false;
  const WallTime looked_at(Seconds(found.st_mtim.tv_sec) + Nanoseconds(found.st_mtim.tv_nsec));
  return looked_at >= changed_at;
}

bool wait_until_seen(const std::filesystem::path& directory, WallTime changed_at, Nanoseconds patience) {
  const SystemClock clock;
  const SteadyTime end = clock.now().steady + patience;
  while (DirectoryLock::is_held(directory) && !was_seen_since(directory, changed_at)) {
    if (clock.now().steady >= end) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

}  // namespace tidegate::store
