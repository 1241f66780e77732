// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace tidegate::store {

namespace {

/// An open-file-description lock: unlike flock it can be asked for without being taken, so that a reader never gets in
/// the way of a start; unlike a plain fcntl lock it is not lost when another descriptor of the file is closed.
struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string holder(int file) {
  std::array<char, 32> text{};
  const ssize_t length = ::pread(file, text.data(), text.size(), 0);
  std::string pid(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "unknown" : pid;
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  const auto path = directory / "lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) {
    return fail(FailureKind::Io, Origin::Store,
                fmt::format("store: cannot open {} ({}); check that this user may write there", path.string(),
                            std::strerror(errno)));
  }
  DirectoryLock lock(file);
  struct flock wanted = whole_file(F_WRLCK);
  if (::fcntl(file, F_OFD_SETLK, &wanted) != 0) {
    return fail(FailureKind::Denied, Origin::Store,
                fmt::format("store: {} is in use by process {}; stop it, or give this one another store directory",
                            directory.string(), holder(file)));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) < 0) {
    // A full disk must not stop the start: the process id is only there for the message above.
  }
  return lock;
}

bool DirectoryLock::is_held(const std::filesystem::path& directory) {
  const int file = ::open((directory / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct flock asked = whole_file(F_RDLCK);
  const bool held = ::fcntl(file, F_OFD_GETLK, &asked) == 0 && asked.l_type != F_UNLCK;
  ::close(file);
  return held;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace tidegate::store
