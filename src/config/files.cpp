// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace tidegate::config {

namespace {

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

tl::unexpected<Failure> refused(const std::string& path, int error) {
  const FailureKind kind = error == ENOENT || error == ENOTDIR ? FailureKind::NotFound
                           : error == EACCES                   ? FailureKind::Denied
                                                               : FailureKind::Io;
  return fail(kind, Origin::Operator,
              fmt::format("cannot read {} ({})", path, std::error_code(error, std::generic_category()).message()));
}

}  // namespace

Result<FileText> read_disk_file(const std::string& path) {
  const OpenFile file(path);
  if (file.descriptor() < 0) return refused(path, errno);
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return refused(path, errno);
  if (S_ISDIR(status.st_mode)) return refused(path, EISDIR);
  FileText result{.text = {}, .permissions = status.st_mode & 0777U};
  std::array<char, 16 * 1024> piece{};
  for (;;) {
    const ssize_t count = ::read(file.descriptor(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused(path, errno);
    if (count == 0) return result;
    result.text.append(piece.data(), static_cast<std::size_t>(count));
    if (result.text.size() > kMaxFileBytes) {
      return fail(FailureKind::TooLarge, Origin::Operator, fmt::format("{} is larger than 1 MiB", path));
    }
  }
}

}  // namespace tidegate::config
